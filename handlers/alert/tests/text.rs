//! Text that others wrote is harmless in every sink.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use rootwatch_alert::text::{defanged, inert_json, plain, slack, slack_code, slack_words, subject};
use serde_json::{Value, json};

#[test]
fn a_line_is_a_line() {
    let cases = [
        ("  a\tb\r\n c ", 10, "a b c"),
        ("a\u{0}b\u{1b}[31mc", 20, "a b [31mc"),
        ("pay\u{202e}gpj.exe", 20, "pay\u{fffd}gpj.exe"),
        ("zero\u{200b}width", 20, "zero\u{fffd}width"),
        ("a\u{2028}b", 20, "a b"),
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
        ("äöüß", 3, "äö…"),
        ("", 5, ""),
    ];
    for (text, limit, wanted) in cases {
        assert_eq!(plain(text, limit), wanted, "{text:?}");
    }
}

#[test]
fn slack_gets_entities() {
    let cases = [
        ("<!channel> & <https://evil.example|click>", 100, "&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;"),
        ("<<<<", 9, "&lt;&lt;…"),
        ("&amp;", 100, "&amp;amp;"),
    ];
    for (text, limit, wanted) in cases {
        assert_eq!(slack(text, limit), wanted, "{text:?}");
    }
    assert_eq!(slack_code("a `b` <@U1>", 50), "`a 'b' &lt;@U1&gt;`");
    assert_eq!(slack_code("\n", 50), "`-`");
    assert_eq!(slack_words("*hi* @here https://evil.example", 90), "∗hi∗ (at)here https[:]//evil.example");
    for limit in [3, 10, 100] {
        assert!(slack_code(&"<".repeat(500), limit).chars().count() <= limit.max(3));
    }
}

#[test]
fn subjects_are_what_sns_accepts() {
    let cases = [
        ("[high] Root user", "[high] Root user".to_owned()),
        ("a\r\nBcc: x", "a Bcc: x".to_owned()),
        ("é\u{202e}", "??".to_owned()),
        ("", "Rootwatch".to_owned()),
        (&"x".repeat(99), "x".repeat(99)),
        (&"x".repeat(100), format!("{}...", "x".repeat(96))),
    ];
    for (text, wanted) in cases {
        assert_eq!(subject(text), wanted, "{text:?}");
    }
}

#[test]
fn addresses_are_dead_in_any_case() {
    for (text, wanted) in [
        ("https://evil.example", "https[:]//evil.example"),
        ("see WwW.evil.example", "see WwW[.]evil.example"),
        ("MAILTO:x@evil.example", "MAILTO[:]x(at)evil.example"),
        ("arn:aws:iam::1:root é.www", "arn:aws:iam::1:root é.www"),
    ] {
        assert_eq!(defanged(text), wanted);
    }
}

#[test]
fn inert_json_is_the_same_json() {
    let value = json!({"a": "https://evil.example\u{202e}\u{2028}\n\u{e0041}", "b": ["x://", 1]});
    let text = inert_json(&value);
    assert!(!text.contains("://") && !text.contains('\u{202e}') && !text.contains('\u{e0041}'), "{text}");
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
}
