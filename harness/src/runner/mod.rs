//! Running scenarios: each in its own fork of the deployment, on a clock of its own.

pub mod api;
pub mod clients;
mod compare;
mod diagnose;
mod event;
mod keep;
mod outcome;
mod scenario;
mod session;

pub use compare::Compared;
pub(crate) use compare::{compared, differences, mentions};
pub(crate) use diagnose::{is_for_alarms, is_of_coverage, is_trouble};
pub use event::{Deployed, Finished, Label, Plan, RunEvent};
pub use keep::{KeepError, Kept};
pub(crate) use outcome::shell_word;
pub use outcome::{AlertCounts, Message, Outcome, SinkCounts, Status, Summary};
pub(crate) use scenario::{is_health, put};
pub use session::{Execution, Session, SessionError};
pub(crate) use session::{chain, coverage, refused};
