//! Invariants of every payload for Slack, whatever it contains. The fuzz target looks at the same.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use rootwatch_runtime::testing::texts;
use rootwatch_slack::message::{BLOCKS_LIMIT, FIELD_LIMIT, FIELDS_LIMIT, SECTION_LIMIT};
use serde_json::Value;

/// A valid payload in which nothing from outside is a mention, a link or markup.
pub(crate) fn check(payload: &Value) {
    let found = texts(payload);
    for text in &found {
        // Rootwatch's own dates are the only markup in angle brackets.
        let mut rest = *text;
        while let Some(at) = rest.find('<') {
            rest = &rest[at + 1..];
            assert!(rest.starts_with("!date^"), "markup from outside: {text}");
            let end = rest.find('>').unwrap_or_else(|| panic!("open markup: {text}"));
            let parts: Vec<_> = rest[..end].split(['^', '|']).collect();
            assert!(
                parts.len() == 4 && parts[1].parse::<i64>().is_ok() && parts[2] == "{date_short_pretty} {time_secs}",
                "{text}"
            );
            rest = &rest[end + 1..];
        }
        assert!(!rest.contains('>'), "{text}");
        assert!(
            !text.chars().any(|c| c.is_control() && c != '\n' || rootwatch_alert::text::is_deceptive(c)),
            "{text:?}"
        );
    }
    let fallback = payload["text"].as_str().unwrap();
    assert!(!fallback.is_empty() && !fallback.contains("://"));
    assert!(rootwatch_alert::hosts::live_dots(fallback).is_empty(), "{fallback}");
    let top = payload["blocks"].as_array().unwrap();
    let details = payload["attachments"][0]["blocks"].as_array().unwrap();
    assert!(!top.is_empty() && top.len() + details.len() <= BLOCKS_LIMIT);
    for block in top.iter().chain(details) {
        check_block(block);
    }
    let total: usize = found.iter().map(|text| text.chars().count()).sum();
    assert!(total < 13_000, "Slack refuses messages of some 13,200 characters: {total}");
}

/// A block as Slack documents it [D: Slack, block reference].
fn check_block(block: &Value) {
    let keys: Vec<_> = block.as_object().unwrap().keys().map(String::as_str).collect();
    let text = |value: &Value, kind: &str, limit: usize| {
        assert_eq!(value["type"], kind, "{block}");
        assert!((1..=limit).contains(&value["text"].as_str().unwrap().chars().count()), "{value}");
    };
    match block["type"].as_str().unwrap() {
        "section" if block.get("fields").is_some() => {
            assert_eq!(keys, ["type", "fields"]);
            let fields = block["fields"].as_array().unwrap();
            assert!((1..=FIELDS_LIMIT).contains(&fields.len()));
            fields.iter().for_each(|field| text(field, "mrkdwn", FIELD_LIMIT));
        }
        "section" => {
            assert_eq!(keys, ["type", "text"]);
            text(&block["text"], "mrkdwn", SECTION_LIMIT);
        }
        "context" => {
            assert_eq!(keys, ["type", "elements"]);
            let elements = block["elements"].as_array().unwrap();
            assert!((1..=10).contains(&elements.len()));
            elements.iter().for_each(|element| text(element, "mrkdwn", 2_000));
        }
        "actions" => {
            assert_eq!(keys, ["type", "elements"]);
            let elements = block["elements"].as_array().unwrap();
            assert!((1..=25).contains(&elements.len()));
            let mut ids = std::collections::BTreeSet::new();
            for button in elements {
                assert_eq!(button["type"], "button");
                text(&button["text"], "plain_text", 75);
                assert!(ids.insert(button["action_id"].as_str().unwrap()), "{block}");
                let url = button["url"].as_str().unwrap();
                assert!(url.len() <= 3_000 && rootwatch_alert::links::is_console_link(url), "{url}");
            }
        }
        other => panic!("a block of type {other}"),
    }
}
