//! Queues and the messages in them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Task;
use super::attributes::Attributes;
use super::fault::Fault;
use super::message::{Message, MessageAttribute};
use super::move_task::MoveTask;
use crate::api::Call;
use crate::authz::PolicyText;
use crate::id::{AccountId, Arn, Region};
use crate::services::lambda;
use crate::table::Table;
use crate::time::Time;
use rootwatch_policy::Context;

/// State of the service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct State {
    pub(super) queues: Table<Arn, Queue>,
    /// When a queue was deleted: its name is free again a minute later.
    pub(super) deleted: Table<Arn, Time>,
    /// By task handle.
    pub(super) moves: Table<String, MoveTask>,
}

impl State {
    /// Whether there is such a queue.
    pub fn exists(&self, queue: &Arn) -> bool {
        self.queues.contains(queue)
    }

    /// The ARNs of all queues, of every account and Region.
    pub fn queues(&self) -> impl Iterator<Item = &Arn> {
        self.queues.keys()
    }

    /// The queues that messages are moved to after too many receives.
    pub(crate) fn dead_letter_queues(&self) -> impl Iterator<Item = Arn> {
        self.queues.values().filter_map(|queue| Some(queue.attributes.redrive.as_ref()?.dead_letter_queue.clone()))
    }

    /// How long a received message stays hidden, unless the receiver says otherwise.
    pub fn visibility_timeout(&self, queue: &Arn) -> Option<Duration> {
        self.queues.get(queue).map(|queue| Duration::from_secs(queue.attributes.visibility_timeout.into()))
    }

    /// The queue's policy, if it has one.
    pub fn policy(&self, queue: &Arn) -> Option<&PolicyText> {
        self.queues.get(queue).and_then(|queue| queue.policy.as_ref())
    }

    /// The KMS key that encrypts the queue: id, alias or ARN.
    pub fn kms_key(&self, queue: &Arn) -> Option<&str> {
        self.queues.get(queue).and_then(|queue| queue.attributes.kms_key.as_deref())
    }

    /// Whether a message of the queue is delayed or in flight.
    pub(super) fn has_hidden(&self, queue: &Arn) -> bool {
        self.queues.get(queue).is_some_and(|queue| !queue.hidden.is_empty())
    }

    /// Moves every moment that is kept by so many milliseconds, when the clock is set to another time: what lies in the
    /// queues keeps its age.
    pub fn shift(&mut self, milliseconds: i64) {
        let arns: Vec<Arn> = self.queues.keys().cloned().collect();
        for arn in arns {
            if let Some(queue) = self.queues.get_mut(&arn) {
                queue.shift(milliseconds);
            }
        }
        self.deleted = Table::default();
    }

    /// Takes every message out of every queue.
    pub(crate) fn drop_messages(&mut self) {
        let arns: Vec<Arn> = self.queues.keys().cloned().collect();
        for arn in arns {
            if let Some(queue) = self.queues.get_mut(&arn) {
                (queue.messages, queue.ready, queue.hidden) = Default::default();
                queue.wake = None;
            }
        }
        self.moves = Table::default();
    }

    /// The messages of a queue, hidden ones too, in the order of their arrival: bodies and attributes.
    pub fn messages(&self, queue: &Arn) -> impl Iterator<Item = (&str, &[(String, MessageAttribute)])> {
        let messages = self.queues.get(queue).into_iter().flat_map(|queue| queue.messages.values());
        messages.map(|message| (&*message.body, message.attributes.as_slice()))
    }

    /// The bodies of all messages of a queue, hidden ones too, in the order of their arrival.
    pub fn bodies(&self, queue: &Arn) -> Vec<&str> {
        self.messages(queue).map(|(body, _)| body).collect()
    }
}

/// A queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Queue {
    pub(super) arn: Arn,
    pub(super) created: Time,
    pub(super) modified: Time,
    pub(super) attributes: Attributes,
    pub(super) policy: Option<PolicyText>,
    pub(super) tags: BTreeMap<String, String>,
    /// By order of arrival.
    pub(super) messages: Table<u64, Message>,
    /// Messages that can be received, by order of arrival.
    ready: Table<u64, ()>,
    /// Messages that are delayed or in flight, by the moment at which that ends.
    hidden: Table<(Time, u64), ()>,
    /// The earliest wake-up that is scheduled.
    wake: Option<Time>,
    pub(super) purged: Option<Time>,
}

impl Queue {
    pub(super) fn new(arn: Arn, now: Time) -> Self {
        Self {
            arn,
            created: now,
            modified: now,
            attributes: Attributes::default(),
            policy: None,
            tags: BTreeMap::new(),
            messages: Table::default(),
            ready: Table::default(),
            hidden: Table::default(),
            wake: None,
            purged: None,
        }
    }

    /// Puts a message in, ready or hidden as its `visible_at` says.
    pub(super) fn put(&mut self, number: u64, message: Message, now: Time) {
        if message.visible_at <= now {
            self.ready.insert(number, ());
        } else {
            self.hidden.insert((message.visible_at, number), ());
        }
        self.messages.insert(number, message);
    }

    /// Takes a message out.
    pub(super) fn take(&mut self, number: u64) -> Option<Message> {
        let message = self.messages.remove(&number)?;
        self.ready.remove(&number);
        self.hidden.remove(&(message.visible_at, number));
        Some(message)
    }

    /// Hides a message until a moment, or shows it when the moment has come.
    pub(super) fn hide(&mut self, number: u64, until: Time, now: Time) {
        if let Some(mut message) = self.take(number) {
            message.visible_at = until;
            self.put(number, message, now);
        }
    }

    /// The message that arrived first of those that can be received.
    pub(super) fn first_ready(&mut self, now: Time) -> Option<u64> {
        self.surface(now);
        self.ready.first().map(|(number, ())| *number)
    }

    /// Whether a message can be received.
    pub(super) fn has_ready(&mut self, now: Time) -> bool {
        self.first_ready(now).is_some()
    }

    /// Moves what is due from hidden to ready.
    fn surface(&mut self, now: Time) {
        while let Some(&(at, number)) = self.hidden.first().map(|(key, ())| key).filter(|(at, _)| *at <= now) {
            self.hidden.remove(&(at, number));
            self.ready.insert(number, ());
        }
    }

    fn shift(&mut self, milliseconds: i64) {
        let moved = |time: Time| Time(time.0 + milliseconds);
        self.purged = self.purged.map(moved);
        self.wake = self.wake.map(moved);
        let mut messages = Table::default();
        for (number, message) in self.messages.iter() {
            let mut message = message.clone();
            message.sent = moved(message.sent);
            message.entered = moved(message.entered);
            message.first_received = message.first_received.map(moved);
            message.visible_at = moved(message.visible_at);
            messages.insert(*number, message);
        }
        self.messages = messages;
        let mut hidden = Table::default();
        for ((at, number), ()) in self.hidden.iter() {
            hidden.insert((moved(*at), *number), ());
        }
        self.hidden = hidden;
    }

    /// Forgets all messages.
    pub(super) fn clear(&mut self) {
        self.messages = Table::default();
        self.ready = Table::default();
        self.hidden = Table::default();
    }

    /// Whether the retention period of a message is over. It counts from the first send, also after a redrive.
    /// [D] sqs-dead-letter-queues
    pub(super) fn is_expired(&self, message: &Message, now: Time) -> bool {
        message.sent + Duration::from_secs(self.attributes.retention.into()) <= now
    }
}

/// What the metrics of a queue say at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// `ApproximateNumberOfMessagesVisible`
    pub visible: usize,
    /// `ApproximateNumberOfMessagesNotVisible`: received and neither deleted nor visible again.
    pub not_visible: usize,
    /// `ApproximateNumberOfMessagesDelayed`
    pub delayed: usize,
    /// `ApproximateAgeOfOldestMessage`; in a dead-letter queue it counts from the move. [D] sqs-available-cloudwatch-metrics
    pub age_of_oldest: Duration,
}

/// The queue's metrics now; `None` without such a queue.
pub fn metrics(state: &crate::state::State, queue: &Arn) -> Option<Metrics> {
    let queue = state.sqs.queues.get(queue)?;
    let mut metrics = Metrics::default();
    for message in queue.messages.values().filter(|message| !queue.is_expired(message, state.now)) {
        if message.visible_at <= state.now {
            metrics.visible += 1;
        } else if message.receive_count > 0 {
            metrics.not_visible += 1;
        } else {
            metrics.delayed += 1;
        }
        metrics.age_of_oldest = metrics.age_of_oldest.max(state.now - message.entered);
    }
    Some(metrics)
}

/// The URL of a queue, as AWS writes it. SDKs with an endpoint of their own ignore its host.
pub fn url(queue: &Arn) -> String {
    let region = queue.region();
    format!("https://sqs.{region}.{}/{}/{}", region.dns_suffix(), queue.account(), queue.name())
}

/// The queue that a URL means: its last two segments are account and name. A bare name is the caller's queue.
/// [V] LS:sqs/test_posting_to_queue_via_queue_name
pub(super) fn arn_of_url(url: &str, account: &AccountId, region: &Region) -> Option<Arn> {
    let path = url.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let mut segments = path.rsplit('/');
    let name = segments.next().filter(|name| !name.is_empty())?;
    let owner = segments.next().filter(|owner| AccountId::is_valid(owner));
    let owner = owner.map_or_else(|| account.clone(), AccountId::new);
    Some(Arn::of("sqs", region, &owner, name))
}

/// Makes sure that somebody wakes when the next hidden message becomes visible.
pub(super) fn arm(state: &mut crate::state::State, arn: &Arn) {
    let Some(queue) = state.sqs.queues.get(arn) else { return };
    let Some(next) = queue.hidden.first().map(|((at, _), ())| *at) else { return };
    if queue.wake.is_some_and(|wake| wake <= next) {
        return;
    }
    if let Some(queue) = state.sqs.queues.get_mut(arn) {
        queue.wake = Some(next);
    }
    state.schedule(next, Task::Wake(arn.clone()));
}

/// Messages may have become visible: tells whoever reads the queue, and arms the next wake-up.
pub(super) fn wake(state: &mut crate::state::State, arn: &Arn) {
    let now = state.now;
    let Some(queue) = state.sqs.queues.get_mut(arn) else { return };
    if queue.wake.is_some_and(|wake| wake <= now) {
        queue.wake = None;
    }
    if queue.has_ready(now) {
        lambda::queue_ready(state, arn);
    }
    arm(state, arn);
}

/// How far permissions of a queue's policy reach. [D] sqs-overview-of-managing-access, "cross-account permissions don't
/// apply to the following actions"
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Other accounts may be let in.
    AnyAccount,
    /// Only principals of the owner's account.
    OwnAccount,
}

/// Finds the queue that the call names by `QueueUrl` and authorises the call on it.
pub(super) fn named(call: &mut Call<'_>, action: &str, reach: Reach) -> Result<Arn, Fault> {
    let url = call.text("QueueUrl").filter(|url| !url.is_empty()).ok_or_else(|| Fault::missing("QueueUrl"))?;
    let arn = arn_of_url(url, &call.account, &call.region).ok_or_else(Fault::no_queue)?;
    authorised(call, action, arn, reach)
}

/// Authorises a call on a queue that must exist.
pub(super) fn authorised(call: &mut Call<'_>, action: &str, arn: Arn, reach: Reach) -> Result<Arn, Fault> {
    let Some(queue) = call.state.sqs.queues.get(&arn) else { return Err(Fault::no_queue()) };
    let own = arn.account() == call.account;
    let policy = queue.policy.clone().filter(|_| own || reach == Reach::AnyAccount);
    let name = format!("policy of queue {}", arn.name());
    call.authorise_with(action, &arn, Context::new(), policy.as_ref().map(|policy| (name.as_str(), policy)))?;
    Ok(arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let (account, region) = ("111122223333".into(), "eu-west-1".into());
        let mine = "arn:aws:sqs:eu-west-1:111122223333:q";
        let cases = [
            ("https://sqs.eu-west-1.amazonaws.com/111122223333/q", Some(mine)),
            ("http://127.0.0.1:4566/111122223333/q/", Some(mine)),
            ("http://127.0.0.1:4566/queue/999988887777/q?x=y", Some("arn:aws:sqs:eu-west-1:999988887777:q")),
            ("q", Some(mine)),
            ("", None),
        ];
        for (url, expected) in cases {
            let arn = arn_of_url(url, &account, &region);
            assert_eq!(arn.as_ref().map(Arn::as_str), expected, "{url}");
        }
        assert_eq!(url(&Arn::new(mine)), "https://sqs.eu-west-1.amazonaws.com/111122223333/q");
        assert_eq!(url(&Arn::new("arn:aws-cn:sqs:cn-north-1:1:q")), "https://sqs.cn-north-1.amazonaws.com.cn/1/q");
    }
}
