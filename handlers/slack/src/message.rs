//! What the channel shows: Block Kit in the colour of the severity, with a complete fallback text.
//!
//! What others wrote stands as inline code, in which Slack formats nothing, or has lost its marks; `verbatim` keeps
//! Slack from making addresses and mentions of plain text [D: Slack, text object].

use rootwatch_alert::facts::Fact;
use rootwatch_alert::text::{plain, slack, slack_code, slack_words};
use rootwatch_alert::{Alarm, AlarmState, Alert, Gathered, Incoming, Severity};
use serde_json::{Value, json};

/// Longest text of a section, in characters [D: Slack, section block].
pub const SECTION_LIMIT: usize = 3_000;

/// Longest field of a section, in characters, and most fields [D: Slack, section block].
pub const FIELD_LIMIT: usize = 2_000;

/// Most fields of a section.
pub const FIELDS_LIMIT: usize = 10;

/// Most blocks of a message [D: Slack, blocks].
pub const BLOCKS_LIMIT: usize = 50;

/// Most characters of all texts together: Slack refuses messages of some 13,200 [R: slackapi/bolt-js issue 2509].
pub const MESSAGE_LIMIT: usize = 12_000;

/// The payload for the webhook.
pub fn render(incoming: &Incoming) -> Value {
    match incoming {
        Incoming::Alert(alert) => of_alert(alert),
        Incoming::Health(alarm) => of_alarm(alarm),
    }
}

fn of_alert(alert: &Alert) -> Value {
    let title = slack_words(&alert.title, 500);
    let severity = alert.severity.as_str();
    let mut blocks = fields(&alert.facts());
    if let Some(step) = &alert.first_step {
        blocks.push(section(format!("*What to do first*\n{}", slack_words(step, 600))));
    }
    let links: Vec<_> =
        alert.links.labelled().map(|(label, link)| format!("<{}|{label}>", slack(link, 1_000))).collect();
    if !links.is_empty() {
        blocks.push(section(links.join("  ·  ")));
    }
    if let Some(query) = &alert.query {
        blocks.push(section(format!("*Logs Insights query*\n{}", slack_code(query, 1_500))));
    }
    if !alert.notes.is_empty() {
        let notes: Vec<_> = alert.notes.iter().take(8).map(|note| format!("• {}", slack_words(note, 340))).collect();
        blocks.push(section(notes.join("\n")));
    }
    blocks.push(context(&[("Event", &alert.deduplication_key), ("Incident", &alert.incident_key)]));
    let fallback = format!("[{severity}] {}", slack_words(&alert.summary, 1_000));
    let place = format!("{} · {}", slack_code(&alert.account_words(), 100), slack_code(&alert.region, 100));
    payload(fallback, format!("*[{severity}] {title}*\n{place}"), colour(alert.severity), blocks)
}

/// The payload about acts of one incident that are told together.
pub fn render_gathered(gathered: &Gathered) -> Value {
    let title = slack_words(&gathered.title(), 500);
    let severity = gathered.severity.as_str();
    let account = slack_code(&gathered.account, 150);
    // The most first: what does not fit is left out from the end.
    let mut blocks = Vec::new();
    let mut words = String::new();
    for acts in &gathered.acts {
        let count = if acts.count > 1 { format!("{} × ", acts.count) } else { String::new() };
        let line = format!(
            "• {count}{}\n   {} {}\n",
            slack_words(&acts.title, 300),
            slack_code(&acts.place, 320),
            slack_code(&acts.times, 90)
        );
        if words.chars().count() + line.chars().count() > SECTION_LIMIT {
            blocks.push(section(std::mem::take(&mut words)));
        }
        words.push_str(&line);
    }
    blocks.push(section(words));
    if let Some(rest) = gathered.rest() {
        blocks.push(section(slack_words(&rest, 300)));
    }
    if let Some(runbook) = &gathered.links.runbook {
        blocks.push(section(format!("<{}|Runbook>", slack(runbook, 1_000))));
    }
    blocks.push(context(&[("Incident", &gathered.incident_key)]));
    let fallback = format!("[{severity}] {title}: {}", slack_words(&gathered.account, 150));
    payload(fallback, format!("*[{severity}] {title}*\n{account}"), colour(gathered.severity), blocks)
}

fn of_alarm(alarm: &Alarm) -> Value {
    let title = slack_words(&alarm.title(), 500);
    let colour = match alarm.state {
        AlarmState::Ok => OK,
        AlarmState::Alarm => colour(Severity::High),
        AlarmState::InsufficientData => colour(Severity::Medium),
    };
    let fallback = format!("{title}. {}", slack_words(&alarm.reason, 1_000));
    payload(fallback, format!("*{title}*"), colour, fields(&alarm.facts()))
}

/// Green.
const OK: &str = "#2e7d32";

fn colour(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "#b00020",
        Severity::High => "#e65100",
        Severity::Medium => "#f9a825",
        Severity::Low => "#546e7a",
    }
}

/// Blocks that would make the message too long are left out, so the most important come first.
fn payload(fallback: String, headline: String, colour: &str, blocks: Vec<Value>) -> Value {
    let mut used = fallback.chars().count() + headline.chars().count();
    let blocks: Vec<_> = blocks
        .into_iter()
        .filter(|block| {
            // The JSON form counts more than Slack does.
            let size = block.to_string().chars().count();
            let fits = used + size <= MESSAGE_LIMIT;
            used += if fits { size } else { 0 };
            fits
        })
        .collect();
    json!({
        "text": fallback,
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": [section(headline)],
        "attachments": [{"color": colour, "blocks": blocks}],
    })
}

/// The facts in sections of at most ten fields; a long one stands alone.
fn fields(facts: &[Fact]) -> Vec<Value> {
    let (short, long): (Vec<_>, Vec<_>) = facts.iter().partition(|(_, value)| value.chars().count() <= 80);
    let mut blocks = Vec::new();
    for fields in short.chunks(FIELDS_LIMIT) {
        let fields: Vec<_> =
            fields.iter().map(|(label, value)| text(format!("*{label}*\n{}", slack_code(value, 500)))).collect();
        blocks.push(json!({"type": "section", "fields": fields}));
    }
    for (label, value) in long {
        blocks.push(section(format!("*{label}*\n{}", slack_code(value, 700))));
    }
    blocks
}

fn section(words: String) -> Value {
    json!({"type": "section", "text": text(words)})
}

fn context(facts: &[(&str, &str)]) -> Value {
    let elements: Vec<_> =
        facts.iter().map(|(label, value)| text(format!("{label} {}", slack_code(&plain(value, 255), 600)))).collect();
    json!({"type": "context", "elements": elements})
}

/// Text in Slack's markup, made of escaped parts.
fn text(words: String) -> Value {
    json!({"type": "mrkdwn", "text": words, "verbatim": true})
}
