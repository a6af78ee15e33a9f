//! HTTP and HTTPS endpoints: the request that SNS makes of one, and what its answer means.
//! [V] LS:sns/test_subscribe_external_http_endpoint; [D] SendMessageToHttp.prepare, sns-message-and-json-formats

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::delivery::{self, Task, retries};
use super::notification::Notification;
use super::subscription::Subscription;
use crate::id::Arn;
use crate::runtime::{Effect, Post};
use crate::services::DeliveryError;
use crate::state::State;
use crate::trace::Outcome;

const TEXT: &str = "text/plain; charset=UTF-8";

/// What a request was made for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Purpose {
    /// The endpoint is asked to confirm its subscription.
    Confirm {
        /// Which.
        subscription: Arn,
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// The endpoint is notified that its subscription has ended, and how to have it again.
    Ended {
        /// Which.
        subscription: Arn,
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// A message is delivered.
    #[expect(private_interfaces, reason = "what is delivered is opaque to everyone else")]
    Deliver {
        /// To whom.
        subscription: Arn,
        /// What.
        notification: Arc<Notification>,
        /// Which attempt, from 1.
        attempt: u32,
    },
}

/// Whether a protocol is spoken to over HTTP.
pub(super) fn speaks(protocol: &str) -> bool {
    matches!(protocol, "http" | "https")
}

/// Asks an endpoint to confirm. Content type and raw delivery do not matter to this. [D] sns-create-subscribe-endpoint
pub(super) fn ask_to_confirm(state: &mut State, subscription: &Subscription, attempt: u32) {
    let id = state.uuid();
    let body = Notification::confirmation(&id, &subscription.topic, &subscription.token, state.now).to_string();
    let headers = headers("SubscriptionConfirmation", &id, &subscription.topic, TEXT);
    let purpose = Purpose::Confirm { subscription: subscription.arn.clone(), attempt };
    emit(state, subscription, headers, body, purpose);
}

/// Tells an endpoint that its subscription has ended. [V] LS:sns/test_subscribe_external_http_endpoint
pub(super) fn tell_ended(state: &mut State, subscription: &Subscription, attempt: u32) {
    let id = state.uuid();
    let body = Notification::cancellation(&id, subscription, state.now).to_string();
    let mut headers = headers("UnsubscribeConfirmation", &id, &subscription.topic, TEXT);
    headers.push(("x-amz-sns-subscription-arn".to_owned(), subscription.arn.to_string()));
    let purpose = Purpose::Ended { subscription: subscription.arn.clone(), attempt };
    emit(state, subscription, headers, body, purpose);
}

/// Sends a message; [`posted`] receives the result.
pub(super) fn deliver(state: &mut State, subscription: &Subscription, notification: Arc<Notification>, attempt: u32) {
    let raw = subscription.settings.raw;
    let protocol = subscription.protocol.as_str();
    let body = match raw {
        true => notification.message_for(protocol).to_owned(),
        false => notification.envelope(protocol, &subscription.arn).to_string(),
    };
    let kind = content_type(state, subscription);
    let mut headers = headers("Notification", &notification.id, &subscription.topic, &kind);
    headers.push(("x-amz-sns-subscription-arn".to_owned(), subscription.arn.to_string()));
    if raw {
        headers.push(("x-amz-sns-rawdelivery".to_owned(), "true".to_owned()));
    }
    let purpose = Purpose::Deliver { subscription: subscription.arn.clone(), notification, attempt };
    emit(state, subscription, headers, body, purpose);
}

fn headers(kind: &str, id: &str, topic: &Arn, content_type: &str) -> Vec<(String, String)> {
    let headers = [
        ("x-amz-sns-message-type", kind),
        ("x-amz-sns-message-id", id),
        ("x-amz-sns-topic-arn", topic.as_str()),
        ("content-type", content_type),
        ("user-agent", "Amazon Simple Notification Service Agent"),
        ("accept-encoding", "gzip,deflate"),
    ];
    headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// The subscription's policy says it, else the topic's. [D] sns-message-delivery-retries, headerContentType
fn content_type(state: &State, subscription: &Subscription) -> String {
    let policy = delivery::effective_policy(state, subscription);
    policy["requestPolicy"]["headerContentType"].as_str().unwrap_or(TEXT).to_owned()
}

fn emit(
    state: &mut State,
    subscription: &Subscription,
    headers: Vec<(String, String)>,
    body: String,
    purpose: Purpose,
) {
    let region = subscription.topic.region();
    let links = format!("https://sns.{region}.{}/?Action=", region.dns_suffix());
    let url = subscription.endpoint.clone();
    state.emit(Effect::Post(Box::new(Post { url, headers, body, links, purpose })));
}

/// What an answer means: its status, or why there is none. [D] SendMessageToHttp.prepare: what is no answer within 15 s,
/// or none of 200 to 499, is tried again; of the others only 2xx is a success, and 429 may pass [T]
fn outcome(answer: Result<u16, String>) -> Result<(), DeliveryError> {
    match answer {
        Ok(200..=299) => Ok(()),
        Ok(429) => Err(DeliveryError::transient("TooManyRequests", "the endpoint answered 429")),
        Ok(status @ 300..=499) => {
            Err(DeliveryError::permanent("ClientError", format!("the endpoint answered {status}")))
        }
        Ok(status) => Err(DeliveryError::transient("ServerError", format!("the endpoint answered {status}"))),
        Err(reason) => Err(DeliveryError::transient("NoAnswer", reason)),
    }
}

/// Tells the state what came of a request.
pub fn posted(state: &mut State, purpose: Purpose, answer: Result<u16, String>) {
    let result = outcome(answer);
    match purpose {
        Purpose::Deliver { subscription, notification, attempt } => {
            delivery::attempted(state, &subscription, notification, attempt, result);
        }
        Purpose::Confirm { subscription, attempt } => {
            let Some(found) = state.sns.subscriptions.get(&subscription).cloned() else { return };
            let again = Task::Confirm { subscription, attempt: attempt + 1 };
            report(state, &found, "asked to confirm", attempt, result, again);
        }
        // It goes to no dead-letter queue. [V] LS:sns/test_redrive_policy_http_subscription
        Purpose::Ended { subscription, attempt } => {
            let Some(found) = state.sns.ended.get(&subscription).cloned() else { return };
            let again = Task::Ended { subscription, attempt: attempt + 1 };
            report(state, &found, "notified that its subscription has ended", attempt, result, again);
        }
    }
}

/// The next step after an attempt to notify an endpoint about its subscription.
fn report(
    state: &mut State,
    subscription: &Subscription,
    what: &str,
    attempt: u32,
    result: Result<(), DeliveryError>,
    again: Task,
) {
    let target = format!("{} {}", subscription.protocol, subscription.endpoint);
    let error = match result {
        Ok(()) => return delivery::trace(state, subscription, Outcome::Delivered, format!("{target} was {what}")),
        Err(error) => error,
    };
    let delay = retries(state, subscription).delay(attempt).filter(|_| error.retriable);
    let outcome = if delay.is_some() { Outcome::Retried } else { Outcome::Failed };
    delivery::trace(state, subscription, outcome, format!("{target} could not be {what}: {error}"));
    if let Some(delay) = delay {
        let at = state.now + delay;
        state.schedule(at, again);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// [D] SendMessageToHttp.prepare; 429 [T]: answer, delivered, tried again
    #[test]
    fn answers() {
        let cases = [
            (Ok(200), true, false),
            (Ok(204), true, false),
            (Ok(302), false, false),
            (Ok(403), false, false),
            (Ok(429), false, true),
            (Ok(500), false, true),
            (Ok(503), false, true),
            (Ok(100), false, true),
            (Err("no answer".to_owned()), false, true),
        ];
        for (answer, delivered, again) in cases {
            let found = outcome(answer.clone());
            assert_eq!(found.is_ok(), delivered, "{answer:?}");
            assert_eq!(found.is_err_and(|error| error.retriable), again, "{answer:?}");
        }
    }
}
