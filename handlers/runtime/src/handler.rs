//! What a function does with one message.

use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;

use crate::delivery::Delivery;

/// A message of the function's queue.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// SQS's id of the message.
    pub id: &'a str,
    /// The body as it is in the queue: raw, or in SNS's envelope.
    pub body: &'a str,
    /// When it came to the queue (`SentTimestamp`).
    pub sent: Option<Timestamp>,
    /// How often it was received, this time included (`ApproximateReceiveCount`).
    pub receives: u32,
}

impl Message<'_> {
    /// How long the message has been in its queue. The invocation's deadline is used as the time, so the age is too high by
    /// the function's timeout.
    pub(crate) fn age(&self, invocation: Invocation) -> Option<Duration> {
        let sent = u64::try_from(self.sent?.as_millisecond()).ok()?;
        Some(Duration::from_millis(invocation.deadline_ms.saturating_sub(sent)))
    }
}

/// What an invocation says about itself; the only clock that a function has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invocation {
    /// The deadline in milliseconds since 1970 (`Lambda-Runtime-Deadline-Ms`). Of two invocations of one function,
    /// the deadlines are as far apart as the invocations.
    pub deadline_ms: u64,
}

/// A function of this workspace.
pub trait Handler: Send + Sync {
    /// Longest time for one message. With the move to the dead-letter queue it must stay below the function's timeout in
    /// Terraform.
    const TIMEOUT: Duration = Duration::from_secs(7);

    /// Deals with one message. Messages of a batch are dealt with at the same time.
    fn handle(&self, message: Message<'_>, invocation: Invocation) -> impl Future<Output = Delivery> + Send;
}
