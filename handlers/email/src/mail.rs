//! What a mail says: plain text that a person can read on a phone, the most important first, the event below.

use std::fmt::Write;

use rootwatch_alert::facts::Fact;
use rootwatch_alert::links::Labelled;
use rootwatch_alert::text::{defanged, pasteable, subject};
use rootwatch_alert::{Alarm, Alert, Gathered, Incoming};

/// Longest text, in bytes: SNS's limit for a message, less the subject.
pub const TEXT_LIMIT: usize = 262_144 - 1_024;

/// Longest text of the original event, in bytes.
const EVENT_LIMIT: usize = 200_000;

/// A mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// At most 99 printable ASCII characters.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// The mail about a message.
pub fn render(incoming: &Incoming) -> Mail {
    match incoming {
        Incoming::Alert(alert) => of_alert(alert),
        Incoming::Health(alarm) => of_alarm(alarm),
    }
}

fn of_alert(alert: &Alert) -> Mail {
    let mut text = String::new();
    let title = format!("[{}] {}", alert.severity.as_str(), alert.headline());
    line(&mut text, &format!("{title}."));
    line(&mut text, "");
    facts(&mut text, &alert.facts());
    if let Some(step) = &alert.first_step {
        paragraph(&mut text, "What to do first", [step.as_str()]);
    }
    if !alert.notes.is_empty() {
        paragraph(&mut text, "Notes", alert.notes.iter().map(String::as_str));
    }
    if let Some(query) = &alert.query {
        // Without marks of a list, to be pasted as it is.
        let _ = write!(text, "\nLogs Insights query:\n{}\n", pasteable(query));
    }
    links(&mut text, &alert.links.labelled(&alert.account));
    paragraph(
        &mut text,
        "Keys",
        [format!("event {}", alert.deduplication_key).as_str(), format!("incident {}", alert.incident_key).as_str()],
    );
    match alert.event_text(EVENT_LIMIT) {
        Some(event) => {
            let _ = write!(text, "\nThe event:\n{event}\n");
        }
        None => line(&mut text, "\nThe event is too large for a mail; CloudTrail has it."),
    }
    Mail { subject: subject(&title), text }
}

/// The mail of a digest.
pub fn render_gathered(gathered: &Gathered) -> Mail {
    let mut text = String::new();
    let title = format!("[{}] {}", gathered.severity.as_str(), gathered.title());
    line(&mut text, &format!("{title}."));
    line(&mut text, "");
    facts(&mut text, &gathered.facts());
    line(&mut text, "");
    for acts in &gathered.acts {
        let count = if acts.count > 1 { format!("{} x ", acts.count) } else { String::new() };
        line(&mut text, &format!("- {count}[{}] {}", acts.severity.as_str(), acts.title));
        line(&mut text, &format!("  {}", acts.place));
        line(&mut text, &format!("  {}", acts.times));
    }
    if let Some(rest) = gathered.rest(0) {
        line(&mut text, &format!("\n{rest}"));
    }
    links(&mut text, &gathered.links.labelled(""));
    Mail { subject: subject(&title), text }
}

/// The mail of last resort, sent when SNS refused the full one.
pub fn minimal(incoming: &Incoming) -> Mail {
    in_words(&incoming.minimal("SNS"))
}

/// The same for a digest.
pub fn minimal_gathered(gathered: &Gathered) -> Mail {
    in_words(&gathered.minimal("SNS"))
}

fn in_words(words: &str) -> Mail {
    // Its link is Rootwatch's own.
    Mail { subject: subject(words.split(". ").next().unwrap_or_default()), text: format!("{words}\n") }
}

fn of_alarm(alarm: &Alarm) -> Mail {
    let mut text = String::new();
    line(&mut text, &format!("{}.", alarm.title()));
    line(&mut text, "");
    facts(&mut text, &alarm.facts());
    paragraph(&mut text, "What to do first", [alarm.first_step()]);
    let needs = Some(format!("sign in to account {} first", alarm.account));
    let link = alarm.link().map(|href| Labelled { label: "Alarm in CloudWatch", needs, href });
    links(&mut text, &link.into_iter().collect::<Vec<_>>());
    Mail { subject: subject(&alarm.title()), text }
}

/// Links that Rootwatch made or its operators gave: the only ones that stay live.
fn links(text: &mut String, links: &[Labelled]) {
    for link in links {
        line(text, &format!("\n{}:", link.words()));
        let _ = writeln!(text, "{}", link.href);
    }
}

fn facts(text: &mut String, facts: &[Fact]) {
    for (label, value) in facts {
        line(text, &format!("{label}: {value}"));
    }
}

fn paragraph<'a>(text: &mut String, label: &str, lines: impl IntoIterator<Item = &'a str>) {
    line(text, &format!("\n{label}:"));
    for words in lines {
        line(text, &format!("- {words}"));
    }
}

/// Mail programs make links of addresses.
fn line(text: &mut String, words: &str) {
    text.push_str(&defanged(words));
    text.push('\n');
}
