//! What could not be delivered goes to the target's dead-letter queue, with the reason. [D] UG eb-rule-dlq

use super::deliver::{Delivery, SERVICE};
use super::failure::Failure;
use super::metrics;
use crate::id::Arn;
use crate::services::{DeliveryError, sqs};
use crate::state::State;
use crate::trace::Hop;
use rootwatch_policy::Principal;

/// Where an undeliverable event ended.
#[derive(Debug)]
pub(super) enum Burial {
    Buried(Arn),
    Refused(Arn, DeliveryError),
    NoQueue,
}

/// Sends the event to the dead-letter queue. `exhausted` names the limit of retrying that ended the delivery.
pub(super) fn bury(state: &mut State, delivery: &Delivery, failure: &Failure, exhausted: Option<&str>) -> Burial {
    let Some(queue) = delivery.target.dead_letter_queue() else {
        return Burial::NoQueue;
    };
    let mut attributes = vec![
        text("RULE_ARN", delivery.rule.as_str()),
        text("TARGET_ARN", &delivery.target.arn),
        text("ERROR_CODE", &failure.code),
        text("ERROR_MESSAGE", &failure.message),
        text("RETRY_ATTEMPTS", &delivery.retries().to_string()),
    ];
    // Only where a limit ended the delivery. [T]
    attributes.extend(exhausted.map(|limit| text("EXHAUSTED_RETRY_CONDITION", limit)));
    let (principal, region) = (Principal::Service { name: SERVICE.into() }, delivery.region());
    let send = sqs::Send {
        principal: &principal,
        region: &region,
        queue: &queue,
        // The event itself, not what the target would have been given. [?]
        body: delivery.event.text(),
        attributes,
        context: delivery.source_keys(),
    };
    let (metric, burial) = match sqs::send(state, Hop::Queue, send) {
        Ok(_) => ("InvocationsSentToDlq", Burial::Buried(queue)),
        Err(error) => ("InvocationsFailedToBeSentToDlq", Burial::Refused(queue, error)),
    };
    metrics::count(state, &delivery.bus, &delivery.rule, &[metric]);
    burial
}

fn text(name: &str, value: &str) -> (String, sqs::MessageAttribute) {
    let attribute =
        sqs::MessageAttribute { data_type: "String".into(), string_value: Some(value.to_owned()), binary_value: None };
    (name.to_owned(), attribute)
}
