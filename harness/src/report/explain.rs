//! The trace of one event, hop by hop, for a person: what each hop decided and by which rule, and what to try first where
//! it broke.

use std::fmt::Write;

use console::style;
use rootwatch_cloud::time::Time;
use rootwatch_cloud::trace::{Entry, Hop, Outcome as Ended};

use super::clean;
use crate::runner::{Outcome, is_for_alarms, is_of_coverage, is_trouble};

/// Renders the way. `whole` keeps the rules that did not want the event and the deliveries of the monitor's own health.
pub fn explain(outcome: &Outcome, whole: bool) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}", style(clean(&outcome.name)).bold());
    if !outcome.title.is_empty() {
        let _ = writeln!(text, "{}", clean(&outcome.title));
    }
    way(&mut text, &outcome.entries, whole);
    let _ = writeln!(text, "\n{}", end(outcome));
    for failure in &outcome.failures {
        let _ = writeln!(text, "  {} {}", style("differs:").red(), clean(failure));
    }
    for note in &outcome.notes {
        let _ = writeln!(text, "  note: {}", clean(note));
    }
    if let Some((noun, advice)) = first_advice(outcome) {
        let _ = writeln!(text, "\nWhat to try first, for the {noun} above:\n  {advice}");
    } else if let Some(hop) = &outcome.broken_hop {
        let _ = writeln!(text, "\nThe hop that broke: {hop}");
        // Where silence is meant there is nothing to fix.
        if let Some(advice) = advice_for_broken(outcome, hop).filter(|_| !outcome.failures.is_empty()) {
            let _ = writeln!(text, "\nWhat to try first:\n  {advice}");
        }
    }
    text
}

/// Renders the path as one JSON object.
pub fn explain_json(outcome: &Outcome, whole: bool) -> String {
    let entries: Vec<&Entry> = outcome.entries.iter().filter(|entry| whole || !is_aside(entry)).collect();
    let advice = first_advice(outcome).map(|(hop, advice)| serde_json::json!({"hop": hop, "text": advice}));
    serde_json::json!({
        "name": outcome.name,
        "status": outcome.status,
        "stopped_at": outcome.stopped_at,
        "broken_hop": outcome.broken_hop,
        "failures": outcome.failures,
        "notes": outcome.notes,
        "alerts": outcome.alerts,
        "sinks": outcome.sinks,
        "dead_letters": outcome.dead_letters,
        "entries": entries,
        "advice": advice,
    })
    .to_string()
}

/// The fix that a person would try first, and for which hop.
pub(super) fn first_advice(outcome: &Outcome) -> Option<(&'static str, String)> {
    let normal = |entry: &&Entry| !entry.is_trouble() || is_trouble(entry);
    let (aside, path): (Vec<&Entry>, Vec<&Entry>) =
        outcome.entries.iter().filter(normal).partition(|it| is_of_coverage(it));
    path.into_iter().chain(aside).find_map(|entry| Some((noun(entry.hop), advice(entry)?)))
}

/// The hops in their order, with the times at which they came.
pub(super) fn way(text: &mut String, entries: &[Entry], whole: bool) {
    let mut before: Option<Time> = None;
    let start = entries.first().map(|entry| entry.at);
    for entry in entries {
        if !whole && is_aside(entry) {
            continue;
        }
        if before != Some(entry.at) {
            let after = start.map_or(0.0, |start| (entry.at.0 - start.0) as f64 / 1000.0);
            let _ = writeln!(text, "\n{} {}", entry.at.iso_millis(), style(format!("+{after} s")).dim());
            before = Some(entry.at);
        }
        hop(text, entry);
    }
}

/// The first fix for a hop that is no trouble in itself: a rule that wanted something else, a topic without subscribers.
fn advice_for_broken(outcome: &Outcome, broken: &str) -> Option<String> {
    let entry = outcome.entries.iter().find(|entry| broken.starts_with(&entry.to_string()))?;
    let resource = &entry.resource;
    match (entry.hop, entry.outcome) {
        (Hop::Rule, Ended::NotMatched) => {
            let why = entry.detail.split_once(": ").map_or(entry.detail.as_str(), |(_, why)| why);
            Some(format!("Let the pattern of {resource} take the event: {why}."))
        }
        (Hop::Topic, Ended::Delivered) => Some(format!("Subscribe the alerter's queue to {resource}.")),
        _ => None,
    }
}

/// What is no part of the event's own way.
fn is_aside(entry: &Entry) -> bool {
    match entry.hop {
        Hop::Rule => entry.outcome == Ended::NotMatched && is_for_alarms(entry),
        // Every line that a function logs meets the filters of its own log group.
        Hop::MetricFilter => entry.outcome == Ended::NotMatched,
        _ => entry.resource.contains(":probe-") || entry.detail.contains(":probe-"),
    }
}

fn noun(hop: Hop) -> &'static str {
    match hop {
        Hop::CloudTrail => "trail",
        Hop::Bus => "bus",
        Hop::Rule => "rule",
        Hop::Target => "target",
        Hop::Queue => "queue",
        Hop::Topic => "topic",
        Hop::Subscription => "subscription",
        Hop::EventSourceMapping => "event source mapping",
        Hop::Function => "function",
        Hop::Api => "call",
        Hop::MetricFilter => "metric filter",
        Hop::Alarm => "alarm",
        Hop::Email => "e-mail",
    }
}

fn hop(text: &mut String, entry: &Entry) {
    let (mark, word) = match entry.outcome {
        Ended::Delivered => (style("→").green(), "delivered"),
        Ended::Matched => (style("✓").green(), "matched"),
        Ended::NotMatched => (style("·").dim(), "did not match"),
        Ended::Denied => (style("✗").red(), "denied"),
        Ended::Failed => (style("✗").red(), "failed"),
        Ended::Retried => (style("↻").yellow(), "failed, will be tried again"),
        Ended::DeadLettered => (style("▤").red(), "went to the dead-letter queue"),
        Ended::Lost => (style("✗").red(), "lost"),
    };
    let _ = writeln!(text, "  {mark} {:<20} {}", noun(entry.hop), style(clean(&entry.resource)).bold());
    let _ = writeln!(text, "      {word}{}{}", if entry.detail.is_empty() { "" } else { ": " }, clean(&entry.detail));
    let Some(decision) = &entry.decision else { return };
    let principal = entry.principal.as_deref().unwrap_or("?");
    let verdict = if decision.allowed { "allowed" } else { "denied" };
    match &decision.statement {
        Some(statement) => {
            let _ = writeln!(text, "      {principal} was {verdict} by {statement}");
        }
        None => {
            let _ = writeln!(text, "      {principal} was {verdict} {}", decision.because);
        }
    }
    if let Some(hint) = decision.hint.as_ref().filter(|_| !decision.allowed) {
        let _ = writeln!(text, "      nearest: {hint}");
    }
}

fn end(outcome: &Outcome) -> String {
    let alerts = outcome.alerts;
    let sinks = outcome.sinks;
    match outcome.stopped_at {
        None => format!(
            "It ended as {} root login, {} root activity and {} tampering alerts; Slack {}, PagerDuty {}, email {}; {} in \
             dead-letter queues.",
            alerts.login,
            alerts.activity,
            alerts.tampering,
            sinks.slack,
            sinks.pagerduty,
            sinks.email,
            outcome.dead_letters
        ),
        Some(place) => {
            let place = serde_json::to_value(place).ok();
            let place = place.as_ref().and_then(|place| place.as_str()).unwrap_or("?");
            format!("It made no alert: it ended at `{place}`; {} in dead-letter queues.", outcome.dead_letters)
        }
    }
}

/// The fix that a person would try first.
fn advice(entry: &Entry) -> Option<String> {
    let resource = &entry.resource;
    if let Some(decision) = entry.decision.as_ref().filter(|decision| !decision.allowed) {
        let principal = entry.principal.as_deref().unwrap_or("the caller");
        return Some(if decision.explicit_deny {
            format!("A Deny decided: narrow or remove {}.", decision.statement.as_deref().unwrap_or("that statement"))
        } else {
            // The run knows which condition was not met.
            let reason = decision.hint.as_deref().unwrap_or(&decision.because).trim_end_matches('.');
            match decision.because.contains("resource-based") {
                true => format!("Allow {principal} in the policy of {resource}: {reason}."),
                false => format!("Allow the call on {resource} in a policy of {principal}: {reason}."),
            }
        });
    }
    let advice = match (entry.hop, entry.outcome) {
        (Hop::CloudTrail, Ended::Lost | Ended::Failed) => {
            "A trail must be logging management events, read and write, in this Region; records over 256 KB never reach \
             EventBridge."
                .to_owned()
        }
        (Hop::Rule, Ended::NotMatched) if entry.detail.contains("read-only") => format!(
            "Set the state of {resource} to ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS (variable `read_only_events`)."
        ),
        (Hop::Rule, Ended::NotMatched) if entry.detail.contains("DISABLED") => format!("Enable {resource}."),
        (Hop::EventSourceMapping, Ended::Failed) if entry.detail.contains("disabled") => {
            "Enable the event source mapping: `enabled = true`.".to_owned()
        }
        (Hop::Target | Hop::Subscription, Ended::DeadLettered | Ended::Lost) => {
            format!("{resource} did not accept the message: fix the reason above, then redrive the dead-letter queue.")
        }
        (Hop::Api, Ended::Failed) => {
            format!("The function called {resource}: check the ARN in its environment, and that the thing exists.")
        }
        (Hop::Function, Ended::Failed | Ended::Retried) => {
            format!("Read the log group of {resource}: the function itself failed.")
        }
        _ => return None,
    };
    Some(advice)
}
