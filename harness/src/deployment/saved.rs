//! Deployments on disk: published by one rename under a lock, so that two runs at once never see half of one.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rootwatch_cloud::State;

use super::{DeployError, Facts};

/// How many deployments are kept; each is a few megabytes.
const KEEP: usize = 40;

/// What is kept of a deployment.
#[derive(Debug)]
pub(super) struct Saved {
    pub(super) state: State,
    pub(super) facts: Facts,
    pub(super) terraform_state: Arc<str>,
}

/// The place of one deployment.
#[derive(Debug)]
pub(super) struct Slot {
    directory: PathBuf,
    // Held until dropped: whoever wants the same deployment waits for it.
    _lock: File,
}

impl Slot {
    /// Locks the place of a deployment.
    pub(super) fn lock(cache: &Path, key: &str) -> Result<Self, DeployError> {
        let parent = cache.join("deployments");
        let failed = |source| DeployError::Cache { path: parent.clone(), source };
        std::fs::create_dir_all(&parent).map_err(failed)?;
        let lock = File::create(parent.join(format!("{key}.lock"))).map_err(failed)?;
        lock.lock().map_err(failed)?;
        Ok(Self { directory: parent.join(key), _lock: lock })
    }

    /// What is saved there, if it can be read. A damaged one is as good as none: it is made anew.
    pub(super) fn load(&self) -> Option<Saved> {
        let facts = serde_json::from_slice(&std::fs::read(self.directory.join("facts.json")).ok()?).ok()?;
        let state = serde_json::from_slice(&std::fs::read(self.directory.join("state.json")).ok()?).ok()?;
        let terraform_state = std::fs::read_to_string(self.directory.join("terraform.tfstate")).ok()?.into();
        Some(Saved { state, facts, terraform_state })
    }

    /// What Terraform said when it refused this deployment.
    pub(super) fn refusal(&self) -> Option<String> {
        std::fs::read_to_string(self.directory.with_extension("refused")).ok()
    }

    /// Remembers a refusal; where that fails, Terraform is asked again.
    pub(super) fn refuse(&self, error: &str) {
        let _ = std::fs::write(self.directory.with_extension("refused"), error);
    }

    /// Publishes a deployment.
    pub(super) fn save(&self, saved: &Saved) -> Result<(), DeployError> {
        let parent = self.directory.parent().unwrap_or(Path::new("."));
        let failed = |source| DeployError::Cache { path: self.directory.clone(), source };
        let fresh = tempfile::tempdir_in(parent).map_err(failed)?;
        let encode = |value: Result<Vec<u8>, serde_json::Error>| value.map_err(|error| failed(error.into()));
        std::fs::write(fresh.path().join("state.json"), encode(serde_json::to_vec(&saved.state))?).map_err(failed)?;
        std::fs::write(fresh.path().join("facts.json"), encode(serde_json::to_vec(&saved.facts))?).map_err(failed)?;
        std::fs::write(fresh.path().join("terraform.tfstate"), saved.terraform_state.as_bytes()).map_err(failed)?;
        if self.directory.exists() {
            std::fs::remove_dir_all(&self.directory).map_err(failed)?;
        }
        std::fs::rename(fresh.keep(), &self.directory).map_err(failed)?;
        prune(parent);
        Ok(())
    }
}

/// Removes the oldest deployments. What cannot be removed stays; it does no harm.
fn prune(parent: &Path) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    let mut saved: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    saved.sort();
    for (_, path) in saved.iter().rev().skip(KEEP) {
        let _ = std::fs::remove_dir_all(path);
    }
}
