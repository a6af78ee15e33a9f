//! What a run says: results on stdout, talk on stderr.

mod explain;
mod github;
mod html;
mod human;
mod json;
mod junit;
mod progress;
mod slack_text;
mod snapshot;
mod topology;

use clap::ValueEnum;

use crate::runner::Outcome;

pub use explain::explain;
pub use github::github;
pub use html::page as html;
pub(crate) use human::gist;
pub use human::human;
pub use json::json;
pub use junit::junit;
pub use progress::Progress;
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
    /// Renders a run. `details` adds what each sink received, where the form leaves that out.
    pub fn render(self, cloud: &str, outcomes: &[Outcome], details: bool) -> String {
        match self {
            Self::Human => human(cloud, outcomes, details),
            Self::Json => json(cloud, outcomes),
            Self::Junit => junit(cloud, outcomes),
            Self::Github => github(cloud, outcomes),
            Self::Html => html(cloud, outcomes),
        }
    }
}
