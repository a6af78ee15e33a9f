//! What a run says: results on stdout, talk on stderr.

mod explain;
mod human;
mod json;
mod progress;
mod snapshot;

use clap::ValueEnum;

pub use explain::explain;
pub use human::human;
pub use json::json;
pub use progress::Progress;
pub use snapshot::snapshot;

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object.
    Json,
}
