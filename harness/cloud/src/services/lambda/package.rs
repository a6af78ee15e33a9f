//! Deployment packages: what can start on Amazon Linux, and what cannot, with the reason.

use std::io::{Cursor, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rootwatch_environment::elf;
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::function::Code;
use crate::runtime::Language;

/// The limit of what a package unpacks to, bytes. [D] gettingstarted-limits
const UNPACKED_LIMIT: u64 = 262_144_000;

/// The runtimes that run a `bootstrap` of the package, with the glibc that they have. [D] lambda-runtimes;
/// Amazon Linux release notes
pub(super) const RUNTIMES: &[(&str, (u32, u32))] = &[("provided.al2023", (2, 34)), ("provided.al2", (2, 26))];

/// The runtimes that run modules of the package, by the start of their names. [D] lambda-runtimes, with those whose
/// functions can no longer be created. Python and Node.js run in this machine's, whichever version it is.
const INTERPRETED: [(&str, Language); 7] = [
    ("python", Language::Python),
    ("nodejs", Language::Node),
    ("java", Language::Other),
    ("dotnet", Language::Other),
    ("ruby", Language::Other),
    ("go1.x", Language::Other),
    ("provided", Language::Other),
];

/// What starts a function of a runtime; nothing for a runtime that AWS does not have.
pub(super) fn language(runtime: &str) -> Option<Language> {
    if RUNTIMES.iter().any(|(name, _)| *name == runtime) {
        return Some(Language::Bootstrap);
    }
    let (family, language) = INTERPRETED.iter().find(|(family, _)| runtime.starts_with(family))?;
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.';
    runtime[family.len()..].bytes().all(known).then_some(*language)
}

/// Why a package cannot be deployed.
#[derive(Debug, thiserror::Error)]
pub(super) enum PackageError {
    /// [V] LS:lambda_/test_lambda_api
    #[error("Could not unzip uploaded file. Please check your file, then try to upload again.")]
    NotAZip,
    /// [V] LS:lambda_/test_lambda_api
    #[error("Unzipped size must be smaller than 262144000 bytes")]
    TooLarge,
    #[error(
        "rootwatch: the package has no file `bootstrap` at its root, so the function could never start \
         (Runtime.InvalidEntrypoint); it has {found}. Zip the handler's binary under the name `bootstrap`."
    )]
    NoBootstrap { found: String },
    #[error(
        "rootwatch: `bootstrap` in the package is not executable (mode {mode}), so the function could never start \
         (Runtime.InvalidEntrypoint). Zip it with its execute permission, e.g. mode 0755."
    )]
    NotExecutable { mode: String },
    #[error(
        "rootwatch: `bootstrap` is built for {found}, but Architectures says {wanted}: it could never start. Build it \
         for {wanted}, or change the function's architecture."
    )]
    Machine { found: &'static str, wanted: String },
    #[error(
        "rootwatch: `bootstrap` needs symbols of glibc {}.{}, but {runtime} has glibc {}.{}: it could never start. \
         Build it against an older glibc, e.g. by `cargo zigbuild --target …-unknown-linux-gnu.{}.{}`.",
        needs.0, needs.1, has.0, has.1, has.0, has.1
    )]
    Glibc { needs: (u32, u32), has: (u32, u32), runtime: String },
    #[error(
        "rootwatch: `bootstrap` is neither a 64-bit little-endian ELF program nor a script that starts with `#!`: it \
         could never start."
    )]
    NotAProgram,
}

/// Looks into a package.
///
/// # Errors
/// What would keep it from starting. AWS itself finds the last five only when the function is invoked.
pub(super) fn check(zip: &[u8], runtime: &str, architecture: &str) -> Result<Code, PackageError> {
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(|_| PackageError::NotAZip)?;
    let mut size = 0;
    for n in 0..archive.len() {
        size += archive.by_index_raw(n).map_err(|_| PackageError::NotAZip)?.size();
    }
    if size > UNPACKED_LIMIT {
        return Err(PackageError::TooLarge);
    }
    let digest = Sha256::digest(zip);
    let code = Code {
        sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        sha256_base64: STANDARD.encode(digest),
        size: zip.len(),
    };
    if language(runtime) != Some(Language::Bootstrap) {
        // A handler that is not there is found out when the function is invoked. [D] python-handler
        return Ok(code);
    }
    let names: Vec<String> = archive.file_names().flatten().take(5).map(|name| name.into_owned()).collect();
    let mut entry = archive.by_name("bootstrap").map_err(|_| PackageError::NoBootstrap {
        found: if names.is_empty() { "no files at all".to_owned() } else { names.join(", ") },
    })?;
    if entry.unix_mode().is_none_or(|mode| mode & 0o111 == 0) {
        let mode = entry.unix_mode().map_or_else(|| "unknown".to_owned(), |mode| format!("{:04o}", mode & 0o7777));
        return Err(PackageError::NotExecutable { mode });
    }
    let mut program = Vec::new();
    // The size in the directory may lie: never read more than is allowed.
    entry.by_ref().take(UNPACKED_LIMIT + 1).read_to_end(&mut program).map_err(|_| PackageError::NotAZip)?;
    if program.len() as u64 > UNPACKED_LIMIT {
        return Err(PackageError::TooLarge);
    }
    check_program(&program, runtime, architecture)?;
    Ok(code)
}

/// Whether a program can start in the runtime.
fn check_program(program: &[u8], runtime: &str, architecture: &str) -> Result<(), PackageError> {
    if program.starts_with(b"#!") {
        return Ok(());
    }
    let needs = elf::read(program).ok_or(PackageError::NotAProgram)?;
    if needs.machine != Some(architecture) {
        let found = needs.machine.unwrap_or("a machine that Lambda does not have");
        return Err(PackageError::Machine { found, wanted: architecture.to_owned() });
    }
    let has = RUNTIMES.iter().find(|(name, _)| *name == runtime).map_or((2, 34), |(_, glibc)| *glibc);
    match needs.glibc {
        Some(needs) if needs > has => Err(PackageError::Glibc { needs, has, runtime: runtime.to_owned() }),
        _ => Ok(()),
    }
}
