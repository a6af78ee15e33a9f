//! IAM: roles, users and policies. Global: an account has one set of them, whatever the Region.
//!
//! Reading order: [`identity`] (who has policies), [`managed`], [`inline`] and [`boundary`] (which), [`access_key`] (by what
//! users are known), then the operations and [`simulate`].

mod access_key;
mod boundary;
mod identity;
mod inline;
mod managed;
mod request;
mod role_operations;
mod simulate;
#[cfg(test)]
mod tests;
mod user_operations;
#[cfg(test)]
mod user_tests;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::{ApiError, Call, Operation, Reply};
use crate::authz::{Edge, PolicyText};
use crate::id::Arn;
use crate::services::{DeliveryError, sts};
use crate::table::Table;
use crate::trace::Hop;
use rootwatch_policy::{Context, Named, PolicyKind, PolicyName, Principal, ResourceKind};

pub(crate) use access_key::user_of_key;
pub(crate) use boundary::permissions_boundary;
pub use identity::{Identity, Kind};
pub use managed::ManagedPolicy;

/// State of the service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    identities: Table<Arn, Identity>,
    access_keys: Table<String, access_key::AccessKey>,
    policies: Table<Arn, ManagedPolicy>,
}

/// Operations of the service.
pub const OPERATIONS: &[Operation] = &[
    Operation::new("AttachRolePolicy", |call| managed::attach(call, Kind::Role)),
    Operation::new("AttachUserPolicy", |call| managed::attach(call, Kind::User)),
    Operation::new("CreateAccessKey", access_key::create),
    Operation::new("CreatePolicy", managed::create_policy),
    Operation::new("CreatePolicyVersion", managed::create_policy_version),
    Operation::new("CreateRole", role_operations::create_role),
    Operation::new("CreateUser", user_operations::create_user),
    Operation::new("DeleteAccessKey", access_key::delete),
    Operation::noted("DeleteLoginProfile", user_operations::no_login_profile, "no user has a password"),
    Operation::new("DeletePolicy", managed::delete_policy),
    Operation::new("DeletePolicyVersion", managed::delete_policy_version),
    Operation::new("DeleteRole", role_operations::delete_role),
    Operation::new("DeleteRolePermissionsBoundary", |call| boundary::delete(call, Kind::Role)),
    Operation::new("DeleteRolePolicy", |call| inline::delete(call, Kind::Role)),
    Operation::new("DeleteUser", user_operations::delete_user),
    Operation::new("DeleteUserPermissionsBoundary", |call| boundary::delete(call, Kind::User)),
    Operation::new("DeleteUserPolicy", |call| inline::delete(call, Kind::User)),
    Operation::new("DetachRolePolicy", |call| managed::detach(call, Kind::Role)),
    Operation::new("DetachUserPolicy", |call| managed::detach(call, Kind::User)),
    Operation::new("GetContextKeysForCustomPolicy", simulate::keys_of_custom),
    Operation::noted("GetContextKeysForPrincipalPolicy", simulate::keys_of_principal, "of roles and users"),
    Operation::noted("GetLoginProfile", user_operations::no_login_profile, "no user has a password"),
    Operation::new("GetPolicy", managed::get_policy),
    Operation::new("GetPolicyVersion", managed::get_policy_version),
    Operation::new("GetRole", role_operations::get_role),
    Operation::new("GetRolePolicy", |call| inline::get(call, Kind::Role)),
    Operation::new("GetUser", user_operations::get_user),
    Operation::new("GetUserPolicy", |call| inline::get(call, Kind::User)),
    Operation::new("ListAccessKeys", access_key::list),
    Operation::new("ListAttachedRolePolicies", |call| managed::list_attached(call, Kind::Role)),
    Operation::new("ListAttachedUserPolicies", |call| managed::list_attached(call, Kind::User)),
    Operation::new("ListEntitiesForPolicy", managed::list_entities),
    Operation::noted("ListGroupsForUser", user_operations::list_groups, "always empty"),
    Operation::noted("ListInstanceProfilesForRole", role_operations::list_instance_profiles, "always empty"),
    Operation::noted("ListMFADevices", |call| user_operations::none_of(call, "MFADevices"), "always empty"),
    Operation::noted("ListPolicies", managed::list_policies, "of AWS's own those that are known here"),
    Operation::new("ListPolicyTags", managed::list_policy_tags),
    Operation::new("ListPolicyVersions", managed::list_policy_versions),
    Operation::new("ListRolePolicies", |call| inline::list(call, Kind::Role)),
    Operation::new("ListRoleTags", |call| inline::list_tags(call, Kind::Role)),
    Operation::new("ListRoles", role_operations::list_roles),
    Operation::noted("ListSSHPublicKeys", |call| user_operations::none_of(call, "SSHPublicKeys"), "always empty"),
    Operation::noted(
        "ListServiceSpecificCredentials",
        |call| user_operations::none_of(call, "ServiceSpecificCredentials"),
        "always empty",
    ),
    Operation::noted("ListSigningCertificates", |call| user_operations::none_of(call, "Certificates"), "always empty"),
    Operation::new("ListUserPolicies", |call| inline::list(call, Kind::User)),
    Operation::new("ListUserTags", |call| inline::list_tags(call, Kind::User)),
    Operation::new("ListUsers", user_operations::list_users),
    Operation::noted("ListVirtualMFADevices", list_virtual_devices, "always empty"),
    Operation::new("PutRolePermissionsBoundary", |call| boundary::put(call, Kind::Role)),
    Operation::new("PutRolePolicy", |call| inline::put(call, Kind::Role)),
    Operation::new("PutUserPermissionsBoundary", |call| boundary::put(call, Kind::User)),
    Operation::new("PutUserPolicy", |call| inline::put(call, Kind::User)),
    Operation::new("SetDefaultPolicyVersion", managed::set_default_policy_version),
    Operation::new("SimulateCustomPolicy", simulate::custom),
    Operation::noted(
        "SimulatePrincipalPolicy",
        simulate::principal,
        "of roles and users; without resource control policies",
    ),
    Operation::new("TagPolicy", managed::tag_policy),
    Operation::new("TagRole", |call| inline::tag(call, Kind::Role)),
    Operation::new("TagUser", |call| inline::tag(call, Kind::User)),
    Operation::new("UntagPolicy", managed::untag_policy),
    Operation::new("UntagRole", |call| inline::untag(call, Kind::Role)),
    Operation::new("UntagUser", |call| inline::untag(call, Kind::User)),
    Operation::new("UpdateAccessKey", access_key::update),
    Operation::new("UpdateAssumeRolePolicy", role_operations::update_trust),
    Operation::new("UpdateRole", role_operations::update_role),
    Operation::new("UpdateRoleDescription", role_operations::update_description),
    Operation::new("UpdateUser", user_operations::update_user),
];

/// There are no MFA devices.
fn list_virtual_devices(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("iam:ListVirtualMFADevices", &Arn::new("*"))?;
    Ok(json!({"VirtualMFADevices": [], "IsTruncated": false}).into())
}

/// The identity policies of a principal, each with a name for traces.
pub fn identity_policies<'a>(state: &'a crate::state::State, principal: &Principal) -> Vec<Named<'a>> {
    match principal {
        Principal::Administrator { account, .. } => {
            let name = || format!("the administrator of account {account}").into();
            let policy = managed::administrator().map(|policy| Named { name: name(), policy: policy.policy() });
            policy.into_iter().collect()
        }
        Principal::Role { role_arn: arn, .. } | Principal::User { arn, .. } => {
            let Some(identity) = state.iam.identities.get(arn.as_str()) else { return Vec::new() };
            let (of, name) = (identity.kind().word(), identity.name.as_str());
            let named = |kind, policy, text: &'a PolicyText| {
                let name = PolicyName::OfIdentity { kind, policy, of, name };
                Named { name, policy: text.policy() }
            };
            let inline = identity.inline.iter().map(|(name, policy)| named("inline policy", name.as_str(), policy));
            let attached = identity
                .attached
                .iter()
                .filter_map(|arn| Some(named("policy", arn.name(), managed::document(state, arn)?)));
            inline.chain(attached).collect()
        }
        _ => Vec::new(),
    }
}

/// Names and texts of the identity policies of a role or user, inline ones first.
pub(crate) fn policy_texts(state: &crate::state::State, identity: &str) -> Vec<(String, String)> {
    let Some(identity) = state.iam.identities.get(identity) else { return Vec::new() };
    let inline = identity.inline.iter().map(|(name, policy)| (name.clone(), policy.text().to_owned()));
    let attached = identity
        .attached
        .iter()
        .filter_map(|arn| Some((arn.name().to_owned(), managed::document(state, arn)?.text().to_owned())));
    inline.chain(attached).collect()
}

/// A managed policy's document, a customer's or one of AWS's own that is known here.
pub(crate) fn managed_policy(state: &crate::state::State, policy: &Arn) -> Option<PolicyText> {
    managed::document(state, policy).cloned()
}

/// Parses and checks a policy document of a caller.
pub(crate) fn policy_document(text: &str, kind: PolicyKind) -> Result<PolicyText, ApiError> {
    request::document(text, kind)
}

/// The unique id of a role or a user, `AROA…` or `AIDA…`.
pub(crate) fn unique_id(state: &crate::state::State, identity: &Arn) -> Option<String> {
    state.iam.identities.get(identity).map(|identity| identity.id.clone())
}

/// Returns true if there is such a role or user.
pub(crate) fn exists(state: &crate::state::State, identity: &Arn) -> bool {
    state.iam.identities.contains(identity)
}

fn role<'a>(state: &'a crate::state::State, role: &Arn) -> Option<&'a identity::Role> {
    state.iam.identities.get(role)?.role.as_ref()
}

/// The longest session of a role, in seconds.
pub(crate) fn max_session_duration(state: &crate::state::State, arn: &Arn) -> Option<i64> {
    role(state, arn).map(|role| role.max_session_duration)
}

/// The trust policy of a role.
pub(crate) fn trust_policy(state: &crate::state::State, arn: &Arn) -> Option<PolicyText> {
    role(state, arn).map(|role| role.trust.clone())
}

/// A service takes on a role, if the role's trust policy lets it. The code of a refusal is EventBridge's word for it.
///
/// # Errors
/// `FAILED_TO_ASSUME_ROLE` where the role is missing or does not trust the service.
pub fn service_session(
    state: &mut crate::state::State,
    hop: Hop,
    service: &str,
    role: &Arn,
    session: &str,
    context: Context,
) -> Result<Principal, DeliveryError> {
    let failed = |message: String| DeliveryError::permanent("FAILED_TO_ASSUME_ROLE", message);
    let trust = trust_policy(state, role).ok_or_else(|| failed(format!("role {role} does not exist")))?;
    let name = format!("trust policy of role {}", role.name());
    let principal = Principal::Service { name: service.to_owned() };
    let region = crate::id::Region::new("us-east-1");
    let mut edge = Edge::new(&principal, "sts:AssumeRole", role, &region).policy(&name, Some(&trust));
    edge.context = context;
    edge.kind = ResourceKind::RoleTrust;
    state.authorise(hop, &edge).map_err(|refusal| failed(refusal.message))?;
    Ok(sts::session_principal(role, session))
}

/// Whether the caller may hand a role to a service.
///
/// # Errors
/// AccessDenied in the words of the service that was called.
pub fn may_pass_role(call: &mut Call<'_>, role: &Arn, service: &str) -> Result<(), ApiError> {
    let context = Context::new().with("iam:PassedToService", service);
    call.authorise_with("iam:PassRole", role, context, None)
}
