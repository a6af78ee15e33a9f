//! Whatever arrives at an alerter's queue: an alert or a health alarm, raw or in SNS's envelope.

use serde_json::Value;

use crate::act::Severity;
use crate::alert::{Alert, AlertType};
use crate::health::Alarm;
use crate::links::{Portal, is_account, is_console_link, is_region};

/// A message that an alerter can send on.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// An alert of the login, activity or tampering topic.
    Alert(Box<Alert>),
    /// An alarm of the health topic.
    Health(Alarm),
}

impl Incoming {
    /// The same message with the operators' runbook among the links of an alert, and links that lead through their portal.
    #[must_use]
    pub fn with_links(mut self, runbook: Option<&str>, portal: Option<&Portal>) -> Self {
        if let Incoming::Alert(alert) = &mut self {
            alert.links.runbook = runbook.map(str::to_owned);
            alert.links.portal = portal.cloned();
        }
        self
    }

    /// The severity as a number; an alarm counts as high.
    pub fn grade(&self) -> u8 {
        match self {
            Incoming::Alert(alert) => alert.severity.grade(),
            Incoming::Health(_) => Severity::High.grade(),
        }
    }

    /// The words of the message of last resort, for a sink that refused the full one. It holds nothing that others wrote: only
    /// values whose form is checked.
    pub fn minimal(&self, sink: &str) -> String {
        let account = |id: &str| if is_account(id) { format!("account {id}") } else { "an unknown account".to_owned() };
        let region = |region: &str| if is_region(region) { format!(", {region}") } else { String::new() };
        let refused = format!("{sink} refused the full message.");
        match self {
            Incoming::Alert(alert) => {
                let kind = match alert.alert_type {
                    AlertType::Login => "Root sign-in event",
                    AlertType::Activity => "Root activity",
                    AlertType::Tampering => "Change of the monitor",
                };
                let time = alert.event_time.parse::<jiff::Timestamp>().map(|time| format!(", {time}"));
                // Made of an event id, a Region and an account, whose forms are checked.
                let link = alert.links.cloudtrail_event.as_deref().filter(|link| is_console_link(link));
                format!(
                    "[{}] {kind} in {}{}{}. {refused} {}",
                    alert.severity.as_str(),
                    account(&alert.account),
                    region(&alert.region),
                    time.unwrap_or_default(),
                    match link {
                        Some(link) => format!("The event: {link}"),
                        None => "Look for the event in CloudTrail.".to_owned(),
                    }
                )
            }
            Incoming::Health(alarm) => format!(
                "Rootwatch alarm is {} in {}{}. {refused} Open CloudWatch there.",
                alarm.state.as_str(),
                account(&alarm.account),
                region(&alarm.region),
            ),
        }
    }
}

/// Why a message cannot be sent on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The body is not JSON.
    #[error("the message is not JSON: {0}")]
    NotJson(String),
    /// The body is JSON, but neither an alert nor an alarm.
    #[error("the message is neither an alert (no title or summary) nor a CloudWatch alarm (no AlarmName)")]
    NeitherAlertNorAlarm,
}

/// Reads the body of a message, raw or in SNS's envelope.
///
/// # Errors
///
/// [`Unreadable`] where there is nothing to send in it: no retry changes that.
pub fn read(body: &str) -> Result<Incoming, Unreadable> {
    let message: Value =
        serde_json::from_str(&unwrapped(body)).map_err(|error| Unreadable::NotJson(error.to_string()))?;
    if let Some(alarm) = Alarm::from_message(&message) {
        return Ok(Incoming::Health(alarm));
    }
    match Alert::from_message(&message) {
        Some(alert) => Ok(Incoming::Alert(Box::new(alert))),
        None => Err(Unreadable::NeitherAlertNorAlarm),
    }
}

/// The message in SNS's envelope, or the body itself where it has none (raw message delivery).
///
/// An envelope is known by `Type` `Notification` and a `TopicArn` [V: LocalStack's recorded SQS subscriptions].
fn unwrapped(body: &str) -> std::borrow::Cow<'_, str> {
    if !body.contains("\"TopicArn\"") {
        return body.into();
    }
    match serde_json::from_str::<Value>(body) {
        Ok(Value::Object(mut envelope))
            if envelope.get("Type").and_then(Value::as_str) == Some("Notification")
                && envelope.get("TopicArn").is_some_and(Value::is_string) =>
        {
            match envelope.remove("Message") {
                Some(Value::String(message)) => message.into(),
                _ => body.into(),
            }
        }
        _ => body.into(),
    }
}
