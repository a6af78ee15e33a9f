//! Operations on groups and streams.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::group::{Group, Stream};
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;

fn no_group() -> ApiError {
    ApiError::new("ResourceNotFoundException", "The specified log group does not exist.")
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
    let name = call.text("logGroupName").or_else(|| call.text("logGroupIdentifier")).unwrap_or_default();
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
    let arn = group_arn(call, call.text("logGroupName").unwrap_or_default());
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

pub(super) fn describe_log_groups(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let any = call.arn("log-group:*");
    call.authorise("logs:DescribeLogGroups", &any)?;
    let prefix = call.text("logGroupNamePrefix").unwrap_or_default();
    let part = call.text("logGroupNamePattern").unwrap_or_default();
    let name = |arn: &Arn| arn.resource().trim_start_matches("log-group:").to_owned();
    let groups: Vec<Value> = call
        .state
        .logs
        .groups
        .iter()
        .filter(|(arn, _)| arn.is_in(&call.account, &call.region))
        .filter(|(arn, _)| name(arn).starts_with(prefix) && name(arn).contains(part))
        .map(|(arn, group)| {
            let mut shape = json!({
                "logGroupName": name(arn), "creationTime": group.created.0, "metricFilterCount": group.filters.len(),
                "arn": format!("{arn}:*"), "storedBytes": group.stored_bytes(), "logGroupClass": group.class,
                "logGroupArn": arn.as_str(),
            });
            if let Some(days) = group.retention_days {
                shape["retentionInDays"] = json!(days);
            }
            if let Some(key) = &group.kms_key {
                shape["kmsKeyId"] = json!(key);
            }
            shape
        })
        .collect();
    Ok(json!({"logGroups": groups}).into())
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

pub(super) fn list_tags_for_resource(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = tagged(call, "logs:ListTagsForResource")?;
    Ok(json!({"tags": tag_object(&group(call, &arn)?.tags)}).into())
}

pub(super) fn list_tags_log_group(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "logs:ListTagsLogGroup", None)?;
    Ok(json!({"tags": tag_object(&group(call, &arn)?.tags)}).into())
}

pub(super) fn create_log_stream(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = call.text("logStreamName").unwrap_or_default().to_owned();
    let arn = named(call, "logs:CreateLogStream", Some(&name))?;
    let now = call.state.now;
    let group = group(call, &arn)?;
    if group.streams.contains_key(&name) {
        return Err(ApiError::new("ResourceAlreadyExistsException", "The specified log stream already exists"));
    }
    group.streams.insert(name, Stream { created: now, ..Stream::default() });
    Ok(Reply::empty())
}

pub(super) fn delete_log_stream(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = call.text("logStreamName").unwrap_or_default().to_owned();
    let arn = named(call, "logs:DeleteLogStream", Some(&name))?;
    let removed = group(call, &arn)?.streams.remove(&name);
    let missing = || ApiError::new("ResourceNotFoundException", "The specified log stream does not exist.");
    removed.map(|_| Reply::empty()).ok_or_else(missing)
}

pub(super) fn describe_log_streams(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "logs:DescribeLogStreams", None)?;
    let prefix = call.text("logStreamNamePrefix").unwrap_or_default().to_owned();
    let found = group(call, &arn)?.streams.iter().filter(|(name, _)| name.starts_with(&prefix));
    let streams: Vec<Value> = found
        .map(|(name, stream)| {
            let mut shape = json!({
                "logStreamName": name, "creationTime": stream.created.0, "storedBytes": 0,
                "arn": format!("{arn}:log-stream:{name}"), "uploadSequenceToken": "1",
            });
            if let (Some(first), Some(last)) = (stream.events.front(), stream.events.back()) {
                shape["firstEventTimestamp"] = json!(first.timestamp.0);
                shape["lastEventTimestamp"] = json!(last.timestamp.0);
                shape["lastIngestionTime"] = json!(last.ingested.0);
            }
            shape
        })
        .collect();
    Ok(json!({"logStreams": streams}).into())
}
