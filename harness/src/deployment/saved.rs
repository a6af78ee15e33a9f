//! Deployments on disk: published by one rename under a lock, so that two runs at once never see half of one.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rootwatch_cloud::State;

use super::{DeployError, Facts};

/// How many deployments are kept, each of less than a megabyte: several times those of the whole suite, so that a change and
/// its undoing find theirs again.
const KEEP: usize = 400;

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

    /// The saved deployment. A damaged one is handed to `report` in words, and is deployed again.
    pub(super) fn load(&self, report: impl FnOnce(&str)) -> Option<Saved> {
        if !self.directory.exists() {
            return None;
        }
        match self.read() {
            Ok(saved) => {
                // The least recently used goes first. On a read-only disk, nothing goes.
                let _ = File::open(&self.directory).and_then(|directory| directory.set_modified(now()));
                Some(saved)
            }
            Err(error) => {
                let path = self.directory.display();
                report(&format!("the saved deployment {path} is damaged ({error}): deploying again"));
                None
            }
        }
    }

    fn read(&self) -> std::io::Result<Saved> {
        let read = |name| std::fs::read(self.directory.join(name));
        let facts = serde_json::from_slice(&read("facts.json")?)?;
        let state = serde_json::from_slice(&read("state.json")?)?;
        let terraform_state = std::fs::read_to_string(self.directory.join("terraform.tfstate"))?.into();
        Ok(Saved { state, facts, terraform_state })
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
        prune(parent, KEEP);
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "files have the system's time")]
fn now() -> SystemTime {
    SystemTime::now()
}

/// Removes the deployments that were not used for longest, but for the last `keep`. What cannot be removed stays; it does
/// no harm.
fn prune(parent: &Path, keep: usize) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    let mut saved: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    saved.sort();
    for (_, path) in saved.iter().rev().skip(keep) {
        let _ = std::fs::remove_dir_all(path);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rootwatch_cloud::State;
    use rootwatch_cloud::time::Time;

    use super::*;
    use crate::deployment::{Accounts, Coverage, Probes};

    fn saved() -> Saved {
        let text = String::new;
        let facts = Facts {
            accounts: Accounts::default(),
            coverage: Coverage::default(),
            probes: Probes { login: text(), activity: text(), tampering: None, health: text() },
            hub_key: None,
            coverage_table: None,
            slack_secret: text(),
            pagerduty_secret: text(),
            more_secrets: Vec::new(),
        };
        Saved { state: State::new(Time(0), 1), facts, terraform_state: "{}".into() }
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let cache = tempfile::tempdir().unwrap();
        let path = |name: &str| cache.path().join("deployments").join(name);
        let slot = |name: &str| Slot::lock(cache.path(), name).unwrap();
        for (name, age) in [("old", 300), ("oldest", 400), ("new", 1)] {
            slot(name).save(&saved()).unwrap();
            let modified = now() - Duration::from_secs(age);
            File::open(path(name)).unwrap().set_modified(modified).unwrap();
        }
        let left = |keep| {
            prune(path("").as_path(), keep);
            ["old", "oldest", "new"].into_iter().filter(|name| path(name).exists()).collect::<Vec<_>>()
        };
        assert_eq!(left(3), ["old", "oldest", "new"]);
        assert!(slot("oldest").load(|_| ()).is_some());
        assert_eq!(left(2), ["oldest", "new"], "what is read is used");
        std::fs::write(path("new").join("state.json"), "{").unwrap();
        assert!(slot("new").load(|_| ()).is_none(), "a damaged one is as good as none");
    }

    #[test]
    fn a_damaged_deployment_is_reported_with_its_path() {
        let cache = tempfile::tempdir().unwrap();
        let slot = Slot::lock(cache.path(), "one").unwrap();
        let reported = || {
            let mut text = None;
            slot.load(|what| text = Some(what.to_owned()));
            text
        };
        assert_eq!(reported(), None, "nothing was saved yet");
        slot.save(&saved()).unwrap();
        assert_eq!(reported(), None);
        for file in ["state.json", "facts.json", "terraform.tfstate"] {
            let path = cache.path().join("deployments/one").join(file);
            let whole = std::fs::read(&path).unwrap();
            std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
            if file == "terraform.tfstate" {
                std::fs::remove_file(&path).unwrap();
            }
            let text = reported().unwrap();
            assert!(text.contains("deployments/one is damaged (") && text.ends_with("deploying again"), "{text}");
            std::fs::write(&path, &whole).unwrap();
        }
    }
}
