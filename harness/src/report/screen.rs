//! What a person sees on stderr while a run works: a progress bar on a terminal, elsewhere a plain line for each step.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use crate::runner::{Deployed, Label, RunEvent, Status};

/// Without a terminal, a step that works for so long is named again.
const SILENCE: Duration = Duration::from_secs(30);
/// An apply's duration before the first was measured.
const APPLY: Duration = Duration::from_secs(60);

/// Scenarios that have ended, that failed, and all of them: for the last line of an interrupted run.
static COUNTS: Mutex<Option<(usize, usize, usize)>> = Mutex::new(None);

/// The last line of an interrupted command.
pub(crate) fn interrupted() -> String {
    match *COUNTS.lock().unwrap_or_else(PoisonError::into_inner) {
        None => "interrupted".to_owned(),
        Some((ended, failed, all)) => {
            let (passed, all) = (ended - failed, counted(all.max(ended), "scenario"));
            format!("interrupted: {ended} of {all} had ended, {passed} as expected, {failed} failed")
        }
    }
}

/// The screen.
#[derive(Debug)]
pub(super) struct Screen {
    output: Output,
    started: Instant,
    last_line: Instant,
    /// Lines that were printed, with how often they were asked for again.
    printed: HashMap<String, usize>,
    stage: String,
    planned: bool,
    scenarios: usize,
    ended: usize,
    failed: usize,
    /// When the scenarios began.
    running: Option<Instant>,
    variants: usize,
    variants_ready: usize,
    /// Deployments that Terraform works on, with their step.
    applying: BTreeMap<Label, String>,
    applied: Vec<Duration>,
}

#[derive(Debug)]
enum Output {
    Bar(ProgressBar),
    Lines,
    Quiet,
}

impl Screen {
    pub(super) fn bar() -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner:.cyan} {elapsed:>4} {wide_msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self::new(Output::Bar(bar))
    }

    pub(super) fn lines() -> Self {
        Self::new(Output::Lines)
    }

    pub(super) fn quiet() -> Self {
        Self::new(Output::Quiet)
    }

    fn new(output: Output) -> Self {
        let now = now();
        Self {
            output,
            started: now,
            last_line: now,
            printed: HashMap::new(),
            stage: String::new(),
            planned: false,
            scenarios: 0,
            ended: 0,
            failed: 0,
            running: None,
            variants: 0,
            variants_ready: 0,
            applying: BTreeMap::new(),
            applied: Vec::new(),
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    pub(super) fn event(&mut self, event: RunEvent<'_>) {
        match event {
            RunEvent::Planned(plan) => {
                (self.planned, self.scenarios, self.variants) = (true, plan.scenarios.len(), plan.variants());
                (self.ended, self.failed, self.variants_ready, self.running) = (0, 0, 0, Some(now()));
                self.stage.clear();
                if self.variants > 0 {
                    let (scenarios, variants) =
                        (counted(self.scenarios, "scenario"), counted(self.variants, "variant"));
                    self.line(&format!("{scenarios} on the default deployment and {variants} of it"));
                }
            }
            RunEvent::Stage(None, what) => {
                self.stage = what.to_owned();
                self.step(what);
            }
            RunEvent::Stage(Some(label), what) => {
                self.applying.insert(label.clone(), what.to_owned());
                self.step(&format!("{label}: {what}"));
            }
            RunEvent::Note(what) => self.line(what),
            RunEvent::Deployed(label, how) => {
                self.applying.remove(label);
                self.variants_ready += usize::from(label.is_variant());
                if let Deployed::Applied(took) = how {
                    self.applied.push(took);
                    self.step(&format!("{} is deployed, in {:.1} s", label.short(), took.as_secs_f64()));
                }
            }
            RunEvent::Scenario(outcome) => {
                self.ended += 1;
                self.failed += usize::from(matches!(outcome.status, Status::Failed | Status::Error));
                *COUNTS.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some((self.ended, self.failed, self.scenarios));
            }
            RunEvent::Finished(_) => self.planned = false,
        }
        self.draw();
    }

    /// Replaces the stage's text, without a line of its own.
    pub(super) fn wait_for(&mut self, what: &str) {
        what.clone_into(&mut self.stage);
        self.draw();
    }

    /// Writes with the bar out of the way.
    pub(super) fn suspend(&self, write: impl FnOnce()) {
        match &self.output {
            Output::Bar(bar) => bar.suspend(write),
            Output::Lines | Output::Quiet => write(),
        }
    }

    /// Time has passed.
    pub(super) fn tick(&mut self) {
        match &self.output {
            Output::Bar(_) => self.draw(),
            Output::Lines if self.last_line.elapsed() >= SILENCE && !self.status().is_empty() => {
                let line = format!("{}: still {}", clock(self.started.elapsed()), self.status());
                self.announce(&line);
            }
            Output::Lines | Output::Quiet => {}
        }
    }

    pub(super) fn finish(&mut self) {
        let again: Vec<String> = self
            .printed
            .drain()
            .filter(|(_, more)| *more > 0)
            .map(|(line, more)| format!("{} more: {line}", more))
            .collect();
        for line in again {
            self.announce(&line);
        }
        self.planned = false;
        self.stage.clear();
        self.applying.clear();
        if let Output::Bar(bar) = &self.output {
            bar.finish_and_clear();
        }
    }

    /// Prints a line that stays.
    pub(super) fn announce(&mut self, what: &str) {
        self.last_line = now();
        match &self.output {
            Output::Bar(bar) => bar.println(what),
            Output::Lines | Output::Quiet => {
                #[expect(clippy::print_stderr, reason = "this is the module that writes to stderr")]
                {
                    eprintln!("rootwatch: {what}");
                }
            }
        }
    }

    /// Prints a line, the first time; `finish` says how often it came again.
    fn line(&mut self, what: &str) {
        if matches!(self.output, Output::Quiet) {
            return;
        }
        match self.printed.get_mut(what) {
            Some(more) => *more += 1,
            None => {
                self.printed.insert(what.to_owned(), 0);
                self.announce(what);
            }
        }
    }

    /// A step is a line of its own only where there is no bar.
    fn step(&mut self, what: &str) {
        if matches!(self.output, Output::Lines) && !self.printed.contains_key(what) {
            self.printed.insert(what.to_owned(), 0);
            self.announce(what);
        }
    }

    fn draw(&self) {
        if let Output::Bar(bar) = &self.output {
            bar.set_message(self.status());
        }
    }

    /// Counts, what Terraform works on, and an estimate.
    fn status(&self) -> String {
        let mut parts = Vec::new();
        if self.planned {
            let mut counts = format!("{}/{} scenarios", self.ended, self.scenarios);
            if self.failed > 0 {
                counts = format!("{counts}, {} failed", self.failed);
            }
            parts.push(counts);
        }
        match self.applying.iter().next() {
            Some((label, step)) if self.applying.len() == 1 => parts.push(format!("{}: {step}", label.short())),
            Some((label, _)) => {
                parts.push(format!("applying {} and {} more", label.short(), self.applying.len() - 1));
            }
            None => parts.push(self.stage.clone()),
        }
        parts.extend(self.estimate());
        parts.retain(|part| !part.is_empty());
        parts.join(" · ")
    }

    /// Real time until all scenarios have ended, from what was measured so far.
    fn estimate(&self) -> Option<String> {
        let running = self.running.filter(|_| self.planned)?.elapsed();
        let left = self.scenarios.saturating_sub(self.ended);
        if left == 0 || running < Duration::from_secs(3) {
            return None;
        }
        let scenarios = match self.ended {
            0 => Duration::ZERO,
            ended => running.mul_f64(left as f64 / ended as f64),
        };
        let variants = self.variants.saturating_sub(self.variants_ready);
        let rounds = variants.div_ceil(self.applying.len().max(1));
        let mean = match self.applied.len() {
            0 => APPLY,
            count => self.applied.iter().sum::<Duration>() / count as u32,
        };
        let applies = if self.applying.is_empty() { Duration::ZERO } else { mean * rounds as u32 };
        Some(format!("about {} left", HumanDuration(scenarios.max(applies).max(Duration::from_secs(1)))))
    }
}

/// Minutes and seconds.
fn clock(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

/// A number with its noun.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

#[expect(clippy::disallowed_methods, reason = "progress is shown in real time")]
fn now() -> Instant {
    Instant::now()
}
