//! GetQueueAttributes and SetQueueAttributes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::attributes::NAMES;
use super::fault::Fault;
use super::manage::check_redrive;
use super::protocol::read;
use super::queue::{Reach, metrics, named};
use crate::api::{Call, Reply};
use crate::authz::PolicyText;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Get {
    #[serde(default)]
    attribute_names: Vec<String>,
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let arn = named(call, "sqs:GetQueueAttributes", Reach::AnyAccount)?;
    let input: Get = read(call)?;
    if let Some(unknown) = input.attribute_names.iter().find(|name| !NAMES.contains(&name.as_str())) {
        return Err(Fault::unknown_attribute(unknown));
    }
    let Some(queue) = call.state.sqs.queues.get(&arn) else { return Err(Fault::no_queue()) };
    let mut shown = queue.attributes.shown();
    let counts = metrics(call.state, &arn).unwrap_or_default();
    shown.extend([
        ("QueueArn", arn.to_string()),
        ("CreatedTimestamp", queue.created.seconds().to_string()),
        ("LastModifiedTimestamp", queue.modified.seconds().to_string()),
        ("ApproximateNumberOfMessages", counts.visible.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", counts.not_visible.to_string()),
        ("ApproximateNumberOfMessagesDelayed", counts.delayed.to_string()),
    ]);
    if let Some(policy) = &queue.policy {
        shown.insert("Policy", policy.text().to_owned());
    }
    if !input.attribute_names.iter().any(|name| name == "All") {
        shown.retain(|name, _| input.attribute_names.iter().any(|wanted| wanted == name));
    }
    // Nothing asked for, nothing answered. [V] LS:sqs/test_sqs_permission_lifecycle
    if shown.is_empty() {
        return Ok(Reply::empty());
    }
    Ok(json!({"Attributes": shown}).into())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Set {
    attributes: Option<BTreeMap<String, String>>,
}

/// A policy that is set may name only users and roles that exist. [D] IAM user guide, Principal; the text is [?]
pub(super) fn check_principals(call: &Call<'_>, policy: Option<&Option<PolicyText>>) -> Result<(), Fault> {
    let Some(policy) = policy.and_then(Option::as_ref) else { return Ok(()) };
    call.state.check_principals(policy).map_err(|_| Fault::invalid_attribute("Policy"))
}

pub(super) fn set(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let arn = named(call, "sqs:SetQueueAttributes", Reach::OwnAccount)?;
    let input: Set = read(call)?;
    let attributes = input.attributes.ok_or_else(|| Fault::missing("Attributes"))?;
    let Some(queue) = call.state.sqs.queues.get(&arn) else { return Err(Fault::no_queue()) };
    let (next, policy) = queue.attributes.with(&attributes)?;
    check_redrive(call, &arn, &next, &attributes)?;
    check_principals(call, policy.as_ref())?;
    let now = call.state.now;
    if let Some(queue) = call.state.sqs.queues.get_mut(&arn) {
        queue.attributes = next;
        queue.modified = now;
        if let Some(policy) = policy {
            queue.policy = policy;
        }
    }
    Ok(Reply::empty())
}
