//! CloudWatch's own message about an alarm, as the health topic carries it.

use serde_json::Value;

use crate::text::plain;

/// The state that an alarm went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlarmState {
    /// Something on the monitor's way is broken.
    Alarm,
    /// It works again.
    Ok,
    /// CloudWatch cannot tell.
    InsufficientData,
}

impl AlarmState {
    /// CloudWatch's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            AlarmState::Alarm => "ALARM",
            AlarmState::Ok => "OK",
            AlarmState::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

/// An alarm of the monitor's own health.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Names the alarm everywhere.
    pub arn: String,
    /// The alarm's name.
    pub name: String,
    /// What its author says about it.
    pub description: Option<String>,
    /// The state that it went to.
    pub state: AlarmState,
    /// Why, in CloudWatch's words.
    pub reason: String,
    /// The alarm's account.
    pub account: String,
    /// The alarm's Region: from the ARN, because the message's own `Region` is a display name.
    pub region: String,
    /// When it changed, as CloudWatch writes it: `2026-02-26T10:14:05.123+0000`.
    pub changed: Option<String>,
}

impl Alarm {
    /// The alarm in a message of CloudWatch [V: LocalStack's recorded `test_put_metric_alarm`]. None where the message
    /// names no alarm or no state.
    pub fn from_message(message: &Value) -> Option<Self> {
        let text = |key: &str, limit| {
            message.get(key).and_then(Value::as_str).map(|text| plain(text, limit)).filter(|text| !text.is_empty())
        };
        let name = text("AlarmName", 256)?;
        let state = match message.get("NewStateValue").and_then(Value::as_str)? {
            "ALARM" => AlarmState::Alarm,
            "OK" => AlarmState::Ok,
            "INSUFFICIENT_DATA" => AlarmState::InsufficientData,
            _ => return None,
        };
        let account = text("AWSAccountId", 64).unwrap_or_else(|| "unknown".to_owned());
        let arn = text("AlarmArn", 1_600).unwrap_or_else(|| format!("{account}:{name}"));
        let region = arn.split(':').nth(3).filter(|region| !region.is_empty() && arn.starts_with("arn:"));
        Some(Alarm {
            region: region.map(str::to_owned).or_else(|| text("Region", 64)).unwrap_or_else(|| "unknown".to_owned()),
            description: text("AlarmDescription", 1_024),
            reason: text("NewStateReason", 1_024).unwrap_or_else(|| "no reason given".to_owned()),
            changed: text("StateChangeTime", 64),
            arn,
            name,
            state,
            account,
        })
    }

    /// What an alerter says first.
    pub fn title(&self) -> String {
        match self.state {
            AlarmState::Alarm => format!("Rootwatch is not healthy: {}", self.name),
            AlarmState::Ok => format!("Rootwatch is healthy again: {}", self.name),
            AlarmState::InsufficientData => format!("Rootwatch's health is not known: {}", self.name),
        }
    }
}
