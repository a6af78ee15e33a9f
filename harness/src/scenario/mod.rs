//! Scenario files: what is recorded, where it is injected, and what must come out.

mod format;
mod identity;
mod load;

pub use format::{Counts, DeploymentChange, Expectation, Fault, PutEvents, Scenario, Step, StoppedAt};
pub use identity::{Played, Who, exchange, play};
pub use load::{Loaded, ScenarioError, find, load};
