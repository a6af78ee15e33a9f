//! The two keys of an alert, both functions of the event alone.
//!
//! - The *deduplication key* names an act: a redelivery, a correction or the other account's copy of it has the same.
//! - The *incident key* names a visit and a severity band: the actions of one session within an hour of UTC are one incident
//!   for each band, not sixty. Actions that change a key, a password, an MFA device, detection or the account stand alone.
//!
//! Bands exist because a sink notifies people once for each incident: an event that pages must not join an incident that
//! was opened without paging. `low` holds low and medium alerts, which do not page; `high` and `critical` are separate.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::act::{Act, Severity};
use crate::event::Event;

/// Longest deduplication or incident key: PagerDuty's limit for `dedup_key` [D: Events API v2].
pub const KEY_LIMIT: usize = 255;

/// Names the act: `addendum.originalEventID`, else `sharedEventID`, else `eventID`.
///
/// An event without any of them is named by its content, whatever the order of its fields.
pub fn deduplication_key(event: Event<'_>) -> String {
    let id = event
        .text(&["detail", "addendum", "originalEventID"])
        .or_else(|| event.detail("sharedEventID"))
        .or_else(|| event.detail("eventID"));
    match id {
        Some(id) => part(id),
        None => content_key(event.value()),
    }
}

/// Names what has no id by its content, whatever the order of its fields.
pub fn content_key(value: &Value) -> String {
    format!("content-{}", digest(&canonical(value)))
}

/// The incident key: account, session, UTC hour and severity band. An event that is an incident of its own has its deduplication key.
pub fn incident_key(event: Event<'_>, act: &Act, severity: Severity) -> String {
    let account = part(event.account().unwrap_or("unknown"));
    if act.concern.stands_alone() {
        return format!("rootwatch/{account}/{}", deduplication_key(event));
    }
    format!("rootwatch/{account}/{}/{}/{}", session(event), event.hour(), band(severity))
}

/// The severity band of an incident.
pub fn band(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium | Severity::Low => "low",
    }
}

/// The same incident key in the band of another severity. Keys without a band stay as they are.
pub fn in_band(key: &str, severity: Severity) -> String {
    match key.rsplit_once('/') {
        Some((visit, "critical" | "high" | "low")) => format!("{visit}/{}", band(severity)),
        _ => key.to_owned(),
    }
}

/// The access key id of the session, else principal and source address: a console sign-in has an empty access key id.
pub(crate) fn session(event: Event<'_>) -> String {
    if let Some(key) = event.identity("accessKeyId") {
        return part(key);
    }
    let principal = event.identity("principalId").or_else(|| event.identity("arn")).unwrap_or("unknown");
    format!("{}+{}", part(principal), part(event.detail("sourceIPAddress").unwrap_or("unknown")))
}

/// A text as a part of a key: itself where it is short and plain, else its digest.
pub(crate) fn part(text: &str) -> String {
    let plain = text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:+=@".contains(&byte));
    if plain { text.to_owned() } else { digest(text) }
}

/// The first half of a SHA-256, in hexadecimal.
fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// JSON with sorted keys.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| key.as_str());
            let fields: Vec<_> = fields
                .iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}
