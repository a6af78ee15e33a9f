//! Operations on metric filters.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::check::{constraint, invalid, length, limit, page, without};
use super::group::MetricFilter;
use super::group_operations::{group, group_arn, name_of, named};
use crate::api::{ApiError, Call, Reply};
use rootwatch_logfilter::FilterPattern;

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
    length(text, "filterPattern", 0, FilterPattern::MAX_CHARACTERS)?;
    FilterPattern::parse(text).map_err(|error| invalid(error.aws_message()))
}

/// [D] API_PutMetricFilter; [V] LS:logs/test_logs_metric_filters, lengths
fn filter_name(name: &str, member: &str) -> Result<(), ApiError> {
    length(name, member, 1, 512)?;
    without(name, member, ":*")
}

/// [D] API_MetricTransformation
const UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];

impl Transformation {
    /// [D] API_MetricTransformation; a namespace may have colons, [V] LS:logs/test_logs_metric_filters
    fn check(&self) -> Result<(), ApiError> {
        for (value, member, unwanted) in
            [(&self.metric_name, "metricName", ":*$"), (&self.metric_namespace, "metricNamespace", "*$")]
        {
            let member = format!("metricTransformations.1.member.{member}");
            length(value, &member, 0, 255)?;
            without(value, &member, unwanted)?;
        }
        length(&self.metric_value, "metricTransformations.1.member.metricValue", 0, 100)?;
        if let Some(unit) = self.unit.as_deref().filter(|unit| !UNITS.contains(unit)) {
            let wanted = format!("satisfy enum value set: [{}]", UNITS.join(", "));
            return Err(constraint(unit, "metricTransformations.1.member.unit", &wanted));
        }
        if self.dimensions.len() > 3 {
            return Err(invalid("Invalid metric transformation: a maximum of 3 dimensions is allowed."));
        }
        if self.default_value.is_some() && !self.dimensions.is_empty() {
            let text = "Invalid metric transformation: dimensions and default value are mutually exclusive properties.";
            return Err(invalid(text));
        }
        Ok(())
    }

    /// As the refusal of a list names it. [?] the order of the members
    fn named(&self) -> String {
        let optional = |value: Option<String>| value.unwrap_or_else(|| "null".to_owned());
        format!(
            "MetricTransformation(metricName={}, metricNamespace={}, metricValue={}, defaultValue={}, dimensions={}, \
             unit={})",
            self.metric_name,
            self.metric_namespace,
            self.metric_value,
            optional(self.default_value.map(|value| format!("{value:?}"))),
            optional((!self.dimensions.is_empty()).then(|| format!("{:?}", self.dimensions))),
            optional(self.unit.clone()),
        )
    }
}

pub(super) fn put_metric_filter(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = call.text("filterName").unwrap_or_default().to_owned();
    filter_name(&name, "filterName")?;
    let text = call.text("filterPattern").unwrap_or_default().to_owned();
    length(&text, "filterPattern", 0, FilterPattern::MAX_CHARACTERS)?;
    let list = call.params.get("metricTransformations").cloned().unwrap_or_default();
    let list: Vec<Transformation> =
        serde_json::from_value(list).map_err(|error| invalid(format!("metricTransformations: {error}")))?;
    // Exactly one. [V] LS:logs/test_logs_metric_filters
    let [only] = <[Transformation; 1]>::try_from(list).map_err(|list| {
        let value = format!("[{}]", list.iter().map(Transformation::named).collect::<Vec<_>>().join(", "));
        let wanted = if list.is_empty() { "greater than or equal to 1" } else { "less than or equal to 1" };
        constraint(&value, "metricTransformations", &format!("have length {wanted}"))
    })?;
    only.check()?;
    let arn = named(call, "logs:PutMetricFilter", None)?;
    pattern(&text)?;
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
    let filters = &mut group(call, &arn)?.filters;
    // [D] CloudWatch Logs quotas
    if filters.len() >= 100 && !filters.contains_key(&name) {
        return Err(ApiError::new("LimitExceededException", "Resource limit exceeded."));
    }
    filters.insert(name, filter);
    Ok(Reply::empty())
}

pub(super) fn delete_metric_filter(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = call.text("filterName").unwrap_or_default().to_owned();
    filter_name(&name, "filterName")?;
    let arn = named(call, "logs:DeleteMetricFilter", None)?;
    let missing = || ApiError::new("ResourceNotFoundException", "The specified metric filter does not exist.");
    group(call, &arn)?.filters.remove(&name).map(|_| Reply::empty()).ok_or_else(missing)
}

/// [D] API_DescribeMetricFilters
pub(super) fn describe_metric_filters(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let limit = limit(call, 50, 50)?;
    let wanted = call.text("logGroupName").map(|name| group_arn(call, name));
    let prefix = call.text("filterNamePrefix").map(str::to_owned);
    if let Some(prefix) = &prefix {
        filter_name(prefix, "filterNamePrefix")?;
    }
    let metric = call.text("metricName").map(str::to_owned);
    let namespace = call.text("metricNamespace").map(str::to_owned);
    for (value, member, unwanted) in [(&metric, "metricName", ":*$"), (&namespace, "metricNamespace", "*$")] {
        let value = value.as_deref().unwrap_or_default();
        length(value, member, 0, 255)?;
        without(value, member, unwanted)?;
    }
    if metric.is_some() != namespace.is_some() {
        let (given, missing) =
            if metric.is_some() { ("metricName", "metricNamespace") } else { ("metricNamespace", "metricName") };
        return Err(invalid(format!(
            "If you include the {given} parameter in your request, you must also include the {missing} parameter."
        )));
    }
    match &wanted {
        Some(_) => drop(named(call, "logs:DescribeMetricFilters", None)?),
        None => call.authorise("logs:DescribeMetricFilters", &call.arn("log-group:*"))?,
    }
    let fits = |name: &str, filter: &MetricFilter| {
        prefix.as_deref().is_none_or(|prefix| name.starts_with(prefix))
            && metric.as_deref().is_none_or(|metric| filter.metric == metric)
            && namespace.as_deref().is_none_or(|namespace| filter.namespace == namespace)
    };
    let mut filters = Vec::new();
    for (arn, group) in call.state.logs.groups.iter() {
        let here = match &wanted {
            Some(wanted) => arn == wanted,
            None => arn.is_in(&call.account, &call.region),
        };
        if here {
            let found = group.filters.iter().filter(|(name, filter)| fits(name, filter));
            filters.extend(found.map(|(name, filter)| shape(name_of(arn), name, filter)));
        }
    }
    let (filters, next) = page(call, filters, limit)?;
    let mut answer = json!({"metricFilters": filters});
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer.into())
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
    // [D] API_TestMetricFilter
    if !(1..=50).contains(&lines.len()) {
        let shown: Vec<&str> = lines.iter().filter_map(Value::as_str).collect();
        let wanted = if lines.is_empty() { "greater than or equal to 1" } else { "less than or equal to 50" };
        let shown = format!("[{}]", shown.join(", "));
        return Err(constraint(&shown, "logEventMessages", &format!("have length {wanted}")));
    }
    let matches: Vec<Value> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.as_str().is_some_and(|line| pattern.matches(line)))
        .map(|(place, line)| {
            // [D] aws-cli examples: counted from 1
            let values = pattern.extracted(line.as_str().unwrap_or_default());
            let values: Map<String, Value> = values.into_iter().map(|(name, value)| (name, value.into())).collect();
            json!({"eventNumber": place + 1, "eventMessage": line, "extractedValues": values})
        })
        .collect();
    Ok(json!({"matches": matches}).into())
}
