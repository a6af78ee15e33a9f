//! Operations on roles. [D] IAM API reference; [V] LS:iam/test_iam

use serde::Deserialize;
use serde_json::{Value, json};

use super::identity::{Identity, Kind, Role, Wanted, create, identity, named, of_account, remove};
use super::request::{document, no_such, page, required};
use crate::api::{ApiError, Call, Reply, lenient};
use crate::authz::PolicyText;
use crate::id::Arn;
use rootwatch_policy::PolicyKind;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateRole {
    assume_role_policy_document: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default, deserialize_with = "lenient::optional")]
    max_session_duration: Option<i64>,
}

pub(super) fn create_role(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (input, wanted): (CreateRole, Wanted) = (call.input()?, call.input()?);
    let duration_given = input.max_session_duration.is_some();
    let role = |call: &Call<'_>| {
        let trust = trust(call, &input.assume_role_policy_document)?;
        let max_session_duration = input.max_session_duration.unwrap_or(3600);
        Ok(Some(Role { description: input.description.unwrap_or_default(), trust, max_session_duration }))
    };
    let arn = create(call, Kind::Role, wanted, role)?;
    let shape = identity(call, &arn)?.made(&arn, duration_given);
    Ok(json!({"Role": shape}).into())
}

/// Reads a trust policy, whose principals must exist. [T] hashicorp/terraform-provider-aws#8905
fn trust(call: &Call<'_>, text: &str) -> Result<PolicyText, ApiError> {
    let trust = document(text, PolicyKind::Trust)?;
    call.state.check_principals(&trust).map_err(|arn| {
        ApiError::new("MalformedPolicyDocument", format!("Invalid principal in policy: \"AWS\":\"{arn}\""))
    })?;
    Ok(trust)
}

pub(super) fn get_role(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, Kind::Role)?;
    let shape = identity(call, &arn)?.shape(&arn);
    Ok(json!({"Role": shape}).into())
}

pub(super) fn list_roles(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    list(call, Kind::Role)
}

/// The identities below `PathPrefix`.
pub(super) fn list(call: &mut Call<'_>, kind: Kind) -> Result<Reply, ApiError> {
    let all = kind.arn(call, "/", "");
    let member = format!("{}s", kind.title());
    call.authorise(&format!("iam:List{member}"), &all)?;
    let prefix = call.text("PathPrefix").unwrap_or("/");
    let below = of_account(call, kind).filter(|(_, identity)| identity.path.starts_with(prefix));
    let shapes: Vec<Value> = below.map(|(arn, identity)| identity.listed(arn)).collect();
    page(call, &member, shapes)
}

/// What only a role has.
fn role<'a>(call: &'a mut Call<'_>, arn: &Arn) -> Result<&'a mut Role, ApiError> {
    let Identity { role, name, .. } = identity(call, arn)?;
    role.as_mut().ok_or_else(|| no_such(format!("The role with name {name} cannot be found.")))
}

pub(super) fn update_role(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, Kind::Role)?;
    let description = call.text("Description").map(str::to_owned);
    let duration = call.text("MaxSessionDuration").and_then(|text| text.parse().ok());
    let role = role(call, &arn)?;
    role.description = description.unwrap_or_default();
    role.max_session_duration = duration.unwrap_or(role.max_session_duration);
    Ok(Reply::empty())
}

/// [D] API_UpdateRoleDescription
pub(super) fn update_description(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, Kind::Role)?;
    role(call, &arn)?.description = call.text("Description").unwrap_or_default().to_owned();
    let shape = identity(call, &arn)?.shape(&arn);
    Ok(json!({"Role": shape}).into())
}

pub(super) fn update_trust(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, Kind::Role)?;
    let trust = trust(call, required(call, "PolicyDocument")?)?;
    role(call, &arn)?.trust = trust;
    Ok(Reply::empty())
}

pub(super) fn delete_role(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, Kind::Role)?;
    remove(call, &arn)?;
    Ok(Reply::empty())
}

pub(super) fn list_instance_profiles(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    named(call, Kind::Role)?;
    Ok(json!({"InstanceProfiles": [], "IsTruncated": false}).into())
}
