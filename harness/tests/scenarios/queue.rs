//! Where a runner starts a process for each test (`cargo nextest`): each asks for its scenario, and whoever has the turn
//! runs all that were asked for. So the group that a single process would run stays one group.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::on_localstack::Verdicts;

/// What older runs left is kept for a day.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// The questions and answers of one run of the runner.
pub(crate) struct Queue(PathBuf);

impl Queue {
    /// `None` where one process runs all tests.
    pub(crate) fn of_this_run() -> Option<Self> {
        let run = std::env::var("NEXTEST_RUN_ID").ok()?;
        Some(Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join("localstack-queue").join(run)))
    }

    /// Asks, waits for the turn, and runs what was asked for and not answered yet, unless another process has run this one.
    pub(crate) fn take_turn(
        &self,
        scenario: &str,
        run: impl FnOnce(&dyn Fn() -> Vec<String>) -> Result<Verdicts, String>,
    ) -> Result<Verdicts, String> {
        let failed = |error: std::io::Error| format!("{}: {error}", self.0.display());
        for folder in ["asked", "told"] {
            std::fs::create_dir_all(self.0.join(folder)).map_err(failed)?;
        }
        std::fs::write(self.place("asked", scenario), scenario).map_err(failed)?;
        let turn = std::fs::File::create(self.0.join("turn")).map_err(failed)?;
        turn.lock().map_err(failed)?;
        if let Ok(told) = std::fs::read_to_string(self.place("told", scenario)) {
            return Ok([(scenario.to_owned(), Some(told).filter(|told| !told.is_empty()))].into());
        }
        self.sweep();
        let verdicts = run(&|| self.open())?;
        for (scenario, verdict) in &verdicts {
            std::fs::write(self.place("told", scenario), verdict.as_deref().unwrap_or_default()).map_err(failed)?;
        }
        Ok(verdicts)
    }

    fn place(&self, folder: &str, scenario: &str) -> PathBuf {
        self.0.join(folder).join(scenario.replace('/', "__"))
    }

    /// What was asked for and is not answered.
    fn open(&self) -> Vec<String> {
        let asked = std::fs::read_dir(self.0.join("asked")).into_iter().flatten().flatten();
        let asked = asked.filter_map(|entry| std::fs::read_to_string(entry.path()).ok());
        asked.filter(|scenario| !scenario.is_empty() && !self.place("told", scenario).exists()).collect()
    }

    fn sweep(&self) {
        for entry in self.0.parent().and_then(|parent| parent.read_dir().ok()).into_iter().flatten().flatten() {
            let age = entry.metadata().and_then(|metadata| metadata.modified()).ok().and_then(|it| it.elapsed().ok());
            if age.is_some_and(|age| age > KEPT) {
                // What cannot be removed does no harm.
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
    }
}
