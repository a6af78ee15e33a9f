//! What a function does with one message.

use std::future::Future;

use jiff::Timestamp;

use crate::delivery::Delivery;

/// A message of the function's queue.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// SQS's id of the message.
    pub id: &'a str,
    /// The body as it stands in the queue: raw, or in SNS's envelope.
    pub body: &'a str,
    /// When it came to the queue (`SentTimestamp`).
    pub sent: Option<Timestamp>,
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
    /// Deals with one message. Messages of a batch are dealt with at the same time.
    fn handle(&self, message: Message<'_>, invocation: Invocation) -> impl Future<Output = Delivery> + Send;
}
