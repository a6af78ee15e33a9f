//! JUnit XML, which every CI reads.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::runner::{Finished, Outcome, Status};

/// Renders a run: a suite for each folder.
pub fn junit(run: &Finished<'_>) -> String {
    let mut report = Report::new(format!("rootwatch ({})", run.cloud));
    report.add_test_suites(suites(run.outcomes));
    report.to_string().unwrap_or_else(|error| format!("<!-- {error} -->"))
}

/// A suite for each folder.
pub(super) fn suites(outcomes: &[Outcome]) -> Vec<TestSuite> {
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
    suites
}

fn status(outcome: &Outcome) -> TestCaseStatus {
    let kind = match outcome.status {
        Status::Passed => return TestCaseStatus::success(),
        Status::Observed => {
            let mut status = TestCaseStatus::skipped();
            status.set_message("it states no expectation");
            return status;
        }
        Status::NotRun => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(outcome.differences.first().map(|found| found.what.clone()).unwrap_or_default());
            return status;
        }
        Status::Failed => NonSuccessKind::Failure,
        Status::Error => NonSuccessKind::Error,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(outcome.failures.first().cloned().unwrap_or_default());
    let hop = outcome.broken_hop.iter().map(|hop| format!("the hop that broke: {hop}"));
    let rerun = format!("run it alone: {}", outcome.rerun);
    status.set_type(match kind {
        NonSuccessKind::Failure => "expectation",
        NonSuccessKind::Error => "error",
    });
    status.set_description(outcome.failures.iter().cloned().chain(hop).chain([rerun]).collect::<Vec<_>>().join("\n"));
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &str, status: Status) -> Outcome {
        let failures = "expected <1> & found \"0\" \u{1b}[31mred\u{1b}[0m \u{0}".to_owned();
        let mut outcome = Outcome::error(name, format!("scenarios/{name}.json").into(), failures);
        outcome.status = status;
        outcome.duration_ms = 1500.0;
        outcome.trace = vec!["Rule ]]> &".to_owned()];
        outcome
    }

    /// As CI tools read it: counts in the suites, a case for each scenario with class, name, time and file, well-formed
    /// whatever an event's text holds.
    #[test]
    fn what_tools_read() {
        let outcomes = [
            outcome("login/a", Status::Passed),
            outcome("login/b", Status::Failed),
            outcome("silent/c", Status::Observed),
            outcome("silent/d", Status::Error),
            outcome("alone", Status::Passed),
        ];
        let text = junit(&Finished::of(&outcomes));
        for expected in [
            r#"<testsuites name="rootwatch (embedded)" tests="5" skipped="1" failures="1" errors="1">"#,
            r#"<testsuite name="login" tests="2" skipped="0" errors="0" failures="1">"#,
            r#"<testsuite name="silent" tests="2" skipped="1" errors="1" failures="0">"#,
            r#"<testcase name="b" classname="login" time="1.500" file="scenarios/login/b.json">"#,
            r#"<testcase name="alone" classname="scenarios""#,
            r#"<skipped message="it states no expectation"/>"#,
            "run it alone: cargo run -- run scenarios/login/b.json",
            "&lt;1&gt; &amp; found",
        ] {
            assert!(text.contains(expected), "`{expected}` is not in\n{text}");
        }
        assert!(!text.contains(['\u{1b}', '\u{0}']), "{text}");
        assert_eq!(text.matches("<failure ").count() + text.matches("<error ").count(), 2);
    }
}
