//! Operations on keys.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::check::{self, number, one_of, page};
use super::key::shape;
use super::tags::{self, Tag};
use super::{Key, grant, managed, resolve};
use crate::api::{ApiError, Call, Reply};
use crate::authz::{Edge, PolicyText};
use crate::id::Arn;
use crate::time::Time;
use rootwatch_policy::{Context, PolicyKind, ResourceKind};

/// What AWS says of a key that is not there: ids are shown as ARNs, and what can be no id by itself. [T]
pub(super) fn not_found(call: &Call<'_>, key: &str) -> ApiError {
    let is_id = |id: &str| id.len() >= 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    let missing = |text: String| ApiError::new("NotFoundException", text);
    match Arn::parse(key) {
        Some(arn) if arn.region() != call.region => missing(format!("Invalid arn {}", arn.region())),
        Some(arn) if arn.resource().starts_with("alias/") => missing(format!("Alias {arn} is not found.")),
        Some(arn) => missing(format!("Key '{arn}' does not exist")),
        None if key.starts_with("alias/") => missing(format!("Alias {} is not found.", call.arn(key))),
        None if is_id(key) => missing(format!("Key '{}' does not exist", call.arn(format!("key/{key}")))),
        None => missing(format!("Invalid keyId '{key}'")),
    }
}

/// The key of a text: an id, an alias, or the ARN of either in the call's Region. [V] LS:kms/test_kms
pub(super) fn find(call: &Call<'_>, key: &str) -> Result<Arn, ApiError> {
    let elsewhere = Arn::parse(key).is_some_and(|arn| arn.region() != call.region);
    let found = if elsewhere { None } else { resolve(call.state, key, &call.account, &call.region) };
    found.ok_or_else(|| not_found(call, key))
}

/// The key that the call names, if its policy or a grant lets the caller.
pub(super) fn named(call: &mut Call<'_>, member: &str, action: &str) -> Result<Arn, ApiError> {
    let key = call.text(member).unwrap_or_default().to_owned();
    if key.is_empty() {
        let named = member[..1].to_lowercase() + &member[1..];
        return Err(check::constraint("", &named, "have length greater than or equal to 1"));
    }
    let arn = find(call, &key)?;
    authorise(call, &arn, action, Context::new())?;
    Ok(arn)
}

/// The same, of a key that is not pending deletion.
pub(super) fn live(call: &mut Call<'_>, action: &str) -> Result<Arn, ApiError> {
    let arn = named(call, "KeyId", action)?;
    if key(call, &arn)?.deletion.is_some() {
        return Err(ApiError::new("KMSInvalidStateException", format!("{arn} is pending deletion.")));
    }
    Ok(arn)
}

/// [D] API_CreateKey
pub(super) fn description_length(description: Option<&str>) -> Result<(), ApiError> {
    match description {
        Some(text) if text.chars().count() > 8192 => {
            Err(check::constraint(text, "description", "have length less than or equal to 8192"))
        }
        _ => Ok(()),
    }
}

pub(super) fn authorise(call: &mut Call<'_>, arn: &Arn, action: &str, context: Context) -> Result<(), ApiError> {
    let found = call.state.kms.keys.get(arn);
    let encryption = super::encryption_context(&context);
    let granted = found.is_some_and(|key| grant::allows(key, &call.caller, action, &encryption));
    let policy = found.map(|key| key.policy.clone());
    let name = format!("key policy of {}", arn.resource());
    let context = context.with("kms:CallerAccount", call.account.as_str());
    let policy = policy.as_ref().map(|policy| (name.as_str(), policy));
    if granted {
        let mut edge =
            Edge::new(&call.caller, action, arn, &call.region).policy(&name, policy.map(|(_, policy)| policy));
        edge.context = context.clone();
        edge.kind = ResourceKind::KmsKey;
        // A grant allows in addition to the policies, but not against a Deny. [D] grants
        if !call.state.decide(&edge).explicit_deny {
            return Ok(());
        }
    }
    call.authorise_kind(action, arn, context, policy, ResourceKind::KmsKey)
}

pub(super) fn key<'a>(call: &'a mut Call<'_>, arn: &Arn) -> Result<&'a mut Key, ApiError> {
    let missing = || ApiError::new("NotFoundException", format!("Key '{arn}' does not exist"));
    call.state.kms.keys.get_mut(arn).ok_or_else(missing)
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
    origin: Option<String>,
    #[serde(default)]
    multi_region: bool,
    #[serde(default)]
    bypass_policy_lockout_safety_check: bool,
    #[serde(default)]
    tags: Vec<Tag>,
}

/// The values of `KeySpec`, `KeyUsage` and `Origin`. Only the first of each is implemented. [D] API_CreateKey
const SPECS: [&str; 17] = [
    "SYMMETRIC_DEFAULT",
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "HMAC_224",
    "HMAC_256",
    "HMAC_384",
    "HMAC_512",
    "SM2",
    "ML_DSA_44",
    "ML_DSA_65",
    "ML_DSA_87",
    "ECC_NIST_EDWARDS25519",
];
const USAGES: [&str; 4] = ["ENCRYPT_DECRYPT", "SIGN_VERIFY", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT"];
const ORIGINS: [&str; 4] = ["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"];

/// The policy of a key that is made without one: it makes IAM policies effective. [D] key-policy-default
pub(super) fn default_policy(call: &Call<'_>) -> String {
    json!({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [{
        "Sid": "Enable IAM User Permissions", "Effect": "Allow",
        "Principal": {"AWS": format!("arn:{}:iam::{}:root", call.region.partition(), call.account)},
        "Action": "kms:*", "Resource": "*",
    }]})
    .to_string()
}

/// Reads a key policy, whose principals must exist. [T] awslabs/minimum-viable-dataspace-on-aws#6
pub(super) fn policy(call: &Call<'_>, text: &str) -> Result<PolicyText, ApiError> {
    let malformed = |text: String| ApiError::new("MalformedPolicyDocumentException", text);
    let policy = PolicyText::check(text, PolicyKind::Key).map_err(|error| malformed(format!("policy: {error}")))?;
    let invalid = "Policy contains a statement with one or more invalid principals.";
    call.state.check_principals(&policy).map_err(|_| malformed(invalid.to_owned()))?;
    Ok(policy)
}

/// Whoever sets a policy must be able to change it again. [D] API_PutKeyPolicy
pub(super) fn check_lockout(call: &Call<'_>, arn: &Arn, policy: &PolicyText) -> Result<(), ApiError> {
    let mut edge =
        Edge::new(&call.caller, "kms:PutKeyPolicy", arn, &call.region).policy("the new key policy", Some(policy));
    edge.kind = ResourceKind::KmsKey;
    edge.context = Context::new().with("kms:CallerAccount", call.account.as_str());
    if call.state.decide(&edge).allowed {
        return Ok(());
    }
    let text = "The new key policy will not allow you to update the key policy in the future.";
    Err(ApiError::new("MalformedPolicyDocumentException", text))
}

pub(super) fn create_key(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: CreateKey = call.input()?;
    // [D] API_CreateKey: the old name and the new one may both be given, if they agree
    let spec = match (&input.key_spec, &input.customer_master_key_spec) {
        (Some(new), Some(old)) if new != old => {
            let text = "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. \
                        CustomerMasterKeySpec is deprecated.";
            return Err(ApiError::validation(text));
        }
        (Some(new), _) => Some(("keySpec", new)),
        (None, old) => old.as_ref().map(|old| ("customerMasterKeySpec", old)),
    };
    let only = |call: &Call<'_>, member: &str, asked: Option<&String>, values: &[&str]| match asked {
        None => Ok(()),
        Some(asked) if asked == values[0] => Ok(()),
        Some(asked) => {
            one_of(asked, member, values)?;
            Err(ApiError::not_implemented(call.service, &format!("CreateKey with {member} {asked}")))
        }
    };
    only(call, spec.map_or("keySpec", |(member, _)| member), spec.map(|(_, spec)| spec), &SPECS)?;
    only(call, "keyUsage", input.key_usage.as_ref(), &USAGES)?;
    only(call, "origin", input.origin.as_ref(), &ORIGINS)?;
    if input.multi_region {
        return Err(ApiError::not_implemented(call.service, "CreateKey with multiRegion"));
    }
    description_length(input.description.as_deref())?;
    let id = call.state.uuid();
    let arn = call.arn(format!("key/{id}"));
    let context = Context::new()
        .with("kms:KeySpec", SPECS[0])
        .with("kms:KeyUsage", USAGES[0])
        .with("kms:KeyOrigin", ORIGINS[0])
        .with("kms:MultiRegion", "false");
    call.authorise_with("kms:CreateKey", &arn, context, None)?;
    let policy = policy(call, &input.policy.unwrap_or_else(|| default_policy(call)))?;
    if !input.bypass_policy_lockout_safety_check {
        check_lockout(call, &arn, &policy)?;
    }
    let tags = tags::checked(input.tags)?;
    let key = Key {
        description: input.description.unwrap_or_default(),
        policy,
        enabled: true,
        deletion: None,
        rotation_days: None,
        next_rotation: None,
        rotations: Vec::new(),
        grants: BTreeMap::new(),
        tags,
        created: call.state.now,
        service: None,
        material: call.state.hex(64),
    };
    call.state.kms.keys.insert(arn.clone(), key);
    Ok(json!({"KeyMetadata": shape(call.state, &arn)}).into())
}

pub(super) fn describe_key(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    managed::associate(call)?;
    let arn = named(call, "KeyId", "kms:DescribeKey")?;
    Ok(json!({"KeyMetadata": shape(call.state, &arn)}).into())
}

pub(super) fn list_keys(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let any = call.arn("key/*");
    call.authorise("kms:ListKeys", &any)?;
    let own = call.state.kms.keys.keys().filter(|arn| arn.is_in(&call.account, &call.region));
    let keys: Vec<Value> = own.map(|arn| json!({"KeyId": arn.name(), "KeyArn": arn.as_str()})).collect();
    page(call, "Keys", keys, 100)
}

/// There is one policy. [D] API_GetKeyPolicy
fn check_policy_name(call: &Call<'_>) -> Result<(), ApiError> {
    match call.text("PolicyName") {
        None | Some("default") => Ok(()),
        Some(_) => Err(ApiError::new("NotFoundException", "No such policy exists")),
    }
}

pub(super) fn get_key_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "KeyId", "kms:GetKeyPolicy")?;
    check_policy_name(call)?;
    Ok(json!({"Policy": key(call, &arn)?.policy.text(), "PolicyName": "default"}).into())
}

pub(super) fn put_key_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = live(call, "kms:PutKeyPolicy")?;
    check_policy_name(call)?;
    let policy = policy(call, call.text("Policy").unwrap_or_default())?;
    if call.params.get("BypassPolicyLockoutSafetyCheck") != Some(&Value::Bool(true)) {
        check_lockout(call, &arn, &policy)?;
    }
    key(call, &arn)?.policy = policy;
    Ok(Reply::empty())
}

pub(super) fn list_key_policies(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    named(call, "KeyId", "kms:ListKeyPolicies")?;
    Ok(json!({"PolicyNames": ["default"], "Truncated": false}).into())
}

pub(super) fn enable_key(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = live(call, "kms:EnableKey")?;
    key(call, &arn)?.enabled = true;
    Ok(Reply::empty())
}

pub(super) fn disable_key(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = live(call, "kms:DisableKey")?;
    key(call, &arn)?.enabled = false;
    Ok(Reply::empty())
}

pub(super) fn update_key_description(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    description_length(call.text("Description"))?;
    let arn = live(call, "kms:UpdateKeyDescription")?;
    let description = call.text("Description").unwrap_or_default().to_owned();
    key(call, &arn)?.description = description;
    Ok(Reply::empty())
}

pub(super) fn schedule_key_deletion(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let days = number(call, "PendingWindowInDays", 7, 30)?.unwrap_or(30);
    let arn = live(call, "kms:ScheduleKeyDeletion")?;
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
    if key.deletion.is_none() {
        return Err(ApiError::new("KMSInvalidStateException", format!("{arn} is not pending deletion.")));
    }
    key.deletion = None;
    // It comes back disabled. [D] API_CancelKeyDeletion
    key.enabled = false;
    Ok(json!({"KeyId": arn.as_str()}).into())
}
