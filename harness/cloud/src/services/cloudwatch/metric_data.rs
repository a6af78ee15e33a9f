//! GetMetricData.

use serde::Deserialize;
use serde_json::{Value, json};

use super::alarm::shown_time;
use super::alarm_operations::{Dimension, dimensions, list};
use super::metric::{MetricKey, between};
use super::metric_operations::{invalid, moment, periods};
use crate::api::{ApiError, Call, Reply, lenient};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Metric {
    namespace: String,
    metric_name: String,
    #[serde(default, deserialize_with = "list")]
    dimensions: Vec<Dimension>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricStat {
    metric: Metric,
    #[serde(deserialize_with = "lenient::required")]
    period: i64,
    stat: String,
    #[serde(default)]
    unit: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Query {
    id: String,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    metric_stat: Option<MetricStat>,
    #[serde(default, deserialize_with = "lenient::optional")]
    return_data: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    metric_data_queries: Vec<Query>,
    start_time: Value,
    end_time: Value,
    #[serde(default)]
    scan_by: Option<String>,
    #[serde(default, deserialize_with = "lenient::optional")]
    max_datapoints: Option<usize>,
}

/// [D] API_GetMetricData; the newest first where nothing is said [V] LS:cloudwatch::test_default_ordering
pub(super) fn get_metric_data(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("cloudwatch:GetMetricData", &call.arn("*"))?;
    let input: Input = call.input()?;
    let (start, end) = (moment(&input.start_time)?, moment(&input.end_time)?);
    if start >= end {
        return Err(invalid("The parameter StartTime must be less than the parameter EndTime."));
    }
    let most = input.max_datapoints.unwrap_or(100_800).min(100_800);
    let ascending = input.scan_by.as_deref() == Some("TimestampAscending");
    let mut results = Vec::new();
    for query in input.metric_data_queries {
        let Some(stat) = query.metric_stat else {
            let text = "rootwatch: GetMetricData reads metrics, no expressions";
            return Err(ApiError::new("NotImplemented", text).status(501));
        };
        if query.return_data == Some(false) {
            continue;
        }
        let key = MetricKey {
            account: call.account.clone(),
            region: call.region.clone(),
            namespace: stat.metric.namespace.into(),
            name: stat.metric.metric_name.as_str().into(),
            dimensions: dimensions(stat.metric.dimensions),
        };
        let data = &call.state.cloudwatch.data;
        let mut points: Vec<(Value, f64)> = periods(start, end, stat.period.max(1), 100_800)
            .filter_map(|(from, to)| {
                let value = between(data, &key, stat.unit.as_deref(), from, to)?.get(&stat.stat)?;
                Some((shown_time(call.protocol, from), value))
            })
            .collect();
        if !ascending {
            points.reverse();
        }
        points.truncate(most);
        let (times, values): (Vec<Value>, Vec<f64>) = points.into_iter().unzip();
        results.push(json!({
            "Id": query.id, "Label": query.label.unwrap_or(stat.metric.metric_name), "Timestamps": times,
            "Values": values, "StatusCode": "Complete",
        }));
    }
    Ok(json!({"MetricDataResults": results, "Messages": []}).into())
}
