//! Reports of a verification.

use std::fmt::Write;

use console::style;
use maud::{Markup, html};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;

use super::github::{data, property};
use super::html::{document, scenario};
use super::{clean, explain, human_of, junit as junit_report, mutants as mutants_report};
use crate::mutants;
use crate::runner::{Outcome, Status};
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
    /// Scenarios of the command line, as they ran on the twin.
    pub scenarios: Vec<Outcome>,
    /// Mutants of the twin; `None` if none were tested. Their report has a JSON form of its own.
    #[serde(skip)]
    pub mutants: Option<mutants::Report>,
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
            scenarios: Vec::new(),
            mutants: None,
            not_verified: snapshot.not_verified.iter().cloned().collect(),
            resources: snapshot.items.len(),
        }
    }

    /// Returns true if every event raises an alert that every alerter receives, no scenario fails, and nothing was found or has
    /// drifted.
    pub fn is_clean(&self) -> bool {
        let monitored = self.probed.iter().all(|probed| probed.verdict == Verdict::Monitored);
        let drifted = self.drift.as_ref().is_some_and(|drift| !drift.is_empty());
        monitored && self.failed().next().is_none() && self.findings.is_empty() && !drifted
    }

    /// The scenarios that fail on the twin.
    fn failed(&self) -> impl Iterator<Item = &Outcome> {
        self.scenarios.iter().filter(|outcome| matches!(outcome.status, Status::Failed | Status::Error))
    }

    /// Accounts and Regions, each once.
    fn places(&self) -> Vec<(&str, &str)> {
        let mut places: Vec<(&str, &str)> = Vec::new();
        for probed in &self.probed {
            let place = (probed.account.as_str(), probed.region.as_str());
            if !places.contains(&place) {
                places.push(place);
            }
        }
        places
    }

    /// The event of a kind in an account and Region, if one was injected.
    fn of(&self, (account, region): (&str, &str), kind: Kind) -> Option<&Probed> {
        self.probed.iter().find(|it| (it.account.as_str(), it.region.as_str(), it.kind) == (account, region, kind))
    }

    /// The last line: what is monitored, and what was read for it.
    fn summary(&self) -> String {
        let places = self.places();
        let is_monitored = |place: &&(&str, &str)| {
            let mut kinds = Kind::ALL.into_iter().filter_map(|kind| self.of(**place, kind));
            kinds.all(|probed| probed.verdict == Verdict::Monitored)
        };
        let (monitored, all) = (places.iter().filter(is_monitored).count(), places.len());
        format!(
            "{monitored} of {all} accounts and Regions monitored, {} findings; {} resources of {} read",
            self.findings.len(),
            self.resources,
            self.bus
        )
    }
}

/// For people: a table of accounts and Regions, then everything that is wrong with its reason.
pub fn human(report: &Verification) -> String {
    let mut text =
        format!("{:<14} {:<16} {:<16} {:<16} {}\n", "account", "region", "root login", "root activity", "read-only");
    for place @ (account, region) in report.places() {
        let [login, activity, read_only] =
            Kind::ALL.map(|kind| report.of(place, kind).map_or("-", |it| word(it.verdict)));
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
    for outcome in report.failed() {
        text.push_str(&human_of("twin", outcome));
    }
    let mutants = report.mutants.as_ref();
    let mutants = mutants.map(|mutants| format!("\nMutants of the twin\n{}", mutants_report::human(mutants)));
    let _ = writeln!(text, "{}\n{}", mutants.unwrap_or_default(), report.summary());
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
    value["mutants"] = report.mutants.as_ref().map(mutants_report::value).into();
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
    for outcome in report.failed() {
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

/// JUnit XML: a suite for each account, one for what was found, and those of the scenarios.
pub fn junit(report: &Verification) -> String {
    let mut suites: Vec<TestSuite> = Vec::new();
    for probed in &report.probed {
        if suites.last().is_none_or(|suite| suite.name.as_str() != probed.account) {
            suites.push(TestSuite::new(probed.account.as_str()));
        }
        let status = match probed.verdict {
            Verdict::Monitored => TestCaseStatus::success(),
            verdict => failed(predicate(verdict), &reason(probed)),
        };
        if let Some(suite) = suites.last_mut() {
            suite.add_test_case(TestCase::new(format!("{} root {}", probed.region, probed.kind.name()), status));
        }
    }
    for (name, remarks) in [("findings", Some(&report.findings)), ("drift", report.drift.as_ref())] {
        let Some(remarks) = remarks else { continue };
        let mut suite = TestSuite::new(name);
        if remarks.is_empty() {
            suite.add_test_case(TestCase::new("none", TestCaseStatus::success()));
        }
        for remark in remarks {
            suite.add_test_case(TestCase::new(remark.resource.as_str(), failed(&remark.text, &remark.text)));
        }
        suites.push(suite);
    }
    suites.extend(junit_report::suites(&report.scenarios));
    let mut xml = quick_junit::Report::new("rootwatch verify");
    xml.add_test_suites(suites);
    xml.to_string().unwrap_or_else(|error| format!("<!-- {error} -->"))
}

fn failed(message: &str, description: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(message);
    status.set_description(description);
    status
}

/// One self-contained page, for an auditor.
pub fn page(report: &Verification) -> String {
    let clean = report.is_clean();
    let broken: Vec<&Probed> = report.probed.iter().filter(|it| it.verdict != Verdict::Monitored).collect();
    let body = html! {
        header {
            h1 { "Rootwatch: verification" }
            p { strong .good[clean] .bad[!clean] { (report.summary()) } }
            p .note { (crate::deployment::now().iso_seconds()) ", rootwatch " (env!("CARGO_PKG_VERSION")) }
        }
        main {
            div .table .counts { table {
                tr { @for name in ["Account", "Region", "Root login", "Root activity", "Read-only"] { th { (name) } } }
                @for place in report.places() {
                    tr {
                        td { (place.0) }
                        td { (place.1) }
                        @for found in Kind::ALL.map(|kind| report.of(place, kind).map(|it| it.verdict)) {
                            td .bad[found.is_some_and(|it| it != Verdict::Monitored)] { (found.map_or("-", word)) }
                        }
                    }
                }
            } }
            @if !broken.is_empty() {
                section {
                    h2 { "Not monitored " small { (broken.len()) } }
                    @for probed in broken {
                        p .bad { (probed.account) " " (probed.region) ": root " (probed.kind.name()) " " (predicate(probed.verdict)) }
                        pre { (reason(probed)) }
                        (scenario(&probed.outcome))
                    }
                }
            }
            (remarks("Findings", Some(&report.findings)))
            (remarks("Drift", report.drift.as_ref()))
            (remarks("Not verified", Some(&report.not_verified)))
            @if !report.scenarios.is_empty() {
                section {
                    h2 { "Scenarios " small { (report.scenarios.len()) } }
                    @for outcome in &report.scenarios { (scenario(outcome)) }
                }
            }
            @if let Some(mutants) = &report.mutants { (mutants_report::sections(mutants)) }
        }
    };
    document("Rootwatch: verification", &body)
}

/// A section of the page; of what was not looked for, none.
fn remarks(title: &str, remarks: Option<&Vec<Remark>>) -> Markup {
    html! {
        @if let Some(remarks) = remarks {
            section {
                h2 { (title) " " small { (remarks.len()) } }
                @for remark in remarks { p { code { (remark.resource) } ": " (remark.text) } }
            }
        }
    }
}
