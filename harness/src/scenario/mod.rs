//! Scenario files: what is recorded, where it is injected, and what must come out.

mod fault;
mod format;
mod identity;
mod load;
mod redact;
mod schema;

pub use fault::{Alerter, Connection, Fault, Faults};
pub use format::{Counts, DeploymentChange, Expectation, PutEvents, Redriven, Scenario, Step, StoppedAt};
pub use identity::{Played, Who, exchange, play};
pub use load::{Loaded, ScenarioError, events_of, find, load};
pub use redact::{Kind, Redactor};
pub use schema::schema;
