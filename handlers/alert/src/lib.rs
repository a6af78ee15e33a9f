//! From an EventBridge event to an alert, and from an alert to words. No I/O, no AWS SDK, no clock.
//!
//! Everything here is a function of its arguments, so that what triage decides and what an alerter says can be tested,
//! fuzzed and replayed without a cloud. In reading order:
//!
//! - [`event`]: a lenient view of an EventBridge event that carries a CloudTrail record; nothing is required of it
//! - [`mod@verdict`]: login, activity or none, by a fixed order of rules
//! - [`act`]: what the event names mean in words, how severe they are, which open an incident of their own
//! - [`actor`], [`outcome`], [`keys`], [`notes`], [`links`], [`resource`], [`steps`]: the parts of an alert, one function of
//!   the event each
//! - [`alert`]: the alert itself, and [`alert::triage`], which makes it
//! - [`mod@tampering`]: changes of the monitor itself, by anyone
//! - [`settings`]: names of accounts, severities and suppressions of the hub's operators
//! - [`message`]: the alert as the JSON message of the topics, within SNS's limit, and back
//! - [`health`]: CloudWatch's own alarm message
//! - [`incoming`]: whatever arrives at an alerter's queue
//! - [`gathered`]: the acts of one incident that are sent in one message
//! - [`facts`]: an alert as the labelled lines that every sink shows
//! - [`text`]: making text that others wrote harmless for a sink
//! - [`hosts`]: names of hosts in such text, which become links by themselves

pub mod event;
pub mod verdict;

pub mod act;
pub mod actor;
pub mod keys;
pub mod links;
pub mod notes;
pub mod outcome;
pub mod resource;
pub mod steps;
pub mod tampering;

pub mod alert;
pub mod fit;
pub mod message;
pub mod settings;

pub mod facts;
pub mod gathered;
pub mod health;
pub mod hosts;
pub mod incoming;
pub mod text;

pub use act::Severity;
pub use alert::{Alert, AlertType, Correlation, Origin, Triage, triage};
pub use event::Event;
pub use gathered::Gathered;
pub use health::{Alarm, AlarmState};
pub use incoming::{Incoming, Unreadable};
pub use outcome::Outcome;
pub use settings::Settings;
pub use tampering::{Monitor, Tampering, tampering};
pub use verdict::{Reason, Verdict, verdict};
