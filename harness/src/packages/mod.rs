//! The handlers as Lambda packages: built for deployment, zipped reproducibly.

mod archive;
mod build;
mod source;
mod target;
mod zig;

use std::path::{Path, PathBuf};

use rootwatch_environment::elf;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use archive::write_zip;
pub use build::{BuildError, cargo};
pub use target::{Target, ZIGBUILD};

use crate::functions::{Linked, are_linked};
use crate::layout::Layout;
use crate::report::Progress;

/// The functions of the monitor; each has a binary `rootwatch-<name>` and a package `<name>.zip`.
pub const FUNCTIONS: [&str; 5] = ["triage", "slack", "pagerduty", "email", "coverage"];

/// A version of glibc, the C library: major, minor.
pub type Glibc = (u32, u32);

/// Built and zipped handlers.
#[derive(Clone, Debug)]
pub struct Packages {
    /// The folder with `<name>.zip` for each function; other binaries have another.
    pub directory: PathBuf,
    /// SHA-256 (hex) over all binaries, for deciding whether a saved deployment still fits.
    pub digest: String,
    /// The packages whose code is also linked into this process. Empty if they were built elsewhere or the sources have changed
    /// since this binary was compiled.
    pub linked: Linked,
}

/// The record of a build, saved under the digest of its sources.
#[derive(Serialize, Deserialize)]
struct Built {
    digest: String,
    /// SHA-256 (hex) of each zip.
    zips: Vec<String>,
}

/// What the same binaries are packed to changes with this.
const FORMAT: &[u8] = b"rootwatch package 1";

/// Builds the handlers and zips them into a folder of these binaries' own. Cargo runs only if the sources have changed.
///
/// # Errors
/// When they do not build, or a package cannot be written.
pub fn prepare(layout: &Layout) -> Result<Packages, BuildError> {
    if build::prebuilt().is_some() {
        return prepare_for(layout, None);
    }
    let Ok(sources) = source::digest(&layout.project) else { return prepare_for(layout, None) };
    let linker = if zig::kept(layout).is_some() { "zig" } else { "system" };
    let kept = layout.cache.join("packages").join(format!("{sources}-{linker}.json"));
    let known = std::fs::read(&kept).ok().and_then(|text| serde_json::from_slice::<Built>(&text).ok());
    let known =
        known.map(|built| packages(layout, &sources, built)).filter(|packages| is_complete(&packages.directory));
    if let Some(known) = known {
        return Ok(known);
    }
    let fresh = prepare_for(layout, None)?;
    let built = Built { digest: fresh.digest.clone(), zips: zips(&fresh.directory)? };
    let write = |source| BuildError::Write { path: kept.clone(), source };
    std::fs::write(&kept, serde_json::to_vec(&built).map_err(|error| write(error.into()))?).map_err(write)?;
    Ok(packages(layout, &sources, built))
}

fn packages(layout: &Layout, sources: &str, built: Built) -> Packages {
    let linked = if are_linked(sources) { Linked::new(built.zips) } else { Linked::default() };
    Packages { directory: directory(layout, &built.digest), digest: built.digest, linked }
}

/// The folder of the packages of these binaries.
fn directory(layout: &Layout, digest: &str) -> PathBuf {
    layout.cache.join("packages").join(&digest[..digest.len().min(16)])
}

/// Each package is put there by one rename.
fn is_complete(directory: &Path) -> bool {
    FUNCTIONS.iter().all(|name| directory.join(format!("{name}.zip")).is_file())
}

/// The digests of the packages, in the order of [`FUNCTIONS`].
fn zips(directory: &Path) -> Result<Vec<String>, BuildError> {
    let digest = |name: &&str| {
        let path = directory.join(format!("{name}.zip"));
        let zip = std::fs::read(&path).map_err(|source| BuildError::Read { path, source })?;
        Ok(crate::deployment::hex(&Sha256::digest(&zip)))
    };
    FUNCTIONS.iter().map(digest).collect()
}

/// The same for a target, which may be another machine's.
///
/// # Errors
/// When something is missing for the target as well.
pub fn prepare_for(layout: &Layout, target: Option<Target>) -> Result<Packages, BuildError> {
    pack(layout, &build::build(layout, target)?)
}

/// The same for functions that run in containers with an older glibc: where this machine's binaries would not start, they
/// are built for that one.
///
/// # Errors
/// When they do not build, or when binaries that were brought along are too new.
pub async fn prepare_for_containers(
    layout: &Layout,
    glibc: Glibc,
    progress: &Progress,
) -> Result<Packages, BuildError> {
    let mut binaries = blocking(|| build::build(layout, None))?;
    if let Some((path, needs)) = too_new(&binaries, glibc)? {
        if build::prebuilt().is_some() {
            return Err(BuildError::TooNew { path, needs: version(needs), has: version(glibc) });
        }
        let zig = zig::zig(layout, progress).await?;
        progress.stage(&format!("building the handlers for glibc {}", version(glibc)));
        binaries = blocking(|| build::compile(layout, &build::handlers(), zig::recipe(glibc), Some(&zig)))?;
    }
    pack(layout, &binaries)
}

/// The program that a function's container on LocalStack starts with, for the glibc that is there; in a place where it
/// stays as it is while a later build makes another.
///
/// # Errors
/// When it does not build.
pub async fn init_program(layout: &Layout, glibc: Glibc, progress: &Progress) -> Result<PathBuf, BuildError> {
    let zig = zig::zig(layout, progress).await?;
    progress.stage("building the program that functions' containers start with");
    let names = ["rootwatch-init".to_owned()];
    let binary = blocking(|| build::compile(layout, &names, zig::recipe(glibc), Some(&zig)))?.remove(0);
    let code = std::fs::read(&binary).map_err(|source| BuildError::Read { path: binary.clone(), source })?;
    let digest = crate::deployment::hex(Sha256::digest(&code).as_slice());
    let folder = layout.cache.join("localstack").join("init");
    let kept = folder.join(&digest[..16]);
    if !kept.is_file() {
        let write = |source| BuildError::Write { path: kept.clone(), source };
        std::fs::create_dir_all(&folder).map_err(write)?;
        let fresh = tempfile::NamedTempFile::new_in(&folder).map_err(write)?;
        // The copy keeps the permission to execute.
        std::fs::copy(&binary, fresh.path()).map_err(write)?;
        fresh.persist(&kept).map_err(|error| write(error.error))?;
    }
    Ok(kept)
}

/// glibc of Lambda's runtime `provided.al2023`. [D] docs.aws.amazon.com/lambda, runtimes
pub(crate) const LAMBDA_GLIBC: Glibc = (2, 34);

/// For a real deployment: a package whose binary would not start in Lambda is none.
///
/// # Errors
/// As [`prepare_for`], and when this machine's glibc is too new for Lambda's.
pub fn prepare_for_lambda(layout: &Layout, target: Option<Target>) -> Result<Packages, BuildError> {
    let binaries = build::build(layout, target)?;
    startable(&binaries)?;
    pack(layout, &binaries)
}

fn startable(binaries: &[PathBuf]) -> Result<(), BuildError> {
    match too_new(binaries, LAMBDA_GLIBC)? {
        None => Ok(()),
        Some((path, needs)) => {
            Err(BuildError::NotForLambda { path, needs: version(needs), has: version(LAMBDA_GLIBC), fix: ZIGBUILD })
        }
    }
}

/// The first binary that needs a newer glibc.
fn too_new(binaries: &[PathBuf], glibc: Glibc) -> Result<Option<(PathBuf, Glibc)>, BuildError> {
    for path in binaries {
        let code = std::fs::read(path).map_err(|source| BuildError::Read { path: path.clone(), source })?;
        let needs = elf::read(&code).and_then(|needs| needs.glibc);
        if let Some(needs) = needs.filter(|needs| *needs > glibc) {
            return Ok(Some((path.clone(), needs)));
        }
    }
    Ok(None)
}

fn version((major, minor): Glibc) -> String {
    format!("{major}.{minor}")
}

/// Compiling blocks; where a runtime has other threads, they go on.
fn blocking<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

fn pack(layout: &Layout, binaries: &[PathBuf]) -> Result<Packages, BuildError> {
    let mut codes = Vec::new();
    let mut digest = Sha256::new_with_prefix(FORMAT);
    for binary in binaries {
        let code = std::fs::read(binary).map_err(|source| BuildError::Read { path: binary.clone(), source })?;
        digest.update((code.len() as u64).to_le_bytes());
        digest.update(&code);
        codes.push(code);
    }
    let digest = crate::deployment::hex(digest.finalize().as_slice());
    let directory = directory(layout, &digest);
    if !is_complete(&directory) {
        std::fs::create_dir_all(&directory).map_err(|source| BuildError::Write { path: directory.clone(), source })?;
        for (name, code) in FUNCTIONS.iter().zip(&codes) {
            write_zip(&directory.join(format!("{name}.zip")), &archive::zip_bootstrap(code)?)?;
        }
    }
    Ok(Packages { directory, digest, linked: Linked::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This very program, as any that links this machine's C library.
    #[test]
    fn what_a_binary_needs_of_the_c_library() {
        let binaries = [std::env::current_exe().unwrap()];
        let (path, needs) = too_new(&binaries, (2, 1)).unwrap().unwrap();
        assert!(path == binaries[0] && needs > (2, 1), "{needs:?}");
        assert_eq!(too_new(&binaries, (99, 0)).unwrap(), None);
        match startable(&binaries) {
            Ok(()) => assert!(needs <= LAMBDA_GLIBC),
            Err(error) => assert!(error.to_string().contains("Lambda's runtime has 2.34"), "{error}"),
        }
        let missing = too_new(&["/no/binary".into()], LAMBDA_GLIBC).unwrap_err();
        assert!(missing.to_string().contains("/no/binary"));
    }
}
