//! The folder in which root file systems are made.

use std::path::{Path, PathBuf};

use crate::tools::ToolError;

const PREFIX: &str = "build-";
/// A killed child may write its last file while its folder is being removed.
const ATTEMPTS: u32 = 20;

/// A folder that goes with its owner. What a killed build left goes when the next one starts: builds hold a lock.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new(parent: &Path) -> Result<Self, ToolError> {
        for entry in std::fs::read_dir(parent).map_err(ToolError::file(parent))?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(PREFIX) && entry.path().is_dir() {
                remove(&entry.path());
            }
        }
        let made = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent).map_err(ToolError::file(parent))?;
        Ok(Self(made.keep()))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove(&self.0);
    }
}

fn remove(path: &Path) {
    for _ in 0..ATTEMPTS {
        if std::fs::remove_dir_all(path).is_ok() || !path.exists() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Scratch;

    #[test]
    fn what_a_killed_build_left_goes_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["build-old/etc", "runs/r", "debs"] {
            std::fs::create_dir_all(parent.path().join(name)).unwrap();
        }
        std::fs::write(parent.path().join("build.lock"), "").unwrap();
        let scratch = Scratch::new(parent.path()).unwrap();
        let own = scratch.path().to_path_buf();
        assert!(own.is_dir());
        drop(scratch);
        let mut left: Vec<_> =
            std::fs::read_dir(parent.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["build.lock", "debs", "runs"]);
    }
}
