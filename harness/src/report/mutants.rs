//! Reports of a mutation test.

use std::fmt::Write;
use std::io;
use std::path::Path;

use console::style;
use maud::{Markup, html};
use serde_json::Value;

use super::clean;
use super::github::{data, property, relative_path};
use super::html::document;
use super::human::elapsed;
use crate::mutants::outcome::Counts;
use crate::mutants::{Report, Tested, Verdict};

/// For people: what was missed with what it means, a table by operator, the score.
pub fn human(report: &Report) -> String {
    let mut text = String::new();
    for tested in report.with("missed") {
        let _ = writeln!(text, "{}", missed(tested));
    }
    for tested in report.with("timeout") {
        let _ = writeln!(text, "{} {}", style("timeout").yellow().bold(), tested.mutant.id);
    }
    for wrong in &report.false_declarations {
        let _ = writeln!(text, "{} mutants.toml: {wrong}", style("error").red().bold());
    }
    text.push_str(&table(report));
    if !report.excluded.is_empty() {
        let _ = writeln!(text, "\nNot mutated:");
        for excluded in &report.excluded {
            let _ = writeln!(text, "  {} ({}): {}", excluded.what, excluded.count, excluded.reason);
        }
    }
    if !report.left_out.is_empty() {
        let (count, names) = (report.left_out.len(), report.left_out.join(", "));
        let _ = writeln!(text, "\n{count} scenarios do not pass on the unmutated deployment and are left out: {names}");
    }
    let _ = writeln!(text, "\n{}", summary(report));
    clean(&text)
}

/// The mutants of a report, a line each, without verdicts.
pub fn list(report: &Report) -> String {
    let mut text = String::new();
    for tested in &report.mutants {
        let mutant = &tested.mutant;
        let at = mutant.location.as_ref().map(|location| format!("  {location}")).unwrap_or_default();
        let _ = writeln!(text, "{}: {} → {}{at}", mutant.id, mutant.before, mutant.after);
    }
    let _ = writeln!(text, "{} mutants", report.mutants.len());
    text
}

fn missed(tested: &Tested) -> String {
    let mutant = &tested.mutant;
    let mut text = format!("{}  {}\n", style("missed").red().bold(), mutant.id);
    let _ = writeln!(text, "        {} → {}", mutant.before, mutant.after);
    if let Some(location) = &mutant.location {
        let _ = writeln!(text, "        {location}");
    }
    if let Some(impact) = &tested.impact {
        let _ = writeln!(text, "        {impact}");
    }
    if let Verdict::Missed { scenarios } = tested.verdict {
        let ran = match scenarios {
            0 => "no scenario uses the resource".to_owned(),
            count => format!("{count} scenarios use the resource, and all pass"),
        };
        let _ = write!(text, "        {ran}");
    }
    text
}

fn table(report: &Report) -> String {
    let rows = report.by_operator();
    let width = rows.iter().map(|(operator, _)| operator.name().len()).max().unwrap_or(8).max("operator".len());
    let mut text = format!(
        "{:<width$} {:>7} {:>7} {:>7} {:>8} {:>8} {:>10}\n",
        "operator", "mutants", "caught", "missed", "timeout", "unviable", "equivalent"
    );
    let total = report.counts();
    let rows = rows.iter().map(|(operator, counts)| (operator.name(), *counts)).chain([("all", total)]);
    for (name, Counts { total, caught, missed, timeout, unviable, equivalent }) in rows {
        let _ = writeln!(
            text,
            "{name:<width$} {total:>7} {caught:>7} {missed:>7} {timeout:>8} {unviable:>8} {equivalent:>10}"
        );
    }
    text
}

fn summary(report: &Report) -> String {
    let counts = report.counts();
    let seconds = report.elapsed.as_secs_f64();
    let rate = if seconds > 0.0 { counts.total as f64 / seconds } else { 0.0 };
    format!(
        "score {:.1} %: {} of {} viable mutants caught, {} missed, {} declared equivalent, {} unviable; {} scenarios, {} attacks, \
         {} runs in {} ({rate:.0} mutants/s)",
        counts.score(),
        counts.caught + counts.timeout,
        counts.caught + counts.timeout + counts.missed,
        counts.missed,
        counts.equivalent,
        counts.unviable,
        report.scenarios,
        report.attacks,
        report.runs,
        elapsed(report.elapsed),
    )
}

/// One JSON object: the same as `outcomes.json`.
pub fn json(report: &Report) -> String {
    serde_json::to_string_pretty(&value(report)).unwrap_or_default()
}

pub(super) fn value(report: &Report) -> Value {
    let mut value = serde_json::to_value(report).unwrap_or_default();
    let counts = report.counts();
    value["counts"] = serde_json::to_value(counts).unwrap_or_default();
    value["score"] = counts.score().into();
    let by: serde_json::Map<_, _> = report
        .by_operator()
        .into_iter()
        .map(|(operator, counts)| (operator.name().to_owned(), serde_json::to_value(counts).unwrap_or_default()))
        .collect();
    value["operators"] = by.into();
    value
}

/// Annotations of GitHub Actions: a missed mutant at its line of Terraform.
pub fn github(report: &Report) -> String {
    let mut text = String::new();
    for tested in report.with("missed") {
        let mutant = &tested.mutant;
        let impact = tested.impact.as_deref().unwrap_or_default();
        let words = format!("{}: {} → {}\n{impact}", mutant.id, mutant.before, mutant.after);
        let place = mutant
            .location
            .as_ref()
            .map(|location| format!("file={},line={},", property(&relative_path(&location.file)), location.line));
        let (place, words) = (place.unwrap_or_default(), data(&words));
        let _ = writeln!(text, "::warning {place}title=missed mutant::{words}");
    }
    for wrong in &report.false_declarations {
        let _ = writeln!(text, "::error title=mutants.toml::{}", data(wrong));
    }
    let _ = writeln!(text, "{}", summary(report));
    text
}

/// One self-contained page.
pub fn html(report: &Report) -> String {
    let counts = report.counts();
    let body = html! {
        header {
            h1 { "Mutants" }
            p { strong .bad[counts.missed > 0] .good[counts.missed == 0] { (format!("{:.1} %", counts.score())) } }
            p .note { (summary(report)) }
        }
        main { (sections(report)) }
    };
    document(&format!("Rootwatch mutants: {:.1} %", counts.score()), &body)
}

/// The table by operator, and every mutant by its verdict.
pub(super) fn sections(report: &Report) -> Markup {
    html! {
        section {
            h2 { "Operators" }
            div .table .counts { table {
                tr { th { "operator" } th { "mutants" } th { "caught" } th { "missed" } th { "timeout" } th { "unviable" } th { "equivalent" } }
                @for (operator, counts) in report.by_operator() {
                    tr .bad[counts.missed > 0] {
                        td { (operator.name()) } td { (counts.total) } td { (counts.caught) } td { (counts.missed) }
                        td { (counts.timeout) } td { (counts.unviable) } td { (counts.equivalent) }
                    }
                }
            } }
        }
        @for name in ["missed", "timeout", "equivalent", "unviable", "caught"] {
            @let mutants: Vec<&Tested> = report.with(name).collect();
            @if !mutants.is_empty() {
                section {
                    h2 { (name) " " small { (mutants.len()) } }
                    @for tested in mutants { (mutant(tested)) }
                }
            }
        }
        section {
            h2 { "Not mutated" }
            @for excluded in &report.excluded {
                p .note { code { (excluded.what) } " (" (excluded.count) "): " (excluded.reason) }
            }
        }
    }
}

fn mutant(tested: &Tested) -> Markup {
    let mutant = &tested.mutant;
    let class = match tested.verdict {
        Verdict::Missed { .. } => "bad",
        Verdict::Caught { .. } => "good",
        _ => "plain",
    };
    html! {
        details .scenario {
            summary {
                span class={ "mark " (class) } { (tested.verdict.name()) }
                span .what { (mutant.operator.name()) " " code { (mutant.address) } }
                span .way-out { (mutant.before) " → " (mutant.after) }
            }
            div .inside {
                p { code { (mutant.id) } }
                @if let Some(location) = &mutant.location { p .note { (location.to_string()) } }
                @match &tested.verdict {
                    Verdict::Caught { by, how } => p { "Caught by " code { (by) } ": " (how) },
                    Verdict::Timeout { by } => p { "Did not end in time: " code { (by) } },
                    Verdict::Unviable { reason } => p { "AWS refuses it: " (reason) },
                    Verdict::Equivalent { reason } => p { "Declared equivalent: " (reason) },
                    Verdict::Missed { scenarios } => p { (scenarios) " scenarios use the resource, and all pass." },
                }
                @if let Some(impact) = &tested.impact { p .bad { (impact) } }
                @if let Some(skeleton) = &tested.skeleton {
                    pre { (serde_json::to_string_pretty(skeleton).unwrap_or_default()) }
                }
            }
        }
    }
}

/// Writes `caught.txt`, `missed.txt`, `timeout.txt`, `unviable.txt`, `equivalent.txt` and `outcomes.json`, and the override
/// files of the missed mutants below `overrides/`.
///
/// # Errors
/// When a file cannot be written.
pub fn write_folder(report: &Report, folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    write_overrides(report.with("missed"), folder)?;
    for name in ["caught", "missed", "timeout", "unviable", "equivalent"] {
        let mut text = String::new();
        for tested in report.with(name) {
            let mutant = &tested.mutant;
            let at = mutant.location.as_ref().map(|location| format!("{location}: ")).unwrap_or_default();
            let why = match &tested.verdict {
                Verdict::Caught { by, .. } | Verdict::Timeout { by } => format!(" ({by})"),
                Verdict::Unviable { reason } | Verdict::Equivalent { reason } => format!(" ({reason})"),
                Verdict::Missed { .. } => String::new(),
            };
            let _ = writeln!(text, "{at}{}{why}", mutant.id);
        }
        std::fs::write(folder.join(format!("{name}.txt")), text)?;
    }
    std::fs::write(folder.join("outcomes.json"), json(report) + "\n")
}

/// Writes the Terraform override files of mutants below `overrides/`, a folder for each, with `mutant.txt` that says which. Paths
/// are relative to the working directory. Files of an earlier run are removed.
///
/// # Errors
/// When a file cannot be written.
pub fn write_overrides<'a>(tested: impl IntoIterator<Item = &'a Tested>, folder: &Path) -> io::Result<()> {
    let overrides = folder.join("overrides");
    match std::fs::remove_dir_all(&overrides) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let here = std::env::current_dir()?;
    for (number, tested) in tested.into_iter().enumerate() {
        let (mutant, number) = (&tested.mutant, number + 1);
        let own = overrides.join(format!("{number:03}-{}", mutant.operator));
        std::fs::create_dir_all(&own)?;
        let mut text = format!("{}\n{} → {}\n", mutant.id, mutant.before, mutant.after);
        if let Some(reason) = &tested.no_override {
            let _ = writeln!(text, "no override file can make it: {reason}");
        }
        std::fs::write(own.join("mutant.txt"), text)?;
        for (path, text) in &tested.files {
            let relative = path.strip_prefix(&here).or_else(|_| path.strip_prefix("/")).unwrap_or(path);
            let file = own.join(relative);
            file.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            std::fs::write(file, text)?;
        }
    }
    Ok(())
}
