//! What holds for every payload for Slack, whatever stands in it. The fuzz target looks at the same.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use rootwatch_runtime::testing::texts;
use rootwatch_slack::message::{BLOCKS_LIMIT, FIELD_LIMIT, FIELDS_LIMIT, SECTION_LIMIT};
use serde_json::Value;

/// A valid payload in which nothing from outside is a mention, a link or markup.
pub(crate) fn check(payload: &Value) {
    let found = texts(payload);
    for text in &found {
        // Rootwatch's own links are the only markup in angle brackets.
        let mut rest = *text;
        while let Some(at) = rest.find('<') {
            rest = &rest[at + 1..];
            assert!(rest.starts_with("https://") && rest.contains("console.a"), "markup from outside: {text}");
            let end = rest.find('>').unwrap_or_else(|| panic!("open markup: {text}"));
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
    let blocks: Vec<_> = payload["blocks"]
        .as_array()
        .unwrap()
        .iter()
        .chain(payload["attachments"][0]["blocks"].as_array().unwrap())
        .collect();
    assert!(blocks.len() <= BLOCKS_LIMIT);
    for block in blocks {
        if let Some(text) = block.get("text") {
            assert!((1..=SECTION_LIMIT).contains(&text["text"].as_str().unwrap().chars().count()), "{text}");
        }
        let fields = block.get("fields").or(block.get("elements")).and_then(Value::as_array);
        if let Some(fields) = fields {
            assert!((1..=FIELDS_LIMIT).contains(&fields.len()));
            for field in fields {
                assert!((1..=FIELD_LIMIT).contains(&field["text"].as_str().unwrap().chars().count()), "{field}");
            }
        }
    }
    let total: usize = found.iter().map(|text| text.chars().count()).sum();
    assert!(total < 13_000, "Slack refuses messages of some 13,200 characters: {total}");
}
