//! Permissions boundaries of roles: managed policies that limit what a role's own policies give.
//! [D] IAM user guide, access_policies_boundaries; API_PutRolePermissionsBoundary, API_DeleteRolePermissionsBoundary

use serde_json::{Value, json};

use super::managed;
use super::role_operations::{bounded, named_with, no_such, required, role};
use crate::api::{ApiError, Call, Reply};
use crate::authz::PolicyText;
use crate::id::Arn;
use crate::policy::{Context, Principal};

/// The boundary of a principal, with a name for traces.
pub(crate) fn permissions_boundary(state: &crate::state::State, principal: &Principal) -> Option<(String, PolicyText)> {
    let Principal::Role { role_arn, .. } = principal else { return None };
    let (boundary, policy) = of_role(state, role_arn)?;
    Some((format!("permissions boundary {boundary} of role {}", Arn::new(role_arn).name()), policy))
}

/// The name of a role's boundary, and what it says. A policy that bounds somebody cannot be deleted.
pub(super) fn of_role(state: &crate::state::State, role_arn: &str) -> Option<(String, PolicyText)> {
    let boundary = state.iam.roles.get(role_arn)?.boundary.as_ref()?;
    Some((boundary.name().to_owned(), managed::document(state, boundary)?.clone()))
}

/// The boundary that a request asks for: a managed policy that is there. The text is a default. [?]
pub(super) fn asked(call: &Call<'_>, text: &str) -> Result<Arn, ApiError> {
    let invalid = || {
        let text = format!("Value ({text}) for parameter PermissionsBoundary is invalid.");
        ApiError::new("InvalidInput", text)
    };
    let arn = Arn::parse(text).filter(|arn| arn.service() == "iam" && arn.resource().starts_with("policy/"));
    let arn = arn.ok_or_else(invalid)?;
    match managed::document(call.state, &arn) {
        Some(_) => Ok(arn),
        None => Err(no_such(format!("Scope ARN: {arn} does not exist or is not attachable."))),
    }
}

/// `iam:PermissionsBoundary`, where there is one. [D] service authorization reference, IAM
pub(super) fn key(boundary: Option<&str>) -> Context {
    boundary.map_or_else(Context::new, |boundary| Context::new().with("iam:PermissionsBoundary", boundary))
}

/// As roles show it. [D] API_AttachedPermissionsBoundary
pub(super) fn shape(boundary: &Arn) -> Value {
    json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary.as_str()})
}

pub(super) fn put(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let text = required(call, "PermissionsBoundary")?.to_owned();
    let target = named_with(call, "iam:PutRolePermissionsBoundary", |_| key(Some(&text)))?;
    let boundary = asked(call, &text)?;
    role(call, &target)?.boundary = Some(boundary);
    Ok(Reply::empty())
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let target = bounded(call, "iam:DeleteRolePermissionsBoundary")?;
    let removed = role(call, &target)?.boundary.take();
    // The text is a default. [?]
    removed
        .map(|_| Reply::empty())
        .ok_or_else(|| no_such(format!("The role with name {} does not have a permissions boundary.", target.name())))
}
