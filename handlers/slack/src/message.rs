//! Payloads for Slack: Block Kit in the color of the severity, with a complete fallback text.
//!
//! Text of others is inline code, in which Slack formats nothing, or has lost its marks; `verbatim` keeps
//! Slack from making addresses and mentions of plain text [D: Slack, text object].

use rootwatch_alert::facts::Fact;
use rootwatch_alert::links::Labelled;
use rootwatch_alert::text::{pasteable, plain, slack, slack_code, slack_words};
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

/// Most characters of the events of a digest.
const DIGEST_LIMIT: usize = 7_000;

/// The payload for the webhook.
pub fn render(incoming: &Incoming) -> Value {
    match incoming {
        Incoming::Alert(alert) => of_alert(alert),
        Incoming::Health(alarm) => of_alarm(alarm),
    }
}

fn of_alert(alert: &Alert) -> Value {
    let severity = alert.severity.as_str();
    let headline = slack_words(&alert.headline(), 500);
    let mut blocks = vec![section(format!("*[{severity}] {headline}*")), section(who(alert))];
    blocks.push(section(values(&alert.what(), 350)));
    if let Some(step) = &alert.first_step {
        blocks.push(section(format!("*What to do first*\n{}", slack_words(step, 600))));
    }
    let links = alert.links.labelled(&alert.account);
    if !links.is_empty() {
        blocks.push(buttons(&links));
        let needs: Vec<_> = links
            .iter()
            .filter_map(|link| Some(format!("{}: {}", link.label, slack_words(link.needs.as_deref()?, 200))))
            .collect();
        if !needs.is_empty() {
            blocks.push(json!({"type": "context", "elements": [text(needs.join(" · "))]}));
        }
    }
    let mut details = Vec::new();
    if !alert.notes.is_empty() {
        let notes: Vec<_> = alert.notes.iter().take(8).map(|note| format!("• {}", slack_words(note, 340))).collect();
        details.push(section(notes.join("\n")));
    }
    if let Some(query) = &alert.query {
        details.push(section(format!("*Logs Insights query*\n{}", code_block(query))));
    }
    // Who, from where and by which way in are above.
    let shown = ["Access", "MFA", "From"];
    details.extend(fields(&alert.who().into_iter().filter(|(label, _)| !shown.contains(label)).collect::<Vec<_>>()));
    details.push(context(&[("Event", &alert.deduplication_key), ("Incident", &alert.incident_key)]));
    let fallback = format!("[{severity}] {}", slack_words(&alert.summary, 1_000));
    payload(fallback, blocks, color(alert.severity), details)
}

/// Who, where and when, a line each.
fn who(alert: &Alert) -> String {
    let mut lines = Vec::new();
    let fact = |name: &str| alert.who().into_iter().find(|(label, _)| *label == name).map(|(_, value)| value);
    let who: Vec<String> = [("", "Access"), ("MFA ", "MFA")]
        .into_iter()
        .filter_map(|(label, name)| Some(format!("{label}{}", slack_code(&fact(name)?, 120))))
        .collect();
    if !who.is_empty() {
        lines.push(format!("*Who* {}", who.join(" · ")));
    }
    let region = Some(&alert.region).filter(|region| *region != "unknown");
    let place: Vec<String> = [("", region.cloned()), ("from ", fact("From"))]
        .into_iter()
        .filter_map(|(label, value)| Some(format!("{label}{}", slack_code(&value?, 200))))
        .collect();
    if !place.is_empty() {
        lines.push(format!("*Where* {}", place.join(" · ")));
    }
    lines.push(format!("*When* {}", date(&alert.event_time)));
    lines.join("\n")
}

/// A time in UTC and, as Slack's date, in each reader's own zone [D: Slack, date formatting].
fn date(time: &str) -> String {
    let code = slack_code(time, 80);
    match time.parse::<jiff::Timestamp>() {
        Ok(at) => format!("{code} · <!date^{}^{{date_short_pretty}} {{time_secs}}|{at}>", at.as_second()),
        Err(_) => code,
    }
}

/// Labels and values, a line each.
fn values(facts: &[Fact], limit: usize) -> String {
    let lines: Vec<_> = facts.iter().map(|(label, value)| format!("*{label}* {}", slack_code(value, limit))).collect();
    if lines.is_empty() { "The event names no operation.".to_owned() } else { lines.join("\n") }
}

/// Text as a block of code, with its lines.
fn code_block(query: &str) -> String {
    format!("```{}```", slack(&pasteable(query).replace('`', "'"), 1_500))
}

/// Links as buttons. They open addresses only, so no app has to answer them.
fn buttons(links: &[Labelled]) -> Value {
    let elements: Vec<_> = links
        .iter()
        .enumerate()
        .map(|(number, link)| {
            json!({
                "type": "button",
                "action_id": format!("link-{number}"),
                "text": {"type": "plain_text", "text": link.label},
                "url": link.href,
            })
        })
        .collect();
    json!({"type": "actions", "elements": elements})
}

/// The payload of a digest.
pub fn render_gathered(gathered: &Gathered) -> Value {
    let title = slack_words(&gathered.title(), 500);
    let severity = gathered.severity.as_str();
    let mut blocks = vec![section(format!("*[{severity}] {title}*"))];
    let facts: Vec<Fact> = gathered.facts().into_iter().filter(|(label, _)| *label != "Incident").collect();
    blocks.push(section(values(&facts, 700)));
    // The gravest event is first and always shown. Events beyond the limit are counted.
    let (mut details, mut words, mut used, mut left_out) = (Vec::new(), String::new(), 0, 0);
    for acts in &gathered.acts {
        let count = if acts.count > 1 { format!("{} × ", acts.count) } else { String::new() };
        let line = format!(
            "• {count}[{}] {}\n   {} {}\n",
            acts.severity.as_str(),
            slack_words(&acts.title, 300),
            slack_code(&acts.place, 420),
            slack_code(&acts.times, 90)
        );
        let length = line.chars().count();
        used += length;
        if used > DIGEST_LIMIT {
            left_out += acts.count;
            continue;
        }
        if words.chars().count() + length > SECTION_LIMIT {
            details.push(section(std::mem::take(&mut words)));
        }
        words.push_str(&line);
    }
    details.push(section(words));
    if let Some(rest) = gathered.rest(left_out) {
        blocks.push(section(slack_words(&rest, 300)));
    }
    let links = gathered.links.labelled("");
    if !links.is_empty() {
        blocks.push(buttons(&links));
    }
    details.push(context(&[("Incident", &gathered.incident_key)]));
    let fallback = format!("[{severity}] {title}");
    payload(fallback, blocks, color(gathered.severity), details)
}

fn of_alarm(alarm: &Alarm) -> Value {
    let title = slack_words(&alarm.title(), 500);
    let color = match alarm.state {
        AlarmState::Ok => OK,
        AlarmState::Alarm => color(Severity::High),
        AlarmState::InsufficientData => color(Severity::Medium),
    };
    let mut blocks = vec![section(format!("*{title}*"))];
    blocks.push(section(format!("*What to do first*\n{}", slack_words(alarm.first_step(), 600))));
    if let Some(href) = alarm.link() {
        let needs = slack_words(&format!("sign in to account {} first", alarm.account), 200);
        blocks.push(buttons(&[Labelled { label: "Alarm in CloudWatch", needs: None, href }]));
        blocks.push(json!({"type": "context", "elements": [text(format!("Alarm in CloudWatch: {needs}"))]}));
    }
    let fallback = format!("{title}. {}", slack_words(&alarm.reason, 1_000));
    payload(fallback, blocks, color, fields(&alarm.facts()))
}

/// The message of last resort, sent when Slack refused the full one: plain text without anything that others wrote.
pub fn minimal(incoming: &Incoming) -> Value {
    plain_text(&incoming.minimal("Slack"))
}

/// The same for a digest.
pub fn minimal_gathered(gathered: &Gathered) -> Value {
    plain_text(&gathered.minimal("Slack"))
}

fn plain_text(words: &str) -> Value {
    json!({"text": slack(words, 2_000), "unfurl_links": false, "unfurl_media": false})
}

/// Green.
const OK: &str = "#2e7d32";

fn color(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "#b00020",
        Severity::High => "#e65100",
        Severity::Medium => "#f9a825",
        Severity::Low => "#546e7a",
    }
}

/// Details that would make the message too long are left out from the end; the blocks at top level always stay.
fn payload(fallback: String, blocks: Vec<Value>, color: &str, details: Vec<Value>) -> Value {
    // The JSON form counts more than Slack does.
    let size = |block: &Value| block.to_string().chars().count();
    let mut used = fallback.chars().count() + blocks.iter().map(size).sum::<usize>();
    let details: Vec<_> = details
        .into_iter()
        .filter(|block| {
            let fits = used + size(block) <= MESSAGE_LIMIT;
            used += if fits { size(block) } else { 0 };
            fits
        })
        .collect();
    json!({
        "text": fallback,
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": blocks,
        "attachments": [{"color": color, "blocks": details}],
    })
}

/// The facts in sections of at most ten fields; a long one has a section of its own.
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
