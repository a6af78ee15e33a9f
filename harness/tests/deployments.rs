//! The plain root module as a deployment of its own: applied, planned again, run, destroyed.

#![allow(missing_docs, reason = "a test target")]
#![allow(clippy::print_stderr, reason = "a test target talks to whoever runs it")]

mod support;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use rootwatch::deployment::lifecycle;
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
    let trial = {
        let shared = Arc::clone(&shared);
        Trial::test("root_module_from_nothing_to_nothing", move || root_module(&shared))
    };
    libtest_mimic::run(&arguments, vec![trial]).exit_code()
}

fn root_module(shared: &Shared) -> Result<(), Failed> {
    let login = shared.loaded.iter().find(|loaded| loaded.name == "login/console-login-with-mfa");
    let login = login.ok_or("there is no scenario login/console-login-with-mfa")?;
    let (lifecycle, outcome) = shared.with(async |session| {
        let lifecycle = lifecycle(session.layout(), session.packages()).await.map_err(|error| error.to_string())?;
        let outcome = session.run_on(login, &lifecycle.deployment).await;
        Ok::<_, String>((lifecycle, outcome))
    })??;
    if let Some(plan) = lifecycle.second_plan {
        return Err(format!("the second plan is not empty:\n{plan}").into());
    }
    if !lifecycle.left.is_empty() {
        return Err(format!("destroy left:\n{}", lifecycle.left.join("\n")).into());
    }
    // With the log alarm on, the login comes out a second and third time: alarm raised, alarm over.
    if (outcome.alerts.login, outcome.alerts.activity, outcome.status) != (1, 2, Status::Failed) {
        return Err(human("embedded", &[outcome], true).into());
    }
    Ok(())
}
