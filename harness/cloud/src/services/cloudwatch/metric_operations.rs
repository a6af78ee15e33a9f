//! Operations on metrics.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use smol_str::SmolStr;

use super::alarm::shown_time;
use super::alarm_operations::{Dimension, dimensions, list};
use super::metric::{MetricKey, by_unit};
use crate::api::{ApiError, Call, Reply, lenient};
use crate::time::Time;

pub(super) fn invalid(text: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", text)
}

/// A moment as a caller writes it: text, or in JSON seconds.
pub(super) fn moment(value: &Value) -> Result<Time, ApiError> {
    let seconds = value.as_f64().map(|seconds| Time((seconds * 1000.0).round() as i64));
    seconds.or_else(|| value.as_str().and_then(Time::parse)).ok_or_else(|| invalid(format!("{value} is no time")))
}

/// The starts of periods in `[start, end)`, as many as AWS would answer. [D] API_GetMetricStatistics
pub(super) fn periods(start: Time, end: Time, period: i64, most: usize) -> impl Iterator<Item = (Time, Time)> {
    let first = start.floor(period);
    (0..most as i64)
        .map(move |n| (Time(first.0 + n * period * 1000), Time(first.0 + (n + 1) * period * 1000)))
        .take_while(move |(from, _)| *from < end)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetMetricStatistics {
    namespace: String,
    metric_name: String,
    #[serde(default, deserialize_with = "list")]
    dimensions: Vec<Dimension>,
    start_time: Value,
    end_time: Value,
    #[serde(deserialize_with = "lenient::required")]
    period: i64,
    #[serde(default, deserialize_with = "list")]
    statistics: Vec<String>,
    #[serde(default)]
    unit: Option<String>,
}

pub(super) fn get_metric_statistics(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("cloudwatch:GetMetricStatistics", &call.arn("*"))?;
    let input: GetMetricStatistics = call.input()?;
    let (start, end) = (moment(&input.start_time)?, moment(&input.end_time)?);
    let key = MetricKey {
        account: call.account.clone(),
        region: call.region.clone(),
        namespace: input.namespace.into(),
        name: input.metric_name.as_str().into(),
        dimensions: dimensions(input.dimensions),
    };
    let mut points = Vec::new();
    for (from, to) in periods(start, end, input.period.max(1), 100_800) {
        let found = by_unit(&call.state.cloudwatch.data, &key, from, to);
        for (unit, found) in found.iter().filter(|(unit, _)| input.unit.as_ref().is_none_or(|wanted| wanted == *unit)) {
            let mut point = json!({"Timestamp": shown_time(call.protocol, from), "Unit": unit});
            for statistic in &input.statistics {
                point[statistic] = json!(found.get(statistic));
            }
            points.push(point);
        }
    }
    // [D] API_GetMetricStatistics
    if points.len() > 1440 {
        return Err(ApiError::new(
            "InvalidParameterCombination",
            format!(
                "You have requested up to {} datapoints, which exceeds the limit of 1,440. You may reduce the datapoints \
                 requested by increasing Period, or decreasing the time range.",
                points.len()
            ),
        ));
    }
    Ok(json!({"Label": input.metric_name, "Datapoints": points}).into())
}

pub(super) fn list_metrics(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("cloudwatch:ListMetrics", &call.arn("*"))?;
    let (namespace, name) = (call.text("Namespace"), call.text("MetricName"));
    let wanted = call.params.get("Dimensions").and_then(Value::as_array).cloned().unwrap_or_default();
    let has = |dimensions: &BTreeMap<SmolStr, SmolStr>| {
        wanted.iter().all(|wanted| {
            let value = wanted["Name"].as_str().and_then(|name| dimensions.get(name));
            value.is_some_and(|value| wanted["Value"].as_str().is_none_or(|wanted| wanted == value))
        })
    };
    let own = call.state.cloudwatch.data.keys().filter(|key| {
        key.account == call.account
            && key.region == call.region
            && namespace.is_none_or(|namespace| key.namespace == namespace)
            && name.is_none_or(|name| key.name == name)
            && has(&key.dimensions)
    });
    let metrics: Vec<Value> = own
        .map(|key| {
            let dimensions: Vec<Value> =
                key.dimensions.iter().map(|(name, value)| json!({"Name": name, "Value": value})).collect();
            json!({"Namespace": key.namespace, "MetricName": key.name, "Dimensions": dimensions})
        })
        .collect();
    Ok(json!({"Metrics": metrics}).into())
}
