//! The human report: a line for each scenario, failures with the event's path, a summary last.

use std::fmt::Write;
use std::time::Duration;

use console::style;
use serde_json::Value;

use super::explain;
use crate::cloud::Found;
use crate::runner::{Compared, Finished, Message, Outcome, RunEvent, Status, Summary, shell_word};
use crate::scenario::StoppedAt;

/// How much of an event's way stands below a failure. What is tried again for a day would fill the screen.
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

fn is_wrong(outcome: &Outcome) -> bool {
    matches!(outcome.status, Status::Failed | Status::Error)
}

/// The line of a scenario, with what it received if that is asked for.
fn line(outcome: &Outcome, width: usize, details: bool) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{} {:width$} {}", mark(outcome.status), outcome.name, way(outcome));
    for found in outcome.differences.iter().filter(|found| outcome.status != Status::NotRun && shown(found, details)) {
        let _ = writeln!(text, "             otherwise than AWS ({}): {}", found.difference.name(), found.what);
    }
    if details || outcome.status == Status::Observed {
        received(&mut text, outcome);
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
        let _ = writeln!(text, "{} {}: {}", mark(outcome.status), outcome.name, outcome.rerun);
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
        let _ = writeln!(text, "             {:<9} {}", message.to, gist(message));
    }
    for note in &outcome.notes {
        let _ = writeln!(text, "             {}", style(note).dim());
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
        let _ = writeln!(text, "     {failure}");
    }
    if outcome.compared.iter().all(Compared::agrees) {
        return;
    }
    let _ = writeln!(text, "     {} {}", style("- expected").green(), style("+ found").red());
    for Compared { what, expected, found } in &outcome.compared {
        if expected == found {
            let _ = writeln!(text, "       {what}: {found}");
        } else {
            let _ = writeln!(text, "     {}", style(format!("- {what}: {expected}")).green());
            let _ = writeln!(text, "     {}", style(format!("+ {what}: {found}")).red());
        }
    }
}

fn failure(text: &mut String, outcome: &Outcome) {
    let _ = writeln!(text, "\n{} {}", style("----").red(), style(&outcome.name).bold());
    if !outcome.title.is_empty() {
        let _ = writeln!(text, "     {}", outcome.title);
    }
    difference(text, outcome);
    if let Some(hop) = &outcome.broken_hop {
        let _ = writeln!(text, "     {} {hop}", style("the hop that broke:").bold());
    }
    for note in &outcome.notes {
        let _ = writeln!(text, "     {note}");
    }
    if !outcome.trace.is_empty() {
        let _ = writeln!(text, "     the way of the event:");
    }
    if outcome.entries.is_empty() {
        // Clouds behind an endpoint keep no trace; what was seen from outside is all there is.
        for entry in &outcome.trace {
            let _ = writeln!(text, "       {entry}");
        }
    } else {
        let mut way = String::new();
        explain::way(&mut way, outcome, false);
        let lines: Vec<&str> = way.trim().lines().collect();
        for line in lines.iter().take(WAY_LINES) {
            let _ = writeln!(text, "     {line}");
        }
        if lines.len() > WAY_LINES {
            let (more, file) = (lines.len() - WAY_LINES, shell_word(&outcome.path));
            let _ = writeln!(text, "     … {more} more lines: cargo run -- explain {file}");
        }
        if let Some((noun, advice)) = explain::first_advice(outcome) {
            let _ = writeln!(text, "     {} for the {noun}: {advice}", style("what to try first,").bold());
        }
    }
    let _ = writeln!(text, "     run it alone: {}", outcome.rerun);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Expectation;

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
