//! Topics come and go: CreateTopic, DeleteTopic, ListTopics.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::fault::invalid;
use super::tags::{self, Tag};
use super::topic::{Topic, authorised, default_policy, located};
use super::topic_attributes;
use crate::api::{ApiError, Call, Reply, Service};
use crate::authz::PolicyText;
use rootwatch_policy::Context;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Create {
    #[serde(default)]
    name: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let mut input: Create = call.input()?;
    let arn = call.arn(&input.name);
    call.authorise("SNS:CreateTopic", &arn)?;
    check_name(&input)?;
    // A special case that is not stored. [V] LS:sns/test_create_topic_different_attrs
    input.attributes.remove("FifoTopic");
    let tags = tags::read(input.tags)?;
    for (name, value) in &input.attributes {
        topic_attributes::may_pass_feedback_role(call, name, value)?;
    }
    if let Some(topic) = call.state.sns.topics.get(&arn) {
        let same = |(name, value): (&String, &String)| match name.as_str() {
            "Policy" => topic.policy.text() == value,
            name => topic.attributes.get(name) == Some(value),
        };
        if !input.attributes.iter().all(same) {
            return Err(invalid("Attributes Reason: Topic already exists with different attributes"));
        }
        // Some of the tags, or none, are no difference. [V] LS:sns/test_create_duplicate_topic_check_idempotency
        if tags.iter().any(|(key, value)| topic.tags.get(key) != Some(value)) {
            return Err(invalid("Tags Reason: Topic already exists with different tags"));
        }
        return Ok(json!({"TopicArn": arn}).into());
    }
    let policy = PolicyText::parse(&default_policy(&arn, &call.account))
        .map_err(|error| ApiError::new("InternalError", error.to_string()).status(500))?;
    let mut topic = Topic { arn: arn.clone(), attributes: BTreeMap::new(), policy, tags, subscriptions_deleted: 0 };
    for (name, value) in input.attributes {
        topic_attributes::apply(&mut topic, &name, value).map_err(topic_attributes::of_create)?;
    }
    topic_attributes::check_principals(call, &topic.policy).map_err(topic_attributes::of_create)?;
    call.state.sns.topics.insert(arn.clone(), topic);
    Ok(json!({"TopicArn": arn}).into())
}

/// [V] LS:sns/test_create_topic_name_constraints
fn check_name(input: &Create) -> Result<(), ApiError> {
    let name = &input.name;
    let base = name.strip_suffix(".fifo");
    let fifo = input.attributes.get("FifoTopic").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let good = base.is_some() == fifo
        && (1..=256).contains(&name.len())
        && base.unwrap_or(name).bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if !good {
        return Err(invalid("Topic Name"));
    }
    if fifo {
        return Err(ApiError::not_implemented(Service::Sns, "CreateTopic with FifoTopic"));
    }
    Ok(())
}

/// Succeeds for a topic that is not there. Its confirmed subscriptions can still be looked at.
/// [V] LS:sns/test_delete_non_existent_topic, ::test_delete_subscriptions_on_delete_topic
pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = located(call, "TopicArn")?;
    if !call.state.sns.topics.contains(&arn) {
        call.authorise("SNS:DeleteTopic", &arn)?;
        return Ok(Reply::empty());
    }
    let arn = authorised(call, arn, "SNS:DeleteTopic", Context::new())?;
    let sns = &mut call.state.sns;
    sns.topics.remove(&arn);
    for subscription in sns.by_topic.remove(&arn).unwrap_or_default() {
        if sns.subscriptions.get(&subscription).is_some_and(|subscription| subscription.pending) {
            sns.subscriptions.remove(&subscription);
        }
    }
    Ok(Reply::empty())
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let everything = call.arn("*");
    call.authorise("SNS:ListTopics", &everything)?;
    let arns = call.state.sns.topics.keys().filter(|arn| arn.is_in(&call.account, &call.region));
    page("Topics", arns.map(|arn| json!({"TopicArn": arn})).collect(), call.text("NextToken")).map(Reply::from)
}

/// One page of a list: 100 entries. [D] API_ListTopics, API_ListSubscriptions. The token is the offset, in base64.
pub(super) fn page(name: &str, items: Vec<Value>, token: Option<&str>) -> Result<Value, ApiError> {
    const SIZE: usize = 100;
    let start = match token.filter(|token| !token.is_empty()) {
        None => 0,
        Some(token) => STANDARD
            .decode(token)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok())
            .ok_or_else(|| invalid("NextToken"))?,
    };
    let more = items.len() > start + SIZE;
    let items: Vec<Value> = items.into_iter().skip(start).take(SIZE).collect();
    let mut answer = json!({ name: items });
    if more {
        answer["NextToken"] = json!(STANDARD.encode((start + SIZE).to_string()));
    }
    Ok(answer)
}
