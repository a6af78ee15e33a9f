//! Annotations for GitHub Actions: a failure is shown at its scenario in the pull request.
//! [D] docs.github.com, workflow commands

use crate::runner::{Finished, Outcome, Status, Summary};

/// Renders a run.
pub fn github(run: &Finished<'_>) -> String {
    let annotations: String = run.outcomes.iter().map(|outcome| annotation(run.cloud, outcome)).collect();
    annotations + &summary(run.cloud, run.outcomes)
}

/// The annotation of one scenario, if it needs one.
pub(super) fn annotation(cloud: &str, outcome: &Outcome) -> String {
    let (level, words) = match outcome.status {
        Status::Passed | Status::NotRun => return String::new(),
        Status::Observed => ("notice", "the scenario has no `expect`".to_owned()),
        Status::Failed | Status::Error => {
            let hop = outcome.broken_hop.iter().map(|hop| format!("the hop that broke: {hop}"));
            let rerun = [format!("run it alone: {}", outcome.rerun)];
            ("error", outcome.failures.iter().cloned().chain(hop).chain(rerun).collect::<Vec<_>>().join("\n"))
        }
    };
    let (file, title) = (property(&relative(outcome)), property(&format!("{} ({cloud})", outcome.name)));
    format!("::{level} file={file},title={title}::{}\n", data(&words))
}

pub(super) fn summary(cloud: &str, outcomes: &[Outcome]) -> String {
    let summary = Summary::of(outcomes);
    format!("{} passed, {} failed on the {cloud} cloud\n", summary.passed, summary.failed + summary.errors)
}

/// As GitHub knows the file: by its path in the checkout.
fn relative(outcome: &Outcome) -> String {
    relative_path(&outcome.path)
}

pub(super) fn relative_path(path: &std::path::Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let root = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(root).unwrap_or(&path).display().to_string()
}

pub(super) fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

pub(super) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    #[test]
    fn commands_cannot_be_injected() {
        assert_eq!(super::data("a\n::error::b"), "a%0A::error::b");
        assert_eq!(super::property("a,file=b:c"), "a%2Cfile=b%3Ac");
    }
}
