//! Operations on secrets.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::secret::{Secret, Version};
use crate::api::{ApiError, Call, Reply};
use crate::authz::PolicyText;
use crate::id::Arn;
use crate::policy::Context;
use crate::services::kms;
use crate::time::Time;
use crate::trace::Hop;

/// [V] LS:secretsmanager
fn not_found() -> ApiError {
    ApiError::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

/// Finds a secret by full ARN, partial ARN (without the random suffix) or name.
fn find(call: &Call<'_>, id: &str) -> Option<Arn> {
    let secrets = &call.state.secrets.secrets;
    if let Some(arn) = Arn::parse(id) {
        if secrets.contains(&arn) {
            return Some(arn);
        }
        let partial =
            |full: &&Arn| full.as_str().strip_prefix(id).is_some_and(|rest| rest.len() == 7 && rest.starts_with('-'));
        return secrets.keys().find(partial).cloned();
    }
    let own = |(arn, secret): &(&Arn, &Secret)| arn.is_in(&call.account, &call.region) && secret.name == id;
    secrets.iter().find(own).map(|(arn, _)| arn.clone())
}

/// The secret that the call names, if the caller may; whether a missing one is told depends on permission first.
fn named(call: &mut Call<'_>, action: &str) -> Result<Arn, ApiError> {
    let id = call.text("SecretId").unwrap_or_default().to_owned();
    let found = find(call, &id);
    let resource = match (&found, Arn::parse(&id)) {
        (Some(arn), _) => arn.clone(),
        (None, Some(arn)) => arn,
        (None, None) => call.arn(format!("secret:{id}")),
    };
    let policy = found.as_ref().and_then(|arn| call.state.secrets.secrets.get(arn)?.policy.clone());
    let name = format!("resource policy of {}", resource.resource());
    let context = Context::new().with("secretsmanager:SecretId", resource.as_str());
    call.authorise_with(action, &resource, context, policy.as_ref().map(|policy| (name.as_str(), policy)))?;
    found.ok_or_else(not_found)
}

fn live(call: &mut Call<'_>, action: &str) -> Result<Arn, ApiError> {
    let arn = named(call, action)?;
    if secret(call, &arn)?.deleted.is_some() {
        let text = "You can't perform this operation on the secret because it was marked for deletion.";
        return Err(ApiError::new("InvalidRequestException", text));
    }
    Ok(arn)
}

fn secret<'a>(call: &'a mut Call<'_>, arn: &Arn) -> Result<&'a mut Secret, ApiError> {
    call.state.secrets.secrets.get_mut(arn).ok_or_else(not_found)
}

/// The key must let the caller through Secrets Manager. [D] security-encryption; text [T]
fn may_use_key(call: &mut Call<'_>, arn: &Arn, actions: &[&str]) -> Result<(), ApiError> {
    let Some(key) = secret(call, arn)?.kms_key.clone() else { return Ok(()) };
    let via = format!("secretsmanager.{}.{}", call.region, call.region.dns_suffix());
    let context = Context::new().with("kms:ViaService", via).with("kms:EncryptionContext:SecretARN", arn.as_str());
    let (caller, region) = (call.caller.clone(), call.region.clone());
    kms::allows(call.state, Hop::Api, &caller, &region, &key, &arn.account(), actions, context)
        .map_err(|_| ApiError::new("AccessDeniedException", "Access to KMS is not allowed"))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    kms_key_id: Option<String>,
    #[serde(default)]
    secret_string: Option<String>,
    #[serde(default)]
    secret_binary: Option<String>,
    #[serde(default)]
    client_request_token: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

impl Input {
    fn version(&self, created: Time) -> Option<Version> {
        let (string, binary) = (self.secret_string.clone(), self.secret_binary.clone());
        (string.is_some() || binary.is_some()).then_some(Version { string, binary, created })
    }
}

fn new_version(call: &mut Call<'_>, input: &Input) -> Option<(String, Version)> {
    let version = input.version(call.state.now)?;
    let id = input.client_request_token.clone().unwrap_or_else(|| call.state.uuid());
    Some((id, version))
}

pub(super) fn create_secret(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: Input = call.input()?;
    let name = input.name.clone().filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| ApiError::new("InvalidParameterException", "You must provide a name."))?;
    const SUFFIX: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let suffix = call.state.random_text(6, SUFFIX);
    let arn = call.arn(format!("secret:{name}-{suffix}"));
    call.authorise("secretsmanager:CreateSecret", &arn)?;
    if find(call, &name).is_some() {
        let text = format!("The operation failed because the secret {name} already exists.");
        return Err(ApiError::new("ResourceExistsException", text));
    }
    let now = call.state.now;
    let mut secret = Secret {
        name: name.clone(),
        description: input.description.clone().unwrap_or_default(),
        kms_key: input.kms_key_id.clone().filter(|key| !key.is_empty()),
        versions: BTreeMap::new(),
        stages: BTreeMap::new(),
        policy: None,
        tags: BTreeMap::new(),
        deleted: None,
        created: now,
        changed: now,
    };
    let mut answer = json!({"ARN": arn.as_str(), "Name": name});
    if let Some((id, version)) = new_version(call, &input) {
        answer["VersionId"] = json!(id);
        secret.promote(id, version);
    }
    secret.tags.extend(input.tags.into_iter().map(|tag| (tag.key, tag.value)));
    call.state.secrets.secrets.insert(arn, secret);
    Ok(answer.into())
}

pub(super) fn put_secret_value(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: Input = call.input()?;
    let arn = live(call, "secretsmanager:PutSecretValue")?;
    may_use_key(call, &arn, &["kms:GenerateDataKey", "kms:Decrypt"])?;
    let new = new_version(call, &input);
    let (id, version) = new.ok_or_else(|| {
        ApiError::new("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
    })?;
    let secret = secret(call, &arn)?;
    secret.promote(id.clone(), version);
    Ok(json!({
        "ARN": arn.as_str(), "Name": secret.name, "VersionId": id, "VersionStages": secret.stages_of(&id),
    })
    .into())
}

pub(super) fn update_secret(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: Input = call.input()?;
    let arn = live(call, "secretsmanager:UpdateSecret")?;
    let new = new_version(call, &input);
    let secret = secret(call, &arn)?;
    secret.description = input.description.unwrap_or_else(|| secret.description.clone());
    secret.kms_key = input.kms_key_id.or_else(|| secret.kms_key.clone());
    let mut answer = json!({"ARN": arn.as_str(), "Name": secret.name});
    if let Some((id, version)) = new {
        answer["VersionId"] = json!(id);
        secret.promote(id, version);
    }
    Ok(answer.into())
}

pub(super) fn get_secret_value(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = live(call, "secretsmanager:GetSecretValue")?;
    may_use_key(call, &arn, &["kms:Decrypt"])?;
    let version = call.text("VersionId").map(str::to_owned);
    let stage = call.text("VersionStage").unwrap_or("AWSCURRENT").to_owned();
    let secret = secret(call, &arn)?;
    let id = version.or_else(|| secret.stages.get(&stage).cloned());
    let found = id.as_ref().and_then(|id| Some((id, secret.versions.get(id)?)));
    let (id, version) = found.ok_or_else(|| {
        // [V] LS:secretsmanager
        let text = format!("Secrets Manager can't find the specified secret value for staging label: {stage}");
        ApiError::new("ResourceNotFoundException", text)
    })?;
    let mut answer = json!({
        "ARN": arn.as_str(), "Name": secret.name, "VersionId": id, "VersionStages": secret.stages_of(id),
        "CreatedDate": version.created.seconds_f64(),
    });
    if let Some(text) = &version.string {
        answer["SecretString"] = json!(text);
    }
    if let Some(binary) = &version.binary {
        answer["SecretBinary"] = json!(binary);
    }
    Ok(answer.into())
}

pub(super) fn describe_secret(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "secretsmanager:DescribeSecret")?;
    Ok(shape(&arn, secret(call, &arn)?).into())
}

fn shape(arn: &Arn, secret: &Secret) -> Value {
    let versions: serde_json::Map<String, Value> =
        secret.versions.keys().map(|id| (id.clone(), json!(secret.stages_of(id)))).collect();
    let tags: Vec<Value> = secret.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    let mut shape = json!({
        "ARN": arn.as_str(), "Name": secret.name, "LastChangedDate": secret.changed.seconds_f64(),
        "CreatedDate": secret.created.seconds_f64(), "VersionIdsToStages": versions, "Tags": tags,
    });
    if !secret.description.is_empty() {
        shape["Description"] = json!(secret.description);
    }
    if let Some(key) = &secret.kms_key {
        shape["KmsKeyId"] = json!(key);
    }
    if let Some(deleted) = secret.deleted {
        shape["DeletedDate"] = json!(deleted.seconds_f64());
    }
    shape
}

pub(super) fn list_secrets(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let any = call.arn("secret:*");
    call.authorise("secretsmanager:ListSecrets", &any)?;
    let secrets = call.state.secrets.secrets.iter();
    let own = secrets.filter(|(arn, secret)| arn.is_in(&call.account, &call.region) && secret.deleted.is_none());
    let list: Vec<Value> = own.map(|(arn, secret)| shape(arn, secret)).collect();
    Ok(json!({"SecretList": list}).into())
}

pub(super) fn delete_secret(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "secretsmanager:DeleteSecret")?;
    let force = call.params.get("ForceDeleteWithoutRecovery").and_then(Value::as_bool).unwrap_or(false);
    let days = call.params.get("RecoveryWindowInDays").and_then(Value::as_i64).unwrap_or(30);
    let now = call.state.now;
    let at = if force { now } else { Time(now.0 + days * 24 * 3600 * 1000) };
    let secret = secret(call, &arn)?;
    secret.deleted = Some(at);
    let answer = json!({"ARN": arn.as_str(), "Name": secret.name, "DeletionDate": at.seconds_f64()});
    if force {
        call.state.secrets.secrets.remove(&arn);
    }
    Ok(answer.into())
}

pub(super) fn restore_secret(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "secretsmanager:RestoreSecret")?;
    let secret = secret(call, &arn)?;
    secret.deleted = None;
    Ok(json!({"ARN": arn.as_str(), "Name": secret.name}).into())
}

pub(super) fn tag_resource(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: Input = call.input()?;
    let arn = live(call, "secretsmanager:TagResource")?;
    secret(call, &arn)?.tags.extend(input.tags.into_iter().map(|tag| (tag.key, tag.value)));
    Ok(Reply::empty())
}

pub(super) fn untag_resource(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: Input = call.input()?;
    let arn = live(call, "secretsmanager:UntagResource")?;
    secret(call, &arn)?.tags.retain(|key, _| !input.tag_keys.contains(key));
    Ok(Reply::empty())
}

pub(super) fn get_resource_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "secretsmanager:GetResourcePolicy")?;
    let secret = secret(call, &arn)?;
    let mut answer = json!({"ARN": arn.as_str(), "Name": secret.name});
    if let Some(policy) = &secret.policy {
        answer["ResourcePolicy"] = json!(policy.text());
    }
    Ok(answer.into())
}

pub(super) fn put_resource_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = live(call, "secretsmanager:PutResourcePolicy")?;
    let policy = PolicyText::parse(call.text("ResourcePolicy").unwrap_or_default())
        .map_err(|error| ApiError::new("MalformedPolicyDocumentException", error.to_string()))?;
    let secret = secret(call, &arn)?;
    secret.policy = Some(policy);
    Ok(json!({"ARN": arn.as_str(), "Name": secret.name}).into())
}

pub(super) fn delete_resource_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "secretsmanager:DeleteResourcePolicy")?;
    let secret = secret(call, &arn)?;
    secret.policy = None;
    Ok(json!({"ARN": arn.as_str(), "Name": secret.name}).into())
}
