//! The handlers as Lambda packages: built for deployment, zipped reproducibly.

mod archive;
mod build;
mod target;

use std::path::PathBuf;

use sha2::Digest;

pub use archive::write_zip;
pub use build::{BuildError, cargo};
pub use target::{Target, ZIGBUILD};

use crate::layout::Layout;

/// The functions of the monitor; each has a binary `rootwatch-<name>` and a package `<name>.zip`.
pub const FUNCTIONS: [&str; 4] = ["triage", "slack", "pagerduty", "email"];

/// Built and zipped handlers.
#[derive(Clone, Debug)]
pub struct Packages {
    /// The folder with `<name>.zip` for each function; other binaries have another.
    pub directory: PathBuf,
    /// SHA-256 (hex) over all binaries, for deciding whether a saved deployment still fits.
    pub digest: String,
}

/// What the same binaries are packed to changes with this.
const FORMAT: &[u8] = b"rootwatch package 1";

/// Builds the handlers (nothing happens when they are up to date) and zips them, into a folder of these binaries' own.
///
/// # Errors
/// When they do not build, or a package cannot be written.
pub fn prepare(layout: &Layout) -> Result<Packages, BuildError> {
    prepare_for(layout, None)
}

/// The same for a target, which may be another machine's.
///
/// # Errors
/// When something is missing for the target as well.
pub fn prepare_for(layout: &Layout, target: Option<Target>) -> Result<Packages, BuildError> {
    let mut codes = Vec::new();
    let mut digest = sha2::Sha256::new_with_prefix(FORMAT);
    for binary in build::build(layout, target)? {
        let code = std::fs::read(&binary).map_err(|source| BuildError::Read { path: binary, source })?;
        digest.update((code.len() as u64).to_le_bytes());
        digest.update(&code);
        codes.push(code);
    }
    let digest = crate::deployment::hex(digest.finalize().as_slice());
    let directory = layout.cache.join("packages").join(&digest[..16]);
    // Each is put there by one rename.
    let complete = FUNCTIONS.iter().all(|name| directory.join(format!("{name}.zip")).is_file());
    if !complete {
        std::fs::create_dir_all(&directory).map_err(|source| BuildError::Write { path: directory.clone(), source })?;
        for (name, code) in FUNCTIONS.iter().zip(&codes) {
            write_zip(&directory.join(format!("{name}.zip")), &archive::zip_bootstrap(code)?)?;
        }
    }
    Ok(Packages { directory, digest })
}
