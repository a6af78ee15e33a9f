//! Operations on metrics.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::alarm_operations::{Dimension, dimensions};
use super::metric::{MetricKey, Statistics, add, between};
use crate::api::{ApiError, Call, Reply, lenient};
use crate::time::Time;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Datum {
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default, deserialize_with = "lenient::optional")]
    value: Option<f64>,
    #[serde(default)]
    values: Vec<String>,
    #[serde(default)]
    counts: Vec<String>,
}

pub(super) fn put_metric_data(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("cloudwatch:PutMetricData", &call.arn("*"))?;
    let namespace = call.text("Namespace").unwrap_or_default().to_owned();
    let list = call.params.get("MetricData").cloned().unwrap_or_default();
    let list: Vec<Datum> =
        serde_json::from_value(list).map_err(|error| ApiError::new("ValidationError", error.to_string()))?;
    for datum in list {
        let at = datum.timestamp.as_deref().and_then(Time::parse).unwrap_or(call.state.now);
        let key = MetricKey {
            account: call.account.clone(),
            region: call.region.clone(),
            namespace: namespace.clone(),
            name: datum.metric_name,
            dimensions: dimensions(datum.dimensions),
        };
        let counts = datum.counts.iter().map(|count| count.parse().unwrap_or(1.0)).chain(std::iter::repeat(1.0));
        let values = datum.values.iter().filter_map(|value| value.parse().ok()).zip(counts);
        for (value, count) in datum.value.map(|value| (value, 1.0)).into_iter().chain(values) {
            add(call.state, key.clone(), at, Statistics::of(value, count));
        }
    }
    Ok(Reply::empty())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GetMetricStatistics {
    namespace: String,
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
    start_time: String,
    end_time: String,
    #[serde(deserialize_with = "lenient::required")]
    period: i64,
    #[serde(default)]
    statistics: Vec<String>,
}

pub(super) fn get_metric_statistics(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("cloudwatch:GetMetricStatistics", &call.arn("*"))?;
    let input: GetMetricStatistics = call.input()?;
    let time =
        |text: &str| Time::parse(text).ok_or_else(|| ApiError::new("ValidationError", format!("`{text}` is no time")));
    let (start, end) = (time(&input.start_time)?, time(&input.end_time)?);
    let key = MetricKey {
        account: call.account.clone(),
        region: call.region.clone(),
        namespace: input.namespace,
        name: input.metric_name.clone(),
        dimensions: dimensions(input.dimensions),
    };
    let period = input.period.max(60);
    let mut points = Vec::new();
    let mut from = start.floor(period);
    // As many as AWS would answer. [D] API_GetMetricStatistics
    while from < end && points.len() < 1440 {
        let to = Time(from.0 + period * 1000);
        if let Some(found) = between(&call.state.cloudwatch.data, &key, from, to) {
            let mut point = json!({"Timestamp": from.iso_seconds(), "Unit": "None"});
            for statistic in &input.statistics {
                point[statistic] = json!(found.get(statistic));
            }
            points.push(point);
        }
        from = to;
    }
    Ok(json!({"Label": input.metric_name, "Datapoints": points}).into())
}

pub(super) fn list_metrics(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("cloudwatch:ListMetrics", &call.arn("*"))?;
    let (namespace, name) = (call.text("Namespace"), call.text("MetricName"));
    let wanted = call.params.get("Dimensions").and_then(Value::as_array).cloned().unwrap_or_default();
    let has = |dimensions: &BTreeMap<String, String>| {
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
