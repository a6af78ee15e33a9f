//! The handlers as Lambda packages: built for deployment, zipped reproducibly.

mod archive;
mod build;

use std::path::PathBuf;

pub use archive::write_zip;
pub use build::BuildError;

use crate::layout::Layout;

/// The functions of the monitor; each has a binary `rootwatch-<name>` and a package `<name>.zip`.
pub const FUNCTIONS: [&str; 4] = ["triage", "slack", "pagerduty", "email"];

/// Built and zipped handlers.
#[derive(Clone, Debug)]
pub struct Packages {
    /// The folder with `<name>.zip` for each function.
    pub directory: PathBuf,
    /// SHA-256 (hex) over all packages, for deciding whether a saved deployment still fits.
    pub digest: String,
}

/// Builds the handlers (nothing happens when they are up to date) and zips them.
pub fn prepare(layout: &Layout) -> Result<Packages, BuildError> {
    let binaries = build::build(layout)?;
    let directory = layout.cache.join("packages");
    std::fs::create_dir_all(&directory).map_err(|source| BuildError::Write { path: directory.clone(), source })?;
    let mut digest = sha2::Sha256::default();
    for (name, binary) in FUNCTIONS.iter().zip(binaries) {
        let bytes = archive::zip_bootstrap(&binary)?;
        sha2::Digest::update(&mut digest, &bytes);
        write_zip(&directory.join(format!("{name}.zip")), &bytes)?;
    }
    Ok(Packages { directory, digest: crate::deployment::hex(sha2::Digest::finalize(digest).as_slice()) })
}
