//! `rootwatch localstack`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Exit, complain, print};
use crate::layout::Layout;
use crate::localstack::{LocalStackError, build, janitor, prepare};
use crate::report::Progress;

/// Options of `localstack`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rootwatch localstack build     once, where no container registry can be reached
  rootwatch localstack serve     LocalStack alone; Ctrl-C ends it")]
pub(super) struct LocalStack {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Build the image of LocalStack from PyPI and Debian, for where no container registry can be reached
    #[command(after_help = "\
It needs root, Docker, debootstrap and Python; what is missing it installs with apt-get, or says how to.

Examples:
  rootwatch localstack build
  ROOTWATCH_DEBIAN_MIRROR=http://mirror.example/debian rootwatch localstack build")]
    Build,
    /// Start LocalStack alone, as a run does, for any AWS client; it goes when this command ends
    #[command(after_help = "\
Examples:
  rootwatch localstack serve")]
    Serve,
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
    pub(super) async fn execute(self, layout: Layout) -> Exit {
        let progress = Progress::stderr();
        let ended = match self.command {
            Command::Build => build_image(&layout, &progress).await,
            Command::Serve => serve(&layout, &progress).await,
            Command::Janitor { run, process } => {
                janitor::watch(run, process).await.map_err(|error| crate::runner::chain(&error))
            }
        };
        progress.finish();
        match ended {
            Ok(()) => Exit::Success,
            Err(error) => {
                complain(&error);
                Exit::Environment
            }
        }
    }
}

async fn build_image(layout: &Layout, progress: &Progress) -> Result<(), String> {
    let built = build::build(layout, progress).await.map_err(|error| crate::runner::chain(&error))?;
    progress.finish();
    print(&format!("{} {}", built.tag, if built.found { "is there" } else { "is built" }));
    Ok(())
}

async fn serve(layout: &Layout, progress: &Progress) -> Result<(), String> {
    let chain = |error: LocalStackError| crate::runner::chain(&error);
    let janitor = std::env::current_exe().map_err(|error| error.to_string())?;
    let prepared = prepare(layout, &janitor, progress).await.map_err(chain)?;
    let mut localstack = prepared.start_alone().await.map_err(chain)?;
    localstack.ready().map_err(chain)?;
    progress.finish();
    print(&format!(
        "# LocalStack listens. The access key is the account.\n\
         export AWS_ENDPOINT_URL={}\nexport AWS_ACCESS_KEY_ID=111122223333\nexport AWS_SECRET_ACCESS_KEY=any\n\
         export AWS_REGION=us-east-1\n# Ctrl-C ends it; nothing is kept.",
        localstack.endpoint
    ));
    let death = localstack.vitals().wait_for_death().await;
    let log = localstack.keep_log().await.map(|path| format!("; its log: {}", path.display()));
    Err(format!("{death}{}", log.unwrap_or_default()))
}
