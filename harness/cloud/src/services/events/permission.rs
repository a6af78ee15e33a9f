//! The policy of a bus. [V] LS:events/test_events::TestEventBus::test_put_permission, ::test_remove_permission

use serde::Deserialize;
use serde_json::{Value, json};

use super::bus::{self, EventBus};
use super::page::required;
use crate::api::{ApiError, Call, Reply};
use crate::authz::PolicyText;
use crate::id::{AccountId, Arn};
use rootwatch_policy::PolicyKind;

/// Characters of a policy. [D] eb-quota
const LONGEST_POLICY: usize = 10_240;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Condition {
    r#type: String,
    key: String,
    value: String,
}

pub(super) fn put(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input {
        policy: Option<String>,
        condition: Option<Condition>,
    }
    let arn = bus::resolve(call, call.text("EventBusName"))?;
    let input: Input = call.input()?;
    call.authorise("events:PutPermission", &arn)?;
    let text = match input.policy {
        Some(policy) => policy,
        None => {
            let statement = statement(call, &arn, input.condition)?;
            let mut statements = statements(call.bus(&arn)?);
            statements.retain(|old| old["Sid"] != statement["Sid"]);
            statements.push(statement);
            document(&statements)
        }
    };
    store(call.bus_mut(&arn)?, &text)?;
    let now = call.state.now;
    call.bus_mut(&arn)?.modified = now;
    Ok(Reply::empty())
}

fn statement(call: &Call<'_>, bus: &Arn, condition: Option<Condition>) -> Result<Value, ApiError> {
    let (sid, action, principal) =
        (required(call, "StatementId")?, required(call, "Action")?, required(call, "Principal")?);
    if action != "events:PutEvents" {
        return Err(ApiError::validation("Provided value in parameter 'action' is not supported."));
    }
    let principal = match principal.as_str() {
        "*" => json!("*"),
        account if AccountId::is_valid(account) => {
            json!({ "AWS": Arn::global(bus.partition(), "iam", &AccountId::new(account), "root") })
        }
        _ => return Err(ApiError::validation("Provided value in parameter 'principal' is not valid.")),
    };
    let mut statement = json!({
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal,
        "Action": action,
        "Resource": bus,
    });
    if let Some(Condition { r#type, key, value }) = condition {
        statement["Condition"] = json!({ r#type: { key: value } });
    }
    Ok(statement)
}

pub(super) fn remove(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = bus::resolve(call, call.text("EventBusName"))?;
    let sid = call.text("StatementId").map(str::to_owned);
    let everything = call.params.get("RemoveAllPermissions").and_then(Value::as_bool).unwrap_or(false);
    call.authorise("events:RemovePermission", &arn)?;
    let now = call.state.now;
    let found = call.bus_mut(&arn)?;
    let old = statements(found);
    let kept: Vec<Value> = match &sid {
        _ if everything => Vec::new(),
        Some(sid) => old.iter().filter(|statement| statement["Sid"] != sid.as_str()).cloned().collect(),
        None => {
            return Err(ApiError::validation("Parameter(s) StatementId or RemoveAllPermissions must be specified."));
        }
    };
    if kept.len() == old.len() {
        // [V] ::test_remove_permission_non_existing_sid; nothing to remove at all answers the same [?]
        return Err(ApiError::new("ResourceNotFoundException", "Statement with the provided id does not exist."));
    }
    found.modified = now;
    if kept.is_empty() {
        found.policy = None;
        return Ok(Reply::empty());
    }
    store(found, &document(&kept))?;
    Ok(Reply::empty())
}

fn statements(bus: &EventBus) -> Vec<Value> {
    let Some(policy) = &bus.policy else { return Vec::new() };
    match serde_json::from_str::<Value>(policy.text())
        .ok()
        .and_then(|mut policy| policy.get_mut("Statement").map(Value::take))
    {
        Some(Value::Array(statements)) => statements,
        Some(statement) => vec![statement],
        None => Vec::new(),
    }
}

fn document(statements: &[Value]) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

fn store(bus: &mut EventBus, text: &str) -> Result<(), ApiError> {
    if text.len() > LONGEST_POLICY {
        return Err(ApiError::new("PolicyLengthExceededException", "The policy length exceeded the limit."));
    }
    let policy = PolicyText::check(text, PolicyKind::Resource).map_err(|error| {
        // The code is [T], the words after it are ours.
        ApiError::validation(format!("Parameter Policy is not valid. Reason: {error}"))
    })?;
    bus.policy = Some(policy);
    Ok(())
}
