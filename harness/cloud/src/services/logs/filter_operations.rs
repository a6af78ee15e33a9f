//! Operations on metric filters.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::group::MetricFilter;
use super::group_operations::{group, group_arn, named};
use crate::api::{ApiError, Call, Reply};
use crate::logfilter::FilterPattern;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Transformation {
    metric_name: String,
    metric_namespace: String,
    metric_value: String,
    #[serde(default)]
    default_value: Option<f64>,
    #[serde(default)]
    dimensions: BTreeMap<String, String>,
    #[serde(default)]
    unit: Option<String>,
}

fn pattern(text: &str) -> Result<FilterPattern, ApiError> {
    FilterPattern::parse(text).map_err(|error| ApiError::new("InvalidParameterException", error.aws_message()))
}

pub(super) fn put_metric_filter(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "logs:PutMetricFilter", None)?;
    let name = call.text("filterName").unwrap_or_default().to_owned();
    let text = call.text("filterPattern").unwrap_or_default().to_owned();
    pattern(&text)?;
    let list = call.params.get("metricTransformations").cloned().unwrap_or_default();
    let list: Vec<Transformation> = serde_json::from_value(list)
        .map_err(|error| ApiError::new("InvalidParameterException", format!("metricTransformations: {error}")))?;
    // At most one. [V] LS:logs/test_logs_metric_filters
    let [only] = <[Transformation; 1]>::try_from(list).map_err(|_| {
        ApiError::new("InvalidParameterException", "metricTransformations must have exactly one member")
    })?;
    if only.default_value.is_some() && !only.dimensions.is_empty() {
        let text = "Invalid metric transformation: dimensions and default value are mutually exclusive properties.";
        return Err(ApiError::new("InvalidParameterException", text));
    }
    let filter = MetricFilter {
        pattern: text,
        namespace: only.metric_namespace,
        metric: only.metric_name,
        value: only.metric_value,
        default: only.default_value,
        dimensions: only.dimensions,
        unit: only.unit,
        created: call.state.now,
    };
    group(call, &arn)?.filters.insert(name, filter);
    Ok(Reply::empty())
}

pub(super) fn delete_metric_filter(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = named(call, "logs:DeleteMetricFilter", None)?;
    let name = call.text("filterName").unwrap_or_default().to_owned();
    let missing = || ApiError::new("ResourceNotFoundException", "The specified metric filter does not exist.");
    group(call, &arn)?.filters.remove(&name).map(|_| Reply::empty()).ok_or_else(missing)
}

pub(super) fn describe_metric_filters(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let wanted = call.text("logGroupName").map(|name| group_arn(call, name));
    let prefix = call.text("filterNamePrefix").unwrap_or_default().to_owned();
    match &wanted {
        Some(_) => drop(named(call, "logs:DescribeMetricFilters", None)?),
        None => call.authorise("logs:DescribeMetricFilters", &call.arn("log-group:*"))?,
    }
    let groups = call.state.logs.groups.iter().filter(|(arn, _)| match &wanted {
        Some(wanted) => *arn == wanted,
        None => arn.is_in(&call.account, &call.region),
    });
    let mut filters = Vec::new();
    for (arn, group) in groups {
        for (name, filter) in group.filters.iter().filter(|(name, _)| name.starts_with(&prefix)) {
            filters.push(shape(arn.resource().trim_start_matches("log-group:"), name, filter));
        }
    }
    Ok(json!({"metricFilters": filters}).into())
}

/// [V] LS:logs/test_logs_metric_filters: defaultValue only if given
fn shape(group: &str, name: &str, filter: &MetricFilter) -> Value {
    let mut transformation = json!({
        "metricName": filter.metric, "metricNamespace": filter.namespace, "metricValue": filter.value,
    });
    if let Some(default) = filter.default {
        transformation["defaultValue"] = json!(default);
    }
    if let Some(unit) = &filter.unit {
        transformation["unit"] = json!(unit);
    }
    if !filter.dimensions.is_empty() {
        transformation["dimensions"] = json!(filter.dimensions);
    }
    json!({
        "filterName": name, "filterPattern": filter.pattern, "metricTransformations": [transformation],
        "creationTime": filter.created.0, "logGroupName": group, "applyOnTransformedLogs": false,
    })
}

pub(super) fn test_metric_filter(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("logs:TestMetricFilter", &call.arn("log-group:*"))?;
    let pattern = pattern(call.text("filterPattern").unwrap_or_default())?;
    let lines = call.params.get("logEventMessages").and_then(Value::as_array).cloned().unwrap_or_default();
    let matches: Vec<Value> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.as_str().is_some_and(|line| pattern.matches(line)))
        .map(|(place, line)| json!({"eventNumber": place + 1, "eventMessage": line, "extractedValues": {}}))
        .collect();
    Ok(json!({"matches": matches}).into())
}
