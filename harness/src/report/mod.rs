//! Reporters of a run: results on stdout or in a file, progress and diagnostics on stderr.

mod clean;
pub mod coverage;
mod explain;
mod github;
mod html;
mod human;
mod json;
mod junit;
pub mod mutants;
mod progress;
mod results;
mod screen;
mod slack_text;
pub mod smoke;
mod snapshot;
mod topology;
pub mod verify;

use clap::ValueEnum;

use crate::runner::{Finished, Outcome};

pub(crate) use clean::clean;
pub use explain::{explain, explain_json};
pub use github::github;
pub use html::page as html;
pub(crate) use human::gist;
pub use human::human;
pub use json::json;
pub use junit::junit;
pub use progress::Progress;
pub use results::Results;
pub(crate) use results::open_unchanged;
pub(crate) use screen::{counted, interrupted};
pub use snapshot::snapshot;
pub use topology::{Stop, svg};

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object.
    Json,
    /// JUnit XML.
    Junit,
    /// Annotations of GitHub Actions.
    Github,
    /// One self-contained HTML page.
    Html,
}

impl Format {
    /// Renders a run as a whole. `details` adds what each sink received, where the format leaves that out.
    pub fn render(self, run: &Finished<'_>, details: bool) -> String {
        match self {
            Self::Human => human(run, details),
            Self::Json => json(run),
            Self::Junit => junit(run),
            Self::Github => github(run),
            Self::Html => html(run),
        }
    }
}

/// One outcome for people, with what each sink received: for tests.
pub fn human_of(cloud: &str, outcome: &Outcome) -> String {
    human(&Finished { cloud, ..Finished::of(std::slice::from_ref(outcome)) }, true)
}
