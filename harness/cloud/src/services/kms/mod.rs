//! KMS: symmetric customer-managed keys whose policies decide, and the service-managed aliases that name no other service.

mod alias;
mod check;
mod crypto;
mod data_key;
mod grant;
mod key;
mod managed;
mod operations;
mod rotation;
mod tags;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::api::{ApiError, Call, Operation};
use crate::authz::Edge;
use crate::id::{AccountId, Arn, Region};
use crate::services::DeliveryError;
use crate::table::Table;
use crate::trace::{Entry, Hop, Outcome};
use rootwatch_policy::{Context, Principal, ResourceKind};

pub use alias::Alias;
pub use grant::Grant;
pub use key::Key;

/// State of the service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    keys: Table<Arn, Key>,
    /// By ARN.
    aliases: Table<Arn, Alias>,
}

/// Operations of the service.
pub const OPERATIONS: &[Operation] = &[
    Operation::new("CancelKeyDeletion", operations::cancel_key_deletion),
    Operation::new("CreateAlias", alias::create_alias),
    Operation::new("CreateGrant", grant::create_grant),
    Operation::noted("CreateKey", operations::create_key, "symmetric keys of one Region, with material of AWS's"),
    Operation::new("Decrypt", crypto::decrypt),
    Operation::new("DeleteAlias", alias::delete_alias),
    Operation::new("DescribeKey", operations::describe_key),
    Operation::new("DisableKey", operations::disable_key),
    Operation::new("DisableKeyRotation", rotation::disable_key_rotation),
    Operation::new("EnableKey", operations::enable_key),
    Operation::new("EnableKeyRotation", rotation::enable_key_rotation),
    Operation::noted("Encrypt", crypto::encrypt, "reversible, not secret"),
    Operation::noted("GenerateDataKey", data_key::generate_data_key, "reversible, not secret"),
    Operation::noted(
        "GenerateDataKeyWithoutPlaintext",
        data_key::generate_data_key_without_plaintext,
        "reversible, not secret",
    ),
    Operation::new("GenerateRandom", data_key::generate_random),
    Operation::new("GetKeyPolicy", operations::get_key_policy),
    Operation::new("GetKeyRotationStatus", rotation::get_key_rotation_status),
    Operation::new("ListAliases", alias::list_aliases),
    Operation::new("ListGrants", grant::list_grants),
    Operation::new("ListKeyPolicies", operations::list_key_policies),
    Operation::new("ListKeys", operations::list_keys),
    Operation::noted("ListKeyRotations", rotation::list_key_rotations, "those on demand"),
    Operation::new("ListResourceTags", tags::list_resource_tags),
    Operation::new("PutKeyPolicy", operations::put_key_policy),
    Operation::new("ListRetirableGrants", grant::list_retirable_grants),
    Operation::new("ReEncrypt", crypto::re_encrypt),
    Operation::new("RetireGrant", grant::retire_grant),
    Operation::new("RevokeGrant", grant::revoke_grant),
    Operation::new("RotateKeyOnDemand", rotation::rotate_key_on_demand),
    Operation::noted("ScheduleKeyDeletion", operations::schedule_key_deletion, "gone when its day has come"),
    Operation::new("TagResource", tags::tag_resource),
    Operation::new("UntagResource", tags::untag_resource),
    Operation::new("UpdateAlias", alias::update_alias),
    Operation::new("UpdateKeyDescription", operations::update_key_description),
];

/// Finds a key by id, ARN, alias or alias ARN.
pub(crate) fn resolve(state: &crate::state::State, key: &str, owner: &AccountId, region: &Region) -> Option<Arn> {
    let full = match Arn::parse(key) {
        Some(arn) => arn,
        None if key.starts_with("alias/") => Arn::of("kms", region, owner, key),
        None => Arn::of("kms", region, owner, format!("key/{key}")),
    };
    if full.resource().starts_with("alias/") {
        return state.kms.aliases.get(&full).map(|alias| alias.key.clone());
    }
    let gone = |key: &Key| key.deletion.is_some_and(|at| at <= state.now);
    state.kms.keys.get(&full).is_some_and(|key| !gone(key)).then_some(full)
}

/// Refuses a key that cannot be used as it is.
fn usable(call: &mut Call<'_>, arn: &Arn) -> Result<(), ApiError> {
    match operations::key(call, arn)?.unusable(arn) {
        None => Ok(()),
        Some(("KMSDisabled", message)) => Err(ApiError::new("DisabledException", message)),
        Some((_, message)) => Err(ApiError::new("KMSInvalidStateException", message)),
    }
}

/// Whether a principal may use a key, for a resource of another service that is encrypted with it.
///
/// The service-managed aliases (`alias/aws/sns` …) let principals of their own account through that service, and no
/// service principal: their policies cannot be edited and name none. [D] sns-key-management
///
/// # Errors
/// `KMSAccessDenied`, `KMSNotFound`, `KMSDisabled`, `KMSInvalidState`, all of them final.
#[expect(clippy::too_many_arguments, reason = "the edge has that many sides; a struct would only rename them")]
pub fn allows(
    state: &mut crate::state::State,
    hop: Hop,
    principal: &Principal,
    region: &Region,
    key: &str,
    owner: &AccountId,
    actions: &[&str],
    context: Context,
) -> Result<(), DeliveryError> {
    if let Some(alias) = key.rsplit(':').next().filter(|alias| alias.starts_with("alias/aws/")) {
        if principal.account() == Some(owner.as_str()) {
            return Ok(());
        }
        let message = format!("{} does not have authorization to access the key {alias}", principal.arn());
        refuse(state, hop, alias, principal, &message);
        return Err(DeliveryError::permanent("KMSAccessDenied", message));
    }
    let Some(arn) = resolve(state, key, owner, region) else {
        let message = format!("Key '{key}' does not exist");
        refuse(state, hop, key, principal, &message);
        return Err(DeliveryError::permanent("KMSNotFound", message));
    };
    let Some(found) = state.kms.keys.shared(&arn) else {
        return Err(DeliveryError::permanent("KMSNotFound", format!("Key '{arn}' does not exist")));
    };
    if let Some((code, message)) = found.unusable(&arn) {
        refuse(state, hop, arn.as_str(), principal, &message);
        return Err(DeliveryError::permanent(code, message));
    }
    let name = format!("key policy of {}", arn.resource());
    let encryption = encryption_context(&context);
    for action in actions {
        if grant::allows(&found, principal, action, &encryption) {
            continue;
        }
        let mut edge = Edge::new(principal, action, &arn, region).policy(&name, Some(&found.policy));
        edge.kind = ResourceKind::KmsKey;
        edge.context = context.clone();
        if let Some(account) = principal.account() {
            edge = edge.with("kms:CallerAccount", account);
        }
        state.authorise(hop, &edge).map_err(|refusal| DeliveryError::permanent("KMSAccessDenied", refusal.message))?;
    }
    Ok(())
}

/// The encryption context that condition keys carry.
fn encryption_context(context: &Context) -> BTreeMap<String, String> {
    const PREFIX: &str = "kms:EncryptionContext:";
    let keys = context.iter().filter_map(|(name, values)| Some((name.strip_prefix(PREFIX)?, values.first()?)));
    keys.map(|(name, value)| (name.to_owned(), value.to_string())).collect()
}

fn refuse(state: &mut crate::state::State, hop: Hop, key: &str, principal: &Principal, message: &str) {
    let at = state.now;
    state.trace(Entry {
        at,
        hop,
        resource: key.to_owned(),
        outcome: Outcome::Denied,
        detail: format!("kms: {message}"),
        principal: Some(principal.arn()),
        decision: None,
    });
}
