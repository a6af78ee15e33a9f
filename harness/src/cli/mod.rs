//! The `rootwatch` command.

mod accept;
mod bench;
mod coverage;
mod doctor;
mod elsewhere;
mod exit;
mod explain;
mod inject;
mod keep;
mod list;
mod localstack;
mod mutants;
mod new;
mod package;
mod record;
mod redrive;
mod run;
mod serve;
mod smoke;
mod state_file;
mod verify;
mod watch;

use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Parser, Subcommand};

pub use exit::Exit;

use crate::layout::Layout;
use crate::report::Progress;
use crate::scenario::{Loaded, ScenarioError, find};

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
  rootwatch doctor                       what is missing on this machine, and how to fix it
  rootwatch mutants                      which mistakes in the Terraform would no scenario notice?
  rootwatch verify --spoke 111122223333  is every account of a live deployment monitored?
  rootwatch coverage                     the last heartbeat of each account and Region of a live deployment
  rootwatch serve --port 4566            the embedded cloud alone, for any AWS client

Exit codes: 0 success; 1 a scenario failed; 2 wrong usage or malformed input, or a missed mutant; 3 the environment is not ready \
(Terraform, build, port, disk) or results could not be written; 4 a scenario has no `expect` and CI=true; \
130 interrupted.")]
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
    /// Write what scenarios gave as their `expect`, after showing it.
    Accept(accept::Accept),
    /// Make scenarios of what root did in a real account, from CloudTrail's event history.
    Record(record::Record),
    /// Check what a run needs, with the command that fixes each finding.
    Doctor(doctor::Doctor),
    /// Print the JSON Schema of scenario files.
    #[command(after_help = "\
Examples:
  rootwatch schema > my-scenarios/schema.json    for \"$schema\": \"schema.json\" in the files of that folder")]
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
    /// Break the deployment in every possible place, one at a time, and report what no scenario notices.
    Mutants(Box<mutants::Mutants>),
    /// Check on a copy of a live deployment that every account is monitored: read-only, and without an event of root.
    Verify(Box<verify::Verify>),
    /// Show the last heartbeat of every account and Region of a live deployment.
    Coverage(coverage::Coverage),
    /// Send harmless probes through a deployment in two AWS accounts that was made for it.
    Smoke(smoke::SmokeTest),
    /// Measure the embedded cloud and LocalStack by the same scenarios.
    Bench(bench::Bench),
    /// Get LocalStack's image, or start LocalStack alone.
    Localstack(localstack::LocalStack),
}

impl Command {
    fn is_json(&self) -> bool {
        match self {
            Self::Run(run) => run.is_json(),
            Self::Explain(explain) => explain.is_json(),
            Self::Mutants(mutants) => mutants.is_json(),
            Self::Verify(verify) => verify.is_json(),
            Self::Coverage(coverage) => coverage.is_json(),
            Self::Smoke(smoke) => smoke.is_json(),
            _ => false,
        }
    }
}

/// How long an interrupted command may take to clean up; after that the kernel ends what is left.
const FAREWELL: std::time::Duration = std::time::Duration::from_secs(5);

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
    JSON_ERRORS.store(cli.command.is_json(), Ordering::Relaxed);
    if !matches!(cli.command, Command::Schema | Command::Completions(_) | Command::Serve(_) | Command::Inject(_)) {
        name_checkout(&layout);
    }
    let mut work = tokio::spawn(async move {
        match cli.command {
            Command::Run(run) => run.execute(layout).await,
            Command::Explain(explain) => explain.execute(layout).await,
            Command::List(list) => list.execute(),
            Command::New(new) => new.execute().await,
            Command::Accept(accept) => accept.execute(layout).await,
            Command::Record(record) => record.execute().await,
            Command::Doctor(doctor) => doctor.execute(&layout),
            Command::Schema => list::print_schema(),
            Command::Completions(completions) => completions.execute(),
            Command::Redrive(redrive) => redrive.execute().await,
            Command::Package(package) => package.execute(layout).await,
            Command::Inject(inject) => inject.execute().await,
            Command::Mutants(mutants) => Box::pin(mutants.execute(layout)).await,
            Command::Verify(verify) => Box::pin(verify.execute(layout)).await,
            Command::Coverage(coverage) => coverage.execute().await,
            Command::Smoke(smoke) => Box::pin(smoke.execute()).await,
            Command::Bench(bench) => Box::pin(bench.execute(layout)).await,
            Command::Serve(serve) => serve.execute().await,
            Command::Localstack(localstack) => localstack.execute(layout).await,
        }
    });
    tokio::select! {
        ended = &mut work => {
            let exit = ended.unwrap_or_else(|error| {
                complain(&format!("this is a defect of rootwatch: {error}"));
                Exit::Environment
            });
            if WRITE_FAILED.load(Ordering::Relaxed) { Exit::Environment } else { exit }
        }
        () = interrupted => {
            // Terraform first: the work cannot be dropped while it waits for it.
            crate::terraform::end_all();
            work.abort();
            // Dropping the work ends functions and servers, and removes temporary files.
            let _ = tokio::time::timeout(FAREWELL, work).await;
            Progress::quiet().announce(&crate::report::interrupted());
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

/// Reports a command line that cannot be parsed; help and version are no errors.
pub fn usage_error(error: &clap::Error) -> Exit {
    let arguments: Vec<String> = std::env::args().collect();
    let json = arguments.iter().any(|argument| argument == "--format=json")
        || arguments.windows(2).any(|pair| pair[0] == "--format" && pair[1] == "json");
    if json && error.use_stderr() {
        print(&serde_json::json!({"error": error.to_string().trim_start_matches("error: ").trim_end()}).to_string());
    }
    // A closed pipe is the reader's choice.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Success }
}

/// Whether errors are written to stdout as JSON too.
static JSON_ERRORS: AtomicBool = AtomicBool::new(false);

/// Whether a result could not be written to stdout.
static WRITE_FAILED: AtomicBool = AtomicBool::new(false);

/// Reports the error that ends the command: on stderr, and as one JSON object on stdout where results are JSON.
fn complain(what: &str) {
    if JSON_ERRORS.load(Ordering::Relaxed) {
        print(&serde_json::json!({"error": what}).to_string());
    }
    warn(what);
}

/// Reports an error that does not end the command.
fn warn(what: &str) {
    #[expect(clippy::print_stderr, reason = "the command line writes its diagnostics here")]
    {
        eprintln!("{} {}", console::style("error:").red().bold(), crate::report::clean(what));
    }
}

/// Writes a result to stdout. A closed pipe is the reader's choice.
fn print(what: &str) {
    use std::io::{ErrorKind, Write};
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{}", what.trim_end()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe && !WRITE_FAILED.swap(true, Ordering::Relaxed) => {
            warn(&format!("could not write the results to stdout: {error}"));
        }
        _ => {}
    }
}

/// The scenarios at all paths, if each can be read; the first error is reported.
fn readable(paths: &[std::path::PathBuf]) -> Result<Vec<Loaded>, Exit> {
    let mut loaded = Vec::new();
    for path in paths {
        loaded.extend(find(path).map_err(|error| usage(&error))?);
    }
    match loaded.iter().find_map(|loaded| loaded.scenario.as_ref().err()) {
        Some(error) => Err(usage(error)),
        None => Ok(loaded),
    }
}

fn usage(error: &ScenarioError) -> Exit {
    complain(&error.to_string());
    Exit::Usage
}

/// Which checkout the command works on, where that is not obvious.
fn name_checkout(layout: &Layout) {
    let here = std::env::current_dir().unwrap_or_default();
    if !here.starts_with(&layout.project) {
        Progress::quiet().announce(&format!("using the checkout {}", layout.project.display()));
    }
}
