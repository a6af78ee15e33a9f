//! Text that others wrote is harmless in every sink.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use rootwatch_alert::hosts::live_dots;
use rootwatch_alert::text::{defanged, inert_json, plain, slack, slack_code, slack_words, subject, words};
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
    assert_eq!(slack_words("*hi* @here https://evil.example", 90), "∗hi∗ (at)here https[:]//evil[.]example");
    assert_eq!(slack_words("evil.com_x", 90), "evil[.]comˍx");
    // What no host is becomes one where it is cut.
    assert_eq!(slack_words("evil.com1", 9), "evil·com…");
    assert_eq!(words("see evil.com1 there", 13), "see evil·com…");
    assert_eq!(words("see evil.com", 14), "see evil[.]com");
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
        ("x@evil.example", "x(at)evil[.]example".to_owned()),
        ("evil…com", "evil-com".to_owned()),
        (&format!("{} evil.com1{}", "x".repeat(87), "0".repeat(9)), format!("{} evil-com...", "x".repeat(87))),
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
        ("https://evil.example", "https[:]//evil[.]example"),
        ("see WwW.evil.example", "see WwW[.]evil[.]example"),
        ("www.7", "www[.]7"),
        ("MAILTO:x@evil.example", "MAILTO[:]x(at)evil[.]example"),
        // Without any mark of an address, mail programs and chats link it nevertheless.
        ("call evil.com, now", "call evil[.]com, now"),
        ("evil.com. Or at .evil.com...", "evil[.]com. Or at .evil[.]com..."),
        ("at signin.amazonaws.com.", "at signin.amazonaws.com."),
        ("s3.amazonaws.com./evil", "s3[.]amazonaws[.]com./evil"),
        ("(EVIL.CO/login?x)", "(EVIL[.]CO/login?x)"),
        ("bücher.рф and a.xn--p1ai", "bücher[.]рф and a[.]xn--p1ai"),
        ("evil。com evil．com evil｡com", "evil[.]com evil[.]com evil[.]com"),
        ("évil.com", "évil[.]com"),
        ("evil.com_x", "evil[.]com_x"),
        // The name of a service is every alert's own; what anybody can have under such a name is not.
        ("signin.amazonaws.com ec2.amazonaws.com.cn", "signin.amazonaws.com ec2.amazonaws.com.cn"),
        ("s3.amazonaws.com/evil", "s3[.]amazonaws[.]com/evil"),
        ("evil.s3.amazonaws.com", "evil[.]s3[.]amazonaws[.]com"),
        ("signin.amazonaws.com.evil.com", "signin[.]amazonaws[.]com[.]evil[.]com"),
        ("signin.amazonaws.com@evil.com", "signin[.]amazonaws[.]com(at)evil[.]com"),
        ("filter userIdentity.type or userIdentity.types", "filter userIdentity.type or userIdentity[.]types"),
        // Neither versions nor addresses of machines.
        ("aws-cli/2.15.0 Python/3.11.6 java/1.8.0_302", "aws-cli/2.15.0 Python/3.11.6 java/1.8.0_302"),
        ("192.0.2.10 1.a e.g. v2.x", "192.0.2.10 1.a e.g. v2.x"),
        ("arn:aws:iam::1:root é. www", "arn:aws:iam::1:root é. www"),
        ("...", "..."),
        ("", ""),
    ] {
        assert_eq!(defanged(text), wanted);
        assert!(live_dots(wanted).is_empty(), "{wanted}");
    }
}

#[test]
fn inert_json_is_the_same_json() {
    let value = json!({"a": "@.com https://evil.example/evil.com\u{202e}\u{2028}\n\u{e0041}", "b": ["x://", 1]});
    let text = inert_json(&value);
    assert!(live_dots(&text).is_empty() && !text.contains("evil.com"), "{text}");
    assert!(!text.contains("://") && !text.contains('\u{202e}') && !text.contains('\u{e0041}'), "{text}");
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
}
