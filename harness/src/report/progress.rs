//! Progress while a run works: a spinner on a terminal, plain lines elsewhere, always on stderr.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Says what is being done.
#[derive(Clone, Debug)]
pub struct Progress {
    bar: Option<Arc<ProgressBar>>,
    quiet: bool,
}

impl Progress {
    /// Talks on stderr.
    pub fn stderr() -> Self {
        let terminal = console::user_attended_stderr();
        let bar = terminal.then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner:.cyan} {msg} ({elapsed})") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            Arc::new(bar)
        });
        Self { bar, quiet: false }
    }

    /// Says nothing: for tests, whose runner owns the output.
    pub fn quiet() -> Self {
        Self { bar: None, quiet: true }
    }

    /// Plain lines on stderr, even on a terminal: for tests that take minutes, whose runner owns the rest of the screen.
    pub fn lines() -> Self {
        Self { bar: None, quiet: false }
    }

    /// Whether there is a terminal to animate.
    pub fn is_live(&self) -> bool {
        self.bar.is_some()
    }

    /// A stage begins.
    pub fn stage(&self, what: &str) {
        match &self.bar {
            Some(bar) => {
                bar.reset_elapsed();
                bar.set_message(what.to_owned());
            }
            None if !self.quiet => self.line(what),
            None => {}
        }
    }

    /// Something that stays on the screen.
    pub fn line(&self, what: &str) {
        if self.quiet {
            return;
        }
        self.announce(what);
    }

    /// Something that must be said even where a test runner owns the output.
    pub fn announce(&self, what: &str) {
        match &self.bar {
            Some(bar) => bar.println(what),
            None => {
                #[expect(clippy::print_stderr, reason = "this is the module that talks")]
                {
                    eprintln!("rootwatch: {what}");
                }
            }
        }
    }

    /// The work is done.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
