//! LocalStack in a container of the run's own, with the monitor deployed to it.

mod known;

use std::path::Path;
use std::sync::Arc;

use super::{Cloud, Remote, RemoteOptions, RunOptions};
use crate::layout::Layout;
use crate::localstack::{LocalStack, prepare};
use crate::packages::prepare_for_containers;
use crate::report::Progress;
use crate::runner::{Outcome, chain};
use crate::scenario::Loaded;
use crate::sink::Identity;

pub(in crate::cloud) use known::known_of;

/// As reports name it.
pub(in crate::cloud) const NAME: &str = "localstack";

/// LocalStack, started and owned by this run.
#[derive(Debug)]
pub struct OnLocalStack {
    remote: Arc<Remote>,
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
        let sink_address = prepared.sink_address;
        if prepared.is_new() {
            // What is written there is of a container that is gone.
            let _ = std::fs::remove_dir_all(&folder);
        }
        Identity::kept(&authority, &[sink_address]).map_err(|error| chain(&error))?;
        progress.stage("starting LocalStack");
        let localstack = prepared.start(&Identity::authority_file(&authority)).await.map_err(|error| chain(&error))?;
        let exclusive = localstack.exclusive().await.map_err(|error| chain(&error))?;
        let options = RemoteOptions {
            name: NAME.to_owned(),
            endpoint: localstack.endpoint.clone(),
            folder,
            authority,
            sink_address,
            own: true,
        };
        let remote = Remote::start(layout, options, packages, scenarios, progress.clone()).await;
        let remote = remote.map_err(|error| chain(&error))?;
        Ok(Self { remote: Arc::new(remote), localstack: tokio::sync::Mutex::new(localstack), _exclusive: exclusive })
    }

    /// The address of LocalStack's API.
    pub async fn endpoint(&self) -> String {
        self.localstack.lock().await.endpoint.clone()
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
        let said = self.alive(self.remote.deploy()).await.and_then(|said| said);
        match said {
            Ok(said) => {
                // The run's other processes may use it now.
                self.localstack.lock().await.ready().map_err(|error| chain(&error))?;
                Ok(said)
            }
            Err(error) => Err(self.explained(error).await),
        }
    }

    async fn run(&self, scenarios: Vec<Loaded>, options: RunOptions) -> Vec<Outcome> {
        let errors = |error: &str| {
            let of = |loaded: &Loaded| Outcome::error(&loaded.name, loaded.path.clone(), error.to_owned());
            scenarios.iter().map(of).collect::<Vec<_>>()
        };
        match self.alive(self.remote.run(scenarios.clone(), options)).await {
            Ok(outcomes) => outcomes,
            Err(death) => errors(&format!("{death}, in the middle of the run")),
        }
    }

    fn remarks(&self) -> Vec<String> {
        self.remote.remarks()
    }
}

impl OnLocalStack {
    /// What comes of some work, unless the container or the engine goes before, or the disk is full.
    async fn alive<T>(&self, work: impl Future<Output = T>) -> Result<T, String> {
        let vitals = self.localstack.lock().await.vitals();
        let remote = Arc::clone(&self.remote);
        // On a task of its own: Terraform blocks the one of the work.
        let mut watch = AbortOnDrop(tokio::spawn(async move {
            let death = vitals.wait_for_ailment().await;
            remote.stop();
            death
        }));
        tokio::select! {
            done = work => Ok(done),
            death = &mut watch.0 => Err(death.unwrap_or_else(|error| error.to_string())),
        }
    }

    /// Why things went wrong that are not the scenarios' fault: the container is dead, the engine is gone, the disk full.
    pub async fn ailment(&self) -> Option<String> {
        let vitals = self.localstack.lock().await.vitals();
        vitals.ailment().await
    }

    /// An error, with what is known of the container.
    async fn explained(&self, error: String) -> String {
        match self.ailment().await {
            Some(ailment) if error.contains(&ailment) => error,
            Some(ailment) => format!("{ailment}: {error}"),
            None => error,
        }
    }
}

/// A task that ends with its owner.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
