//! From a queue to a function and back: a mapping reads its queue, gives batches to its function, and deletes what the
//! function is done with. [D] with-sqs, services-sqs-errorhandling, services-sqs-scaling

use std::time::Duration;

use super::environment::execution_role;
use super::mapping::Poll;
use super::record::{Batch, Gathered, payload};
use super::run::{self, Refused};
use super::{Origin, Task, batch};
use crate::authz::Edge;
use crate::id::Arn;
use crate::runtime::InvocationResult;
use crate::services::{kms, sqs};
use crate::state::State;
use crate::trace::{Entry, Hop, Outcome};
use rootwatch_policy::{Context, Principal};

/// What the execution role needs on the queue. [D] with-sqs, "Execution role permissions"
pub(super) const ACTIONS: [&str; 3] = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
/// The first wait after a denial, doubled each time. [?]
const BACK_OFF: Duration = Duration::from_secs(60);
/// The longest wait. [?]
const BACK_OFF_LIMIT: Duration = Duration::from_secs(900);
/// The size of a payload, bytes. [D] gettingstarted-limits
const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;

/// Messages of a queue became visible: the mappings that read it poll at once.
pub fn queue_ready(state: &mut State, queue: &Arn) {
    let Some(readers) = state.lambda.readers.get(queue).cloned() else { return };
    for reader in readers {
        let Some(mapping) = state.lambda.mappings.get(&reader) else { continue };
        if mapping.enabled {
            poll_soon(state, &reader);
        } else {
            let detail = format!("event source mapping {reader} is disabled: the messages stay in the queue");
            trace(state, queue, Outcome::Failed, detail);
        }
    }
}

/// Schedules a poll for now, if there is none.
pub(super) fn poll_soon(state: &mut State, id: &str) {
    let scheduled = state.lambda.mappings.get(id).and_then(|mapping| mapping.poll);
    if !scheduled.is_some_and(|poll| poll.at_once) {
        schedule(state, id, Duration::ZERO);
    }
}

fn schedule(state: &mut State, id: &str, wait: Duration) {
    let ticket = state.next_sequence();
    let Some(mapping) = state.lambda.mappings.get_mut(id) else { return };
    mapping.poll = Some(Poll { ticket, at_once: wait.is_zero() });
    state.schedule(state.now + wait, Task::Poll { mapping: id.to_owned(), ticket });
}

/// Reads the queue until it is empty or enough batches are under way.
pub(super) fn poll(state: &mut State, id: &str, ticket: u64) {
    let Some(mapping) = state.lambda.mappings.get_mut(id) else { return };
    if mapping.poll.is_none_or(|poll| poll.ticket != ticket) {
        return;
    }
    mapping.poll = None;
    let (queue, window, size) = (mapping.queue.clone(), mapping.window, mapping.batch_size);
    if !mapping.enabled || free(state, id) == 0 {
        // The end of a batch polls again.
        return;
    }
    let gathered = state.lambda.mappings.get(id).is_some_and(|mapping| !mapping.gathered.is_empty());
    if !gathered && !sqs::is_ready(state, &queue) {
        // The next message polls again.
        return;
    }
    if !admitted(state, id) {
        return;
    }
    while free(state, id) > 0 {
        let Some(mapping) = state.lambda.mappings.get(id) else { return };
        let wanted = size.saturating_sub(mapping.gathered.len());
        let received = sqs::receive(state, &queue, wanted, None);
        let done = received.is_empty();
        gather(state, id, &queue, received);
        let gathered = state.lambda.mappings.get(id).map_or(0, |mapping| mapping.gathered.len());
        let full = gathered >= size;
        let refused = gathered > 0 && (full || window == 0) && !dispatch(state, id);
        if refused || done {
            break;
        }
    }
    open_window(state, id);
}

/// Batches that may still be started.
fn free(state: &State, id: &str) -> usize {
    let Some(mapping) = state.lambda.mappings.get(id) else { return 0 };
    let now = state.now;
    let running = state.lambda.running.values();
    let busy = running.filter(|run| run.mapping.as_deref() == Some(id) && run.until > now).count();
    mapping.limit().saturating_sub(busy)
}

/// Whether function, role, queue and key let the mapping read; if not, it is tried again later while there is something
/// to read.
fn admitted(state: &mut State, id: &str) -> bool {
    match admit(state, id) {
        Ok(()) => {
            if let Some(mapping) = state.lambda.mappings.get_mut(id).filter(|mapping| mapping.denials > 0) {
                mapping.denials = 0;
            }
            true
        }
        Err((queue, reason)) => {
            let Some(mapping) = state.lambda.mappings.get_mut(id) else { return false };
            let wait = (BACK_OFF * 2u32.pow(mapping.denials.min(4))).min(BACK_OFF_LIMIT);
            mapping.denials += 1;
            let detail = format!("event source mapping {id} cannot read its queue: {reason}");
            trace(state, &queue, Outcome::Denied, detail);
            if sqs::metrics(state, &queue).is_some_and(|metrics| metrics.visible > 0) {
                schedule(state, id, wait);
            }
            false
        }
    }
}

fn admit(state: &mut State, id: &str) -> Result<(), (Arn, String)> {
    let Some(mapping) = state.lambda.mappings.get(id) else { return Err((Arn::new(""), String::new())) };
    let (queue, function) = (mapping.queue.clone(), mapping.function.clone());
    let fail = |reason: String| (queue.clone(), reason);
    let role = match state.lambda.functions.get(&function) {
        Some(function) => function.latest.role.clone(),
        None => return Err(fail(format!("the function {function} does not exist"))),
    };
    if !state.sqs.exists(&queue) {
        return Err(fail("the queue does not exist".to_owned()));
    }
    let principal = execution_role(state, Hop::EventSourceMapping, &function, &role).map_err(fail)?;
    let region = queue.region();
    let policy = state.sqs.policy(&queue).cloned();
    let name = format!("policy of queue {}", queue.name());
    for action in ACTIONS {
        let edge = Edge::new(&principal, action, &queue, &region).policy(&name, policy.as_ref());
        state.authorise(Hop::EventSourceMapping, &edge).map_err(|refusal| fail(refusal.message))?;
    }
    may_decrypt(state, &principal, &queue).map_err(fail)
}

/// Whether the role may use the queue's key, if it has one. [D] sqs-key-management, "consumers"
fn may_decrypt(state: &mut State, principal: &Principal, queue: &Arn) -> Result<(), String> {
    let Some(key) = state.sqs.kms_key(queue).map(str::to_owned) else { return Ok(()) };
    let region = queue.region();
    let mut context = Context::new()
        .with("kms:ViaService", format!("sqs.{region}.{}", region.dns_suffix()))
        .with("kms:EncryptionContext:aws:sqs:arn", queue.as_str());
    if let Some(account) = principal.account() {
        context.set("kms:CallerAccount", account);
    }
    let hop = Hop::EventSourceMapping;
    kms::allows(state, hop, principal, &region, &key, &queue.account(), &["kms:Decrypt"], context)
        .map_err(|error| error.to_string())
}

/// Takes messages in; those that no filter admits are deleted. [D] invocation-eventfiltering, "SQS"
fn gather(state: &mut State, id: &str, queue: &Arn, received: Vec<sqs::Received>) {
    for message in received {
        let message = Gathered::new(message, queue);
        let Some(mapping) = state.lambda.mappings.get_mut(id) else { return };
        if mapping.admits(&message) {
            mapping.gathered.push(message);
            continue;
        }
        let detail = format!(
            "message {}: no filter of event source mapping {id} matches, so it is deleted",
            message.handle.message_id
        );
        sqs::delete(state, queue, &message.handle.receipt_handle);
        trace(state, queue, Outcome::NotMatched, detail);
    }
}

/// Gives a batch of what was gathered to the function. Returns whether it took it.
fn dispatch(state: &mut State, id: &str) -> bool {
    let Some(mapping) = state.lambda.mappings.get_mut(id) else { return false };
    let mut size = 0;
    let fits = mapping.gathered.iter().take(mapping.batch_size).take_while(|message| {
        size += message.size();
        size <= PAYLOAD_LIMIT
    });
    let count = fits.count().max(1).min(mapping.gathered.len());
    let (handles, records) =
        mapping.gathered.drain(..count).map(|message| (message.handle, message.record)).unzip::<_, _, Vec<_>, Vec<_>>();
    if mapping.gathered.is_empty() {
        mapping.open = None;
    }
    let (queue, function, partial_responses) =
        (mapping.queue.clone(), mapping.function.clone(), mapping.partial_responses);
    let request_id = state.uuid();
    let ids = handles.iter().map(|handle| handle.message_id.as_str()).collect::<Vec<_>>().join(", ");
    let to = function.name();
    let batch = Batch { mapping: id.to_owned(), queue: queue.clone(), messages: handles, partial_responses };
    let origin = Origin::Mapping(Box::new(batch));
    let (outcome, detail) = match run::start(state, &function, request_id.clone(), payload(records), origin) {
        Ok(()) => (Outcome::Delivered, format!("message {ids} to function {to}, request {request_id}")),
        // [D] services-sqs-scaling: what was read is back in the queue after its visibility timeout, received once more.
        Err(Refused::Throttled(reason)) => (
            Outcome::Retried,
            format!("function {to} is throttled ({reason}): message {ids} returns after its visibility timeout"),
        ),
        Err(Refused::Role(reason)) => {
            (Outcome::Retried, format!("the role of function {to} cannot be assumed: {reason}"))
        }
        Err(Refused::Missing) => (Outcome::Retried, format!("the function {function} does not exist")),
    };
    let started = outcome == Outcome::Delivered;
    trace(state, &queue, outcome, detail);
    started
}

/// Starts the batching window when something waits for more.
fn open_window(state: &mut State, id: &str) {
    let Some(mapping) = state.lambda.mappings.get(id) else { return };
    if mapping.gathered.is_empty() || mapping.open.is_some() {
        return;
    }
    let wait = Duration::from_secs(mapping.window.into());
    let ticket = state.next_sequence();
    if let Some(mapping) = state.lambda.mappings.get_mut(id) {
        mapping.open = Some(ticket);
    }
    state.schedule(state.now + wait, Task::Window { mapping: id.to_owned(), ticket });
}

/// The batching window is over: what was gathered goes to the function.
pub(super) fn close_window(state: &mut State, id: &str, ticket: u64) {
    if state.lambda.mappings.get(id).is_none_or(|mapping| mapping.open != Some(ticket)) {
        return;
    }
    while free(state, id) > 0 && state.lambda.mappings.get(id).is_some_and(|mapping| !mapping.gathered.is_empty()) {
        if !dispatch(state, id) {
            break;
        }
    }
    if let Some(mapping) = state.lambda.mappings.get_mut(id) {
        mapping.open = None;
    }
    // What found no room waits for the end of a batch, or for another window.
    open_window(state, id);
}

/// A batch has ended: deletes what succeeded, and reads on.
pub(super) fn ended(state: &mut State, ended: &Batch, function: &Arn, result: &InvocationResult) {
    let Batch { mapping: id, queue, messages, partial_responses } = ended;
    let ids: Vec<&str> = messages.iter().map(|message| message.message_id.as_str()).collect();
    let failed = match result {
        InvocationResult::Error { .. } => Err(format!("function {} failed", function.name())),
        InvocationResult::Response(response) if *partial_responses => batch::failures(response, &ids),
        InvocationResult::Response(_) => Ok(Vec::new()),
    };
    let hidden = state.sqs.visibility_timeout(queue).unwrap_or_default().as_secs();
    let again = format!("in the queue again after its visibility timeout of {hidden} s");
    match failed {
        Err(reason) => {
            let detail = format!("message {}: {reason}; {again}", ids.join(", "));
            trace(state, queue, Outcome::Retried, detail);
        }
        Ok(failed) => {
            for message in messages.iter().filter(|message| !failed.contains(&message.message_id)) {
                sqs::delete(state, queue, &message.receipt_handle);
            }
            if !failed.is_empty() {
                let detail = format!(
                    "message {}: reported by function {} as failed; {again}",
                    failed.join(", "),
                    function.name()
                );
                trace(state, queue, Outcome::Retried, detail);
            }
        }
    }
    if state.lambda.mappings.get(id).is_some_and(|mapping| mapping.enabled) {
        poll_soon(state, id);
    }
}

fn trace(state: &mut State, queue: &Arn, outcome: Outcome, detail: String) {
    let (at, resource) = (state.now, queue.to_string());
    state.trace(Entry { at, hop: Hop::EventSourceMapping, resource, outcome, detail, principal: None, decision: None });
}
