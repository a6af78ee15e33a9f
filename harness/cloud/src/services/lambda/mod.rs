//! Lambda: functions of the OS-only runtimes, of Python and of Node.js, event source mappings on SQS queues, and the asynchronous path.
//!
//! Reading order: [`function`] (a function and its configuration) with [`package`] and [`elf`] (what may be deployed);
//! [`run`] (a function starts and ends) with [`environment`] (what its process gets), [`report`] (its logs) and
//! [`concurrency`]; [`mapping`] with [`poll`], [`record`] and [`batch`] (from a queue to a function and back);
//! [`asynchronous`] with [`destination`] (events that nobody waits for); then the API: [`routes`], [`name`], [`fault`],
//! [`create`], [`update`] and [`settings`], [`read`], [`page`], [`version`], [`permission`], [`invoke`], [`mapping_operations`],
//! [`event_invoke_config`], [`tags`].
//!
//! Sources: [D] the Lambda developer guide and API reference; [V] LS:lambda_/*.snapshot.json, recorded from AWS.

mod asynchronous;
mod batch;
mod concurrency;
mod create;
mod destination;
mod environment;
mod event_invoke_config;
mod fault;
mod function;
mod invoke;
mod mapping;
mod mapping_operations;
mod name;
mod package;
mod page;
mod permission;
mod poll;
mod read;
mod record;
mod report;
mod routes;
mod run;
mod settings;
mod tags;
mod update;
mod version;

#[cfg(test)]
mod destination_tests;
#[cfg(test)]
mod tests;

pub use asynchronous::{AsyncEvent, invoke_async};
pub use function::State;
pub use poll::queue_ready;
pub use record::{Batch, Handle};
pub use routes::{ROUTES, Route};
pub use run::completed;

use serde::{Deserialize, Serialize};

use crate::api::Operation;

/// Operations of the service.
pub const OPERATIONS: &[Operation] = &[
    Operation::noted("AddPermission", permission::add, "for the unqualified function only"),
    Operation::noted("CreateEventSourceMapping", mapping_operations::create, "SQS standard queues only"),
    Operation::noted(
        "CreateFunction",
        create::create,
        "zip packages sent with the call; provided.al2023, provided.al2, python3.* and nodejs*.x run, other runtimes can \
         only be created; no layers, VPC or file systems",
    ),
    Operation::new("DeleteEventSourceMapping", mapping_operations::delete),
    Operation::new("DeleteFunction", create::delete),
    Operation::new("DeleteFunctionConcurrency", concurrency::delete),
    Operation::new("DeleteFunctionEventInvokeConfig", event_invoke_config::delete),
    Operation::new("GetEventSourceMapping", mapping_operations::get),
    Operation::noted("GetFunction", read::get, "the location of the code cannot be downloaded"),
    Operation::noted("GetFunctionCodeSigningConfig", read::code_signing_config, "there is never one"),
    Operation::new("GetFunctionConcurrency", concurrency::get),
    Operation::new("GetFunctionConfiguration", read::configuration),
    Operation::new("GetFunctionEventInvokeConfig", event_invoke_config::get),
    Operation::new("GetPolicy", permission::get),
    Operation::noted("GetRuntimeManagementConfig", read::runtime_management_config, "always Auto"),
    Operation::noted("Invoke", invoke::invoke, "LogType Tail is not answered"),
    Operation::new("ListEventSourceMappings", mapping_operations::list),
    Operation::new("ListFunctions", read::list),
    Operation::new("ListTags", tags::list),
    Operation::new("ListVersionsByFunction", version::list),
    Operation::noted("PublishVersion", version::publish, "a version can be listed and read, not invoked"),
    Operation::new("PutFunctionConcurrency", concurrency::put),
    Operation::new("PutFunctionEventInvokeConfig", event_invoke_config::put),
    Operation::new("RemovePermission", permission::remove),
    Operation::new("TagResource", tags::tag),
    Operation::new("UntagResource", tags::untag),
    Operation::new("UpdateEventSourceMapping", mapping_operations::update),
    Operation::new("UpdateFunctionCode", update::code),
    Operation::new("UpdateFunctionConfiguration", update::configuration),
    Operation::new("UpdateFunctionEventInvokeConfig", event_invoke_config::update),
];

/// Work that is due later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Task {
    /// An event source mapping looks into its queue, if the ticket is still its last.
    Poll {
        /// The mapping's UUID.
        mapping: String,
        /// Which poll.
        ticket: u64,
    },
    /// The batching window of an event source mapping is over.
    Window {
        /// The mapping's UUID.
        mapping: String,
        /// Which window.
        ticket: u64,
    },
    /// An event of the asynchronous path is tried.
    Attempt(Box<AsyncEvent>),
}

impl Task {
    /// Whether the task has nothing to do unless somebody changes a permission: waiting for it makes no sense.
    pub fn is_idle(&self, state: &crate::state::State) -> bool {
        match self {
            Task::Poll { mapping, ticket } => !state.lambda.is_polling(mapping, *ticket),
            Task::Window { .. } | Task::Attempt(_) => false,
        }
    }
}

/// Does the work.
pub fn run(state: &mut crate::state::State, task: Task) {
    match task {
        Task::Poll { mapping, ticket } => poll::poll(state, &mapping, ticket),
        Task::Window { mapping, ticket } => poll::close_window(state, &mapping, ticket),
        Task::Attempt(event) => asynchronous::attempt(state, *event),
    }
}

/// Who asked for an invocation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Origin {
    /// Someone who waits for the answer.
    Sync,
    /// The asynchronous path.
    Async(Box<AsyncEvent>),
    /// An event source mapping, with a batch of its queue.
    Mapping(Box<Batch>),
}
