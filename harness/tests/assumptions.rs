//! Facts about AWS that no public source settles: the monitor must work under every alternative.
//!
//! Each alternative is selected once. The targets of the deployment are put again, and the core scenarios must pass.

#![allow(missing_docs, reason = "a test target")]
#![allow(clippy::print_stderr, reason = "a test target talks to whoever runs it")]

mod support;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use rootwatch::layout::Layout;
use rootwatch::report::{Progress, human_of};
use rootwatch::runner::{Session, Status};
use rootwatch::scenario::{DeploymentChange, Loaded};
use rootwatch_cloud::Assumptions;
use support::Shared;

fn main() -> ExitCode {
    let shared = match Shared::new() {
        Ok(shared) => shared,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let mut trials = vec![Trial::test("every_alternative_has_a_source", documented)];
    for (name, alternatives) in Assumptions::ALTERNATIVES {
        for alternative in &alternatives[1..] {
            let shared = Arc::clone(&shared);
            let selected = format!("{name}={alternative}");
            trials.push(Trial::test(format!("core_scenarios_pass::{selected}"), move || pass(&shared, &selected)));
        }
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Every path of an event: sign-ins and calls in each account and Region, forged events, and the log alarm.
fn is_core(loaded: &Loaded) -> bool {
    let folder = loaded.name.split('/').next().unwrap_or_default();
    let is_default = loaded.scenario.as_ref().is_ok_and(|scenario| scenario.deployment == DeploymentChange::default());
    loaded.name == "log-alarm/login"
        || is_default && ["activity", "forged", "heartbeat", "hub", "login", "tampering"].contains(&folder)
}

fn pass(shared: &Shared, selected: &str) -> Result<(), Failed> {
    let mut assumptions = Assumptions::default();
    assumptions.select(selected)?;
    let outcomes = shared.runtime().block_on(async {
        let session = Session::start(Layout::discover().of_a_test(), &shared.loaded, Progress::quiet()).await;
        let session = session.map_err(|error| error.to_string())?.with_assumptions(assumptions);
        let mut outcomes = Vec::new();
        for scenario in shared.loaded.iter().filter(|loaded| is_core(loaded)) {
            outcomes.push(session.run(scenario).await);
        }
        Ok::<_, String>(outcomes)
    })?;
    if outcomes.len() < 40 {
        return Err(format!("{} core scenarios", outcomes.len()).into());
    }
    let failed: Vec<String> = outcomes
        .iter()
        .filter(|outcome| outcome.status != Status::Passed)
        .map(|outcome| human_of("embedded", outcome))
        .collect();
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n").into()) }
}

/// `docs/assumptions.md` has a row for each alternative, and a source for each assumption.
fn documented() -> Result<(), Failed> {
    let text = std::fs::read_to_string(Layout::discover().project.join("docs/assumptions.md"))?;
    let rows = text.lines().filter(|line| line.starts_with("| `")).map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        (cells[0].trim_matches('`').to_owned(), cells.last().is_some_and(|source| source.starts_with("[")))
    });
    let rows: Vec<(String, bool)> = rows.collect();
    let names = Assumptions::ALTERNATIVES
        .iter()
        .flat_map(|(name, alternatives)| alternatives.iter().map(move |alternative| format!("{name}={alternative}")));
    let names: Vec<String> = names.collect();
    let listed: Vec<String> = rows.iter().map(|(name, _)| name.clone()).collect();
    if listed != names {
        return Err(format!("docs/assumptions.md lists {listed:?}, expected {names:?}").into());
    }
    match rows.iter().find(|(_, has_source)| !has_source) {
        Some((name, _)) => Err(format!("docs/assumptions.md: {name} has no source").into()),
        None => Ok(()),
    }
}
