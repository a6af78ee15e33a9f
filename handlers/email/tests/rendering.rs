//! What a mail says: within SNS's limits, and no live link but Rootwatch's own.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

#[path = "../../alert/tests/common/mod.rs"]
mod common;
#[path = "../../alert/tests/common/generate.rs"]
mod generate;
#[path = "common/valid.rs"]
mod valid;

use proptest::prelude::*;
use rootwatch_alert::incoming::read;
use rootwatch_alert::{Alarm, Alert, Gathered, Incoming, Triage, triage};
use rootwatch_email::mail::{Mail, minimal, render, render_gathered};
use serde_json::{Value, json};
use valid::check;

fn login() -> Value {
    json!({
        "version": "1", "alert_type": "login", "origin": "cloudtrail", "severity": "critical",
        "title": "Root user signed in to the console without MFA", "summary": "Root user signed in to the console without MFA. Account 111122223333.",
        "account": "111122223333", "region": "us-east-1", "event_name": "ConsoleLogin", "event_source": "signin.amazonaws.com",
        "event_time": "2026-03-02T09:20:41Z", "outcome": "success",
        "actor": {"type": "Root", "arn": "arn:aws:iam::111122223333:root", "account": "111122223333", "access": "console sign-in", "mfa": "no"},
        "source_ip": "198.51.100.23", "user_agent": "Mozilla/5.0", "deduplication_key": "2206b25a-a7e4-5c8a-a6e9-f71151d5f2fa",
        "incident_key": "rootwatch/111122223333/111122223333+198.51.100.23/2026-03-02T09Z",
        "notes": ["It reached the monitor 2 hours after it happened."], "first_step": "Ask the owner of the root user whether this was them.",
        "links": {"cloudtrail_event": "https://us-east-1.console.aws.amazon.com/cloudtrailv2/home?region=us-east-1#/events/2206b25a-a7e4-5c8a-a6e9-f71151d5f2fa"},
        "event": {"detail": {"eventName": "ConsoleLogin", "additionalEventData": {"LoginTo": "https://console.aws.amazon.com/console/home"}}},
    })
}

fn alert(message: &Value) -> Mail {
    render(&Incoming::Alert(Box::new(Alert::from_message(message).unwrap())))
}

#[test]
fn a_login() {
    let mail = alert(&login());
    insta::assert_snapshot!("login", format!("Subject: {}\n\n{}", mail.subject, mail.text));
}

#[test]
fn a_health_alarm() {
    let alarm = Alarm::from_message(&json!({
        "AlarmName": "rootwatch-slack-dlq", "AWSAccountId": "999988887777", "NewStateValue": "ALARM", "NewStateReason": "Threshold Crossed",
    }));
    let mail = render(&Incoming::Health(alarm.unwrap()));
    assert_eq!(mail.subject, "Rootwatch is not healthy: rootwatch-slack-dlq");
    assert!(mail.text.contains("Reason: Threshold Crossed"));
    assert!(mail.text.contains("What to do first:"));
}

#[test]
fn a_query_can_be_pasted_as_it_is() {
    let mut message = login();
    message["query"] = json!(
        "# run over the time of the alarm\nfields @timestamp, eventName\n| filter userIdentity.type = \"Root\"\n| sort @timestamp desc\n| limit 100"
    );
    let mail = alert(&message);
    let pasted =
        "\nfields @timestamp, eventName\n| filter userIdentity.type = \"Root\"\n| sort @timestamp desc\n| limit 100\n";
    assert!(mail.text.contains(pasted), "{}", mail.text);
}

#[test]
fn the_minimal_mail_holds_nothing_that_others_wrote() {
    let mut message = login();
    message["title"] = json!("evil");
    message["account"] = json!("evil.example");
    let mail = minimal(&Incoming::Alert(Box::new(Alert::from_message(&message).unwrap())));
    assert!(!format!("{mail:?}").contains("evil"), "{mail:?}");
    let mail = minimal(&Incoming::Alert(Box::new(Alert::from_message(&login()).unwrap())));
    insta::assert_snapshot!("minimal", format!("Subject: {}\n\n{}", mail.subject, mail.text));
}

#[test]
fn hostile_and_huge_text_is_only_text() {
    for text in ["\r\nBcc: x@evil.example", "https://evil.example", "\u{202e}\u{0}", "é", "x", "\""] {
        for times in [1, 250_000 / text.len()] {
            let text = text.repeat(times);
            let mut message = login();
            for field in ["title", "summary", "account", "region", "event_name", "user_agent", "query", "first_step"] {
                message[field] = json!(text);
            }
            message["notes"] = json!(vec![&text; 30]);
            message["event"]["detail"]["responseElements"] = json!(text);
            if let Some(alert) = Alert::from_message(&message) {
                check(&render(&Incoming::Alert(Box::new(alert))));
            }
            message = login();
            message["event"] = json!(text);
            check(&alert(&message));
        }
    }
    check(&alert(&login()));
}

/// Fifty alerts with this text in them, each another act.
fn gathered(text: &str) -> Mail {
    let lines: Vec<String> = (0..50)
        .filter_map(|number| {
            let mut message = login();
            for field in ["title", "account", "region", "event_name", "source_ip", "event_time"] {
                message[field] = json!(format!("{text}{number}"));
            }
            message["deduplication_key"] = json!(number.to_string());
            Alert::from_message(&message).map(|alert| alert.line())
        })
        .collect();
    render_gathered(&Gathered::of(text, &lines).unwrap())
}

#[test]
fn acts_of_an_incident_are_one_mail() {
    let lines: Vec<String> = (0..59)
        .filter_map(|number| {
            let mut message = login();
            message["event_name"] = json!(["GetBucketPolicy", "ListBuckets"][number % 2]);
            message["event_time"] = json!(format!("2026-03-02T09:15:{number:02}Z"));
            message["deduplication_key"] = json!(number.to_string());
            Alert::from_message(&message).map(|alert| alert.line())
        })
        .collect();
    let mail = render_gathered(&Gathered::of("rootwatch/111122223333/ASIA/2026-03-02T09Z", &lines).unwrap());
    check(&mail);
    insta::assert_snapshot!("gathered", format!("Subject: {}\n\n{}", mail.subject, mail.text));
}

proptest! {
    #[test]
    fn any_gathered_text_is_only_text(text in any::<String>(), times in 1_usize..300) {
        check(&gathered(&text.repeat(times)));
    }

    #[test]
    fn any_text_is_only_text(text in any::<String>(), times in 1_usize..5_000) {
        let mut message = login();
        message["title"] = json!(format!("{text}x"));
        message["account"] = json!(text);
        message["event"]["detail"][&text] = json!(text.repeat(times));
        check(&alert(&message));
    }

    /// The whole way of any event: decided, written as the topic's message, read, rendered.
    #[test]
    fn any_event_is_rendered(event in prop_oneof![generate::mutated(), generate::value()]) {
        let alert = match triage(&event, None) {
            Triage::Alert(alert, _) => alert,
            Triage::Silent(_) => return Ok(()),
        };
        let Ok(Incoming::Alert(alert)) = read(&alert.to_message()) else {
            return Err(TestCaseError::fail("an alert is not read as one"));
        };
        check(&render(&Incoming::Alert(alert)));
    }
}
