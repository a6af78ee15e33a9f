//! What FIFO queues and FIFO topics share: a message is told from another by an id, for five minutes.
//! [D] FIFO-queues-exactly-once-processing, fifo-message-dedup

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::table::Table;
use crate::time::Time;

/// How long a message that is sent again is taken for the same. [D]
const INTERVAL: Duration = Duration::from_secs(300);
/// Where sequence numbers begin: 20 digits, of which only the order means something. [D] API_SendMessage
const FIRST_SEQUENCE: u128 = 18_850_000_000_000_000_000;

/// What a message is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) group: String,
    pub(super) id: String,
    /// The id, and the group where ids are told apart by it.
    key: String,
}

impl Identity {
    /// By the id that was given, else by the sum of the `content`; none where there is neither.
    pub(super) fn new(group: String, id: Option<&str>, content: Option<&str>, by_group: bool) -> Option<Self> {
        let sum = |content: &str| Sha256::digest(content.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let id: String = id.map(str::to_owned).or_else(|| content.map(sum))?;
        let key = if by_group { format!("{group}\n{id}") } else { id.clone() };
        Some(Self { group, id, key })
    }
}

/// A message that was sent a short while ago.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sent {
    at: Time,
    pub(super) message: String,
    pub(super) sequence: String,
}

/// The messages of the last five minutes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Recent(Table<String, Sent>);

impl Recent {
    /// The message that this one repeats. It need not be in the queue any more. [D]
    pub(super) fn repeated(&mut self, identity: &Identity, now: Time) -> Option<Sent> {
        self.0.retain(|_, sent| sent.at + INTERVAL > now);
        self.0.get(&identity.key).cloned()
    }

    /// Remembers a message; its sequence number.
    pub(super) fn note(&mut self, identity: &Identity, message: &str, number: u64, now: Time) -> String {
        let sequence = (FIRST_SEQUENCE + u128::from(number)).to_string();
        let sent = Sent { at: now, message: message.to_owned(), sequence: sequence.clone() };
        self.0.insert(identity.key.clone(), sent);
        sequence
    }
}
