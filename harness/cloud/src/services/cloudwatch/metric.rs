//! Metrics: data points by minute.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Alarm, evaluate};
use crate::id::{AccountId, Arn, Region};
use crate::services::sqs;
use crate::state::State;
use crate::table::Table;
use crate::time::Time;

/// What names a metric.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MetricKey {
    /// Whose.
    pub account: AccountId,
    /// Where.
    pub region: Region,
    /// E.g. `AWS/SQS`.
    pub namespace: String,
    /// E.g. `NumberOfMessagesSent`.
    pub name: String,
    /// Dimensions by name.
    pub dimensions: BTreeMap<String, String>,
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

/// Publishes a data point in a service's name, and lets the alarms on that metric look at it.
#[expect(clippy::too_many_arguments, reason = "a data point has that many parts")]
pub fn put_metric(
    state: &mut State,
    account: &AccountId,
    region: &Region,
    namespace: &str,
    name: &str,
    dimensions: &[(&str, &str)],
    value: f64,
    at: Time,
) {
    let key = MetricKey {
        account: account.clone(),
        region: region.clone(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: dimensions.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
    };
    add(state, key, at.floor(60), NO_UNIT, Statistics::of(value, 1.0));
}

/// Adds to a metric at a moment that is rounded to its resolution already.
pub(super) fn add(state: &mut State, key: MetricKey, at: Time, unit: &str, statistics: Statistics) {
    // The alarms look with the next minute: later than this in any case.
    wake(state, |alarm| alarm.key == key);
    let points = state.cloudwatch.data.entry(key, BTreeMap::new).entry(at).or_default();
    match points.get_mut(unit) {
        Some(old) => *old = old.merge(statistics),
        None => {
            points.insert(unit.to_owned(), statistics);
        }
    }
}

/// A queue's messages came or went: alarms on its depth and age are looked at with the next minute.
pub fn queue_changed(state: &mut State, queue: &Arn) {
    let (account, region) = (queue.account(), queue.region());
    wake(state, |alarm| {
        alarm.key.namespace == "AWS/SQS"
            && alarm.key.account == account
            && alarm.key.region == region
            && alarm.key.dimensions.get("QueueName").is_some_and(|name| name == queue.name())
    });
}

fn wake(state: &mut State, concerned: impl Fn(&Alarm) -> bool) {
    let alarms: Vec<Arn> = state
        .cloudwatch
        .alarms
        .iter()
        .filter(|(_, alarm)| alarm.next_evaluation.is_none() && concerned(alarm))
        .map(|(arn, _)| arn.clone())
        .collect();
    for alarm in alarms {
        evaluate::schedule(state, &alarm);
    }
}

/// What SQS publishes of a queue each minute, read when an alarm looks. [D] sqs-available-cloudwatch-metrics
pub(super) fn sample_queue(state: &mut State, key: &MetricKey, minute: Time) {
    let Some(name) = key.dimensions.get("QueueName").filter(|_| key.namespace == "AWS/SQS") else { return };
    let queue = Arn::of("sqs", &key.region, &key.account, name);
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
