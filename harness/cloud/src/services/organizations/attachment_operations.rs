//! Policies are attached to roots, units and accounts. [D] API_AttachPolicy, API_DetachPolicy, API_ListTargetsForPolicy,
//! API_ListPoliciesForTarget; the texts are those of the errors' descriptions

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::hierarchy::NodeType;
use super::policy::PolicyType;
use super::policy_operations::{not_enabled, not_found, summary, type_of};
use super::{arn, listable, management, page};
use crate::api::{ApiError, Call, Reply};

/// How many policies of a type one root, unit or account takes. [D] orgs_reference_limits
const MOST: usize = 5;

fn constraint(text: &str) -> ApiError {
    ApiError::new("ConstraintViolationException", text)
}

fn target(call: &Call<'_>) -> Result<String, ApiError> {
    let id = call.text("TargetId").unwrap_or_default();
    match call.state.organizations.node(id) {
        Some(_) => Ok(id.to_owned()),
        None => {
            let text = "We can't find a root, OU, account, or policy with the TargetId that you specified.";
            Err(ApiError::new("TargetNotFoundException", text))
        }
    }
}

/// The policy and the target of a call, and the policy's type, which must be in use.
fn both(call: &mut Call<'_>, action: &str) -> Result<(String, String, PolicyType), ApiError> {
    management(call, action)?;
    let id = call.text("PolicyId").unwrap_or_default().to_owned();
    let policy = call.state.organizations.policy(&id).ok_or_else(not_found)?;
    let target = target(call)?;
    match call.state.organizations.policies.enabled.contains(&policy.policy_type) {
        true => Ok((id, target, policy.policy_type)),
        false => Err(not_enabled()),
    }
}

pub(super) fn attach(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (id, target, policy_type) = both(call, "organizations:AttachPolicy")?;
    let attached = call.state.organizations.attached(&target, policy_type);
    if attached.iter().any(|(other, _)| *other == id) {
        let text = "The selected policy is already attached to the specified target.";
        return Err(ApiError::new("DuplicatePolicyAttachmentException", text));
    }
    if attached.len() >= MOST {
        let text = "You attempted to exceed the number of policies of a certain type that can be attached to an entity at \
                    one time.";
        return Err(constraint(text));
    }
    call.state.organizations.policies.attached.entry(target, BTreeSet::new).insert(id);
    Ok(Reply::empty())
}

pub(super) fn detach(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (id, target, policy_type) = both(call, "organizations:DetachPolicy")?;
    let attached = call.state.organizations.attached(&target, policy_type);
    if !attached.iter().any(|(other, _)| *other == id) {
        let text = "The policy isn't attached to the specified target in the specified root.";
        return Err(ApiError::new("PolicyNotAttachedException", text));
    }
    // RCPFullAWSAccess stays everywhere, and one service control policy stays. [D]
    if id == PolicyType::ResourceControl.full_access()[0] {
        return Err(ApiError::new("InvalidInputException", "You can't detach the RCPFullAWSAccess policy."));
    }
    if policy_type == PolicyType::ServiceControl && attached.len() == 1 {
        let text = "You attempted to detach a policy from an entity that would cause the entity to have fewer than the \
                    minimum number of policies of a certain type required.";
        return Err(constraint(text));
    }
    if let Some(attached) = call.state.organizations.policies.attached.get_mut(&target) {
        attached.remove(&id);
    }
    Ok(Reply::empty())
}

pub(super) fn list_policies(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (organization, _) = listable(call, "organizations:ListPoliciesForTarget")?;
    let target = target(call)?;
    let attached = call.state.organizations.attached(&target, type_of(call, "Filter")?);
    let shown = attached.iter().map(|(id, policy)| summary(call, &organization, id, policy)).collect();
    page(call, "Policies", shown)
}

pub(super) fn list_targets(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (organization, _) = listable(call, "organizations:ListTargetsForPolicy")?;
    let id = call.text("PolicyId").unwrap_or_default().to_owned();
    let organizations = &call.state.organizations;
    organizations.policy(&id).ok_or_else(not_found)?;
    let targets = organizations.policies.attached.iter().filter(|(_, attached)| attached.contains(&id));
    let shown: Vec<Value> = targets
        .filter_map(|(target, _)| {
            let node = organizations.node(target)?;
            let (path, name) = match node {
                NodeType::Root => ("root", "Root"),
                NodeType::OrganizationalUnit => ("ou", organizations.hierarchy.units.get(target)?.name.as_str()),
                NodeType::Account => ("account", organizations.accounts.get(target.as_str())?.as_str()),
            };
            let arn = arn(call, format!("{path}/{organization}/{target}"));
            Some(json!({"TargetId": target, "Arn": arn.as_str(), "Name": name, "Type": node.name()}))
        })
        .collect();
    page(call, "Targets", shown)
}
