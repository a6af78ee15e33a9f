//! Invariants of every event for PagerDuty, whatever it contains. The fuzz target looks at the same.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use rootwatch_pagerduty::event::{EVENT_LIMIT, KEY_LIMIT, SUMMARY_LIMIT};
use rootwatch_runtime::testing::texts;
use serde_json::Value;

/// An event within PagerDuty's limits, in which only Rootwatch's own addresses are live.
pub(crate) fn check(event: &Value) {
    let summary = event["payload"]["summary"].as_str().unwrap();
    assert!((1..=SUMMARY_LIMIT).contains(&summary.chars().count()) && !summary.contains('\n'));
    assert!((1..=KEY_LIMIT).contains(&event["dedup_key"].as_str().unwrap().chars().count()));
    assert!(!event["payload"]["source"].as_str().unwrap().is_empty());
    let text = event.to_string();
    assert!(text.len() < EVENT_LIMIT - 1_024, "{} bytes", text.len());
    for link in event["links"].as_array().unwrap() {
        assert!(rootwatch_alert::links::is_console_link(link["href"].as_str().unwrap()), "{link}");
    }
    // Anything that begins like an address is one that Rootwatch made.
    let payload = event["payload"].to_string().to_ascii_lowercase();
    assert!(!["://", "www.", "mailto:"].into_iter().any(|mark| payload.contains(mark)), "{payload}");
    for text in texts(&event["payload"]) {
        assert!(rootwatch_alert::hosts::live_dots(text).is_empty(), "{text}");
    }
}
