//! The catalogue of records, each with its verdict.

use std::path::{Path, PathBuf};

use rootwatch::runner::AlertCounts;
use rootwatch::scenario::{Loaded, Scenario, ScenarioError, load};
use serde_json::Value;

/// Where it lies.
pub(crate) fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../handlers/alert/tests/data")
}

/// Its records, ready to be run, and their verdicts: `login`, `activity` or another, which means silence.
pub(crate) fn verdicts() -> Result<Vec<(Loaded, String)>, String> {
    let text = std::fs::read_to_string(data().join("verdicts.json")).map_err(|error| error.to_string())?;
    let entries: Vec<Value> = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let verdicts: Vec<_> = entries
        .iter()
        // A hub serves one partition.
        .filter(|entry| !entry["envelope"]["region"].as_str().unwrap_or_default().starts_with("cn-"))
        .map(|entry| {
            let name = entry["kind"].as_str().unwrap_or_default().to_owned();
            let path = data().join("records").join(format!("{name}.json"));
            let scenario = match &entry["envelope"]["source"] {
                // A finding is no record: it comes in the envelope of its service.
                Value::String(source) if source == "aws.guardduty" => event(&path, &entry["envelope"]),
                _ => load(&path),
            };
            let loaded = Loaded { scenario, path, name };
            (loaded, entry["verdict"].as_str().unwrap_or_default().to_owned())
        })
        .collect();
    if verdicts.len() < 50 {
        return Err(format!("the catalogue has {} records: some are missing", verdicts.len()));
    }
    Ok(verdicts)
}

fn event(path: &Path, envelope: &Value) -> Result<Scenario, ScenarioError> {
    let failed = |reason: String| ScenarioError::Path { path: path.to_path_buf(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    let mut event = envelope.clone();
    event["detail"] = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
    Ok(Scenario { events: vec![event], ..Scenario::default() })
}

/// The alerts that a record of this name and verdict means.
pub(crate) fn counts(name: &str, verdict: &str) -> AlertCounts {
    let (login, activity) = match verdict {
        "login" => (1, 0),
        "activity" => (0, 1),
        _ => (0, 0),
    };
    // Root that changes a trail changes the monitor, too: that is an alert of its own.
    let tampering = u64::from(name.contains("cloudtrail-stop-logging"));
    AlertCounts { login, activity, tampering, health: 0 }
}
