//! The outcome of a message.

use std::fmt;
use std::time::Duration;

use crate::backoff::Urgency;

/// The outcome of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The message was delivered: it leaves the queue.
    Done,
    /// Nothing failed, but the message has to wait for another one: it returns to its queue. Waiting is never counted as
    /// a failed attempt.
    Wait {
        /// How long, in seconds.
        seconds: u64,
        /// The reason for the wait, for the log.
        what: &'static str,
    },
    /// The attempt failed. The message returns to its queue and comes again after a backoff, until its patience ends.
    Retry(Reason),
    /// No attempt can succeed. The message goes to the dead-letter queue at once, with the reason.
    Permanent(Reason),
}

/// How long a failure is retried before the message goes to the dead-letter queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// 24 hours from the message's arrival: outages end.
    Day,
    /// One hour: the sink answered something that is not documented.
    Hour,
    /// A few attempts: the sink may have accepted the message, so each attempt may be a duplicate.
    Ambiguous,
}

/// Most attempts of a message whose outcome is ambiguous. Without a store the receives of the message are counted.
pub const AMBIGUOUS_ATTEMPTS: u32 = 8;

impl Patience {
    /// The reason for the dead-letter queue once the patience has ended, otherwise none.
    pub(crate) fn ended(self, attempts: u32, age: Option<Duration>) -> Option<&'static str> {
        const HOUR: Duration = Duration::from_secs(3_600);
        let older = |limit: Duration| age.is_some_and(|age| age >= limit);
        match self {
            Patience::Day if older(24 * HOUR) => Some("gave up after 24 hours"),
            Patience::Hour if older(HOUR) => Some("gave up after an hour"),
            Patience::Ambiguous if attempts >= AMBIGUOUS_ATTEMPTS || older(24 * HOUR) => {
                Some("may have been delivered")
            }
            _ => None,
        }
    }
}

/// Why a message was not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// A short stable name, as `SlackHttp404`.
    pub code: String,
    /// A sentence with the facts and, where there is one, the next step. Never a secret.
    pub message: String,
    /// How long the sink asks to wait (`Retry-After`).
    pub retry_after: Option<Duration>,
    /// How long the failure is retried.
    pub patience: Patience,
    /// How soon the alert is retried.
    pub urgency: Urgency,
    /// Failed attempts, this one included, if a store counts them. Otherwise the receives of the message are counted.
    pub attempts: Option<u32>,
    /// The wait before the next attempt in seconds, if it is already determined.
    pub wait: Option<u64>,
}

impl Reason {
    /// A reason with this code and sentence.
    pub fn new(code: impl Into<String>, message: impl fmt::Display) -> Self {
        Reason {
            code: code.into(),
            message: message.to_string(),
            retry_after: None,
            patience: Patience::Day,
            urgency: Urgency::High,
            attempts: None,
            wait: None,
        }
    }

    /// The same with another patience.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        Reason { patience, ..self }
    }
}

impl Delivery {
    /// The same with the urgency of an alert.
    #[must_use]
    pub fn with_urgency(mut self, urgency: Urgency) -> Self {
        if let Delivery::Retry(reason) = &mut self {
            reason.urgency = urgency;
        }
        self
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}
