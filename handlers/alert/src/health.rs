//! CloudWatch's own message about an alarm, as the health topic carries it.

use serde_json::Value;

use crate::links::alarm_link;
use crate::text::plain;

/// The state that an alarm went to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlarmState {
    /// Something on the monitor's way is broken.
    Alarm,
    /// It works again.
    Ok,
    /// CloudWatch does not know.
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

impl AlarmState {
    /// The state of CloudWatch's word.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "ALARM" => Some(AlarmState::Alarm),
            "OK" => Some(AlarmState::Ok),
            "INSUFFICIENT_DATA" => Some(AlarmState::InsufficientData),
            _ => None,
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
        let state = message.get("NewStateValue").and_then(Value::as_str).and_then(AlarmState::from_word)?;
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

    /// The alarm in the CloudWatch console. None where its Region or name does not have the form of one.
    pub fn link(&self) -> Option<String> {
        // The check of the heartbeats reports in an alarm's words, and is none.
        alarm_link(&self.region, &self.name).filter(|_| self.arn.starts_with("arn:"))
    }

    /// What to do first.
    pub fn first_step(&self) -> &'static str {
        const STEPS: [(&str, &str); 10] = [
            (
                "-coverage",
                "Run `rootwatch verify --spoke ACCOUNT` for the accounts that are named: it shows the hop that fails. If an account has left, none.",
            ),
            (
                "-coverage-check",
                "Read the log of the function, and check that its rule is enabled. Until the check runs, a silent spoke is not noticed.",
            ),
            (
                "-dead-letters",
                "Read the attributes ErrorCode and ErrorMessage of the messages in the dead-letter queue, fix the cause, then run `rootwatch redrive`.",
            ),
            (
                "-delivery-failed",
                "Read the messages in the dead-letter queue next to the topic or rule, fix the policy or queue that they name, then run `rootwatch redrive`.",
            ),
            (
                "-delivery-lost",
                "Fix the policy of the dead-letter queue, then compare CloudTrail's event history with the alerts that arrived.",
            ),
            (
                "-oldest-message",
                "Read the function's log (`returned to its queue`): it names the sink's answer. Alerts are late, not lost.",
            ),
            (
                "-waiting",
                "Read the function's log (`returned to its queue`): it names the sink's answer. Alerts are late, not lost.",
            ),
            ("-errors", "Read the function's log: the function crashed or timed out. Its messages are retried."),
            (
                "-store",
                "Check the deduplication table, its key and the function's role. Alerts are sent meanwhile, some of them twice.",
            ),
            ("-throttles", "Check the account's Lambda concurrency. Messages wait in their queue meanwhile."),
        ];
        match self.state {
            AlarmState::Ok => "None: the alarm is over. Check that late alerts have arrived.",
            _ => STEPS
                .iter()
                .find(|(end, _)| self.name.ends_with(end))
                .map_or("Open the alarm: its description says what is broken and how to fix it.", |(_, step)| step),
        }
    }
}
