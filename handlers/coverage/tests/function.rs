//! The function from a message in its queue to the table and the health topic.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use rootwatch_coverage::Coverage;
use rootwatch_runtime::testing::{Answered, Asked, World, batch, field, minute, returned};
use rootwatch_runtime::{ConfigurationError, Function};
use serde_json::{Value, json};

const HEALTH: &str = "arn:aws:sns:us-east-1:999988887777:rootwatch-health";
const SETTINGS: &str = r#"{"name": "rootwatch-coverage", "hub_account": "999988887777", "regions": ["us-east-1"]}"#;

fn coverage(world: &World) -> Function<Coverage> {
    let variables = [("COVERAGE_TABLE", "rootwatch-coverage"), ("HEALTH_TOPIC_ARN", HEALTH), ("COVERAGE", SETTINGS)];
    world.function(Coverage::new, &variables).unwrap()
}

fn scheduled(rule: &str) -> String {
    json!({
        "detail-type": "Scheduled Event", "source": "aws.events", "account": "111122223333", "region": "us-east-2",
        "time": "2026-03-02T09:00:00Z", "resources": [format!("arn:aws:events:us-east-2:111122223333:rule/{rule}")],
    })
    .to_string()
}

fn answer(asked: &Asked, items: &Value) -> Answered {
    match asked.what.as_str() {
        "dynamodb:Scan" => Answered::With(200, json!({"Items": items}).to_string()),
        "sns:Publish" => Answered::With(
            200,
            "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>".to_owned(),
        ),
        _ => Answered::With(200, "{}".to_owned()),
    }
}

/// A place as the table has it.
fn place(account: &str, last_heartbeat: &str) -> Value {
    json!({"account": {"S": account}, "region": {"S": "us-east-1"}, "last_heartbeat": {"S": last_heartbeat}})
}

fn remembered(digest: &str, reported: &str) -> Value {
    json!({
        "account": {"S": "check"}, "region": {"S": "-"}, "first": {"S": "2026-01-01T00:00:00Z"},
        "digest": {"S": digest}, "reported": {"S": reported},
    })
}

#[tokio::test(start_paused = true)]
async fn heartbeats_and_events_are_written_and_nothing_else() {
    let event = scheduled("x").replace("Scheduled Event", "AWS API Call via CloudTrail");
    for (body, update) in [
        (scheduled("rootwatch-heartbeat-0.1.0"), "SET #latest = :at, #version = :version"),
        (event, "SET #latest = :at"),
    ] {
        let world = World::new(|asked| answer(asked, &json!([])));
        let response = coverage(&world).invoke(batch(&[&body]), minute(0)).await;
        assert!(returned(&response).is_empty(), "{body}");
        let asked = world.asked();
        assert_eq!(asked.iter().map(|asked| asked.what.as_str()).collect::<Vec<_>>(), ["dynamodb:UpdateItem"]);
        let input: Value = serde_json::from_str(&asked[0].body).unwrap();
        assert_eq!(input["UpdateExpression"], update);
        assert_eq!(input["Key"], json!({"account": {"S": "111122223333"}, "region": {"S": "us-east-2"}}));
        assert_eq!(input["ExpressionAttributeValues"][":at"]["S"], "2026-03-02T09:00:00Z");
    }
}

#[tokio::test(start_paused = true)]
async fn a_later_heartbeat_stays() {
    let world = World::new(|_| {
        Answered::With(400, r#"{"__type": "ConditionalCheckFailedException", "message": "no"}"#.to_owned())
    });
    let response = coverage(&world).invoke(batch(&[&scheduled("rootwatch-heartbeat-0.1.0")]), minute(0)).await;
    assert!(returned(&response).is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_check_reports_what_changed_and_once_a_day() {
    // `minute` counts from some time in 2026; the deadline is the time of the check.
    let now: jiff::Timestamp = jiff::Timestamp::from_millisecond(minute(0).deadline_ms.try_into().unwrap()).unwrap();
    let hours_ago = |hours: i64| jiff::Timestamp::from_second(now.as_second() - hours * 3600).unwrap().to_string();
    let hub = place("999988887777", &hours_ago(0));
    let silent = place("111122223333", &hours_ago(4));
    let digest_of_silent = {
        let world = World::new({
            let items = json!([hub, silent]);
            move |asked| answer(asked, &items)
        });
        coverage(&world).invoke(batch(&[&scheduled("rootwatch-coverage-check")]), minute(0)).await;
        let asked = world.asked();
        let put = asked.iter().find(|asked| asked.what == "dynamodb:PutItem").unwrap();
        let item: Value = serde_json::from_str(&put.body).unwrap();
        item["Item"]["digest"]["S"].as_str().unwrap().to_owned()
    };
    assert!(!digest_of_silent.is_empty());
    let alarm = Some(("ALARM", "No heartbeat comes any more from 111122223333 us-east-1"));
    let cases = [
        ("nothing is missing", json!([hub]), None),
        ("an account fell silent", json!([hub, silent]), alarm),
        ("it was reported an hour ago", json!([hub, silent, remembered(&digest_of_silent, &hours_ago(1))]), None),
        ("it was reported a day ago", json!([hub, silent, remembered(&digest_of_silent, &hours_ago(24))]), alarm),
        ("something else was reported", json!([hub, silent, remembered("other", &hours_ago(1))]), alarm),
        (
            "it came back",
            json!([hub, remembered(&digest_of_silent, &hours_ago(1))]),
            Some(("OK", "All 1 accounts and Regions send heartbeats.")),
        ),
        ("nothing was ever missing", json!([hub, remembered("", &hours_ago(30))]), None),
        (
            "the hub never sent one",
            json!([remembered("", &hours_ago(30))]),
            Some(("ALARM", "No heartbeat ever came from 999988887777 us-east-1")),
        ),
        ("the first check of all", json!([]), None),
    ];
    for (what, items, wanted) in cases {
        let world = World::new(move |asked| answer(asked, &items));
        let response = coverage(&world).invoke(batch(&[&scheduled("rootwatch-coverage-check")]), minute(0)).await;
        assert!(returned(&response).is_empty(), "{what}");
        let asked = world.asked();
        let published = asked.iter().find(|asked| asked.what == "sns:Publish");
        let Some((state, reason)) = wanted else {
            assert!(published.is_none(), "{what}");
            continue;
        };
        let published = published.unwrap_or_else(|| panic!("{what}: nothing was published"));
        assert_eq!(field(&published.body, "TopicArn").as_deref(), Some(HEALTH), "{what}");
        let message: Value = serde_json::from_str(&field(&published.body, "Message").unwrap()).unwrap();
        assert_eq!((&message["AlarmName"], &message["NewStateValue"]), (&json!("rootwatch-coverage"), &json!(state)));
        assert!(message["NewStateReason"].as_str().unwrap().starts_with(reason), "{what}: {message}");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_are_tried_again_and_what_cannot_be_read_is_a_dead_letter() {
    let refused = || Answered::With(400, r#"{"__type": "AccessDeniedException", "message": "no"}"#.to_owned());
    for (body, failing, back) in [
        (scheduled("rootwatch-heartbeat-0.1.0"), "dynamodb:UpdateItem", &["0"][..]),
        (scheduled("rootwatch-coverage-check"), "dynamodb:Scan", &["0"]),
        (scheduled("rootwatch-coverage-check"), "dynamodb:PutItem", &["0"]),
        ("{".to_owned(), "none", &[]),
    ] {
        let world = World::new(move |asked| match asked.what.as_str() {
            what if what == failing => refused(),
            _ => answer(asked, &json!([])),
        });
        let response = coverage(&world).invoke(batch(&[&body]), minute(0)).await;
        assert_eq!(returned(&response), back, "{body} {failing}");
        let moved = world.asked().iter().any(|asked| asked.what == "sqs:SendMessage");
        assert_eq!(moved, failing == "none", "{body} {failing}");
    }
}

#[test]
fn configuration_errors_name_the_variable() {
    let world = World::new(|_| Answered::Refused);
    let variables = [("COVERAGE_TABLE", "t"), ("HEALTH_TOPIC_ARN", HEALTH), ("COVERAGE", "{\"other\": 1}")];
    let error = world.function(Coverage::new, &variables).err();
    assert!(matches!(error, Some(ConfigurationError::Unreadable { name: "COVERAGE", .. })), "{error:?}");
    let error = world.function(Coverage::new, &variables[..2]).err();
    assert_eq!(error, Some(ConfigurationError::Missing("COVERAGE")));
}
