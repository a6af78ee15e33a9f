//! Operations on secrets.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::secret::{CURRENT, Secret, Version};
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::services::kms;
use crate::time::Time;
use crate::trace::Hop;
use rootwatch_policy::Context;

/// [V] LS:secretsmanager
fn not_found() -> ApiError {
    ApiError::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

/// [V] LS:secretsmanager::test_tag_untag_resource_on_deleted_secret
fn marked_for_deletion() -> ApiError {
    let text = "You can't perform this operation on the secret because it was marked for deletion.";
    ApiError::new("InvalidRequestException", text)
}

/// The characters of names; ARNs have more. [V] LS:secretsmanager::test_invalid_secret_name
pub(super) fn check_name(name: &str) -> Result<(), ApiError> {
    let good = |c: char| c.is_ascii_alphanumeric() || "-/_+=.@!".contains(c);
    if Arn::parse(name).is_some() || name.chars().all(good) {
        return Ok(());
    }
    Err(ApiError::validation(
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
    ))
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
pub(super) fn named(call: &mut Call<'_>, action: &str) -> Result<Arn, ApiError> {
    let id = call.text("SecretId").unwrap_or_default().to_owned();
    check_name(&id)?;
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

pub(super) fn live(call: &mut Call<'_>, action: &str) -> Result<Arn, ApiError> {
    let arn = named(call, action)?;
    if secret(call, &arn)?.deleted.is_some() {
        return Err(marked_for_deletion());
    }
    Ok(arn)
}

pub(super) fn secret<'a>(call: &'a mut Call<'_>, arn: &Arn) -> Result<&'a mut Secret, ApiError> {
    call.state.secrets.secrets.get_mut(arn).ok_or_else(not_found)
}

/// The key must let the caller through Secrets Manager. [D] security-encryption; text [T]
fn may_use_key(call: &mut Call<'_>, arn: &Arn, actions: &[&str]) -> Result<(), ApiError> {
    let Some(key) = secret(call, arn)?.kms_key.clone() else {
        // The service's own key lets nobody in from elsewhere. [V] LS:secretsmanager::test_cross_account_access
        if call.account != arn.account() {
            let text = "You can't access a secret from a different AWS account if you encrypt the secret with the default \
                        KMS service key.";
            return Err(ApiError::new("InvalidRequestException", text));
        }
        return Ok(());
    };
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
    version_stages: Option<Vec<String>>,
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

/// The version that a call brings, with its id: the caller's token, which the SDKs make up.
/// [V] LS:secretsmanager::test_no_client_request_token
fn new_version(call: &mut Call<'_>, input: &Input) -> Result<Option<(String, Version)>, ApiError> {
    let (string, binary) = (input.secret_string.clone(), input.secret_binary.clone());
    if string.is_none() && binary.is_none() {
        return Ok(None);
    }
    let token = input.client_request_token.clone().filter(|token| !token.is_empty()).ok_or_else(|| {
        let text = "You must provide a ClientRequestToken value. We recommend a UUID-type value.";
        ApiError::new("InvalidRequestException", text)
    })?;
    if !(32..=64).contains(&token.len()) {
        let text = "ClientRequestToken must be 32-64 characters long.";
        return Err(ApiError::new("InvalidParameterException", text));
    }
    let (created, sequence) = (call.state.now, call.state.next_sequence());
    Ok(Some((token, Version { string, binary, created, sequence, accessed: None })))
}

/// Adds a version. The same token with the same value changes nothing. [D] API_PutSecretValue
fn add(call: &mut Call<'_>, arn: &Arn, id: &str, version: Version, stages: &[String]) -> Result<(), ApiError> {
    let secret = secret(call, arn)?;
    match secret.versions.get(id) {
        Some(old) if old.string == version.string && old.binary == version.binary => Ok(()),
        Some(_) => {
            let text = format!(
                "You can't use ClientRequestToken {id} because that value is already in use for a version of secret {arn}."
            );
            Err(ApiError::new("ResourceExistsException", text))
        }
        None => {
            secret.add(id, version, stages);
            Ok(())
        }
    }
}

pub(super) fn create_secret(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: Input = call.input()?;
    let name = input.name.clone().filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| ApiError::new("InvalidParameterException", "You must provide a name."))?;
    check_name(&name)?;
    const SUFFIX: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let suffix = call.state.random_text(6, SUFFIX);
    let arn = call.arn(format!("secret:{name}-{suffix}"));
    call.authorise("secretsmanager:CreateSecret", &arn)?;
    if let Some(taken) = find(call, &name) {
        if secret(call, &taken)?.deleted.is_some() {
            let text =
                "You can't create this secret because a secret with this name is already scheduled for deletion.";
            return Err(ApiError::new("InvalidRequestException", text));
        }
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
        tags: None,
        deleted: None,
        created: now,
        changed: now,
        accessed: None,
    };
    let mut answer = json!({"ARN": arn.as_str(), "Name": name});
    if let Some((id, version)) = new_version(call, &input)? {
        answer["VersionId"] = json!(id);
        secret.add(&id, version, &[CURRENT.to_owned()]);
    }
    if !input.tags.is_empty() {
        secret.tags = Some(input.tags.into_iter().map(|tag| (tag.key, tag.value)).collect());
    }
    call.state.secrets.secrets.insert(arn, secret);
    Ok(answer.into())
}

pub(super) fn put_secret_value(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: Input = call.input()?;
    let new = new_version(call, &input)?;
    let arn = live(call, "secretsmanager:PutSecretValue")?;
    may_use_key(call, &arn, &["kms:GenerateDataKey", "kms:Decrypt"])?;
    let (id, version) = new.ok_or_else(|| {
        ApiError::new("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
    })?;
    let stages = input.version_stages.unwrap_or_else(|| vec![CURRENT.to_owned()]);
    add(call, &arn, &id, version, &stages)?;
    let secret = secret(call, &arn)?;
    Ok(json!({
        "ARN": arn.as_str(), "Name": secret.name, "VersionId": id, "VersionStages": secret.stages_of(&id),
    })
    .into())
}

pub(super) fn update_secret(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: Input = call.input()?;
    let new = new_version(call, &input)?;
    let arn = live(call, "secretsmanager:UpdateSecret")?;
    let mut answer = json!({"ARN": arn.as_str(), "Name": secret(call, &arn)?.name});
    if let Some((id, version)) = new {
        may_use_key(call, &arn, &["kms:GenerateDataKey", "kms:Decrypt"])?;
        answer["VersionId"] = json!(id);
        add(call, &arn, &id, version, &[CURRENT.to_owned()])?;
    }
    let now = call.state.now;
    let secret = secret(call, &arn)?;
    secret.description = input.description.unwrap_or_else(|| secret.description.clone());
    secret.kms_key = input.kms_key_id.or_else(|| secret.kms_key.clone()).filter(|key| !key.is_empty());
    secret.changed = now;
    Ok(answer.into())
}

pub(super) fn update_secret_version_stage(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = live(call, "secretsmanager:UpdateSecretVersionStage")?;
    let stage = call.text("VersionStage").unwrap_or_default().to_owned();
    let from = call.text("RemoveFromVersionId").map(str::to_owned);
    let to = call.text("MoveToVersionId").map(str::to_owned);
    let now = call.state.now;
    let secret = secret(call, &arn)?;
    let invalid = |text: String| ApiError::new("InvalidParameterException", text);
    if let Some(id) = from.iter().chain(&to).find(|id| !secret.versions.contains_key(*id)) {
        let text = format!("Secrets Manager can't find the specified secret value for VersionId: {id}");
        return Err(ApiError::new("ResourceNotFoundException", text));
    }
    match (secret.stages.get(&stage), &from) {
        (Some(holder), None) if to.as_ref() != Some(holder) => {
            return Err(invalid(format!(
                "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to version \
                 {holder}, so you must explicitly reference that version in RemoveFromVersionId."
            )));
        }
        (holder, Some(from)) if holder != Some(from) => {
            return Err(invalid(format!(
                "The parameter RemoveFromVersionId is not valid: staging label {stage} is not attached to version {from}."
            )));
        }
        (_, _) if to.is_none() && stage == CURRENT => {
            return Err(invalid(
                "You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed."
                    .to_owned(),
            ));
        }
        _ => {}
    }
    match to {
        Some(to) => secret.attach(&stage, &to),
        None => drop(secret.stages.remove(&stage)),
    }
    secret.changed = now;
    Ok(json!({"ARN": arn.as_str(), "Name": secret.name}).into())
}

pub(super) fn get_secret_value(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = live(call, "secretsmanager:GetSecretValue")?;
    may_use_key(call, &arn, &["kms:Decrypt"])?;
    let version = call.text("VersionId").map(str::to_owned);
    let stage = call.text("VersionStage").map(str::to_owned);
    let today = call.state.now.floor(24 * 3600);
    let secret = secret(call, &arn)?;
    // [V] LS:secretsmanager::test_get_secret_value_errors, ::test_secret_version_not_found
    let missing = |what: String| {
        let text = format!("Secrets Manager can't find the specified secret value for {what}");
        ApiError::new("ResourceNotFoundException", text)
    };
    let id = match (version, stage) {
        (Some(id), _) if !secret.versions.contains_key(&id) => return Err(missing(format!("VersionId: {id}"))),
        (Some(id), Some(stage)) if secret.stages.get(&stage) != Some(&id) => {
            let text = "You provided a VersionStage that is not associated to the provided VersionId.";
            return Err(ApiError::new("InvalidRequestException", text));
        }
        (Some(id), _) => id,
        (None, stage) => {
            let stage = stage.unwrap_or_else(|| CURRENT.to_owned());
            let id = secret.stages.get(&stage).cloned();
            id.ok_or_else(|| missing(format!("staging label: {stage}")))?
        }
    };
    // The day, not the moment. [V] LS:secretsmanager::test_last_accessed_date
    secret.accessed = Some(today);
    let name = secret.name.clone();
    let stages: Vec<String> = secret.stages_of(&id).into_iter().map(str::to_owned).collect();
    let version = secret.versions.get_mut(&id).ok_or_else(not_found)?;
    version.accessed = Some(today);
    let mut answer = json!({
        "ARN": arn.as_str(), "Name": name, "VersionId": id, "VersionStages": stages,
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

pub(super) fn delete_secret(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let force = call.params.get("ForceDeleteWithoutRecovery").and_then(Value::as_bool).unwrap_or(false);
    let window = call.params.get("RecoveryWindowInDays").and_then(Value::as_i64);
    let now = call.state.now;
    let invalid = |text: &str| ApiError::new("InvalidParameterException", text);
    if force && window.is_some() {
        return Err(invalid("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."));
    }
    if window.is_some_and(|days| !(7..=30).contains(&days)) {
        return Err(invalid("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."));
    }
    let arn = match named(call, "secretsmanager:DeleteSecret") {
        // Forced, it says yes to what is not there. [V] LS:secretsmanager::test_delete_non_existent_secret_…
        Err(error) if force && error == not_found() => {
            let id = call.text("SecretId").unwrap_or_default().to_owned();
            let arn = Arn::parse(&id);
            let arn = arn
                .unwrap_or_else(|| call.arn(format!("secret:{id}-{}", call.request_id.get(..6).unwrap_or("000000"))));
            return Ok(json!({"ARN": arn.as_str(), "Name": id, "DeletionDate": now.seconds_f64()}).into());
        }
        found => found?,
    };
    let at = if force { now } else { Time(now.0 + window.unwrap_or(30) * 24 * 3600 * 1000) };
    let secret = secret(call, &arn)?;
    if secret.deleted.is_some() && !force {
        return Err(marked_for_deletion());
    }
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
    let tags = secret(call, &arn)?.tags.get_or_insert_default();
    tags.extend(input.tags.into_iter().map(|tag| (tag.key, tag.value)));
    Ok(Reply::empty())
}

pub(super) fn untag_resource(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: Input = call.input()?;
    let arn = live(call, "secretsmanager:UntagResource")?;
    if let Some(tags) = &mut secret(call, &arn)?.tags {
        tags.retain(|key, _| !input.tag_keys.contains(key));
    }
    Ok(Reply::empty())
}
