//! What the channel shows of each kind of the catalogue, as lines: a bar in the colour of the severity beside what
//! stands in the attachment, two columns of fields as they stand in Slack.

#[path = "../../alert/tests/common/mod.rs"]
mod common;

use common::{messages, snapshots};
use rootwatch_slack::message::render;
use serde_json::Value;

fn words(text: &Value) -> &str {
    text["text"].as_str().unwrap_or_default()
}

fn lines(block: &Value) -> Vec<String> {
    match (&block["text"], block.get("fields").or(block.get("elements")).and_then(Value::as_array)) {
        (Value::Null, Some(parts)) => parts.iter().map(|part| words(part).replace('\n', " ")).collect(),
        (text, _) => words(text).lines().map(str::to_owned).collect(),
    }
}

fn shown(payload: &Value) -> String {
    let attachment = &payload["attachments"][0];
    let mut shown = format!("notification: {}\n\n", payload["text"].as_str().unwrap_or_default());
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

#[test]
fn every_kind() {
    snapshots(|| {
        for (name, message) in messages() {
            insta::assert_snapshot!(name, shown(&render(&message)));
        }
    });
}
