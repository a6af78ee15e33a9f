//! `rootwatch run`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{Exit, complain, print};
use crate::layout::Layout;
use crate::report::{Format, Progress};
use crate::runner::{Outcome, Session, Status, Summary};
use crate::scenario::{Loaded, find};

/// Options of `run`.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// Scenario files or folders; a bare CloudTrail record or EventBridge event is a scenario too [default: scenarios/]
    paths: Vec<PathBuf>,
    /// The cloud to run on
    #[arg(long, value_enum, default_value_t = CloudKind::Embedded)]
    cloud: CloudKind,
    /// How results are written to stdout
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Writes them to a file instead
    #[arg(long, short)]
    output: Option<PathBuf>,
    /// Scenarios at a time [default: the number of cores]
    #[arg(long)]
    jobs: Option<usize>,
    /// Only scenarios whose name contains this text
    #[arg(long)]
    filter: Option<String>,
    /// Start no further scenario after the first that fails
    #[arg(long)]
    fail_fast: bool,
    /// Show what every sink received, for passed scenarios too
    #[arg(long, short)]
    verbose: bool,
}

/// Which cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CloudKind {
    /// In this process.
    Embedded,
}

impl Run {
    pub(super) async fn execute(self) -> Exit {
        let layout = Layout::discover();
        let paths = if self.paths.is_empty() { vec![layout.scenarios()] } else { self.paths.clone() };
        let mut loaded = Vec::new();
        for path in &paths {
            match find(path) {
                Ok(found) => loaded.extend(found),
                Err(error) => {
                    complain(&error.to_string());
                    return Exit::Usage;
                }
            }
        }
        if loaded.iter().all(|loaded| loaded.scenario.is_err()) {
            // Nothing to deploy for.
            let unreadable = |loaded: &Loaded| {
                let reason = loaded.scenario.as_ref().err().map(ToString::to_string).unwrap_or_default();
                Outcome::error(&loaded.name, loaded.path.clone(), reason)
            };
            return self.report(&loaded.iter().map(unreadable).collect::<Vec<_>>());
        }
        let progress = Progress::stderr();
        // The Regions follow from everything that was found, not from the filter.
        let session = match Session::start(layout, &loaded, progress.clone()).await {
            Ok(session) => Arc::new(session),
            Err(error) => return not_ready(&progress, &crate::runner::chain(&error)),
        };
        if let Some(filter) = &self.filter {
            loaded.retain(|loaded| loaded.name.contains(filter));
            if loaded.is_empty() {
                progress.finish();
                complain(&format!("no scenario's name contains `{filter}`"));
                return Exit::Usage;
            }
        }
        match session.deploy().await {
            Ok(deployment) if !deployment.reused => {
                progress
                    .line(&format!("deployed in {:.1} s; saved for the next run", deployment.applied_in.as_secs_f64()));
            }
            Ok(_) => progress.line("the saved deployment still fits"),
            Err(error) => return not_ready(&progress, &crate::runner::chain(&*error)),
        }
        let outcomes = self.run_all(session, loaded, &progress).await;
        progress.finish();
        self.report(&outcomes)
    }

    fn report(&self, outcomes: &[Outcome]) -> Exit {
        let report = self.format.render("embedded", outcomes, self.verbose);
        match &self.output {
            None => print(&report),
            Some(path) => {
                if let Err(error) = std::fs::write(path, report) {
                    complain(&format!("could not write the report to {}: {error}", path.display()));
                    return Exit::Environment;
                }
            }
        }
        exit(&Summary::of(outcomes))
    }

    async fn run_all(&self, session: Arc<Session>, loaded: Vec<Loaded>, progress: &Progress) -> Vec<Outcome> {
        let jobs = self.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)).max(1);
        let permits = Arc::new(Semaphore::new(jobs));
        let total = loaded.len();
        let mut running = JoinSet::new();
        for (place, loaded) in loaded.into_iter().enumerate() {
            let (session, permits) = (Arc::clone(&session), Arc::clone(&permits));
            running.spawn(async move {
                // Closed: a scenario has failed, and the user asked for no more.
                let _permit = permits.acquire_owned().await.ok()?;
                Some((place, session.run(&loaded).await))
            });
        }
        let mut outcomes = Vec::with_capacity(total);
        while let Some(done) = running.join_next().await {
            match done {
                Ok(None) => {}
                Ok(Some((place, outcome))) => {
                    if self.fail_fast && matches!(outcome.status, Status::Failed | Status::Error) {
                        permits.close();
                    }
                    outcomes.push((place, outcome));
                }
                Err(error) => complain(&format!("a scenario's task ended: {error}")),
            }
            if progress.is_live() {
                progress.stage(&format!("running scenarios: {} of {total}", outcomes.len()));
            }
        }
        if outcomes.len() < total {
            progress.line(&format!("{} scenarios were not started: --fail-fast", total - outcomes.len()));
        }
        outcomes.sort_by_key(|(place, _)| *place);
        outcomes
            .into_iter()
            .map(|(_, mut outcome)| {
                // The way of an event that arrived as expected is of no interest.
                if outcome.status == Status::Passed {
                    outcome.trace.clear();
                }
                outcome
            })
            .collect()
    }
}

fn not_ready(progress: &Progress, error: &str) -> Exit {
    progress.finish();
    complain(error);
    Exit::Environment
}

fn exit(summary: &Summary) -> Exit {
    if summary.failed + summary.errors > 0 {
        Exit::Failed
    } else if summary.observed > 0 && crate::layout::in_ci() {
        complain("CI=true: a scenario states no expectation; give it an `expect`");
        Exit::Observed
    } else {
        Exit::Success
    }
}
