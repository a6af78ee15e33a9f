//! What was expected against what came out.

use super::outcome::{AlertCounts, Message, Outcome};
use crate::scenario::{Expectation, StoppedAt};

/// Every difference, in words; none means passed.
pub(crate) fn differences(expected: &Expectation, found: &Outcome) -> Vec<String> {
    let mut differences = Vec::new();
    let mut count = |what: &str, expected: u64, found: u64| {
        if expected != found {
            differences.push(format!("{what}: expected {expected}, found {found}"));
        }
    };
    let AlertCounts { login, activity, health } = found.alerts;
    count("root login alerts", expected.login, login);
    count("root activity alerts", expected.activity, activity);
    if let Some(expected) = expected.health {
        count("health messages", expected, health);
    }
    let alerts = expected.login + expected.activity;
    count("messages to Slack", expected.slack.unwrap_or(alerts), found.sinks.slack);
    count("events to PagerDuty", expected.pagerduty.unwrap_or(alerts), found.sinks.pagerduty);
    count("e-mails", expected.email.unwrap_or(alerts), found.sinks.email);
    count("messages in dead-letter queues", expected.dead_letters, found.dead_letters);
    match (expected.stopped_at, found.stopped_at) {
        (Some(expected), found) if found != Some(expected) => {
            differences.push(format!("where it ended: expected {}, found {}", place(Some(expected)), place(found)));
        }
        // Only these two are a silence that was meant.
        (None, Some(found @ (StoppedAt::NoSpoke | StoppedAt::Undelivered))) => {
            differences.push(format!("it was not silent, it was lost: {}", place(Some(found))));
        }
        _ => {}
    }
    if let Some(expected) = expected.after_redrive {
        let found = found.after_redrive.unwrap_or_default();
        let mut count = |what: &str, expected: u64, found: u64| {
            if expected != found {
                differences.push(format!("after the redrive, {what}: expected {expected}, found {found}"));
            }
        };
        count("messages to Slack", expected.slack, found.slack);
        count("events to PagerDuty", expected.pagerduty, found.pagerduty);
        count("e-mails", expected.email, found.email);
    }
    let hop = found.broken_hop.as_deref().unwrap_or_default();
    for text in expected.broken_hop.iter().filter(|text| !hop.contains(text.as_str())) {
        differences.push(format!("the hop that broke: expected one with `{text}`, found `{hop}`"));
    }
    for text in &expected.mentions {
        if !found.messages.iter().any(|message| mentions(message, text)) {
            differences.push(format!("no message mentions `{text}`"));
        }
    }
    differences
}

fn mentions(message: &Message, text: &str) -> bool {
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
}
