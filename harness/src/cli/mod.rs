//! The `rootwatch` command.

mod bench;
mod doctor;
mod elsewhere;
mod exit;
mod explain;
mod inject;
mod keep;
mod list;
mod localstack;
mod new;
mod package;
mod record;
mod redrive;
mod run;
mod serve;
mod state_file;
mod watch;

use clap::{Parser, Subcommand};

pub use exit::Exit;

use crate::layout::Layout;

/// Applies the monitor's Terraform to a cloud on this machine, injects recorded root events and shows what reaches
/// Slack, PagerDuty and email.
#[derive(Debug, Parser)]
#[command(name = "rootwatch", version, about, long_about = None, after_help = "\
Examples:
  rootwatch run                          every scenario of scenarios/
  rootwatch run scenarios/login          one folder
  rootwatch run event.json               a recorded CloudTrail record or EventBridge event, as it is
  rootwatch run --format json            one JSON object on stdout
  rootwatch explain event.json           the way of that event, hop by hop
  rootwatch new login/odd --from e.json  makes a scenario of it, with what should not be committed replaced
  rootwatch doctor                       what is missing on this machine, and what mends it
  rootwatch serve --port 4566            the embedded cloud alone, for any AWS client

Exit codes: 0 all as expected; 1 a scenario failed; 2 wrong usage; 3 the environment is not ready (Terraform, \
build, port, disk); 4 scenarios without an expectation where CI=true; 130 interrupted.")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Fetch nothing: neither Terraform, nor a provider, nor a crate; as ROOTWATCH_OFFLINE=1 does
    #[arg(long, global = true)]
    offline: bool,
}

impl Cli {
    fn layout(&self) -> Layout {
        let layout = Layout::discover();
        Layout { offline: layout.offline || self.offline, ..layout }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run scenarios through the deployed monitor.
    Run(run::Run),
    /// Show the way of one event, hop by hop: what each decided, by which policy statement, and what to try first.
    Explain(explain::Explain),
    /// Show the scenarios with their titles.
    List(list::List),
    /// Make a scenario of a recorded event, with what should not be committed replaced.
    New(new::New),
    /// Make scenarios of what root did in a real account, from CloudTrail's event history.
    Record(record::Record),
    /// Say what is here and what is missing, each with what mends it.
    Doctor(doctor::Doctor),
    /// Print the JSON Schema of scenario files.
    #[command(after_help = "\
Examples:
  rootwatch schema > my-scenarios/schema.json    for \"$schema\": \"schema.json\" in the files beside it")]
    Schema,
    /// Print the completions of a shell.
    Completions(list::Completions),
    /// Move what lies in the monitor's dead-letter queues back, by SQS's own message move tasks.
    Redrive(redrive::Redrive),
    /// Build the functions' packages for a real deployment.
    Package(package::Package),
    /// Hand recorded events to a running `rootwatch serve`, as CloudTrail delivers them.
    Inject(inject::Inject),
    /// Start the embedded cloud alone.
    Serve(serve::Serve),
    /// Measure the embedded cloud and LocalStack by the same scenarios.
    Bench(bench::Bench),
    /// Get LocalStack's image, or start LocalStack alone.
    Localstack(localstack::LocalStack),
}

/// How long an interrupted command may take to clean up; then the kernel does it.
const FAREWELL: std::time::Duration = std::time::Duration::from_secs(2);

/// Runs the command until it ends or is interrupted.
pub async fn main(cli: Cli) -> Exit {
    // Listened to before anything starts, and from another task than the work, which may block.
    let interrupted = match interrupted() {
        Ok(interrupted) => interrupted,
        Err(error) => {
            complain(&format!("could not listen for signals: {error}"));
            return Exit::Environment;
        }
    };
    let layout = cli.layout();
    let mut work = tokio::spawn(async move {
        match cli.command {
            Command::Run(run) => run.execute(layout).await,
            Command::Explain(explain) => explain.execute(layout).await,
            Command::List(list) => list.execute(),
            Command::New(new) => new.execute().await,
            Command::Record(record) => record.execute().await,
            Command::Doctor(doctor) => doctor.execute(&layout),
            Command::Schema => list::print_schema(),
            Command::Completions(completions) => completions.execute(),
            Command::Redrive(redrive) => redrive.execute().await,
            Command::Package(package) => package.execute(layout).await,
            Command::Inject(inject) => inject.execute().await,
            Command::Bench(bench) => Box::pin(bench.execute(layout)).await,
            Command::Serve(serve) => serve.execute().await,
            Command::Localstack(localstack) => localstack.execute(layout).await,
        }
    });
    tokio::select! {
        ended = &mut work => ended.unwrap_or_else(|error| {
            complain(&format!("this is a defect of rootwatch: {error}"));
            Exit::Environment
        }),
        () = interrupted => {
            work.abort();
            // Dropping the work ends functions and servers.
            let _ = tokio::time::timeout(FAREWELL, work).await;
            Exit::Interrupted
        }
    }
}

/// Ctrl-C or a polite kill.
fn interrupted() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Says on stderr what went wrong.
fn complain(what: &str) {
    #[expect(clippy::print_stderr, reason = "the command line talks here")]
    {
        eprintln!("{} {what}", console::style("error:").red().bold());
    }
}

/// Writes a result to stdout; a closed pipe is the reader's choice.
fn print(what: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout().lock(), "{}", what.trim_end());
}
