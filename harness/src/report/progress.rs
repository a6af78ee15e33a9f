//! The events of a run on their way to reporters: the screen (stderr) and the results (stdout or a file).

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak, mpsc};
use std::time::Duration;

use super::results::Results;
use super::screen::Screen;
use crate::runner::{Label, RunEvent};

/// How often the screen is drawn again without an event.
const TICK: Duration = Duration::from_secs(1);

/// A handle to emit events with. Clones share their reporters.
#[derive(Clone, Debug)]
pub struct Progress {
    reporters: Arc<Mutex<Reporters>>,
    /// The deployment that stages belong to.
    deployment: Option<Arc<Label>>,
}

#[derive(Debug)]
struct Reporters {
    screen: Screen,
    results: Option<Results>,
    /// Ends the ticking thread when dropped.
    _ticker: Option<mpsc::Sender<()>>,
}

impl Progress {
    /// A progress bar on a terminal, otherwise a plain line for each step; on stderr.
    pub fn stderr() -> Self {
        let screen = if console::user_attended_stderr() { Screen::bar() } else { Screen::lines() };
        Self::new(screen, true)
    }

    /// Silent: for tests, whose runner owns the output.
    pub fn quiet() -> Self {
        Self::new(Screen::quiet(), false)
    }

    /// Plain lines on stderr, even on a terminal: for tests that take minutes.
    pub fn lines() -> Self {
        Self::new(Screen::lines(), true)
    }

    fn new(screen: Screen, ticks: bool) -> Self {
        let (ticker, ended) = mpsc::channel();
        let reporters = Reporters { screen, results: None, _ticker: ticks.then_some(ticker) };
        let reporters = Arc::new(Mutex::new(reporters));
        if ticks {
            let weak: Weak<Mutex<Reporters>> = Arc::downgrade(&reporters);
            std::thread::spawn(move || {
                while let Err(mpsc::RecvTimeoutError::Timeout) = ended.recv_timeout(TICK) {
                    let Some(reporters) = weak.upgrade() else { break };
                    reporters.lock().unwrap_or_else(PoisonError::into_inner).screen.tick();
                }
            });
        }
        Self { reporters, deployment: None }
    }

    /// The same with results: each is written as soon as its format allows.
    #[must_use]
    pub fn with_results(self, results: Results) -> Self {
        self.reporters().results = Some(results);
        self
    }

    /// Takes the results away, to hand them over later.
    pub fn take_results(&self) -> Option<Results> {
        self.reporters().results.take()
    }

    /// The same for the stages of one deployment.
    pub fn of_deployment(&self, label: Label) -> Self {
        Self { reporters: Arc::clone(&self.reporters), deployment: Some(Arc::new(label)) }
    }

    fn reporters(&self) -> MutexGuard<'_, Reporters> {
        self.reporters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands an event to the reporters.
    pub fn emit(&self, event: RunEvent<'_>) {
        let mut reporters = self.reporters();
        let Reporters { screen, results, .. } = &mut *reporters;
        if let Some(results) = results {
            // A bar must not be drawn into the results.
            screen.suspend(|| results.event(event));
        }
        screen.event(event);
    }

    /// A stage begins.
    pub fn stage(&self, what: &str) {
        self.emit(RunEvent::Stage(self.deployment.as_deref(), what));
    }

    /// What the stage is waiting for, shown only where there is a bar.
    pub fn status(&self, what: &str) {
        self.reporters().screen.wait_for(what);
    }

    /// A remark that stays on the screen.
    pub fn line(&self, what: &str) {
        self.emit(RunEvent::Note(what));
    }

    /// A remark that is shown even where a test runner owns the output.
    pub fn announce(&self, what: &str) {
        self.reporters().screen.announce(what);
    }

    /// Real time since this was made.
    pub fn elapsed(&self) -> Duration {
        self.reporters().screen.elapsed()
    }

    /// Removes the bar: the work is done.
    pub fn finish(&self) {
        self.reporters().screen.finish();
    }

    /// The first error of writing the results, if there was one.
    pub fn write_error(&self) -> Option<io::Error> {
        self.reporters().results.as_mut().and_then(Results::take_error)
    }
}
