//! The monitor for tests of one's own: deployed once, and asked what comes of an event.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::deployment::{Deployment, OwnRoot};
use crate::layout::Layout;
use crate::report::Progress;
use crate::runner::{Outcome, Session, SessionError};
use crate::scenario::{Loaded, ScenarioError, events_of, find};

/// A deployed monitor. Each event runs in a fork of its own: they neither wait for one another nor see one another.
///
/// It needs a multi-threaded tokio runtime.
#[derive(Debug)]
pub struct Monitor {
    session: Session,
    deployment: Arc<Deployment>,
}

/// Why there is no monitor, or nothing to ask it.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// It cannot be built or deployed.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The deployment failed.
    #[error("{0}")]
    Deploy(String),
    /// The scenarios cannot be read.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
}

impl Monitor {
    /// The default deployment: every alerter on, in every Region that the project's scenarios name. An earlier run's is used
    /// again while nothing has changed.
    ///
    /// # Errors
    /// When the functions do not build or Terraform fails; the error says what to do.
    pub async fn deploy() -> Result<Self, MonitorError> {
        let layout = Layout::discover();
        let session = Session::start(layout.clone(), &find(&layout.scenarios())?, Progress::quiet()).await?;
        let deployment = session.deploy().await.map_err(|error| MonitorError::Deploy(crate::runner::chain(&*error)))?;
        Ok(Self { session, deployment })
    }

    /// A root module of your own; `docs/your-own-root-module.md` is its contract.
    ///
    /// # Errors
    /// As [`Monitor::deploy`], and when the contract is not kept.
    pub async fn deploy_root(directory: impl AsRef<Path>, var_files: &[PathBuf]) -> Result<Self, MonitorError> {
        let session = Session::start(Layout::discover(), &[], Progress::quiet()).await?;
        let own = OwnRoot { directory: directory.as_ref().to_path_buf(), var_files: var_files.to_vec() };
        let deployment = session.deploy_own(&own).await.map_err(SessionError::from)?;
        Ok(Self { session, deployment: Arc::new(deployment) })
    }

    /// What comes of a CloudTrail record, a list of them, a log file, an EventBridge event or a whole scenario.
    ///
    /// # Errors
    /// When it is none of these.
    pub async fn send(&self, event: &Value) -> Result<Outcome, MonitorError> {
        let (name, path) = ("event".to_owned(), PathBuf::from("event"));
        let scenario = Ok(events_of(&path, &event.to_string())?);
        Ok(self.session.run_on(&Loaded { name, path, scenario }, &self.deployment).await)
    }

    /// What comes of each scenario of a file or folder.
    ///
    /// # Errors
    /// When there is none.
    pub async fn run(&self, path: impl AsRef<Path>) -> Result<Vec<Outcome>, MonitorError> {
        let mut outcomes = Vec::new();
        for loaded in find(path.as_ref())? {
            outcomes.push(self.session.run_on(&loaded, &self.deployment).await);
        }
        Ok(outcomes)
    }
}
