//! Operations on alarms.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use smol_str::SmolStr;

use super::alarm::{Alarm, AlarmState, Condition, TreatMissingData, shown_time};
use super::metric::MetricKey;
use super::{evaluate, state_change};
use crate::api::{ApiError, Call, Reply, lenient};
use crate::id::Arn;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Dimension {
    name: String,
    value: String,
}

/// A list; the Query protocol writes an empty one as an empty text.
pub(super) fn list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written<T> {
        List(Vec<T>),
        Empty(String),
    }
    match Written::deserialize(deserializer)? {
        Written::List(list) => Ok(list),
        Written::Empty(text) if text.is_empty() => Ok(Vec::new()),
        Written::Empty(text) => Err(serde::de::Error::custom(format!("`{text}` is no list"))),
    }
}

pub(super) fn dimensions(list: Vec<Dimension>) -> BTreeMap<SmolStr, SmolStr> {
    list.into_iter().map(|dimension| (dimension.name.into(), dimension.value.into())).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PutMetricAlarm {
    alarm_name: String,
    #[serde(default)]
    alarm_description: Option<String>,
    #[serde(default)]
    metric_name: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    statistic: Option<String>,
    #[serde(default, deserialize_with = "list")]
    dimensions: Vec<Dimension>,
    #[serde(default, deserialize_with = "lenient::optional")]
    period: Option<i64>,
    #[serde(default)]
    unit: Option<String>,
    #[serde(deserialize_with = "lenient::required")]
    evaluation_periods: usize,
    #[serde(default, deserialize_with = "lenient::optional")]
    datapoints_to_alarm: Option<usize>,
    #[serde(default, deserialize_with = "lenient::optional")]
    threshold: Option<f64>,
    comparison_operator: String,
    #[serde(default)]
    treat_missing_data: Option<String>,
    #[serde(default, deserialize_with = "lenient::optional")]
    actions_enabled: Option<bool>,
    #[serde(default, rename = "OKActions", deserialize_with = "list")]
    ok_actions: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    alarm_actions: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    insufficient_data_actions: Vec<String>,
    #[serde(default, deserialize_with = "list")]
    tags: Vec<Tag>,
}

fn alarm_arn(call: &Call<'_>, name: &str) -> Arn {
    call.arn(format!("alarm:{name}"))
}

fn invalid(text: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", text)
}

pub(super) fn put_metric_alarm(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    if call.params.get("Metrics").is_some() {
        return Err(ApiError::new("NotImplemented", "rootwatch: alarms on metric math are not modelled").status(501));
    }
    let input: PutMetricAlarm = call.input()?;
    let arn = alarm_arn(call, &input.alarm_name);
    call.authorise("cloudwatch:PutMetricAlarm", &arn)?;
    let (Some(metric), Some(namespace), Some(period), Some(threshold)) =
        (input.metric_name, input.namespace, input.period, input.threshold)
    else {
        return Err(invalid("MetricName, Namespace, Period and Threshold are required for an alarm on a metric"));
    };
    let statistic = input.statistic.ok_or_else(|| invalid("rootwatch: only Statistic is modelled, not percentiles"))?;
    let treat_missing = input.treat_missing_data.as_deref().unwrap_or("missing");
    let treat_missing = TreatMissingData::parse(treat_missing).ok_or_else(|| {
        // [V] LS:cloudwatch::test_set_alarm_invalid_input, same form
        invalid(format!("The value {treat_missing} is not supported for TreatMissingData parameter. Supported values are [breaching, notBreaching, ignore, missing]."))
    })?;
    let operators =
        ["GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"];
    if !operators.contains(&input.comparison_operator.as_str()) {
        return Err(invalid(format!("rootwatch: comparison operator {} is not modelled", input.comparison_operator)));
    }
    let old = call.state.cloudwatch.alarms.get(&arn).cloned();
    let now = call.state.now;
    let metric_id = call.state.uuid();
    let initial = || Condition {
        value: AlarmState::InsufficientData,
        reason: "Unchecked: Initial alarm creation".to_owned(),
        data: None,
        at: now,
    };
    let tags = input.tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
    let alarm = Alarm {
        name: input.alarm_name,
        description: input.alarm_description.filter(|text| !text.is_empty()),
        key: MetricKey {
            account: call.account.clone(),
            region: call.region.clone(),
            namespace: namespace.into(),
            name: metric.into(),
            dimensions: dimensions(input.dimensions),
        },
        statistic,
        unit: input.unit,
        period,
        evaluation_periods: input.evaluation_periods.max(1),
        datapoints_to_alarm: input.datapoints_to_alarm,
        operator: input.comparison_operator,
        threshold,
        treat_missing,
        treat_missing_given: input.treat_missing_data.is_some(),
        actions_enabled: input.actions_enabled.unwrap_or(true),
        ok_actions: input.ok_actions,
        alarm_actions: input.alarm_actions,
        insufficient_data_actions: input.insufficient_data_actions,
        // An update keeps tags and state. [D] API_PutMetricAlarm
        tags: old.as_ref().map_or(tags, |old| old.tags.clone()),
        configured: now,
        state: old.as_ref().map_or_else(initial, |old| old.state.clone()),
        metric_id: old.as_ref().map_or(metric_id, |old| old.metric_id.clone()),
        history: old.as_ref().map(|old| old.history.clone()).unwrap_or_default(),
        next_evaluation: old.as_ref().and_then(|old| old.next_evaluation),
    };
    let scheduled = alarm.next_evaluation.is_some();
    call.state.cloudwatch.put_alarm(arn.clone(), alarm);
    if !scheduled {
        evaluate::schedule(call.state, &arn);
    }
    Ok(Reply::empty())
}

fn names(call: &Call<'_>) -> Vec<String> {
    let list = call.params.get("AlarmNames").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

pub(super) fn describe_alarms(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("cloudwatch:DescribeAlarms", &alarm_arn(call, "*"))?;
    let (names, prefix) = (names(call), call.text("AlarmNamePrefix").unwrap_or_default());
    let value = call.text("StateValue");
    let own = call.state.cloudwatch.alarms.iter().filter(|(arn, alarm)| {
        arn.is_in(&call.account, &call.region)
            && (names.is_empty() || names.contains(&alarm.name))
            && alarm.name.starts_with(prefix)
            && value.is_none_or(|value| alarm.state.value.name() == value)
    });
    let alarms: Vec<Value> = own.map(|(arn, alarm)| alarm.shape(arn, call.protocol)).collect();
    Ok(json!({"CompositeAlarms": [], "MetricAlarms": alarms}).into())
}

pub(super) fn describe_alarms_for_metric(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("cloudwatch:DescribeAlarmsForMetric", &alarm_arn(call, "*"))?;
    let (name, namespace) = (call.text("MetricName"), call.text("Namespace"));
    let own = call.state.cloudwatch.alarms.iter().filter(|(arn, alarm)| {
        arn.is_in(&call.account, &call.region)
            && Some(alarm.key.name.as_str()) == name
            && Some(alarm.key.namespace.as_str()) == namespace
    });
    let alarms: Vec<Value> = own.map(|(arn, alarm)| alarm.shape(arn, call.protocol)).collect();
    Ok(json!({"MetricAlarms": alarms}).into())
}

pub(super) fn delete_alarms(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    for name in names(call) {
        let arn = alarm_arn(call, &name);
        call.authorise("cloudwatch:DeleteAlarms", &arn)?;
        call.state.cloudwatch.remove_alarm(&arn);
    }
    Ok(Reply::empty())
}

fn set_actions(call: &mut Call<'_>, action: &str, enabled: bool) -> Result<Reply, ApiError> {
    for name in names(call) {
        let arn = alarm_arn(call, &name);
        call.authorise(action, &arn)?;
        if let Some(alarm) = call.state.cloudwatch.alarms.get_mut(&arn) {
            alarm.actions_enabled = enabled;
        }
    }
    Ok(Reply::empty())
}

pub(super) fn enable_alarm_actions(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    set_actions(call, "cloudwatch:EnableAlarmActions", true)
}

pub(super) fn disable_alarm_actions(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    set_actions(call, "cloudwatch:DisableAlarmActions", false)
}

pub(super) fn set_alarm_state(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = alarm_arn(call, call.text("AlarmName").unwrap_or_default());
    call.authorise("cloudwatch:SetAlarmState", &arn)?;
    let text = call.text("StateValue").unwrap_or_default();
    let value = AlarmState::parse(text).ok_or_else(|| {
        // [V] LS:cloudwatch::test_set_alarm_invalid_input
        invalid(format!(
            "1 validation error detected: Value '{text}' at 'stateValue' failed to satisfy constraint: Member must \
             satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]"
        ))
    })?;
    let Some(alarm) = call.state.cloudwatch.alarms.get(&arn) else {
        return Err(ApiError::new("ResourceNotFound", "").status(404));
    };
    let condition = Condition {
        value,
        reason: call.text("StateReason").unwrap_or_default().to_owned(),
        data: call.text("StateReasonData").map(str::to_owned),
        at: call.state.now,
    };
    if alarm.state.value != value {
        state_change::enter(call.state, &arn, condition);
    }
    Ok(Reply::empty())
}

pub(super) fn describe_alarm_history(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    call.authorise("cloudwatch:DescribeAlarmHistory", &alarm_arn(call, "*"))?;
    let name = call.text("AlarmName");
    let own =
        call.state.cloudwatch.alarms.iter().filter(|(arn, alarm)| {
            arn.is_in(&call.account, &call.region) && name.is_none_or(|name| alarm.name == name)
        });
    let mut items: Vec<(i64, Value)> = own
        .flat_map(|(_, alarm)| {
            alarm.history.iter().map(|(at, summary, data)| {
                let item = json!({
                    "AlarmName": alarm.name, "AlarmType": "MetricAlarm", "Timestamp": shown_time(call.protocol, *at),
                    "HistoryItemType": "StateUpdate", "HistorySummary": summary, "HistoryData": data,
                });
                (at.0, item)
            })
        })
        .collect();
    items.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let items: Vec<Value> = items.into_iter().map(|(_, item)| item).collect();
    Ok(json!({"AlarmHistoryItems": items}).into())
}

fn tagged<'a>(call: &'a mut Call<'_>, action: &str) -> Result<&'a mut Alarm, ApiError> {
    let arn = Arn::new(call.text("ResourceARN").unwrap_or_default());
    call.authorise(action, &arn)?;
    let missing = || ApiError::new("ResourceNotFoundException", format!("{arn} not found.")).status(404);
    call.state.cloudwatch.alarms.get_mut(&arn).ok_or_else(missing)
}

pub(super) fn tag_resource(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let list = call.params.get("Tags").cloned().unwrap_or_default();
    let list: Vec<Tag> = serde_json::from_value(list).map_err(|error| invalid(error.to_string()))?;
    tagged(call, "cloudwatch:TagResource")?.tags.extend(list.into_iter().map(|tag| (tag.key, tag.value)));
    Ok(Reply::empty())
}

pub(super) fn untag_resource(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let keys = call.params.get("TagKeys").and_then(Value::as_array).cloned().unwrap_or_default();
    tagged(call, "cloudwatch:UntagResource")?.tags.retain(|key, _| !keys.iter().any(|gone| gone == key.as_str()));
    Ok(Reply::empty())
}

pub(super) fn list_tags_for_resource(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let alarm = tagged(call, "cloudwatch:ListTagsForResource")?;
    let tags: Vec<Value> = alarm.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    Ok(json!({"Tags": tags}).into())
}
