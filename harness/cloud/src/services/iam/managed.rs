//! Managed policies: customers' own, and a few of AWS's.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::identity::{Identity, Kind, bounded, encoded, identity, named, tags};
use super::inline::Tags;
use super::request::{document as parse, no_such, page, required};
use crate::api::{ApiError, Call, Reply};
use crate::authz::PolicyText;
use crate::id::Arn;
use crate::services::tag::Tag;
use crate::time::Time;
use rootwatch_policy::PolicyKind;

/// A managed policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ManagedPolicy {
    id: String,
    path: String,
    description: String,
    /// The default version's document.
    document: PolicyText,
    tags: BTreeMap<String, String>,
    created: Time,
    /// All versions, the oldest first; empty in a state that was saved by an older program.
    #[serde(default)]
    versions: Vec<Version>,
    /// The number of the default version.
    #[serde(default = "first")]
    default: u32,
    #[serde(default)]
    updated: Option<Time>,
}

fn first() -> u32 {
    1
}

/// A version of a managed policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Version {
    number: u32,
    document: PolicyText,
    created: Time,
}

/// How many versions a policy keeps. [D] reference_iam-quotas
const MOST_VERSIONS: usize = 5;

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

/// The policy of an account's administrator: everything, by a statement with a name.
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
    let document = parse(&input.policy_document, PolicyKind::Managed)?;
    let policy = ManagedPolicy {
        versions: vec![Version { number: 1, document: document.clone(), created: call.state.now }],
        default: 1,
        updated: None,
        id: format!("ANPA{}", call.state.random_text(17, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")),
        path,
        description: input.description.unwrap_or_default(),
        document,
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
        shape["UpdateDate"] = json!(policy.updated.unwrap_or(policy.created).iso_seconds());
        shape["DefaultVersionId"] = json!(format!("v{}", policy.default));
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
    let wanted = required(call, "VersionId")?.to_owned();
    let versions = versions(call, &arn);
    let Some((version, document)) = versions.into_iter().find(|(version, _)| version["VersionId"] == *wanted) else {
        return Err(no_such(format!("Policy {arn} version {wanted} does not exist or is not attachable.")));
    };
    let mut shape = version;
    shape["Document"] = json!(encoded(&document));
    Ok(json!({"PolicyVersion": shape}).into())
}

/// The versions as they are shown, and their documents; the newest first. AWS's own policies have one here.
fn versions(call: &Call<'_>, arn: &Arn) -> Vec<(Value, PolicyText)> {
    let shape = |number: u32, default: bool, created: Time| {
        json!({
            "VersionId": format!("v{number}"), "IsDefaultVersion": default, "CreateDate": created.iso_seconds(),
        })
    };
    match call.state.iam.policies.get(arn) {
        Some(policy) if !policy.versions.is_empty() => {
            let all = policy.versions.iter().rev();
            all.map(|version| {
                (shape(version.number, version.number == policy.default, version.created), version.document.clone())
            })
            .collect()
        }
        policy => {
            let created = policy.map_or(Time::default(), |policy| policy.created);
            document(call.state, arn).map(|document| (shape(1, true, created), document.clone())).into_iter().collect()
        }
    }
}

pub(super) fn list_policy_versions(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = of_call(call, "iam:ListPolicyVersions")?;
    let versions = versions(call, &arn).into_iter().map(|(version, _)| version).collect();
    page(call, "Versions", versions)
}

/// The customer's policy that a call changes.
fn own<'a>(call: &'a mut Call<'_>, arn: &Arn) -> Result<&'a mut ManagedPolicy, ApiError> {
    call.state.iam.policies.get_mut(arn).ok_or_else(|| not_found(arn))
}

/// [D] API_CreatePolicyVersion
pub(super) fn create_policy_version(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = of_call(call, "iam:CreatePolicyVersion")?;
    let document = parse(required(call, "PolicyDocument")?, PolicyKind::Managed)?;
    let default = call.text("SetAsDefault").is_some_and(|text| text == "true");
    let now = call.state.now;
    let policy = own(call, &arn)?;
    if policy.versions.len() >= MOST_VERSIONS {
        let text = "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.";
        return Err(ApiError::new("LimitExceeded", text).status(409));
    }
    // Numbers are not used again. [D] access_policies_managed-versioning
    let number = policy.versions.last().map_or(1, |version| version.number) + 1;
    policy.versions.push(Version { number, document: document.clone(), created: now });
    policy.updated = Some(now);
    if default {
        (policy.default, policy.document) = (number, document);
    }
    let shape = json!({
        "VersionId": format!("v{number}"), "IsDefaultVersion": default, "CreateDate": now.iso_seconds(),
    });
    Ok(json!({"PolicyVersion": shape}).into())
}

/// The place of the version that a call names.
fn version_place(call: &mut Call<'_>, arn: &Arn) -> Result<usize, ApiError> {
    let wanted = required(call, "VersionId")?.to_owned();
    let number = wanted.strip_prefix('v').and_then(|number| number.parse::<u32>().ok());
    let place = own(call, arn)?.versions.iter().position(|version| Some(version.number) == number);
    place.ok_or_else(|| no_such(format!("Policy {arn} version {wanted} does not exist or is not attachable.")))
}

pub(super) fn delete_policy_version(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = of_call(call, "iam:DeletePolicyVersion")?;
    let place = version_place(call, &arn)?;
    let policy = own(call, &arn)?;
    if policy.versions[place].number == policy.default {
        return Err(ApiError::new("DeleteConflict", "Cannot delete the default version of a policy.").status(409));
    }
    policy.versions.remove(place);
    Ok(Reply::empty())
}

pub(super) fn set_default_policy_version(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = of_call(call, "iam:SetDefaultPolicyVersion")?;
    let place = version_place(call, &arn)?;
    let policy = own(call, &arn)?;
    (policy.default, policy.document) = (policy.versions[place].number, policy.versions[place].document.clone());
    Ok(Reply::empty())
}

pub(super) fn tag_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = of_call(call, "iam:TagPolicy")?;
    let input: Tags = call.input()?;
    own(call, &arn)?.tags.extend(Tag::map(input.tags));
    Ok(Reply::empty())
}

pub(super) fn untag_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = of_call(call, "iam:UntagPolicy")?;
    let input: Tags = call.input()?;
    own(call, &arn)?.tags.retain(|key, _| !input.tag_keys.contains(key));
    Ok(Reply::empty())
}

pub(super) fn list_policy_tags(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = of_call(call, "iam:ListPolicyTags")?;
    let tags = tags(&own(call, &arn)?.tags);
    Ok(json!({"Tags": tags, "IsTruncated": false}).into())
}

/// Customers' policies and those of AWS's that are known here. [D] API_ListPolicies
pub(super) fn list_policies(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("iam:ListPolicies", &Arn::new("*"))?;
    let partition = call.region.partition();
    let scope = call.text("Scope").unwrap_or("All").to_owned();
    let prefix = call.text("PathPrefix").unwrap_or("/").to_owned();
    let attached = call.text("OnlyAttached").is_some_and(|text| text == "true");
    let own = call.state.iam.policies.keys().filter(|arn| arn.account() == call.account).cloned();
    let aws = AWS_POLICIES.iter().map(|(name, _)| Arn::new(format!("arn:{partition}:iam::aws:policy/{name}")));
    let all: Vec<Arn> = match scope.as_str() {
        "Local" => own.collect(),
        "AWS" => aws.collect(),
        _ => own.chain(aws).collect(),
    };
    let shapes = all.iter().map(|arn| {
        let mut shape = shape(call, arn);
        // Lists have neither. [D] API_ListPolicies
        shape.as_object_mut().map(|shape| (shape.remove("Description"), shape.remove("Tags")));
        shape
    });
    let fits = |shape: &Value| {
        shape["Path"].as_str().is_some_and(|path| path.starts_with(&prefix))
            && (!attached || shape["AttachmentCount"] != 0)
    };
    let shapes = shapes.filter(fits).collect();
    page(call, "Policies", shapes)
}

/// [D] API_ListEntitiesForPolicy
pub(super) fn list_entities(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = of_call(call, "iam:ListEntitiesForPolicy")?;
    let of = |kind: Kind| -> Vec<Value> {
        let identities =
            super::identity::of_account(call, kind).filter(|(_, identity)| identity.attached.contains(&arn));
        let title = kind.title();
        identities
            .map(|(_, identity)| json!({format!("{title}Name"): identity.name, format!("{title}Id"): identity.id}))
            .collect()
    };
    let (roles, users) = (of(Kind::Role), of(Kind::User));
    Ok(json!({"PolicyRoles": roles, "PolicyUsers": users, "PolicyGroups": [], "IsTruncated": false}).into())
}

pub(super) fn delete_policy(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = of_call(call, "iam:DeletePolicy")?;
    let uses = |identity: &Identity| identity.attached.contains(&arn) || identity.boundary.as_ref() == Some(&arn);
    if call.state.iam.identities.values().any(uses) {
        return Err(ApiError::new("DeleteConflict", "Cannot delete a policy attached to entities.").status(409));
    }
    // [D] API_DeletePolicy: all versions but the default go first; the text [T]
    if call.state.iam.policies.get(&arn).is_some_and(|policy| policy.versions.len() > 1) {
        let text = "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. \
                    The default version is deleted with the policy.";
        return Err(ApiError::new("DeleteConflict", text).status(409));
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
