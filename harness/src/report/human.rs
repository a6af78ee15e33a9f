//! The human report: a line for each scenario, failures with the event's path, a summary last.

use std::collections::HashMap;
use std::fmt::Write;
use std::time::Duration;

use console::style;
use serde_json::Value;

use rootwatch_cloud::trace::Entry;

use super::{clean, explain};
use crate::cloud::Found;
use crate::runner::{Compared, Finished, Message, Outcome, RunEvent, Status, Summary, shell_word};
use crate::scenario::StoppedAt;

/// How many lines of a trace are shown below a failure. What is tried again for a day would fill the screen.
const WAY_LINES: usize = 60;

/// The human report as it is written: each scenario's line, with its details, as soon as it has ended.
#[derive(Debug, Default)]
pub(super) struct Human {
    width: usize,
}

impl Human {
    /// The text that an event adds.
    pub(super) fn event(&mut self, event: RunEvent<'_>, details: bool) -> String {
        match event {
            RunEvent::Planned(plan) => {
                self.width = width(plan.scenarios.iter().map(String::as_str));
                String::new()
            }
            RunEvent::Scenario(outcome) => {
                let mut text = line(outcome, self.width, details);
                if is_wrong(outcome) {
                    failure(&mut text, outcome);
                }
                text
            }
            RunEvent::Finished(run) => summary(run),
            RunEvent::Stage(..) | RunEvent::Note(_) | RunEvent::Deployed(..) => String::new(),
        }
    }
}

/// Renders a run. `details` adds what each sink received.
pub fn human(run: &Finished<'_>, details: bool) -> String {
    let width = width(run.outcomes.iter().map(|outcome| outcome.name.as_str()));
    let mut text: String = run.outcomes.iter().map(|outcome| line(outcome, width, details)).collect();
    for outcome in run.outcomes.iter().filter(|outcome| is_wrong(outcome)) {
        failure(&mut text, outcome);
    }
    text + &summary(run)
}

fn width<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names.map(|name| name.chars().count()).max().unwrap_or(0).min(60)
}

pub(super) fn is_wrong(outcome: &Outcome) -> bool {
    matches!(outcome.status, Status::Failed | Status::Error)
}

/// The line of a scenario, with what it received if that is asked for.
fn line(outcome: &Outcome, width: usize, details: bool) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{} {:width$} {}", mark(outcome.status), clean(&outcome.name), clean(&way(outcome)));
    for found in outcome.differences.iter().filter(|found| outcome.status != Status::NotRun && shown(found, details)) {
        let _ = writeln!(text, "             otherwise than AWS ({}): {}", found.difference.name(), found.what);
    }
    if details || outcome.status == Status::Observed {
        received(&mut text, outcome);
    }
    if let (Status::Observed, Some(hop)) = (outcome.status, outcome.broken_hop.as_deref()) {
        let _ = writeln!(text, "             {}", clean(hop));
    }
    text
}

/// The counts, and the commands that repeat what failed.
fn summary(run: &Finished<'_>) -> String {
    let mut text = String::new();
    let wrong: Vec<&Outcome> = run.outcomes.iter().filter(|outcome| is_wrong(outcome)).collect();
    if !wrong.is_empty() && run.outcomes.len() > 1 {
        let _ = writeln!(text);
    }
    for outcome in wrong.iter().filter(|_| run.outcomes.len() > 1) {
        let _ = writeln!(text, "{} {}: {}", mark(outcome.status), clean(&outcome.name), outcome.rerun);
    }
    let summary = Summary::of(run.outcomes);
    let _ = write!(text, "\n{} passed, {} failed", summary.passed, summary.failed + summary.errors);
    if summary.observed > 0 {
        let _ = write!(text, ", {} observed (no `expect`)", summary.observed);
    }
    if summary.not_run > 0 {
        let _ = write!(text, ", {} not run on this cloud", summary.not_run);
    }
    let _ = writeln!(text, "; {} cloud, {}", run.cloud, elapsed(run.elapsed));
    text
}

/// Real time, in the unit that a person would use.
pub(super) fn elapsed(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// What touches every scenario of a cloud alike is said with the details.
fn shown(found: &Found, details: bool) -> bool {
    details || !found.is_common()
}

fn mark(status: Status) -> console::StyledObject<&'static str> {
    match status {
        Status::Passed => style("  ok      ").green(),
        Status::Failed => style("  FAILED  ").red().bold(),
        Status::Observed => style("  observed").yellow(),
        Status::Error => style("  ERROR   ").red().bold(),
        Status::NotRun => style("  not run ").yellow(),
    }
}

/// Where it went, in a few words.
pub(super) fn way(outcome: &Outcome) -> String {
    if outcome.status == Status::Error {
        return String::new();
    }
    if outcome.status == Status::NotRun {
        return outcome.differences.iter().map(|found| found.what.as_str()).collect::<Vec<_>>().join("; ");
    }
    let mut parts = Vec::new();
    let mut count = |n: u64, what: &str| {
        if n > 0 {
            parts.push(if n == 1 { what.to_owned() } else { format!("{n} × {what}") });
        }
    };
    count(outcome.alerts.login, "root login alert");
    count(outcome.alerts.activity, "root activity alert");
    count(outcome.alerts.tampering, "tampering alert");
    count(outcome.alerts.health, "health message");
    let mut sinks = Vec::new();
    for (n, sink) in
        [(outcome.sinks.slack, "Slack"), (outcome.sinks.pagerduty, "PagerDuty"), (outcome.sinks.email, "email")]
    {
        match n {
            0 => {}
            1 => sinks.push(sink.to_owned()),
            n => sinks.push(format!("{sink} × {n}")),
        }
    }
    let mut way = match outcome.stopped_at {
        None if parts.is_empty() => "nothing entered".to_owned(),
        None => parts.join(", "),
        Some(StoppedAt::Rule) => "silent: no rule wanted it".to_owned(),
        Some(StoppedAt::Triage) => "silent: triage decided that it is none".to_owned(),
        Some(StoppedAt::NoSpoke) => "no spoke there: nobody saw it".to_owned(),
        Some(StoppedAt::Undelivered) => "lost on the way".to_owned(),
    };
    if !sinks.is_empty() {
        let _ = write!(way, " → {}", sinks.join(", "));
    }
    if outcome.dead_letters > 0 {
        let _ = write!(way, " ({} in dead-letter queues)", outcome.dead_letters);
    }
    way
}

fn received(text: &mut String, outcome: &Outcome) {
    for message in &outcome.messages {
        let _ = writeln!(text, "             {:<9} {}", message.to, clean(&gist(message)));
    }
    for (note, times) in counted_notes(&outcome.notes) {
        let _ = writeln!(text, "             {}", style(format!("{}{times}", clean(note))).dim());
    }
}

/// The line of a message that a person would read first.
pub(crate) fn gist(message: &Message) -> String {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let body = &message.body;
    let found = match message.to.as_str() {
        "slack" => text(&body["text"]),
        "pagerduty" => text(&body["payload"]["summary"]),
        "email" => text(&body["subject"]),
        "health" => {
            text(&body["AlarmName"]).map(|name| format!("{name} is {}", body["NewStateValue"].as_str().unwrap_or("?")))
        }
        _ => text(&body["title"]),
    };
    let line = found.unwrap_or_else(|| body.to_string());
    let line = line.lines().next().unwrap_or_default();
    line.chars().take(110).collect()
}

/// What was expected against what was found, line by line; what is not of that kind is said in words.
fn difference(text: &mut String, outcome: &Outcome) {
    let said: Vec<String> = outcome.compared.iter().map(ToString::to_string).collect();
    for failure in outcome.failures.iter().filter(|failure| !said.contains(failure)) {
        let _ = writeln!(text, "     {}", clean(failure));
    }
    if outcome.compared.iter().all(Compared::agrees) {
        return;
    }
    let _ = writeln!(text, "     {} {}", style("- expected").green(), style("+ found").red());
    for Compared { what, expected, found } in &outcome.compared {
        if expected == found {
            let _ = writeln!(text, "       {}", clean(&format!("{what}: {found}")));
        } else {
            let _ = writeln!(text, "     {}", style(clean(&format!("- {what}: {expected}"))).green());
            let _ = writeln!(text, "     {}", style(clean(&format!("+ {what}: {found}"))).red());
        }
    }
}

fn failure(text: &mut String, outcome: &Outcome) {
    let _ = writeln!(text, "\n{} {}", style("----").red(), style(clean(&outcome.name)).bold());
    if !outcome.title.is_empty() {
        let _ = writeln!(text, "     {}", clean(&outcome.title));
    }
    difference(text, outcome);
    if let Some(hop) = &outcome.broken_hop {
        let _ = writeln!(text, "     {} {}", style("the hop that broke:").bold(), clean(hop));
    }
    for (note, times) in counted_notes(&outcome.notes) {
        let _ = writeln!(text, "     {}{times}", clean(note));
    }
    if !outcome.trace.is_empty() {
        let _ = writeln!(text, "     trace of the event:");
    }
    if outcome.entries.is_empty() {
        // Clouds behind an endpoint keep no trace; what was seen from outside is all there is.
        for entry in &outcome.trace {
            let _ = writeln!(text, "       {}", clean(entry));
        }
    } else {
        path(text, outcome);
        if let Some((noun, advice)) = explain::first_advice(outcome) {
            let _ = writeln!(text, "     {} for the {noun}: {advice}", style("what to try first,").bold());
        }
    }
    let _ = writeln!(text, "     run it alone: {}", outcome.rerun);
}

/// The event's path; of a long one the beginning and the part around the break.
fn path(text: &mut String, outcome: &Outcome) {
    let rendered = |entries: &[Entry]| {
        let mut way = String::new();
        explain::way(&mut way, entries, false);
        way
    };
    let way = rendered(&outcome.entries);
    let lines: Vec<&str> = way.trim().lines().collect();
    let hop = outcome.broken_hop.as_deref().unwrap_or_default();
    let broken = outcome.entries.iter().position(|entry| !hop.is_empty() && hop.starts_with(&entry.to_string()));
    let end = broken.map_or(0, |place| rendered(&outcome.entries[..=place]).trim().lines().count());
    // A few lines after the break show what came of it.
    let last = lines.len().min((end + WAY_LINES / 4).max(WAY_LINES));
    let first = if last <= WAY_LINES { 0 } else { last - WAY_LINES * 3 / 4 };
    let head = first.min(WAY_LINES / 4);
    for line in &lines[..head] {
        let _ = writeln!(text, "     {line}");
    }
    if first > head {
        let _ = writeln!(text, "     … {} more lines", first - head);
    }
    for line in &lines[first..last] {
        let _ = writeln!(text, "     {line}");
    }
    if lines.len() > last {
        let _ = writeln!(text, "     … {} more lines", lines.len() - last);
    }
    if lines.len() > WAY_LINES {
        let _ = writeln!(text, "     the whole path: cargo run -- explain {}", shell_word(&outcome.path));
    }
}

/// Each note once, with how often it occurs.
fn counted_notes(notes: &[String]) -> Vec<(&str, String)> {
    let mut counted: Vec<(&str, usize)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for note in notes {
        match places.get(note.as_str()) {
            Some(place) => counted[*place].1 += 1,
            None => {
                places.insert(note, counted.len());
                counted.push((note, 1));
            }
        }
    }
    let times = |count: usize| if count == 1 { String::new() } else { format!(" (× {count})") };
    counted.into_iter().map(|(note, count)| (note, times(count))).collect()
}

#[cfg(test)]
mod tests {
    use rootwatch_cloud::time::Time;
    use rootwatch_cloud::trace::{Hop, Outcome as Ended};

    use super::*;
    use crate::scenario::Expectation;

    /// Whatever the input holds, and however long the path is: the break is shown, and notes once.
    #[test]
    fn a_late_break_is_shown_and_input_is_escaped() {
        let entry = |n: usize, outcome: Ended| Entry {
            at: Time::parse("2026-03-02T09:14:12Z").unwrap(),
            hop: Hop::Queue,
            resource: format!("queue-{n}"),
            outcome,
            detail: "\u{1b}[2Jevil".to_owned(),
            principal: None,
            decision: None,
        };
        let mut outcome = Outcome::error("a\u{1b}[31m", "a.json".into(), "\u{7}failed".into());
        outcome.status = Status::Failed;
        outcome.notes = vec!["the same".to_owned(); 2000];
        outcome.entries = (0..100).map(|n| entry(n, if n == 90 { Ended::Lost } else { Ended::Delivered })).collect();
        outcome.broken_hop = Some(outcome.entries[90].to_string());
        let text = console::strip_ansi_codes(&human(&Finished::of(&[outcome]), false)).into_owned();
        assert!(text.contains("queue-0\n") && text.contains("queue-90\n") && !text.contains("queue-50\n"), "{text}");
        assert_eq!(text.matches("the same").count(), 1, "{text}");
        assert!(text.contains("the same (× 2000)") && text.contains("the whole path: cargo run -- explain"), "{text}");
        assert!(!text.contains(['\u{1b}', '\u{7}']) && text.contains("\\u{7}failed"), "{text}");
        assert!(text.lines().count() < WAY_LINES + 20, "{text}");
    }

    #[test]
    fn a_failure_shows_expected_against_found() {
        let expected = Expectation { login: 1, mentions: vec!["MFA".into()], ..Expectation::default() };
        let mut outcome = Outcome::error("login/a", "scenarios/login/a.json".into(), "it was refused".into());
        outcome.status = Status::Failed;
        outcome.alerts.login = 1;
        outcome.sinks.pagerduty = 1;
        outcome.sinks.email = 2;
        outcome.compared = crate::runner::compared(&expected, &outcome);
        outcome.failures.extend(crate::runner::differences(&expected, &outcome));
        let text = console::strip_ansi_codes(&human(&Finished::of(&[outcome]), false)).into_owned();
        for line in [
            "---- login/a",
            "     it was refused",
            "     - expected + found",
            "       root login alerts: 1",
            "     - messages to Slack: 1\n     + messages to Slack: 0",
            "       events to PagerDuty: 1",
            "     - e-mails: 1\n     + e-mails: 2",
            "     - a message that mentions `MFA`: yes\n     + a message that mentions `MFA`: no",
            "     run it alone: cargo run -- run scenarios/login/a.json",
        ] {
            assert_eq!(text.matches(&format!("{line}\n")).count(), 1, "`{line}` is not once in\n{text}");
        }
    }
}
