//! What a scenario sent out, as a text to be kept and compared: ids that are drawn anew in each run are replaced here, and
//! only here.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::slack_text::shown;
use crate::runner::{Message, Outcome};

/// Of each kind, so many messages are shown; the others are counted.
const SHOWN: usize = 4;

/// Renders what came out of a scenario.
pub fn snapshot(outcome: &Outcome) -> String {
    let mut kinds: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for message in &outcome.messages {
        kinds.entry(message.rank()).or_default().push(text(message));
    }
    let mut whole = String::new();
    if outcome.messages.is_empty() {
        whole.push_str("nothing\n");
    }
    for (place, mut texts) in kinds {
        // Functions run at the same time: who is first is nobody's promise.
        texts.sort();
        let (kind, total) = (Message::ORDER.get(place).copied().unwrap_or("?"), texts.len());
        for (n, text) in texts.iter().take(SHOWN).enumerate() {
            let _ = writeln!(whole, "== {kind} {} of {total}\n{}\n", n + 1, text.trim_end());
        }
    }
    whole
}

fn text(message: &Message) -> String {
    let mut body = message.body.clone();
    shorten(&mut body);
    let text = match (message.to.as_str(), &body) {
        ("email", Value::Object(mail)) => {
            let part = |name: &str| mail.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let words = part("text");
            // The event follows as it was recorded.
            let words = words.split("\n{").next().unwrap_or_default();
            format!("To: {}\nSubject: {}\n\n{}", part("to"), part("subject"), words.trim_end())
        }
        ("slack", body) if body.get("blocks").is_some() => shown(body),
        _ => serde_json::to_string_pretty(&body).unwrap_or_default(),
    };
    redact(&text)
}

/// The event itself is in the scenario already.
fn shorten(body: &mut Value) {
    for path in ["/event", "/payload/custom_details/Event"] {
        if let Some(event) = body.pointer_mut(path) {
            *event = Value::from("(the event)");
        }
    }
}

fn redact(text: &str) -> String {
    static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let rules = [
            // Of EventBridge's envelope, SNS and SQS. Record ids are kept apart by their key.
            (r#"("(?:event_id|envelope_id|id)": ")[0-9a-f]{8}-[0-9a-f-]{27}""#, r#"$1<id>""#),
            // When the deployment was made.
            (r#"("AlarmConfigurationUpdatedTimestamp": ")[^"]*"#, "$1<time>"),
            (r"127\.0\.0\.1:\d+/[0-9a-f]{16}", "<sink>"),
            (r"(SubscriptionArn=\S+:)[0-9a-f-]{36}", "$1<id>"),
        ];
        rules.into_iter().filter_map(|(rule, by)| Some((Regex::new(rule).ok()?, by))).collect()
    });
    RULES.iter().fold(text.to_owned(), |text, (rule, by)| rule.replace_all(&text, *by).into_owned())
}
