//! SQS: standard queues, with their policies, timeouts and dead-letter queues. FIFO queues are refused by name.
//!
//! Reading order: [`queue`] (a queue and its messages), [`attributes`] (what is set on it), [`message`] and [`checksum`],
//! [`enqueue`] (how a message enters), [`dequeue`] (how it is received, deleted, dead-lettered), [`encryption`]; then the
//! API: [`protocol`] and [`fault`] (both wire protocols), [`manage`], [`set_attributes`], [`tags`], [`permission`],
//! [`send_message`], [`receive_message`], [`batch`], [`move_task`].
//!
//! Sources: [D] the SQS API reference and developer guide; [V] LS:sqs/test_sqs.snapshot.json, recorded from AWS.

mod attributes;
mod batch;
mod checksum;
mod dequeue;
mod encryption;
mod enqueue;
mod fault;
mod manage;
mod message;
mod move_task;
mod permission;
mod protocol;
mod queue;
mod receive_message;
mod send_message;
mod set_attributes;
mod tags;

#[cfg(test)]
mod move_task_tests;
#[cfg(test)]
mod tests;

pub use dequeue::{Received, change_visibility, delete, is_ready, receive};
pub(in crate::services) use enqueue::send_in_group;
pub use enqueue::{Send, send};
pub use message::MessageAttribute;
pub use queue::{Metrics, State, metrics, url};

use serde::{Deserialize, Serialize};

use crate::api::Operation;
use crate::id::Arn;

macro_rules! operations {
    ($($name:literal => $handler:path $(, $notes:literal)?;)*) => {
        &[$(operations!(@one $name, $handler $(, $notes)?)),*]
    };
    (@one $name:literal, $handler:path) => { Operation::new($name, |call| protocol::carry_out(call, $handler)) };
    (@one $name:literal, $handler:path, $notes:literal) => {
        Operation::noted($name, |call| protocol::carry_out(call, $handler), $notes)
    };
}

/// Operations of the service.
pub const OPERATIONS: &[Operation] = operations![
    "AddPermission" => permission::add;
    "CancelMessageMoveTask" => move_task::cancel;
    "ChangeMessageVisibility" => receive_message::change_visibility;
    "ChangeMessageVisibilityBatch" => batch::change_visibility;
    "CreateQueue" => manage::create, "FIFO queues are refused";
    "DeleteMessage" => receive_message::delete;
    "DeleteMessageBatch" => batch::delete;
    "DeleteQueue" => manage::delete, "takes effect at once";
    "GetQueueAttributes" => set_attributes::get;
    "GetQueueUrl" => manage::get_url;
    "ListDeadLetterSourceQueues" => manage::list_dead_letter_sources;
    "ListMessageMoveTasks" => move_task::list;
    "ListQueueTags" => tags::list;
    "ListQueues" => manage::list;
    "PurgeQueue" => manage::purge, "takes effect at once";
    "ReceiveMessage" => receive_message::receive, "the limit of messages in flight is not modelled";
    "RemovePermission" => permission::remove;
    "SendMessage" => send_message::send;
    "SendMessageBatch" => batch::send;
    "SetQueueAttributes" => set_attributes::set, "takes effect at once";
    "StartMessageMoveTask" => move_task::start;
    "TagQueue" => tags::tag;
    "UntagQueue" => tags::untag;
];

/// Work that is due later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Task {
    /// Messages of a queue become visible: the end of a delay or of a visibility timeout.
    Wake(Arn),
    /// A message move task moves its next messages.
    Move(String),
}

impl Task {
    /// Whether the task has nothing left to do: the messages it was to wake for were deleted. Waiting for it makes no
    /// sense.
    pub fn is_idle(&self, state: &crate::state::State) -> bool {
        match self {
            Task::Wake(queue) => !state.sqs.has_hidden(queue),
            Task::Move(_) => false,
        }
    }
}

/// Does the work.
pub fn run(state: &mut crate::state::State, task: Task) {
    match task {
        Task::Wake(queue) => queue::wake(state, &queue),
        Task::Move(handle) => move_task::step(state, &handle),
    }
}
