//! The digest of the handlers' sources: everything that a package is compiled from.
//!
//! The build script of this crate includes this file, so that the binary knows which handlers are linked into it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

/// Files and folders of the checkout that a package is compiled from.
pub(crate) fn inputs(project: &Path) -> io::Result<Vec<PathBuf>> {
    let mut inputs = vec![project.join("Cargo.toml"), project.join("Cargo.lock")];
    for entry in std::fs::read_dir(project.join("handlers"))? {
        let handler = entry?.path();
        // The fuzz targets are a workspace of their own; tests are not deployed.
        if handler.join("src/lib.rs").is_file() {
            let parts = ["Cargo.toml", "src", "schema"].map(|part| handler.join(part));
            inputs.extend(parts.into_iter().filter(|part| part.exists()));
        }
    }
    inputs.sort();
    Ok(inputs)
}

/// The digest, 16 hexadecimal digits.
///
/// # Errors
/// A source that cannot be read.
pub(crate) fn digest(project: &Path) -> io::Result<String> {
    let mut hasher = DefaultHasher::new();
    for input in inputs(project)? {
        add(project, &input, &mut hasher)?;
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn add(project: &Path, path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    if path.is_dir() {
        let children: io::Result<Vec<PathBuf>> = std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect();
        let mut children = children?;
        children.sort();
        return children.iter().try_for_each(|child| add(project, child, hasher));
    }
    path.strip_prefix(project).unwrap_or(path).hash(hasher);
    std::fs::read(path)?.hash(hasher);
    Ok(())
}
