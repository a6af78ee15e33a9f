//! `rootwatch serve`.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use rootwatch_cloud::usage::Usage;
use rootwatch_cloud::{Clock, Cloud, Options, State};
use rustix::process::{Resource, getrlimit, setrlimit};

use super::state_file::StateFile;
use super::{Exit, complain, print};
use crate::deployment::open_code_store;
use crate::layout::Layout;
use crate::report::open_unchanged;

/// How often the file is written where something has changed. The end of the command writes it as well.
const BETWEEN_SAVES: Duration = Duration::from_secs(2);

/// Options of `serve`.
#[derive(Debug, Args)]
#[command(after_help = "\
It is empty: no trail, no organization. `rootwatch run --keep` leaves one running with the monitor deployed.\n\n\
Examples:
  rootwatch serve                       on port 4566, until Ctrl-C
  rootwatch serve --port 0              on a free port; the first lines say which
  rootwatch serve --state cloud.json    goes on where it ended the last time
  rootwatch serve --suggest-policies least.json
                                        writes least-privilege policies for what was used

What it answers in addition to AWS's API is in harness/cloud/README.md.")]
pub(super) struct Serve {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 4566)]
    port: u16,
    /// A certificate authority (PEM) that the functions trust instead of the system's (`SSL_CERT_FILE`), for sinks of
    /// one's own; topics trust it too when they call https endpoints on this machine
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// A file that the cloud is kept in, so that it survives a restart; its clock is stopped meanwhile. It is only for
    /// the build that wrote it
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// A file for the smallest policies (JSON) that grant what roles, users and services used, and for what the deployed
    /// policies grant in addition; written when the command ends
    #[arg(long, value_name = "FILE")]
    suggest_policies: Option<PathBuf>,
}

/// A cloud and the file that it is kept in.
struct Kept {
    cloud: Cloud,
    file: Option<StateFile>,
    /// The number of changes that the file has seen.
    saved: Option<u64>,
    /// A disk that cannot be written is reported once, until it can be again.
    failing: bool,
    /// The file for the suggested policies, open since the start.
    suggestions: Option<(PathBuf, File)>,
}

impl Kept {
    fn save(&mut self) {
        let Some(file) = &self.file else { return };
        let changes = self.cloud.changes();
        if self.saved == Some(changes) {
            return;
        }
        match file.save(&self.cloud.snapshot()) {
            Ok(()) => (self.saved, self.failing) = (Some(changes), false),
            Err(error) => {
                if !std::mem::replace(&mut self.failing, true) {
                    complain(&format!("{error}. The cloud goes on, and it is tried again"));
                }
            }
        }
    }
}

impl Kept {
    fn suggest(&mut self) {
        let Some((path, mut file)) = self.suggestions.take() else { return };
        let suggestion = self.cloud.with(|state| state.suggested_policies());
        let written = serde_json::to_string_pretty(&suggestion)
            .map_err(std::io::Error::from)
            .and_then(|text| file.set_len(0).and_then(|()| writeln!(file, "{text}")));
        if let Err(error) = written {
            complain(&format!("could not write the suggested policies to {}: {error}", path.display()));
        }
    }
}

impl Drop for Kept {
    /// Ctrl-C and a polite kill end the command by dropping it.
    fn drop(&mut self) {
        self.save();
        self.suggest();
    }
}

impl Serve {
    pub(super) async fn execute(self) -> Exit {
        allow_many_connections();
        let layout = Layout::discover();
        let (file, state) = match self.state.as_deref().map(StateFile::open).transpose() {
            Ok(opened) => opened.unzip(),
            Err(error) => {
                complain(&error.to_string());
                return Exit::Environment;
            }
        };
        // Functions have a working directory of their own.
        let trusted = self.trust.iter().filter_map(|path| std::path::absolute(path).ok());
        let trusted = trusted.map(|path| ("SSL_CERT_FILE".to_owned(), path.to_string_lossy().into_owned()));
        let options = Options {
            clock: Clock::Wall,
            port: self.port,
            code: open_code_store(&layout),
            host_variables: trusted.collect(),
        };
        let state = state.flatten();
        let goes_on = state.is_some();
        let mut state = state.unwrap_or_else(|| State::new(crate::deployment::now(), 1));
        let suggestions = match self.suggest_policies.as_ref().map(|path| (path.clone(), open_unchanged(path))) {
            None => None,
            Some((path, Ok(file))) => Some((path, file)),
            Some((path, Err(error))) => {
                complain(&format!("cannot write the suggested policies to {}: {error}", path.display()));
                return Exit::Environment;
            }
        };
        if suggestions.is_some() {
            state.usage = Usage::recording();
        }
        let cloud = match Cloud::start(state, options).await {
            Ok(cloud) => cloud,
            Err(error) => {
                complain(&crate::runner::chain(&error));
                return Exit::Environment;
            }
        };
        let kept = match &self.state {
            None => "nothing is kept.".to_owned(),
            Some(path) if goes_on => format!("it goes on from {}, and is kept there.", path.display()),
            Some(path) => format!("it is kept in {}.", path.display()),
        };
        let endpoint = cloud.endpoint().to_owned();
        let mut kept_cloud = Kept { cloud, file, saved: None, failing: false, suggestions };
        kept_cloud.save();
        if kept_cloud.failing {
            return Exit::Environment;
        }
        print(&format!(
            "# The embedded cloud listens. The access key is the account, and its administrator.\n\
             export AWS_ENDPOINT_URL={endpoint}\nexport AWS_ACCESS_KEY_ID=111122223333\nexport AWS_SECRET_ACCESS_KEY=any\n\
             export AWS_REGION=us-east-1\n# Ctrl-C ends it; {kept}"
        ));
        let mut due = tokio::time::interval(BETWEEN_SAVES);
        loop {
            due.tick().await;
            tokio::task::block_in_place(|| kept_cloud.save());
        }
    }
}

/// A thousand clients at once need more descriptors than most shells give.
fn allow_many_connections() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(error = &error as &dyn std::error::Error, "the limit of open files stays as it is");
    }
}
