//! `rootwatch explain`.

use std::path::PathBuf;

use clap::Args;

use super::{Exit, complain, print};
use crate::layout::Layout;
use crate::report::{Progress, explain};
use crate::runner::{Session, Status, chain};
use crate::scenario::find;

/// Options of `explain`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rootwatch explain scenarios/login/passkey.json    each hop, and the policy statement that decided
  rootwatch explain --all my-event.json             the rules that did not want it, and the harness's queues too")]
pub(super) struct Explain {
    /// A scenario, a CloudTrail record or an EventBridge event
    file: PathBuf,
    /// Every entry: rules that did not want the event and the harness's own queues too
    #[arg(long)]
    all: bool,
}

impl Explain {
    pub(super) async fn execute(self, layout: Layout) -> Exit {
        let loaded = match find(&self.file) {
            Ok(loaded) => loaded,
            Err(error) => {
                complain(&error.to_string());
                return Exit::Usage;
            }
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
            print(&explain(&outcome, self.all));
        }
        exit
    }
}
