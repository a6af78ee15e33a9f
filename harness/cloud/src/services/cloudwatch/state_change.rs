//! A change of state: the event on the default bus, and the actions. Staying in a state fires nothing. [D]

use serde_json::{Value, json};

use super::alarm::{Alarm, AlarmState, Condition};
use crate::id::{Arn, Region};
use crate::services::{events, lambda, sns};
use crate::state::State;
use crate::trace::{Entry, Hop, Outcome};
use rootwatch_policy::{Context, Principal};

/// Puts an alarm into a state.
pub(super) fn enter(state: &mut State, arn: &Arn, condition: Condition) {
    let Some(alarm) = state.cloudwatch.alarms.get_mut(arn) else { return };
    let previous = std::mem::replace(&mut alarm.state, condition);
    let summary = format!("Alarm updated from {} to {}", previous.value.name(), alarm.state.value.name());
    let data = json!({"version": "1.0", "oldState": short(&previous), "newState": short(&alarm.state)}).to_string();
    alarm.history.push((alarm.state.at, summary.clone(), data));
    let alarm = alarm.clone();
    trace(state, arn, Outcome::Matched, &format!("{summary}: {}", alarm.state.reason));
    let event = event(arn, &alarm, &previous);
    events::put_service_event(state, &arn.account(), &arn.region(), event);
    if alarm.actions_enabled {
        for action in alarm.actions(alarm.state.value).to_vec() {
            act(state, arn, &alarm, &previous, &Arn::new(action));
        }
    }
}

/// [V] LS:cloudwatch::test_put_metric_alarm
fn short(condition: &Condition) -> Value {
    let mut shape = json!({"stateValue": condition.value.name(), "stateReason": condition.reason});
    if let Some(data) = condition.data.as_deref().and_then(|data| serde_json::from_str::<Value>(data).ok()) {
        shape["stateReasonData"] = data;
    }
    shape
}

fn trace(state: &mut State, arn: &Arn, outcome: Outcome, detail: &str) {
    let (at, resource, detail) = (state.now, arn.to_string(), detail.to_owned());
    state.trace(Entry { at, hop: Hop::Alarm, resource, outcome, detail, principal: None, decision: None });
}

fn condition(condition: &Condition) -> Value {
    let mut shape = json!({"value": condition.value.name(), "reason": condition.reason});
    if let Some(data) = &condition.data {
        shape["reasonData"] = json!(data);
    }
    shape["timestamp"] = json!(condition.at.iso_offset());
    shape
}

/// [D] cloudwatch-and-eventbridge
fn alarm_data(alarm: &Alarm, previous: &Condition) -> Value {
    let mut configuration = json!({});
    if let Some(description) = &alarm.description {
        configuration["description"] = json!(description);
    }
    configuration["metrics"] = json!([{
        "id": alarm.metric_id,
        "metricStat": {
            "metric": {
                "namespace": alarm.key.namespace, "name": alarm.key.name, "dimensions": alarm.key.dimensions,
            },
            "period": alarm.period, "stat": alarm.statistic,
        },
        "returnData": true,
    }]);
    json!({
        "alarmName": alarm.name, "state": condition(&alarm.state), "previousState": condition(previous),
        "configuration": configuration,
    })
}

fn event(arn: &Arn, alarm: &Alarm, previous: &Condition) -> Value {
    json!({
        "version": "0", "detail-type": "CloudWatch Alarm State Change", "source": "aws.cloudwatch",
        "account": arn.account().as_str(), "time": alarm.state.at.iso_seconds(), "region": arn.region().as_str(),
        "resources": [arn.as_str()], "detail": alarm_data(alarm, previous),
    })
}

fn act(state: &mut State, arn: &Arn, alarm: &Alarm, previous: &Condition, action: &Arn) {
    let region = arn.region();
    let sources = |context: Context| {
        context.with("aws:SourceArn", arn.as_str()).with("aws:SourceAccount", arn.account().as_str())
    };
    let result = match action.service() {
        "sns" => {
            // [D] sns-access-policy-use-cases: CloudWatch sets SourceOwner too
            let context = sources(Context::new()).with("aws:SourceOwner", arn.account().as_str());
            let principal = Principal::Service { name: "cloudwatch.amazonaws.com".to_owned() };
            let publish = sns::Publish {
                principal: &principal,
                region: &region,
                topic: action,
                subject: Some(subject(alarm, &region)),
                message: message(arn, alarm, previous),
                attributes: Vec::new(),
                context,
            };
            sns::publish(state, Hop::Alarm, publish).map(drop)
        }
        "lambda" => {
            // [V] LS:cloudwatch::test_alarm_lambda_target
            let principal = Principal::Service { name: "lambda.alarms.cloudwatch.amazonaws.com".to_owned() };
            let payload = json!({
                "source": "aws.cloudwatch", "alarmArn": arn.as_str(), "accountId": arn.account().as_str(),
                "time": alarm.state.at.iso_offset(), "region": region.as_str(), "alarmData": alarm_data(alarm, previous),
            });
            let context = sources(Context::new());
            lambda::invoke_async(state, Hop::Alarm, &principal, &region, action, payload.to_string(), context)
        }
        _ => {
            trace(state, arn, Outcome::Failed, &format!("action {action} is of a service that is not modelled"));
            return;
        }
    };
    match result {
        Ok(()) => trace(state, arn, Outcome::Delivered, &format!("action {action}")),
        Err(error) => trace(
            state,
            arn,
            Outcome::Failed,
            &format!("Failed to execute action {action}. Received error: \"{}\"", error.message),
        ),
    }
}

/// The Region's name in messages. [D] AWS Regions; a code that is not listed is its own name
fn region_name(region: &Region) -> &str {
    match region.as_str() {
        "us-east-1" => "US East (N. Virginia)",
        "us-east-2" => "US East (Ohio)",
        "us-west-1" => "US West (N. California)",
        "us-west-2" => "US West (Oregon)",
        "eu-west-1" => "EU (Ireland)",
        "eu-west-2" => "EU (London)",
        "eu-west-3" => "EU (Paris)",
        "eu-central-1" => "EU (Frankfurt)",
        "eu-north-1" => "EU (Stockholm)",
        "ap-southeast-1" => "Asia Pacific (Singapore)",
        "ap-southeast-2" => "Asia Pacific (Sydney)",
        "ap-northeast-1" => "Asia Pacific (Tokyo)",
        "ap-south-1" => "Asia Pacific (Mumbai)",
        "ca-central-1" => "Canada (Central)",
        "sa-east-1" => "South America (Sao Paulo)",
        other => other,
    }
}

/// Cut to what SNS takes. [D] API_Publish
fn subject(alarm: &Alarm, region: &Region) -> String {
    let text = format!("{}: \"{}\" in {}", alarm.state.value.name(), alarm.name, region_name(region));
    text.chars().take(99).collect()
}

/// [V] LS:cloudwatch::test_put_metric_alarm
fn message(arn: &Arn, alarm: &Alarm, previous: &Condition) -> String {
    let dimensions: Vec<Value> =
        alarm.key.dimensions.iter().map(|(name, value)| json!({"value": value, "name": name})).collect();
    let mut trigger = json!({
        "MetricName": alarm.key.name, "Namespace": alarm.key.namespace, "StatisticType": "Statistic",
        "Statistic": alarm.statistic.to_uppercase(), "Unit": alarm.unit, "Dimensions": dimensions,
        "Period": alarm.period, "EvaluationPeriods": alarm.evaluation_periods,
    });
    if let Some(needed) = alarm.datapoints_to_alarm {
        trigger["DatapointsToAlarm"] = json!(needed);
    }
    trigger["ComparisonOperator"] = json!(alarm.operator);
    trigger["Threshold"] = json!(alarm.threshold);
    trigger["TreatMissingData"] = json!(if alarm.treat_missing_given { alarm.treat_missing.name() } else { "" });
    trigger["EvaluateLowSampleCountPercentile"] = json!("");
    json!({
        "AlarmName": alarm.name, "AlarmDescription": alarm.description, "AWSAccountId": arn.account().as_str(),
        "AlarmConfigurationUpdatedTimestamp": alarm.configured.iso_offset(),
        "NewStateValue": alarm.state.value.name(), "NewStateReason": alarm.state.reason,
        "StateChangeTime": alarm.state.at.iso_offset(), "Region": region_name(&arn.region()),
        "AlarmArn": arn.as_str(), "OldStateValue": previous.value.name(),
        "OKActions": alarm.actions(AlarmState::Ok), "AlarmActions": alarm.actions(AlarmState::Alarm),
        "InsufficientDataActions": alarm.actions(AlarmState::InsufficientData), "Trigger": trigger,
    })
    .to_string()
}
