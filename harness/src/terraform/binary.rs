//! Finding Terraform or OpenTofu.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::TerraformError;
use super::fetch::{Release, fetch, fetched_path};
use crate::layout::Layout;
use crate::report::Progress;

/// A Terraform or OpenTofu binary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binary {
    /// The file.
    pub path: PathBuf,
    /// Its version, e.g. `1.11.4`.
    pub version: String,
    /// Whether it is OpenTofu, which looks for providers under its own registry's name.
    pub is_tofu: bool,
}

impl Binary {
    /// The name for messages.
    pub fn name(&self) -> &'static str {
        if self.is_tofu { "tofu" } else { "terraform" }
    }
    /// The host name of its registry, the first level of a filesystem mirror.
    pub fn registry(&self) -> &'static str {
        if self.is_tofu { "registry.opentofu.org" } else { "registry.terraform.io" }
    }
}

/// The binary that `ROOTWATCH_TERRAFORM` names, else `terraform`, else `tofu` on PATH, else the one that an earlier run
/// fetched.
///
/// # Errors
/// When there is none; [`obtain`] would fetch it.
pub fn find() -> Result<Binary, TerraformError> {
    if let Some(path) = std::env::var_os("ROOTWATCH_TERRAFORM").filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        return probe(&path).map_err(|source| TerraformError::NotRunnable { path, source });
    }
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    ["terraform", "tofu"]
        .iter()
        .flat_map(|name| std::env::split_paths(&on_path).map(move |directory| directory.join(name)))
        .chain(fetched_path())
        .filter(|path| path.is_file())
        .find_map(|path| probe(&path).ok())
        .ok_or(TerraformError::NotFound { why: "`rootwatch run` fetches it, unless --offline forbids that" })
}

/// [`find`], and where there is none, fetches the pinned version into the user's cache, and says so.
///
/// # Errors
/// When there is none and it may not, or cannot, be fetched.
pub fn obtain(layout: &Layout, progress: &Progress) -> Result<Binary, TerraformError> {
    // Every deployment of a run asks, and Terraform takes a while to say who it is.
    static OBTAINED: Mutex<Option<Binary>> = Mutex::new(None);
    let mut obtained = OBTAINED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(binary) = obtained.as_ref().filter(|binary| binary.path.is_file()) {
        return Ok(binary.clone());
    }
    let binary = layout.once("terraform", || found_or_fetched(layout, progress))?;
    *obtained = Some(binary.clone());
    Ok(binary)
}

fn found_or_fetched(layout: &Layout, progress: &Progress) -> Result<Binary, TerraformError> {
    match find() {
        Err(TerraformError::NotFound { .. }) => {}
        found => return found,
    }
    let not_found = |why| TerraformError::NotFound { why };
    if layout.offline {
        return Err(not_found("it is not fetched: --offline or ROOTWATCH_OFFLINE forbids it"));
    }
    let release = Release::pinned().ok_or_else(|| not_found("no checksum is known for this kind of machine"))?;
    let path = fetched_path().ok_or_else(|| not_found("it is not fetched: neither XDG_CACHE_HOME nor HOME is set"))?;
    fetch(&release, &path, |words| progress.announce(words))?;
    probe(&path).map_err(|source| TerraformError::NotRunnable { path, source })
}

fn probe(path: &Path) -> std::io::Result<Binary> {
    // CHECKPOINT_DISABLE: asking for the version must not call home.
    let output = Command::new(path).args(["version", "-json"]).env("CHECKPOINT_DISABLE", "1").output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = serde_json::from_str::<serde_json::Value>(&text)
        .ok()
        .and_then(|answer| answer["terraform_version"].as_str().map(str::to_owned))
        .ok_or_else(|| std::io::Error::other("it does not answer `version -json` as Terraform does"))?;
    let plain = Command::new(path).arg("version").env("CHECKPOINT_DISABLE", "1").output()?;
    let is_tofu = String::from_utf8_lossy(&plain.stdout).contains("OpenTofu");
    Ok(Binary { path: path.to_path_buf(), version, is_tofu })
}
