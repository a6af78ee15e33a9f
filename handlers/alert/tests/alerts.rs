//! What an alert says, key by key.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

mod common;

use common::{kind, kinds};
use rootwatch_alert::act::Severity;
use rootwatch_alert::{Alert, AlertType, Origin, Triage, triage};
use serde_json::{Value, json};

fn alert(event: &Value) -> Alert {
    match triage(event, None) {
        Triage::Alert(alert, _) => *alert,
        Triage::Silent(reason) => panic!("silent: {reason}: {event}"),
    }
}

/// One line for each alert of the catalogue: what people read first.
#[test]
fn titles_of_the_catalogue() {
    let lines: Vec<_> = kinds()
        .iter()
        .filter(|kind| kind.verdict != "none")
        .map(|kind| {
            let alert = alert(&kind.event);
            format!(
                "{:<8} {:<8} {:<8} {}: {}",
                alert.severity.as_str(),
                alert.alert_type.as_str(),
                alert.outcome.as_str(),
                kind.name,
                alert.title
            )
        })
        .collect();
    insta::assert_snapshot!("titles", lines.join("\n"));
}

#[test]
fn summaries_and_notes_of_the_catalogue() {
    let lines: Vec<_> = kinds()
        .iter()
        .filter(|kind| kind.verdict != "none")
        .map(|kind| {
            let alert = alert(&kind.event);
            let notes: String = alert.notes.iter().map(|note| format!("\n  - {note}")).collect();
            format!("{}\n  {}{notes}", kind.name, alert.summary)
        })
        .collect();
    insta::assert_snapshot!("summaries", lines.join("\n"));
}

#[test]
fn the_message_of_a_login() {
    let message = alert(&kind("root-console-login-success-no-mfa")).to_message();
    let message: Value = serde_json::from_str(&message).unwrap();
    insta::assert_json_snapshot!("message", message);
}

#[test]
fn a_message_reads_back_as_the_alert_it_was() {
    for kind in kinds().iter().filter(|kind| kind.verdict != "none") {
        let alert = alert(&kind.event);
        let message: Value = serde_json::from_str(&alert.to_message()).unwrap();
        assert_eq!(Alert::from_message(&message).as_ref(), Some(&alert), "{}", kind.name);
    }
}

#[test]
fn the_deduplication_key_names_the_act() {
    let key = |event: &Value| alert(event).deduplication_key;
    let plain = kind("root-console-login-success-mfa");
    assert_eq!(key(&plain), "3fb60ac8-7f08-566b-8ab9-d20f897fd99e");
    assert_eq!(key(&kind("sts-assume-root-caller-copy")), "fad00aa2-ca4e-5ab3-9532-a897d8a55979");
    assert_eq!(key(&kind("root-activity-addendum-updated-data")), "4437897c-1076-5356-bee0-ee5efdecc49c");

    // The envelope's id is another for every delivery, and says nothing about the act.
    let mut redelivered = plain.clone();
    redelivered["id"] = json!("ffffffff-0000-4000-8000-000000000002");
    assert_eq!(key(&redelivered), key(&plain));

    let mut corrected = plain.clone();
    corrected["detail"]["addendum"] = json!({"reason": "UPDATED_DATA", "originalEventID": "first"});
    corrected["detail"]["sharedEventID"] = json!("shared");
    assert_eq!(key(&corrected), "first");

    let unnamed = |order: [&str; 2]| {
        let fields: serde_json::Map<_, _> = order.iter().map(|key| ((*key).to_owned(), json!({"a": 1}))).collect();
        key(&Value::Object(fields))
    };
    assert_eq!(unnamed(["x", "y"]), unnamed(["y", "x"]), "by content, whatever the order");
    assert_ne!(unnamed(["x", "y"]), unnamed(["x", "z"]));
}

#[test]
fn the_incident_key_names_the_visit() {
    let key = |name: &str| alert(&kind(name)).incident_key;
    let cases = [
        ("root-console-login-success-mfa", "rootwatch/111122223333/111122223333+192.0.2.10/2026-03-02T09Z/high"),
        ("root-read-only-list-buckets", "rootwatch/111122223333/ASIAROOTCONSOEXAMPLE/2026-03-02T09Z/low"),
        ("root-s3-put-bucket-policy-console", "rootwatch/111122223333/ASIAROOTCONSOEXAMPLE/2026-03-02T10Z/high"),
    ];
    for (name, wanted) in cases {
        assert_eq!(key(name), wanted, "{name}");
    }
    // An act on keys, passwords, MFA, trails or the account opens an incident of its own.
    for name in [
        "root-create-access-key-self",
        "root-enable-mfa-device",
        "root-deactivate-mfa-device",
        "root-password-recovery-completed",
        "root-email-updated",
        "root-cloudtrail-stop-logging",
        "root-billing-close-account",
        "root-account-put-contact-information",
    ] {
        let alert = alert(&kind(name));
        assert_eq!(alert.incident_key, format!("rootwatch/111122223333/{}", alert.deduplication_key), "{name}");
    }
}

#[test]
fn hostile_identifiers_do_not_leave_their_part_of_a_key() {
    let mut event = kind("root-read-only-list-buckets");
    event["detail"]["userIdentity"]["accessKeyId"] = json!(format!("../{}\n", "x".repeat(5000)));
    event["account"] = json!("a/b/c");
    let key = alert(&event).incident_key;
    assert_eq!(key.split('/').count(), 5, "{key}");
    assert!(key.len() <= 255);
}

#[test]
fn what_is_known_is_said() {
    /// Changes a record of the catalogue and looks for a text in the notes.
    fn check(name: &str, change: impl Fn(&mut Value), wanted: &str) {
        let mut event = kind(name);
        change(&mut event);
        let Triage::Alert(alert, _) = triage(&event, Some("2026-03-02T12:00:00Z".parse().unwrap())) else {
            panic!("{name} is silent")
        };
        assert!(alert.notes.iter().any(|note| note.contains(wanted)), "{name}: {wanted}: {:#?}", alert.notes);
    }
    let unchanged = |_: &mut Value| {};
    check("root-console-login-success-mfa", unchanged, "reached the monitor 2 hours after");
    check(
        "root-console-login-success-mfa",
        |event| event["detail"]["addendum"] = json!({"reason": "SERVICE_OUTAGE"}),
        "delivered this late (SERVICE_OUTAGE)",
    );
    check("root-activity-addendum-updated-data", unchanged, "corrected copy of event 4437897c");
    check("root-console-login-failure", unchanged, "Error: Failed authentication");
    check("root-access-denied-scp", unchanged, "Error: Client.UnauthorizedOperation: You are not");
    check("sts-assume-root-caller-copy", unchanged, "identity is the caller's");
    check("root-billing-set-contact-address-untyped", unchanged, "does not state an identity");
    check(
        "root-console-login-success-mfa",
        |event| event["account"] = json!("999988887777"),
        "for account 111122223333",
    );
    check(
        "root-read-only-list-buckets",
        |event| event["detail"]["userIdentity"]["accountId"] = json!("444455556666"),
        "belongs to account 444455556666",
    );
    check("root-console-login-success-mfa", |event| *event = json!([1]), "was not understood");
}

#[test]
fn the_envelope_says_which_account() {
    let mut event = kind("root-console-login-success-mfa");
    event["account"] = json!("999988887777");
    assert_eq!(alert(&event).account, "999988887777");
    event.as_object_mut().unwrap().remove("account");
    assert_eq!(alert(&event).account, "111122223333", "the record's, where the envelope has none");
    let mut dashed = kind("root-billing-set-contact-address-untyped");
    dashed["detail"]["recipientAccountId"] = json!("1111-2222-3333");
    assert!(!alert(&dashed).notes.iter().any(|note| note.contains("is for account")));
    let assumed = alert(&kind("sts-assume-root-caller-copy"));
    assert_eq!((assumed.account.as_str(), assumed.target.as_deref()), ("444455556666", Some("111122223333")));
}

#[test]
fn what_is_not_understood_is_said_so() {
    let alert = alert(&json!({"detail-type": ["?"], "account": "111122223333"}));
    assert_eq!((alert.alert_type, alert.origin), (AlertType::Activity, Origin::Unparsed));
    assert_eq!(alert.severity, Severity::High);
    let text = rootwatch_alert::alert::unreadable("{", None);
    assert_eq!((text.origin, &text.event), (Origin::Unparsed, &json!("{")));
    assert_eq!(text.account, "unknown");
}

#[test]
fn links_are_made_of_plain_parts_only() {
    let mut event = kind("root-console-login-success-mfa");
    assert_eq!(
        alert(&event).links.cloudtrail_event.unwrap(),
        "https://us-east-1.console.aws.amazon.com/cloudtrailv2/home?region=us-east-1#/events/3fb60ac8-7f08-566b-8ab9-d20f897fd99e"
    );
    event["detail"]["eventID"] = json!("x|<!channel>");
    assert_eq!(alert(&event).links.cloudtrail_event, None);
    event["region"] = json!("evil.example/");
    assert_eq!(alert(&event).links, Default::default());
    assert!(
        alert(&kind("root-activity-aws-cn-partition"))
            .links
            .account
            .unwrap()
            .starts_with("https://console.amazonaws.cn/")
    );

    use rootwatch_alert::links::is_console_link;
    for (link, wanted) in [
        ("https://console.aws.amazon.com/x", true),
        ("https://us-east-1.console.aws.amazon.com/x?y#z", true),
        ("http://console.aws.amazon.com/x", false),
        ("https://console.aws.amazon.com.evil.example/", false),
        ("https://console.aws.amazon.com@evil.example/", false),
        ("https://evilconsole.aws.amazon.com/", false),
        ("https://console.aws.amazon.com/>|<!channel>", false),
        ("https://console.aws.amazon.com\\@evil.example/", false),
    ] {
        assert_eq!(is_console_link(link), wanted, "{link}");
    }
}

/// An event of root with a console session, over which `detail` is laid.
fn root_call(detail: Value) -> Value {
    let mut event = kind("root-s3-put-bucket-policy-console");
    event["detail"]["requestParameters"] = Value::Null;
    event["detail"]["resources"] = Value::Null;
    for (key, value) in detail.as_object().unwrap() {
        event["detail"][key] = value.clone();
    }
    event
}

fn with_key(mut event: Value, key: &str) -> Value {
    event["detail"]["userIdentity"]["accessKeyId"] = json!(key);
    event["detail"].as_object_mut().unwrap().remove("sessionCredentialFromConsole");
    event
}

#[test]
fn use_of_a_long_lived_root_key_is_at_least_high_and_says_so() {
    for (source, name, read, error) in [
        ("sts.amazonaws.com", "GetCallerIdentity", true, None),
        ("s3.amazonaws.com", "ListBuckets", true, None),
        ("sts.amazonaws.com", "AssumeRole", true, Some("AccessDenied")),
        ("iam.amazonaws.com", "CreateServiceLinkedRole", false, None),
        ("guardduty.amazonaws.com", "DeleteDetector", false, None),
    ] {
        let event = root_call(json!({"eventSource": source, "eventName": name, "readOnly": read, "errorCode": error}));
        let alert = alert(&with_key(event, "AKIAROOTLONGLEXAMPLE"));
        assert!(alert.severity >= Severity::High, "{name}: {:?}", alert.severity);
        assert!(alert.title.contains("long-lived root access key"), "{name}: {}", alert.title);
        assert_eq!(alert.actor.access.as_deref(), Some("long-lived access key"), "{name}");
        assert!(alert.first_step.unwrap().contains("AKIAROOTLONGLEXAMPLE"), "{name}");
    }
}

#[test]
fn operations_that_stop_detection_or_the_monitor_are_critical_incidents_of_their_own() {
    for (service, name) in [
        ("guardduty", "DeleteDetector"),
        ("config", "StopConfigurationRecorder"),
        ("securityhub", "DisableSecurityHub"),
        ("cloudtrail", "StopLogging"),
        ("sns", "DeleteTopic"),
        ("sqs", "PurgeQueue"),
        ("lambda", "UpdateFunctionCode20150331v2"),
        ("lambda", "DeleteFunction20150331"),
        ("events", "DisableRule"),
        ("monitoring", "DeleteAlarms"),
        ("logs", "DeleteMetricFilter"),
        ("secretsmanager", "DeleteSecret"),
        ("kms", "ScheduleKeyDeletion"),
        ("organizations", "DetachPolicy"),
        ("iam", "DisableOrganizationsRootCredentialsManagement"),
    ] {
        let event = root_call(json!({"eventSource": format!("{service}.amazonaws.com"), "eventName": name}));
        let alert = alert(&event);
        assert_eq!(alert.severity, Severity::Critical, "{name}");
        assert_eq!(alert.incident_key, format!("rootwatch/111122223333/{}", alert.deduplication_key), "{name}");
    }
}

#[test]
fn severities_of_single_operations() {
    let of = |source: &str, name: &str, parameters: Value| {
        let source = format!("{source}.amazonaws.com");
        alert(&root_call(json!({"eventSource": source, "eventName": name, "requestParameters": parameters}))).severity
    };
    let status = |status: &str| json!({"accessKeyId": "AKIAEXAMPLEEXAMPLE12", "status": status});
    assert_eq!(of("iam", "UpdateAccessKey", status("Inactive")), Severity::High);
    assert_eq!(of("iam", "UpdateAccessKey", status("Active")), Severity::Critical);
    assert_eq!(of("events", "PutRule", json!({"name": "spoke", "state": "DISABLED"})), Severity::Critical);
    assert_eq!(of("events", "PutRule", json!({"name": "spoke", "state": "ENABLED"})), Severity::High);
    // AWS makes such roles by itself when an account is created [R: panther-labs/panther-analysis pull 70].
    let role = json!({"aWSServiceName": "support.amazonaws.com"});
    assert_eq!(of("iam", "CreateServiceLinkedRole", role), Severity::Low);
}

#[test]
fn the_touched_resource_is_named() {
    for (source, name, parameters, wanted) in [
        ("s3", "PutBucketPolicy", json!({"bucketName": "payroll", "Host": "s3.amazonaws.com"}), "bucket payroll"),
        (
            "iam",
            "AttachUserPolicy",
            json!({"userName": "backup", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
            "user backup, policy arn:aws:iam::aws:policy/AdministratorAccess",
        ),
        ("iam", "UpdateAssumeRolePolicy", json!({"roleName": "deploy"}), "role deploy"),
        ("kms", "DisableKey", json!({"keyId": "k-1"}), "key k-1"),
        ("cloudtrail", "StopLogging", json!({"name": "organization"}), "trail organization"),
        ("guardduty", "DeleteDetector", json!({"detectorId": "12abc"}), "detector 12abc"),
        (
            "ec2",
            "RunInstances",
            json!({"instanceType": "p5.48xlarge", "instancesSet": {"items": [{"imageId": "ami-1"}]}}),
            "instance type p5.48xlarge, image ami-1",
        ),
        (
            "organizations",
            "CreateAccount",
            json!({"email": "someone@example.com", "accountName": "new"}),
            "account name new, e-mail domain example.com",
        ),
        ("sqs", "PurgeQueue", json!({"queueUrl": "https://sqs.us-east-1.amazonaws.com/1/q"}), "queue q"),
        ("monitoring", "DeleteAlarms", json!({"alarmNames": ["a", "b"]}), "alarm a, alarm b"),
        // A service that the table does not have.
        ("glue", "DeleteDatabase", json!({"name": "sales", "token": "x", "force": true}), "name sales"),
        ("s3", "PutBucketPolicy", json!({"bucketName": "a\n\u{202e}b"}), "bucket a \u{fffd}b"),
        ("s3", "PutBucketPolicy", json!({"bucketName": ["x", {"y": 1}, 7]}), "bucket x, bucket 7"),
    ] {
        let source = format!("{source}.amazonaws.com");
        let event = root_call(json!({"eventSource": source, "eventName": name, "requestParameters": parameters}));
        assert_eq!(alert(&event).resource.as_deref(), Some(wanted), "{name}");
    }
    let mut event = root_call(json!({"eventSource": "x.amazonaws.com", "resources": [{"ARN": "arn:aws:x:::y"}]}));
    assert_eq!(alert(&event).resource.as_deref(), Some("arn:aws:x:::y"));
    event["detail"]["requestParameters"] = json!("text");
    event["detail"]["resources"] = json!(7);
    assert_eq!(alert(&event).resource, None);
}

#[test]
fn a_created_access_key_is_not_the_key_of_the_session() {
    let alert = alert(&root_call(json!({
        "eventSource": "iam.amazonaws.com", "eventName": "CreateAccessKey",
        "responseElements": {"accessKey": {"accessKeyId": "AKIANEWROOTKEYEXAMPL"}},
    })));
    assert_eq!(alert.new_access_key.as_deref(), Some("AKIANEWROOTKEYEXAMPL"));
    assert_ne!(alert.actor.access_key_id, alert.new_access_key);
    assert!(alert.first_step.as_ref().unwrap().contains("delete the new access key AKIANEWROOTKEYEXAMPL"));
    let facts = alert.facts();
    assert!(facts.iter().any(|(label, value)| *label == "New access key" && value.contains("delete this key")));
    assert!(facts.iter().any(|(label, _)| *label == "Access key of the session"));
}

#[test]
fn the_headline_names_the_account_once_and_first() {
    let headline = |name: &str| {
        let mut alert = alert(&kind(name));
        alert.name_account("Payments");
        alert.headline()
    };
    for (name, wanted) in [
        ("root-console-login-success-no-mfa", "Payments (111122223333): root signed in without MFA"),
        ("root-console-login-failure", "Payments (111122223333): failed root sign-in"),
        ("root-password-recovery-requested", "Payments (111122223333): someone requested a root password reset"),
        ("root-check-mfa", "Payments (111122223333): a root sign-in reached the MFA step"),
        ("root-access-denied-scp", "Payments (111122223333): root was denied: call ec2 StopInstances"),
    ] {
        assert_eq!(headline(name), wanted, "{name}");
    }
    let mut alarm = alert(&kind("root-check-mfa"));
    alarm.title = "Root activity in the log of account 111122223333".to_owned();
    assert_eq!(alarm.headline().matches("111122223333").count(), 1);
}

#[test]
fn an_escalation_opens_an_incident_of_its_own() {
    let sign_in = |mfa: &str, result: &str| {
        let mut event = kind("root-console-login-success-no-mfa");
        event["detail"]["responseElements"]["ConsoleLogin"] = json!(result);
        event["detail"]["additionalEventData"]["MFAUsed"] = json!(mfa);
        alert(&event)
    };
    let (failed, success) = (sign_in("No", "Failure"), sign_in("No", "Success"));
    assert_eq!((failed.severity, success.severity), (Severity::Medium, Severity::Critical));
    assert_ne!(failed.incident_key, success.incident_key);
    assert_eq!(failed.incident_key, sign_in("No", "Failure").incident_key);
}

#[test]
fn first_steps_fit_the_event() {
    let step = |event: &Value| alert(event).first_step.unwrap();
    let created = step(&kind("root-organizations-create-account"));
    assert!(created.contains("requested the new account") && !created.contains("reopened"), "{created}");
    assert!(step(&kind("root-billing-close-account")).contains("reopened for 90 days"));
    let session = with_key(root_call(json!({"userAgent": "aws-cli/2.32.0"})), "ASIASESSIONKEYEXAMPL");
    assert!(step(&session).contains("GetSessionToken or AssumeRoot"), "{}", step(&session));
    for (address, agent, words) in [
        ("AWS Internal", "AWS Internal", "console"),
        ("AWS Internal/7", "AWS Internal/7", "console"),
        ("203.0.113.200", "aws-cli/2.32.0 exec-env/CloudShell", "CloudShell"),
        ("appstream.amazonaws.com", "appstream.amazonaws.com", "AppStream"),
        ("cloudformation.amazonaws.com", "cloudformation.amazonaws.com", "through that service"),
    ] {
        let notes = alert(&root_call(json!({"sourceIPAddress": address, "userAgent": agent}))).notes.join(" ");
        assert!(notes.contains("source address masked by AWS") && notes.contains(words), "{address}: {notes}");
    }
    assert!(!alert(&root_call(json!({}))).notes.join(" ").contains("masked"));
}

#[test]
fn data_events_have_no_link_into_the_event_history() {
    for name in ["root-s3-data-event-get-object", "root-network-activity-vpce-denied"] {
        assert_eq!(alert(&kind(name)).links.cloudtrail_event, None, "{name}");
    }
    let mut event = kind("root-console-login-success-mfa");
    for (region, domain) in [
        ("cn-north-1", "console.amazonaws.cn"),
        ("us-gov-west-1", "console.amazonaws-us-gov.com"),
        ("eusc-de-east-1", "console.amazonaws.eu"),
    ] {
        event["region"] = json!(region);
        let link = alert(&event).links.cloudtrail_event.unwrap();
        assert!(link.starts_with(&format!("https://{region}.{domain}/")), "{link}");
        assert!(rootwatch_alert::links::is_console_link(&link));
    }
}

#[test]
fn links_lead_through_the_access_portal() {
    let mut links = alert(&kind("root-console-login-success-mfa")).links;
    let words = |links: &rootwatch_alert::links::Links| links.labelled("111122223333")[0].words();
    assert_eq!(words(&links), "Event in CloudTrail (sign in to account 111122223333 first)");
    links.portal = Some(rootwatch_alert::links::Portal {
        url: "https://example.awsapps.com/start/".to_owned(),
        role: Some("ReadOnly".to_owned()),
    });
    let link = links.labelled("111122223333").remove(0);
    assert_eq!(link.words(), "Event in CloudTrail");
    assert!(
        link.href.starts_with(
            "https://example.awsapps.com/start/#/console?account_id=111122223333&role_name=ReadOnly&destination=https%3A%2F%2Fus-east-1.console"
        ),
        "{}",
        link.href
    );
}
