//! IAM's policy simulator: SimulateCustomPolicy, SimulatePrincipalPolicy, and the keys that policies ask for.
//! [D] API_SimulateCustomPolicy, API_SimulatePrincipalPolicy, API_EvaluationResult

use serde::Deserialize;
use serde_json::{Value, json};

use super::request::{document, no_such, page};
use super::{boundary, managed};
use crate::api::{ApiError, Call, Reply};
use crate::authz::PolicyText;
use crate::id::{AccountId, Arn};
use rootwatch_policy::{
    Context, Named, Policies, PolicyKind, Principal, Request, ResourceKind, Simulation, Verdict, simulate,
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simulate {
    #[serde(default)]
    policy_source_arn: Option<String>,
    #[serde(default)]
    policy_input_list: Vec<String>,
    #[serde(default)]
    permissions_boundary_policy_input_list: Vec<String>,
    action_names: Vec<String>,
    #[serde(default)]
    resource_arns: Vec<String>,
    #[serde(default)]
    resource_policy: Option<String>,
    #[serde(default)]
    resource_owner: Option<String>,
    #[serde(default)]
    caller_arn: Option<String>,
    #[serde(default)]
    context_entries: Vec<ContextEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ContextEntry {
    context_key_name: String,
    #[serde(default)]
    context_key_values: Vec<String>,
}

pub(super) fn custom(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("iam:SimulateCustomPolicy", &Arn::new("*"))?;
    let input: Simulate = call.input()?;
    if input.policy_input_list.is_empty() {
        return Err(missing("policyInputList"));
    }
    let policies = documents("PolicyInputList", &input.policy_input_list)?;
    evaluate(call, &input, policies, None)
}

pub(super) fn principal(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let input: Simulate = call.input()?;
    let source = source(call, input.policy_source_arn.as_deref(), "iam:SimulatePrincipalPolicy")?;
    let mut policies = policies_of(call, &source)?;
    policies.extend(documents("PolicyInputList", &input.policy_input_list)?);
    evaluate(call, &input, policies, Some(&source))
}

pub(super) fn keys_of_custom(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input {
        policy_input_list: Vec<String>,
    }
    call.authorise("iam:GetContextKeysForCustomPolicy", &Arn::new("*"))?;
    let input: Input = call.input()?;
    Ok(keys(&documents("PolicyInputList", &input.policy_input_list)?))
}

pub(super) fn keys_of_principal(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input {
        policy_source_arn: String,
        #[serde(default)]
        policy_input_list: Vec<String>,
    }
    let input: Input = call.input()?;
    let source = source(call, Some(&input.policy_source_arn), "iam:GetContextKeysForPrincipalPolicy")?;
    let mut policies = policies_of(call, &source)?;
    policies.extend(documents("PolicyInputList", &input.policy_input_list)?);
    Ok(keys(&policies))
}

fn keys(policies: &[(String, PolicyText)]) -> Reply {
    let mut keys: Vec<String> = policies.iter().flat_map(|(_, policy)| policy.policy().context_keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    json!({"ContextKeyNames": keys}).into()
}

fn missing(member: &str) -> ApiError {
    ApiError::new(
        "ValidationError",
        format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
        ),
    )
}

/// The role or user whose policies are asked for.
fn source(call: &mut Call<'_>, arn: Option<&str>, action: &str) -> Result<Arn, ApiError> {
    let text = arn.ok_or_else(|| missing("policySourceArn"))?;
    let arn = Arn::parse(text).filter(|arn| arn.service() == "iam");
    let arn = arn.ok_or_else(|| ApiError::new("InvalidInput", format!("Invalid Entity Arn: {text}")))?;
    call.authorise(action, &arn)?;
    match call.state.iam.identities.contains(&arn) {
        true => Ok(arn),
        // This cloud knows no groups.
        false => Err(no_such(format!("The ARN {arn} does not exist."))),
    }
}

/// The policies of an identity under the simulator's names for them. [T] answers of AWS in public repositories
fn policies_of(call: &Call<'_>, source: &Arn) -> Result<Vec<(String, PolicyText)>, ApiError> {
    let identity = call.state.iam.identities.get(source);
    let identity = identity.ok_or_else(|| no_such(format!("The ARN {source} does not exist.")))?;
    let named = |name: &String| format!("{}_{}_{name}", identity.kind().word(), identity.name);
    let inline = identity.inline.iter().map(|(name, policy)| (named(name), policy.clone()));
    let attached = identity
        .attached
        .iter()
        .filter_map(|arn| Some((arn.name().to_owned(), managed::document(call.state, arn)?.clone())));
    Ok(inline.chain(attached).collect())
}

/// Documents of the request, named by their place in it. The text of the error is a default. [?]
fn documents(list: &str, texts: &[String]) -> Result<Vec<(String, PolicyText)>, ApiError> {
    let document = |(text, number): (&String, usize)| {
        let name = format!("{list}.{number}");
        let policy = document(text, PolicyKind::Identity)
            .map_err(|error| ApiError::new("InvalidInput", format!("{name}: {}", error.message)))?;
        Ok((name, policy))
    };
    texts.iter().zip(1..).map(document).collect()
}

fn named((name, policy): &(String, PolicyText)) -> Named<'_> {
    Named { name: name.into(), policy: policy.policy() }
}

fn evaluate(
    call: &Call<'_>,
    input: &Simulate,
    policies: Vec<(String, PolicyText)>,
    source: Option<&Arn>,
) -> Result<Reply, ApiError> {
    if let Some(action) = input.action_names.iter().find(|action| !action.contains(':') || action.contains('*')) {
        return Err(ApiError::new("InvalidInput", format!("Invalid Action Name: {action}")));
    }
    let resource_policy = match &input.resource_policy {
        None => None,
        Some(_) if input.caller_arn.is_none() => {
            let text = "CallerArn is required when a ResourcePolicy is given, so that its Principal can be evaluated.";
            return Err(ApiError::new("InvalidInput", text));
        }
        Some(text) => {
            let policy = document(text, PolicyKind::Resource);
            let invalid = |error: ApiError| ApiError::new("InvalidInput", format!("ResourcePolicy: {}", error.message));
            Some(("ResourcePolicy".to_owned(), policy.map_err(invalid)?))
        }
    };
    let given = documents("PermissionsBoundaryPolicyInputList", &input.permissions_boundary_policy_input_list)?;
    // A boundary that is given replaces the identity's own. [D] API_SimulatePrincipalPolicy
    let own = source.and_then(|role| boundary::of_identity(call.state, role.as_str()));
    let boundary = given.into_iter().next().or(own);
    let caller = caller(call, input.caller_arn.as_deref(), source)?;
    let mut context = Context::new();
    for entry in &input.context_entries {
        context.set_many(entry.context_key_name.clone(), entry.context_key_values.clone());
    }
    // Those above the account whose policies these are; conditions are judged by the keys that are given. [D] IAM user
    // guide, access_policies_testing-policies; [T] aws/aws-sdk 102
    let organization =
        source.filter(|role| call.state.organizations.organization_of(role.account().as_str()).is_some());
    let scps = organization.map(|role| call.state.organizations.service_control_policies(role.account().as_str()));
    let scps = scps.unwrap_or_default();
    let policies = Policies {
        scps: scps.iter().map(|level| level.iter().map(named).collect()).collect(),
        identity: policies.iter().map(named).collect(),
        boundary: boundary.as_ref().map(named),
        resource: resource_policy.as_ref().map(named),
        ..Policies::default()
    };
    let everything = vec!["*".to_owned()];
    let resources = if input.resource_arns.is_empty() { &everything } else { &input.resource_arns };
    let mut results = Vec::new();
    for action in &input.action_names {
        for resource in resources {
            let owner = owner(call, input, resource);
            let kind = match resource.split(':').nth(2) {
                Some("kms") if policies.resource.is_some() => ResourceKind::KmsKey,
                _ => ResourceKind::Ordinary,
            };
            let request =
                Request { principal: &caller, action, resource, resource_account: owner.as_str(), context: &context };
            let policies = Policies { resource_kind: kind, ..policies.clone() };
            let known = input.caller_arn.is_some();
            let simulation = simulate(&request, &policies, known);
            let across = caller.account() != Some(owner.as_str());
            let mut result = match simulation.organization_allows {
                true => result(action, resource, &simulation, across, policies.boundary.is_some()),
                false => refused_by_organization(action, resource, &simulation),
            };
            if organization.is_some() {
                result["OrganizationsDecisionDetail"] =
                    json!({"AllowedByOrganizations": simulation.organization_allows});
            }
            results.push(result);
        }
    }
    page(call, "EvaluationResults", results)
}

/// Who is simulated: `CallerArn`, or somebody of the account whose policies these are.
fn caller(call: &Call<'_>, arn: Option<&str>, source: Option<&Arn>) -> Result<Principal, ApiError> {
    let Some(text) = arn else {
        let account = source.map_or_else(|| call.account.clone(), Arn::account);
        let arn = source.map_or_else(|| format!("arn:aws:iam::{account}:user/simulated"), Arn::to_string);
        return Ok(Principal::User { arn, account: account.to_string() });
    };
    let invalid = || ApiError::new("InvalidInput", format!("Invalid Caller Arn: {text}"));
    let arn = Arn::parse(text).filter(|arn| AccountId::is_valid(arn.account().as_str())).ok_or_else(invalid)?;
    let account = arn.account().to_string();
    match (arn.service(), arn.resource().split('/').next()) {
        ("iam", Some("root")) => Ok(Principal::Root { account }),
        ("iam", Some("user" | "role")) => Ok(Principal::User { arn: text.to_owned(), account }),
        _ => Err(invalid()),
    }
}

/// The account of a resource: the one in its ARN, else `ResourceOwner` (an id or an ARN), else the caller's.
fn owner(call: &Call<'_>, input: &Simulate, resource: &str) -> AccountId {
    let of =
        |text: &str| Arn::parse(text).map(|arn| arn.account()).filter(|account| AccountId::is_valid(account.as_str()));
    let given = input.resource_owner.as_deref();
    let given = given.and_then(|owner| of(owner).or_else(|| AccountId::is_valid(owner).then(|| AccountId::new(owner))));
    let caller = || input.caller_arn.as_deref().and_then(of).unwrap_or_else(|| call.account.clone());
    of(resource).or(given).unwrap_or_else(caller)
}

/// Where the organization says no the simulation ends: an implicit denial, whatever the statement that denied.
/// [D] API_EvaluationResult; [T] aws-containers/amazon-ecs-exec-checker 70, aws/aws-sdk 102
fn refused_by_organization(action: &str, resource: &str, simulation: &Simulation) -> Value {
    json!({
        "EvalActionName": action, "EvalResourceName": resource, "EvalDecision": Verdict::ImplicitDeny.name(),
        "MatchedStatements": [], "MissingContextValues": simulation.missing,
    })
}

fn result(action: &str, resource: &str, simulation: &Simulation, across: bool, bounded: bool) -> Value {
    let position = |position: &rootwatch_policy::Position| json!({"Line": position.line, "Column": position.column});
    let matched: Vec<Value> = simulation
        .matched
        .iter()
        .map(|statement| {
            json!({
                "SourcePolicyId": statement.policy, "SourcePolicyType": statement.policy_type,
                "StartPosition": position(&statement.start), "EndPosition": position(&statement.end),
            })
        })
        .collect();
    let decision = simulation.decision.verdict().name();
    let mut result = json!({
        "EvalActionName": action, "EvalResourceName": resource, "EvalDecision": decision,
        "MatchedStatements": matched, "MissingContextValues": simulation.missing,
    });
    if bounded {
        result["PermissionsBoundaryDecisionDetail"] =
            json!({"AllowedByPermissionsBoundary": simulation.boundary_allows});
    }
    if resource == "*" {
        return result;
    }
    // Within an account the details are there and empty. [D] API_EvaluationResult; the keys' names are a default. [?]
    let details = match across {
        false => json!({}),
        true => {
            let [identity, resource] = simulation.by_side.map(|verdict| verdict.name());
            json!({"$map": {"IAM Policy": identity, "Resource Policy": resource}})
        }
    };
    let mut specific = json!({
        "EvalResourceName": resource, "EvalResourceDecision": decision,
        "MatchedStatements": result["MatchedStatements"], "MissingContextValues": result["MissingContextValues"],
        "EvalDecisionDetails": details,
    });
    if bounded {
        specific["PermissionsBoundaryDecisionDetail"] = result["PermissionsBoundaryDecisionDetail"].clone();
    }
    result["EvalDecisionDetails"] = details;
    result["ResourceSpecificResults"] = json!([specific]);
    result
}
