//! Unpacked packages of functions, by the digest of the zip. They are not part of the state: a saved state names them.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use zip::ZipArchive;

/// A directory of unpacked packages. Several forks, clouds and processes may use one.
#[derive(Clone, Debug)]
pub struct CodeStore {
    /// Where they are; made when the first package comes.
    pub root: PathBuf,
}

/// Why a package was not kept.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// The file system said no.
    #[error("cannot keep a function's package in {path}: is the directory writable, and the disk not full?")]
    Write {
        /// Where.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// The package cannot be unpacked.
    #[error("cannot unpack a function's package into {path}")]
    Unpack {
        /// Where.
        path: PathBuf,
        /// The reason.
        #[source]
        source: zip::result::ZipError,
    },
}

impl CodeStore {
    /// A store in a directory.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The directory of a package, whether it is there or not.
    pub fn directory(&self, sha256: &str) -> PathBuf {
        self.root.join(sha256)
    }

    /// Whether a package is there.
    pub fn contains(&self, sha256: &str) -> bool {
        self.directory(sha256).is_dir()
    }

    /// Unpacks a package, unless it is there. The directory appears complete or not at all.
    ///
    /// # Errors
    /// When the directory cannot be written or the zip cannot be read.
    pub fn store(&self, sha256: &str, zip: &[u8]) -> Result<(), CodeError> {
        let target = self.directory(sha256);
        if target.is_dir() {
            return Ok(());
        }
        let write = |path: &Path| {
            let path = path.to_owned();
            move |source| CodeError::Write { path, source }
        };
        std::fs::create_dir_all(&self.root).map_err(write(&self.root))?;
        let scratch = tempfile::tempdir_in(&self.root).map_err(write(&self.root))?;
        ZipArchive::new(Cursor::new(zip))
            .and_then(|mut archive| archive.extract(scratch.path()))
            .map_err(|source| CodeError::Unpack { path: target.clone(), source })?;
        let unpacked = scratch.keep();
        match std::fs::rename(&unpacked, &target) {
            Ok(()) => Ok(()),
            // Somebody else was quicker; the content is the same.
            Err(_) if target.is_dir() => std::fs::remove_dir_all(&unpacked).map_err(write(&unpacked)),
            Err(source) => Err(CodeError::Write { path: target, source }),
        }
    }
}
