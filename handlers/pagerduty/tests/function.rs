//! The function from a batch to PagerDuty's answer.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use rootwatch_pagerduty::PagerDuty;
use rootwatch_runtime::Function;
use rootwatch_runtime::testing::{Answered, World, batch, minute, returned};
use serde_json::Value;

const SECRET: &str = "arn:aws:secretsmanager:us-east-1:999988887777:secret:pagerduty-AbCdEf";
const ALERT: &str =
    r#"{"version": "1", "title": "Root user signed in", "account": "111122223333", "incident_key": "visit"}"#;
const ALARM: &str = r#"{"AlarmName": "rootwatch-slack-dlq", "AlarmArn": "arn:alarm", "NewStateValue": "OK", "NewStateReason": "better"}"#;

fn pagerduty(world: &World) -> Function<PagerDuty> {
    world.function(PagerDuty::new, &[("SECRET_ARN", SECRET)]).unwrap()
}

fn world(secret: &'static str, answer: Answered) -> World {
    World::new(move |asked| match asked.what.as_str() {
        "secretsmanager:GetSecretValue" => Answered::With(200, serde_json::json!({"SecretString": secret}).to_string()),
        "sqs:SendMessage" => Answered::With(200, r#"{"MessageId": "1"}"#.to_owned()),
        _ => answer.clone(),
    })
}

#[tokio::test(start_paused = true)]
async fn events_go_where_the_secret_says() {
    for (secret, address) in [
        ("R0KEY", "events.pagerduty.com/v2/enqueue"),
        (
            r#"{"routing_key": "R0KEY", "events_url": "https://pagerduty.example:8443/v2/enqueue"}"#,
            "pagerduty.example:8443/v2/enqueue",
        ),
    ] {
        let world = world(secret, Answered::With(202, r#"{"status": "success"}"#.to_owned()));
        let response = pagerduty(&world).invoke(batch(&[ALERT, ALARM]), minute(0)).await;
        assert!(returned(&response).is_empty());
        let asked = world.asked();
        let events: Vec<_> = asked.iter().filter(|asked| asked.what == address).collect();
        assert_eq!(events.len(), 2, "{asked:?}");
        for (event, action, key) in [(events[0], "trigger", "visit"), (events[1], "resolve", "arn:alarm")] {
            let event: Value = serde_json::from_str(&event.body).unwrap();
            assert_eq!(
                (&event["routing_key"], &event["event_action"], &event["dedup_key"]),
                (&"R0KEY".into(), &action.into(), &key.into())
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_are_now_or_never() {
    let with = |status, body: &str| Answered::With(status, body.to_owned());
    for (answer, back, letters) in [
        (with(202, r#"{"status": "success"}"#), &[][..], 0),
        (with(202, r#"{"status": "invalid event"}"#), &["0"], 0),
        (with(200, "<html>"), &["0"], 0),
        (with(429, ""), &["0"], 0),
        (with(500, ""), &["0"], 0),
        (with(400, r#"{"errors": ["Invalid routing key"]}"#), &[], 1),
        (with(413, ""), &[], 1),
        (with(402, ""), &[], 1),
        (with(407, ""), &["0"], 0),
        (Answered::Nothing, &["0"], 0),
    ] {
        let words = format!("{answer:?}");
        let world = world("R0KEY", answer);
        let response = pagerduty(&world).invoke(batch(&[ALERT]), minute(0)).await;
        assert_eq!(returned(&response), back, "{words}");
        let sent: Vec<_> = world.asked().into_iter().filter(|asked| asked.what == "sqs:SendMessage").collect();
        assert_eq!(sent.len(), letters, "{words}");
        assert!(sent.iter().all(|letter| !letter.body.contains("R0KEY")), "a routing key is a secret");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_event_is_sent_once_more_without_what_others_wrote() {
    let world = World::new(|asked| match asked.what.as_str() {
        "secretsmanager:GetSecretValue" => Answered::With(200, r#"{"SecretString": "R0KEY"}"#.to_owned()),
        _ if asked.body.contains("Root user signed in") => {
            Answered::With(400, r#"{"errors": ["'summary' is invalid"]}"#.to_owned())
        }
        _ => Answered::With(202, r#"{"status": "success"}"#.to_owned()),
    });
    let response = pagerduty(&world).invoke(batch(&[ALERT]), minute(0)).await;
    assert!(returned(&response).is_empty());
    let asked = world.asked();
    assert_eq!(asked.len(), 3, "{asked:?}");
    let event: Value = serde_json::from_str(&asked[2].body).unwrap();
    assert_eq!((&event["dedup_key"], &event["event_action"]), (&"visit".into(), &"trigger".into()));
}

#[tokio::test(start_paused = true)]
async fn a_log_alarm_that_is_over_sends_nothing() {
    let world = world("R0KEY", Answered::Refused);
    let over = r#"{"version": "1", "title": "No further root activity", "alarm_state": "OK"}"#;
    let response = pagerduty(&world).invoke(batch(&[over]), minute(0)).await;
    assert!(returned(&response).is_empty() && world.asked().is_empty());
}
