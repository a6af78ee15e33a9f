//! What is claimed of the alerters, over the whole deployed path: nothing is lost, nothing is told twice without need, no
//! permission is too much, no secret shows.
//!
//! A hundred schedules run in the suite; `ROOTWATCH_SCHEDULES=10000 cargo test -p rootwatch --test alerters -- schedules` runs more.

#![allow(missing_docs, reason = "a test target")]
#![allow(clippy::print_stderr, reason = "a test target talks to whoever runs it")]
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

#[path = "../support/mod.rs"]
mod support;

mod health;
mod permissions;
mod records;
mod schedules;
mod secrets;
mod storm;
mod subscriber;
mod world;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use support::Shared;

type Check = fn(&Shared) -> Result<(), Failed>;

/// Whether a check has been seen to hold. The others are written and compile, and wait for their first run:
/// `-- --ignored` runs them.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    Held,
    NotYet,
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let shared = match Shared::new() {
        Ok(shared) => shared,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let checks: [(&str, Seen, Check); 9] = [
        ("schedules::nothing_is_lost", Seen::Held, schedules::nothing_is_lost),
        ("schedules::processes_agree", Seen::Held, schedules::processes_agree),
        ("storm::sixty_calls_by_webhook_are_two_messages", Seen::NotYet, storm::by_webhook),
        ("storm::sixty_calls_by_bot_are_one_thread", Seen::NotYet, storm::by_bot),
        ("storm::the_same_act_is_told_once", Seen::Held, storm::the_same_act),
        ("health::every_failure_has_an_alarm", Seen::NotYet, health::every_failure_has_an_alarm),
        ("permissions::each_is_needed", Seen::NotYet, permissions::each_is_needed),
        ("secrets::are_nowhere", Seen::Held, secrets::are_nowhere),
        ("subscriber::hears_the_contract", Seen::NotYet, subscriber::hears_the_contract),
    ];
    let trials = checks.into_iter().map(|(name, seen, check)| {
        let shared = Arc::clone(&shared);
        Trial::test(name, move || check(&shared)).with_ignored_flag(seen == Seen::NotYet)
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
