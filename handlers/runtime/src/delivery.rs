//! What became of a message.

use std::fmt;
use std::time::Duration;

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It is where it was to go: the message leaves the queue.
    Done,
    /// Not yet, though nothing failed: the message returns to its queue and comes again then.
    Wait {
        /// For how long, in seconds.
        seconds: u64,
        /// What it waits for, for the log.
        what: &'static str,
    },
    /// Not now. The message returns to its queue and comes again after a while that grows with every try; the
    /// queue's `maxReceiveCount` ends this.
    Retry(Reason),
    /// Never, whatever is tried. The message goes to the dead-letter queue at once, with the reason.
    Permanent(Reason),
}

/// Why a message was not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// A short stable name, as `SlackHttp404`.
    pub code: String,
    /// A sentence with the facts and, where there is one, the next step. Never a secret.
    pub message: String,
    /// For how long the sink wants peace, where it says so.
    pub peace: Option<Duration>,
}

impl Reason {
    /// A reason of this code and sentence.
    pub fn new(code: impl Into<String>, message: impl fmt::Display) -> Self {
        Reason { code: code.into(), message: message.to_string(), peace: None }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}
