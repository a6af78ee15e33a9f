//! Reports of a verification.

use std::fmt::Write;

use console::style;
use serde::Serialize;

use super::github::{data, property};
use super::{clean, explain, human_of};
use crate::runner::Outcome;
use crate::verify::{Kind, Probed, Remark, Snapshot, Verdict};

/// The result of a verification.
#[derive(Debug, Serialize)]
pub struct Verification {
    /// The hub's bus.
    pub bus: String,
    /// By account and Region, a root event of each kind.
    pub probed: Vec<Probed>,
    /// Something that does not work, or soon will not.
    pub findings: Vec<Remark>,
    /// Differences to what Terraform would deploy; `None` if nothing was compared.
    pub drift: Option<Vec<Remark>>,
    /// Not read, or not modeled.
    pub not_verified: Vec<Remark>,
    /// Scenarios of the command line that fail on the twin.
    pub failed: Vec<Outcome>,
    /// The number of resources that were read.
    pub resources: usize,
}

impl Verification {
    /// The result of reading and probing, without a comparison with Terraform and without scenarios.
    pub fn new(bus: String, snapshot: &Snapshot, probed: Vec<Probed>) -> Self {
        Self {
            bus,
            probed,
            findings: snapshot.findings.iter().cloned().collect(),
            drift: None,
            failed: Vec::new(),
            not_verified: snapshot.not_verified.iter().cloned().collect(),
            resources: snapshot.items.len(),
        }
    }

    /// Returns true if every event raises an alert that every alerter receives, no scenario fails, and nothing was found or has
    /// drifted.
    pub fn is_clean(&self) -> bool {
        let monitored = self.probed.iter().all(|probed| probed.verdict == Verdict::Monitored);
        monitored && self.failed.is_empty() && self.findings.is_empty() && self.drift.as_ref().is_none_or(Vec::is_empty)
    }
}

/// For people: a table of accounts and Regions, then everything that is wrong with its reason.
pub fn human(report: &Verification) -> String {
    let mut text =
        format!("{:<14} {:<16} {:<16} {:<16} {}\n", "account", "region", "root login", "root activity", "read-only");
    let mut places: Vec<(&str, &str)> = Vec::new();
    for probed in &report.probed {
        let place = (probed.account.as_str(), probed.region.as_str());
        if !places.contains(&place) {
            places.push(place);
        }
    }
    for (account, region) in &places {
        let cell = |kind: Kind| {
            let of = |probed: &&Probed| (&*probed.account, &*probed.region, probed.kind) == (*account, *region, kind);
            report.probed.iter().find(of).map_or("-", |probed| word(probed.verdict))
        };
        let [login, activity, read_only] = [Kind::Login, Kind::Activity, Kind::ReadOnly].map(cell);
        let _ = writeln!(text, "{account:<14} {region:<16} {login:<16} {activity:<16} {read_only}");
    }
    // One break may stop the events of many accounts.
    let mut broken: Vec<(String, Vec<&Probed>)> = Vec::new();
    for probed in report.probed.iter().filter(|probed| probed.verdict != Verdict::Monitored) {
        let reason = reason(probed);
        match broken.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, all)) => all.push(probed),
            None => broken.push((reason, vec![probed])),
        }
    }
    for (reason, all) in broken {
        text.push('\n');
        for probed in all {
            let (account, region, kind) = (&probed.account, &probed.region, probed.kind.name());
            let heading = format!("{account} {region}: root {kind} {}", predicate(probed.verdict));
            let _ = writeln!(text, "{}", style(heading).red().bold());
        }
        text.push_str(&reason);
    }
    let mut list = |title: &str, remarks: &[Remark]| {
        if !remarks.is_empty() {
            let _ = writeln!(text, "\n{}", style(title).bold());
        }
        for Remark { resource, text: remark } in remarks {
            let _ = writeln!(text, "  {resource}: {remark}");
        }
    };
    list("Findings", &report.findings);
    list("Drift", report.drift.as_deref().unwrap_or_default());
    list("Not verified", &report.not_verified);
    for outcome in &report.failed {
        text.push_str(&human_of("twin", outcome));
    }
    let monitored = places.iter().filter(|place| {
        report
            .probed
            .iter()
            .filter(|it| (&*it.account, &*it.region) == **place)
            .all(|it| it.verdict == Verdict::Monitored)
    });
    let (monitored, all, resources) = (monitored.count(), places.len(), report.resources);
    let _ = writeln!(
        text,
        "\n{monitored} of {all} accounts and Regions monitored, {} findings; {resources} resources of {} read",
        report.findings.len(),
        report.bus
    );
    clean(&text)
}

fn predicate(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Monitored => "is monitored",
        Verdict::AlertersFail => "does not reach every alerter",
        Verdict::NotMonitored => "is NOT MONITORED",
    }
}

/// The reason that an event raises no alert, or not everywhere, without its time.
fn reason(probed: &Probed) -> String {
    let mut text = String::new();
    if !probed.silent.is_empty() {
        let _ = writeln!(text, "  no alert reaches {}", probed.silent.join(", "));
    }
    match &probed.outcome.broken_hop {
        Some(hop) => {
            let hop = hop.split_once(' ').map_or(hop.as_str(), |(_, hop)| hop);
            let _ = writeln!(text, "  the hop that fails: {hop}");
        }
        None => {
            for failure in &probed.outcome.failures {
                let _ = writeln!(text, "  {failure}");
            }
        }
    }
    if let Some((noun, advice)) = explain::first_advice(&probed.outcome) {
        let _ = writeln!(text, "  what to try first, for the {noun}: {advice}");
    }
    text
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Monitored => "monitored",
        Verdict::AlertersFail => "alerters fail",
        Verdict::NotMonitored => "NOT MONITORED",
    }
}

/// One JSON object.
pub fn json(report: &Verification) -> String {
    let mut value = serde_json::to_value(report).unwrap_or_default();
    value["clean"] = report.is_clean().into();
    serde_json::to_string_pretty(&value).unwrap_or_default()
}

/// Annotations of GitHub Actions.
pub fn github(report: &Verification) -> String {
    let mut text = String::new();
    for probed in report.probed.iter().filter(|probed| probed.verdict != Verdict::Monitored) {
        let place = format!("{} {}: root {}", probed.account, probed.region, probed.kind.name());
        let hop = probed.outcome.broken_hop.as_deref().unwrap_or("no alert");
        let title = property(&format!("{place} {}", predicate(probed.verdict)));
        let _ = writeln!(text, "::error title={title}::{}", data(hop));
    }
    for outcome in &report.failed {
        let (title, words) = (property(&outcome.name), data(&outcome.failures.join("\n")));
        let _ = writeln!(text, "::error title={title}::{words}");
    }
    for remark in report.findings.iter().chain(report.drift.iter().flatten()) {
        let (title, words) = (property(&remark.resource), data(&remark.text));
        let _ = writeln!(text, "::warning title={title}::{words}");
    }
    for remark in &report.not_verified {
        let (title, words) = (property(&remark.resource), data(&remark.text));
        let _ = writeln!(text, "::notice title={title}::{words}");
    }
    text
}
