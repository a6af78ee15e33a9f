//! Reports of the table of heartbeats.

use std::fmt::Write;

use console::style;
use maud::html;

use super::clean;
use super::html::document;
use crate::coverage::{Coverage, State};

/// For people.
pub fn human(coverage: &Coverage) -> String {
    let mut text = format!(
        "{:<14} {:<16} {:<11} {:<21} {:<21} {:<9} {}\n",
        "account", "region", "state", "last heartbeat", "last event", "version", "verified"
    );
    let or_none = |text: &Option<String>| clean(text.as_deref().unwrap_or("-"));
    for row in &coverage.rows {
        let state = format!("{:<11}", row.state.word());
        let state = match row.state {
            State::Healthy => state,
            State::Silent | State::Never => style(state).red().bold().to_string(),
        };
        let _ = writeln!(
            text,
            "{:<14} {:<16} {state} {:<21} {:<21} {:<9} {}",
            clean(&row.account),
            clean(&row.region),
            or_none(&row.last_heartbeat),
            or_none(&row.last_event),
            or_none(&row.version),
            or_none(&row.verified),
        );
    }
    let healthy = coverage.healthy();
    let _ = write!(
        text,
        "\n{healthy} of {} accounts and Regions send heartbeats; table {}, {}",
        coverage.rows.len(),
        coverage.table,
        coverage.time
    );
    if let Some(reported) = &coverage.last_report {
        let _ = write!(text, "; last report of the check: {}", clean(reported));
    }
    text
}

/// One JSON object.
pub fn json(coverage: &Coverage) -> String {
    serde_json::to_string_pretty(coverage).unwrap_or_default()
}

/// One self-contained page, for an auditor.
pub fn page(coverage: &Coverage) -> String {
    let (healthy, rows) = (coverage.healthy(), coverage.rows.len());
    let body = html! {
        header {
            h1 { "Rootwatch: coverage" }
            p { strong .good[healthy == rows] .bad[healthy < rows] { (healthy) " of " (rows) " accounts and Regions send heartbeats" } }
            p .note { "table " code { (coverage.table) } ", " (coverage.time) ", rootwatch " (env!("CARGO_PKG_VERSION")) }
        }
        main {
            div .table .counts { table {
                tr {
                    @for name in ["Account", "Region", "State", "Last heartbeat", "Last event", "Version", "Verified"] {
                        th { (name) }
                    }
                }
                @for row in &coverage.rows {
                    tr {
                        td { (row.account) }
                        td { (row.region) }
                        td .bad[row.state != State::Healthy] { (row.state.word()) }
                        @for value in [&row.last_heartbeat, &row.last_event, &row.version, &row.verified] {
                            td { (value.as_deref().unwrap_or("-")) }
                        }
                    }
                }
            } }
        }
    };
    document("Rootwatch: coverage", &body)
}
