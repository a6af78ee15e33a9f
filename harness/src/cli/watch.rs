//! `rootwatch run --watch`: what a change of a file affects.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use crate::layout::Layout;

/// Editors write a file in several steps: so long must nothing more happen.
const QUIET: Duration = Duration::from_millis(100);

/// What has to be run again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Affected {
    /// Every scenario: the functions or the Terraform changed.
    Everything,
    /// These scenario files.
    Scenarios(BTreeSet<PathBuf>),
}

/// The folders that a run depends on.
#[derive(Clone, Debug)]
pub(super) struct Sources {
    /// Scenario files and folders.
    scenarios: Vec<PathBuf>,
    /// The functions' sources and what pins their dependencies.
    handlers: Vec<PathBuf>,
    /// The Terraform, the user's own as well.
    terraform: Vec<PathBuf>,
}

impl Sources {
    pub(super) fn new(layout: &Layout, scenarios: &[PathBuf], own: &[PathBuf]) -> Self {
        let absolute = |path: PathBuf| path.canonicalize().unwrap_or(path);
        let project = |name: &str| absolute(layout.project.join(name));
        Self {
            scenarios: scenarios.iter().cloned().map(absolute).collect(),
            handlers: vec![project("handlers"), project("Cargo.lock")],
            terraform: own.iter().cloned().chain([layout.terraform()]).map(absolute).collect(),
        }
    }

    /// What a change of a file affects, if anything.
    fn affected(&self, changed: &Path) -> Option<Affected> {
        let below = |roots: &[PathBuf]| roots.iter().any(|root| changed.starts_with(root));
        let ending = changed.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let hidden = |part: std::path::Component<'_>| part.as_os_str().as_encoded_bytes().starts_with(b".terraform");
        if below(&self.scenarios) && ending == "json" && changed.file_name().is_some_and(|name| name != "schema.json") {
            return Some(Affected::Scenarios(BTreeSet::from([changed.to_path_buf()])));
        }
        let handler = below(&self.handlers) && ["rs", "toml", "lock", "json"].contains(&ending);
        let terraform = below(&self.terraform)
            && ["tf", "json", "tfvars", "hcl", "tftpl", "zip"].contains(&ending)
            && !changed.components().any(hidden);
        (handler || terraform).then_some(Affected::Everything)
    }
}

/// The changes of files, as they happen.
pub(super) struct Changes {
    sources: Sources,
    events: mpsc::UnboundedReceiver<PathBuf>,
    // Watches until dropped.
    _watcher: RecommendedWatcher,
}

impl Changes {
    /// Watches from now on.
    pub(super) fn watch(sources: Sources) -> Result<Self, String> {
        let (sender, events) = mpsc::unbounded_channel();
        let failed = |error: notify::Error| format!("could not watch for changes: {error}");
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // What cannot be watched any more shows as a run that does not come.
            let Ok(event) = event else { return };
            // Reading is no change; a run reads everything.
            if matches!(event.kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_)) {
                for path in event.paths {
                    let _ = sender.send(path);
                }
            }
        })
        .map_err(failed)?;
        let mut watched = BTreeSet::new();
        for path in sources.scenarios.iter().chain(&sources.handlers).chain(&sources.terraform) {
            // A file is replaced by a rename more often than written to, so its folder is watched.
            let (folder, mode) = match path.is_dir() {
                true => (path.as_path(), RecursiveMode::Recursive),
                false => (path.parent().unwrap_or(path), RecursiveMode::NonRecursive),
            };
            if watched.insert(folder.to_path_buf()) {
                watcher.watch(folder, mode).map_err(failed)?;
            }
        }
        Ok(Self { sources, events, _watcher: watcher })
    }

    /// Waits for changes that matter, and until they are complete.
    pub(super) async fn next(&mut self) -> Option<Affected> {
        let mut affected = None;
        loop {
            let changed = match &affected {
                None => Some(self.events.recv().await?),
                // The wait is the condition itself: nothing more has happened for so long.
                Some(_) => tokio::time::timeout(QUIET, self.events.recv()).await.ok().flatten(),
            };
            match (changed, affected) {
                (None, done) => return done,
                (Some(path), before) => affected = join(before, self.sources.affected(&path)),
            }
        }
    }
}

fn join(one: Option<Affected>, other: Option<Affected>) -> Option<Affected> {
    match (one, other) {
        (Some(Affected::Scenarios(mut paths)), Some(Affected::Scenarios(more))) => {
            paths.extend(more);
            Some(Affected::Scenarios(paths))
        }
        (Some(Affected::Everything), Some(_)) | (Some(_), Some(Affected::Everything)) => Some(Affected::Everything),
        (found, None) | (None, found) => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(root: &Path) -> Sources {
        for folder in ["scenarios/login", "handlers/triage/src", "terraform/modules", "own"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        let layout =
            Layout { project: root.to_path_buf(), cache: root.join("cache"), offline: true, ..Layout::discover() };
        Sources::new(&layout, &[root.join("scenarios")], &[root.join("own")])
    }

    #[test]
    fn what_a_change_affects() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let sources = sources(&root);
        let cases = [
            ("scenarios/login/x.json", Some(false)),
            ("scenarios/schema.json", None),
            ("scenarios/login/.x.json.swp", None),
            ("scenarios/README.md", None),
            ("handlers/triage/src/lib.rs", Some(true)),
            ("handlers/triage/Cargo.toml", Some(true)),
            ("handlers/triage/src/#lib.rs#", None),
            ("Cargo.lock", Some(true)),
            ("terraform/modules/main.tf", Some(true)),
            ("terraform/.terraform/modules/modules.json", None),
            ("terraform/.terraform.lock.hcl", None),
            ("own/prod.tfvars", Some(true)),
            ("own/terraform.tfstate", None),
            ("cache/packages/triage.zip", None),
            ("target/debug/x.json", None),
        ];
        for (path, everything) in cases {
            let found = sources.affected(&root.join(path)).map(|affected| affected == Affected::Everything);
            assert_eq!(found, everything, "{path}");
        }
    }

    #[tokio::test]
    async fn changes_are_seen_and_joined() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let mut changes = Changes::watch(sources(&root)).unwrap();
        let login = root.join("scenarios/login");
        std::fs::write(login.join("notes.txt"), "no scenario").unwrap();
        std::fs::write(login.join("a.json"), "{}").unwrap();
        std::fs::write(login.join(".b.json.tmp"), "{}").unwrap();
        std::fs::rename(login.join(".b.json.tmp"), login.join("b.json")).unwrap();
        // On a busy machine they come in more than one piece.
        let (expected, mut seen) = (BTreeSet::from([login.join("a.json"), login.join("b.json")]), BTreeSet::new());
        while seen != expected {
            match changes.next().await {
                Some(Affected::Scenarios(paths)) => seen.extend(paths),
                other => panic!("{other:?}"),
            }
            assert!(seen.is_subset(&expected), "{seen:?}");
        }
        std::fs::write(root.join("terraform/modules/main.tf"), "").unwrap();
        assert_eq!(changes.next().await, Some(Affected::Everything));
    }
}
