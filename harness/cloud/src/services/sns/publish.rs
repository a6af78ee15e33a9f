//! How a message enters a topic: permission, key, and one delivery for every subscription.

use std::sync::Arc;

use super::delivery::Task;
use super::filter;
use super::notification::Notification;
use super::subscription::Subscription;
use super::topic::policy_name;
use crate::authz::Edge;
use crate::id::{Arn, Region};
use crate::services::{DeliveryError, kms, sqs};
use crate::state::State;
use crate::trace::{Entry, Hop, Outcome};
use rootwatch_policy::{Context, Decision, Principal};

/// The size of message and attributes. [V] LS:sns/test_publish_too_long_message
pub(super) const SIZE_LIMIT: usize = 262_144;

/// A message that a service publishes.
#[derive(Clone, Debug)]
pub struct Publish<'a> {
    /// Who publishes.
    pub principal: &'a Principal,
    /// Where the request is made.
    pub region: &'a Region,
    /// To which topic.
    pub topic: &'a Arn,
    /// The subject.
    pub subject: Option<String>,
    /// The message.
    pub message: String,
    /// The message attributes.
    pub attributes: Vec<(String, sqs::MessageAttribute)>,
    /// The condition keys of the edge, such as `aws:SourceArn`.
    pub context: Context,
}

/// Publishes in a service's name: asks the topic's policy and its key, then schedules one delivery for every confirmed
/// subscription. `hop` is the hop that a refusal is traced under; what is published is traced as [`Hop::Topic`].
/// Returns the message's id.
///
/// # Errors
/// All of them final: `NotFound`, `AuthorizationError` (the topic's policy), KMS's codes (its key), `InvalidParameter`
/// (another Region's topic, an empty message, one over 256 KiB).
pub fn publish(state: &mut State, hop: Hop, publish: Publish<'_>) -> Result<String, DeliveryError> {
    let Publish { principal, region, topic, subject, message, attributes, context } = publish;
    if topic.region() != *region {
        return Err(DeliveryError::permanent("InvalidParameter", "Invalid parameter: TopicArn"));
    }
    let decision = admit(state, hop, principal, region, topic, &context)?;
    if message.is_empty() {
        return Err(DeliveryError::permanent("InvalidParameter", "Invalid parameter: Empty message"));
    }
    if size(&message, &attributes) > SIZE_LIMIT {
        return Err(DeliveryError::permanent("InvalidParameter", "Invalid parameter: Message too long"));
    }
    let draft = Draft { subject, message, attributes, ..Draft::default() };
    Ok(fan_out(state, principal, topic, draft, decision))
}

/// Whether the principal may publish: by policies, and by the topic's key.
pub(super) fn admit(
    state: &mut State,
    hop: Hop,
    principal: &Principal,
    region: &Region,
    topic: &Arn,
    context: &Context,
) -> Result<Decision, DeliveryError> {
    let Some(found) = state.sns.topics.get(topic) else {
        return Err(DeliveryError::permanent("NotFound", "Topic does not exist"));
    };
    let (policy, key) = (found.policy.clone(), found.kms_key().map(str::to_owned));
    let name = policy_name(topic);
    let mut edge = Edge::new(principal, "SNS:Publish", topic, region).policy(&name, Some(&policy));
    edge.context = context.clone();
    if let Some(account) = principal.account() {
        edge = edge.with("aws:SourceOwner", account);
    }
    let decision = state
        .authorise(hop, &edge)
        .map_err(|refusal| DeliveryError::permanent("AuthorizationError", refusal.message))?;
    if let Some(key) = key {
        // [D] sns-key-management; the encryption context narrows a key policy to a topic
        let mut context = context.clone().with("kms:EncryptionContext:aws:sns:topicArn", topic.as_str());
        if let Some(account) = principal.account() {
            context.set("kms:ViaService", format!("sns.{region}.{}", region.dns_suffix()));
            context.set("kms:CallerAccount", account);
        }
        let actions = ["kms:GenerateDataKey", "kms:Decrypt"];
        kms::allows(state, hop, principal, region, &key, &topic.account(), &actions, context)?;
    }
    Ok(decision)
}

/// A checked message before it has an id.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) subject: Option<String>,
    pub(super) message: String,
    pub(super) by_protocol: Vec<(String, String)>,
    pub(super) attributes: Vec<(String, sqs::MessageAttribute)>,
    pub(super) group: Option<String>,
}

/// The size that counts against the limit.
pub(super) fn size(message: &str, attributes: &[(String, sqs::MessageAttribute)]) -> usize {
    let attributes = attributes.iter().map(|(name, attribute)| {
        let value = attribute.string_value.as_ref().or(attribute.binary_value.as_ref()).map_or(0, String::len);
        name.len() + attribute.data_type.len() + value
    });
    message.len() + attributes.sum::<usize>()
}

/// Gives the message an id and schedules its deliveries. A subscription that is pending, or whose filter does not match,
/// gets none; both are traced.
pub(super) fn fan_out(
    state: &mut State,
    principal: &Principal,
    topic: &Arn,
    draft: Draft,
    decision: Decision,
) -> String {
    let (id, now) = (state.uuid(), state.now);
    let subscriptions: Vec<_> = state.sns.of_topic(topic).cloned().collect();
    let version = state.sns.topics.get(topic).and_then(|topic| topic.attributes.get("SignatureVersion").cloned());
    let notification = Arc::new(Notification {
        id: id.clone(),
        topic: topic.clone(),
        subject: draft.subject,
        message: draft.message,
        by_protocol: draft.by_protocol,
        attributes: draft.attributes,
        published: now,
        group: draft.group,
        signature_version: version.unwrap_or_else(|| "1".to_owned()),
    });
    state.trace(Entry {
        at: now,
        hop: Hop::Topic,
        resource: topic.to_string(),
        outcome: Outcome::Delivered,
        detail: match subscriptions.len() {
            0 => format!("message {id}: nobody is subscribed"),
            1 => format!("message {id} to 1 subscription"),
            n => format!("message {id} to {n} subscriptions"),
        },
        principal: Some(principal.arn()),
        decision: Some(decision),
    });
    for subscription in subscriptions {
        let passed = passes(&subscription, &notification);
        if passed.is_ok() {
            deliver(state, &subscription, &notification);
        }
        let (outcome, reason) = match passed {
            Ok(None) => continue,
            Ok(Some(filter)) => (Outcome::Matched, filter),
            Err(held_back) => held_back,
        };
        let Subscription { arn, protocol, endpoint, .. } = subscription;
        state.trace(Entry {
            at: now,
            hop: Hop::Subscription,
            resource: arn.to_string(),
            outcome,
            detail: format!("message {id} to {protocol} {endpoint}: {reason}"),
            principal: None,
            decision: None,
        });
    }
    id
}

/// Whether a subscription receives a message: with what there is to say about its filter, or why not.
fn passes(subscription: &Subscription, notification: &Notification) -> Result<Option<String>, (Outcome, String)> {
    if subscription.pending {
        let reason = "the endpoint has not confirmed the subscription, so it receives nothing";
        return Err((Outcome::Lost, reason.to_owned()));
    }
    let Some(policy) = &subscription.settings.filter else { return Ok(None) };
    match filter::check(policy, &notification.attributes, notification.message_for(&subscription.protocol)) {
        Ok(()) => Ok(Some("the filter policy matches".to_owned())),
        Err(mismatch) => Err((Outcome::NotMatched, format!("the filter policy does not match: {mismatch}"))),
    }
}

fn deliver(state: &mut State, subscription: &Subscription, notification: &Arc<Notification>) {
    let task =
        Task::Deliver { subscription: subscription.arn.clone(), notification: Arc::clone(notification), attempt: 1 };
    state.schedule(state.now, task);
}
