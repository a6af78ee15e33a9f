//! IAM: roles and policies. Global: an account has one set of them, whatever the Region.

mod boundary;
mod managed;
mod role;
mod role_operations;
mod simulate;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::api::{ApiError, Call, Operation};
use crate::authz::{Edge, PolicyText};
use crate::id::Arn;
use crate::policy::{Context, Named, PolicyKind, PolicyName, Principal, ResourceKind};
use crate::services::{DeliveryError, sts};
use crate::table::Table;
use crate::trace::Hop;

pub(crate) use boundary::permissions_boundary;
pub use managed::ManagedPolicy;
pub use role::Role;

/// State of the service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    roles: Table<Arn, Role>,
    policies: Table<Arn, ManagedPolicy>,
}

/// Operations of the service.
pub const OPERATIONS: &[Operation] = &[
    Operation::new("AttachRolePolicy", managed::attach_role_policy),
    Operation::new("CreatePolicy", managed::create_policy),
    Operation::new("CreateRole", role_operations::create_role),
    Operation::new("DeletePolicy", managed::delete_policy),
    Operation::new("DeleteRole", role_operations::delete_role),
    Operation::new("DeleteRolePermissionsBoundary", boundary::delete),
    Operation::new("DeleteRolePolicy", role_operations::delete_role_policy),
    Operation::new("DetachRolePolicy", managed::detach_role_policy),
    Operation::new("GetContextKeysForCustomPolicy", simulate::keys_of_custom),
    Operation::noted("GetContextKeysForPrincipalPolicy", simulate::keys_of_principal, "of roles"),
    Operation::new("GetPolicy", managed::get_policy),
    Operation::new("GetPolicyVersion", managed::get_policy_version),
    Operation::new("GetRole", role_operations::get_role),
    Operation::new("GetRolePolicy", role_operations::get_role_policy),
    Operation::new("ListAttachedRolePolicies", managed::list_attached_role_policies),
    Operation::noted("ListInstanceProfilesForRole", role_operations::list_instance_profiles, "always empty"),
    Operation::new("ListPolicyVersions", managed::list_policy_versions),
    Operation::new("ListRolePolicies", role_operations::list_role_policies),
    Operation::new("ListRoleTags", role_operations::list_role_tags),
    Operation::new("ListRoles", role_operations::list_roles),
    Operation::new("PutRolePermissionsBoundary", boundary::put),
    Operation::new("PutRolePolicy", role_operations::put_role_policy),
    Operation::new("SimulateCustomPolicy", simulate::custom),
    Operation::noted("SimulatePrincipalPolicy", simulate::principal, "of roles; without resource control policies"),
    Operation::new("TagRole", role_operations::tag_role),
    Operation::new("UntagRole", role_operations::untag_role),
    Operation::new("UpdateAssumeRolePolicy", role_operations::update_trust),
    Operation::new("UpdateRole", role_operations::update_role),
];

/// The identity policies of a principal, each with a name for traces.
pub fn identity_policies<'a>(state: &'a crate::state::State, principal: &Principal) -> Vec<Named<'a>> {
    match principal {
        Principal::Administrator { account, .. } => {
            let name = || format!("the administrator of account {account}").into();
            let policy = managed::administrator().map(|policy| Named { name: name(), policy: policy.policy() });
            policy.into_iter().collect()
        }
        Principal::Role { role_arn, .. } => {
            let Some(role) = state.iam.roles.get(role_arn.as_str()) else { return Vec::new() };
            let named = |kind, policy, text: &'a PolicyText| {
                let name = PolicyName::OfRole { kind, policy, role: &role.name };
                Named { name, policy: text.policy() }
            };
            let inline = role.inline.iter().map(|(name, policy)| named("inline policy", name.as_str(), policy));
            let attached = role
                .attached
                .iter()
                .filter_map(|arn| Some(named("policy", arn.name(), managed::document(state, arn)?)));
            inline.chain(attached).collect()
        }
        _ => Vec::new(),
    }
}

/// A managed policy's document, a customer's or one of AWS's own that is known here.
pub(crate) fn managed_policy(state: &crate::state::State, policy: &Arn) -> Option<PolicyText> {
    managed::document(state, policy).cloned()
}

/// Parses and checks a policy document of a caller.
pub(crate) fn policy_document(text: &str, kind: PolicyKind) -> Result<PolicyText, ApiError> {
    role_operations::document(text, kind)
}

/// The unique id of a role, `AROA…`.
pub(crate) fn role_id(state: &crate::state::State, role: &Arn) -> Option<String> {
    state.iam.roles.get(role).map(|role| role.id.clone())
}

/// The longest session of a role, in seconds.
pub(crate) fn max_session_duration(state: &crate::state::State, role: &Arn) -> Option<i64> {
    state.iam.roles.get(role).map(|role| role.max_session_duration)
}

/// The trust policy of a role.
pub(crate) fn trust_policy(state: &crate::state::State, role: &Arn) -> Option<PolicyText> {
    state.iam.roles.get(role).map(|role| role.trust.clone())
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
