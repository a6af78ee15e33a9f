//! What a root module of the user's own consists of: its folder, and the folders of the local modules that it calls.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use regex::Regex;
use sha2::{Digest, Sha256};

use crate::terraform::copy_tree;

/// The folders, and how they lie to one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sources {
    /// The folder below which all of them are.
    top: PathBuf,
    /// The root module.
    root: PathBuf,
    /// All of them, none within another.
    folders: Vec<PathBuf>,
    /// The variables that the root module declares.
    pub(super) variables: BTreeSet<String>,
    /// Whether it keeps its state elsewhere: that must not happen here.
    pub(super) has_backend: bool,
}

impl Sources {
    /// Looks through the configurations for local sources, from the root module on.
    pub(super) fn of(root: &Path) -> std::io::Result<Self> {
        let root = root.canonicalize()?;
        let mut found = BTreeSet::from([root.clone()]);
        let mut unread = vec![root.clone()];
        while let Some(folder) = unread.pop() {
            for text in configurations(&folder)? {
                for source in matches(&text, r#"\bsource"?\s*[=:]\s*"(\.\.?/[^"]*)""#) {
                    let module = folder.join(&source);
                    let module = module.canonicalize().map_err(|error| {
                        std::io::Error::other(format!("{}: its module {source}: {error}", folder.display()))
                    })?;
                    if found.insert(module.clone()) {
                        unread.push(module);
                    }
                }
            }
        }
        let own = configurations(&root)?.join("\n");
        let mut variables: BTreeSet<String> = matches(&own, r#"(?m)^\s*variable\s+"([^"]+)""#).into_iter().collect();
        for file in files(&root, ".tf.json")? {
            let value: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file)?).unwrap_or_default();
            variables.extend(value["variable"].as_object().into_iter().flatten().map(|(name, _)| name.clone()));
        }
        let has_backend = !matches(&own, r#"(?m)^\s*("?backend"?|"?cloud"?)\s*["{:]"#).is_empty();
        let folders: Vec<PathBuf> = found
            .iter()
            .filter(|folder| !found.iter().any(|other| *folder != other && folder.starts_with(other)))
            .cloned()
            .collect();
        let top = root.ancestors().find(|top| folders.iter().all(|folder| folder.starts_with(top))).unwrap_or(&root);
        Ok(Self { top: top.to_path_buf(), root: root.clone(), folders, variables, has_backend })
    }

    /// The root module, below the copy.
    pub(super) fn root(&self) -> &Path {
        self.root.strip_prefix(&self.top).unwrap_or(Path::new(""))
    }

    /// Copies them so that they lie to one another as before.
    pub(super) fn copy(&self, to: &Path) -> std::io::Result<()> {
        for folder in &self.folders {
            let copy = to.join(folder.strip_prefix(&self.top).unwrap_or(Path::new("")));
            copy_tree(folder, &copy)?;
            // `init` reads test files too, and their mocks may be elsewhere.
            for entry in walkdir::WalkDir::new(&copy) {
                let path = entry?.into_path();
                if [".tftest.hcl", ".tftest.json"].iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
                    std::fs::remove_file(path)?;
                }
            }
        }
        Ok(())
    }

    /// A hash over everything that Terraform may read of them.
    pub(super) fn digest(&self) -> std::io::Result<[u8; 32]> {
        let mut digest = Sha256::new();
        for folder in &self.folders {
            let kept = |entry: &walkdir::DirEntry| {
                let name = entry.file_name().to_string_lossy();
                name != ".terraform" && name != ".git" && !name.contains(".tfstate")
            };
            for entry in walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(kept) {
                let entry = entry?;
                if entry.file_type().is_file() {
                    let bytes = std::fs::read(entry.path())?;
                    let name = entry.path().strip_prefix(&self.top).unwrap_or(entry.path()).as_os_str();
                    for part in [name.as_encoded_bytes(), &bytes] {
                        digest.update((part.len() as u64).to_le_bytes());
                        digest.update(part);
                    }
                }
            }
        }
        Ok(digest.finalize().into())
    }
}

fn files(folder: &Path, ending: &str) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() && path.to_string_lossy().ends_with(ending) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn configurations(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut paths = files(folder, ".tf")?;
    paths.extend(files(folder, ".tf.json")?);
    paths.iter().map(std::fs::read_to_string).collect()
}

/// The first group of every match.
fn matches(text: &str, pattern: &str) -> Vec<String> {
    let Ok(pattern) = Regex::new(pattern) else { return Vec::new() };
    pattern.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_modules_are_followed() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(
            "live/prod/main.tf",
            "terraform {\n  backend \"s3\" {}\n}\nvariable \"hub_account_id\" {\n}\n\
             module \"hub\" { source = \"../../modules/hub\" }\nmodule \"x\" {\n  source = \"./local\"\n}\n\
             module \"far\" { source = \"git::https://example.com/x.git\" }\n",
        );
        write("live/prod/more.tf.json", r#"{"variable": {"slack": {}}}"#);
        write("live/prod/local/main.tf", "");
        write("live/prod/tests/validations.tftest.hcl", "mock_provider \"aws\" {\n  source = \"../../mocks\"\n}\n");
        write("live/prod/.terraform/modules/modules.json", "{}");
        write("live/prod/terraform.tfstate", "{}");
        write("modules/hub/main.tf.json", r#"{"module": {"f": {"source": "../function"}}}"#);
        write("modules/function/main.tf", "");
        write("modules/unused/main.tf", "");
        write("target/huge", "");
        let sources = Sources::of(&folder.join("live/prod")).unwrap();
        assert_eq!(sources.top, folder);
        assert_eq!(sources.root(), Path::new("live/prod"));
        assert!(sources.has_backend);
        assert_eq!(sources.variables, BTreeSet::from(["hub_account_id".to_owned(), "slack".to_owned()]));
        let folders: Vec<_> = sources.folders.iter().map(|path| path.strip_prefix(&folder).unwrap()).collect();
        assert_eq!(folders, ["live/prod", "modules/function", "modules/hub"].map(Path::new));
        let copy = folder.join("copy");
        sources.copy(&copy).unwrap();
        for (path, there) in [
            ("live/prod/local/main.tf", true),
            ("live/prod/tests/validations.tftest.hcl", false),
            ("modules/function/main.tf", true),
            ("modules/unused", false),
            ("target", false),
            ("live/prod/.terraform", false),
            ("live/prod/terraform.tfstate", false),
        ] {
            assert_eq!(copy.join(path).exists(), there, "{path}");
        }
        let before = sources.digest().unwrap();
        write("live/prod/terraform.tfstate", "{\"a\": 1}");
        write("modules/unused/main.tf", "# changed");
        assert_eq!(sources.digest().unwrap(), before);
        write("modules/function/main.tf", "# changed");
        assert_ne!(sources.digest().unwrap(), before);
        write("live/prod/main.tf", "module \"x\" { source = \"../nowhere\" }");
        assert!(Sources::of(&folder.join("live/prod")).unwrap_err().to_string().contains("../nowhere"));
    }
}
