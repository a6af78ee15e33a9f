//! AddPermission and RemovePermission: statements of the queue's policy by label. [V] LS:sqs/test_sqs_permission_lifecycle

use serde::Deserialize;
use serde_json::{Value, json};

use super::fault::Fault;
use super::protocol::read;
use super::queue::{Reach, named};
use crate::api::{Call, Reply};
use crate::authz::PolicyText;
use crate::id::Arn;

/// What may be permitted. [D] sqs-api-permissions-reference
const ACTIONS: &[&str] = &[
    "*",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "SendMessage",
];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Add {
    #[serde(default)]
    label: String,
    #[serde(default, rename = "AWSAccountIds")]
    accounts: Vec<String>,
    #[serde(default)]
    actions: Vec<String>,
}

pub(super) fn add(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let arn = named(call, "sqs:AddPermission", Reach::OwnAccount)?;
    let input: Add = read(call)?;
    for (name, missing) in [
        ("Label", input.label.is_empty()),
        ("AWSAccountIds", input.accounts.is_empty()),
        ("Actions", input.actions.is_empty()),
    ] {
        if missing {
            return Err(Fault::missing(name));
        }
    }
    if let Some(action) = input.actions.iter().find(|action| !ACTIONS.contains(&action.as_str())) {
        return Err(Fault::invalid_parameter(
            format!("SQS:{action}"),
            "ActionName",
            "Only the queue owner is allowed to invoke this action.",
        ));
    }
    let mut policy = document(call, &arn)
        .unwrap_or_else(|| json!({"Version": "2008-10-17", "Id": format!("{arn}/SQSDefaultPolicy"), "Statement": []}));
    let statements = statements(&mut policy);
    if statements.iter().any(|statement| statement["Sid"] == input.label.as_str()) {
        return Err(Fault::invalid_parameter(&input.label, "Label", "Already exists."));
    }
    let partition = arn.partition();
    let roots: Vec<String> = input.accounts.iter().map(|id| format!("arn:{partition}:iam::{id}:root")).collect();
    let actions: Vec<String> = input.actions.iter().map(|action| format!("SQS:{action}")).collect();
    statements.push(json!({
        "Sid": input.label,
        "Effect": "Allow",
        "Principal": {"AWS": one_or_many(roots)},
        "Action": one_or_many(actions),
        "Resource": arn,
    }));
    store(call, &arn, Some(policy))
}

pub(super) fn remove(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let arn = named(call, "sqs:RemovePermission", Reach::OwnAccount)?;
    let label = call.text("Label").ok_or_else(|| Fault::missing("Label"))?.to_owned();
    let mut policy = document(call, &arn).unwrap_or_else(|| json!({}));
    let statements = statements(&mut policy);
    let before = statements.len();
    statements.retain(|statement| statement["Sid"] != label.as_str());
    if statements.len() == before {
        return Err(Fault::invalid_parameter(label, "Label", "can't find label."));
    }
    let empty = statements.is_empty();
    store(call, &arn, (!empty).then_some(policy))
}

fn document(call: &Call<'_>, arn: &Arn) -> Option<Value> {
    let text = call.state.sqs.policy(arn)?.text();
    serde_json::from_str(text).ok()
}

/// The statements of a document, as a list even where one stood alone.
fn statements(policy: &mut Value) -> &mut Vec<Value> {
    if !policy["Statement"].is_array() {
        let alone = policy["Statement"].take();
        policy["Statement"] = if alone.is_null() { json!([]) } else { json!([alone]) };
    }
    match &mut policy["Statement"] {
        Value::Array(statements) => statements,
        _ => unreachable!("made a list above"),
    }
}

fn one_or_many(mut values: Vec<String>) -> Value {
    if values.len() == 1 { json!(values.remove(0)) } else { json!(values) }
}

fn store(call: &mut Call<'_>, arn: &Arn, policy: Option<Value>) -> Result<Reply, Fault> {
    let policy = policy.map(|policy| PolicyText::parse(&policy.to_string())).transpose();
    let policy = policy.map_err(|_| Fault::invalid_attribute("Policy"))?;
    let now = call.state.now;
    if let Some(queue) = call.state.sqs.queues.get_mut(arn) {
        queue.policy = policy;
        queue.modified = now;
    }
    Ok(Reply::empty())
}
