//! One JSON object for the whole run.

use serde::Serialize;

use crate::runner::{Outcome, Summary};

#[derive(Serialize)]
struct Report<'a> {
    cloud: &'a str,
    scenarios: &'a [Outcome],
    summary: Summary,
}

/// Renders the run.
pub fn json(cloud: &str, outcomes: &[Outcome]) -> String {
    let report = Report { cloud, scenarios: outcomes, summary: Summary::of(outcomes) };
    serde_json::to_string_pretty(&report).unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"))
}
