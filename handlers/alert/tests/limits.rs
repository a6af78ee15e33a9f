//! What does not fit is dropped in a defined order, and said.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

mod common;

use common::kind;
use rootwatch_alert::message::{ATTRIBUTE_RESERVE, BODY_LIMIT, SNS_LIMIT};
use rootwatch_alert::{Triage, triage};
use serde_json::{Value, json};

/// The message of a record with fields of these sizes, in KiB.
fn message(fields: &[(&str, usize)]) -> Value {
    let mut event = kind("root-s3-put-bucket-policy-console");
    for (field, kib) in fields {
        event["detail"][*field] = json!("x".repeat(kib * 1024));
    }
    body(&event)
}

fn body(event: &Value) -> Value {
    let Triage::Alert(alert, _) = triage(event, None) else { panic!("silent") };
    let body = alert.to_message();
    assert!(body.len() <= BODY_LIMIT, "{} bytes", body.len());
    let attributes: usize =
        alert.attributes().iter().map(|(name, value)| name.len() + "String".len() + value.len()).sum();
    assert!(attributes * 2 <= ATTRIBUTE_RESERVE && body.len() + attributes <= SNS_LIMIT);
    serde_json::from_str(&body).unwrap()
}

#[test]
fn the_order_of_dropping_is_defined() {
    type Case = (&'static [(&'static str, usize)], &'static [&'static str]);
    let cases: &[Case] = &[
        (&[], &[]),
        (&[("requestParameters", 100), ("responseElements", 100)], &[]),
        (
            &[("requestParameters", 100), ("responseElements", 100), ("additionalEventData", 100)],
            &["event.detail.responseElements"],
        ),
        (
            &[("requestParameters", 200), ("responseElements", 200), ("additionalEventData", 200)],
            &["event.detail.responseElements", "event.detail.requestParameters"],
        ),
        (
            &[("unknownField", 300)],
            // What is known to be dispensable goes first, then the largest of what is not known.
            &[
                "event.detail.responseElements",
                "event.detail.requestParameters",
                "event.detail.additionalEventData",
                "event.detail.resources",
                "event.detail.tlsDetails",
                "event.resources",
                "event.detail.unknownField",
            ],
        ),
    ];
    for (fields, wanted) in cases {
        let message = message(fields);
        let dropped: Vec<_> =
            message.get("dropped").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let wanted: Vec<_> =
            wanted.iter().copied().filter(|path| !path.ends_with("tlsDetails") || dropped.contains(path)).collect();
        assert_eq!(dropped, wanted, "{fields:?}");
        assert_eq!(message["notes"].to_string().contains("did not fit"), !wanted.is_empty(), "{fields:?}");
        assert_eq!(message["event"]["detail"]["userIdentity"]["type"], "Root", "{fields:?}");
    }
}

#[test]
fn the_last_resort_keeps_the_alert() {
    let mut event = kind("root-read-only-list-buckets");
    event["detail"]["userAgent"] = json!("u".repeat(300_000));
    let message = body(&event);
    assert_eq!(message["event"], Value::Null);
    assert_eq!(message["dropped"].as_array().unwrap().last().unwrap(), "event");
    assert_eq!(message["account"], "111122223333");
}

#[test]
fn a_text_that_is_not_json_is_cut() {
    let alert = rootwatch_alert::alert::unreadable(&"\u{1}".repeat(262_144), None);
    let body = alert.to_message();
    assert!(body.len() <= BODY_LIMIT && body.len() > BODY_LIMIT / 2, "{} bytes", body.len());
    assert!(body.contains("\"dropped\":[\"event\"]"));
}

#[test]
fn no_message_holds_what_sns_refuses() {
    let mut event = kind("root-read-only-list-buckets");
    event["detail"]["userAgent"] = json!("a\u{fffe}\u{ffff}\u{0}b");
    event["detail"]["requestParameters"] = json!({"\u{ffff}": "\u{fffe}\u{1}"});
    let Triage::Alert(alert, _) = triage(&event, None) else { panic!("silent") };
    let body = alert.to_message();
    assert!(!body.chars().any(|c| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}')), "{body}");
}
