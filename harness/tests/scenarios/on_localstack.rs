//! `localstack::<scenario>`: one container and one apply for all of them. The first that runs brings it about and runs all
//! that were asked for together; each takes its own verdict.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use libtest_mimic::{Arguments, Failed, Trial};
use rootwatch::cloud::{self, Cloud, RunOptions, not_run_on_localstack};
use rootwatch::layout::Layout;
use rootwatch::localstack::{availability_blocking, required};
use rootwatch::report::{Progress, human};
use rootwatch::runner::{Outcome, Status};
use rootwatch::scenario::Loaded;

use crate::support::Shared;

type Outcomes = Result<BTreeMap<String, Outcome>, String>;

/// What the trials share.
pub(crate) struct OnLocalStack {
    shared: Arc<Shared>,
    /// Those that this process runs.
    selected: Vec<Loaded>,
    /// Why none can be run.
    absent: Option<String>,
    outcomes: OnceLock<Outcomes>,
    cloud: Mutex<Option<cloud::OnLocalStack>>,
}

impl OnLocalStack {
    /// Looks whether there is a LocalStack to be had; starts nothing.
    pub(crate) fn new(shared: &Arc<Shared>, arguments: &Arguments) -> Arc<Self> {
        let selected = shared.loaded.iter().filter(|loaded| wanted(arguments, &name(loaded))).cloned().collect();
        let absent = availability_blocking().reason().map(str::to_owned);
        let (shared, outcomes, cloud) = (Arc::clone(shared), OnceLock::new(), Mutex::default());
        Arc::new(Self { shared, selected, absent, outcomes, cloud })
    }

    /// One for each scenario; the kind of an ignored one says why.
    pub(crate) fn trials(self: &Arc<Self>) -> Vec<Trial> {
        let trial = |loaded: &Loaded| {
            let (this, scenario) = (Arc::clone(self), loaded.name.clone());
            let trial = Trial::test(name(loaded), move || this.verdict(&scenario));
            let not_run = loaded.scenario.as_ref().ok().and_then(|it| not_run_on_localstack(&loaded.name, it));
            match (not_run, &self.absent) {
                (Some(found), _) => trial.with_kind(format!("not run: {}", found.what)).with_ignored_flag(true),
                (None, Some(absent)) if !required() => {
                    trial.with_kind(format!("not run: {absent}")).with_ignored_flag(true)
                }
                _ => trial,
            }
        };
        self.shared.loaded.iter().map(trial).collect()
    }

    fn verdict(&self, scenario: &str) -> Result<(), Failed> {
        let outcomes = self.outcomes.get_or_init(|| self.run()).as_ref().map_err(Clone::clone)?;
        let outcome = outcomes.get(scenario).ok_or_else(|| format!("{scenario}: it was not among those that ran"))?;
        match outcome.status {
            Status::Passed => Ok(()),
            _ => Err(human("localstack", std::slice::from_ref(outcome), true).into()),
        }
    }

    fn run(&self) -> Outcomes {
        let program = Path::new(env!("CARGO_BIN_EXE_rootwatch"));
        self.shared.runtime().block_on(async {
            let progress = Progress::quiet();
            let started = cloud::OnLocalStack::start(Layout::discover(), program, &self.shared.loaded, &progress).await;
            let cloud = started?;
            let ran = match cloud.deploy().await {
                Ok(_) => Ok(cloud.run(self.selected.clone(), RunOptions::default()).await),
                Err(error) => Err(error),
            };
            let well = ran.as_ref().is_ok_and(|outcomes| {
                outcomes.iter().all(|outcome| !matches!(outcome.status, Status::Failed | Status::Error))
            });
            let log = if well { None } else { cloud.keep_log().await };
            *self.cloud.lock().unwrap_or_else(PoisonError::into_inner) = Some(cloud);
            let log = log.map(|log| format!("the log of LocalStack: {}", log.display()));
            let with_log = |error: String| log.iter().fold(error, |error, log| format!("{error}\n{log}"));
            let mut outcomes = ran.map_err(with_log)?;
            for outcome in outcomes.iter_mut().filter(|outcome| outcome.status != Status::Passed) {
                outcome.notes.extend(log.clone());
            }
            Ok(outcomes.into_iter().map(|outcome| (outcome.name.clone(), outcome)).collect())
        })
    }

    /// Removes the container, if it was started.
    pub(crate) fn close(&self) {
        let cloud = self.cloud.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(cloud) = cloud
            && let Err(error) = self.shared.runtime().block_on(cloud.close())
        {
            eprintln!("LocalStack could not be removed: {error}");
        }
    }
}

fn name(loaded: &Loaded) -> String {
    format!("localstack::{}", loaded.name.replace('/', "::"))
}

/// Whether a run with these arguments runs a trial, as libtest decides it.
fn wanted(arguments: &Arguments, name: &str) -> bool {
    let found = |text: &String| if arguments.exact { name == text } else { name.contains(text.as_str()) };
    arguments.filter.as_ref().is_none_or(found) && !arguments.skip.iter().any(found)
}
