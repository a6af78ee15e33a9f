//! Log groups and what hangs on them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::Arn;
use crate::time::Time;

/// One log event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEvent {
    /// Its own time.
    pub timestamp: Time,
    /// When it was taken in.
    pub ingested: Time,
    /// The line.
    pub message: String,
}

/// A metric filter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricFilter {
    /// The pattern's text.
    pub pattern: String,
    /// The metric's namespace.
    pub namespace: String,
    /// The metric's name.
    pub metric: String,
    /// A number or `$.field`.
    pub value: String,
    /// Published for minutes in which nothing matched.
    pub default: Option<f64>,
    /// Dimension name to `$.field`.
    pub dimensions: BTreeMap<String, String>,
    /// `None`, `Count` …
    pub unit: Option<String>,
    /// When it was made: earlier events are not looked at.
    pub created: Time,
}

/// A subscription filter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionFilter {
    /// The pattern's text.
    pub pattern: String,
    /// The function that gets the events.
    pub destination: Arn,
    /// `ByLogStream` or `Random`.
    pub distribution: String,
    /// When it was made.
    pub created: Time,
}

/// A saved Logs Insights query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryDefinition {
    /// Where it is kept.
    pub owner: Arn,
    /// Its name.
    pub name: String,
    /// The query.
    pub query: String,
    /// The groups that it reads.
    pub groups: Vec<String>,
    /// When it last changed.
    pub modified: Time,
}

/// A log group.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Group {
    /// Days; `None` keeps for ever.
    pub retention_days: Option<i64>,
    /// The key that encrypts it.
    pub kms_key: Option<String>,
    /// `STANDARD` or `INFREQUENT_ACCESS`.
    pub class: String,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// When it was made.
    pub created: Time,
    /// Metric filters by name.
    pub filters: BTreeMap<String, MetricFilter>,
    /// Subscription filters by name.
    #[serde(default)]
    pub subscriptions: BTreeMap<String, SubscriptionFilter>,
    /// Events by stream.
    pub streams: BTreeMap<String, Stream>,
}

/// A log stream.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Stream {
    /// When it was made.
    pub created: Time,
    /// Its events, in the order of arrival.
    pub events: imbl::Vector<LogEvent>,
}

impl Group {
    /// Bytes, roughly as AWS counts them.
    pub(super) fn stored_bytes(&self) -> usize {
        self.streams.values().flat_map(|stream| &stream.events).map(|event| event.message.len() + 26).sum()
    }
}
