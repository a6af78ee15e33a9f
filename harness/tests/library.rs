//! The harness as a library: what a test of your own looks like. It is an example first, and run as a test so that it
//! stays one.

#![allow(missing_docs, reason = "a test target")]
#![allow(clippy::unwrap_used, reason = "a test")]

use rootwatch::monitor::Monitor;
use rootwatch::report::explain;
use rootwatch::runner::Status;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_access_key_of_root_is_told() {
    let monitor = Monitor::deploy().await.unwrap();

    let outcome = monitor
        .send(&json!({
            "eventVersion": "1.11",
            "eventSource": "iam.amazonaws.com",
            "eventName": "CreateAccessKey",
            "eventType": "AwsApiCall",
            "eventTime": "2026-03-02T09:14:07Z",
            "awsRegion": "us-east-1",
            "userIdentity": {"type": "Root", "accountId": "111122223333", "arn": "arn:aws:iam::111122223333:root"},
            "recipientAccountId": "111122223333",
        }))
        .await
        .unwrap();

    // Where it got stuck, hop by hop, is what a failing test should say.
    assert_eq!(outcome.alerts.activity, 1, "{}", explain(&outcome, false));
    assert_eq!((outcome.sinks.slack, outcome.sinks.pagerduty, outcome.sinks.email), (1, 1, 1));
    let to: Vec<&str> = outcome.messages.iter().map(|message| message.to.as_str()).collect();
    assert_eq!(to, ["activity", "slack", "pagerduty", "email"]);
    let slack = outcome.messages.iter().find(|message| message.to == "slack").unwrap();
    assert!(slack.body.to_string().contains("CreateAccessKey"), "{}", slack.body);

    // Nobody's root: silence, and it says where the event ended.
    let user = json!({
        "eventVersion": "1.11", "eventSource": "iam.amazonaws.com", "eventName": "CreateAccessKey",
        "eventTime": "2026-03-02T09:14:07Z", "awsRegion": "us-east-1", "recipientAccountId": "111122223333",
        "userIdentity": {"type": "IAMUser", "userName": "root", "accountId": "111122223333"},
    });
    let outcome = monitor.send(&user).await.unwrap();
    assert_eq!(outcome.alerts.total(), 0, "{}", explain(&outcome, false));
    assert!(outcome.stopped_at.is_some());

    // A file or a folder of scenarios, as they are.
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/hub");
    for outcome in monitor.run(folder).await.unwrap() {
        assert_eq!(outcome.status, Status::Passed, "{}", explain(&outcome, false));
    }

    // What is no event is an error, not a silence.
    assert!(monitor.send(&json!({"hello": "world"})).await.is_err());
}
