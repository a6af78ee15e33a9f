//! Every file below `scenarios/` is a test of its own: `embedded::<path>`, and `localstack::<path>` where there is Docker.
//!
//! The deployment is made once, lazily, and shared by all tests of this process; other processes (nextest runs one
//! for each test) find it saved. Listing tests touches nothing.

#![allow(missing_docs, reason = "a test target")]
#![allow(clippy::print_stderr, reason = "a test target talks to whoever runs it")]

#[path = "scenarios/on_localstack.rs"]
mod on_localstack;
#[path = "scenarios/queue.rs"]
mod queue;
mod support;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use rootwatch::report::{human_of, snapshot};
use rootwatch::runner::{AlertCounts, Execution, Outcome, Status};
use rootwatch::scenario::{Expectation, Loaded};
use support::Shared;
use support::catalogue::{counts, verdicts};

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // A test waits for the apply of its variant, or in real time for processes, as long as it computes.
    arguments.test_threads.get_or_insert(2 * rootwatch::cores());
    let (mut shared, records) = match (Shared::new(), records()) {
        (Ok(shared), Ok(records)) => (shared, records),
        (Err(error), _) | (_, Err(error)) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let scenarios = shared.loaded.len();
    // On LocalStack the catalogue's records run together with the scenarios; on the embedded cloud they are a target of their own.
    if let Some(shared) = Arc::get_mut(&mut shared) {
        shared.loaded.extend(records);
    }
    let mut trials: Vec<Trial> = (0..scenarios)
        .map(|place| {
            let name = format!("embedded::{}", shared.loaded[place].name.replace('/', "::"));
            let shared = Arc::clone(&shared);
            Trial::test(name, move || run(&shared, place, Execution::InProcess))
        })
        .collect();
    trials.extend(PROCESSES.iter().map(|name| {
        let place = shared.loaded.iter().position(|loaded| loaded.name == *name);
        let shared = Arc::clone(&shared);
        Trial::test(format!("processes::{}", name.replace('/', "::")), move || {
            run(&shared, place.ok_or("no scenario has this name")?, Execution::Processes)
        })
    }));
    let localstack = on_localstack::OnLocalStack::new(&shared, &arguments);
    let mut there = localstack.trials();
    // The first of them runs them all, and waits most of the time: the embedded cloud's run at the same time.
    if let Some(first) = there.iter().position(|it| !it.has_ignored_flag() && !arguments.is_filtered_out(it)) {
        trials.insert(0, there.remove(first));
    }
    trials.extend(there);
    let all = Arc::clone(&shared);
    trials.push(Trial::test("no_snapshot_without_a_scenario", move || unreferenced(&all)));
    let exit = libtest_mimic::run(&arguments, trials).exit_code();
    localstack.close();
    exit
}

/// The records of the catalogue, as scenarios that expect their verdicts.
fn records() -> Result<Vec<Loaded>, String> {
    let expecting = |(mut loaded, verdict): (Loaded, String)| {
        let AlertCounts { login, activity, tampering, .. } = counts(&loaded.name, &verdict);
        if let Ok(scenario) = &mut loaded.scenario {
            scenario.expect = Some(Expectation { login, activity, tampering, ..Expectation::default() });
        }
        Loaded { name: format!("catalogue/{}", loaded.name), ..loaded }
    };
    Ok(verdicts()?.into_iter().map(expecting).collect())
}

/// Scenarios that run a second time with the functions as processes of their packages. Both ways must send the same messages:
/// one scenario for each verdict, and for each alerter each way in which a request can fail.
const PROCESSES: [&str; 21] = [
    "login/passkey",
    "activity/create-access-key",
    "silent/key-rotation",
    "sequences/console-visit",
    "routing/severity-and-account",
    "faults/bot-429",
    "faults/bot-token-revoked",
    "faults/slack-500",
    "faults/slack-certificate-not-trusted-for-an-hour",
    "faults/slack-down-for-an-hour",
    "faults/slack-drip",
    "faults/slack-hang",
    "faults/slack-huge-answer",
    "faults/slack-redirect",
    "faults/slack-reset",
    "faults/pagerduty-500",
    "faults/pagerduty-certificate-not-trusted-for-an-hour",
    "faults/pagerduty-drip",
    "faults/pagerduty-hang",
    "faults/pagerduty-huge-answer",
    "faults/pagerduty-reset",
];

/// Where the snapshots lie, seen from this file.
const SNAPSHOTS: &str = "snapshots";

fn file_name(scenario: &str) -> String {
    scenario.replace('/', "__")
}

/// What each scenario sent out is kept: `cargo insta review` shows what changed.
fn in_snapshots(scenario: &str, check: impl FnOnce()) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(SNAPSHOTS);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_description(format!("scenarios/{scenario}.json"));
    settings.bind(check);
}

/// Whether the scenario sent out what is kept of it; insta shows the difference, and this says what to do about it.
fn kept(outcome: &Outcome) -> Result<(), Failed> {
    let (name, file) = (&outcome.name, file_name(&outcome.name));
    let is_new = !Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/{SNAPSHOTS}/{file}.snap")).exists();
    let compare = || in_snapshots(name, || insta::assert_snapshot!(file.as_str(), snapshot(outcome)));
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(compare)).map_err(|_| {
        let what = match is_new {
            true => "as expected, and nothing is kept yet of what it sends out: read it above",
            false => "it sends out something else than is kept: the difference is above",
        };
        let test = name.replace('/', "::");
        Failed::from(format!(
            "{}: {what}. To keep it: `cargo insta review`, or `INSTA_UPDATE=always cargo test --workspace -- {test}`",
            outcome.path.display()
        ))
    })
}

fn unreferenced(shared: &Shared) -> Result<(), Failed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(SNAPSHOTS);
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let name = entry.map_err(|error| error.to_string())?.file_name().to_string_lossy().into_owned();
        let known = shared.loaded.iter().any(|loaded| name == format!("{}.snap", file_name(&loaded.name)));
        if !known && name.ends_with(".snap") {
            return Err(format!("{}: no scenario has this snapshot: remove it", folder.join(name).display()).into());
        }
    }
    Ok(())
}

fn run(shared: &Shared, place: usize, execution: Execution) -> Result<(), Failed> {
    let outcome = shared.with(async |session| session.run_as(&shared.loaded[place], execution).await)?;
    match outcome.status {
        Status::Passed => kept(&outcome),
        Status::Observed => {
            Err(format!("{}: it states no expectation; give it an `expect`", outcome.path.display()).into())
        }
        Status::Failed | Status::Error | Status::NotRun => Err(human_of("embedded", &outcome).into()),
    }
}
