//! Records of acts of root, each at a second of its own, by which it is found again in whatever was sent.

use rootwatch::scenario::{DeploymentChange, Loaded, Scenario};
use serde_json::{Value, json};

use crate::support::Shared;

/// When everything begins: 2026-03-02T09:30:00Z.
pub(crate) const BEGINNING: i64 = 1_772_443_800;

/// The time of an act, by which it is found.
pub(crate) fn time(second: i64) -> String {
    rootwatch_cloud::time::Time::from_seconds(BEGINNING + second).iso_seconds()
}

/// The first record of a scenario.
pub(crate) fn record(shared: &Shared, scenario: &str) -> Value {
    let loaded = shared.loaded.iter().find(|loaded| loaded.name == scenario);
    let loaded = loaded.unwrap_or_else(|| panic!("there is no scenario {scenario}"));
    loaded.scenario.as_ref().unwrap().records[0].clone()
}

/// The record at another second, as another act.
pub(crate) fn at(mut record: Value, second: i64) -> Value {
    record["eventTime"] = json!(time(second));
    record["eventID"] = json!(format!("00000000-0000-4000-8000-{second:012}"));
    record
}

/// The deployment with the store of what was told.
pub(crate) fn with_store() -> DeploymentChange {
    DeploymentChange { variables: json!({"deduplication": true}).as_object().unwrap().clone(), ..Default::default() }
}

/// A scenario that no file holds.
pub(crate) fn loaded(name: &str, scenario: Scenario) -> Loaded {
    Loaded { name: name.to_owned(), path: name.into(), scenario: Ok(scenario) }
}
