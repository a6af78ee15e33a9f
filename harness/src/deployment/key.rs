//! When a saved deployment may be used again: while nothing that went into it has changed.

use std::path::Path;

use rootwatch_cloud::state::SCHEMA_VERSION;
use sha2::{Digest, Sha256};

use super::Specification;
use crate::packages::Packages;
use crate::terraform::{Binary, provider_version};

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The key of a deployment: the Terraform tree, the overlay, the variables, the packages, the tools, and the cloud.
/// The Regions are not part of it: a deployment that covers more serves as well.
pub(super) fn key(
    tree: &Path,
    specification: &Specification,
    packages: &Packages,
    terraform: &Binary,
) -> std::io::Result<String> {
    let mut digest = Sha256::new();
    let mut add = |part: &[u8]| {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    };
    // The examples are no part of what is deployed.
    let wanted = |entry: &walkdir::DirEntry| !(entry.depth() == 1 && entry.file_name() == "examples");
    for entry in walkdir::WalkDir::new(tree).sort_by_file_name().into_iter().filter_entry(wanted) {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy();
        if entry.file_type().is_file()
            && (name.ends_with(".tf") || name.ends_with(".tf.json") || name.ends_with(".json"))
        {
            add(entry.path().strip_prefix(tree).unwrap_or(entry.path()).as_os_str().as_encoded_bytes());
            add(&std::fs::read(entry.path())?);
        }
    }
    add(serde_json::to_string(&specification.overlay)?.as_bytes());
    add(serde_json::to_string(&specification.variables)?.as_bytes());
    add(&[u8::from(specification.log_alarm)]);
    add(serde_json::to_string(&specification.accounts)?.as_bytes());
    tools(&mut add, packages, terraform);
    add(include_bytes!("../terraform/composition.rs"));
    Ok(hex(&digest.finalize()[..16]))
}

/// The key of a root module of the user's own: what it consists of, the packages, the tools, and the cloud.
pub(super) fn own_key(parts: &[Vec<u8>], packages: &Packages, terraform: &Binary) -> String {
    let mut digest = Sha256::new_with_prefix(include_bytes!("own.rs"));
    let mut add = |part: &[u8]| {
        digest.update((part.len() as u64).to_le_bytes());
        digest.update(part);
    };
    for part in parts {
        add(part);
    }
    tools(&mut add, packages, terraform);
    hex(&digest.finalize()[..16])
}

fn tools(add: &mut impl FnMut(&[u8]), packages: &Packages, terraform: &Binary) {
    add(packages.digest.as_bytes());
    add(terraform.name().as_bytes());
    add(terraform.version.as_bytes());
    add(provider_version().as_bytes());
    add(&SCHEMA_VERSION.to_le_bytes());
    add(rootwatch_cloud::FINGERPRINT.as_bytes());
    // What the harness itself puts into the cloud.
    add(include_bytes!("seed.rs"));
    add(include_bytes!("probes.rs"));
    add(include_bytes!("deploy.rs"));
}
