//! Operations on keys and aliases.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Key, resolve};
use crate::api::{ApiError, Call, Reply};
use crate::authz::PolicyText;
use crate::id::{Arn, Region};
use crate::policy::{Context, ResourceKind};
use crate::time::Time;

fn not_found(key: &str) -> ApiError {
    ApiError::new("NotFoundException", format!("Key '{key}' does not exist"))
}

/// The key that the call names, if its policy lets the caller.
pub(super) fn named(call: &mut Call<'_>, member: &str, action: &str) -> Result<Arn, ApiError> {
    let key = call.text(member).unwrap_or_default().to_owned();
    let arn = resolve(call.state, &key, &call.account, &call.region).ok_or_else(|| not_found(&key))?;
    authorise(call, &arn, action, Context::new())?;
    Ok(arn)
}

pub(super) fn authorise(call: &mut Call<'_>, arn: &Arn, action: &str, context: Context) -> Result<(), ApiError> {
    let policy = call.state.kms.keys.get(arn).map(|key| key.policy.clone());
    let name = format!("key policy of {}", arn.resource());
    let context = context.with("kms:CallerAccount", call.account.as_str());
    let policy = policy.as_ref().map(|policy| (name.as_str(), policy));
    call.authorise_kind(action, arn, context, policy, ResourceKind::KmsKey)
}

pub(super) fn key<'a>(call: &'a mut Call<'_>, arn: &Arn) -> Result<&'a mut Key, ApiError> {
    call.state.kms.keys.get_mut(arn).ok_or_else(|| not_found(arn.as_str()))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    tag_key: String,
    tag_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateKey {
    #[serde(default)]
    policy: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    key_usage: Option<String>,
    #[serde(default)]
    key_spec: Option<String>,
    #[serde(default)]
    customer_master_key_spec: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

/// The policy of a key that is made without one: it makes IAM policies effective. [D] key-policy-default
fn default_policy(call: &Call<'_>) -> String {
    json!({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [{
        "Sid": "Enable IAM User Permissions", "Effect": "Allow",
        "Principal": {"AWS": format!("arn:{}:iam::{}:root", call.region.partition(), call.account)},
        "Action": "kms:*", "Resource": "*",
    }]})
    .to_string()
}

fn policy(text: &str) -> Result<PolicyText, ApiError> {
    PolicyText::parse(text)
        .map_err(|error| ApiError::new("MalformedPolicyDocumentException", format!("policy: {error}")))
}

pub(super) fn create_key(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: CreateKey = call.input()?;
    let spec = input.key_spec.or(input.customer_master_key_spec).unwrap_or_else(|| "SYMMETRIC_DEFAULT".into());
    let usage = input.key_usage.unwrap_or_else(|| "ENCRYPT_DECRYPT".into());
    if spec != "SYMMETRIC_DEFAULT" || usage != "ENCRYPT_DECRYPT" {
        return Err(ApiError::new(
            "UnsupportedOperationException",
            format!("rootwatch: no keys of {spec} for {usage}"),
        ));
    }
    let id = call.state.uuid();
    let arn = call.arn(format!("key/{id}"));
    call.authorise("kms:CreateKey", &arn)?;
    let key = Key {
        description: input.description.unwrap_or_default(),
        policy: policy(&input.policy.unwrap_or_else(|| default_policy(call)))?,
        enabled: true,
        deletion: None,
        rotation_days: None,
        tags: input.tags.into_iter().map(|tag| (tag.tag_key, tag.tag_value)).collect(),
        created: call.state.now,
    };
    let shape = key.shape(&arn);
    call.state.kms.keys.insert(arn, key);
    Ok(json!({"KeyMetadata": shape}).into())
}

pub(super) fn describe_key(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:DescribeKey")?;
    Ok(json!({"KeyMetadata": key(call, &arn)?.shape(&arn)}).into())
}

pub(super) fn list_keys(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let any = call.arn("key/*");
    call.authorise("kms:ListKeys", &any)?;
    let own = call.state.kms.keys.keys().filter(|arn| arn.is_in(&call.account, &call.region));
    let keys: Vec<Value> = own.map(|arn| json!({"KeyId": arn.name(), "KeyArn": arn.as_str()})).collect();
    Ok(json!({"Keys": keys, "Truncated": false}).into())
}

pub(super) fn get_key_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:GetKeyPolicy")?;
    Ok(json!({"Policy": key(call, &arn)?.policy.text(), "PolicyName": "default"}).into())
}

pub(super) fn put_key_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:PutKeyPolicy")?;
    let policy = policy(call.text("Policy").unwrap_or_default())?;
    key(call, &arn)?.policy = policy;
    Ok(Reply::empty())
}

pub(super) fn list_key_policies(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    named(call, "KeyId", "kms:ListKeyPolicies")?;
    Ok(json!({"PolicyNames": ["default"], "Truncated": false}).into())
}

pub(super) fn enable_key_rotation(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:EnableKeyRotation")?;
    let days = call.params.get("RotationPeriodInDays").and_then(Value::as_i64).unwrap_or(365);
    key(call, &arn)?.rotation_days = Some(days);
    Ok(Reply::empty())
}

pub(super) fn disable_key_rotation(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:DisableKeyRotation")?;
    key(call, &arn)?.rotation_days = None;
    Ok(Reply::empty())
}

pub(super) fn get_key_rotation_status(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:GetKeyRotationStatus")?;
    let days = key(call, &arn)?.rotation_days;
    let mut answer = json!({"KeyId": arn.as_str(), "KeyRotationEnabled": days.is_some()});
    if let (Some(days), Some(members)) = (days, answer.as_object_mut()) {
        members.insert("RotationPeriodInDays".into(), json!(days));
    }
    Ok(answer.into())
}

pub(super) fn enable_key(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:EnableKey")?;
    key(call, &arn)?.enabled = true;
    Ok(Reply::empty())
}

pub(super) fn disable_key(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:DisableKey")?;
    key(call, &arn)?.enabled = false;
    Ok(Reply::empty())
}

pub(super) fn update_key_description(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:UpdateKeyDescription")?;
    let description = call.text("Description").unwrap_or_default().to_owned();
    key(call, &arn)?.description = description;
    Ok(Reply::empty())
}

pub(super) fn schedule_key_deletion(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:ScheduleKeyDeletion")?;
    let days = call.params.get("PendingWindowInDays").and_then(Value::as_i64).unwrap_or(30);
    if !(7..=30).contains(&days) {
        return Err(ApiError::validation("PendingWindowInDays must be between 7 and 30 (inclusive)"));
    }
    let at = Time(call.state.now.0 + days * 24 * 3600 * 1000);
    key(call, &arn)?.deletion = Some(at);
    Ok(json!({
        "KeyId": arn.as_str(), "DeletionDate": at.seconds_f64(), "KeyState": "PendingDeletion",
        "PendingWindowInDays": days,
    })
    .into())
}

pub(super) fn cancel_key_deletion(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:CancelKeyDeletion")?;
    let key = key(call, &arn)?;
    key.deletion = None;
    // It comes back disabled. [D] API_CancelKeyDeletion
    key.enabled = false;
    Ok(json!({"KeyId": arn.as_str()}).into())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tags {
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

pub(super) fn tag_resource(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:TagResource")?;
    let input: Tags = call.input()?;
    key(call, &arn)?.tags.extend(input.tags.into_iter().map(|tag| (tag.tag_key, tag.tag_value)));
    Ok(Reply::empty())
}

pub(super) fn untag_resource(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:UntagResource")?;
    let input: Tags = call.input()?;
    key(call, &arn)?.tags.retain(|name, _| !input.tag_keys.contains(name));
    Ok(Reply::empty())
}

pub(super) fn list_resource_tags(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:ListResourceTags")?;
    let tags: &BTreeMap<String, String> = &key(call, &arn)?.tags;
    let tags: Vec<Value> = tags.iter().map(|(name, value)| json!({"TagKey": name, "TagValue": value})).collect();
    Ok(json!({"Tags": tags, "Truncated": false}).into())
}

fn alias_arn(call: &Call<'_>) -> Result<Arn, ApiError> {
    let name = call.text("AliasName").unwrap_or_default();
    if !name.starts_with("alias/") || name.starts_with("alias/aws/") {
        let text = "Alias must start with the prefix \"alias/\" and not with \"alias/aws/\".";
        return Err(ApiError::new("InvalidAliasNameException", text));
    }
    Ok(call.arn(name))
}

pub(super) fn create_alias(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let alias = alias_arn(call)?;
    call.authorise("kms:CreateAlias", &alias)?;
    let key = named(call, "TargetKeyId", "kms:CreateAlias")?;
    if call.state.kms.aliases.contains(&alias) {
        let text = format!("An alias with the name {alias} already exists");
        return Err(ApiError::new("AlreadyExistsException", text));
    }
    call.state.kms.aliases.insert(alias, key);
    Ok(Reply::empty())
}

pub(super) fn update_alias(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let alias = alias_arn(call)?;
    call.authorise("kms:UpdateAlias", &alias)?;
    let key = named(call, "TargetKeyId", "kms:UpdateAlias")?;
    if !call.state.kms.aliases.contains(&alias) {
        return Err(ApiError::new("NotFoundException", format!("Alias {alias} is not found.")));
    }
    call.state.kms.aliases.insert(alias, key);
    Ok(Reply::empty())
}

pub(super) fn delete_alias(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let alias = alias_arn(call)?;
    call.authorise("kms:DeleteAlias", &alias)?;
    match call.state.kms.aliases.remove(&alias) {
        Some(_) => Ok(Reply::empty()),
        None => Err(ApiError::new("NotFoundException", format!("Alias {alias} is not found."))),
    }
}

pub(super) fn list_aliases(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let any = call.arn("alias/*");
    call.authorise("kms:ListAliases", &any)?;
    let region: &Region = &call.region;
    let wanted = call.text("KeyId").map(|key| resolve(call.state, key, &call.account, region));
    let own = call.state.kms.aliases.iter().filter(|(alias, key)| {
        alias.is_in(&call.account, region) && wanted.as_ref().is_none_or(|wanted| wanted.as_ref() == Some(*key))
    });
    let aliases: Vec<Value> = own
        .map(|(alias, key)| {
            json!({
                "AliasName": alias.resource(), "AliasArn": alias.as_str(), "TargetKeyId": key.name(),
                "CreationDate": 0.0, "LastUpdatedDate": 0.0,
            })
        })
        .collect();
    Ok(json!({"Aliases": aliases, "Truncated": false}).into())
}
