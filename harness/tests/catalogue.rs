//! Every record of the catalogue goes through the deployed path and comes out as its verdict says, and nothing else.

#![allow(missing_docs, reason = "a test target")]
#![allow(clippy::print_stderr, reason = "a test target talks to whoever runs it")]

mod support;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use rootwatch::report::human;
use rootwatch::runner::Outcome;
use rootwatch::scenario::{Loaded, Scenario, ScenarioError, StoppedAt, load};
use serde_json::{Value, json};
use support::Shared;

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../handlers/alert/tests/data")
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let (mut shared, verdicts) = match (Shared::new(), verdicts()) {
        (Ok(shared), Ok(verdicts)) => (shared, verdicts),
        (Err(error), _) | (_, Err(error)) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    // The deployment must cover what the catalogue names, too.
    if let Some(shared) = Arc::get_mut(&mut shared) {
        shared.loaded.extend(verdicts.iter().map(|(loaded, _)| loaded.clone()));
    }
    let mut trials: Vec<Trial> = verdicts
        .into_iter()
        .map(|(loaded, verdict)| {
            let shared = Arc::clone(&shared);
            Trial::test(format!("catalogue::{}", loaded.name), move || check(&shared, &loaded, &verdict))
        })
        .collect();
    let for_large = Arc::clone(&shared);
    trials.push(Trial::test("a_record_over_256_kb_is_not_delivered", move || large_record(&for_large)));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn verdicts() -> Result<Vec<(Loaded, String)>, String> {
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

fn check(shared: &Shared, loaded: &Loaded, verdict: &str) -> Result<(), Failed> {
    let outcome = shared.with(async |session| session.run(loaded).await)?;
    let (login, activity) = match verdict {
        "login" => (1, 0),
        "activity" => (0, 1),
        _ => (0, 0),
    };
    let alerts = login + activity;
    let sinks = outcome.sinks;
    let silent = match outcome.stopped_at {
        None => alerts == 1,
        Some(StoppedAt::Rule | StoppedAt::Triage) => alerts == 0,
        Some(_) => false,
    };
    let right = (outcome.alerts.login, outcome.alerts.activity) == (login, activity)
        && (sinks.slack, sinks.pagerduty, sinks.email) == (alerts, alerts, alerts)
        && outcome.dead_letters == 0
        && outcome.failures.is_empty()
        && silent;
    if right { Ok(()) } else { Err(report(&format!("its verdict is {verdict}"), outcome)) }
}

fn report(what: &str, outcome: Outcome) -> Failed {
    let trace = outcome.trace.join("\n");
    format!("{what}\n{}\n{trace}", human("embedded", &[outcome], true)).into()
}

/// CloudTrail does not send a record of more than 256 KB to EventBridge: [D] send-cloudtrail-events-to-cloudwatch-logs
fn large_record(shared: &Shared) -> Result<(), Failed> {
    let path = data().join("records/root-console-login-success-mfa.json");
    let mut scenario = load(&path).map_err(|error| error.to_string())?;
    scenario.records[0]["requestParameters"] = json!({"padding": "x".repeat(256 * 1024)});
    let loaded = Loaded { name: "large".to_owned(), path, scenario: Ok(scenario) };
    let outcome = shared.with(async |session| session.run(&loaded).await)?;
    let said = outcome.trace.iter().any(|entry| entry.contains("256 KB"));
    if outcome.stopped_at == Some(StoppedAt::Undelivered) && outcome.alerts.login == 0 && said {
        return Ok(());
    }
    Err(report("the trace must say that the record is too large", outcome))
}
