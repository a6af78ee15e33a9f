//! Operations on the organization's policies. [D] API_CreatePolicy, API_UpdatePolicy, API_EnablePolicyType and their
//! siblings; the texts are those of the errors' descriptions

use serde_json::{Value, json};

use super::policy::{OrganizationPolicy, PolicyType};
use super::{arn, listable, management, page, tags};
use crate::api::{ApiError, Call, Reply};
use crate::authz::PolicyText;
use rootwatch_policy::PolicyKind;

/// The longest document of either type. [D] orgs_reference_limits
const LONGEST: usize = 5120;

pub(super) fn not_found() -> ApiError {
    ApiError::new("PolicyNotFoundException", "We can't find a policy with the PolicyId that you specified.")
}

fn constraint(text: &str) -> ApiError {
    ApiError::new("ConstraintViolationException", text)
}

/// A policy type by its name. Those that manage services are refused loudly.
fn policy_type(call: &Call<'_>, name: &str) -> Result<PolicyType, ApiError> {
    const MANAGING: [&str; 5] =
        ["AISERVICES_OPT_OUT_POLICY", "BACKUP_POLICY", "CHATBOT_POLICY", "DECLARATIVE_POLICY_EC2", "TAG_POLICY"];
    match PolicyType::ALL.into_iter().find(|policy_type| policy_type.name() == name) {
        Some(policy_type) => Ok(policy_type),
        None if MANAGING.contains(&name) => {
            Err(ApiError::not_implemented(call.service, &format!("{} of type {name}", call.operation)))
        }
        None => Err(ApiError::new("InvalidInputException", format!("You specified an invalid policy type: {name}"))),
    }
}

/// The member `Type` or `PolicyType` or `Filter`.
pub(super) fn type_of(call: &Call<'_>, member: &str) -> Result<PolicyType, ApiError> {
    policy_type(call, call.text(member).unwrap_or_default())
}

fn content(text: &str, policy_type: PolicyType) -> Result<PolicyText, ApiError> {
    if text.chars().count() > LONGEST {
        return Err(constraint("You have exceeded the maximum policy size."));
    }
    let malformed = |_| {
        let text = "The provided policy document does not meet the requirements of the specified policy type.";
        ApiError::new("MalformedPolicyDocumentException", text)
    };
    let kind = match policy_type {
        PolicyType::ServiceControl => PolicyKind::Identity,
        PolicyType::ResourceControl => PolicyKind::ResourceControl,
    };
    PolicyText::check(text, kind).map_err(malformed)
}

/// As lists show it.
pub(super) fn summary(call: &Call<'_>, organization: &str, id: &str, policy: &OrganizationPolicy) -> Value {
    let aws = policy.policy_type.full_access()[0] == id;
    let kind = policy.policy_type.name();
    let path = kind.to_lowercase();
    let arn = match aws {
        true => format!("arn:{}:organizations::aws:policy/{path}/{id}", call.region.partition()),
        false => arn(call, format!("policy/{organization}/{path}/{id}")).to_string(),
    };
    json!({
        "Id": id, "Arn": arn, "Name": policy.name, "Description": policy.description, "Type": kind, "AwsManaged": aws,
    })
}

fn described(call: &Call<'_>, organization: &str, id: &str) -> Result<Reply, ApiError> {
    let policy = call.state.organizations.policy(id).ok_or_else(not_found)?;
    let summary = summary(call, organization, id, &policy);
    Ok(json!({"Policy": {"PolicySummary": summary, "Content": policy.content.text()}}).into())
}

fn duplicate(call: &Call<'_>, id: &str, name: &str, policy_type: PolicyType) -> Result<(), ApiError> {
    let same = |policy: &OrganizationPolicy| policy.policy_type == policy_type && policy.name == name;
    let own = call.state.organizations.policies.own.iter().any(|(other, policy)| other != id && same(policy));
    match own || policy_type.full_access()[1] == name {
        true => Err(ApiError::new("DuplicatePolicyException", "A policy with the same name already exists.")),
        false => Ok(()),
    }
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let organization = management(call, "organizations:CreatePolicy")?;
    let policy_type = type_of(call, "Type")?;
    let name = call.text("Name").unwrap_or_default().to_owned();
    if name.is_empty() || name.chars().count() > 128 {
        return Err(ApiError::new("InvalidInputException", "You specified an invalid value for Name."));
    }
    duplicate(call, "", &name, policy_type)?;
    let content = content(call.text("Content").unwrap_or_default(), policy_type)?;
    let description = call.text("Description").unwrap_or_default().to_owned();
    let id = format!("p-{}", call.state.random_text(8, "abcdefghijklmnopqrstuvwxyz0123456789"));
    let policy = OrganizationPolicy { name, description, policy_type, content };
    let tags = tags::given(call)?;
    call.state.organizations.policies.own.insert(id.clone(), policy);
    call.state.organizations.tags.insert(id.clone(), tags);
    described(call, &organization, &id)
}

pub(super) fn describe(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (organization, _) = listable(call, "organizations:DescribePolicy")?;
    let id = call.text("PolicyId").unwrap_or_default().to_owned();
    described(call, &organization, &id)
}

/// The organization's own policy that a call is to change; AWS's own are not changed.
fn own(call: &Call<'_>) -> Result<(String, OrganizationPolicy), ApiError> {
    let id = call.text("PolicyId").unwrap_or_default().to_owned();
    if PolicyType::ALL.into_iter().any(|policy_type| policy_type.full_access()[0] == id) {
        // [D] PolicyChangesNotAllowed is for other policies: an AWS managed one is invalid input
        let text = "You tried to modify an AWS managed policy, which is immutable.";
        return Err(ApiError::new("InvalidInputException", text));
    }
    let policy = call.state.organizations.policies.own.get(&id).cloned().ok_or_else(not_found)?;
    Ok((id, policy))
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let organization = management(call, "organizations:UpdatePolicy")?;
    let (id, mut policy) = own(call)?;
    if let Some(name) = call.text("Name") {
        duplicate(call, &id, name, policy.policy_type)?;
        policy.name = name.to_owned();
    }
    if let Some(description) = call.text("Description") {
        policy.description = description.to_owned();
    }
    if let Some(text) = call.text("Content") {
        policy.content = content(text, policy.policy_type)?;
    }
    call.state.organizations.policies.own.insert(id.clone(), policy);
    described(call, &organization, &id)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    management(call, "organizations:DeletePolicy")?;
    let (id, _) = own(call)?;
    if call.state.organizations.policies.attached.values().any(|attached| attached.contains(&id)) {
        let text = "The policy is attached to one or more entities. You must detach it from all roots, OUs, and accounts \
                    before performing this operation.";
        return Err(ApiError::new("PolicyInUseException", text));
    }
    call.state.organizations.policies.own.remove(&id);
    Ok(Reply::empty())
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (organization, _) = listable(call, "organizations:ListPolicies")?;
    let wanted = type_of(call, "Filter")?;
    let organizations = &call.state.organizations;
    let own = organizations.policies.own.iter().filter(|(_, policy)| policy.policy_type == wanted);
    let aws = wanted.full_access()[0];
    let all = own.map(|(id, policy)| (id.clone(), policy.clone()));
    let all = all.chain(organizations.policy(aws).map(|policy| (aws.to_owned(), policy)));
    let shown = all.map(|(id, policy)| summary(call, &organization, &id, &policy)).collect();
    page(call, "Policies", shown)
}

/// The root that a call names, after a change of its policy types.
fn root(call: &mut Call<'_>, action: &str) -> Result<(String, PolicyType), ApiError> {
    let organization = management(call, action)?;
    if call.state.organizations.root_id().as_deref() != call.text("RootId") {
        let text = "We can't find a root with the RootId that you specified.";
        return Err(ApiError::new("RootNotFoundException", text));
    }
    Ok((organization, type_of(call, "PolicyType")?))
}

fn root_shape(call: &Call<'_>, organization: &str) -> Reply {
    let organizations = &call.state.organizations;
    let root = organizations.root_id().unwrap_or_default();
    let types: Vec<Value> = organizations
        .policies
        .enabled
        .iter()
        .map(|policy_type| json!({"Type": policy_type.name(), "Status": "ENABLED"}))
        .collect();
    json!({"Root": {
        "Id": root, "Arn": arn(call, format!("root/{organization}/{root}")).as_str(), "Name": "Root",
        "PolicyTypes": types,
    }})
    .into()
}

/// Everything has full access of the type then, whatever was attached before. [D] API_DisablePolicyType
pub(super) fn enable_type(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (organization, policy_type) = root(call, "organizations:EnablePolicyType")?;
    let organizations = &mut call.state.organizations;
    if !organizations.policies.enabled.insert(policy_type) {
        let text = "The specified policy type is already enabled in the specified root.";
        return Err(ApiError::new("PolicyTypeAlreadyEnabledException", text));
    }
    for target in organizations.targets() {
        organizations.attach_full_access(&target);
    }
    Ok(root_shape(call, &organization))
}

pub(super) fn not_enabled() -> ApiError {
    let text = "The specified policy type isn't currently enabled in this root.";
    ApiError::new("PolicyTypeNotEnabledException", text)
}

/// Takes every policy of the type off. [D] API_DisablePolicyType
pub(super) fn disable_type(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let (organization, policy_type) = root(call, "organizations:DisablePolicyType")?;
    let organizations = &mut call.state.organizations;
    if !organizations.policies.enabled.remove(&policy_type) {
        return Err(not_enabled());
    }
    for target in organizations.targets() {
        let gone: Vec<String> = organizations.attached(&target, policy_type).into_iter().map(|(id, _)| id).collect();
        if let Some(attached) = organizations.policies.attached.get_mut(&target) {
            attached.retain(|id| !gone.contains(id));
        }
    }
    Ok(root_shape(call, &organization))
}
