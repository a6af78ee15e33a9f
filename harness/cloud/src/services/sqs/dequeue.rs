//! How messages are received, deleted, hidden and, when received too often, moved to the dead-letter queue.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::enqueue::{announce, transfer};
use super::message::{Message, MessageAttribute};
use super::queue::arm;
use crate::id::Arn;
use crate::state::State;
use crate::trace::{Entry, Hop, Outcome};

/// A message as a receiver sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Its id.
    pub message_id: String,
    /// What deletes it.
    pub receipt_handle: String,
    /// The body.
    pub body: String,
    /// The system attributes: `ApproximateReceiveCount`, `SentTimestamp`, `SenderId`,
    /// `ApproximateFirstReceiveTimestamp`, and where there are such `AWSTraceHeader`, `MessageGroupId`,
    /// `DeadLetterQueueSourceArn`.
    pub attributes: BTreeMap<String, String>,
    /// The message attributes, by name.
    pub message_attributes: Vec<(String, MessageAttribute)>,
}

/// Receives up to `max` messages without asking for permission: the caller has. They stay hidden for `visibility`, by
/// default for the queue's timeout. Messages received too often go to the dead-letter queue, those past their retention
/// period are dropped; both leave a trace.
pub fn receive(state: &mut State, queue: &Arn, max: usize, visibility: Option<Duration>) -> Vec<Received> {
    let mut received = Vec::new();
    let now = state.now;
    // With a timeout of zero a message is visible at once, but not twice in one answer.
    let mut again = Vec::new();
    while received.len() < max {
        let Some(found) = state.sqs.queues.get_mut(queue) else { break };
        let Some(number) = found.first_ready(now) else { break };
        let Some(mut message) = found.take(number) else { break };
        if found.is_expired(&message, now) {
            let detail =
                format!("message {}: its retention period of {} s is over", message.id, found.attributes.retention);
            trace(state, queue, Outcome::Lost, detail);
            continue;
        }
        let redrive =
            found.attributes.redrive.clone().filter(|redrive| message.receive_count >= redrive.max_receive_count);
        if let Some(redrive) = redrive
            && dead_letter(state, queue, &redrive.dead_letter_queue, &message)
        {
            continue;
        }
        let nonce = state.hex(16);
        let Some(found) = state.sqs.queues.get_mut(queue) else { break };
        message.receive_count += 1;
        message.first_received.get_or_insert(now);
        message.receipt = Some(nonce.clone());
        let timeout = visibility.unwrap_or(Duration::from_secs(found.attributes.visibility_timeout.into()));
        message.visible_at = now + timeout;
        received.push(message.received(queue, number, &nonce));
        if timeout.is_zero() {
            again.push((number, message));
        } else {
            found.put(number, message, now);
        }
    }
    if let Some(found) = state.sqs.queues.get_mut(queue) {
        for (number, message) in again {
            found.put(number, message, now);
        }
    }
    arm(state, queue);
    received
}

/// Whether a message can be received.
pub fn is_ready(state: &mut State, queue: &Arn) -> bool {
    let now = state.now;
    state.sqs.queues.get_mut(queue).is_some_and(|queue| queue.has_ready(now))
}

impl Message {
    fn received(&self, queue: &Arn, number: u64, nonce: &str) -> Received {
        let millis = |time: crate::time::Time| time.0.to_string();
        let mut attributes = BTreeMap::from([
            ("ApproximateReceiveCount".to_owned(), self.receive_count.to_string()),
            ("SentTimestamp".to_owned(), millis(self.sent)),
            ("SenderId".to_owned(), self.sender.clone()),
        ]);
        let optional = [
            ("ApproximateFirstReceiveTimestamp", self.first_received.map(millis)),
            ("AWSTraceHeader", self.trace_header.clone()),
            ("MessageGroupId", self.group.clone()),
            ("DeadLetterQueueSourceArn", self.source.as_ref().map(Arn::to_string)),
        ];
        attributes.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
        Received {
            message_id: self.id.clone(),
            receipt_handle: STANDARD.encode(format!("{queue} {number} {nonce}")),
            body: self.body.to_string(),
            attributes,
            message_attributes: self.attributes.clone(),
        }
    }
}

/// Moves a message to the dead-letter queue. Without that queue it stays and is delivered on. [?]
fn dead_letter(state: &mut State, source: &Arn, target: &Arn, message: &Message) -> bool {
    let Message { id, receive_count, .. } = message;
    if !state.sqs.exists(target) {
        let detail = format!(
            "message {id} was received {receive_count} times, but the dead-letter queue {target} does not exist"
        );
        trace(state, source, Outcome::Failed, detail);
        return false;
    }
    let detail = format!("message {id} was received {receive_count} times and never deleted: moved to {target}");
    trace(state, source, Outcome::DeadLettered, detail);
    transfer(state, target, message.clone(), Some(source.clone()));
    true
}

fn trace(state: &mut State, queue: &Arn, outcome: Outcome, detail: String) {
    let at = state.now;
    let resource = queue.to_string();
    state.trace(Entry { at, hop: Hop::Queue, resource, outcome, detail, principal: None, decision: None });
}

/// What a receipt handle says: the message's number and the receive it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) number: u64,
    pub(super) nonce: String,
}

impl Receipt {
    /// Reads a handle that a receive from this queue gave.
    pub(super) fn parse(handle: &str, queue: &Arn) -> Option<Self> {
        let text = String::from_utf8(STANDARD.decode(handle).ok()?).ok()?;
        let mut parts = text.split(' ');
        (parts.next()? == queue.as_str()).then_some(())?;
        Some(Self { number: parts.next()?.parse().ok()?, nonce: parts.next()?.to_owned() })
    }
}

/// The number of the message that a handle belongs to, if it is the handle of the message's last receive.
fn current(state: &State, queue: &Arn, handle: &str) -> Option<u64> {
    let receipt = Receipt::parse(handle, queue)?;
    let message = state.sqs.queues.get(queue)?.messages.get(&receipt.number)?;
    (message.receipt.as_deref() == Some(&receipt.nonce)).then_some(receipt.number)
}

/// Deletes a message. Returns whether one was deleted: the handle must be that of its last receive, but may be used
/// after the visibility timeout. [D] API_DeleteMessage; [V] LS:sqs/test_delete_after_visibility_timeout
pub fn delete(state: &mut State, queue: &Arn, receipt_handle: &str) -> bool {
    let Some(number) = current(state, queue, receipt_handle) else { return false };
    state.sqs.queues.get_mut(queue).and_then(|queue| queue.take(number)).is_some()
}

/// Hides a received message for `timeout` from now; zero shows it at once. Returns whether the message is still there;
/// the handle of an earlier receive is as good as that of the last.
/// [V] LS:sqs/test_change_message_visibility_after_visibility_timeout_expiration,
/// ::test_terminate_visibility_timeout_after_receive
pub fn change_visibility(state: &mut State, queue: &Arn, receipt_handle: &str, timeout: Duration) -> bool {
    let Some(Receipt { number, .. }) = Receipt::parse(receipt_handle, queue) else { return false };
    if !state.sqs.queues.get(queue).is_some_and(|queue| queue.messages.contains(&number)) {
        return false;
    }
    let now = state.now;
    if let Some(queue) = state.sqs.queues.get_mut(queue) {
        queue.hide(number, now + timeout, now);
    }
    if timeout.is_zero() {
        announce(state, queue);
    } else {
        arm(state, queue);
    }
    true
}
