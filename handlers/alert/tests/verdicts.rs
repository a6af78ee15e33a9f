//! The order of rules: every kind of the catalogue, and the edges of every rule.

mod common;

use common::{kind, kinds};
use rootwatch_alert::verdict::{Reason, Verdict, verdict};
use serde_json::{Value, json};

#[test]
fn every_kind_gets_its_verdict() {
    let wrong: Vec<_> = kinds()
        .iter()
        .filter_map(|kind| {
            let got = verdict(&kind.event);
            let word = match got {
                Verdict::Login(_) => "login",
                Verdict::Activity(_) => "activity",
                Verdict::None(_) => "none",
            };
            (word != kind.verdict)
                .then(|| format!("{}: wanted {}, got {word} by {}", kind.name, kind.verdict, got.reason()))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A root call, with changes laid over its record.
fn root_call(changes: Value) -> Value {
    let mut event = json!({
        "detail-type": "AWS API Call via CloudTrail", "account": "111122223333", "region": "us-east-1",
        "detail": {
            "userIdentity": {"type": "Root", "arn": "arn:aws:iam::111122223333:root"},
            "eventSource": "ec2.amazonaws.com", "eventName": "StopInstances", "eventType": "AwsApiCall", "readOnly": false,
        },
    });
    merge(&mut event, changes);
    event
}

/// RFC 7396: null removes.
fn merge(into: &mut Value, changes: Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (key, change) in changes {
                if change.is_null() {
                    into.remove(&key);
                } else {
                    merge(into.entry(key).or_insert(json!({})), change);
                }
            }
        }
        (into, change) => *into = change,
    }
}

#[test]
fn the_rules_decide_at_their_edges() {
    use Verdict::{Activity, Login, None};
    let cases = [
        ("a root call", json!({}), Activity(Reason::RootCall)),
        // 1
        ("another detail-type", json!({"detail-type": "EC2 Instance State-change"}), None(Reason::NotFromCloudTrail)),
        ("the mark in the middle", json!({"detail-type": "AWS via CloudTrail Lake"}), None(Reason::NotFromCloudTrail)),
        ("no identity", json!({"detail": {"userIdentity": null}}), None(Reason::NoIdentity)),
        // 2
        ("a service event", json!({"detail": {"eventType": "AwsServiceEvent"}}), None(Reason::ServiceEvent)),
        ("in another case", json!({"detail": {"eventType": "awsserviceevent"}}), None(Reason::ServiceEvent)),
        ("no event type", json!({"detail": {"eventType": null}}), Activity(Reason::RootCall)),
        // 3
        (
            "invoked by a service",
            json!({"detail": {"userIdentity": {"invokedBy": "elasticloadbalancing.amazonaws.com"}}}),
            None(Reason::InvokedByService),
        ),
        (
            "invoked by AWS itself",
            json!({"detail": {"userIdentity": {"invokedBy": "AWS Internal"}}}),
            None(Reason::InvokedByService),
        ),
        (
            "invoked by the console",
            json!({"detail": {"userIdentity": {"invokedBy": "signin.amazonaws.com"}}}),
            Activity(Reason::RootCall),
        ),
        ("invoked by nothing", json!({"detail": {"userIdentity": {"invokedBy": ""}}}), Activity(Reason::RootCall)),
        // 4
        (
            "AssumeRoot by a role",
            json!({"detail": {"userIdentity": {"type": "AssumedRole"}, "eventSource": "sts.amazonaws.com", "eventName": "AssumeRoot"}}),
            Activity(Reason::AssumeRoot),
        ),
        (
            "AssumeRoot as the target sees it",
            json!({"detail": {"userIdentity": {"type": "AWSAccount", "arn": null}, "eventSource": "sts.amazonaws.com", "eventName": "AssumeRoot"}}),
            Activity(Reason::AssumeRoot),
        ),
        (
            "AssumeRoot by a service",
            json!({"detail": {"userIdentity": {"type": "AWSService", "invokedBy": "x.amazonaws.com"}, "eventSource": "sts.amazonaws.com", "eventName": "AssumeRoot"}}),
            None(Reason::InvokedByService),
        ),
        (
            "AssumeRole is not AssumeRoot",
            json!({"detail": {"userIdentity": {"type": "AssumedRole"}, "eventSource": "sts.amazonaws.com", "eventName": "AssumeRole"}}),
            None(Reason::NotRoot),
        ),
        // 5
        (
            "the billing console",
            json!({"detail": {"userIdentity": {"type": null}, "eventSource": "billingconsole.amazonaws.com"}}),
            Activity(Reason::UntypedBillingAction),
        ),
        (
            "the tax console's other domain",
            json!({"detail": {"userIdentity": {"type": null}, "eventSource": "taxconsole.amazon.com"}}),
            Activity(Reason::UntypedBillingAction),
        ),
        (
            "someone else's console",
            json!({"detail": {"userIdentity": {"type": null}, "eventSource": "billingconsole.example.com"}}),
            None(Reason::UntypedIdentity),
        ),
        ("no type elsewhere", json!({"detail": {"userIdentity": {"type": null}}}), None(Reason::UntypedIdentity)),
        (
            "a typed identity in the billing console",
            json!({"detail": {"userIdentity": {"type": "IAMUser"}, "eventSource": "billingconsole.amazonaws.com"}}),
            None(Reason::NotRoot),
        ),
        // 6
        (
            "an IAM user",
            json!({"detail": {"userIdentity": {"type": "IAMUser", "userName": "root"}}}),
            None(Reason::NotRoot),
        ),
        (
            "a federated user of root",
            json!({"detail": {"userIdentity": {"type": "FederatedUser", "sessionContext": {"sessionIssuer": {"type": "Root"}}}}}),
            Activity(Reason::RootCall),
        ),
        (
            "a federated user of an IAM user",
            json!({"detail": {"userIdentity": {"type": "FederatedUser", "sessionContext": {"sessionIssuer": {"type": "IAMUser"}}}}}),
            None(Reason::NotRoot),
        ),
        (
            "an assumed role with root as issuer",
            json!({"detail": {"userIdentity": {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"type": "Root"}}}}}),
            None(Reason::NotRoot),
        ),
        // 7
        (
            "a broken SAML response",
            json!({"detail": {"userIdentity": {"arn": ""}, "eventSource": "signin.amazonaws.com", "eventName": "ExternalIdPDirectoryLogin"}}),
            None(Reason::ExternalDirectoryLogin),
        ),
        (
            "the same with an ARN",
            json!({"detail": {"eventSource": "signin.amazonaws.com", "eventName": "ExternalIdPDirectoryLogin"}}),
            Login(Reason::RootSignIn),
        ),
        (
            "an empty ARN elsewhere",
            json!({"detail": {"userIdentity": {"arn": ""}, "eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin"}}),
            Login(Reason::RootSignIn),
        ),
        (
            "an audit session reads",
            json!({"detail": {"userIdentity": {"sessionContext": {"assumedRoot": "true"}}, "readOnly": true}}),
            None(Reason::AuditRead),
        ),
        (
            "an audit session writes",
            json!({"detail": {"userIdentity": {"sessionContext": {"assumedRoot": "true"}}, "readOnly": false}}),
            Activity(Reason::RootCall),
        ),
        (
            "it is not said whether it writes",
            json!({"detail": {"userIdentity": {"sessionContext": {"assumedRoot": "true"}}, "readOnly": null}}),
            Activity(Reason::RootCall),
        ),
        ("root itself reads", json!({"detail": {"readOnly": true}}), Activity(Reason::RootCall)),
        // 8
        (
            "an API call of the sign-in service",
            json!({"detail": {"eventSource": "signin.amazonaws.com", "eventName": "CreateOAuth2Token", "readOnly": true}}),
            Login(Reason::RootSignIn),
        ),
        ("no source", json!({"detail": {"eventSource": null}}), Activity(Reason::RootCall)),
        (
            "another partition",
            json!({"detail": {"userIdentity": {"arn": "arn:aws-cn:iam::111122223333:root"}}}),
            Activity(Reason::RootCall),
        ),
    ];
    for (what, changes, wanted) in cases {
        assert_eq!(verdict(&root_call(changes)), wanted, "{what}");
    }
}

#[test]
fn what_cannot_be_read_is_activity() {
    let cases = [
        json!(null),
        json!("text"),
        json!([]),
        json!({}),
        json!({"detail-type": 7}),
        // A bare record, without its envelope.
        kind("root-console-login-success-mfa")["detail"].clone(),
        root_call(json!({"detail": null})),
        root_call(json!({"detail": "text"})),
        root_call(json!({"detail": {"userIdentity": "Root"}})),
        root_call(json!({"detail": {"userIdentity": {"type": ["Root"]}}})),
        root_call(json!({"detail": {"userIdentity": {"invokedBy": true}}})),
        root_call(json!({"detail": {"eventType": 1}})),
        root_call(json!({"detail": {"eventSource": 1}})),
    ];
    for event in cases {
        let got = verdict(&event);
        assert!(matches!(got, Verdict::Activity(Reason::NotUnderstood(_))), "{event}: {got:?}");
    }
}
