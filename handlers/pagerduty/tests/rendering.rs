//! What PagerDuty gets: within its limits, whatever is in the alert.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

#[path = "../../alert/tests/common/mod.rs"]
mod common;
#[path = "../../alert/tests/common/generate.rs"]
mod generate;
#[path = "common/valid.rs"]
mod valid;

use proptest::prelude::*;
use rootwatch_alert::incoming::read;
use rootwatch_alert::{Alarm, Alert, Incoming, Triage, triage};
use rootwatch_pagerduty::event::{minimal, render};
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

fn alert(message: &Value) -> Value {
    render(&Incoming::Alert(Box::new(Alert::from_message(message).unwrap()))).unwrap()
}

#[test]
fn a_login_opens_an_incident() {
    insta::assert_json_snapshot!("login", alert(&login()));
}

#[test]
fn health_alarms_open_and_resolve() {
    let arn = "arn:aws:cloudwatch:us-east-1:999988887777:alarm:rootwatch-slack-dlq";
    for (state, action) in [("ALARM", "trigger"), ("OK", "resolve"), ("INSUFFICIENT_DATA", "trigger")] {
        let alarm = Alarm::from_message(&json!({
            "AlarmName": "rootwatch-slack-dlq", "AWSAccountId": "999988887777", "NewStateValue": state, "NewStateReason": "Threshold Crossed",
            "StateChangeTime": "2026-02-26T10:14:05.123+0000", "Region": "US East (N. Virginia)", "AlarmArn": arn,
        }));
        let event = render(&Incoming::Health(alarm.unwrap())).unwrap();
        assert!(event["payload"]["custom_details"]["What to do first"].is_string(), "{state}");
        assert_eq!(event["links"][0]["text"], "Alarm in CloudWatch (sign in to account 999988887777 first)");
        assert_eq!((&event["event_action"], &event["dedup_key"]), (&json!(action), &json!(arn)), "{state}");
        assert_eq!(event["payload"]["timestamp"], "2026-02-26T10:14:05.123Z");
    }
}

#[test]
fn log_alarms_that_are_over_trigger_nothing() {
    for (state, triggers) in [("ALARM", true), ("OK", false), ("INSUFFICIENT_DATA", false)] {
        let mut message = login();
        message["origin"] = json!("log-alarm");
        message["alarm_state"] = json!(state);
        let alert = Incoming::Alert(Box::new(Alert::from_message(&message).unwrap()));
        assert_eq!(render(&alert).is_some(), triggers, "{state}");
    }
}

#[test]
fn the_minimal_event_holds_nothing_that_others_wrote() {
    for (field, text) in [("title", "evil"), ("incident_key", "evil evil"), ("account", "evil"), ("region", "evil!")] {
        let mut message = login();
        message[field] = json!(text);
        let alert = Incoming::Alert(Box::new(Alert::from_message(&message).unwrap()));
        let event = minimal(&alert);
        assert!(!event.to_string().contains("evil"), "{event}");
        assert_eq!(event["event_action"], "trigger");
    }
    let alert = Incoming::Alert(Box::new(Alert::from_message(&login()).unwrap()));
    insta::assert_json_snapshot!("minimal", minimal(&alert));
}

#[test]
fn severities_are_pagerdutys() {
    for (ours, theirs) in
        [("critical", "critical"), ("high", "error"), ("medium", "warning"), ("low", "info"), ("?", "error")]
    {
        let mut message = login();
        message["severity"] = json!(ours);
        assert_eq!(alert(&message)["payload"]["severity"], theirs);
    }
}

#[test]
fn a_large_event_is_cut_and_a_hostile_one_harmless() {
    for (times, text) in
        [(250_000, "x"), (40_000, "\u{1}"), (20_000, "\"\\"), (10_000, "https://evil.example "), (60_000, "\u{202e}")]
    {
        let mut message = login();
        let text = text.repeat(times);
        for field in
            ["title", "summary", "account", "region", "event_name", "event_source", "user_agent", "incident_key"]
        {
            message[field] = json!(text);
        }
        message["event"]["detail"]["responseElements"] = json!(text);
        if let Some(alert) = Alert::from_message(&message) {
            check(&render(&Incoming::Alert(Box::new(alert))).unwrap());
        }
        message = login();
        message["event"] = json!(text);
        check(&alert(&message));
    }
    check(&alert(&login()));
}

proptest! {
    #[test]
    fn any_text_is_within_limits(text in any::<String>(), times in 1_usize..5_000) {
        let mut message = login();
        message["title"] = json!(format!("x{text}"));
        message["incident_key"] = json!(text.repeat(times));
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
        check(&render(&Incoming::Alert(alert)).unwrap());
    }
}
