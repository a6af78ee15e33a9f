//! AddPermission and RemovePermission: statements of the topic's policy by label.
//! [V] LS:sns/test_topic_add_permission, ::test_topic_add_multiple_permissions, ::test_add_permission_errors

use serde::Deserialize;
use serde_json::{Value, json};

use super::fault::{invalid, no_topic};
use super::topic::named;
use super::topic_attributes::check_action;
use crate::api::{ApiError, Call, Reply};
use crate::authz::PolicyText;
use crate::id::Arn;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Add {
    #[serde(default)]
    label: String,
    #[serde(default, rename = "AWSAccountId")]
    accounts: Vec<String>,
    #[serde(default)]
    action_name: Vec<String>,
}

pub(super) fn add(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "TopicArn", "SNS:AddPermission")?;
    let input: Add = call.input()?;
    for (name, missing) in [
        ("Label", input.label.is_empty()),
        ("AWSAccountId", input.accounts.is_empty()),
        ("ActionName", input.action_name.is_empty()),
    ] {
        if missing {
            return Err(invalid(format!("{name} Reason: no value for required parameter")));
        }
    }
    let mut policy = document(call, &arn)?;
    let statements = statements(&mut policy)?;
    if statements.iter().any(|statement| statement["Sid"] == input.label.as_str()) {
        return Err(invalid("Statement already exists"));
    }
    for action in &input.action_name {
        check_action(action)?;
    }
    let partition = arn.partition();
    let roots: Vec<String> = input.accounts.iter().map(|id| format!("arn:{partition}:iam::{id}:root")).collect();
    let actions: Vec<String> = input.action_name.iter().map(|action| format!("SNS:{action}")).collect();
    statements.push(json!({
        "Sid": input.label,
        "Effect": "Allow",
        "Principal": {"AWS": one_or_many(roots)},
        "Action": one_or_many(actions),
        "Resource": arn,
    }));
    store(call, &arn, &policy)
}

/// A label that is not there is no error. [V] LS:sns/test_remove_permission_errors has none for it
pub(super) fn remove(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "TopicArn", "SNS:RemovePermission")?;
    let label = call.text("Label").unwrap_or_default().to_owned();
    let mut policy = document(call, &arn)?;
    statements(&mut policy)?.retain(|statement| statement["Sid"] != label.as_str());
    store(call, &arn, &policy)
}

fn document(call: &Call<'_>, arn: &Arn) -> Result<Value, ApiError> {
    let topic = call.state.sns.topics.get(arn).ok_or_else(no_topic)?;
    let mut policy: Value = serde_json::from_str(topic.policy.text()).map_err(|_| invalid("Policy Error: null"))?;
    if policy["Statement"].is_object() {
        let alone = policy["Statement"].take();
        policy["Statement"] = json!([alone]);
    }
    Ok(policy)
}

fn statements(policy: &mut Value) -> Result<&mut Vec<Value>, ApiError> {
    policy["Statement"].as_array_mut().ok_or_else(|| invalid("Policy Error: null"))
}

fn one_or_many(mut values: Vec<String>) -> Value {
    if values.len() == 1 { json!(values.remove(0)) } else { json!(values) }
}

fn store(call: &mut Call<'_>, arn: &Arn, policy: &Value) -> Result<Reply, ApiError> {
    let policy = PolicyText::parse(&policy.to_string()).map_err(|_| invalid("Policy Error: null"))?;
    if let Some(topic) = call.state.sns.topics.get_mut(arn) {
        topic.policy = policy;
    }
    Ok(Reply::empty())
}
