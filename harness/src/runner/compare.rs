//! What was expected against what came out.

use std::collections::BTreeSet;
use std::fmt::{self, Display, Formatter};

use super::is_health;
use super::outcome::{AlertCounts, Message, Outcome};
use crate::scenario::{Expectation, Mention, MessageExpectation, Receiver, StoppedAt, at};

/// Something that is looked at: what was expected of it, and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// What it is.
    pub what: String,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

impl Compared {
    fn new(what: &str, expected: impl ToString, found: impl ToString) -> Self {
        Self { what: what.to_owned(), expected: expected.to_string(), found: found.to_string() }
    }

    /// Whether it is as it should be.
    pub fn agrees(&self) -> bool {
        self.expected == self.found
    }
}

impl Display for Compared {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, found {}", self.what, self.expected, self.found)
    }
}

/// Every difference, in words; none means passed.
pub(crate) fn differences(expected: &Expectation, found: &Outcome) -> Vec<String> {
    compared(expected, found).iter().filter(|one| !one.agrees()).map(ToString::to_string).collect()
}

/// All that an expectation looks at.
pub(crate) fn compared(expected: &Expectation, found: &Outcome) -> Vec<Compared> {
    let AlertCounts { login, activity, tampering, health } = found.alerts;
    let alerts = expected.alerts();
    let sinks = found.sinks;
    let mut all = vec![
        Compared::new("root login alerts", expected.login, login),
        Compared::new("root activity alerts", expected.activity, activity),
        Compared::new("tampering alerts", expected.tampering, tampering),
    ];
    all.extend(expected.health.map(|expected| Compared::new("health messages", expected, health)));
    all.extend([
        Compared::new("messages to Slack", expected.slack.unwrap_or(alerts), sinks.slack),
        Compared::new("events to PagerDuty", expected.pagerduty.unwrap_or(alerts), sinks.pagerduty),
        Compared::new("e-mails", expected.email.unwrap_or(alerts), sinks.email),
        Compared::new("messages in dead-letter queues", expected.dead_letters, found.dead_letters),
    ]);
    let health_emails = expected.health_emails;
    all.extend(health_emails.map(|expected| Compared::new("e-mails about health", expected, found.health_emails)));
    all.extend(expected.within_seconds.zip(found.seconds).map(|(most, seconds)| {
        let wanted = format!("at most {most}");
        let found = if seconds <= most { wanted.clone() } else { seconds.to_string() };
        Compared::new("seconds until the last function ended", wanted, found)
    }));
    match (expected.stopped_at, found.stopped_at) {
        (Some(expected), found) => all.push(Compared::new("where it ended", place(Some(expected)), place(found))),
        // Only the other two are a silence that was meant.
        (None, Some(lost @ (StoppedAt::NoSpoke | StoppedAt::Undelivered))) => {
            all.push(Compared::new("where it ended", "an alert or a silence that is meant", place(Some(lost))));
        }
        _ => {}
    }
    if let Some(expected) = expected.after_redrive {
        let found = found.after_redrive.unwrap_or_default();
        all.extend([
            Compared::new("after the redrive, messages to Slack", expected.slack, found.slack),
            Compared::new("after the redrive, events to PagerDuty", expected.pagerduty, found.pagerduty),
            Compared::new("after the redrive, e-mails", expected.email, found.email),
        ]);
        all.extend(expected.health.map(|expected| {
            Compared::new("after the redrive, health messages", expected, found.health.unwrap_or_default())
        }));
    }
    let hop = found.broken_hop.as_deref().unwrap_or("none");
    for text in &expected.broken_hop {
        let named = format!("one with `{text}`");
        let found = if hop.contains(text.as_str()) { named.clone() } else { hop.to_owned() };
        all.push(Compared::new("the hop that broke", named, found));
    }
    let messages = |to: Option<Receiver>| match to {
        Some(Receiver::DeadLetters) => &found.dead_lettered,
        Some(Receiver::Coverage) => &found.coverage,
        _ => &found.messages,
    };
    all.extend(expected.mentions.iter().map(|mention| mentioned(mention, messages(mention.to))));
    all.extend(expected.messages.iter().map(|expected| counted(expected, messages(Some(expected.to)))));
    all.extend(expected.incidents.map(|expected| incidents(expected, &found.messages)));
    all
}

/// Compares one entry of `mentions` with the messages.
fn mentioned(mention: &Mention, messages: &[Message]) -> Compared {
    let receivers: BTreeSet<&str> =
        messages.iter().filter(|message| mentions(message, &mention.text)).map(|message| message.to.as_str()).collect();
    let places = receivers.iter().copied().collect::<Vec<_>>().join(", ");
    let what = match mention.to {
        None => format!("a message that mentions `{}`", mention.text),
        Some(to) => format!("a message to {} that mentions `{}`", to.as_str(), mention.text),
    };
    let found = mention.to.map_or(!receivers.is_empty(), |to| receivers.contains(to.as_str()));
    match (found, receivers.is_empty()) {
        (true, _) => Compared::new(&what, format!("yes, in {places}"), format!("yes, in {places}")),
        (false, true) => Compared::new(&what, "yes", "no"),
        (false, false) => Compared::new(&what, "yes", format!("no, only in {places}")),
    }
}

/// How many messages have the values, and which values were found instead.
fn counted(expected: &MessageExpectation, messages: &[Message]) -> Compared {
    let to = expected.to.as_str();
    let of: Vec<&Message> = messages.iter().filter(|message| message.to == to).collect();
    let count = of.iter().filter(|message| expected.matches(&message.body)).count() as u64;
    let values: Vec<_> = expected.values.iter().map(|(path, value)| format!("{path} = {value}")).collect();
    let with = if values.is_empty() { String::new() } else { format!(" with {}", values.join(", ")) };
    let wanted = expected.count.map_or_else(|| "at least 1".to_owned(), |count| count.to_string());
    let agrees = expected.count.map_or(count > 0, |wanted| wanted == count);
    let found = if agrees {
        wanted.clone()
    } else {
        let instead: Vec<_> = expected
            .values
            .keys()
            .map(|path| {
                let values: BTreeSet<_> = of
                    .iter()
                    .map(|message| at(&message.body, path).map_or_else(|| "nothing".to_owned(), ToString::to_string))
                    .collect();
                format!("{path}: {}", values.into_iter().collect::<Vec<_>>().join(", "))
            })
            .collect();
        format!("{count} of {} ({})", of.len(), instead.join("; "))
    };
    Compared::new(&format!("messages to {to}{with}"), wanted, found)
}

/// Distinct incident keys of alerts about root.
fn incidents(expected: u64, messages: &[Message]) -> Compared {
    let keys = |to: &[&str], path: &str| -> BTreeSet<String> {
        let of = messages.iter().filter(|message| to.contains(&message.to.as_str()) && !is_health(&message.body));
        of.filter_map(|message| at(&message.body, path)?.as_str().map(str::to_owned)).collect()
    };
    let mut found = keys(&["pagerduty"], "dedup_key");
    if found.is_empty() {
        found = keys(&["login", "activity", "tampering"], "incident_key");
    }
    let count = found.len() as u64;
    let list = found.into_iter().collect::<Vec<_>>().join(", ");
    let found = if count == expected { count.to_string() } else { format!("{count} ({list})") };
    Compared::new("distinct incident keys", expected, found)
}

pub(crate) fn mentions(message: &Message, text: &str) -> bool {
    fn within(value: &serde_json::Value, text: &str) -> bool {
        match value {
            serde_json::Value::String(found) => found.contains(text),
            serde_json::Value::Array(items) => items.iter().any(|item| within(item, text)),
            serde_json::Value::Object(members) => members.values().any(|item| within(item, text)),
            _ => false,
        }
    }
    within(&message.body, text)
}

fn place(stopped_at: Option<StoppedAt>) -> &'static str {
    match stopped_at {
        None => "an alert",
        Some(StoppedAt::Rule) => "a rule's pattern that did not match",
        Some(StoppedAt::Triage) => "triage, which decided that it is none",
        Some(StoppedAt::NoSpoke) => "a Region without a spoke",
        Some(StoppedAt::Undelivered) => "undelivered, on the way",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(login: u64, slack: u64, stopped_at: Option<StoppedAt>) -> Outcome {
        let mut outcome = Outcome::error("x", "x.json".into(), String::new());
        outcome.alerts.login = login;
        outcome.sinks = super::super::SinkCounts { slack, pagerduty: slack, email: slack };
        outcome.stopped_at = stopped_at;
        outcome
    }

    #[test]
    fn silence_must_be_meant() {
        let silent = Expectation::default();
        let login = Expectation { login: 1, ..Default::default() };
        let cases = [
            (&login, outcome(1, 1, None), 0),
            (&login, outcome(0, 0, Some(StoppedAt::Rule)), 4),
            (&login, outcome(1, 0, None), 3),
            (&silent, outcome(0, 0, Some(StoppedAt::Rule)), 0),
            (&silent, outcome(0, 0, Some(StoppedAt::Triage)), 0),
            (&silent, outcome(0, 0, Some(StoppedAt::NoSpoke)), 1),
            (&silent, outcome(0, 0, Some(StoppedAt::Undelivered)), 1),
            (&silent, outcome(1, 1, None), 4),
        ];
        for (expected, found, count) in cases {
            let differences = differences(expected, &found);
            assert_eq!(differences.len(), count, "{differences:?}");
        }
    }

    #[test]
    fn messages_are_asserted_by_their_values() {
        let message = |to: &str, body| Message { to: to.to_owned(), body };
        let event = |key: &str, severity: &str| json!({"dedup_key": key, "payload": {"severity": severity}});
        let mut outcome = outcome(0, 0, Some(StoppedAt::Rule));
        outcome.messages = vec![
            message("pagerduty", event("a", "critical")),
            message("pagerduty", event("b", "info")),
            message("pagerduty", json!({"dedup_key": "c", "payload": {"class": "health"}})),
            message("email", json!({"subject": "[critical] x"})),
        ];
        let reason = [("ErrorCode", Some("Publish"))];
        outcome.dead_lettered = vec![Message::dead_letter("triage-dlq", reason.into_iter(), r#"{"id": 1}"#)];
        outcome.seconds = Some(61);
        for (expect, wanted) in [
            (json!({"messages": [{"to": "pagerduty", "where": {"payload.severity": "critical"}, "count": 1}]}), None),
            (json!({"messages": [{"to": "email"}]}), None),
            (
                json!({"messages": [{"to": "pagerduty", "where": {"payload.severity": "error"}}]}),
                Some(
                    "messages to pagerduty with payload.severity = \"error\": expected at least 1, found 0 of 3 (payload.severity: \"critical\", \"info\", nothing)",
                ),
            ),
            (json!({"messages": [{"to": "slack", "count": 0}]}), None),
            (
                json!({"messages": [{"to": "dead_letters", "where": {"attributes.ErrorCode": "Publish", "body.id": 1}}]}),
                None,
            ),
            (json!({"mentions": [{"text": "triage-dlq", "to": "dead_letters"}]}), None),
            (
                json!({"messages": [{"to": "dead_letters", "where": {"queue": "slack-dlq"}}]}),
                Some(
                    "messages to dead_letters with queue = \"slack-dlq\": expected at least 1, found 0 of 1 (queue: \"triage-dlq\")",
                ),
            ),
            (json!({"within_seconds": 61}), None),
            (
                json!({"within_seconds": 60}),
                Some("seconds until the last function ended: expected at most 60, found 61"),
            ),
            (json!({"incidents": 2}), None),
            (json!({"incidents": 1}), Some("distinct incident keys: expected 1, found 2 (a, b)")),
            (json!({"mentions": ["critical", {"text": "[critical]", "to": "email"}]}), None),
            (
                json!({"mentions": [{"text": "[critical]", "to": "slack"}]}),
                Some("a message to slack that mentions `[critical]`: expected yes, found no, only in email"),
            ),
        ] {
            let expected: Expectation = serde_json::from_value(expect.clone()).unwrap();
            let differences = differences(&expected, &outcome);
            assert_eq!(differences.first().map(String::as_str), wanted, "{expect}");
        }
    }
}
