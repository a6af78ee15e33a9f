//! The file in which `rootwatch serve --state` keeps the cloud from one start to the next.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use rootwatch_cloud::State;
use rootwatch_cloud::saved::SavedError;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum StateFileError {
    #[error("{} cannot be read: {source}; name a file with --state, or leave it away", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error(
        "{} cannot be used: {source}; the file is unchanged; move it away to start with an empty cloud",
        path.display()
    )]
    Useless { path: PathBuf, source: SavedError },
    #[error(
        "{} cannot be written: {source}; name a file on a disk that can be, or leave --state away, and nothing is kept",
        path.display()
    )]
    Unwritable { path: PathBuf, source: std::io::Error },
    #[error("{} is in use by another `rootwatch serve`; end that one, or name another file", path.display())]
    InUse { path: PathBuf },
}

/// The file, which nobody else writes meanwhile.
#[derive(Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    // Held until dropped. A file of its own: the other one is replaced whole.
    _lock: File,
}

impl StateFile {
    /// Opens the file, and reads the state in it; none where there is no file yet.
    pub(super) fn open(path: &Path) -> Result<(Self, Option<State>), StateFileError> {
        let unwritable = |source| StateFileError::Unwritable { path: path.to_owned(), source };
        let lock_path = Self::sibling(path, "lock");
        let lock = File::create(&lock_path).map_err(unwritable)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => StateFileError::InUse { path: path.to_owned() },
            TryLockError::Error(source) => unwritable(source),
        })?;
        let file = Self { path: path.to_owned(), _lock: lock };
        let state = match std::fs::read(path) {
            Ok(json) => {
                let useless = |source| StateFileError::Useless { path: path.to_owned(), source };
                Some(State::from_saved(&json).map_err(useless)?)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(source) => return Err(StateFileError::Unreadable { path: path.to_owned(), source }),
        };
        Ok((file, state))
    }

    /// Replaces what is in the file, all of it or nothing.
    pub(super) fn save(&self, state: &State) -> Result<(), StateFileError> {
        let write = || -> std::io::Result<()> {
            let fresh = Self::sibling(&self.path, "new");
            let mut file = File::create(&fresh)?;
            file.write_all(&state.to_saved()?)?;
            file.sync_all()?;
            std::fs::rename(&fresh, &self.path)
        };
        write().map_err(|source| StateFileError::Unwritable { path: self.path.clone(), source })
    }

    fn sibling(path: &Path, ending: &str) -> PathBuf {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".");
        name.push(ending);
        path.with_file_name(name)
    }
}
