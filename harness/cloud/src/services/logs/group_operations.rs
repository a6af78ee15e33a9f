//! Operations on groups.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::check::{self, invalid, limit, page};
use super::group::Group;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;

fn no_group() -> ApiError {
    ApiError::new("ResourceNotFoundException", "The specified log group does not exist.")
}

pub(super) fn no_stream() -> ApiError {
    ApiError::new("ResourceNotFoundException", "The specified log stream does not exist.")
}

/// The ARN of a group by name, or by ARN with or without `:*`.
pub(super) fn group_arn(call: &Call<'_>, text: &str) -> Arn {
    match Arn::parse(text) {
        Some(arn) => Arn::new(arn.as_str().trim_end_matches(":*")),
        None => call.arn(format!("log-group:{text}")),
    }
}

/// The group that the call names; permissions are on `group:*`, or on the stream. [D] Logs service authorization
pub(super) fn named(call: &mut Call<'_>, action: &str, stream: Option<&str>) -> Result<Arn, ApiError> {
    if call.text("logGroupName").is_some() && call.text("logGroupIdentifier").is_some() {
        return Err(invalid("LogGroup name and LogGroup ARN are mutually exclusive parameters."));
    }
    // A name is a name, and an identifier may be an ARN. [D] API_DescribeLogStreams
    let name = match (call.text("logGroupName"), call.text("logGroupIdentifier")) {
        (Some(name), _) => {
            check::group_name(name)?;
            name
        }
        (None, Some(identifier)) => {
            check::group_identifier(identifier)?;
            identifier
        }
        (None, None) => return Err(check::constraint_null("logGroupName")),
    };
    let group = group_arn(call, name);
    let resource = match stream {
        Some(stream) => Arn::new(format!("{group}:log-stream:{stream}")),
        None => Arn::new(format!("{group}:*")),
    };
    call.authorise(action, &resource)?;
    if call.state.logs.groups.contains(&group) { Ok(group) } else { Err(no_group()) }
}

pub(super) fn group<'a>(call: &'a mut Call<'_>, arn: &Arn) -> Result<&'a mut Group, ApiError> {
    call.state.logs.groups.get_mut(arn).ok_or_else(no_group)
}

fn tags_of(value: Option<&Value>) -> BTreeMap<String, String> {
    let members = value.and_then(Value::as_object).into_iter().flatten();
    members.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

fn tag_object(tags: &BTreeMap<String, String>) -> Map<String, Value> {
    tags.iter().map(|(key, value)| (key.clone(), json!(value))).collect()
}

pub(super) fn create_log_group(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = call.text("logGroupName").unwrap_or_default();
    check::group_name(name)?;
    let arn = group_arn(call, name);
    call.authorise("logs:CreateLogGroup", &Arn::new(format!("{arn}:*")))?;
    if call.state.logs.groups.contains(&arn) {
        let text = "The specified log group already exists";
        return Err(ApiError::new("ResourceAlreadyExistsException", text));
    }
    let group = Group {
        kms_key: call.text("kmsKeyId").map(str::to_owned),
        class: call.text("logGroupClass").unwrap_or("STANDARD").to_owned(),
        tags: tags_of(call.params.get("tags")),
        created: call.state.now,
        ..Group::default()
    };
    call.state.logs.groups.insert(arn, group);
    Ok(Reply::empty())
}

pub(super) fn delete_log_group(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "logs:DeleteLogGroup", None)?;
    call.state.logs.groups.remove(&arn);
    Ok(Reply::empty())
}

/// A group's name.
pub(super) fn name_of(arn: &Arn) -> &str {
    arn.resource().strip_prefix("log-group:").unwrap_or_default()
}

/// The caller's groups in the Region whose names fit.
fn own<'a>(call: &'a Call<'_>, fits: impl Fn(&str) -> bool) -> Vec<(&'a Arn, &'a Group)> {
    let groups = call.state.logs.groups.iter();
    groups.filter(|(arn, _)| arn.is_in(&call.account, &call.region) && fits(name_of(arn))).collect()
}

pub(super) fn describe_log_groups(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let any = call.arn("log-group:*");
    call.authorise("logs:DescribeLogGroups", &any)?;
    let limit = limit(call, 50, 50)?;
    let (prefix, part) = (call.text("logGroupNamePrefix"), call.text("logGroupNamePattern"));
    // [V] LS:logs/test_logs_groups::test_describe_log_groups_prefix_and_pattern_error
    if prefix.is_some() && part.is_some() {
        return Err(invalid("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."));
    }
    let groups =
        own(call, |name| name.starts_with(prefix.unwrap_or_default()) && name.contains(part.unwrap_or_default()));
    let (groups, next) = page(call, groups, limit)?;
    let shape = |(arn, group): (&Arn, &Group)| {
        let mut shape = json!({
            "logGroupName": name_of(arn), "creationTime": group.created.0, "metricFilterCount": group.filters.len(),
            "arn": format!("{arn}:*"), "logGroupClass": group.class, "logGroupArn": arn.as_str(),
        });
        // A search by pattern shows less. [V] LS:logs/test_logs_groups::test_describe_log_groups_with_pattern
        if part.is_none() {
            shape["storedBytes"] = json!(group.stored_bytes());
            shape["deletionProtectionEnabled"] = json!(false);
        }
        if let Some(days) = group.retention_days {
            shape["retentionInDays"] = json!(days);
        }
        if let Some(key) = &group.kms_key {
            shape["kmsKeyId"] = json!(key);
        }
        shape
    };
    let mut answer = json!({"logGroups": groups.into_iter().map(shape).collect::<Vec<Value>>()});
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer.into())
}

/// Parts of names, alternatives with `|`, beginnings with `^`. [D] API_ListLogGroups
fn listed(pattern: &str, name: &str) -> bool {
    pattern.split('|').any(|part| match part.strip_prefix('^') {
        Some(prefix) => name.starts_with(prefix),
        None => name.contains(part),
    })
}

pub(super) fn list_log_groups(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let any = call.arn("log-group:*");
    call.authorise("logs:ListLogGroups", &any)?;
    let limit = limit(call, 50, 1000)?;
    let pattern = call.text("logGroupNamePattern").unwrap_or_default();
    let class = call.text("logGroupClass");
    let groups = own(call, |name| listed(pattern, name));
    let groups = groups.into_iter().filter(|(_, group)| class.is_none_or(|class| group.class == class));
    let (groups, next) = page(call, groups, limit)?;
    let shape = |(arn, group): (&Arn, &Group)| json!({"logGroupName": name_of(arn), "logGroupArn": arn.as_str(), "logGroupClass": group.class});
    let mut answer = json!({"logGroups": groups.into_iter().map(shape).collect::<Vec<Value>>()});
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer.into())
}

pub(super) fn put_retention_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "logs:PutRetentionPolicy", None)?;
    let days = call.params.get("retentionInDays").and_then(Value::as_i64);
    group(call, &arn)?.retention_days = days;
    Ok(Reply::empty())
}

pub(super) fn delete_retention_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "logs:DeleteRetentionPolicy", None)?;
    group(call, &arn)?.retention_days = None;
    Ok(Reply::empty())
}

/// [D] API_AssociateKmsKey. The key's policy is not checked, as at the group's creation.
pub(super) fn associate_kms_key(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "logs:AssociateKmsKey", None)?;
    let key = call.text("kmsKeyId").map(str::to_owned).ok_or_else(|| check::constraint_null("kmsKeyId"))?;
    group(call, &arn)?.kms_key = Some(key);
    Ok(Reply::empty())
}

/// [D] API_DisassociateKmsKey
pub(super) fn disassociate_kms_key(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "logs:DisassociateKmsKey", None)?;
    group(call, &arn)?.kms_key = None;
    Ok(Reply::empty())
}

fn tagged(call: &mut Call<'_>, action: &str) -> Result<Arn, ApiError> {
    let arn = group_arn(call, call.text("resourceArn").unwrap_or_default());
    call.authorise(action, &arn)?;
    if call.state.logs.groups.contains(&arn) { Ok(arn) } else { Err(no_group()) }
}

pub(super) fn tag_resource(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = tagged(call, "logs:TagResource")?;
    let tags = tags_of(call.params.get("tags"));
    group(call, &arn)?.tags.extend(tags);
    Ok(Reply::empty())
}

pub(super) fn tag_log_group(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "logs:TagLogGroup", None)?;
    let tags = tags_of(call.params.get("tags"));
    group(call, &arn)?.tags.extend(tags);
    Ok(Reply::empty())
}

pub(super) fn untag_resource(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = tagged(call, "logs:UntagResource")?;
    let keys = call.params.get("tagKeys").and_then(Value::as_array).cloned().unwrap_or_default();
    group(call, &arn)?.tags.retain(|key, _| !keys.iter().any(|gone| gone == key.as_str()));
    Ok(Reply::empty())
}

pub(super) fn untag_log_group(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "logs:UntagLogGroup", None)?;
    let keys = call.params.get("tags").and_then(Value::as_array).cloned().unwrap_or_default();
    group(call, &arn)?.tags.retain(|key, _| !keys.iter().any(|gone| gone == key.as_str()));
    Ok(Reply::empty())
}

pub(super) fn list_tags_for_resource(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = tagged(call, "logs:ListTagsForResource")?;
    Ok(json!({"tags": tag_object(&group(call, &arn)?.tags)}).into())
}

pub(super) fn list_tags_log_group(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "logs:ListTagsLogGroup", None)?;
    Ok(json!({"tags": tag_object(&group(call, &arn)?.tags)}).into())
}
