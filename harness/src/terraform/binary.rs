//! Finding Terraform or OpenTofu.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::TerraformError;

/// A Terraform or OpenTofu binary.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// The binary that `ROOTWATCH_TERRAFORM` names, else `terraform`, else `tofu` on PATH.
pub fn find() -> Result<Binary, TerraformError> {
    if let Some(path) = std::env::var_os("ROOTWATCH_TERRAFORM").filter(|path| !path.is_empty()) {
        let path = PathBuf::from(path);
        return probe(&path).map_err(|source| TerraformError::NotRunnable { path, source });
    }
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    ["terraform", "tofu"]
        .iter()
        .flat_map(|name| std::env::split_paths(&on_path).map(move |directory| directory.join(name)))
        .filter(|path| path.is_file())
        .find_map(|path| probe(&path).ok())
        .ok_or(TerraformError::NotFound)
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
