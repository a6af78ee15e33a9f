//! An event source mapping: which function reads which queue, and how.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use super::function::State;
use super::record::Gathered;
use crate::id::Arn;
use crate::time::Time;
use rootwatch_pattern::EventPattern;

/// Batches at once, unless the mapping sets its own maximum. [D] with-sqs, "scaling": it starts with five
const CONCURRENT_BATCHES: usize = 5;

/// An event source mapping.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Mapping {
    pub(super) uuid: String,
    pub(super) function: Arn,
    pub(super) queue: Arn,
    pub(super) enabled: bool,
    pub(super) batch_size: usize,
    /// Seconds.
    pub(super) window: u32,
    pub(super) filters: Vec<Filter>,
    /// The function answers with `batchItemFailures`.
    pub(super) partial_responses: bool,
    pub(super) maximum_concurrency: Option<u32>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) modified: Time,

    /// The poll that is scheduled.
    pub(super) poll: Option<Poll>,
    /// Polls in a row that were denied.
    pub(super) denials: u32,
    /// What was read while the batching window is open.
    pub(super) gathered: Vec<Gathered>,
    /// The window that is open.
    pub(super) open: Option<u64>,
}

/// A poll that is scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Poll {
    pub(super) ticket: u64,
    /// Due at the moment at which it was scheduled, and not a later try after a denial.
    pub(super) at_once: bool,
}

impl Mapping {
    /// How many batches may be under way at once.
    pub(super) fn limit(&self) -> usize {
        self.maximum_concurrency.map_or(CONCURRENT_BATCHES, |maximum| maximum as usize)
    }

    /// Whether a filter lets a message pass; without filters all do.
    pub(super) fn admits(&self, message: &Gathered) -> bool {
        if self.filters.is_empty() {
            return true;
        }
        let message = message.filtered();
        self.filters.iter().any(|filter| filter.0.matches(&message))
    }

    /// `arn:…:event-source-mapping:<uuid>`
    pub(super) fn arn(&self) -> Arn {
        Arn::of(
            "lambda",
            &self.function.region(),
            &self.function.account(),
            format_args!("event-source-mapping:{}", self.uuid),
        )
    }

    /// As the API shows it. [V] LS:lambda_/event_source_mapping/test_lambda_integration_sqs
    pub(super) fn shown(&self, status: Option<&str>) -> Value {
        let status = status.unwrap_or(if self.enabled { "Enabled" } else { "Disabled" });
        let responses: &[&str] = if self.partial_responses { &["ReportBatchItemFailures"] } else { &[] };
        let mut shown = json!({
            "UUID": self.uuid,
            "BatchSize": self.batch_size,
            "MaximumBatchingWindowInSeconds": self.window,
            "EventSourceArn": self.queue.as_str(),
            "FunctionArn": self.function.as_str(),
            "LastModified": self.modified.seconds_f64(),
            "State": status,
            "StateTransitionReason": "USER_INITIATED",
            "FunctionResponseTypes": responses,
            "EventSourceMappingArn": self.arn().as_str(),
        });
        if !self.filters.is_empty() {
            let filters: Vec<Value> = self.filters.iter().map(|filter| json!({"Pattern": filter.0.text()})).collect();
            shown["FilterCriteria"] = json!({"Filters": filters});
        }
        if let Some(maximum) = self.maximum_concurrency {
            shown["ScalingConfig"] = json!({"MaximumConcurrency": maximum});
        }
        shown
    }
}

/// A filter, saved as its text.
#[derive(Clone, Debug)]
pub(super) struct Filter(pub(super) EventPattern);

impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.text())
    }
}

impl<'de> Deserialize<'de> for Filter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        EventPattern::parse(&String::deserialize(deserializer)?).map(Self).map_err(serde::de::Error::custom)
    }
}

impl State {
    /// Whether a poll is still to be done and has something to do: not one that waits for a permission.
    pub(super) fn is_polling(&self, mapping: &str, ticket: u64) -> bool {
        self.mappings
            .get(mapping)
            .and_then(|mapping| mapping.poll)
            .is_some_and(|poll| poll.ticket == ticket && poll.at_once)
    }
}
