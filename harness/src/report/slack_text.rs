//! A Slack message as lines: the attachment has a bar in the color of its severity, each field and button has a line. Snapshots
//! show messages in this form.

use serde_json::Value;

fn words(text: &Value) -> &str {
    text["text"].as_str().unwrap_or_default()
}

fn lines(block: &Value) -> Vec<String> {
    if block["type"] == "actions" {
        let buttons = block["elements"].as_array().into_iter().flatten();
        return buttons
            .map(|button| format!("[{}] {}", words(&button["text"]), button["url"].as_str().unwrap_or_default()))
            .collect();
    }
    match (&block["text"], block.get("fields").or(block.get("elements")).and_then(Value::as_array)) {
        (Value::Null, Some(parts)) => parts.iter().map(|part| words(part).replace('\n', " ")).collect(),
        (text, _) => words(text).lines().map(str::to_owned).collect(),
    }
}

/// The text of a payload.
pub(crate) fn shown(payload: &Value) -> String {
    let attachment = &payload["attachments"][0];
    let mut shown = String::new();
    for (label, member) in [("channel", "channel"), ("in the thread", "thread_ts"), ("notification", "text")] {
        if let Some(value) = payload[member].as_str() {
            shown.push_str(&format!("{label}: {value}\n"));
        }
    }
    if payload["reply_broadcast"] == true {
        shown.push_str("also sent to the channel\n");
    }
    shown.push('\n');
    let bar = format!("{} |", attachment["color"].as_str().unwrap_or_default());
    for (blocks, bar) in [(&payload["blocks"], ""), (&attachment["blocks"], bar.as_str())] {
        for block in blocks.as_array().into_iter().flatten() {
            for line in lines(block) {
                shown.push_str(format!("{bar} {line}").trim());
                shown.push('\n');
            }
            shown.push_str(bar);
            shown.push('\n');
        }
    }
    shown
}
