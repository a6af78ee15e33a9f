//! The alert as the JSON message of the topics: a public contract, version 1.
//!
//! The members that subscribers filter by are texts at the top level, so that filter policies on the message body work also
//! for the message that an EventBridge rule publishes, which has no attributes.

use serde_json::{Map, Value, json};

use crate::act::Severity;
use crate::actor::Actor;
use crate::alert::{Alert, AlertType, Origin};
use crate::fit::{fit, size};
use crate::health::AlarmState;
use crate::keys::content_key;
use crate::links::{Links, is_console_link};
use crate::outcome::Outcome;
use crate::text::{lines, plain};

/// Version of the message. A field that is added does not change it; one that changes its meaning or goes does.
pub const VERSION: &str = "1";

/// SNS's limit for a message with its attributes, in bytes [V: LocalStack's recorded `Message too long`].
pub const SNS_LIMIT: usize = 262_144;

/// Kept free of [`SNS_LIMIT`] for attributes: those published with the alert, and those that say why a message was
/// moved to a dead-letter queue.
pub const ATTRIBUTE_RESERVE: usize = 4_096;

/// Longest body, in bytes.
pub const BODY_LIMIT: usize = SNS_LIMIT - ATTRIBUTE_RESERVE;

/// Most dropped paths that a message names.
const DROPPED_LIMIT: usize = 20;

impl Alert {
    /// The body of the message, at most [`BODY_LIMIT`] bytes. What had to be dropped of the event for that is named
    /// in `dropped`, and a note says so.
    pub fn to_message(&self) -> String {
        let mut message = self.fields();
        let mut event = self.event.clone();
        let frame = size(&Value::Object(message.clone())) + 1_024 + DROPPED_LIMIT * 128;
        let mut dropped = match &event {
            // Not JSON: as much of the text as fits.
            Value::String(text) => {
                let cut = text_within(text, BODY_LIMIT.saturating_sub(frame));
                let dropped = if cut.len() < text.len() { vec!["event".to_owned()] } else { Vec::new() };
                event = Value::from(cut);
                dropped
            }
            _ => fit(&mut event, BODY_LIMIT.saturating_sub(frame)),
        };
        if !dropped.is_empty() {
            let count = dropped.len();
            dropped.truncate(DROPPED_LIMIT);
            let dropped: Vec<_> = dropped.iter().map(|path| plain(path, 100)).collect();
            let note = format!("The event did not fit: {count} of its fields left out. CloudTrail has them all.");
            if let Some(Value::Array(notes)) = message.get_mut("notes") {
                notes.push(Value::from(note));
            }
            message.insert("dropped".to_owned(), json!(dropped));
        }
        message.insert("event".to_owned(), event);
        // SNS refuses a message that holds these [D: SQS SendMessage, valid characters].
        Value::Object(message).to_string().replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
    }

    /// The attributes of the message: name and value, none of them empty.
    pub fn attributes(&self) -> [(&'static str, &str); 5] {
        [
            ("alert_type", self.alert_type.as_str()),
            ("severity", self.severity.as_str()),
            ("account", &self.account),
            ("region", &self.region),
            ("event_name", &self.event_name),
        ]
    }

    /// Everything but the event.
    fn fields(&self) -> Map<String, Value> {
        let message = json!({
            "version": VERSION,
            "alert_type": self.alert_type,
            "origin": self.origin,
            "severity": self.severity,
            "title": self.title,
            "summary": self.summary,
            "account": self.account,
            "account_name": self.account_name,
            "region": self.region,
            "event_name": self.event_name,
            "event_source": self.event_source,
            "event_time": self.event_time,
            "outcome": self.outcome,
            "actor": self.actor,
            "target": self.target,
            "resource": self.resource,
            "new_access_key": self.new_access_key,
            "source_ip": self.source_ip,
            "user_agent": self.user_agent,
            "deduplication_key": self.deduplication_key,
            "incident_key": self.incident_key,
            "notes": self.notes,
            "first_step": self.first_step,
            "query": self.query,
            "alarm_state": self.alarm_state.map(AlarmState::as_str),
            "links": self.links,
        });
        let Value::Object(mut message) = message else { return Map::new() };
        message.retain(|_, value| !value.is_null());
        message
    }

    /// The alert in a message, read leniently: alerters would rather say little than nothing. None where the message
    /// is not an object that has at least a title or a summary.
    pub fn from_message(message: &Value) -> Option<Self> {
        let text = |key: &str, limit| {
            message.get(key).and_then(Value::as_str).map(|text| plain(text, limit)).filter(|text| !text.is_empty())
        };
        let stated = |key: &str, limit| text(key, limit).unwrap_or_else(|| "unknown".to_owned());
        let link = |key: &str| {
            let link = message.get("links")?.get(key)?.as_str()?;
            Some(link.to_owned()).filter(|link| link.len() <= 1_024 && is_console_link(link))
        };
        let title = text("title", 240).or_else(|| text("summary", 240))?;
        let deduplication_key = text("deduplication_key", 255).unwrap_or_else(|| content_key(message));
        Some(Alert {
            alert_type: match message.get("alert_type").and_then(Value::as_str) {
                Some("login") => AlertType::Login,
                Some("tampering") => AlertType::Tampering,
                _ => AlertType::Activity,
            },
            origin: match message.get("origin").and_then(Value::as_str) {
                Some("cloudtrail") => Origin::CloudTrail,
                Some("log-alarm") => Origin::LogAlarm,
                _ => Origin::Unparsed,
            },
            severity: Severity::from_word(message.get("severity").and_then(Value::as_str).unwrap_or_default()),
            summary: text("summary", 900).unwrap_or_else(|| title.clone()),
            title,
            account: stated("account", 64),
            account_name: text("account_name", 64),
            region: stated("region", 64),
            event_name: stated("event_name", 256),
            event_source: stated("event_source", 128),
            event_time: stated("event_time", 64),
            outcome: Outcome::from_word(message.get("outcome").and_then(Value::as_str).unwrap_or_default()),
            actor: Actor::from_message(message.get("actor").unwrap_or(&Value::Null)),
            target: text("target", 128),
            resource: text("resource", 400),
            new_access_key: text("new_access_key", 128),
            source_ip: text("source_ip", 256),
            user_agent: text("user_agent", 1_024),
            incident_key: text("incident_key", 255).unwrap_or_else(|| deduplication_key.clone()),
            deduplication_key,
            notes: message
                .get("notes")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .take(20)
                .map(|note| plain(note, 1_000))
                .collect(),
            first_step: text("first_step", 500),
            query: message
                .get("query")
                .and_then(Value::as_str)
                .map(|query| lines(query, 2_000))
                .filter(|query| !query.is_empty()),
            alarm_state: message.get("alarm_state").and_then(Value::as_str).and_then(AlarmState::from_word),
            correlation: None,
            links: Links {
                cloudtrail_event: link("cloudtrail_event"),
                account: link("account"),
                runbook: None,
                portal: None,
            },
            event: message.get("event").cloned().unwrap_or_default(),
        })
    }
}

/// The longest beginning of a text whose JSON form has at most `limit` bytes.
fn text_within(text: &str, limit: usize) -> &str {
    let mut used = 2;
    for (at, character) in text.char_indices() {
        used += match character {
            '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
            c if c < ' ' => 6,
            c => c.len_utf8(),
        };
        if used > limit {
            return &text[..at];
        }
    }
    text
}
