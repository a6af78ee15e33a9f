//! `rootwatch new`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Exit, complain, print};
use crate::layout::Layout;
use crate::scenario::{Redactor, Scenario, ScenarioError, load, scaffold};

/// Options of `new`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rootwatch new login/odd-one --from event.json           a record, or an EventBridge event
  rootwatch new sequences/takeover --from trail.json.gz   a CloudTrail log file
  pbpaste | rootwatch new login/odd-one                   whatever is on standard input")]
pub(super) struct New {
    /// The scenario's name below scenarios/, for example login/odd-one
    name: String,
    /// A CloudTrail record, a list, a log file or an EventBridge event; `.gz` is unpacked [default: standard input]
    #[arg(long)]
    from: Option<PathBuf>,
    /// What happens, in a line
    #[arg(long, default_value = "")]
    title: String,
    /// The folder it is written below [default: scenarios/]
    #[arg(long)]
    into: Option<PathBuf>,
    /// Keep the recorded data as it is: secrets, account ids, addresses, names
    #[arg(long)]
    no_redaction: bool,
    /// Replaces a scenario that is there
    #[arg(long)]
    force: bool,
}

impl New {
    pub(super) async fn execute(self) -> Exit {
        match tokio::task::block_in_place(|| self.create()) {
            Ok(said) => {
                print(&said);
                Exit::Success
            }
            Err(error) => {
                complain(&error);
                Exit::Usage
            }
        }
    }

    fn create(&self) -> Result<String, String> {
        let plain =
            |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        if !self.name.split('/').all(plain) {
            return Err(format!(
                "`{}` is not a scenario name: use letters, digits, `-`, `_`, and `/` for folders",
                self.name
            ));
        }
        let path =
            self.into.clone().unwrap_or_else(|| Layout::discover().scenarios()).join(format!("{}.json", self.name));
        if path.exists() && !self.force {
            return Err(format!("{} is there already; --force replaces it", path.display()));
        }
        let mut scenario = self.events().map_err(|error| error.to_string())?;
        let mut said = Vec::new();
        if !self.no_redaction {
            let mut redactor = Redactor::default();
            scenario.records.iter_mut().chain(&mut scenario.events).for_each(|event| redactor.redact(event));
            said.push(redactor.words());
        }
        let text = serde_json::to_string_pretty(&scaffold(&self.name, &self.title, &scenario))
            .map_err(|error| error.to_string())?;
        let failed = |error: std::io::Error| format!("could not write {}: {error}", path.display());
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(failed)?;
        std::fs::write(&path, text + "\n").map_err(failed)?;
        said.insert(0, format!("wrote {}", path.display()));
        said.push(format!("see what comes of it:    cargo run -- run {}", path.display()));
        said.push(format!("keep it as `expect`:     cargo run -- accept {}", path.display()));
        Ok(said.join("\n"))
    }

    fn events(&self) -> Result<Scenario, ScenarioError> {
        load(self.from.as_deref().unwrap_or(Path::new("-")))
    }
}
