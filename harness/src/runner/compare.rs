//! What was expected against what came out.

use std::fmt::{self, Display, Formatter};

use super::outcome::{AlertCounts, Message, Outcome};
use crate::scenario::{Expectation, StoppedAt};

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
    let AlertCounts { login, activity, health } = found.alerts;
    let alerts = expected.login + expected.activity;
    let sinks = found.sinks;
    let mut all = vec![
        Compared::new("root login alerts", expected.login, login),
        Compared::new("root activity alerts", expected.activity, activity),
    ];
    all.extend(expected.health.map(|expected| Compared::new("health messages", expected, health)));
    all.extend([
        Compared::new("messages to Slack", expected.slack.unwrap_or(alerts), sinks.slack),
        Compared::new("events to PagerDuty", expected.pagerduty.unwrap_or(alerts), sinks.pagerduty),
        Compared::new("e-mails", expected.email.unwrap_or(alerts), sinks.email),
        Compared::new("messages in dead-letter queues", expected.dead_letters, found.dead_letters),
    ]);
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
    }
    let hop = found.broken_hop.as_deref().unwrap_or("none");
    for text in &expected.broken_hop {
        let named = format!("one with `{text}`");
        let found = if hop.contains(text.as_str()) { named.clone() } else { hop.to_owned() };
        all.push(Compared::new("the hop that broke", named, found));
    }
    for text in &expected.mentions {
        let mentioned = found.messages.iter().any(|message| mentions(message, text));
        all.push(Compared::new(
            &format!("a message that mentions `{text}`"),
            "yes",
            if mentioned { "yes" } else { "no" },
        ));
    }
    all
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
