//! `rootwatch explain`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Exit, complain, print, readable};
use crate::layout::Layout;
use crate::report::{Progress, explain, explain_json};
use crate::runner::{Session, Status, chain};

/// Options of `explain`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rootwatch explain scenarios/login/passkey.json    each hop, and the policy statement that decided
  rootwatch explain trail.json.gz                   a CloudTrail log file, packed or not; `-` is standard input
  rootwatch explain --all my-event.json             rules that did not match and the harness's queues too
  rootwatch explain --format json my-event.json     one JSON object for each scenario")]
pub(super) struct Explain {
    /// A scenario, a CloudTrail record, a log file or an EventBridge event; `-` for standard input
    file: PathBuf,
    /// Every entry: rules that did not match and the harness's own queues too
    #[arg(long)]
    all: bool,
    /// How the explanation is written to stdout
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// How an explanation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// JSON.
    Json,
}

impl Explain {
    /// Whether the results are JSON, and with them the errors.
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    pub(super) async fn execute(self, layout: Layout) -> Exit {
        // Nothing is deployed for a file that cannot be injected.
        let loaded = match readable(std::slice::from_ref(&self.file)) {
            Ok(loaded) => loaded,
            Err(exit) => return exit,
        };
        let progress = Progress::stderr();
        let session = match Session::start(layout, &loaded, progress.clone()).await {
            Ok(session) => session,
            Err(error) => {
                progress.finish();
                complain(&chain(&error));
                return Exit::Environment;
            }
        };
        let mut exit = Exit::Success;
        for loaded in &loaded {
            let outcome = session.run(loaded).await;
            progress.finish();
            if matches!(outcome.status, Status::Failed | Status::Error) {
                exit = Exit::Failed;
            }
            match self.format {
                Format::Human => print(&explain(&outcome, self.all)),
                Format::Json => print(&explain_json(&outcome, self.all)),
            }
        }
        exit
    }
}
