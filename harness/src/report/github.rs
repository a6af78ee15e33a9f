//! Annotations for GitHub Actions: a failure stands beside its scenario in the pull request.
//! [D] docs.github.com, workflow commands

use std::fmt::Write;

use crate::runner::{Outcome, Status, Summary};

/// Renders the run.
pub fn github(cloud: &str, outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        let (level, words) = match outcome.status {
            Status::Passed | Status::NotRun => continue,
            Status::Observed => ("notice", "it states no expectation".to_owned()),
            Status::Failed | Status::Error => {
                let hop = outcome.broken_hop.iter().map(|hop| format!("the hop that broke: {hop}"));
                let rerun = [format!("run it alone: {}", outcome.rerun)];
                ("error", outcome.failures.iter().cloned().chain(hop).chain(rerun).collect::<Vec<_>>().join("\n"))
            }
        };
        let _ = writeln!(
            text,
            "::{level} file={},title={}::{}",
            property(&relative(outcome)),
            property(&format!("{} ({cloud})", outcome.name)),
            data(&words)
        );
    }
    let summary = Summary::of(outcomes);
    let _ =
        writeln!(text, "{} passed, {} failed on the {cloud} cloud", summary.passed, summary.failed + summary.errors);
    text
}

/// As GitHub knows the file: by its path in the checkout.
fn relative(outcome: &Outcome) -> String {
    let path = std::path::absolute(&outcome.path).unwrap_or_else(|_| outcome.path.clone());
    let root = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(root).unwrap_or(&path).display().to_string()
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
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
