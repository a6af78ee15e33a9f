//! Provider mirrors, recognised by their layout `<host>/<namespace>/<type>/<version>/<os>_<arch>`.

use std::path::{Path, PathBuf};

use super::{Binary, TerraformError, provider_version};
use crate::layout::Layout;

/// A folder that Terraform can install the AWS provider from without a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    /// The folder that holds the registry's host name.
    pub path: PathBuf,
}

impl Mirror {
    /// The folder of the unpacked provider for this machine.
    pub(super) fn package(&self, binary: &Binary) -> PathBuf {
        self.path.join(Self::relative(binary))
    }

    /// That folder below a mirror, and below `.terraform/providers`.
    pub(super) fn relative(binary: &Binary) -> PathBuf {
        let platform = format!("{}_{}", std::env::consts::OS, architecture());
        Path::new(binary.registry()).join("hashicorp/aws").join(provider_version()).join(platform)
    }

    /// The CLI configuration that makes Terraform use the mirror for this provider, and the registry for the rest.
    pub fn cli_config(&self, binary: &Binary) -> String {
        let path = serde_json::json!(self.path);
        let registry = binary.registry();
        format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path    = {path}\n    \
             include = [\"{registry}/hashicorp/aws\"]\n  }}\n  direct {{\n    \
             exclude = [\"{registry}/hashicorp/aws\"]\n  }}\n}}\n"
        )
    }
}

/// The mirror that holds the provider; none where Terraform may ask the registry for it.
///
/// # Errors
/// When there is no mirror and nothing may be fetched.
pub fn mirror_or_registry(layout: &Layout, binary: &Binary) -> Result<Option<Mirror>, TerraformError> {
    match discover(binary) {
        None if layout.offline => Err(TerraformError::NoProvider { version: provider_version() }),
        found => Ok(found),
    }
}

/// Looks under the conventional roots for a mirror that holds the pinned provider for this machine.
pub fn discover(binary: &Binary) -> Option<Mirror> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let mut roots: Vec<PathBuf> = ["/opt", "/usr/share", "/usr/local/share"].map(PathBuf::from).to_vec();
    if let Some(home) = home {
        roots.extend([home.join(".terraform.d"), home.join(".local/share"), home]);
    }
    roots.iter().find_map(|root| below(root, binary, 2))
}

/// The mirror at `directory` or at most `depth` levels below it.
fn below(directory: &Path, binary: &Binary, depth: u8) -> Option<Mirror> {
    let mirror = Mirror { path: directory.to_path_buf() };
    if mirror.package(binary).is_dir() {
        return Some(mirror);
    }
    if depth == 0 {
        return None;
    }
    let mut children: Vec<PathBuf> = std::fs::read_dir(directory)
        .ok()?
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect();
    children.sort();
    children.iter().find_map(|child| below(child, binary, depth - 1))
}

/// The architecture in Go's words, which Terraform uses.
pub(super) fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::PROVIDER_VERSION;
    use super::*;

    #[test]
    fn mirrors_are_known_by_their_layout() {
        let root = tempfile::tempdir().unwrap();
        let terraform = Binary { path: "terraform".into(), version: "1.11.4".into(), is_tofu: false };
        let tofu = Binary { is_tofu: true, ..terraform.clone() };
        assert_eq!(below(root.path(), &terraform, 2), None);
        let mirror = root.path().join("some/where");
        let platform = format!("{}_{}", std::env::consts::OS, architecture());
        let provider = mirror.join("registry.terraform.io/hashicorp/aws").join(PROVIDER_VERSION).join(platform);
        std::fs::create_dir_all(provider).unwrap();
        assert_eq!(below(root.path(), &terraform, 2), Some(Mirror { path: mirror.clone() }));
        assert_eq!(below(root.path(), &terraform, 1), None, "two levels down is out of reach of one");
        assert_eq!(below(root.path(), &tofu, 2), None, "a Terraform mirror does not serve OpenTofu");
        assert!(Mirror { path: mirror }.cli_config(&terraform).contains("registry.terraform.io/hashicorp/aws"));
    }
}
