//! What the channel shows: pleasant for what is ordinary, harmless for what is hostile, valid for anything.
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
use rootwatch_slack::message::{minimal, minimal_gathered, render, render_gathered};
use serde_json::{Value, json};
use valid::check;

fn alert(message: &Value) -> Value {
    render(&Incoming::Alert(Box::new(Alert::from_message(message).unwrap())))
}

fn login() -> Value {
    json!({
        "version": "1", "alert_type": "login", "origin": "cloudtrail", "severity": "critical",
        "title": "Root user signed in to the console without MFA",
        "summary": "Root user signed in to the console without MFA. Account 111122223333, us-east-1, 2026-03-02T09:20:41Z, from 198.51.100.23.",
        "account": "111122223333", "region": "us-east-1", "event_name": "ConsoleLogin", "event_source": "signin.amazonaws.com",
        "event_time": "2026-03-02T09:20:41Z", "outcome": "success",
        "actor": {"type": "Root", "arn": "arn:aws:iam::111122223333:root", "account": "111122223333", "access": "console sign-in", "mfa": "no"},
        "source_ip": "198.51.100.23", "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
        "deduplication_key": "2206b25a-a7e4-5c8a-a6e9-f71151d5f2fa",
        "incident_key": "rootwatch/111122223333/111122223333+198.51.100.23/2026-03-02T09Z",
        "notes": ["It reached the monitor 2 hours after it happened."], "first_step": "Ask the owner of the root user whether this was them.",
        "links": {
            "cloudtrail_event": "https://us-east-1.console.aws.amazon.com/cloudtrailv2/home?region=us-east-1#/events/2206b25a-a7e4-5c8a-a6e9-f71151d5f2fa",
            "account": "https://console.aws.amazon.com/organizations/v2/home/accounts/111122223333",
        },
        "event": {"detail": {"eventName": "ConsoleLogin"}},
    })
}

#[test]
fn a_login() {
    insta::assert_json_snapshot!("login", alert(&login()));
}

#[test]
fn a_health_alarm_and_its_end() {
    for state in ["ALARM", "OK"] {
        let alarm = Alarm::from_message(&json!({
            "AlarmName": "rootwatch-pagerduty-dlq", "AlarmDescription": "Alerts that PagerDuty did not get.", "AWSAccountId": "999988887777",
            "NewStateValue": state, "NewStateReason": "Threshold Crossed: 1 datapoint [1.0] was greater than the threshold (0.0).",
            "StateChangeTime": "2026-02-26T10:14:05.123+0000", "Region": "US East (N. Virginia)",
            "AlarmArn": "arn:aws:cloudwatch:us-east-1:999988887777:alarm:rootwatch-pagerduty-dlq",
        }));
        insta::assert_json_snapshot!(format!("health-{state}"), render(&Incoming::Health(alarm.unwrap())));
    }
}

const HOSTILE: [&str; 9] = [
    "<!channel> <@U123> <#C123> <!here|here> <https://evil.example|Sign in>",
    "*bold* _it_ ~no~ `code` ```block``` > quote\n> quote\r\n• list",
    "https://evil.example www.evil.example mailto:x@evil.example @channel #general",
    "&lt;!channel&gt; &amp;",
    "\u{202e}drowssap\u{202c} \u{200b}\u{0}\u{1b}[31m",
    "|<>|<>|",
    "${jndi:ldap://evil} {{7*7}}",
    "<<<<<<<<<<<<<<<<<<<<",
    "",
];

/// The login with this text wherever a text from outside may stand.
fn poisoned(text: &str) -> Value {
    let mut message = login();
    for field in [
        "title",
        "summary",
        "account",
        "region",
        "event_name",
        "event_source",
        "event_time",
        "target",
        "source_ip",
        "user_agent",
        "deduplication_key",
        "incident_key",
        "first_step",
        "query",
    ] {
        message[field] = json!(text);
    }
    for field in ["type", "arn", "account", "name", "access_key_id", "access", "mfa"] {
        message["actor"][field] = json!(text);
    }
    message["notes"] = json!(vec![text; 50]);
    message["links"] = json!({"cloudtrail_event": text, "account": format!("https://console.aws.amazon.com/{text}")});
    message
}

#[test]
fn hostile_text_is_only_text() {
    for text in HOSTILE {
        let long = text.repeat(4000 / text.len().max(1));
        for text in [text, &long] {
            if let Some(alert) = Alert::from_message(&poisoned(text)) {
                check(&render(&Incoming::Alert(Box::new(alert))));
            }
        }
    }
    check(&alert(&login()));
}

/// A hundred alerts with this text in them, each another act.
fn gathered(text: &str) -> Value {
    let lines: Vec<String> = (0..100)
        .filter_map(|number| {
            let mut message = poisoned(text);
            message["event_name"] = json!(format!("{text}{number}"));
            message["deduplication_key"] = json!(number.to_string());
            Alert::from_message(&message).map(|alert| alert.line())
        })
        .collect();
    match Gathered::of(text, &lines) {
        Some(gathered) => render_gathered(&gathered),
        None => alert(&login()),
    }
}

#[test]
fn acts_of_an_incident_are_one_message() {
    let lines: Vec<String> = (0..59)
        .filter_map(|number| {
            let mut message = login();
            message["title"] = json!("Root user called s3:GetBucketPolicy");
            message["severity"] = json!(if number == 7 { "high" } else { "low" });
            message["event_name"] = json!(["GetBucketPolicy", "ListBuckets"][number % 2]);
            message["event_time"] = json!(format!("2026-03-02T09:15:{number:02}Z"));
            message["deduplication_key"] = json!(number.to_string());
            Alert::from_message(&message).map(|alert| alert.line())
        })
        .collect();
    let gathered = Gathered::of("rootwatch/111122223333/ASIA/2026-03-02T09Z", &lines).unwrap();
    assert_eq!(gathered.acts.iter().map(|acts| acts.count).sum::<usize>(), 59);
    insta::assert_json_snapshot!("gathered", render_gathered(&gathered));
}

#[test]
fn gathered_hostile_text_is_only_text() {
    for text in HOSTILE {
        for text in [text, &text.repeat(4000 / text.len().max(1))] {
            check(&gathered(text));
        }
    }
}

#[test]
fn a_digest_shows_the_gravest_event_and_counts_what_it_does_not_show() {
    for (events, text) in [(100, "x"), (1_000, "x"), (60, "y".repeat(200).as_str())] {
        let lines: Vec<String> = (0..events)
            .map(|number| {
                let mut message = login();
                // The gravest is the last by time, and no line is like another.
                message["severity"] = json!(if number == events - 1 { "high" } else { "low" });
                message["title"] = json!(format!("Root called {number} {text}"));
                message["event_time"] = json!(format!("2026-03-02T09:{:02}:{:02}Z", number / 60, number % 60));
                message["deduplication_key"] = json!(number.to_string());
                Alert::from_message(&message).unwrap().line()
            })
            .chain(["not a line".to_owned()])
            .collect();
        let payload = render_gathered(&Gathered::of("incident", &lines).unwrap());
        check(&payload);
        let shown = payload["attachments"].to_string();
        assert!(shown.contains(&format!("called {} ", events - 1)), "the gravest of {events}");
        let bullets = shown.matches("•").count();
        let hidden = events + 1 - bullets;
        let minimal = minimal_gathered(&Gathered::of("incident", &lines).unwrap());
        assert!(
            minimal["text"].as_str().unwrap().contains(&format!("{} more root events in account 1111", events + 1))
        );
        let words = format!("{hidden} further events are not shown");
        assert!(payload["blocks"].to_string().contains(&words), "{words}: {}", payload["blocks"]);
        assert!(payload["text"].as_str().unwrap().contains(&format!("{} more", events + 1)));
    }
}

#[test]
fn a_digest_of_correlated_sign_ins_counts_accounts_and_addresses() {
    let accounts: std::collections::BTreeSet<_> =
        ["111122223333", "222233334444", "333344445555"].map(str::to_owned).into();
    let lines: Vec<String> = accounts
        .iter()
        .map(|account| {
            let mut message = login();
            message["account"] = json!(account);
            message["title"] = json!("Failed root sign-in");
            message["outcome"] = json!("failure");
            message["deduplication_key"] = json!(account);
            let mut alert = Alert::from_message(&message).unwrap();
            alert.correlate("rootwatch/failed-sign-ins/x", accounts.clone(), ["198.51.100.23".to_owned()].into());
            alert.line()
        })
        .collect();
    let payload = render_gathered(&Gathered::of("rootwatch/failed-sign-ins/x/low", &lines).unwrap());
    check(&payload);
    let text = payload["text"].as_str().unwrap();
    assert!(text.contains("3 accounts, 1 address: 3 more failed root sign-ins since 09:20 UTC"), "{text}");
    assert!(payload.to_string().contains("222233334444"));
}

#[test]
fn a_query_can_be_pasted_as_it_is() {
    let mut message = login();
    message["query"] = json!(
        "# run over the time of the alarm\nfields @timestamp, eventName\n| filter userIdentity.type = \"Root\"\n| sort @timestamp desc"
    );
    let payload = alert(&message);
    let pasted = "```fields @timestamp, eventName\n| filter userIdentity.type = \"Root\"\n| sort @timestamp desc```";
    assert!(rootwatch_runtime::testing::texts(&payload).iter().any(|text| text.contains(pasted)), "{payload:#}");
}

#[test]
fn the_minimal_message_holds_nothing_that_others_wrote() {
    for text in HOSTILE.into_iter().filter(|text| !text.is_empty()) {
        if let Some(alert) = Alert::from_message(&poisoned(text)) {
            let payload = minimal(&Incoming::Alert(Box::new(alert)));
            let words = payload["text"].as_str().unwrap();
            assert!(words.starts_with("[critical] Root sign-in event in an unknown account. Slack refused"), "{words}");
        }
    }
    insta::assert_json_snapshot!(
        "minimal",
        minimal(&Incoming::Alert(Box::new(Alert::from_message(&login()).unwrap())))
    );
}

#[test]
fn a_message_that_is_not_understood_cut_or_hostile() {
    let shown = |alert: Alert| render(&Incoming::Alert(Box::new(alert)));
    insta::assert_json_snapshot!("unparsed", shown(rootwatch_alert::alert::unreadable("{", None)));
    insta::assert_json_snapshot!("hostile", alert(&poisoned(HOSTILE[0])));
    let mut long = login();
    long["notes"] = json!(vec!["word ".repeat(100); 20]);
    long["user_agent"] = json!("agent ".repeat(300));
    insta::assert_json_snapshot!("truncated", alert(&long));
}

proptest! {
    #[test]
    fn any_gathered_text_is_only_text(text in any::<String>(), times in 1_usize..300) {
        check(&gathered(&text.repeat(times)));
    }

    #[test]
    fn any_text_is_only_text(text in any::<String>(), times in 1_usize..2_000) {
        if let Some(alert) = Alert::from_message(&poisoned(&text.repeat(times))) {
            check(&render(&Incoming::Alert(Box::new(alert))));
        }
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
