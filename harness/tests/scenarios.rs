//! Every file below `scenarios/` is a test of its own: `embedded::<path>`.
//!
//! The deployment is made once, lazily, and shared by all tests of this process; other processes (nextest runs one
//! for each test) find it saved. Listing tests touches nothing.

#![allow(missing_docs, reason = "a test target")]
#![allow(clippy::print_stderr, reason = "a test target talks to whoever runs it")]

mod support;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use rootwatch::report::human;
use rootwatch::runner::Status;
use support::Shared;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let shared = match Shared::new() {
        Ok(shared) => shared,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let trials = (0..shared.loaded.len())
        .map(|place| {
            let name = format!("embedded::{}", shared.loaded[place].name.replace('/', "::"));
            let shared = Arc::clone(&shared);
            Trial::test(name, move || run(&shared, place))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn run(shared: &Shared, place: usize) -> Result<(), Failed> {
    let outcome = shared.with(async |session| session.run(&shared.loaded[place]).await)?;
    match outcome.status {
        Status::Passed => Ok(()),
        Status::Observed => {
            Err(format!("{}: it states no expectation; give it an `expect`", outcome.path.display()).into())
        }
        Status::Failed | Status::Error => Err(human("embedded", &[outcome], true).into()),
    }
}
