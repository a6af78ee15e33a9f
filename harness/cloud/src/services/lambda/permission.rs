//! The function's resource policy, statement by statement. [V] LS:lambda_/test_lambda_api::TestLambdaPermissions

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::create::answer;
use super::fault;
use super::function::Function;
use super::name::Name;
use crate::api::{ApiError, Call, Reply};
use crate::authz::PolicyText;
use crate::id::{AccountId, Arn};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Add {
    #[serde(rename = "FunctionName")]
    _function: String,
    #[serde(rename = "Qualifier")]
    _qualifier: Option<String>,
    statement_id: String,
    action: String,
    principal: String,
    source_arn: Option<String>,
    source_account: Option<String>,
    #[serde(rename = "PrincipalOrgID")]
    principal_org_id: Option<String>,
    event_source_token: Option<String>,
    function_url_auth_type: Option<String>,
    revision_id: Option<String>,
}

pub(super) fn add(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = unqualified(call)?;
    call.authorise("lambda:AddPermission", &arn)?;
    let input: Add = call.input()?;
    let name_like =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    if !name_like(&input.statement_id) || input.statement_id.len() > 100 {
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value '{}' at 'statementId' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: ([a-zA-Z0-9-_]+)",
            input.statement_id
        )));
    }
    let action = input.action.strip_prefix("lambda:").unwrap_or_default();
    let is_name = !action.is_empty() && action.chars().all(|c| c.is_ascii_alphabetic());
    if input.action != "*" && action != "*" && !is_name {
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value '{}' at 'action' failed to satisfy constraint: Member must satisfy regular \
             expression pattern: (lambda:[*]|lambda:[a-zA-Z]+|[*])",
            input.action
        )));
    }
    let function = call.state.lambda.function(&arn)?;
    check_revision(function, input.revision_id.as_deref())?;
    let mut statements = statements(function);
    if statements.iter().any(|statement| statement["Sid"] == input.statement_id.as_str()) {
        return Err(fault::conflict(format!(
            "The statement id ({}) provided already exists. Please provide a new statement id, or remove the existing \
             statement.",
            input.statement_id
        )));
    }
    let statement = statement(&input, &arn)?;
    let named = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let named = PolicyText::parse(&named).map_err(|error| fault::invalid(error.to_string()))?;
    call.state.check_principals(&named).map_err(|_| invalid_principal())?;
    statements.push(statement.clone());
    store(call, &arn, statements)?;
    Ok(answer(201, &json!({"Statement": statement.to_string()})))
}

/// The statement as AWS stores it.
fn statement(input: &Add, function: &Arn) -> Result<Value, ApiError> {
    let mut statement = json!({
        "Sid": input.statement_id,
        "Effect": "Allow",
        "Principal": principal(&input.principal, function)?,
        "Action": input.action,
        "Resource": function.as_str(),
    });
    let mut equals = Map::new();
    let pairs = [
        ("AWS:SourceAccount", &input.source_account),
        ("aws:PrincipalOrgID", &input.principal_org_id),
        ("lambda:EventSourceToken", &input.event_source_token),
        ("lambda:FunctionUrlAuthType", &input.function_url_auth_type),
    ];
    for (key, value) in pairs {
        if let Some(value) = value {
            equals.insert(key.to_owned(), json!(value));
        }
    }
    let mut condition = Map::new();
    if !equals.is_empty() {
        condition.insert("StringEquals".into(), Value::Object(equals));
    }
    if let Some(source) = &input.source_arn {
        condition.insert("ArnLike".into(), json!({"AWS:SourceArn": source}));
    }
    if !condition.is_empty() {
        statement["Condition"] = Value::Object(condition);
    }
    Ok(statement)
}

fn principal(text: &str, function: &Arn) -> Result<Value, ApiError> {
    let partition = function.partition();
    let service = |name: &str| {
        (name.ends_with(".amazonaws.com") || name.ends_with(".amazonaws.com.cn"))
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c))
    };
    Ok(match text {
        "*" => json!("*"),
        _ if AccountId::is_valid(text) => json!({"AWS": format!("arn:{partition}:iam::{text}:root")}),
        _ if Arn::parse(text).is_some_and(|arn| ["iam", "sts"].contains(&arn.service())) => json!({"AWS": text}),
        _ if service(text) => json!({"Service": text}),
        _ => {
            return Err(invalid_principal());
        }
    })
}

fn invalid_principal() -> ApiError {
    fault::invalid("The provided principal was invalid. Please check the principal and try again.")
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = unqualified(call)?;
    call.authorise("lambda:GetPolicy", &arn)?;
    let function = call.state.lambda.function(&arn)?;
    let policy =
        function.policy.as_ref().ok_or_else(|| fault::not_found("The resource you requested does not exist."))?;
    Ok(json!({"Policy": policy.text(), "RevisionId": function.policy_revision}).into())
}

pub(super) fn remove(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = unqualified(call)?;
    call.authorise("lambda:RemovePermission", &arn)?;
    let sid = call.text("StatementId").unwrap_or_default().to_owned();
    let function = call.state.lambda.function(&arn)?;
    if function.policy.is_none() {
        return Err(fault::not_found("No policy is associated with the given resource."));
    }
    check_revision(function, call.text("RevisionId"))?;
    let mut statements = statements(function);
    let before = statements.len();
    statements.retain(|statement| statement["Sid"] != sid.as_str());
    if statements.len() == before {
        return Err(fault::not_found(format!("Statement {sid} is not found in resource policy.")));
    }
    store(call, &arn, statements)?;
    Ok(Reply::Value(Value::Null))
}

/// Versions and aliases have policies of their own, which this cloud does not keep.
fn unqualified(call: &Call<'_>) -> Result<Arn, ApiError> {
    let name = Name::of(call)?;
    match name.qualifier.as_deref() {
        None => Ok(name.function),
        Some("$LATEST") => Err(fault::invalid("We currently do not support adding policies for $LATEST.")),
        Some(_) => Err(fault::unsupported("policies of versions and aliases of Lambda functions")),
    }
}

fn check_revision(function: &Function, revision: Option<&str>) -> Result<(), ApiError> {
    match revision {
        Some(revision) if revision != function.policy_revision => Err(fault::stale("GetPolicy")),
        _ => Ok(()),
    }
}

fn statements(function: &Function) -> Vec<Value> {
    let policy = function.policy.as_ref().and_then(|policy| serde_json::from_str::<Value>(policy.text()).ok());
    policy.and_then(|policy| policy["Statement"].as_array().cloned()).unwrap_or_default()
}

fn store(call: &mut Call<'_>, arn: &Arn, statements: Vec<Value>) -> Result<(), ApiError> {
    let policy = (!statements.is_empty()).then(|| {
        let document = json!({"Version": "2012-10-17", "Id": "default", "Statement": statements});
        PolicyText::parse(&document.to_string())
    });
    let policy = policy.transpose().map_err(|error| fault::invalid(error.to_string()))?;
    let revision = call.state.uuid();
    let function = call.state.lambda.function_mut(arn)?;
    function.policy = policy;
    function.policy_revision = revision;
    Ok(())
}
