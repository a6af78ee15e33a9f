//! The corpus as a whole: every kind of root activity that is known has a scenario, and every scenario says what it is.
//!
//! `data/kinds.json` lists the kinds: what may look like root's doing, by what public documents and captures show, with the
//! verdict that each wants, and its scenario.

#![allow(missing_docs, reason = "a test target")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rootwatch::layout::Layout;
use rootwatch::scenario::{Scenario, StoppedAt, find};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kind {
    kind: String,
    verdict: String,
    /// Event source and event name; empty for what is no record.
    event: String,
    scenario: String,
}

fn kinds() -> Vec<Kind> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/kinds.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn scenarios() -> BTreeMap<String, Scenario> {
    let found = find(&Layout::discover().scenarios()).unwrap();
    found.into_iter().map(|loaded| (loaded.name, loaded.scenario.unwrap())).collect()
}

#[test]
fn every_kind_has_a_scenario() {
    let (kinds, scenarios) = (kinds(), scenarios());
    assert_eq!(kinds.len(), 67, "kinds are added, not taken away");
    let mut wrong = Vec::new();
    for Kind { kind, verdict, event, scenario } in &kinds {
        let Some(found) = scenarios.get(scenario) else {
            wrong.push(format!("{kind}: there is no scenario {scenario}"));
            continue;
        };
        let names = found.records.iter().map(|record| {
            let text = |key: &str| record[key].as_str().unwrap_or_default();
            format!("{} {}", text("eventSource"), text("eventName"))
        });
        if !event.is_empty() && !names.clone().any(|name| name == *event) {
            wrong.push(format!("{kind}: {scenario} holds no {event}, but {:?}", names.collect::<Vec<_>>()));
        }
        let expect = found.expect.clone().unwrap_or_default();
        let alerts = match (expect.login, expect.activity) {
            // A hub serves one partition: what another one's root does is seen by the hub there.
            (0, 0) if expect.stopped_at == Some(StoppedAt::NoSpoke) => "activity",
            (0, 0) => "none",
            (_, 0) => "login",
            (0, _) => "activity",
            _ => "both",
        };
        if alerts != verdict {
            wrong.push(format!("{kind}: its verdict is {verdict}, {scenario} expects {alerts}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each operation that triage knows as a change of the monitor has a record in a scenario that expects a tampering alert.
#[test]
fn every_known_change_of_the_monitor_has_a_scenario() {
    let scenarios = scenarios();
    let alerting = scenarios.values().filter(|found| found.expect.as_ref().is_some_and(|expect| expect.tampering > 0));
    let shown: BTreeSet<(String, String)> = alerting
        .flat_map(|scenario| &scenario.records)
        .map(|record| {
            let text = |key: &str| record[key].as_str().unwrap_or_default();
            let service = text("eventSource").split('.').next().unwrap_or_default().to_owned();
            (service, rootwatch_alert::event::operation(text("eventName")).to_owned())
        })
        .collect();
    let known: Vec<_> = rootwatch_alert::tampering::operations().collect();
    assert!(known.len() >= 40, "{} known operations", known.len());
    let missing: Vec<_> = known
        .iter()
        .map(|(service, name)| ((*service).to_owned(), (*name).to_owned()))
        .filter(|operation| !shown.contains(operation))
        .collect();
    assert!(missing.is_empty(), "no scenario in scenarios/tampering has {missing:?}");
}

/// What the catalogue of the verdicts' own tests names is a kind, with the same verdict.
#[test]
fn the_verdicts_are_those_of_the_kinds() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../handlers/alert/tests/data/verdicts.json");
    let verdicts: Vec<serde_json::Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let kinds: BTreeMap<String, String> = kinds().into_iter().map(|kind| (kind.kind, kind.verdict)).collect();
    for entry in &verdicts {
        let kind = entry["kind"].as_str().unwrap();
        assert_eq!(kinds.get(kind).map(String::as_str), entry["verdict"].as_str(), "{kind}");
    }
}

#[test]
fn every_scenario_says_what_it_is() {
    let scenarios = scenarios();
    assert!(scenarios.len() >= 100, "{} scenarios", scenarios.len());
    let mut wrong = Vec::new();
    let mut titles: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for (name, scenario) in &scenarios {
        for (field, text) in [("title", &scenario.title), ("why", &scenario.why), ("source", &scenario.source)] {
            if text.trim().is_empty() {
                wrong.push(format!("{name}: it has no {field}"));
            }
        }
        if !scenario.source.starts_with("https://") {
            wrong.push(format!("{name}: its source is no address: {}", scenario.source));
        }
        if scenario.schema.as_deref() != Some("../schema.json") {
            wrong.push(format!("{name}: it does not name its $schema, ../schema.json"));
        }
        if scenario.expect.is_none() {
            wrong.push(format!("{name}: it states no expectation"));
        }
        let folder = name.split('/').next().unwrap_or_default();
        if let Some(other) = titles.insert((folder, &scenario.title), name) {
            wrong.push(format!("{name}: {other} has the same title"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `scenarios/README.md` has a line for every folder, and no other.
#[test]
fn the_table_of_contents_is_true() {
    let layout = Layout::discover();
    let text = std::fs::read_to_string(layout.scenarios().join("README.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("/` |").map(|(folder, _)| folder));
    let mut told: Vec<&str> = rows.collect();
    told.sort_unstable();
    let scenarios = scenarios();
    let mut there: Vec<&str> = scenarios.keys().filter_map(|name| name.split('/').next()).collect();
    there.dedup();
    assert_eq!(told, there);
}
