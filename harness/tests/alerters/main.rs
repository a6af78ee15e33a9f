//! What is claimed of the alerters, over the whole deployed path: nothing is lost, nothing is told twice without need, no
//! permission is too much, no secret shows.
//!
//! A thousand schedules run in the suite; `ROOTWATCH_SCHEDULES=10000 cargo test -p rootwatch --test alerters -- schedules` runs more.

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

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let shared = match Shared::new() {
        Ok(shared) => shared,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let checks: [(&str, Check); 10] = [
        ("schedules::nothing_is_lost", schedules::nothing_is_lost),
        ("schedules::processes_agree", schedules::processes_agree),
        ("storm::sixty_calls_by_webhook_are_grouped", storm::by_webhook),
        ("storm::sixty_calls_by_bot_are_one_thread", storm::by_bot),
        ("storm::the_same_act_is_told_once", storm::the_same_act),
        ("health::every_failure_has_an_alarm", health::every_failure_has_an_alarm),
        ("health::every_alarm_is_told_once", health::every_alarm_is_told_once),
        ("permissions::each_is_needed", permissions::each_is_needed),
        ("secrets::are_nowhere", secrets::are_nowhere),
        ("subscriber::hears_the_contract", subscriber::hears_the_contract),
    ];
    let trials = checks.into_iter().map(|(name, check)| {
        let shared = Arc::clone(&shared);
        Trial::test(name, move || check(&shared))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}
