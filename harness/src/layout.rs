//! Where things are: the project's tree, and the folder for what runs produce.

mod shared;

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use shared::Shared;

/// The places that a run reads from and writes to.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The checkout: it holds `terraform/`, `handlers/` and `scenarios/`.
    pub project: PathBuf,
    /// Packages, saved deployments and logs; safe to delete at any time.
    pub cache: PathBuf,
    /// Nothing may be fetched: neither Terraform, nor a provider, nor a crate.
    pub offline: bool,
    /// The files that the processes of one test run share; `None` where the run is this process.
    pub(crate) shared: Option<Shared>,
}

impl Layout {
    /// The checkout that the current folder is in, else the one that this binary was built from; `ROOTWATCH_CACHE` moves what runs produce elsewhere, for a tree that is read-only.
    pub fn discover() -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let built_from = manifest.parent().unwrap_or(manifest);
        let here = std::env::current_dir().unwrap_or_default();
        let project = here.ancestors().chain([built_from]).find(|folder| is_checkout(folder));
        let project = project.unwrap_or(built_from).to_path_buf();
        let cache = std::env::var_os("ROOTWATCH_CACHE")
            .map_or_else(|| target_directory(&project).join("rootwatch"), PathBuf::from);
        Self { project, cache, offline: is_set("ROOTWATCH_OFFLINE"), shared: None }
    }

    /// The same for a test, which under `cargo nextest` has a process of its own: what stays as it is for the run, one of
    /// them finds out for all. A command must not ask for this: its user may have changed something between two calls.
    #[must_use]
    pub fn of_a_test(self) -> Self {
        let shared = Shared::of_this_run(&self.cache);
        Self { shared, ..self }
    }

    /// What `find` finds, by its name; asked once in a run of tests.
    pub(crate) fn once<T, E>(&self, name: &str, find: impl FnOnce() -> Result<T, E>) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned,
    {
        match &self.shared {
            None => find(),
            Some(shared) => shared.once(name, find),
        }
    }

    /// The folder that cargo builds in. `CARGO_TARGET_DIR` overrides it.
    pub fn build_folder(&self) -> PathBuf {
        target_directory(&self.project)
    }

    /// The Terraform under test.
    pub fn terraform(&self) -> PathBuf {
        self.project.join("terraform")
    }

    /// The default scenarios.
    pub fn scenarios(&self) -> PathBuf {
        self.project.join("scenarios")
    }
}

fn is_checkout(folder: &Path) -> bool {
    folder.join("terraform/modules/hub").is_dir() && folder.join("scenarios").is_dir()
}

fn target_directory(project: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| project.join("target"), PathBuf::from)
}

/// Whether this is a CI run, by the variable that every CI sets.
pub fn in_ci() -> bool {
    is_set("CI")
}

fn is_set(variable: &str) -> bool {
    std::env::var(variable).is_ok_and(|value| value == "true" || value == "1")
}
