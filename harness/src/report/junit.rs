//! JUnit XML, which every CI reads.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::runner::{Outcome, Status};

/// Renders the run: a suite for each folder.
pub fn junit(cloud: &str, outcomes: &[Outcome]) -> String {
    let mut report = Report::new(format!("rootwatch ({cloud})"));
    let mut suites: Vec<TestSuite> = Vec::new();
    for outcome in outcomes {
        let (folder, name) = outcome.name.rsplit_once('/').unwrap_or(("scenarios", &outcome.name));
        if suites.last().is_none_or(|suite| suite.name.as_str() != folder) {
            suites.push(TestSuite::new(folder));
        }
        let mut case = TestCase::new(name, status(outcome));
        case.set_classname(folder);
        case.set_time(Duration::from_secs_f64(outcome.duration_ms.max(0.0) / 1000.0));
        case.extra.insert("file".into(), outcome.path.display().to_string().into());
        if matches!(outcome.status, Status::Failed | Status::Error) {
            case.set_system_out(outcome.trace.join("\n"));
        }
        if let Some(suite) = suites.last_mut() {
            suite.add_test_case(case);
        }
    }
    report.add_test_suites(suites);
    report.to_string().unwrap_or_else(|error| format!("<!-- {error} -->"))
}

fn status(outcome: &Outcome) -> TestCaseStatus {
    let kind = match outcome.status {
        Status::Passed => return TestCaseStatus::success(),
        Status::Observed => {
            let mut status = TestCaseStatus::skipped();
            status.set_message("it states no expectation");
            return status;
        }
        Status::Failed => NonSuccessKind::Failure,
        Status::Error => NonSuccessKind::Error,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(outcome.failures.first().cloned().unwrap_or_default());
    let hop = outcome.broken_hop.iter().map(|hop| format!("the hop that broke: {hop}"));
    status.set_description(outcome.failures.iter().cloned().chain(hop).collect::<Vec<_>>().join("\n"));
    status
}
