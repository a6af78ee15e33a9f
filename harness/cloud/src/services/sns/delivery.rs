//! The delivery from a topic to one subscription: attempt, retry, dead-letter queue.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::delivery_policy;
use super::email::Mail;
use super::http;
use super::notification::Notification;
use super::retry::Retries;
use super::subscription::Subscription;
use crate::id::Arn;
use crate::services::{DeliveryError, cloudwatch, lambda, sqs};
use crate::state::State;
use crate::trace::{Entry, Hop, Outcome};
use rootwatch_policy::{Context, Principal};

/// Work that is due later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Task {
    /// Deliver a message to a subscription.
    #[expect(private_interfaces, reason = "a task is opaque to everyone else")]
    Deliver {
        /// To whom.
        subscription: Arn,
        /// What.
        notification: Arc<Notification>,
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// Tell an endpoint that its subscription has ended.
    Ended {
        /// Which.
        subscription: Arn,
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// Ask an endpoint to confirm its subscription.
    Confirm {
        /// Which.
        subscription: Arn,
        /// Which attempt, from 1.
        #[serde(default)]
        attempt: u32,
    },
}

/// Does the work.
pub(super) fn run(state: &mut State, task: Task) {
    match task {
        Task::Deliver { subscription, notification, attempt } => deliver(state, &subscription, notification, attempt),
        Task::Confirm { subscription, attempt } => ask_to_confirm(state, &subscription, attempt),
        Task::Ended { subscription, attempt } => tell_ended(state, &subscription, attempt),
    }
}

fn sns() -> Principal {
    Principal::Service { name: "sns.amazonaws.com".to_owned() }
}

/// The condition keys that SNS supplies to the endpoints' policies. [D] sns-access-policy-use-cases,
/// sns-send-message-to-sqs-cross-account
fn context(state: &State, topic: &Arn) -> Context {
    let account = topic.account();
    let context = Context::new().with("aws:SourceArn", topic.as_str()).with("aws:SourceAccount", account.as_str());
    match state.organizations.place_of(account.as_str()) {
        Some((organization, path)) => context.with("aws:SourceOrgID", organization).with("aws:SourceOrgPaths", path),
        None => context,
    }
}

fn deliver(state: &mut State, arn: &Arn, notification: Arc<Notification>, attempt: u32) {
    // Somebody may have unsubscribed since.
    let Some(subscription) = state.sns.subscriptions.get(arn).cloned() else { return };
    if http::speaks(&subscription.protocol) {
        http::deliver(state, &subscription, notification, attempt);
        return;
    }
    let result = attempt_once(state, &subscription, &notification);
    attempted(state, arn, notification, attempt, result);
}

/// What follows an attempt: nothing, another one, or the dead-letter queue.
pub(super) fn attempted(
    state: &mut State,
    arn: &Arn,
    notification: Arc<Notification>,
    attempt: u32,
    result: Result<(), DeliveryError>,
) {
    let Some(subscription) = state.sns.subscriptions.get(arn).cloned() else { return };
    let target = format!("{} {}", subscription.protocol, subscription.endpoint);
    let id = &notification.id;
    let error = match result {
        Ok(()) => {
            let again = if attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
            trace(state, &subscription, Outcome::Delivered, format!("message {id} to {target}{again}"));
            return;
        }
        Err(error) => error,
    };
    if error.retriable
        && let Some(delay) = retries(state, &subscription).delay(attempt)
    {
        let detail =
            format!("message {id} to {target}, attempt {attempt}: {error}; next attempt in {} s", delay.as_secs_f64());
        trace(state, &subscription, Outcome::Retried, detail);
        let at = state.now + delay;
        state.schedule(at, Task::Deliver { subscription: arn.clone(), notification, attempt: attempt + 1 });
        return;
    }
    trace(state, &subscription, Outcome::Failed, format!("message {id} to {target}, attempt {attempt}: {error}"));
    count(state, &subscription.topic, "NumberOfNotificationsFailed");
    dead_letter(state, &subscription, &notification);
}

pub(super) fn retries(state: &State, subscription: &Subscription) -> Retries {
    Retries::of(&subscription.protocol, &effective_policy(state, subscription))
}

/// The delivery policy that counts for a subscription over HTTP.
pub(super) fn effective_policy(state: &State, subscription: &Subscription) -> Value {
    let topic = state.sns.topics.get(&subscription.topic);
    let of_topic = topic.and_then(|topic| topic.attributes.get("DeliveryPolicy")).map(String::as_str);
    delivery_policy::of_subscription(of_topic, subscription.settings.delivery_policy.as_deref())
}

fn attempt_once(
    state: &mut State,
    subscription: &Subscription,
    notification: &Notification,
) -> Result<(), DeliveryError> {
    let endpoint = &subscription.endpoint;
    match subscription.protocol.as_str() {
        "sqs" => to_queue(state, subscription, notification, &Arn::new(endpoint)),
        "lambda" => {
            let function = Arn::new(endpoint);
            let payload = notification.lambda_event(&subscription.arn).to_string();
            let context = context(state, &subscription.topic);
            lambda::invoke_async(state, Hop::Subscription, &sns(), &function.region(), &function, payload, context)
        }
        "email" | "email-json" => {
            mail(state, subscription, notification);
            Ok(())
        }
        other => Err(DeliveryError::permanent(
            "NotModelled",
            format!("rootwatch: deliveries of protocol `{other}` are not modelled"),
        )),
    }
}

/// The body and the attributes of the SQS form: the envelope, or the bare message where delivery is raw.
fn queue_form(
    subscription: &Subscription,
    notification: &Notification,
) -> (String, Vec<(String, sqs::MessageAttribute)>) {
    let protocol = subscription.protocol.as_str();
    if subscription.settings.raw {
        return (notification.message_for(protocol).to_owned(), notification.attributes.clone());
    }
    (notification.envelope(protocol, &subscription.arn).to_string(), Vec::new())
}

fn to_queue(
    state: &mut State,
    subscription: &Subscription,
    notification: &Notification,
    queue: &Arn,
) -> Result<(), DeliveryError> {
    let (body, attributes) = queue_form(subscription, notification);
    let context = context(state, &subscription.topic);
    let (principal, region) = (sns(), queue.region());
    let send = sqs::Send { principal: &principal, region: &region, queue, body, attributes, context };
    sqs::send_in_group(state, Hop::Subscription, send, notification.group.clone()).map(drop)
}

/// The subject of a mail without one. [T]
const SUBJECT: &str = "AWS Notification Message";

fn mail(state: &mut State, subscription: &Subscription, notification: &Notification) {
    let body = if subscription.protocol == "email" {
        notification.email_body(&subscription.arn, &subscription.endpoint)
    } else {
        notification.envelope("email-json", &subscription.arn).to_string()
    };
    let at = state.now;
    state.sns.mailbox.push_back(Mail {
        at,
        topic: subscription.topic.clone(),
        address: subscription.endpoint.clone(),
        subject: notification.subject.clone().unwrap_or_else(|| SUBJECT.to_owned()),
        body,
    });
    state.trace(Entry {
        at,
        hop: Hop::Email,
        resource: subscription.endpoint.clone(),
        outcome: Outcome::Delivered,
        detail: format!("message {} from {}", notification.id, subscription.topic.name()),
        principal: None,
        decision: None,
    });
}

/// Sends the message to the subscription's dead-letter queue, in the form that a queue would have received; no
/// attribute has the error. [V] LS:sns/test_redrive_policy_sqs_queue_subscription,
/// ::test_redrive_policy_lambda_subscription
fn dead_letter(state: &mut State, subscription: &Subscription, notification: &Notification) {
    let id = &notification.id;
    let Some(queue) = &subscription.settings.redrive else {
        trace(state, subscription, Outcome::Lost, format!("message {id}: the subscription has no dead-letter queue"));
        return;
    };
    match to_queue(state, subscription, notification, queue) {
        Ok(()) => {
            trace(state, subscription, Outcome::DeadLettered, format!("message {id} to {queue}"));
            count(state, &subscription.topic, "NumberOfNotificationsRedrivenToDlq");
        }
        Err(error) => {
            trace(
                state,
                subscription,
                Outcome::Lost,
                format!("message {id}: the dead-letter queue {queue} refused it: {error}"),
            );
            count(state, &subscription.topic, "NumberOfNotificationsFailedToRedriveToDlq");
        }
    }
}

fn ask_to_confirm(state: &mut State, arn: &Arn, attempt: u32) {
    let Some(subscription) = state.sns.subscriptions.get(arn).cloned() else { return };
    if http::speaks(&subscription.protocol) {
        http::ask_to_confirm(state, &subscription, attempt.max(1));
        return;
    }
    let id = state.uuid();
    let body = Notification::confirmation(&id, &subscription.topic, &subscription.token, state.now).to_string();
    let context = context(state, &subscription.topic);
    let endpoint = Arn::new(&subscription.endpoint);
    let (principal, region) = (sns(), endpoint.region());
    let result = match subscription.protocol.as_str() {
        "sqs" => {
            let send = sqs::Send {
                principal: &principal,
                region: &region,
                queue: &endpoint,
                body,
                attributes: Vec::new(),
                context,
            };
            sqs::send(state, Hop::Subscription, send).map(drop)
        }
        other => Err(DeliveryError::permanent("NotModelled", format!("rootwatch: `{other}` endpoints are not asked"))),
    };
    let target = format!("{} {}", subscription.protocol, subscription.endpoint);
    match result {
        Ok(()) => trace(state, &subscription, Outcome::Delivered, format!("{target} was asked to confirm")),
        Err(error) => {
            trace(state, &subscription, Outcome::Failed, format!("{target} could not be asked to confirm: {error}"))
        }
    }
}

/// An endpoint that was unsubscribed is notified. For e-mail, a mail is all that is sent. [D] API_Unsubscribe
fn tell_ended(state: &mut State, arn: &Arn, attempt: u32) {
    let Some(subscription) = state.sns.ended.get(arn).cloned() else { return };
    if http::speaks(&subscription.protocol) {
        http::tell_ended(state, &subscription, attempt);
        return;
    }
    let id = state.uuid();
    let body = Notification::cancellation(&id, &subscription, state.now);
    // The text of an e-mail [T]
    let body = match subscription.protocol.as_str() {
        "email" => format!("{}\n{}", body["Message"].as_str().unwrap_or_default(), body["SubscribeURL"]),
        _ => body.to_string(),
    };
    let subject = "AWS Notification - Unsubscribe Confirmation".to_owned();
    let (at, topic, address) = (state.now, subscription.topic.clone(), subscription.endpoint.clone());
    state.sns.mailbox.push_back(Mail { at, topic, address, subject, body });
}

pub(super) fn trace(state: &mut State, subscription: &Subscription, outcome: Outcome, detail: String) {
    let (at, resource) = (state.now, subscription.arn.to_string());
    state.trace(Entry { at, hop: Hop::Subscription, resource, outcome, detail, principal: None, decision: None });
}

/// Counts in `AWS/SNS`, by topic. [D] sns-monitoring-using-cloudwatch
fn count(state: &mut State, topic: &Arn, metric: &str) {
    let at = state.now;
    let dimensions = [("TopicName", topic.name())];
    cloudwatch::put_metrics(state, &topic.account(), &topic.region(), "AWS/SNS", &[metric], &dimensions, 1.0, at);
}
