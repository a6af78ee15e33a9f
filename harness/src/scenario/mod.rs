//! Scenario files: what is recorded, where it is injected, and what must come out.

mod accept;
mod account;
mod error;
mod expect;
mod fault;
mod format;
mod identity;
mod load;
mod redact;
mod scaffold;
mod schema;
mod variables;

pub use accept::{Accepted, accept};
pub use account::Account;
pub use error::{Place, ScenarioError};
pub use expect::{Mention, MessageExpectation, Receiver, at};
pub use fault::{Alerter, Connection, Fault, Faults, StoreFault};
pub use format::{
    ApiCall, Counts, DeploymentChange, Expectation, PutEvents, Redriven, Scenario, SlackBy, Step, StoppedAt,
};
pub use identity::{HUB_KEY, Played, Who, exchange, for_accounts, play, with_hub_key, with_text};
pub(crate) use load::is_scenario;
pub use load::{Loaded, events_of, find, load, read_text};
pub use redact::{Kind, NOT_REPLACED, Redactor};
pub use scaffold::scaffold;
pub use schema::schema;
