//! Zips that come out the same for the same binary.

use std::io::{Cursor, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;

use super::BuildError;

/// The package of a binary: one executable file `bootstrap`, with a fixed time stamp.
pub(super) fn zip_bootstrap(code: &[u8]) -> Result<Vec<u8>, BuildError> {
    let options = SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o755);
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("bootstrap", options)?;
    archive.write_all(code).map_err(zip::result::ZipError::from)?;
    Ok(archive.finish()?.into_inner())
}

/// Writes a package by renaming, so that nobody ever reads half of one.
pub fn write_zip(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let failed = |source| BuildError::Write { path: path.to_path_buf(), source };
    let parent = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(parent).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
