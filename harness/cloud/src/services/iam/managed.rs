//! Managed policies: customers' own, and a few of AWS's.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::identity::{Identity, Kind, bounded, encoded, identity, named, tags};
use super::request::{document as parse, no_such, page};
use crate::api::{ApiError, Call, Reply};
use crate::authz::PolicyText;
use crate::id::Arn;
use crate::policy::PolicyKind;
use crate::services::tag::Tag;
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

/// AWS's own policies that are known here, by the ARN's end. [D] AWS managed policy reference
const AWS_POLICIES: &[(&str, &str)] = &[
    ("AdministratorAccess", r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#),
    (
        "AWSLambdaExecute",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:*"],"Resource":"arn:aws:logs:*:*:*"},{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::*"}]}"#,
    ),
    (
        "service-role/AWSLambdaBasicExecutionRole",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}"#,
    ),
    (
        "service-role/AWSLambdaSQSQueueExecutionRole",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sqs:ReceiveMessage","sqs:DeleteMessage","sqs:GetQueueAttributes","logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}"#,
    ),
];

/// One of AWS's own policies, read once. Each partition has them with ARNs of its own.
fn known(partition: &str, name: &str) -> Option<&'static PolicyText> {
    static READ: LazyLock<Vec<(&str, &str, PolicyText)>> = LazyLock::new(|| {
        let partitions = ["aws", "aws-cn", "aws-us-gov"].into_iter();
        let of = |partition: &'static str| {
            AWS_POLICIES.iter().filter_map(move |(name, text)| {
                let text = text.replace("arn:aws:", &format!("arn:{partition}:"));
                Some((partition, *name, PolicyText::parse(&text).ok()?))
            })
        };
        partitions.flat_map(of).collect()
    });
    READ.iter().find(|(of, known, _)| *of == partition && *known == name).map(|(_, _, policy)| policy)
}

/// What stands behind an account's administrator credentials: everything, by a statement with a name.
pub(super) fn administrator() -> Option<&'static PolicyText> {
    static READ: LazyLock<Option<PolicyText>> = LazyLock::new(|| {
        let text =
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"All","Effect":"Allow","Action":"*","Resource":"*"}]}"#;
        PolicyText::parse(text).ok()
    });
    READ.as_ref()
}

/// The document of a policy: a customer's, or one of AWS's own that is known here.
pub(super) fn document<'a>(state: &'a crate::state::State, arn: &Arn) -> Option<&'a PolicyText> {
    if arn.account() == "aws" {
        return known(arn.partition(), arn.resource().strip_prefix("policy/")?);
    }
    state.iam.policies.get(arn).map(|policy| &policy.document)
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
        document: parse(&input.policy_document, PolicyKind::Identity)?,
        tags: Tag::map(input.tags),
        created: call.state.now,
    };
    call.state.iam.policies.insert(arn.clone(), policy);
    Ok(json!({"Policy": shape(call, &arn)}).into())
}

/// The policy's ARN, if it is one. [V] LS:iam/test_iam::test_role_attach_policy
fn policy_arn(call: &Call<'_>) -> Result<Arn, ApiError> {
    let text = call.text("PolicyArn").unwrap_or_default();
    // Two blanks, as AWS writes them.
    Arn::parse(text).ok_or_else(|| ApiError::new("ValidationError", "Invalid ARN:  Could not be parsed!"))
}

fn attachable(call: &Call<'_>) -> Result<Arn, ApiError> {
    let arn = policy_arn(call)?;
    match document(call.state, &arn) {
        Some(_) if arn.partition() == call.region.partition() => Ok(arn),
        _ => Err(no_such(format!("Policy {arn} does not exist or is not attachable."))),
    }
}

fn not_found(arn: &Arn) -> ApiError {
    // [V] LS:iam/test_iam::test_delete_non_existent_policy_returns_no_such_entity
    no_such(format!("Policy {arn} was not found."))
}

fn of_call(call: &mut Call<'_>, action: &str) -> Result<Arn, ApiError> {
    let arn = policy_arn(call)?;
    call.authorise(action, &arn)?;
    if document(call.state, &arn).is_some() { Ok(arn) } else { Err(not_found(&arn)) }
}

/// Description and tags only where there are any.
fn shape(call: &Call<'_>, arn: &Arn) -> Value {
    let identities = || call.state.iam.identities.values();
    let attached = identities().filter(|identity| identity.attached.contains(arn)).count();
    let bounds = identities().filter(|identity| identity.boundary.as_ref() == Some(arn)).count();
    let resource = arn.resource().trim_start_matches("policy");
    let mut shape = json!({
        "PolicyName": arn.name(), "PolicyId": "ANPAAWS", "Arn": arn.as_str(),
        "Path": &resource[..resource.len() - arn.name().len()],
        "DefaultVersionId": "v1", "AttachmentCount": attached, "PermissionsBoundaryUsageCount": bounds,
        "IsAttachable": true,
    });
    if let Some(policy) = call.state.iam.policies.get(arn) {
        shape["PolicyId"] = json!(policy.id);
        shape["Path"] = json!(policy.path);
        shape["CreateDate"] = json!(policy.created.iso_seconds());
        shape["UpdateDate"] = json!(policy.created.iso_seconds());
        if !policy.description.is_empty() {
            shape["Description"] = json!(policy.description);
        }
        if !policy.tags.is_empty() {
            shape["Tags"] = tags(&policy.tags);
        }
    }
    shape
}

pub(super) fn get_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = of_call(call, "iam:GetPolicy")?;
    Ok(json!({"Policy": shape(call, &arn)}).into())
}

pub(super) fn get_policy_version(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = of_call(call, "iam:GetPolicyVersion")?;
    let document = document(call.state, &arn).map(encoded);
    Ok(json!({"PolicyVersion": {"Document": document, "VersionId": "v1", "IsDefaultVersion": true}}).into())
}

pub(super) fn list_policy_versions(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    of_call(call, "iam:ListPolicyVersions")?;
    Ok(json!({"Versions": [{"VersionId": "v1", "IsDefaultVersion": true}], "IsTruncated": false}).into())
}

pub(super) fn delete_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = of_call(call, "iam:DeletePolicy")?;
    let uses = |identity: &Identity| identity.attached.contains(&arn) || identity.boundary.as_ref() == Some(&arn);
    if call.state.iam.identities.values().any(uses) {
        return Err(ApiError::new("DeleteConflict", "Cannot delete a policy attached to entities.").status(409));
    }
    call.state.iam.policies.remove(&arn);
    Ok(Reply::empty())
}

pub(super) fn attach(call: &mut Call<'_>, kind: Kind) -> Result<Reply, ApiError> {
    let target = bounded(call, kind)?;
    let arn = attachable(call)?;
    identity(call, &target)?.attached.insert(arn);
    Ok(Reply::empty())
}

pub(super) fn detach(call: &mut Call<'_>, kind: Kind) -> Result<Reply, ApiError> {
    let target = bounded(call, kind)?;
    let arn = policy_arn(call)?;
    let removed = identity(call, &target)?.attached.remove(&arn);
    if removed { Ok(Reply::empty()) } else { Err(not_found(&arn)) }
}

pub(super) fn list_attached(call: &mut Call<'_>, kind: Kind) -> Result<Reply, ApiError> {
    let target = named(call, kind)?;
    let attached = identity(call, &target)?.attached.iter();
    let list = attached.map(|arn| json!({"PolicyName": arn.name(), "PolicyArn": arn.as_str()})).collect();
    page(call, "AttachedPolicies", list)
}
