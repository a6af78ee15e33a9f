//! PutMetricData.

use serde::Deserialize;
use serde_json::Value;

use super::alarm_operations::{Dimension, dimensions, list};
use super::metric::{MetricKey, NO_UNIT, Statistics, add};
use super::metric_operations::{invalid, moment};
use crate::api::{ApiError, Call, Reply, lenient};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StatisticSet {
    #[serde(deserialize_with = "lenient::required")]
    sample_count: f64,
    #[serde(deserialize_with = "lenient::required")]
    sum: f64,
    #[serde(deserialize_with = "lenient::required")]
    minimum: f64,
    #[serde(deserialize_with = "lenient::required")]
    maximum: f64,
}

/// A number that may be written as a text.
#[derive(Deserialize)]
#[serde(transparent)]
struct Number(#[serde(deserialize_with = "lenient::required")] f64);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Datum {
    metric_name: String,
    #[serde(default, deserialize_with = "list")]
    dimensions: Vec<Dimension>,
    #[serde(default)]
    timestamp: Option<Value>,
    #[serde(default, deserialize_with = "lenient::optional")]
    value: Option<f64>,
    #[serde(default, deserialize_with = "list")]
    values: Vec<Number>,
    #[serde(default, deserialize_with = "list")]
    counts: Vec<Number>,
    #[serde(default)]
    statistic_values: Option<StatisticSet>,
    #[serde(default)]
    unit: Option<String>,
    #[serde(default, deserialize_with = "lenient::optional")]
    storage_resolution: Option<i64>,
}

impl Datum {
    /// What excludes what; `n` is its place from 1. [V] LS:cloudwatch::test_put_metric_data_validation, which also says
    /// that a set of statistics next to a list of values is no error
    fn check(&self, n: usize) -> Result<(), ApiError> {
        let member = format!("MetricData.member.{n}");
        let both = |other: &str| {
            ApiError::new(
                "InvalidParameterCombination",
                format!(
                    "The parameters {member}.Value and {member}.{other} are mutually exclusive and you have specified both."
                ),
            )
        };
        if self.value.is_some() && !self.values.is_empty() {
            return Err(both("Values"));
        }
        if self.value.is_some() && self.statistic_values.is_some() {
            return Err(both("StatisticValues"));
        }
        if !self.counts.is_empty() && self.counts.len() != self.values.len() {
            return Err(ApiError::new(
                "InvalidParameterValue",
                format!("The parameters {member}.Values and {member}.Counts must be of the same size."),
            ));
        }
        Ok(())
    }

    fn statistics(&self) -> Vec<Statistics> {
        let set = self.statistic_values.as_ref().map(|set| Statistics {
            sum: set.sum,
            count: set.sample_count,
            minimum: set.minimum,
            maximum: set.maximum,
        });
        let counts = self.counts.iter().map(|count| count.0).chain(std::iter::repeat(1.0));
        let values = self.values.iter().map(|value| value.0).zip(counts);
        let single = self.value.map(|value| (value, 1.0));
        single.into_iter().chain(values).map(|(value, count)| Statistics::of(value, count)).chain(set).collect()
    }
}

pub(super) fn put_metric_data(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("cloudwatch:PutMetricData", &call.arn("*"))?;
    let namespace = call.text("Namespace").unwrap_or_default().to_owned();
    let list = call.params.get("MetricData").cloned().unwrap_or_default();
    let list: Vec<Datum> = serde_json::from_value(list).map_err(|error| invalid(error.to_string()))?;
    for (place, datum) in list.iter().enumerate() {
        datum.check(place + 1)?;
    }
    for datum in list {
        let at = datum.timestamp.as_ref().map_or(Ok(call.state.now), moment)?;
        let statistics = datum.statistics();
        let key = MetricKey {
            account: call.account.clone(),
            region: call.region.clone(),
            namespace: namespace.as_str().into(),
            name: datum.metric_name.into(),
            dimensions: dimensions(datum.dimensions),
        };
        // The standard resolution is a minute. [D] API_MetricDatum
        let at = at.floor(if datum.storage_resolution == Some(1) { 1 } else { 60 });
        for statistics in statistics {
            add(call.state, &key, at, datum.unit.as_deref().unwrap_or(NO_UNIT), statistics);
        }
    }
    Ok(Reply::empty())
}
