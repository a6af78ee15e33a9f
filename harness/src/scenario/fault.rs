//! What goes wrong at Slack or PagerDuty, on purpose.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Faults by alerter (`slack`, `pagerduty`), each list in the order in which the requests meet them.
pub type Faults = BTreeMap<Alerter, Vec<Fault>>;

/// An alerter that talks to a service outside AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Alerter {
    /// Slack.
    Slack,
    /// PagerDuty.
    Pagerduty,
}

impl Alerter {
    /// As the sink's address names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Pagerduty => "pagerduty",
        }
    }
}

/// One fault: an answer, or none.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The status of the answer.
    #[serde(default)]
    pub status: Option<u16>,
    /// Its headers, for example `Retry-After`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Its body.
    #[serde(default)]
    pub body: String,
    /// Adds that many bytes to the body.
    #[serde(default)]
    pub padding: usize,
    /// What happens to the connection instead of an answer.
    #[serde(default)]
    pub connection: Option<Connection>,
    /// For `refused` and `untrusted`: after how many minutes of the scenario's time it passes. Left out: never.
    #[serde(default)]
    pub minutes: Option<u64>,
    /// How many requests meet it. Left out: all that follow.
    #[serde(default)]
    pub times: Option<u64>,
}

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Connection {
    /// Nobody listens. For all requests of the scenario.
    Refused,
    /// The certificate is signed by nobody whom the function trusts. For all requests of the scenario.
    Untrusted,
    /// It is closed when the request has been read, without an answer.
    Reset,
    /// The request is read and never answered; the function must give up by itself, in real time.
    Hang,
    /// The answer begins and never ends; the function must give up by itself, in real time.
    Drip,
}

/// How the deduplication table fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StoreFault {
    /// More requests than it takes.
    Throttled,
    /// It stumbles.
    InternalError,
}
