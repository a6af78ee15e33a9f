//! How a message enters a queue.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::encryption;
use super::message::{self, Message, MessageAttribute};
use super::queue::{Queue, arm};
use crate::authz::Edge;
use crate::id::{Arn, Region};
use crate::services::{DeliveryError, cloudwatch, lambda};
use crate::state::State;
use crate::time::Time;
use crate::trace::{Entry, Hop, Outcome};
use rootwatch_policy::{Context, Decision, Principal};

/// A message that a service sends.
#[derive(Clone, Debug)]
pub struct Send<'a> {
    /// Who sends.
    pub principal: &'a Principal,
    /// Where the request is made.
    pub region: &'a Region,
    /// To which queue.
    pub queue: &'a Arn,
    /// The body.
    pub body: String,
    /// The message attributes.
    pub attributes: Vec<(String, MessageAttribute)>,
    /// The condition keys of the edge, such as `aws:SourceArn`.
    pub context: Context,
}

/// Sends a message in a service's name: asks the queue's policy and its key, checks the size, enqueues. `hop` is the hop
/// that a refusal is traced under; what is delivered is traced as [`Hop::Queue`].
///
/// # Errors
/// All of them final: `AWS.SimpleQueueService.NonExistentQueue`, `AccessDenied` (the queue's policy), KMS's codes (its
/// key), `InvalidParameterValue` and `InvalidMessageContents` (too large, or characters that SQS does not take).
pub fn send(state: &mut State, hop: Hop, send: Send<'_>) -> Result<String, DeliveryError> {
    send_in_group(state, hop, send, None)
}

/// The same with a message group, which a standard queue only carries along.
/// [V] LS:sns/test_publish_message_group_id
pub(in crate::services) fn send_in_group(
    state: &mut State,
    hop: Hop,
    send: Send<'_>,
    group: Option<String>,
) -> Result<String, DeliveryError> {
    let Send { principal, region, queue, body, attributes, context } = send;
    let Some(found) = state.sqs.queues.get(queue) else {
        return Err(DeliveryError::permanent(
            "AWS.SimpleQueueService.NonExistentQueue",
            "The specified queue does not exist.",
        ));
    };
    let limit = found.attributes.maximum_message_size as usize;
    let policy = found.policy.clone();
    let name = format!("policy of queue {}", queue.name());
    let mut edge = Edge::new(principal, "sqs:SendMessage", queue, region).policy(&name, policy.as_ref());
    edge.context = context.clone();
    let decision =
        state.authorise(hop, &edge).map_err(|refusal| DeliveryError::permanent("AccessDenied", refusal.message))?;
    encryption::check(state, hop, principal, region, queue, encryption::SENDER, &context)?;
    let checked = message::check_body(&body).and_then(|()| message::check_attributes(&attributes));
    checked.map_err(|fault| {
        let (code, text, _) = fault.entry();
        DeliveryError::permanent(code, text)
    })?;
    let size = message::size(&body, &attributes);
    if size > limit {
        return Err(DeliveryError::permanent(
            "InvalidParameterValue",
            format!("One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes."),
        ));
    }
    let draft = Draft { body, attributes, group, ..Draft::default() };
    Ok(enqueue(state, principal, queue, draft, Some(decision)))
}

/// A checked message before it has an id.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) body: String,
    pub(super) attributes: Vec<(String, MessageAttribute)>,
    pub(super) trace_header: Option<String>,
    pub(super) group: Option<String>,
    /// Instead of the queue's own delay.
    pub(super) delay_seconds: Option<u32>,
}

/// Puts a message into a queue that exists; returns its id.
pub(super) fn enqueue(
    state: &mut State,
    principal: &Principal,
    arn: &Arn,
    mut draft: Draft,
    decision: Option<Decision>,
) -> String {
    let (id, number, now) = (state.uuid(), state.next_sequence(), state.now);
    draft.attributes.sort_by(|(a, _), (b, _)| a.cmp(b));
    if let Some(queue) = state.sqs.queues.get_mut(arn) {
        let delay = draft.delay_seconds.unwrap_or(queue.attributes.delay);
        let message = Message {
            id: id.clone(),
            body: draft.body.into(),
            attributes: draft.attributes,
            trace_header: draft.trace_header,
            group: draft.group,
            sender: sender_id(principal),
            sent: now,
            entered: now,
            first_received: None,
            receive_count: 0,
            visible_at: now + Duration::from_secs(delay.into()),
            receipt: None,
            source: None,
        };
        queue.put(number, message, now);
    }
    state.trace(Entry {
        at: now,
        hop: Hop::Queue,
        resource: arn.to_string(),
        outcome: Outcome::Delivered,
        detail: format!("message {id}"),
        principal: Some(principal.arn()),
        decision,
    });
    announce(state, arn);
    id
}

/// Puts a message that another queue gave up into this one; keeps its id, its age and its receive count.
pub(super) fn transfer(state: &mut State, arn: &Arn, mut message: Message, source: Option<Arn>) {
    let (number, now) = (state.next_sequence(), state.now);
    message.visible_at = now;
    message.entered = now;
    message.receipt = None;
    message.source = source;
    if let Some(queue) = state.sqs.queues.get_mut(arn) {
        queue.put(number, message, now);
    }
    announce(state, arn);
}

/// Tells whoever reads the queue, now or when the message becomes visible.
pub(super) fn announce(state: &mut State, arn: &Arn) {
    let now: Time = state.now;
    if state.sqs.queues.get_mut(arn).is_some_and(|queue: &mut Queue| queue.has_ready(now)) {
        lambda::queue_ready(state, arn);
        cloudwatch::queue_changed(state, arn);
    }
    arm(state, arn);
}

/// The `SenderId`: a user's id, a role's id with the session, an account, or a service's own user.
/// [D] API_ReceiveMessage; ids are derived from the ARN, so that they are stable.
fn sender_id(principal: &Principal) -> String {
    match principal {
        Principal::Root { account } => account.clone(),
        Principal::Role { role_arn, session_arn, .. } => {
            let session = session_arn.rsplit('/').next().unwrap_or_default();
            format!("{}:{session}", unique_id("AROA", role_arn))
        }
        Principal::Administrator { arn, .. } | Principal::User { arn, .. } => unique_id("AIDA", arn),
        Principal::Service { name } => unique_id("AIDA", name),
        Principal::Anonymous => "anonymous".to_owned(),
    }
}

fn unique_id(prefix: &str, name: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digest = Sha256::digest(name.as_bytes());
    let text: String = digest.iter().take(17).map(|byte| ALPHABET[usize::from(byte % 32)] as char).collect();
    format!("{prefix}{text}")
}
