//! The table of edges in `docs/aws-behavior.md` against the cloud: a policy with the row's principal and action lets the
//! delivery through, and a condition on a key matches exactly where the row lists the key.

#![expect(clippy::unwrap_used, reason = "a test may end with a panic, and so may its helpers")]

#[expect(dead_code, reason = "each test of the endpoint uses a part of it")]
mod support;

use std::time::Duration;

use rootwatch_cloud::Clock;
use rootwatch_cloud::api::Service;
use rootwatch_cloud::trace::{Hop, Outcome};
use serde_json::{Value, json};
use support::{ACCOUNT, start};

const REGION: &str = "us-east-1";
const KEYS: [&str; 6] = [
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceOwner",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:PrincipalOrgID",
];

struct Edge {
    name: String,
    action: String,
    principal: String,
    keys: Vec<String>,
}

/// The rows between the marks.
fn table() -> Vec<Edge> {
    let text = include_str!("../../../docs/aws-behavior.md");
    let rows = text.split("<!-- edges -->").nth(1).unwrap().split("<!-- /edges -->").next().unwrap();
    let cells = |row: &str| row.split('|').map(|cell| cell.trim().replace('`', "")).collect::<Vec<_>>();
    let rows = rows.lines().filter(|row| row.starts_with("| ")).skip(1).map(cells);
    rows.map(|cells| Edge {
        name: cells[1].clone(),
        action: cells[2].clone(),
        principal: cells[3].clone(),
        keys: cells[4].split(", ").filter(|key| *key != "none").map(str::to_owned).collect(),
    })
    .collect()
}

/// Whether the edge delivers with a policy of one statement.
async fn delivers(edge: &Edge, principal: &str, action: &str, condition: Value) -> bool {
    let endpoint = start(Clock::Owned).await;
    let members = [(ACCOUNT, "management")];
    endpoint.cloud.with(|state| state.organizations.create("o-abcdefghij", ACCOUNT, &members));
    let call = |service: Service, operation: &str, params: Value| {
        let answer = endpoint.cloud.api(ACCOUNT, REGION, service, operation, params.clone());
        answer.unwrap_or_else(|error| panic!("{operation} {params}: {error}"))
    };
    let arn = |service: &str, name: &str| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{name}");
    let policy = |resource: &str| {
        let statement = json!({"Effect": "Allow", "Principal": {"Service": principal}, "Action": action, "Resource": resource,
            "Condition": condition});
        json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
    };
    let (queue, topic) = (arn("sqs", "q"), arn("sns", "t"));
    let to_queue = || {
        call(Service::Sqs, "CreateQueue", json!({"QueueName": "q", "Attributes": {"Policy": policy(&queue)}}));
        (Hop::Queue, queue.clone())
    };
    let to_topic = || {
        call(Service::Sns, "CreateTopic", json!({"Name": "t", "Attributes": {"Policy": policy(&topic)}}));
        (Hop::Topic, topic.clone())
    };
    let rule = |target: &str| {
        call(Service::EventBridge, "PutRule", json!({"Name": "r", "EventPattern": r#"{"source":["s"]}"#}));
        call(Service::EventBridge, "PutTargets", json!({"Rule": "r", "Targets": [{"Id": "t", "Arn": target}]}));
        let entry = json!({"Source": "s", "DetailType": "t", "Detail": "{}"});
        call(Service::EventBridge, "PutEvents", json!({"Entries": [entry]}));
    };
    let (hop, resource) = match edge.name.as_str() {
        "EventBridge rule to SQS queue" => {
            let end = to_queue();
            rule(&queue);
            end
        }
        "EventBridge rule to SNS topic" => {
            let end = to_topic();
            rule(&topic);
            end
        }
        "SNS topic to SQS queue" => {
            let end = to_queue();
            call(Service::Sns, "CreateTopic", json!({"Name": "t"}));
            call(Service::Sns, "Subscribe", json!({"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue}));
            call(Service::Sns, "Publish", json!({"TopicArn": topic, "Message": "m"}));
            end
        }
        "CloudWatch alarm to SNS topic" => {
            let end = to_topic();
            let alarm = json!({"AlarmName": "a", "MetricName": "m", "Namespace": "n", "Period": 60, "EvaluationPeriods": 1,
                "Threshold": 1.0, "Statistic": "Sum", "ComparisonOperator": "GreaterThanThreshold", "AlarmActions": [topic]});
            call(Service::CloudWatch, "PutMetricAlarm", alarm);
            let state = json!({"AlarmName": "a", "StateValue": "ALARM", "StateReason": "test"});
            call(Service::CloudWatch, "SetAlarmState", state);
            end
        }
        other => panic!("docs/aws-behavior.md has an edge that this test does not know: {other}"),
    };
    endpoint.cloud.advance(Duration::from_secs(2)).await;
    endpoint.cloud.with(|state| {
        let arrived = |outcome| outcome == Outcome::Delivered;
        state.entries().any(|entry| entry.hop == hop && entry.resource == resource && arrived(entry.outcome))
    })
}

#[tokio::test]
async fn every_edge_has_the_principal_action_and_keys_of_the_table() {
    let table = table();
    assert_eq!(table.len(), 4, "the table has lost rows");
    for edge in &table {
        let Edge { name, action, principal, keys } = edge;
        assert!(delivers(edge, principal, action, json!({})).await, "{name}: refused");
        assert!(!delivers(edge, "ec2.amazonaws.com", action, json!({})).await, "{name}: by any principal");
        let other = if action == "SNS:Publish" { "SNS:Subscribe" } else { "sqs:ReceiveMessage" };
        assert!(!delivers(edge, principal, other, json!({})).await, "{name}: by any action");
        for key in KEYS {
            let found = delivers(edge, principal, action, json!({"Null": {key: "false"}})).await;
            assert_eq!(found, keys.iter().any(|listed| listed == key), "{name}: {key}");
        }
    }
}
