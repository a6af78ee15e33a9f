//! One self-contained page: the way of the monitor drawn, each scenario with its own way on it. It can be read without
//! JavaScript; with it, it can be searched.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use rootwatch_cloud::trace::{Entry, Hop, Outcome as Ended};

use super::human::{self, gist, is_wrong, way};
use super::topology::{self, Stop};
use crate::runner::{Finished, Outcome, Status, Summary};

const STYLE: &str = include_str!("html.css");
const SCRIPT: &str = include_str!("html.js");

/// Entries of a way that are shown: a visit of sixty calls has thousands, all alike.
const SHOWN: usize = 250;

/// A self-contained page with this title and body.
pub(super) fn document(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    page.into_string()
}

/// Renders a run.
pub fn page(run: &Finished<'_>) -> String {
    let Finished { cloud, outcomes, elapsed, command } = *run;
    let summary = Summary::of(outcomes);
    let failed = summary.failed + summary.errors;
    let (wrong, right): (Vec<&Outcome>, Vec<&Outcome>) = outcomes.iter().partition(|outcome| is_wrong(outcome));
    let body = html! {
        header {
            h1 { "Rootwatch" }
            p {
                strong .good { (summary.passed) " passed" } ", "
                strong .bad[failed > 0] { (failed) " failed" }
                @if summary.observed > 0 { ", " (summary.observed) " observed" }
                ", on the " (cloud) " cloud"
            }
            p .note {
                (crate::deployment::now().iso_seconds()) ", " (human::elapsed(elapsed)) ", rootwatch " (env!("CARGO_PKG_VERSION"))
                @if !command.is_empty() { ", " code { (command) } }
            }
        }
        main {
            figure {
                (PreEscaped(topology::svg(&[])))
                figcaption { "Path of an event. ▤: queue with its dead-letter queue; λ: function that consumes it." }
            }
            p #search hidden {
                input type="search" aria-label="Search" placeholder="Search: name, text, ARN …";
                label { input type="checkbox"; " only what failed" }
                output {}
            }
            @if !wrong.is_empty() {
                section {
                    h2 { "Failed " small { (wrong.len()) } }
                    @for outcome in &wrong { (scenario(outcome)) }
                }
            }
            @for group in right.chunk_by(|one, other| folder(one) == folder(other)) {
                section {
                    @if let Some(first) = group.first() && !folder(first).is_empty() {
                        h2 { (folder(first)) " " small { (group.len()) } }
                    }
                    @for outcome in group { (scenario(outcome)) }
                }
            }
        }
        script { (PreEscaped(SCRIPT)) }
    };
    document(&format!("Rootwatch: {} passed, {failed} failed", summary.passed), &body)
}

/// The folder of a scenario, as its name says it.
fn folder(outcome: &Outcome) -> &str {
    outcome.name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A scenario, folded unless it is wrong.
pub(super) fn scenario(outcome: &Outcome) -> Markup {
    let (class, word) = match outcome.status {
        Status::Passed => ("good", "ok"),
        Status::Failed => ("bad", "failed"),
        Status::Observed => ("plain", "observed"),
        Status::Error => ("bad", "error"),
        Status::NotRun => ("plain", "not run"),
    };
    let wrong = class == "bad";
    html! {
        details .scenario id=(outcome.name) data-status=(class) open[wrong] {
            summary {
                span class={ "mark " (class) } { (word) }
                span .what {
                    @if !outcome.title.is_empty() { (outcome.title) " " }
                    code { (outcome.name) }
                }
                span .way-out { (way(outcome)) }
            }
            div .inside {
                @for failure in &outcome.failures { p .bad { (with_code(failure)) } }
                @if let Some(hop) = &outcome.broken_hop { p { strong { "Broken hop: " } (with_code(hop)) } }
                @for note in &outcome.notes { p .note { (with_code(note)) } }
                @if wrong { p { "Run it alone: " code { (outcome.rerun) } } }
                @if !outcome.entries.is_empty() {
                    figure { (PreEscaped(topology::svg(&stops(outcome)))) }
                }
                @for message in &outcome.messages {
                    details {
                        summary { "to " (message.to) ": " (gist(message)) }
                        pre { (serde_json::to_string_pretty(&message.body).unwrap_or_default()) }
                    }
                }
                @if !outcome.entries.is_empty() { (entries(&outcome.entries, wrong)) }
            }
        }
    }
}

/// Renders text between backticks as code.
fn with_code(text: &str) -> Markup {
    html! {
        @for (n, part) in text.split('`').enumerate() {
            @if n % 2 == 0 { (part) } @else { code { (part) } }
        }
    }
}

/// The way, hop by hop.
fn entries(entries: &[Entry], open: bool) -> Markup {
    html! {
        details open[open] {
            summary { "path, hop by hop" }
            div .table { table {
                thead { tr { th { "time" } th { "hop" } th { "" } th { "resource and detail" } } }
                tbody {
                    @for entry in entries.iter().take(SHOWN) {
                        tr .bad[entry.is_trouble()] .dim[entry.outcome == Ended::NotMatched] {
                            td { (entry.at.iso_millis()) }
                            td { (word(&entry.hop)) }
                            td { (word(&entry.outcome)) }
                            td {
                                code { (entry.resource) } br; (with_code(&entry.detail))
                                @if let Some(decision) = &entry.decision {
                                    br; em {
                                        (entry.principal.as_deref().unwrap_or("?"))
                                        (if decision.allowed { " is allowed" } else { " is denied" })
                                        @match &decision.statement {
                                            Some(statement) => { " by " (statement) }
                                            None => { " " (decision.because) }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            } }
            @if entries.len() > SHOWN {
                p .note { (entries.len() - SHOWN) " more; `rootwatch explain` shows all" }
            }
        }
    }
}

/// The name that the trace has for it, with blanks.
fn word(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().replace('-', " ")
}

/// Which places of the picture an event passed, and where it met trouble.
fn stops(outcome: &Outcome) -> Vec<(Stop, bool)> {
    let mut stops = Vec::new();
    for entry in &outcome.entries {
        if entry.outcome == Ended::NotMatched {
            continue;
        }
        let name = &entry.resource;
        let stop = match entry.hop {
            Hop::CloudTrail if !name.contains(":log-group:") => Stop::CloudTrail,
            Hop::CloudTrail => Stop::LogGroup,
            Hop::MetricFilter => Stop::MetricFilter,
            Hop::Alarm if name.ends_with("log-alarm") => Stop::Alarm,
            Hop::Alarm => Stop::Health,
            Hop::Bus if name.ends_with("/default") => Stop::DefaultBus,
            Hop::Bus => Stop::HubBus,
            Hop::Rule if name.contains("rule/hub-root-activity/") => Stop::HubRule,
            Hop::Rule => Stop::SpokeRule,
            // What the hub refused never came to its bus.
            Hop::Target if entry.is_trouble() && name.ends_with("/hub-root-activity") => Stop::HubBus,
            Hop::Target | Hop::Subscription => continue,
            Hop::Function | Hop::Queue | Hop::EventSourceMapping if name.contains("triage") => Stop::Triage,
            Hop::Function | Hop::Queue | Hop::EventSourceMapping if name.contains("slack") => Stop::Slack,
            Hop::Function | Hop::Queue | Hop::EventSourceMapping if name.contains("pagerduty") => Stop::PagerDuty,
            Hop::Function | Hop::Queue | Hop::EventSourceMapping if name.contains("email") => Stop::Email,
            Hop::Topic | Hop::Api if name.contains("root-login") => Stop::Login,
            Hop::Topic | Hop::Api if name.contains("root-activity") => Stop::Activity,
            Hop::Topic | Hop::Api if name.contains("tampering") => Stop::Tampering,
            Hop::Email => Stop::Email,
            _ => continue,
        };
        stops.push((stop, entry.is_trouble()));
    }
    stops
}
