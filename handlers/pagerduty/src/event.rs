//! What PagerDuty gets: an event of the Events API v2, without the routing key.
//!
//! An alert opens an incident, or joins the open one of its incident key; a person closes it. A health alarm resolves
//! itself.

use jiff::Timestamp;
use rootwatch_alert::facts::Fact;
use rootwatch_alert::keys::content_key;
use rootwatch_alert::text::{self, defanged, prefix};
use rootwatch_alert::{Alarm, AlarmState, Alert, Incoming, Severity};
use serde_json::{Map, Value, json};

/// Longest summary, in characters [D: PagerDuty, Events API v2].
pub const SUMMARY_LIMIT: usize = 1_024;

/// Longest `dedup_key`, in characters [D: PagerDuty, Events API v2].
pub const KEY_LIMIT: usize = 255;

/// Longest event, in bytes [D: PagerDuty, Events API v2].
pub const EVENT_LIMIT: usize = 512 * 1024;

/// Longest text of the original event, in bytes; as a JSON string it is at most twice as long.
const ORIGINAL_LIMIT: usize = 120_000;

/// The event without the routing key. None for a log alarm that is over: the root activity that raised it still has to be
/// looked at, so it neither triggers an incident nor resolves one.
pub fn render(incoming: &Incoming) -> Option<Value> {
    match incoming {
        Incoming::Alert(alert) if alert.alarm_state.is_some_and(|state| state != AlarmState::Alarm) => None,
        Incoming::Alert(alert) => Some(of_alert(alert)),
        Incoming::Health(alarm) => Some(of_alarm(alarm)),
    }
}

/// The event of last resort, sent when PagerDuty refused the full one: plain text without anything that others wrote. The
/// key is the same, so it joins the same incident.
pub fn minimal(incoming: &Incoming) -> Value {
    let (action, key, severity) = match incoming {
        Incoming::Alert(alert) => ("trigger", key(&alert.incident_key), severity(alert.severity)),
        Incoming::Health(alarm) => (action(alarm.state), key(&alarm.arn), "error"),
    };
    // A key of triage's has only such characters; any other key may be the reason for the refusal.
    let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:+=@/".contains(&byte));
    let key = if plain { key.to_owned() } else { content_key(&Value::from(key)) };
    json!({
        "event_action": action,
        "dedup_key": key,
        "client": "Rootwatch",
        "payload": {"summary": incoming.minimal("PagerDuty"), "source": "Rootwatch", "severity": severity},
    })
}

fn action(state: AlarmState) -> &'static str {
    match state {
        AlarmState::Ok => "resolve",
        AlarmState::Alarm | AlarmState::InsufficientData => "trigger",
    }
}

fn of_alert(alert: &Alert) -> Value {
    let mut details = details(&alert.facts());
    details.insert("Summary".to_owned(), words(&alert.summary));
    if !alert.notes.is_empty() {
        let notes: Vec<_> = alert.notes.iter().map(|note| words(note)).collect();
        details.insert("Notes".to_owned(), Value::Array(notes));
    }
    if let Some(step) = &alert.first_step {
        details.insert("What to do first".to_owned(), words(step));
    }
    if let Some(query) = &alert.query {
        details.insert("Logs Insights query".to_owned(), Value::from(text::pasteable(query)));
    }
    details.insert("Deduplication key".to_owned(), words(&alert.deduplication_key));
    if let Some(event) = alert.event_text(ORIGINAL_LIMIT) {
        details.insert("Event".to_owned(), Value::from(event));
    }
    let links = alert.links.labelled(&alert.account);
    let links: Vec<_> = links.iter().map(|link| json!({"href": link.href, "text": link.words()})).collect();
    let title = format!("[{}] {}", alert.severity.as_str(), alert.headline());
    let mut event = json!({
        "event_action": "trigger",
        "dedup_key": key(&alert.incident_key),
        "client": "Rootwatch",
        "payload": {
            "summary": text::words(&title, SUMMARY_LIMIT),
            "source": words(&format!("AWS account {}", alert.account)),
            "severity": severity(alert.severity),
            "component": words(&alert.event_source),
            "group": words(&alert.account),
            "class": words(&alert.event_name),
            "custom_details": details,
        },
        "links": links,
    });
    timestamp(&mut event, &alert.event_time);
    event
}

fn of_alarm(alarm: &Alarm) -> Value {
    let severity = match alarm.state {
        AlarmState::Alarm => "error",
        AlarmState::Ok => "info",
        AlarmState::InsufficientData => "warning",
    };
    let summary = format!("{} ({}, {})", alarm.title(), alarm.account, alarm.region);
    let mut details = details(&alarm.facts());
    details.insert("What to do first".to_owned(), words(alarm.first_step()));
    let link = alarm.link().map(|href| {
        let text = format!("Alarm in CloudWatch (sign in to account {} first)", defanged(&alarm.account));
        json!({"href": href, "text": text})
    });
    let links: Vec<_> = link.into_iter().collect();
    let mut event = json!({
        "event_action": action(alarm.state),
        "dedup_key": key(&alarm.arn),
        "client": "Rootwatch",
        "payload": {
            "summary": text::words(&summary, SUMMARY_LIMIT),
            "source": words(&format!("AWS account {}", alarm.account)),
            "severity": severity,
            "component": words(&alarm.name),
            "group": words(&alarm.account),
            "class": "health",
            "custom_details": details,
        },
        "links": links,
    });
    timestamp(&mut event, alarm.changed.as_deref().unwrap_or_default());
    event
}

/// Only what PagerDuty can read as a time; it takes the time of arrival where there is none.
fn timestamp(event: &mut Value, time: &str) {
    let time = time.parse::<Timestamp>().or_else(|_| {
        // CloudWatch writes `+0000`, which is ISO 8601's basic form of an offset.
        time.replace("+0000", "Z").parse()
    });
    if let Ok(time) = time {
        event["payload"]["timestamp"] = Value::from(time.to_string());
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low => "info",
    }
}

fn key(key: &str) -> &str {
    prefix(key, KEY_LIMIT)
}

fn details(facts: &[Fact]) -> Map<String, Value> {
    facts.iter().map(|(label, value)| ((*label).to_owned(), words(value))).collect()
}

/// PagerDuty makes links of addresses in details.
fn words(text: &str) -> Value {
    Value::from(defanged(text))
}
