//! Alarms as they are kept and shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::metric::MetricKey;
use crate::api::Protocol;
use crate::id::Arn;
use crate::time::Time;

/// A moment as the protocol writes it: JSON as seconds, XML as text. [D] Smithy timestampFormat
pub(super) fn shown_time(protocol: Protocol, time: Time) -> Value {
    match protocol {
        Protocol::Query => json!(time.iso_millis()),
        _ => json!(time.seconds_f64()),
    }
}

/// The state of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlarmState {
    /// Within the threshold.
    Ok,
    /// Beyond it.
    Alarm,
    /// Not enough data to say.
    InsufficientData,
}

impl AlarmState {
    /// AWS's name.
    pub fn name(self) -> &'static str {
        match self {
            AlarmState::Ok => "OK",
            AlarmState::Alarm => "ALARM",
            AlarmState::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Ok, Self::Alarm, Self::InsufficientData].into_iter().find(|state| state.name() == text)
    }
}

/// What a missing data point counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TreatMissingData {
    /// As beyond the threshold.
    Breaching,
    /// As within it.
    NotBreaching,
    /// The state is kept.
    Ignore,
    /// As no data.
    Missing,
}

impl TreatMissingData {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Breaching => "breaching",
            Self::NotBreaching => "notBreaching",
            Self::Ignore => "ignore",
            Self::Missing => "missing",
        }
    }
    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Breaching, Self::NotBreaching, Self::Ignore, Self::Missing].into_iter().find(|it| it.name() == text)
    }
}

/// A state with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Condition {
    pub(super) value: AlarmState,
    pub(super) reason: String,
    pub(super) data: Option<String>,
    pub(super) at: Time,
}

/// A metric alarm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) key: MetricKey,
    pub(super) statistic: String,
    pub(super) unit: Option<String>,
    pub(super) period: i64,
    pub(super) evaluation_periods: usize,
    pub(super) datapoints_to_alarm: Option<usize>,
    pub(super) operator: String,
    pub(super) threshold: f64,
    pub(super) treat_missing: TreatMissingData,
    pub(super) treat_missing_given: bool,
    pub(super) actions_enabled: bool,
    pub(super) ok_actions: Vec<String>,
    pub(super) alarm_actions: Vec<String>,
    pub(super) insufficient_data_actions: Vec<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) configured: Time,
    pub(super) state: Condition,
    /// Names the metric in the state change event; stays.
    pub(super) metric_id: String,
    pub(super) history: Vec<(Time, String, String)>,
    pub(super) next_evaluation: Option<Time>,
}

impl Alarm {
    /// How many of the points must be beyond the threshold.
    pub(super) fn needed(&self) -> usize {
        self.datapoints_to_alarm.unwrap_or(self.evaluation_periods)
    }

    /// Whether a value is beyond the threshold.
    pub(super) fn breaches(&self, value: f64) -> bool {
        match self.operator.as_str() {
            "GreaterThanOrEqualToThreshold" => value >= self.threshold,
            "GreaterThanThreshold" => value > self.threshold,
            "LessThanThreshold" => value < self.threshold,
            _ => value <= self.threshold,
        }
    }

    /// How many points are looked at: more than are needed, where there is more than one. [D] alarm-evaluation;
    /// for a single period the window itself, so that the alarm is over when its point has left it
    ///
    /// Below a minute it reaches back one minute more: data of the standard resolution lies at the start of its minute. [?]
    pub(super) fn range(&self) -> usize {
        if self.period < 60 {
            return self.evaluation_periods + (60 / self.period.max(1)) as usize;
        }
        if self.evaluation_periods == 1 { 1 } else { self.evaluation_periods + 2 }
    }

    /// The actions on entering a state.
    pub(super) fn actions(&self, state: AlarmState) -> &[String] {
        match state {
            AlarmState::Ok => &self.ok_actions,
            AlarmState::Alarm => &self.alarm_actions,
            AlarmState::InsufficientData => &self.insufficient_data_actions,
        }
    }

    pub(super) fn dimensions(&self) -> Vec<Value> {
        self.key.dimensions.iter().map(|(name, value)| json!({"Name": name, "Value": value})).collect()
    }

    /// As DescribeAlarms shows it.
    pub(super) fn shape(&self, arn: &Arn, protocol: Protocol) -> Value {
        let time = |time: Time| shown_time(protocol, time);
        let mut shape = json!({
            "AlarmName": self.name, "AlarmArn": arn.as_str(),
            "AlarmConfigurationUpdatedTimestamp": time(self.configured),
            "ActionsEnabled": self.actions_enabled, "OKActions": self.ok_actions,
            "AlarmActions": self.alarm_actions, "InsufficientDataActions": self.insufficient_data_actions,
            "StateValue": self.state.value.name(), "StateReason": self.state.reason,
            "StateUpdatedTimestamp": time(self.state.at),
            "StateTransitionedTimestamp": time(self.state.at),
            "MetricName": self.key.name, "Namespace": self.key.namespace, "Statistic": self.statistic,
            "Dimensions": self.dimensions(), "Period": self.period, "EvaluationPeriods": self.evaluation_periods,
            "Threshold": self.threshold, "ComparisonOperator": self.operator,
        });
        let optional = [
            ("AlarmDescription", self.description.as_ref().map(|text| json!(text))),
            ("Unit", self.unit.as_ref().map(|unit| json!(unit))),
            ("DatapointsToAlarm", self.datapoints_to_alarm.map(|n| json!(n))),
            ("TreatMissingData", self.treat_missing_given.then(|| json!(self.treat_missing.name()))),
            ("StateReasonData", self.state.data.as_ref().map(|data| json!(data))),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                shape[name] = value;
            }
        }
        shape
    }
}
