//! FIFO queues: groups in their order, and each message once. [D] sqs-fifo-queues, FIFO-queues-exactly-once-processing

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::fault::Fault;
use crate::services::fifo::Identity;

/// What is set on a FIFO queue and on no other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fifo {
    /// The body's sum stands for an id that is not given.
    content_based: bool,
    /// Whether ids are told apart by group.
    by_group: bool,
    throughput_by_group: bool,
}

impl Fifo {
    /// What GetQueueAttributes shows. [D] API_GetQueueAttributes
    pub(super) fn shown(&self) -> [(&'static str, String); 4] {
        [
            ("FifoQueue", "true".to_owned()),
            ("ContentBasedDeduplication", self.content_based.to_string()),
            ("DeduplicationScope", if self.by_group { "messageGroup" } else { "queue" }.to_owned()),
            ("FifoThroughputLimit", if self.throughput_by_group { "perMessageGroupId" } else { "perQueue" }.to_owned()),
        ]
    }

    /// Sets one attribute; `None` where it is none of a FIFO queue's own. A queue stays what it is.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Option<Result<(), Fault>> {
        let bad = || Fault::invalid_attribute(name);
        let one_of = |no: &str, yes: &str| match value {
            value if value == no => Ok(false),
            value if value == yes => Ok(true),
            _ => Err(bad()),
        };
        Some(match name {
            "FifoQueue" if value == "true" => Ok(()),
            "FifoQueue" => Err(bad()),
            "ContentBasedDeduplication" => value.parse().map(|on| self.content_based = on).map_err(|_| bad()),
            "DeduplicationScope" => one_of("queue", "messageGroup").map(|on| self.by_group = on),
            "FifoThroughputLimit" => one_of("perQueue", "perMessageGroupId").map(|on| self.throughput_by_group = on),
            _ => return None,
        })
    }

    /// The limit by group needs ids that are told apart by group. [D] API_SetQueueAttributes
    pub(super) fn check(&self) -> Result<(), Fault> {
        if self.throughput_by_group && !self.by_group {
            return Err(Fault::invalid_attribute("FifoThroughputLimit"));
        }
        Ok(())
    }

    /// What a message is known by. [V] LS:sqs/test_sequence_number for the members; the texts [T]
    pub(super) fn identity(&self, body: &str, group: Option<&str>, id: Option<&str>) -> Result<Identity, Fault> {
        let group = group.ok_or_else(|| Fault::missing("MessageGroupId"))?.to_owned();
        Identity::new(group, id, self.content_based.then_some(body), self.by_group).ok_or_else(|| {
            Fault::invalid_value(
                "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided \
                 explicitly",
            )
        })
    }
}

/// Whether the name of a queue says that it is one. [D] API_CreateQueue
pub(super) fn is_fifo_name(name: &str) -> bool {
    name.ends_with(".fifo")
}

/// The settings of a queue about to be made, if it shall be a FIFO queue; its attributes without the mark. [T] the text
pub(super) fn asked(name: &str, attributes: &mut BTreeMap<String, String>) -> Result<Option<Fifo>, Fault> {
    match attributes.get("FifoQueue").map(String::as_str) {
        Some("true") if is_fifo_name(name) => {}
        None if !is_fifo_name(name) => return Ok(None),
        Some("false") if !is_fifo_name(name) => return Err(Fault::unknown_attribute("FifoQueue")),
        Some("true") => {
            return Err(Fault::invalid_value(
                "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end \
                 with .fifo suffix and be 1 to 80 in length.",
            ));
        }
        _ => {
            return Err(Fault::invalid_value(
                "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
            ));
        }
    }
    attributes.remove("FifoQueue");
    Ok(Some(Fifo::default()))
}

/// The first of the messages that can be received whose group does not wait for an earlier one: while a message of a
/// group is in flight or delayed, what comes after it stays. `taken` are the groups of this receive, which may take more
/// than one message of a group. [D] FIFO-queues-understanding-logic
pub(super) fn first<'m>(
    ready: impl Iterator<Item = (u64, &'m str)>,
    hidden: impl Iterator<Item = &'m str>,
    taken: &BTreeSet<String>,
) -> Option<u64> {
    let waiting: BTreeSet<&str> = hidden.filter(|group| !taken.contains(*group)).collect();
    let mut ready = ready;
    ready.find(|(_, group)| !waiting.contains(group)).map(|(number, _)| number)
}
