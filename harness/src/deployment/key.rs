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
/// The Regions are not part of it: a deployment that covers more serves as well. But the base that others differ from is kept
/// apart, for a difference covers all Regions of its base, and each costs two providers.
pub(super) fn key(
    tree: &Path,
    specification: &Specification,
    is_base: bool,
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
    add(&[u8::from(specification.log_alarm), u8::from(is_base)]);
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::deployment::Coverage;

    /// All that a key is made of.
    struct Parts {
        tree: tempfile::TempDir,
        specification: Specification,
        is_base: bool,
        packages: Packages,
        terraform: Binary,
    }

    impl Parts {
        fn new() -> Self {
            let tree = tempfile::tempdir().unwrap();
            for (name, text) in [
                ("main.tf", "module {}"),
                ("modules/hub/policy.json", "{}"),
                ("examples/one/main.tf", "module {}"),
                ("README.md", "words"),
            ] {
                write(tree.path(), name, text);
            }
            Self {
                tree,
                specification: Specification { coverage: Coverage::minimal(), ..Specification::default() },
                is_base: false,
                packages: Packages {
                    directory: "a".into(),
                    digest: "digest".to_owned(),
                    linked: crate::functions::Linked::default(),
                },
                terraform: Binary { path: "terraform".into(), version: "1.11.4".to_owned(), is_tofu: false },
            }
        }

        fn key(&self) -> String {
            key(self.tree.path(), &self.specification, self.is_base, &self.packages, &self.terraform).unwrap()
        }
    }

    fn write(tree: &Path, name: &str, text: &str) {
        let path = tree.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// The whole table of when a saved deployment serves again, and when it does not.
    #[test]
    fn a_deployment_serves_again_while_nothing_that_matters_has_changed() {
        type Change = fn(&mut Parts);
        let serves: &[(&str, Change)] = &[
            ("nothing", |_| {}),
            ("the same file written again", |parts| write(parts.tree.path(), "main.tf", "module {}")),
            ("a page of documentation", |parts| write(parts.tree.path(), "README.md", "other words")),
            ("an example", |parts| write(parts.tree.path(), "examples/one/main.tf", "module { x = 1 }")),
            ("more Regions: whether it covers them is asked of the deployment", |parts| {
                parts.specification.coverage.spoke.insert("eu-north-1".to_owned());
            }),
            ("where the packages lie", |parts| parts.packages.directory = "b".into()),
            ("where Terraform lies", |parts| parts.terraform.path = "elsewhere".into()),
        ];
        let does_not: &[(&str, Change)] = &[
            ("a file of the tree", |parts| write(parts.tree.path(), "main.tf", "module { }")),
            ("a file more", |parts| write(parts.tree.path(), "modules/hub/new.tf", "")),
            ("a template", |parts| write(parts.tree.path(), "modules/hub/policy.json", "[]")),
            ("the name of a file", |parts| {
                std::fs::rename(parts.tree.path().join("main.tf"), parts.tree.path().join("root.tf")).unwrap();
            }),
            ("the overlay", |parts| {
                parts.specification.overlay.insert("modules/hub/x_override.tf.json".to_owned(), json!({}));
            }),
            ("a variable", |parts| {
                parts.specification.variables.insert("deduplication".to_owned(), json!({}));
            }),
            ("the log alarm", |parts| parts.specification.log_alarm = true),
            ("whether others differ from it", |parts| parts.is_base = true),
            ("the functions' binaries", |parts| parts.packages.digest = "other".to_owned()),
            ("Terraform's version", |parts| parts.terraform.version = "1.12.0".to_owned()),
            ("OpenTofu instead of Terraform", |parts| parts.terraform.is_tofu = true),
        ];
        let sound = Parts::new().key();
        for (what, change) in serves {
            let mut parts = Parts::new();
            change(&mut parts);
            assert_eq!(parts.key(), sound, "{what} does not matter");
        }
        let mut keys = vec![sound];
        for (what, change) in does_not {
            let mut parts = Parts::new();
            change(&mut parts);
            let key = parts.key();
            assert!(!keys.contains(&key), "{what} matters");
            keys.push(key);
        }
    }

    /// Whether a deployment of these Regions serves for those.
    #[test]
    fn a_deployment_serves_for_the_regions_that_it_covers() {
        let of = |spoke: &[&str], hub: &[&str]| Coverage {
            spoke: spoke.iter().map(|region| (*region).to_owned()).collect(),
            hub: hub.iter().map(|region| (*region).to_owned()).collect(),
            further: Default::default(),
        };
        let saved = of(&["us-east-1", "eu-west-1"], &["us-east-1"]);
        for (wanted, covers) in [
            (of(&["us-east-1"], &["us-east-1"]), true),
            (saved.clone(), true),
            (of(&["us-west-2"], &["us-east-1"]), false),
            (of(&["us-east-1"], &["eu-west-1"]), false),
        ] {
            assert_eq!(saved.covers(&wanted), covers, "{wanted:?}");
        }
    }
}
