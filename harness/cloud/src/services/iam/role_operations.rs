//! Operations on roles.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::boundary;
use super::role::{Role, encoded, tags};
use crate::api::{ApiError, Call, Reply, lenient};
use crate::authz::PolicyText;
use crate::id::Arn;
use crate::policy::{Context, PolicyError, PolicyKind};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: String,
}

pub(super) fn tag_map(list: Vec<Tag>) -> BTreeMap<String, String> {
    list.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

/// Parses and checks a policy document of a caller. [V] LS:iam/test_iam: the text of what is no JSON
pub(super) fn document(text: &str, kind: PolicyKind) -> Result<PolicyText, ApiError> {
    let malformed = |error: PolicyError| {
        let message = match &error {
            PolicyError::NotJson(_) => "This policy contains invalid Json".to_owned(),
            _ => error.aws_message(),
        };
        ApiError::new("MalformedPolicyDocument", message)
    };
    let policy = PolicyText::parse(text).map_err(malformed)?;
    policy.policy().validate(kind).map_err(malformed)?;
    Ok(policy)
}

pub(super) fn required<'a>(call: &'a Call<'_>, member: &str) -> Result<&'a str, ApiError> {
    call.text(member).filter(|text| !text.is_empty()).ok_or_else(|| {
        ApiError::new("ValidationError", format!("1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"))
    })
}

/// The role that the call names; it must be there.
pub(super) fn named(call: &mut Call<'_>, action: &str) -> Result<Arn, ApiError> {
    named_with(call, action, |_| Context::new())
}

/// The same where policies may ask for the role's boundary. [D] service authorization reference, IAM
pub(super) fn bounded(call: &mut Call<'_>, action: &str) -> Result<Arn, ApiError> {
    named_with(call, action, |role| boundary::key(role.and_then(|role| role.boundary.as_ref()).map(Arn::as_str)))
}

/// The same with condition keys, which may follow from the role.
pub(super) fn named_with(
    call: &mut Call<'_>,
    action: &str,
    keys: impl FnOnce(Option<&Role>) -> Context,
) -> Result<Arn, ApiError> {
    let name = required(call, "RoleName")?.to_owned();
    let found = call.state.iam.roles.iter().find(|(arn, role)| arn.account() == call.account && role.name == name);
    let context = keys(found.map(|(_, role)| role));
    let arn = found.map(|(arn, _)| arn.clone());
    let resource = arn.clone().unwrap_or_else(|| role_arn(call, "/", &name));
    call.authorise_with(action, &resource, context, None)?;
    arn.ok_or_else(|| no_such(format!("The role with name {name} cannot be found.")))
}

pub(super) fn no_such(text: String) -> ApiError {
    ApiError::new("NoSuchEntity", text).status(404)
}

fn role_arn(call: &Call<'_>, path: &str, name: &str) -> Arn {
    Arn::global(call.region.partition(), "iam", &call.account, format!("role{path}{name}"))
}

/// The role itself, to be changed.
pub(super) fn role<'a>(call: &'a mut Call<'_>, arn: &Arn) -> Result<&'a mut Role, ApiError> {
    let gone = || no_such(format!("The role with name {} cannot be found.", arn.name()));
    call.state.iam.roles.get_mut(arn).ok_or_else(gone)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreateRole {
    role_name: String,
    assume_role_policy_document: String,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default, deserialize_with = "lenient::optional")]
    max_session_duration: Option<i64>,
    #[serde(default)]
    permissions_boundary: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

pub(super) fn create_role(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: CreateRole = call.input()?;
    let path = input.path.unwrap_or_else(|| "/".to_owned());
    let arn = role_arn(call, &path, &input.role_name);
    let key = boundary::key(input.permissions_boundary.as_deref());
    call.authorise_with("iam:CreateRole", &arn, key, None)?;
    let taken = call
        .state
        .iam
        .roles
        .iter()
        .any(|(other, role)| other.account() == call.account && role.name == input.role_name);
    if taken {
        let text = format!("Role with name {} already exists.", input.role_name);
        return Err(ApiError::new("EntityAlreadyExists", text).status(409));
    }
    let boundary = input.permissions_boundary.as_deref().map(|text| boundary::asked(call, text)).transpose()?;
    let duration_given = input.max_session_duration.is_some();
    let role = Role {
        name: input.role_name,
        id: format!("AROA{}", call.state.random_text(17, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")),
        path,
        description: input.description.unwrap_or_default(),
        trust: document(&input.assume_role_policy_document, PolicyKind::Trust)?,
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
        boundary,
        tags: tag_map(input.tags),
        max_session_duration: input.max_session_duration.unwrap_or(3600),
        created: call.state.now,
    };
    let shape = role.created(&arn, duration_given);
    call.state.iam.roles.insert(arn, role);
    Ok(json!({"Role": shape}).into())
}

pub(super) fn get_role(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "iam:GetRole")?;
    let shape = role(call, &arn)?.shape(&arn);
    Ok(json!({"Role": shape}).into())
}

pub(super) fn list_roles(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let all = role_arn(call, "/", "");
    call.authorise("iam:ListRoles", &all)?;
    let prefix = call.text("PathPrefix").unwrap_or("/");
    let own = call
        .state
        .iam
        .roles
        .iter()
        .filter(|(arn, role)| arn.account() == call.account && role.path.starts_with(prefix));
    let roles = own.map(|(arn, role)| role.listed(arn)).collect();
    page(call, "Roles", roles)
}

/// A page of a list: `MaxItems` of them, from the `Marker` on. [D] IAM API: 100 where nothing is said
pub(super) fn page(call: &Call<'_>, member: &str, items: Vec<Value>) -> Result<Reply, ApiError> {
    let bad = |name: &str| ApiError::new("ValidationError", format!("Invalid {name}"));
    let number = |name: &str| call.text(name).map(|text| text.parse::<usize>().map_err(|_| bad(name))).transpose();
    let (from, size) = (number("Marker")?.unwrap_or(0), number("MaxItems")?.unwrap_or(100));
    let more = items.len() > from.saturating_add(size);
    let items: Vec<Value> = items.into_iter().skip(from).take(size).collect();
    let mut answer = json!({member: items, "IsTruncated": more});
    if more {
        answer["Marker"] = json!((from + size).to_string());
    }
    Ok(answer.into())
}

pub(super) fn update_role(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "iam:UpdateRole")?;
    let description = call.text("Description").map(str::to_owned);
    let duration = call.text("MaxSessionDuration").and_then(|text| text.parse().ok());
    let role = role(call, &arn)?;
    role.description = description.unwrap_or_default();
    role.max_session_duration = duration.unwrap_or(role.max_session_duration);
    Ok(Reply::empty())
}

pub(super) fn update_trust(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "iam:UpdateAssumeRolePolicy")?;
    let trust = document(required(call, "PolicyDocument")?, PolicyKind::Trust)?;
    role(call, &arn)?.trust = trust;
    Ok(Reply::empty())
}

pub(super) fn delete_role(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "iam:DeleteRole")?;
    let conflict = |text: &str| ApiError::new("DeleteConflict", text).status(409);
    let role = role(call, &arn)?;
    if !role.inline.is_empty() {
        return Err(conflict("Cannot delete entity, must delete policies first."));
    }
    if !role.attached.is_empty() {
        return Err(conflict("Cannot delete entity, must detach all policies first."));
    }
    call.state.iam.roles.remove(&arn);
    Ok(Reply::empty())
}

pub(super) fn put_role_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = bounded(call, "iam:PutRolePolicy")?;
    let name = required(call, "PolicyName")?.to_owned();
    let policy = document(required(call, "PolicyDocument")?, PolicyKind::Identity)?;
    role(call, &arn)?.inline.insert(name, policy);
    Ok(Reply::empty())
}

pub(super) fn get_role_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "iam:GetRolePolicy")?;
    let name = required(call, "PolicyName")?.to_owned();
    let role = role(call, &arn)?;
    let policy = role.inline.get(&name);
    let policy = policy.ok_or_else(|| no_such(format!("The role policy with name {name} cannot be found.")))?;
    Ok(json!({"RoleName": role.name, "PolicyName": name, "PolicyDocument": encoded(policy)}).into())
}

pub(super) fn delete_role_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = bounded(call, "iam:DeleteRolePolicy")?;
    let name = required(call, "PolicyName")?.to_owned();
    let removed = role(call, &arn)?.inline.remove(&name);
    removed.map(|_| Reply::empty()).ok_or_else(|| no_such(format!("The role policy with name {name} cannot be found.")))
}

pub(super) fn list_role_policies(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "iam:ListRolePolicies")?;
    let names = role(call, &arn)?.inline.keys().map(|name| json!(name)).collect();
    page(call, "PolicyNames", names)
}

pub(super) fn list_instance_profiles(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    named(call, "iam:ListInstanceProfilesForRole")?;
    Ok(json!({"InstanceProfiles": [], "IsTruncated": false}).into())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tags {
    #[serde(default)]
    tags: Vec<Tag>,
    #[serde(default)]
    tag_keys: Vec<String>,
}

pub(super) fn tag_role(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "iam:TagRole")?;
    let input: Tags = call.input()?;
    role(call, &arn)?.tags.extend(tag_map(input.tags));
    Ok(Reply::empty())
}

pub(super) fn untag_role(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "iam:UntagRole")?;
    let input: Tags = call.input()?;
    role(call, &arn)?.tags.retain(|key, _| !input.tag_keys.contains(key));
    Ok(Reply::empty())
}

pub(super) fn list_role_tags(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "iam:ListRoleTags")?;
    let tags = tags(&role(call, &arn)?.tags);
    Ok(json!({"Tags": tags, "IsTruncated": false}).into())
}
