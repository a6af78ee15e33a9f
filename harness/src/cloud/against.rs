//! The same scenarios on two clouds: equal, or a named difference, for every one.

use std::collections::BTreeSet;

use similar::{ChangeTag, TextDiff};

use super::{Difference, Found};
use crate::report::snapshot;
use crate::runner::{AlertCounts, Message, Outcome, Status};

/// How many differing lines are shown.
const SHOWN: usize = 6;

/// Compares what came out here with what came out on the embedded cloud: counts, where it ended, and every message, with
/// what is drawn anew in each run left out. A scenario that states no expectation has the embedded cloud's outcome for one.
pub fn compare(here: &mut [Outcome], embedded: &[Outcome]) {
    for outcome in here {
        let Some(other) = embedded.iter().find(|other| other.name == outcome.name) else { continue };
        match outcome.status {
            Status::NotRun | Status::Error => continue,
            Status::Passed | Status::Failed | Status::Observed => {}
        }
        let is_late = lateness(outcome) != lateness(other);
        let differing = differing(outcome, other, is_late);
        let named = outcome.differences.iter().any(|found| found.difference != Difference::CloudTrail);
        if differing.is_empty() {
            outcome.notes.push("equal to the embedded cloud".to_owned());
            if outcome.status == Status::Observed {
                outcome.status = Status::Passed;
            }
        } else if named {
            let names = outcome.differences.iter().map(|found| found.difference.name());
            let names: BTreeSet<String> = names.collect();
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            outcome.notes.push(format!("other than the embedded cloud, by the named differences {names}"));
        } else {
            outcome.failures.push("other than the embedded cloud, and no named difference says why:".to_owned());
            outcome.failures.extend(differing);
            outcome.status = Status::Failed;
        }
        if is_late {
            outcome
                .differences
                .push(Found::new(Difference::RealTime, "an alert of a recorded act says how late it is"));
        }
    }
}

/// How an alert says that its act is of some time ago. Where time is real, every recorded act is.
const LATE: &str = "It reached the monitor ";

/// What its messages say of it.
fn lateness(outcome: &Outcome) -> BTreeSet<String> {
    let told = |message: &Message| {
        let text = message.body.to_string();
        let sentences =
            text.match_indices(LATE).map(|(at, _)| text[at..].split('.').next().unwrap_or_default().to_owned());
        sentences.collect::<Vec<_>>()
    };
    outcome.messages.iter().flat_map(told).collect()
}

/// What differs, in lines.
fn differing(here: &Outcome, embedded: &Outcome, is_late: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut count = |what: &str, here: String, embedded: String| {
        if here != embedded {
            lines.push(format!("{what}: {here} here, {embedded} there"));
        }
    };
    let alerts = |outcome: &Outcome| {
        let AlertCounts { login, activity, tampering, .. } = outcome.alerts;
        format!("{login} login, {activity} activity, {tampering} tampering")
    };
    count("alerts", alerts(here), alerts(embedded));
    count("alerters", format!("{:?}", here.sinks), format!("{:?}", embedded.sinks));
    count("where it ended", format!("{:?}", here.stopped_at), format!("{:?}", embedded.stopped_at));
    count("dead letters", here.dead_letters.to_string(), embedded.dead_letters.to_string());
    let texts = (messages(here, is_late), messages(embedded, is_late));
    let diff = TextDiff::from_lines(&texts.1, &texts.0);
    let changes = diff.iter_all_changes().filter(|change| change.tag() != ChangeTag::Equal);
    lines.extend(changes.take(SHOWN).map(|change| format!("{}{}", change.tag(), change.value().trim_end())));
    lines
}

/// What came out about root. Health messages speak of the deployment, which other scenarios share here.
/// Where one of two says how late it is, the alerts are compared without that; what alerters make of them is counted only.
fn messages(outcome: &Outcome, is_late: bool) -> String {
    let mut about_root = outcome.clone();
    about_root.messages.retain(|message| {
        message.to != "health" && !(message.to == "pagerduty" && crate::runner::is_health(&message.body))
    });
    if is_late {
        about_root.messages.retain(|message| ["login", "activity", "tampering"].contains(&message.to.as_str()));
        for message in &mut about_root.messages {
            if let Some(notes) = message.body["notes"].as_array_mut() {
                notes.retain(|note| !note.as_str().is_some_and(|note| note.starts_with(LATE)));
            }
        }
    }
    snapshot(&about_root)
}

impl Found {
    /// Returns true if it applies to every scenario of a cloud alike.
    pub fn is_common(&self) -> bool {
        self.difference == Difference::CloudTrail
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn outcome(text: &str, found: &[Difference]) -> Outcome {
        let mut outcome = Outcome::empty("a", "a.json".into(), "");
        outcome.status = Status::Observed;
        outcome.messages.push(Message { to: "slack".to_owned(), body: json!({"text": text}) });
        outcome.differences = found.iter().map(|found| Found::new(*found, "seen")).collect();
        outcome
    }

    #[test]
    fn how_late_it_is_told_is_time_alone() {
        let late = |days: &str| {
            let mut outcome = outcome("x", &[]);
            let notes = json!({"notes": [format!("{LATE}{days} after it happened.")]});
            outcome.messages.push(Message { to: "login".to_owned(), body: notes });
            outcome
        };
        let other = |text: &str| {
            let mut outcome = late("2 hours");
            outcome.messages.push(Message { to: "activity".to_owned(), body: json!({"summary": text}) });
            outcome
        };
        let cases = [
            (late("2 hours"), late("2 hours"), Status::Passed, false),
            (late("269 days"), late("2 hours"), Status::Passed, true),
            (late("269 days"), outcome("x", &[]), Status::Failed, true),
            (other("a"), other("b"), Status::Failed, false),
        ];
        for (here, there, status, is_named) in cases {
            let mut here = vec![here];
            compare(&mut here, &[there]);
            let named = here[0].differences.iter().any(|found| found.difference == Difference::RealTime);
            assert_eq!((here[0].status, named), (status, is_named), "{:?}", here[0]);
        }
    }

    #[test]
    fn equal_or_named_or_failed() {
        let cases = [
            (outcome("x", &[]), Status::Passed, "equal"),
            (outcome("x", &[Difference::CloudTrail]), Status::Passed, "equal"),
            (outcome("y", &[Difference::CloudTrail]), Status::Failed, ""),
            (outcome("y", &[Difference::Policies]), Status::Observed, "policies"),
        ];
        for (here, status, note) in cases {
            let mut here = vec![here];
            compare(&mut here, &[outcome("x", &[])]);
            assert_eq!(here[0].status, status, "{:?}", here[0]);
            assert!(note.is_empty() || here[0].notes[0].contains(note), "{:?}", here[0].notes);
        }
    }
}
