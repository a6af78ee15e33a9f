//! The function from an event in its queue to a message on a topic.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use rootwatch_runtime::testing::{Answered, World, batch, field, minute, returned};
use rootwatch_runtime::{ConfigurationError, Function};
use rootwatch_triage::Triage;
use serde_json::{Value, json};

const LOGIN: &str = "arn:aws:sns:us-east-1:999988887777:rootwatch-root-login";
const ACTIVITY: &str = "arn:aws:sns:us-east-1:999988887777:rootwatch-root-activity";
const TAMPERING: &str = "arn:aws:sns:us-east-1:999988887777:rootwatch-tampering";

fn triage(world: &World) -> Function<Triage> {
    world
        .function(
            Triage::new,
            &[("LOGIN_TOPIC_ARN", LOGIN), ("ACTIVITY_TOPIC_ARN", ACTIVITY), ("TAMPERING_TOPIC_ARN", TAMPERING)],
        )
        .unwrap()
}

fn published() -> Answered {
    Answered::With(
        200,
        "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>".to_owned(),
    )
}

fn refused(code: &str) -> Answered {
    let status = if code == "AuthorizationError" { 403 } else { 400 };
    Answered::With(
        status,
        format!(
            "<ErrorResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><Error><Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error><RequestId>1</RequestId></ErrorResponse>"
        ),
    )
}

fn event(source: &str, kind: &str) -> Value {
    json!({
        "detail-type": "AWS API Call via CloudTrail", "account": "111122223333", "region": "us-east-1", "time": "2026-03-02T09:29:00Z",
        "detail": {"userIdentity": {"type": kind}, "eventSource": source, "eventName": "X", "eventID": "1"},
    })
}

#[tokio::test(start_paused = true)]
async fn each_verdict_goes_its_way() {
    let cases = [
        ("a login", event("signin.amazonaws.com", "Root").to_string(), Some((LOGIN, "cloudtrail"))),
        ("a call", event("ec2.amazonaws.com", "Root").to_string(), Some((ACTIVITY, "cloudtrail"))),
        ("someone else", event("ec2.amazonaws.com", "IAMUser").to_string(), None),
        ("not an event", "[]".to_owned(), Some((ACTIVITY, "unparsed"))),
        ("not JSON", "{".to_owned(), Some((ACTIVITY, "unparsed"))),
        ("nothing", String::new(), Some((ACTIVITY, "unparsed"))),
    ];
    for (what, body, wanted) in cases {
        let world = World::new(|_| published());
        let response = triage(&world).invoke(batch(&[&body]), minute(0)).await;
        assert!(returned(&response).is_empty(), "{what}");
        let asked = world.asked();
        let Some((topic, origin)) = wanted else {
            assert!(asked.is_empty(), "{what}: {asked:?}");
            continue;
        };
        assert_eq!(asked.len(), 1, "{what}");
        assert_eq!(field(&asked[0].body, "TopicArn").as_deref(), Some(topic), "{what}");
        let message: Value = serde_json::from_str(&field(&asked[0].body, "Message").unwrap()).unwrap();
        assert_eq!((&message["version"], &message["origin"]), (&json!("1"), &json!(origin)), "{what}");
        let names: Vec<_> =
            (1..=5).filter_map(|n| field(&asked[0].body, &format!("MessageAttributes.entry.{n}.Name"))).collect();
        assert_eq!(names.len(), 5, "{what}: {names:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_refuses() {
    // What returns to its queue asks for the time until its next try.
    for (answer, asked, back) in [
        (refused("AuthorizationError"), 2, &["0"][..]),
        (refused("NotFound"), 2, &["0"]),
        (refused("KMSAccessDenied"), 2, &["0"]),
        (Answered::Nothing, 2, &["0"]),
        // Tried once more at once, and then by the queue.
        (Answered::Refused, 3, &["0"]),
        // Never: a dead letter, which this world takes.
        (refused("InvalidParameter"), 2, &[]),
    ] {
        let words = format!("{answer:?}");
        let world = World::new(move |asked| match asked.what.as_str() {
            "sns:Publish" => answer.clone(),
            _ => Answered::With(200, r#"{"MessageId": "1"}"#.to_owned()),
        });
        let body = event("signin.amazonaws.com", "Root").to_string();
        let response = triage(&world).invoke(batch(&[&body]), minute(0)).await;
        assert_eq!(returned(&response), back, "{words}");
        assert_eq!(world.asked().len(), asked, "{words}");
    }
}

#[test]
fn configuration_errors_name_the_variable() {
    let world = World::new(|_| Answered::Refused);
    let error = world.function(Triage::new, &[("LOGIN_TOPIC_ARN", LOGIN)]).err();
    assert_eq!(error, Some(ConfigurationError::Missing("ACTIVITY_TOPIC_ARN")));
}

#[tokio::test(start_paused = true)]
async fn settings_name_rate_and_suppress_but_never_a_login() {
    let settings = r#"{
        "account_names": {"111122223333": "Payments"},
        "severities": {"s3:X": "critical"},
        "suppressions": [
            {"operation": "iam:X", "until": "2026-03-03T00:00:00Z", "reason": "a test"},
            {"operation": "signin:X", "until": "2026-03-03T00:00:00Z", "reason": "a test"}
        ]
    }"#;
    let world = World::new(|_| published());
    let variables = [
        ("LOGIN_TOPIC_ARN", LOGIN),
        ("ACTIVITY_TOPIC_ARN", ACTIVITY),
        ("TAMPERING_TOPIC_ARN", TAMPERING),
        ("SETTINGS", settings),
    ];
    let triage = world.function(Triage::new, &variables).unwrap();
    for (source, published) in [("signin.amazonaws.com", 1), ("iam.amazonaws.com", 0), ("s3.amazonaws.com", 1)] {
        let response = triage.invoke(batch(&[&event(source, "Root").to_string()]), minute(0)).await;
        assert!(returned(&response).is_empty());
        let asked = world.asked();
        assert_eq!(asked.len(), published, "{source}");
        assert!(asked.iter().all(|asked| asked.body.contains("account_name%22%3A%22Payments")), "{source}");
    }
    let broken = [
        ("LOGIN_TOPIC_ARN", LOGIN),
        ("ACTIVITY_TOPIC_ARN", ACTIVITY),
        ("TAMPERING_TOPIC_ARN", TAMPERING),
        ("SETTINGS", "{"),
    ];
    let error = world.function(Triage::new, &broken).err();
    assert!(matches!(error, Some(ConfigurationError::Unreadable { name: "SETTINGS", .. })), "{error:?}");
}

const ROLE: &str = "arn:aws:iam::444455556666:role/account-names";

/// A world in which STS gives credentials and Organizations answers so.
fn organizations(answer: Answered) -> World {
    World::new(move |asked| {
        match asked.what.as_str() {
        "sts:AssumeRole" => Answered::With(
            200,
            "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIANAMES</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken></Credentials></AssumeRoleResult></AssumeRoleResponse>".to_owned(),
        ),
        "organizations:DescribeAccount" => answer.clone(),
        _ => published(),
    }
    })
}

#[tokio::test(start_paused = true)]
async fn organizations_names_an_account_and_delays_nothing() {
    const NAMED: &str = r#"{"Account": {"Id": "111122223333", "Name": "Payments"}}"#;
    const STS: &str = "sts:AssumeRole";
    const ASK: &str = "organizations:DescribeAccount";
    const PUBLISH: &str = "sns:Publish";
    let unknown = r#"{"__type": "AccountNotFoundException"}"#;
    let cases = [
        (Answered::With(200, NAMED.to_owned()), true, &[STS, ASK, PUBLISH, PUBLISH][..]),
        (Answered::With(400, unknown.to_owned()), false, &[STS, ASK, PUBLISH, PUBLISH]),
        // After a question without an answer nobody is asked for a while.
        (
            Answered::With(400, r#"{"__type": "AccessDeniedException"}"#.to_owned()),
            false,
            &[STS, ASK, PUBLISH, PUBLISH],
        ),
        (Answered::Nothing, false, &[STS, ASK, PUBLISH, PUBLISH]),
        (Answered::Refused, false, &[STS, ASK, PUBLISH, PUBLISH]),
    ];
    for (answer, named, wanted) in cases {
        let words = format!("{answer:?}");
        let world = organizations(answer);
        let variables = [
            ("LOGIN_TOPIC_ARN", LOGIN),
            ("ACTIVITY_TOPIC_ARN", ACTIVITY),
            ("TAMPERING_TOPIC_ARN", TAMPERING),
            ("ORGANIZATIONS_ROLE_ARN", ROLE),
        ];
        let triage = world.function(Triage::new, &variables).unwrap();
        for minute_of in [0, 1] {
            let body = event("signin.amazonaws.com", "Root").to_string();
            let response = triage.invoke(batch(&[&body]), minute(minute_of)).await;
            assert!(returned(&response).is_empty(), "{words}");
        }
        let asked = world.asked();
        assert_eq!(asked.iter().map(|asked| asked.what.as_str()).collect::<Vec<_>>(), wanted, "{words}");
        for published in asked.iter().filter(|asked| asked.what == PUBLISH) {
            assert_eq!(published.body.contains("account_name%22%3A%22Payments"), named, "{words}");
        }
    }
    // A name that the operators gave needs no question.
    let world = organizations(Answered::With(200, NAMED.to_owned()));
    let variables = [
        ("LOGIN_TOPIC_ARN", LOGIN),
        ("ACTIVITY_TOPIC_ARN", ACTIVITY),
        ("TAMPERING_TOPIC_ARN", TAMPERING),
        ("ORGANIZATIONS_ROLE_ARN", ROLE),
        ("SETTINGS", r#"{"account_names": {"111122223333": "Ours"}}"#),
    ];
    let triage = world.function(Triage::new, &variables).unwrap();
    triage.invoke(batch(&[&event("signin.amazonaws.com", "Root").to_string()]), minute(0)).await;
    assert_eq!(world.asked().iter().map(|asked| asked.what.as_str()).collect::<Vec<_>>(), [PUBLISH]);
}

#[tokio::test(start_paused = true)]
async fn a_change_of_the_monitor_is_published_once_for_each_topic() {
    let settings = r#"{"monitor": {
        "name_prefix": "rootwatch", "event_bus_name": "hub-root-activity",
        "deploy_role_arns": ["arn:aws:iam::*:user/deploy"]
    }}"#;
    let variables = [
        ("LOGIN_TOPIC_ARN", LOGIN),
        ("ACTIVITY_TOPIC_ARN", ACTIVITY),
        ("TAMPERING_TOPIC_ARN", TAMPERING),
        ("SETTINGS", settings),
    ];
    let change = |kind: &str, user: &str, rule: &str| {
        let mut event = event("events.amazonaws.com", kind);
        event["detail"]["eventName"] = json!("DisableRule");
        event["detail"]["userIdentity"]["arn"] = json!(format!("arn:aws:iam::111122223333:{user}"));
        event["detail"]["requestParameters"] = json!({"name": rule});
        event.to_string()
    };
    let cases = [
        (change("IAMUser", "user/alice", "rootwatch-root-activity"), &[TAMPERING][..]),
        (change("IAMUser", "user/alice", "orders"), &[]),
        (change("IAMUser", "user/deploy", "rootwatch-root-activity"), &[]),
        // Root is reported as root, too, and first.
        (change("Root", "root", "rootwatch-root-activity"), &[ACTIVITY, TAMPERING]),
        (change("Root", "root", "orders"), &[ACTIVITY]),
    ];
    for (body, topics) in cases {
        let world = World::new(|_| published());
        let response = world.function(Triage::new, &variables).unwrap().invoke(batch(&[&body]), minute(0)).await;
        assert!(returned(&response).is_empty(), "{body}");
        let asked = world.asked();
        let found: Vec<_> = asked.iter().map(|asked| field(&asked.body, "TopicArn").unwrap()).collect();
        assert_eq!(found, topics, "{body}");
        let keys: std::collections::BTreeSet<_> = asked
            .iter()
            .map(|asked| serde_json::from_str::<Value>(&field(&asked.body, "Message").unwrap()).unwrap())
            .map(|message| (message["deduplication_key"].to_string(), message["incident_key"].to_string()))
            .collect();
        assert_eq!(keys.len(), topics.len(), "{body}: each alert has keys of its own");
    }
    // If the second topic refuses, both are published again: alerters drop what they have sent.
    let world = World::new(|asked| match field(&asked.body, "TopicArn").as_deref() {
        Some(TAMPERING) => refused("KMSAccessDenied"),
        _ => published(),
    });
    let body = change("Root", "root", "rootwatch-root-activity");
    let response = world.function(Triage::new, &variables).unwrap().invoke(batch(&[&body]), minute(0)).await;
    assert_eq!(returned(&response), ["0"]);
}
