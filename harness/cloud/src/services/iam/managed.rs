//! Managed policies: customers' own, and AWS's `AdministratorAccess`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::role::{encoded, tags};
use super::role_operations::{Tag, document as parse, named, no_such, role, tag_map};
use crate::api::{ApiError, Call, Reply};
use crate::authz::PolicyText;
use crate::id::Arn;
use crate::time::Time;

/// A managed policy with one version.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ManagedPolicy {
    id: String,
    path: String,
    description: String,
    document: PolicyText,
    tags: BTreeMap<String, String>,
    created: Time,
}

/// The document of a policy; of AWS's own only `AdministratorAccess` is known here.
pub(super) fn document(state: &crate::state::State, arn: &Arn) -> Option<PolicyText> {
    if arn.as_str().ends_with(":iam::aws:policy/AdministratorAccess") {
        let text = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
        return PolicyText::parse(text).ok();
    }
    state.iam.policies.get(arn).map(|policy| policy.document.clone())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CreatePolicy {
    policy_name: String,
    policy_document: String,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

pub(super) fn create_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: CreatePolicy = call.input()?;
    let path = input.path.unwrap_or_else(|| "/".to_owned());
    let resource = format!("policy{path}{}", input.policy_name);
    let arn = Arn::global(call.region.partition(), "iam", &call.account, resource);
    call.authorise("iam:CreatePolicy", &arn)?;
    if call.state.iam.policies.contains(&arn) {
        let text = format!("A policy called {} already exists. Duplicate names are not allowed.", input.policy_name);
        return Err(ApiError::new("EntityAlreadyExists", text).status(409));
    }
    let policy = ManagedPolicy {
        id: format!("ANPA{}", call.state.random_text(17, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")),
        path,
        description: input.description.unwrap_or_default(),
        document: parse(&input.policy_document)?,
        tags: tag_map(input.tags),
        created: call.state.now,
    };
    call.state.iam.policies.insert(arn.clone(), policy);
    Ok(json!({"Policy": shape(call, &arn)?}).into())
}

fn of_call(call: &mut Call<'_>, action: &str) -> Result<Arn, ApiError> {
    let arn = Arn::new(call.text("PolicyArn").unwrap_or_default());
    call.authorise(action, &arn)?;
    match document(call.state, &arn) {
        Some(_) => Ok(arn),
        None => Err(no_such(format!("Policy {arn} does not exist or is not attachable."))),
    }
}

fn shape(call: &Call<'_>, arn: &Arn) -> Result<Value, ApiError> {
    let policy = call.state.iam.policies.get(arn).ok_or_else(|| no_such(format!("Policy {arn} was not found.")))?;
    let attached = call.state.iam.roles.values().filter(|role| role.attached.contains(arn)).count();
    Ok(json!({
        "PolicyName": arn.name(), "PolicyId": policy.id, "Arn": arn.as_str(), "Path": policy.path,
        "DefaultVersionId": "v1", "AttachmentCount": attached, "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": true, "Description": policy.description, "CreateDate": policy.created.iso_seconds(),
        "UpdateDate": policy.created.iso_seconds(), "Tags": tags(&policy.tags),
    }))
}

pub(super) fn get_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = of_call(call, "iam:GetPolicy")?;
    Ok(json!({"Policy": shape(call, &arn)?}).into())
}

pub(super) fn get_policy_version(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = of_call(call, "iam:GetPolicyVersion")?;
    let document = document(call.state, &arn).map(|policy| encoded(&policy));
    Ok(json!({"PolicyVersion": {"Document": document, "VersionId": "v1", "IsDefaultVersion": true}}).into())
}

pub(super) fn list_policy_versions(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    of_call(call, "iam:ListPolicyVersions")?;
    Ok(json!({"Versions": [{"VersionId": "v1", "IsDefaultVersion": true}], "IsTruncated": false}).into())
}

pub(super) fn delete_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = of_call(call, "iam:DeletePolicy")?;
    if call.state.iam.roles.values().any(|role| role.attached.contains(&arn)) {
        return Err(ApiError::new("DeleteConflict", "Cannot delete a policy attached to entities.").status(409));
    }
    call.state.iam.policies.remove(&arn);
    Ok(Reply::empty())
}

pub(super) fn attach_role_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let target = named(call, "iam:AttachRolePolicy")?;
    let arn = Arn::new(call.text("PolicyArn").unwrap_or_default());
    if document(call.state, &arn).is_none() {
        return Err(no_such(format!("Policy {arn} does not exist or is not attachable.")));
    }
    role(call, &target)?.attached.insert(arn);
    Ok(Reply::empty())
}

pub(super) fn detach_role_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let target = named(call, "iam:DetachRolePolicy")?;
    let arn = Arn::new(call.text("PolicyArn").unwrap_or_default());
    let removed = role(call, &target)?.attached.remove(&arn);
    if removed { Ok(Reply::empty()) } else { Err(no_such(format!("Policy {arn} was not found."))) }
}

pub(super) fn list_attached_role_policies(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let target = named(call, "iam:ListAttachedRolePolicies")?;
    let attached = role(call, &target)?.attached.iter();
    let list: Vec<Value> = attached.map(|arn| json!({"PolicyName": arn.name(), "PolicyArn": arn.as_str()})).collect();
    Ok(json!({"AttachedPolicies": list, "IsTruncated": false}).into())
}
