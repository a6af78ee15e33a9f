//! Permissions boundaries: managed policies that limit what an identity's own policies give.
//! [D] IAM user guide, access_policies_boundaries; API_PutRolePermissionsBoundary, API_DeleteRolePermissionsBoundary, and
//! the same of users

use serde_json::{Value, json};

use super::identity::{Kind, bounded, identity, named_with};
use super::managed;
use super::request::{no_such, required};
use crate::api::{ApiError, Call, Reply};
use crate::authz::PolicyText;
use crate::id::Arn;
use rootwatch_policy::{Context, Principal};

/// The boundary of a principal, with a name for traces.
pub(crate) fn permissions_boundary(state: &crate::state::State, principal: &Principal) -> Option<(String, PolicyText)> {
    let (arn, word) = match principal {
        Principal::Role { role_arn, .. } => (role_arn, Kind::Role.word()),
        Principal::User { arn, .. } => (arn, Kind::User.word()),
        _ => return None,
    };
    let (boundary, policy) = of_identity(state, arn)?;
    Some((format!("permissions boundary {boundary} of {word} {}", Arn::new(arn).name()), policy))
}

/// The name of an identity's boundary, and what it says. A policy that bounds somebody cannot be deleted.
pub(super) fn of_identity(state: &crate::state::State, arn: &str) -> Option<(String, PolicyText)> {
    let boundary = state.iam.identities.get(arn)?.boundary.as_ref()?;
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

/// As identities show it. [D] API_AttachedPermissionsBoundary
pub(super) fn shape(boundary: &Arn) -> Value {
    json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": boundary.as_str()})
}

pub(super) fn put(call: &mut Call<'_>, kind: Kind) -> Result<Reply, ApiError> {
    let text = required(call, "PermissionsBoundary")?.to_owned();
    let target = named_with(call, kind, |_| key(Some(&text)))?;
    let boundary = asked(call, &text)?;
    identity(call, &target)?.boundary = Some(boundary);
    Ok(Reply::empty())
}

pub(super) fn delete(call: &mut Call<'_>, kind: Kind) -> Result<Reply, ApiError> {
    let target = bounded(call, kind)?;
    let removed = identity(call, &target)?.boundary.take();
    // The text is a default. [?]
    let none = || format!("The {} with name {} does not have a permissions boundary.", kind.word(), target.name());
    removed.map(|_| Reply::empty()).ok_or_else(|| no_such(none()))
}
