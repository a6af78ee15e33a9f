//! What came of a scenario: the facts that every report renders.

use std::path::{Path, PathBuf};

use rootwatch_cloud::trace::Entry;
use serde::Serialize;
use serde_json::{Value, json};

use super::Compared;
use crate::cloud::{Difference, Found};
use crate::scenario::{Receiver, Redriven, StoppedAt};

/// How a scenario ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// What was expected came out, and nothing else.
    Passed,
    /// Something else came out.
    Failed,
    /// The file states no expectation: this only shows what came out.
    Observed,
    /// It could not be run.
    Error,
    /// It was not run on this cloud; a note says why.
    #[serde(rename = "not run")]
    NotRun,
}

/// Messages on the topics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AlertCounts {
    /// Root login alerts.
    pub login: u64,
    /// Root activity alerts.
    pub activity: u64,
    /// Alerts about changes of the monitor itself.
    pub tampering: u64,
    /// Health messages.
    pub health: u64,
}

impl AlertCounts {
    /// All alerts. Health messages are none.
    pub fn total(&self) -> u64 {
        self.login + self.activity + self.tampering
    }
}

/// What the alerters sent about root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SinkCounts {
    /// Messages to Slack.
    pub slack: u64,
    /// Events to PagerDuty.
    pub pagerduty: u64,
    /// E-mails.
    pub email: u64,
}

/// One message that came out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Message {
    /// `login`, `activity`, `tampering`, `health` (topics); `slack`, `pagerduty`, `email` (sinks); `dead_letters`.
    pub to: String,
    /// It.
    pub body: Value,
}

impl Message {
    /// Every kind of `to`, in the order in which messages travel.
    pub(crate) const ORDER: [&str; 7] = ["login", "activity", "tampering", "health", "slack", "pagerduty", "email"];

    /// A message in a dead-letter queue, with the attributes that say why it is there.
    pub(crate) fn dead_letter<'a>(
        queue: &str,
        attributes: impl Iterator<Item = (&'a str, Option<&'a str>)>,
        body: &str,
    ) -> Self {
        let attributes: serde_json::Map<String, Value> =
            attributes.map(|(name, value)| (name.to_owned(), value.into())).collect();
        let body = serde_json::from_str(body).unwrap_or_else(|_| Value::from(body));
        let to = Receiver::DeadLetters.as_str().to_owned();
        Self { to, body: json!({"queue": queue, "attributes": attributes, "body": body}) }
    }

    /// Its place in [`Self::ORDER`]. Alerters run at the same time, so the order of their messages is fixed by this.
    pub(crate) fn rank(&self) -> usize {
        Self::ORDER.iter().position(|kind| *kind == self.to).unwrap_or(Self::ORDER.len())
    }
}

/// What came of a scenario.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The scenario's name.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// Its title, if it has one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// How it ended.
    pub status: Status,
    /// Messages on the topics.
    pub alerts: AlertCounts,
    /// What the alerters sent.
    pub sinks: SinkCounts,
    /// Where an event that made no alert ended.
    pub stopped_at: Option<StoppedAt>,
    /// The hop that broke, and how, where something was lost on the way.
    pub broken_hop: Option<String>,
    /// Messages in dead-letter queues.
    pub dead_letters: u64,
    /// Those messages, if there are any.
    #[serde(skip)]
    pub dead_lettered: Vec<Message>,
    /// The table of the last heartbeats.
    #[serde(skip)]
    pub coverage: Vec<Message>,
    /// Seconds from CloudTrail's first delivery to the end of the last run of a function, where the trace says it.
    #[serde(skip)]
    pub seconds: Option<u64>,
    /// E-mails about the monitor's health.
    #[serde(skip)]
    pub health_emails: u64,
    /// What came after the sinks were repaired and the dead-letter queues redriven, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_redrive: Option<Redriven>,
    /// Real time.
    pub duration_ms: f64,
    /// What a reader should know: who plays whom, a Region without a spoke.
    pub notes: Vec<String>,
    /// What this cloud does otherwise than AWS, as far as it touched the scenario.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Found>,
    /// What differs from the expectation, or why it could not be run.
    pub failures: Vec<String>,
    /// All that the expectation looked at; filled in where something differs.
    #[serde(skip)]
    pub compared: Vec<Compared>,
    /// The command that runs it alone.
    pub rerun: String,
    /// Everything that came out.
    pub messages: Vec<Message>,
    /// The trace of the event, hop by hop; empty unless something went wrong.
    pub trace: Vec<String>,
    /// The same, for those who explain it.
    #[serde(skip)]
    pub entries: Vec<Entry>,
}

impl Outcome {
    /// An outcome of something that could not be run.
    pub fn error(name: &str, path: PathBuf, reason: String) -> Self {
        Self {
            name: name.to_owned(),
            rerun: format!("cargo run -- run {}", shell_word(&path)),
            path,
            title: String::new(),
            status: Status::Error,
            alerts: AlertCounts::default(),
            sinks: SinkCounts::default(),
            stopped_at: None,
            broken_hop: None,
            dead_letters: 0,
            dead_lettered: Vec::new(),
            coverage: Vec::new(),
            seconds: None,
            health_emails: 0,
            after_redrive: None,
            duration_ms: 0.0,
            notes: Vec::new(),
            differences: Vec::new(),
            failures: vec![reason],
            compared: Vec::new(),
            messages: Vec::new(),
            trace: Vec::new(),
            entries: Vec::new(),
        }
    }
}

impl Outcome {
    /// An outcome of something that was not run on this cloud, by reason of a named difference.
    pub fn not_run(name: &str, path: PathBuf, difference: Difference, what: String) -> Self {
        let mut outcome = Self::error(name, path, String::new());
        outcome.status = Status::NotRun;
        outcome.failures.clear();
        outcome.differences.push(Found::new(difference, what));
        outcome
    }

    /// An empty outcome, to be filled in.
    pub(crate) fn empty(name: &str, path: PathBuf, title: &str) -> Self {
        let mut outcome = Self::error(name, path, String::new());
        outcome.failures.clear();
        outcome.title = title.to_owned();
        outcome
    }
}

/// How many ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// As expected.
    pub passed: u64,
    /// Not as expected.
    pub failed: u64,
    /// Without expectation.
    pub observed: u64,
    /// Could not be run.
    pub errors: u64,
    /// Were not run on this cloud.
    #[serde(skip_serializing_if = "is_zero")]
    pub not_run: u64,
}

impl Summary {
    /// Counts outcomes.
    pub fn of(outcomes: &[Outcome]) -> Self {
        let count = |status| outcomes.iter().filter(|outcome| outcome.status == status).count() as u64;
        Self {
            passed: count(Status::Passed),
            failed: count(Status::Failed),
            observed: count(Status::Observed),
            errors: count(Status::Error),
            not_run: count(Status::NotRun),
        }
    }
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A path as a shell takes it, from where the command was given.
pub(crate) fn shell_word(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(&here).unwrap_or(path).display().to_string();
    match path.chars().all(|c| c.is_alphanumeric() || "/._-+=:@".contains(c)) {
        true => path,
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_pasted() {
        let here = std::env::current_dir().unwrap();
        for (path, word) in [
            (here.join("scenarios/login/a.json"), "scenarios/login/a.json"),
            ("/else/where.json".into(), "/else/where.json"),
            ("my files/it's.json".into(), r"'my files/it'\''s.json'"),
            ("a;b.json".into(), "'a;b.json'"),
        ] {
            assert_eq!(shell_word(&path), word);
            assert!(Outcome::error("x", path, String::new()).rerun.ends_with(&format!(" run {word}")));
        }
    }
}
