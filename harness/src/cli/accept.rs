//! `rootwatch accept`.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::Value;

use super::{Exit, complain, print, readable, warn};
use crate::cloud::{Cloud, Embedded, RunOptions};
use crate::layout::Layout;
use crate::report::Progress;
use crate::runner::{Outcome, Session, Status, chain};
use crate::scenario::{Accepted, Loaded, accept};

/// Options of `accept`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rootwatch accept scenarios/login/odd-one.json         runs it, shows what `expect` would be, and asks
  rootwatch accept --yes my-scenarios                   writes without asking, for every file that differs

Counts are replaced; `mentions` and other texts of an `expect` stay. A scenario that already passes is not changed.")]
pub(super) struct Accept {
    /// Scenario files or folders
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Write without asking
    #[arg(long, short)]
    yes: bool,
}

impl Accept {
    pub(super) async fn execute(self, layout: Layout) -> Exit {
        if !self.yes && !std::io::stdin().is_terminal() {
            complain("standard input is not a terminal, so nobody can confirm; --yes writes without asking");
            return Exit::Usage;
        }
        let loaded = match readable(&self.paths) {
            Ok(loaded) => loaded,
            Err(exit) => return exit,
        };
        let progress = Progress::stderr();
        let outcomes = match run(layout, loaded, &progress).await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                progress.finish();
                complain(&error);
                return Exit::Environment;
            }
        };
        progress.finish();
        tokio::task::block_in_place(|| self.review(&outcomes))
    }

    /// Shows each difference and writes what is accepted.
    fn review(&self, outcomes: &[Outcome]) -> Exit {
        let mut exit = Exit::Success;
        for outcome in outcomes {
            if outcome.status == Status::Passed {
                print(&format!("{}: passes; unchanged", outcome.path.display()));
                continue;
            }
            let accepted = read(&outcome.path).and_then(|text| accept(&text, outcome));
            let accepted = match accepted {
                Ok(accepted) => accepted,
                Err(reason) => {
                    warn(&format!("{}: not accepted: {reason}", outcome.path.display()));
                    exit = Exit::Failed;
                    continue;
                }
            };
            print(&format!("{}:\n{}", outcome.path.display(), difference(&accepted)));
            if !self.yes && !confirmed() {
                print("unchanged");
                continue;
            }
            if let Err(error) = std::fs::write(&outcome.path, &accepted.text) {
                complain(&format!("could not write {}: {error}", outcome.path.display()));
                return Exit::Environment;
            }
            print("written");
        }
        exit
    }
}

async fn run(layout: Layout, loaded: Vec<Loaded>, progress: &Progress) -> Result<Vec<Outcome>, String> {
    let session = Session::start(layout, &loaded, progress.clone()).await.map_err(|error| chain(&error))?;
    let cloud = Embedded::new(Arc::new(session), None, progress.clone());
    progress.line(&cloud.deploy().await?);
    Ok(cloud.run(loaded, RunOptions::default()).await)
}

/// The text of a file that can be written back.
fn read(path: &Path) -> Result<String, String> {
    if path == Path::new("-") {
        return Err("standard input cannot be written back".to_owned());
    }
    std::fs::read_to_string(path).map_err(|error| format!("{error}; only plain JSON files are written back"))
}

/// The two versions of `expect`, as a difference of lines.
fn difference(accepted: &Accepted) -> String {
    let lines = |sign: char, value: &Value| {
        let text = serde_json::to_string_pretty(value).unwrap_or_default();
        let lines: Vec<String> = text.lines().map(|line| format!("{sign} {line}")).collect();
        lines.join("\n") + "\n"
    };
    let before = if accepted.before.is_null() { String::new() } else { lines('-', &accepted.before) };
    before + &lines('+', &accepted.after)
}

/// Asks on the terminal; anything but yes is no.
fn confirmed() -> bool {
    let mut stderr = std::io::stderr().lock();
    let mut answer = String::new();
    let asked = write!(stderr, "write this as `expect`? [y/N] ").and_then(|()| stderr.flush());
    asked.is_ok()
        && std::io::stdin().read_line(&mut answer).is_ok()
        && ["y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}
