//! Metrics: data points by minute.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::evaluate;
use crate::id::{AccountId, Arn, Region};
use crate::services::sqs;
use crate::state::State;
use crate::table::Table;
use crate::time::Time;

/// What names a metric.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MetricKey {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub region: Region,
    /// E.g. `AWS/SQS`.
    pub namespace: SmolStr,
    /// E.g. `NumberOfMessagesSent`.
    pub name: SmolStr,
    /// Dimensions by name.
    pub dimensions: BTreeMap<SmolStr, SmolStr>,
}

impl MetricKey {
    /// The queue that the metric is about, if it is one of SQS's.
    pub(super) fn queue(&self) -> Option<Arn> {
        let name = self.dimensions.get("QueueName").filter(|_| self.namespace == "AWS/SQS")?;
        Some(Arn::of("sqs", &self.region, &self.account, name))
    }
}

/// Data points of a metric, by moment (of most the minute) and unit: values of different units are never put together
/// in an answer. [V] LS:cloudwatch::test_handle_different_units
pub(super) type Data = Table<MetricKey, BTreeMap<Time, BTreeMap<String, Statistics>>>;

/// The unit of what has none.
pub(super) const NO_UNIT: &str = "None";

/// What is known of a minute, or of several.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Statistics {
    pub(super) sum: f64,
    pub(super) count: f64,
    pub(super) minimum: f64,
    pub(super) maximum: f64,
}

impl Statistics {
    pub(super) fn of(value: f64, count: f64) -> Self {
        Self { sum: value * count, count, minimum: value, maximum: value }
    }

    pub(super) fn merge(self, other: Self) -> Self {
        Self {
            sum: self.sum + other.sum,
            count: self.count + other.count,
            minimum: self.minimum.min(other.minimum),
            maximum: self.maximum.max(other.maximum),
        }
    }

    /// By the statistic's name; `None` for one that is not known here.
    pub(super) fn get(&self, statistic: &str) -> Option<f64> {
        match statistic {
            "Sum" => Some(self.sum),
            "SampleCount" => Some(self.count),
            "Average" => Some(self.sum / self.count),
            "Minimum" => Some(self.minimum),
            "Maximum" => Some(self.maximum),
            _ => None,
        }
    }
}

/// The data of a metric in `[from, to)`, put together by unit.
pub(super) fn by_unit(data: &Data, key: &MetricKey, from: Time, to: Time) -> BTreeMap<String, Statistics> {
    let mut found: BTreeMap<String, Statistics> = BTreeMap::new();
    for (unit, statistics) in data.get(key).into_iter().flat_map(|points| points.range(from..to)).flat_map(|(_, it)| it)
    {
        let merged = found.get(unit).map_or(*statistics, |old| old.merge(*statistics));
        found.insert(unit.clone(), merged);
    }
    found
}

/// The data of a metric in `[from, to)`, put together: of one unit, or of all where none is asked for. `None` without
/// data.
pub(super) fn between(data: &Data, key: &MetricKey, unit: Option<&str>, from: Time, to: Time) -> Option<Statistics> {
    let found = by_unit(data, key, from, to);
    match unit {
        Some(unit) => found.get(unit).copied(),
        None => found.into_values().reduce(Statistics::merge),
    }
}

/// Publishes a data point in a service's name, the same for each of the metrics, and lets the alarms on them look at it.
#[expect(clippy::too_many_arguments, reason = "a data point has that many parts")]
pub fn put_metrics(
    state: &mut State,
    account: &AccountId,
    region: &Region,
    namespace: &str,
    names: &[&str],
    dimensions: &[(&str, &str)],
    value: f64,
    at: Time,
) {
    let mut key = MetricKey {
        account: account.clone(),
        region: region.clone(),
        namespace: namespace.into(),
        name: SmolStr::default(),
        dimensions: dimensions.iter().map(|(key, value)| (SmolStr::new(key), SmolStr::new(value))).collect(),
    };
    for name in names {
        key.name = SmolStr::new(name);
        add(state, &key, at.floor(60), NO_UNIT, Statistics::of(value, 1.0));
    }
}

/// Adds to a metric at a moment that is rounded to its resolution already.
pub(super) fn add(state: &mut State, key: &MetricKey, at: Time, unit: &str, statistics: Statistics) {
    // The alarms look with the next minute: later than this in any case.
    let watch = state.cloudwatch.watch();
    wake(state, watch.of_metric(key));
    let points = match state.cloudwatch.data.get_mut(key) {
        Some(points) => points,
        None => state.cloudwatch.data.entry(key.clone(), BTreeMap::new),
    };
    let points = points.entry(at).or_default();
    match points.get_mut(unit) {
        Some(old) => *old = old.merge(statistics),
        None => {
            points.insert(unit.to_owned(), statistics);
        }
    }
}

/// A queue's messages came or went: alarms on its depth and age are looked at with the next minute.
pub fn queue_changed(state: &mut State, queue: &Arn) {
    let watch = state.cloudwatch.watch();
    wake(state, watch.of_queue(queue));
}

fn wake(state: &mut State, alarms: &[Arn]) {
    for arn in alarms {
        if state.cloudwatch.alarms.get(arn).is_some_and(|alarm| alarm.next_evaluation.is_none()) {
            evaluate::schedule(state, arn);
        }
    }
}

/// What SQS publishes of a queue each minute, read when an alarm looks. [D] sqs-available-cloudwatch-metrics
pub(super) fn sample_queue(state: &mut State, key: &MetricKey, minute: Time) {
    let Some(queue) = key.queue() else { return };
    let Some(metrics) = sqs::metrics(state, &queue) else { return };
    let (value, unit) = match key.name.as_str() {
        "ApproximateNumberOfMessagesVisible" => (metrics.visible as f64, "Count"),
        "ApproximateNumberOfMessagesNotVisible" => (metrics.not_visible as f64, "Count"),
        "ApproximateNumberOfMessagesDelayed" => (metrics.delayed as f64, "Count"),
        "ApproximateAgeOfOldestMessage" => (metrics.age_of_oldest.as_secs_f64().floor(), "Seconds"),
        _ => return,
    };
    let points = state.cloudwatch.data.entry(key.clone(), BTreeMap::new);
    points.insert(minute, BTreeMap::from([(unit.to_owned(), Statistics::of(value, 1.0))]));
}
