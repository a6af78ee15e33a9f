//! The folder of a run, and who uses what is described there. Locks are the kernel's: they end with their process,
//! whatever way it ends.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::LocalStackError;

/// The folder of a run.
#[derive(Clone, Debug)]
pub(super) struct Folder(pub(super) PathBuf);

/// What runs, as the first process of a run found it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Running {
    pub(super) container: String,
    pub(super) endpoint: String,
}

impl Folder {
    pub(super) fn create(cache: &Path, run_id: &str) -> Result<Self, LocalStackError> {
        let path = cache.join("localstack").join("runs").join(run_id);
        std::fs::create_dir_all(&path).map_err(LocalStackError::file(&path))?;
        Ok(Self(path))
    }

    /// Where logs of runs are kept that failed.
    pub(super) fn kept_log(&self) -> PathBuf {
        let run = self.0.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let cache = self.0.parent().and_then(Path::parent).unwrap_or(&self.0);
        cache.join("logs").join(format!("{run}.log"))
    }

    fn open(&self, name: &str) -> Result<File, LocalStackError> {
        let path = self.0.join(name);
        File::options().create(true).truncate(false).write(true).open(&path).map_err(LocalStackError::file(&path))
    }

    /// Says that this process uses the run. Waits while a janitor removes it.
    pub(super) fn lease(&self) -> Result<File, LocalStackError> {
        let file = self.open("lease")?;
        file.lock_shared().map_err(LocalStackError::file(self.0.join("lease")))?;
        Ok(file)
    }

    /// Waits until nobody uses the run.
    pub(super) fn wait_unused(&self) -> Result<File, LocalStackError> {
        let file = self.open("lease")?;
        file.lock().map_err(LocalStackError::file(self.0.join("lease")))?;
        Ok(file)
    }

    /// The lease for oneself alone, if nobody else uses the run.
    pub(super) fn is_unused(&self) -> Result<Option<File>, LocalStackError> {
        let file = self.open("lease")?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(LocalStackError::file(self.0.join("lease"))(error)),
        }
    }

    /// Waits for one of the run's locks: `start` (who makes it ready), `scenario` (who runs one).
    pub(super) fn exclusive(&self, name: &str) -> Result<File, LocalStackError> {
        let file = self.open(name)?;
        file.lock().map_err(LocalStackError::file(self.0.join(name)))?;
        Ok(file)
    }

    /// What runs, once somebody has made it ready.
    pub(super) fn running(&self) -> Option<Running> {
        if !self.0.join("ready").exists() {
            return None;
        }
        serde_json::from_slice(&std::fs::read(self.0.join("running.json")).ok()?).ok()
    }

    pub(super) fn set_running(&self, running: &Running) -> Result<(), LocalStackError> {
        let path = self.0.join("running.json");
        let written = serde_json::to_vec(running).map_err(std::io::Error::from);
        written.and_then(|bytes| std::fs::write(&path, bytes)).map_err(LocalStackError::file(&path))
    }

    /// From now on other processes use it as it is.
    pub(super) fn set_ready(&self) -> Result<(), LocalStackError> {
        let path = self.0.join("ready");
        std::fs::write(&path, "").map_err(LocalStackError::file(&path))
    }

    /// It has to be made anew.
    pub(super) fn reset(&self) {
        for name in ["ready", "running.json"] {
            let _ = std::fs::remove_file(self.0.join(name));
        }
    }

    /// The run failed: its log is of interest.
    pub(super) fn set_failed(&self) {
        let _ = std::fs::write(self.0.join("failed"), "");
    }

    pub(super) fn has_failed(&self) -> bool {
        self.0.join("failed").exists()
    }

    /// The run has ended as it should.
    pub(super) fn remove(&self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::{Folder, Running};

    #[test]
    fn the_last_one_out_finds_the_run_unused() {
        let cache = tempfile::tempdir().unwrap();
        let folder = Folder::create(cache.path(), "run").unwrap();
        let (first, second) = (folder.lease().unwrap(), folder.lease().unwrap());
        assert!(folder.is_unused().unwrap().is_none());
        drop(first);
        assert!(folder.is_unused().unwrap().is_none());
        drop(second);
        assert!(folder.is_unused().unwrap().is_some());
    }

    #[test]
    fn what_runs_is_known_only_once_it_is_ready() {
        let cache = tempfile::tempdir().unwrap();
        let folder = Folder::create(cache.path(), "run").unwrap();
        let running = Running { container: "c".into(), endpoint: "http://127.0.0.1:1".into() };
        folder.set_running(&running).unwrap();
        assert_eq!(folder.running(), None);
        folder.set_ready().unwrap();
        assert_eq!(folder.running(), Some(running));
        folder.reset();
        assert_eq!(folder.running(), None);
    }

    #[test]
    fn a_killed_process_holds_no_lease() {
        let cache = tempfile::tempdir().unwrap();
        let folder = Folder::create(cache.path(), "run").unwrap();
        let lease = folder.0.join("lease");
        let script = format!("exec 9>'{}'; flock -s 9; echo held; exec sleep 100", lease.display());
        let mut child = std::process::Command::new("sh")
            .args(["-c", &script])
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.as_mut().unwrap()), &mut line).unwrap();
        assert_eq!(line, "held\n");
        assert!(folder.is_unused().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(folder.is_unused().unwrap().is_some());
    }
}
