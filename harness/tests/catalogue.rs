//! Every record of the catalogue goes through the deployed path and comes out as its verdict says, and nothing else.

#![allow(missing_docs, reason = "a test target")]
#![allow(clippy::print_stderr, reason = "a test target talks to whoever runs it")]

mod support;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use rootwatch::report::human_of;
use rootwatch::runner::Outcome;
use rootwatch::scenario::{Loaded, StoppedAt, load};
use serde_json::json;
use support::Shared;
use support::catalogue::{counts, data, verdicts};

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
    let (nearly, largest) = (Arc::clone(&shared), Arc::clone(&shared));
    trials.push(Trial::test("a_record_of_almost_256_kb_is_alerted", move || nearly_large_record(&nearly)));
    trials.push(Trial::test("a_record_of_256_kb_is_reported_as_lost", move || largest_record(&largest)));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn check(shared: &Shared, loaded: &Loaded, verdict: &str) -> Result<(), Failed> {
    let outcome = shared.with(async |session| session.run(loaded).await)?;
    let expected = counts(&loaded.name, verdict);
    let (root, all) = (expected.login + expected.activity, expected.total());
    let sinks = outcome.sinks;
    let silent = match outcome.stopped_at {
        None => root == 1,
        Some(StoppedAt::Rule | StoppedAt::Triage) => root == 0,
        Some(_) => false,
    };
    let right = outcome.alerts == expected
        && (sinks.slack, sinks.pagerduty, sinks.email) == (all, all, all)
        && outcome.dead_letters == 0
        && outcome.failures.is_empty()
        && silent;
    if right { Ok(()) } else { Err(report(&format!("its verdict is {verdict}"), outcome)) }
}

fn report(what: &str, outcome: Outcome) -> Failed {
    let trace = outcome.trace.join("\n");
    format!("{what}\n{}\n{trace}", human_of("embedded", &outcome)).into()
}

/// A login whose record has so many bytes.
fn login_of(bytes: usize) -> Result<Loaded, String> {
    let path = data().join("records/root-console-login-success-mfa.json");
    let mut scenario = load(&path).map_err(|error| error.to_string())?;
    scenario.records[0]["requestParameters"] = json!({"padding": ""});
    let padding = bytes.saturating_sub(scenario.records[0].to_string().len());
    scenario.records[0]["requestParameters"]["padding"] = "x".repeat(padding).into();
    Ok(Loaded { name: format!("login of {bytes} bytes"), path, scenario: Ok(scenario) })
}

/// CloudTrail does not send a record of more than 256 KB to EventBridge: [D] send-cloudtrail-events-to-cloudwatch-logs
fn large_record(shared: &Shared) -> Result<(), Failed> {
    let loaded = login_of(256 * 1024 + 1)?;
    let outcome = shared.with(async |session| session.run(&loaded).await)?;
    let said = outcome.trace.iter().any(|entry| entry.contains("256 KB"));
    if outcome.stopped_at == Some(StoppedAt::Undelivered) && outcome.alerts.login == 0 && said {
        return Ok(());
    }
    Err(report("the trace must say that the record is too large", outcome))
}

/// EventBridge's envelope has 350 bytes, and the queues of the modules take 256 KB with provider 5.
fn nearly_large_record(shared: &Shared) -> Result<(), Failed> {
    let loaded = login_of(255 * 1024 + 512)?;
    let outcome = shared.with(async |session| session.run(&loaded).await)?;
    let sinks = outcome.sinks;
    match (outcome.alerts.login, sinks.slack, sinks.pagerduty, sinks.email, outcome.dead_letters) {
        (1, 1, 1, 1, 0) => Ok(()),
        _ => Err(report("one alert must reach every alerter", outcome)),
    }
}

/// Together with the envelope it is larger than the queue and its dead-letter queue take. It is lost, and the alarm on lost deliveries
/// says so; `queue_max_message_size` avoids it with provider 6.8.
fn largest_record(shared: &Shared) -> Result<(), Failed> {
    let loaded = login_of(256 * 1024)?;
    let outcome = shared.with(async |session| session.run(&loaded).await)?;
    let raised =
        |entry: &String| entry.contains("rootwatch-hub-triage-delivery-lost: matched: Alarm updated from OK to ALARM");
    match outcome.alerts.login == 0 && outcome.alerts.health > 0 && outcome.trace.iter().any(raised) {
        true => Ok(()),
        false => Err(report("the alarm on lost deliveries must be raised", outcome)),
    }
}
