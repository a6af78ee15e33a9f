//! LocalStack in a container of the run's own, with the monitor deployed to it.

mod known;

use std::path::Path;

use super::{Cloud, Remote, RemoteOptions, RunOptions};
use crate::layout::Layout;
use crate::localstack::{LocalStack, prepare};
use crate::packages::prepare_for_containers;
use crate::report::Progress;
use crate::runner::{Outcome, Status, chain};
use crate::scenario::Loaded;
use crate::sink::Identity;

pub(in crate::cloud) use known::{WITH_DEPLOYMENT, known};

/// LocalStack, started and owned by this run.
#[derive(Debug)]
pub struct OnLocalStack {
    remote: Remote,
    localstack: tokio::sync::Mutex<LocalStack>,
    /// Scenarios of other processes of the same run wait for this.
    _exclusive: crate::localstack::Exclusive,
}

impl OnLocalStack {
    /// Starts it, or finds the one of this test run. `janitor` is the `rootwatch` program.
    ///
    /// # Errors
    /// What is missing, in words, with the next step.
    pub async fn start(
        layout: Layout,
        janitor: &Path,
        scenarios: &[Loaded],
        progress: &Progress,
    ) -> Result<Self, String> {
        let prepared = prepare(&layout, janitor, progress).await.map_err(|error| chain(&error))?;
        progress.stage("building the handlers");
        let packages = prepare_for_containers(&layout, prepared.glibc(), progress).await;
        let packages = packages.map_err(|error| chain(&error))?;
        let folder = prepared.directory.join("deployment");
        let authority = folder.join("sink");
        let (sink_address, reuse) = (prepared.sink_address, !prepared.is_new());
        Identity::kept(&authority, &[sink_address]).map_err(|error| chain(&error))?;
        progress.stage("starting LocalStack");
        let localstack = prepared.start(&Identity::authority_file(&authority)).await.map_err(|error| chain(&error))?;
        let exclusive = localstack.exclusive().await.map_err(|error| chain(&error))?;
        let options = RemoteOptions {
            name: "localstack".to_owned(),
            endpoint: localstack.endpoint.clone(),
            folder,
            authority,
            sink_address,
            reuse,
        };
        let remote = Remote::start(layout, options, packages, scenarios, progress.clone()).await;
        let remote = remote.map_err(|error| chain(&error))?;
        Ok(Self { remote, localstack: tokio::sync::Mutex::new(localstack), _exclusive: exclusive })
    }

    /// Resident memory of LocalStack's container, in bytes.
    pub async fn memory(&self) -> Option<u64> {
        self.localstack.lock().await.memory().await
    }

    /// Where a log is kept, if it is.
    pub async fn keep_log(&self) -> Option<std::path::PathBuf> {
        self.localstack.lock().await.keep_log().await
    }

    /// Removes the containers, if no other process of the run uses them.
    ///
    /// # Errors
    /// What could not be removed.
    pub async fn close(self) -> Result<(), String> {
        self.localstack.into_inner().close().await.map_err(|error| chain(&error))
    }
}

impl Cloud for OnLocalStack {
    fn name(&self) -> &str {
        self.remote.name()
    }

    async fn deploy(&self) -> Result<String, String> {
        let said = self.remote.deploy().await;
        match said {
            Ok(said) => {
                // The run's other processes may use it now.
                self.localstack.lock().await.ready().map_err(|error| chain(&error))?;
                Ok(said)
            }
            Err(error) => Err(self.with_death(error).await),
        }
    }

    async fn run(&self, scenarios: Vec<Loaded>, options: RunOptions) -> Vec<Outcome> {
        let mut outcomes = self.remote.run(scenarios, options).await;
        if outcomes.iter().any(|outcome| outcome.status == Status::Error)
            && let Some(death) = self.localstack.lock().await.death().await
        {
            for outcome in outcomes.iter_mut().filter(|outcome| outcome.status == Status::Error) {
                outcome.failures.push(death.clone());
            }
        }
        outcomes
    }

    fn remarks(&self) -> Vec<String> {
        self.remote.remarks()
    }
}

impl OnLocalStack {
    /// An error, with what is known of the container's end.
    async fn with_death(&self, error: String) -> String {
        match self.localstack.lock().await.death().await {
            Some(death) => format!("{error}: {death}"),
            None => error,
        }
    }
}
