//! One JSON object for the whole run.

use serde::Serialize;

use crate::runner::{Finished, Outcome, Summary};

#[derive(Serialize)]
struct Report<'a> {
    cloud: &'a str,
    scenarios: &'a [Outcome],
    summary: Summary,
}

/// Renders a run.
pub fn json(run: &Finished<'_>) -> String {
    let report = Report { cloud: run.cloud, scenarios: run.outcomes, summary: Summary::of(run.outcomes) };
    serde_json::to_string_pretty(&report).map_or_else(|error| format!("{{\"error\": \"{error}\"}}"), |text| text + "\n")
}
