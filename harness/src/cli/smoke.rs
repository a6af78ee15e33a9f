//! `rootwatch smoke`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Exit, complain, print};
use crate::report::{Progress, smoke as report};
use crate::runner::clients;
use crate::scenario::read_text;
use crate::smoke::{self, Smoke};

/// Options of `smoke`.
#[derive(Debug, Args)]
#[command(after_help = "\
terraform/examples/smoke/run does all of it: apply, this command, destroy. Credentials of the hub's account come from the \
environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN; AWS_ENDPOINT_URL where it is not AWS. The schedule of the \
example's heartbeat is changed and restored, and events of a source of their own are sent. Nothing else is changed, and no root user is needed.\n\n\
The exit code is 1 if a probe failed.\n\n\
Examples:
  terraform -chdir=terraform/examples/smoke output -json | rootwatch smoke -
                                        probes what was applied there")]
pub(super) struct SmokeTest {
    /// The output of `terraform output -json` in terraform/examples/smoke; `-` for standard input
    outputs: PathBuf,
    /// How the result is written to stdout
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

/// How the result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// One JSON object.
    Json,
}

impl SmokeTest {
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    pub(super) async fn execute(self) -> Exit {
        let deployed = match read_text(&self.outputs).and_then(|text| smoke::deployed(&text)) {
            Ok(deployed) => deployed,
            Err(error) => {
                complain(&format!("{}: {error}", self.outputs.display()));
                return Exit::Usage;
            }
        };
        let progress = Progress::stderr();
        let result = probed(&deployed, &progress).await;
        progress.finish();
        let smoke = match result {
            Ok(smoke) => smoke,
            Err(error) => {
                complain(&error);
                return Exit::Environment;
            }
        };
        print(&match self.format {
            Format::Human => report::human(&smoke),
            Format::Json => report::json(&smoke),
        });
        if smoke.passed() { Exit::Success } else { Exit::Failed }
    }
}

async fn probed(deployed: &smoke::Deployed, progress: &Progress) -> Result<Smoke, String> {
    let (credentials, endpoint) = clients::credentials_of_environment()?;
    smoke::smoke(deployed, credentials, endpoint, |stage| progress.stage(stage)).await
}
