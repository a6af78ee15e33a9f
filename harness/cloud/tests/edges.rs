//! The table of edges in `docs/aws-behavior.md` against the cloud: a policy with the row's principal and action lets the
//! delivery through, and a condition on a key matches exactly where the row lists the key.

#![expect(clippy::unwrap_used, reason = "a test may end with a panic, and so may its helpers")]

#[expect(dead_code, reason = "each test of the endpoint uses a part of it")]
mod support;

use std::io::{Cursor, Write};
use std::time::Duration;

use base64::Engine;
use rootwatch_cloud::Clock;
use rootwatch_cloud::api::Service;
use rootwatch_cloud::trace::{Hop, Outcome};
use serde_json::{Value, json};
use support::{ACCOUNT, start};

const REGION: &str = "us-east-1";
/// The account at the other end of an edge between accounts.
const OTHER: &str = "444455556666";
const KEYS: [&str; 8] = [
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceOwner",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "events:eventBusInvocation",
];

struct Edge {
    name: String,
    actions: Vec<String>,
    principals: Vec<String>,
    keys: Vec<String>,
}

/// The rows between the marks.
fn table() -> Vec<Edge> {
    let text = include_str!("../../../docs/aws-behavior.md");
    let rows = text.split("<!-- edges -->").nth(1).unwrap().split("<!-- /edges -->").next().unwrap();
    let cells = |row: &str| row.split('|').map(|cell| cell.trim().replace('`', "")).collect::<Vec<_>>();
    let rows = rows.lines().filter(|row| row.starts_with("| ")).skip(1).map(cells);
    let list = |cell: &str| cell.split(", ").filter(|item| *item != "none").map(str::to_owned).collect();
    rows.map(|cells| Edge {
        name: cells[1].clone(),
        actions: list(&cells[2]),
        principals: list(&cells[3]),
        keys: list(&cells[4]),
    })
    .collect()
}

fn arn(service: &str, name: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{name}")
}

/// The role by which EventBridge calls a target.
fn role() -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/sender")
}

/// Whether the edge delivers with a policy of one statement.
async fn delivers(edge: &Edge, principal: &str, actions: &[String], condition: Value) -> bool {
    let endpoint = start(Clock::Owned).await;
    endpoint.cloud.with(|state| {
        state.organizations.create("o-abcdefghij", ACCOUNT, &[(ACCOUNT, "management"), (OTHER, "other")]);
    });
    let try_in = |account: &str, service: Service, operation: &str, params: Value| {
        endpoint.cloud.api(account, REGION, service, operation, params)
    };
    let call = |service: Service, operation: &str, params: Value| {
        let answer = try_in(ACCOUNT, service, operation, params.clone());
        answer.unwrap_or_else(|error| panic!("{operation} {params}: {error}"))
    };
    let document = |statements: &[Value]| json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let principal = match principal.starts_with("arn:") {
        true => json!({"AWS": principal}),
        false => json!({"Service": principal}),
    };
    let statement =
        json!({"Sid": "edge", "Effect": "Allow", "Principal": principal, "Action": actions, "Condition": condition});
    let policy = |resources: &[&str]| {
        let mut statement = statement.clone();
        statement["Resource"] = json!(resources);
        document(&[statement])
    };
    let (queue, topic) = (arn("sqs", "q"), arn("sns", "t"));
    let queue_with = |attributes: Value| {
        call(Service::Sqs, "CreateQueue", json!({"QueueName": "q", "Attributes": attributes}));
        (Hop::Queue, queue.clone())
    };
    let topic_with = |attributes: Value| {
        call(Service::Sns, "CreateTopic", json!({"Name": "t", "Attributes": attributes}));
        (Hop::Topic, topic.clone())
    };
    // A key that its account administrates, and the policy of a queue or topic that admits everyone.
    let key = || {
        let mut edge = statement.clone();
        edge["Resource"] = json!("*");
        let administration =
            json!({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "kms:*", "Resource": "*"});
        call(Service::Kms, "CreateKey", json!({"Policy": document(&[administration, edge])}))["KeyMetadata"]["Arn"]
            .clone()
    };
    let open = |action: &str, resource: &str| {
        document(&[json!({"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource})])
    };
    let connect = |mut target: Value| {
        target["Id"] = json!("t");
        call(Service::EventBridge, "PutRule", json!({"Name": "r", "EventPattern": r#"{"source":["s"]}"#}));
        call(Service::EventBridge, "PutTargets", json!({"Rule": "r", "Targets": [target]}));
    };
    let send = || {
        let entry = json!({"Source": "s", "DetailType": "t", "Detail": "{}"});
        call(Service::EventBridge, "PutEvents", json!({"Entries": [entry]}));
    };
    let rule = |target: Value| {
        connect(target);
        send();
    };
    let subscribed_queue = || {
        call(Service::Sns, "CreateTopic", json!({"Name": "t"}));
        call(Service::Sns, "Subscribe", json!({"TopicArn": topic, "Protocol": "sqs", "Endpoint": queue}));
        call(Service::Sns, "Publish", json!({"TopicArn": topic, "Message": "m"}));
    };
    let alarm = || {
        let alarm = json!({"AlarmName": "a", "MetricName": "m", "Namespace": "n", "Period": 60, "EvaluationPeriods": 1,
            "Threshold": 1.0, "Statistic": "Sum", "ComparisonOperator": "GreaterThanThreshold", "AlarmActions": [topic]});
        call(Service::CloudWatch, "PutMetricAlarm", alarm);
        let state = json!({"AlarmName": "a", "StateValue": "ALARM", "StateReason": "test"});
        call(Service::CloudWatch, "SetAlarmState", state);
    };
    // PutTargets has checks of its own, so the policies are as open as can be until the target is there.
    let bus = format!("arn:aws:events:{REGION}:{OTHER}:event-bus/b");
    let set_bus_policy = |policy: String| {
        let put = json!({"EventBusName": "b", "Policy": policy});
        try_in(OTHER, Service::EventBridge, "PutPermission", put).unwrap();
    };
    let connect_bus = || {
        try_in(OTHER, Service::EventBridge, "CreateEventBus", json!({"Name": "b"})).unwrap();
        set_bus_policy(open("events:PutEvents", &bus));
        let trust = document(&[
            json!({"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}),
        ]);
        call(Service::Iam, "CreateRole", json!({"RoleName": "sender", "AssumeRolePolicyDocument": trust}));
        let all = document(&[json!({"Effect": "Allow", "Action": "events:PutEvents", "Resource": "*"})]);
        let put = json!({"RoleName": "sender", "PolicyName": "send", "PolicyDocument": all});
        call(Service::Iam, "PutRolePolicy", put);
        connect(json!({"Arn": bus, "RoleArn": role()}));
    };
    let function = || {
        call(
            Service::Iam,
            "CreateRole",
            json!({"RoleName": "function", "AssumeRolePolicyDocument": document(
            &[json!({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"})])}),
        );
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("bootstrap", zip::write::SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
        zip.write_all(b"#!/bin/sh\n").unwrap();
        let code = base64::engine::general_purpose::STANDARD.encode(zip.finish().unwrap().into_inner());
        call(
            Service::Lambda,
            "CreateFunction",
            json!({"FunctionName": "f", "Runtime": "provided.al2023",
            "Role": format!("arn:aws:iam::{ACCOUNT}:role/function"), "Handler": "bootstrap", "Code": {"ZipFile": code}}),
        );
        arn("lambda", "function:f")
    };
    // AddPermission has a member for some of the keys, and no other key can be in the policy of a function.
    let permit = |source: &str, service: &str| {
        let mut permission = json!({"FunctionName": "f", "StatementId": "edge", "Action": actions[0], "Principal": principal["Service"]});
        match condition["Null"].as_object().and_then(|keys| keys.keys().next()).map(String::as_str) {
            None => {}
            Some("aws:SourceArn") => permission["SourceArn"] = json!(arn(service, source)),
            Some("aws:SourceAccount") => permission["SourceAccount"] = json!(ACCOUNT),
            Some("aws:PrincipalOrgID") => permission["PrincipalOrgID"] = json!("o-abcdefghij"),
            Some(_) => return false,
        }
        call(Service::Lambda, "AddPermission", permission);
        true
    };
    let (hop, resource) = match edge.name.as_str() {
        "EventBridge rule to SQS queue" => {
            let end = queue_with(json!({"Policy": policy(&[&queue])}));
            rule(json!({"Arn": queue}));
            end
        }
        "EventBridge rule to the key of an SQS queue" => {
            let end = queue_with(json!({"Policy": open("sqs:SendMessage", &queue), "KmsMasterKeyId": key()}));
            rule(json!({"Arn": queue}));
            end
        }
        "EventBridge rule to SNS topic" => {
            let end = topic_with(json!({"Policy": policy(&[&topic])}));
            rule(json!({"Arn": topic}));
            end
        }
        "EventBridge rule to the role of a target" => {
            connect_bus();
            let trust = json!({"RoleName": "sender", "PolicyDocument": document(std::slice::from_ref(&statement))});
            call(Service::Iam, "UpdateAssumeRolePolicy", trust);
            send();
            (Hop::Target, bus.clone())
        }
        "EventBridge rule to the bus of another account" => {
            connect_bus();
            set_bus_policy(policy(&[&bus]));
            send();
            (Hop::Target, bus.clone())
        }
        "EventBridge rule to Lambda function" => {
            let function = function();
            if !permit("rule/*", "events") {
                return false;
            }
            rule(json!({"Arn": function}));
            (Hop::Target, function)
        }
        "EventBridge rule to log group" => {
            let group = arn("logs", "log-group:/aws/events/g");
            call(Service::Logs, "CreateLogGroup", json!({"logGroupName": "/aws/events/g"}));
            let put = json!({"policyName": "p", "policyDocument": policy(&[&format!("{group}:*")])});
            call(Service::Logs, "PutResourcePolicy", put);
            rule(json!({"Arn": group}));
            (Hop::Target, group)
        }
        "SNS topic to SQS queue" => {
            let end = queue_with(json!({"Policy": policy(&[&queue])}));
            subscribed_queue();
            end
        }
        "SNS topic to the key of an SQS queue" => {
            let end = queue_with(json!({"Policy": open("sqs:SendMessage", &queue), "KmsMasterKeyId": key()}));
            subscribed_queue();
            end
        }
        "CloudWatch alarm to SNS topic" => {
            let end = topic_with(json!({"Policy": policy(&[&topic])}));
            alarm();
            end
        }
        "CloudWatch alarm to the key of an SNS topic" => {
            let end = topic_with(json!({"Policy": open("SNS:Publish", &topic), "KmsMasterKeyId": key()}));
            alarm();
            end
        }
        "Log group to Lambda function" => {
            let function = function();
            if !permit("log-group:*", "logs") {
                return false;
            }
            call(Service::Logs, "CreateLogGroup", json!({"logGroupName": "g"}));
            // CloudWatch Logs tries the permission when the filter is put.
            let filter =
                json!({"logGroupName": "g", "filterName": "f", "filterPattern": "", "destinationArn": function});
            return try_in(ACCOUNT, Service::Logs, "PutSubscriptionFilter", filter).is_ok();
        }
        "CloudTrail to the bucket of a trail" => {
            call(Service::S3, "CreateBucket", json!({"Bucket": "trail-of-edges"}));
            let resources = ["arn:aws:s3:::trail-of-edges", "arn:aws:s3:::trail-of-edges/*"];
            call(Service::S3, "PutBucketPolicy", json!({"Bucket": "trail-of-edges", "Text": policy(&resources)}));
            let trail = json!({"Name": "trail", "S3BucketName": "trail-of-edges"});
            return try_in(ACCOUNT, Service::CloudTrail, "CreateTrail", trail).is_ok();
        }
        other => panic!("docs/aws-behavior.md has an edge that this test does not know: {other}"),
    };
    endpoint.cloud.advance(Duration::from_secs(2)).await;
    endpoint.cloud.with(|state| {
        let arrived = |outcome| outcome == Outcome::Delivered;
        state.entries().any(|entry| entry.hop == hop && entry.resource == resource && arrived(entry.outcome))
    })
}

/// An action of the same service that the edge does not need.
fn other_action(action: &str) -> String {
    match action.split(':').next().unwrap() {
        "sqs" => "sqs:ReceiveMessage",
        "SNS" => "SNS:Subscribe",
        "events" => "events:PutRule",
        "kms" => "kms:DescribeKey",
        "lambda" => "lambda:GetFunction",
        "logs" => "logs:GetLogEvents",
        "s3" => "s3:GetObject",
        "sts" => "sts:TagSession",
        other => panic!("no other action of {other}"),
    }
    .to_owned()
}

#[tokio::test]
async fn every_edge_has_the_principals_actions_and_keys_of_the_table() {
    let table = table();
    assert_eq!(table.len(), 13, "the table has lost or gained rows");
    for edge in &table {
        let Edge { name, actions, principals, keys } = edge;
        for principal in principals {
            let principal = if principal == "the role of the target" { &role() } else { principal };
            assert!(delivers(edge, principal, actions, json!({})).await, "{name}: {principal} is refused");
            for (number, action) in actions.iter().enumerate() {
                let mut others = actions.clone();
                others[number] = other_action(action);
                assert!(!delivers(edge, principal, &others, json!({})).await, "{name}: without {action}");
            }
            for key in KEYS {
                let found = delivers(edge, principal, actions, json!({"Null": {key: "false"}})).await;
                assert_eq!(found, keys.iter().any(|listed| listed == key), "{name}: {key}");
            }
        }
        assert!(!delivers(edge, "ec2.amazonaws.com", actions, json!({})).await, "{name}: by any principal");
    }
}
