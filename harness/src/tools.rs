//! Programs that the harness gets for itself: each is found on the machine, or brought into the cache, or asked for by the
//! command that installs it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::layout::Layout;
use crate::report::Progress;

/// The version that is brought into the cache.
const UV: &str = "0.13.9";

/// Why a program could not be had or did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// It is not there, and cannot be installed from here.
    #[error("`{program}` is missing; install it: `{command}`")]
    Missing {
        /// The program.
        program: String,
        /// What installs it.
        command: String,
    },
    /// It could not be started.
    #[error("could not start `{command}`")]
    Start {
        /// The command.
        command: String,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// It failed.
    #[error("`{command}` failed:\n{output}")]
    Failed {
        /// The command.
        command: String,
        /// The end of what it said.
        output: String,
    },
    /// A file of the cache.
    #[error("could not use {path}; set ROOTWATCH_CACHE to a folder that can be written to")]
    File {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
}

impl ToolError {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

/// Where a program is on this machine's `PATH`, or where administrators keep theirs.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")]);
    folders.map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}

/// Runs a command to its end; it ends with the future. Returns what it wrote to stdout.
pub(crate) async fn run(command: Command) -> Result<String, ToolError> {
    run_with(command, Stdio::null()).await
}

/// The same, with something to read.
pub(crate) async fn run_with(mut command: Command, stdin: Stdio) -> Result<String, ToolError> {
    let words = words(&command);
    let output = command.stdin(stdin).kill_on_drop(true).output().await;
    let output = output.map_err(|source| ToolError::Start { command: words.clone(), source })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let tail: Vec<&str> = said.lines().rev().take(40).collect();
    let output = tail.into_iter().rev().collect::<Vec<_>>().join("\n");
    Err(ToolError::Failed { command: words, output })
}

/// A command as a person would type it.
fn words(command: &Command) -> String {
    let command = command.as_std();
    let parts = std::iter::once(command.get_program()).chain(command.get_args());
    parts.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// A program of Debian's, installed by `apt-get` where this is root on a Debian.
pub(crate) async fn of_debian(program: &str, packages: &[&str], progress: &Progress) -> Result<PathBuf, ToolError> {
    if let Some(found) = which(program) {
        return Ok(found);
    }
    let install = format!("apt-get install --no-install-recommends -y {}", packages.join(" "));
    let missing = || ToolError::Missing { program: program.to_owned(), command: install.clone() };
    if !rustix::process::geteuid().is_root() || which("apt-get").is_none() {
        return Err(missing());
    }
    progress.line(&format!("`{program}` is missing: {install}"));
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    let arguments = [&["install", "--no-install-recommends", "-y"], packages].concat();
    if run(apt(&arguments)).await.is_err() {
        // The lists may be older than the archive.
        run(apt(&["update"])).await?;
        run(apt(&arguments)).await?;
    }
    which(program).ok_or_else(missing)
}

/// `uv`, which installs Python packages for another Python than this machine's.
pub(crate) async fn uv(layout: &Layout, progress: &Progress) -> Result<PathBuf, ToolError> {
    if let Some(found) = which("uv") {
        return Ok(found);
    }
    let folder = layout.cache.join("tools").join(format!("uv-{UV}"));
    let program = folder.join("bin").join("uv");
    if program.is_file() {
        return Ok(program);
    }
    let python = of_debian("python3", &["python3", "python3-pip"], progress).await?;
    progress.line(&format!("`uv` is missing: pip brings {UV} into the cache"));
    let pip = |python: &Path| {
        let mut command = Command::new(python);
        command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]);
        command.arg(&folder).arg(format!("uv=={UV}"));
        command
    };
    if run(pip(&python)).await.is_err() {
        // A Python of Debian's may be without pip.
        of_debian("pip3", &["python3-pip"], progress).await?;
        run(pip(&python)).await?;
    }
    Ok(program)
}

/// Python packages of exact versions, from a lock file with hashes, into a folder.
pub(crate) async fn python_packages(uv: &Path, lock: &str, target: &Path, options: &[&str]) -> Result<(), ToolError> {
    std::fs::create_dir_all(target).map_err(ToolError::file(target))?;
    let file = tempfile::Builder::new().suffix(".lock").tempfile().map_err(ToolError::file(std::env::temp_dir()))?;
    std::fs::write(file.path(), lock).map_err(ToolError::file(file.path()))?;
    let mut command = Command::new(uv);
    command.args(["pip", "install", "--no-progress", "--no-deps", "--require-hashes", "--requirements"]);
    command.arg(file.path()).args(options).arg("--target").arg(target);
    run(command).await.map(drop)
}
