//! What the five functions share: a function of this workspace is a [`Handler`] and a `main` of one line.
//!
//! Each function is fed by its own SQS queue and answers with partial batch failures. What became of a message is a
//! [`Delivery`]: done, to be tried again, or never to be delivered. In reading order:
//!
//! - [`platform`]: what a function is given: environment, AWS clients, the way to the web
//! - [`handler`]: what a function does with one message, and the time of its invocation
//! - [`delivery`]: the outcome of a message; [`backoff`]: the wait before its next attempt
//! - [`batch`]: many messages at once, the dead-letter queue, the answer to Lambda
//! - [`secret`]: secrets by ARN, cached
//! - [`https`]: requests to sinks
//! - [`sink`]: what a sink's answer means for a message
//! - [`store`]: the alerts that were sent, and what belongs together; [`turn`]: what that means for a message
//! - [`call`]: calls of AWS without an SDK
//! - [`main`]: the process
//! - `queue`: the function's own queue
//! - `testing` (a feature): a platform whose AWS and web are a closure
//!
//! A function never reads the system clock and never sleeps: what has to wait goes back to its queue.

pub mod platform;

pub mod backoff;
pub mod delivery;
pub mod handler;

pub mod batch;

pub mod https;
pub mod secret;
pub mod sink;

pub mod call;
pub mod store;
pub mod turn;

#[cfg(feature = "testing")]
pub mod testing;

mod aws;
mod log;
mod process;
mod queue;

pub use aws::{describe, is_invalid};
pub use backoff::Urgency;
pub use batch::Function;
pub use delivery::{Delivery, Patience, Reason};
pub use handler::{Handler, Invocation, Message};
pub use https::{Failure, HttpsUrl, Response, Web};
pub use platform::{ConfigurationError, Environment, Platform};
pub use process::{InvocationError, Local, main};
pub use secret::{Secret, SecretError};
pub use sink::{Answer, Form, deliver};
pub use store::Store;
pub use turn::{Act, Gathering, Ticket, Turn};
