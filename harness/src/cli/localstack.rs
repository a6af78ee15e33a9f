//! `rootwatch localstack`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Exit, complain, print};
use crate::layout::Layout;
use crate::localstack::{build, janitor};
use crate::report::Progress;

/// Options of `localstack`.
#[derive(Debug, Args)]
pub(super) struct LocalStack {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build the image of LocalStack from PyPI and Debian, for where no container registry can be reached
    Build,
    /// Remove what a run leaves when it ends, whatever way it ends
    #[command(hide = true)]
    Janitor {
        /// The run's folder
        #[arg(long)]
        run: PathBuf,
        /// The process whose end is the run's
        #[arg(long)]
        process: u32,
    },
}

impl LocalStack {
    pub(super) async fn execute(self) -> Exit {
        match self.command {
            Command::Build => build_image().await,
            Command::Janitor { run, process } => match janitor::watch(run, process).await {
                Ok(()) => Exit::Success,
                Err(error) => {
                    complain(&crate::runner::chain(&error));
                    Exit::Environment
                }
            },
        }
    }
}

async fn build_image() -> Exit {
    let progress = Progress::stderr();
    let built = build::build(&Layout::discover(), &progress).await;
    progress.finish();
    match built {
        Ok(built) => {
            print(&format!("{} {}", built.tag, if built.found { "is there" } else { "is built" }));
            Exit::Success
        }
        Err(error) => {
            complain(&crate::runner::chain(&error));
            Exit::Environment
        }
    }
}
