//! Reports of a smoke test.

use std::fmt::Write;

use console::style;

use super::clean;
use crate::smoke::Smoke;

/// For people.
pub fn human(smoke: &Smoke) -> String {
    let mut text = String::new();
    for check in &smoke.checks {
        let word = match check.passed {
            true => style("ok    ").green(),
            false => style("FAILED").red().bold(),
        };
        let _ = writeln!(text, "{word}  {} ({:.1} s): {}", check.name, check.seconds, check.detail);
    }
    let _ = writeln!(text, "\nAssumptions (docs/assumptions.md)");
    for settled in &smoke.assumptions {
        let found = match settled.alternatives.as_slice() {
            [] => "not settled".to_owned(),
            found => found.join(" or "),
        };
        let note = match settled.is_default {
            true => "as in the embedded cloud",
            false => "otherwise than in the embedded cloud; the monitor works under each alternative",
        };
        let _ = writeln!(text, "  {}={found}: {}; {note}", settled.assumption, settled.detail);
    }
    for (assumption, reason) in &smoke.open {
        let _ = writeln!(text, "  {assumption}: not probed: {reason}");
    }
    let passed = smoke.checks.iter().filter(|check| check.passed).count();
    let _ = writeln!(text, "\n{passed} of {} probes passed on {}", smoke.checks.len(), smoke.cloud);
    clean(&text)
}

/// One JSON object.
pub fn json(smoke: &Smoke) -> String {
    let mut value = serde_json::to_value(smoke).unwrap_or_default();
    value["passed"] = smoke.passed().into();
    serde_json::to_string_pretty(&value).unwrap_or_default()
}
