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

#[cfg(test)]
mod tests {
    use super::*;

    /// Same bytes twice, whenever it is packed and whatever the time stamps are.
    #[test]
    fn packages_are_reproducible() {
        let code: Vec<u8> = (0..300_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let zip = zip_bootstrap(&code).unwrap();
        assert!(zip == zip_bootstrap(&code).unwrap());
        let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
        assert_eq!(archive.len(), 1);
        let mut member = archive.by_index(0).unwrap();
        assert_eq!((member.name().unwrap().as_ref(), member.unix_mode()), ("bootstrap", Some(0o100_755)));
        assert_eq!(member.last_modified(), Some(zip::DateTime::default()), "1980, not today");
        let mut back = Vec::new();
        std::io::copy(&mut member, &mut back).unwrap();
        assert!(back == code);
    }

    #[test]
    fn packages_are_replaced_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("triage.zip");
        for bytes in [b"one".as_slice(), b"two", b"two"] {
            write_zip(&path, bytes).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), bytes);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
