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
        ("root-console-login-success-mfa", "rootwatch/111122223333/111122223333+192.0.2.10/2026-03-02T09Z"),
        ("root-read-only-list-buckets", "rootwatch/111122223333/ASIAROOTCONSOEXAMPLE/2026-03-02T09Z"),
        ("root-s3-put-bucket-policy-console", "rootwatch/111122223333/ASIAROOTCONSOEXAMPLE/2026-03-02T10Z"),
    ];
    for (name, wanted) in cases {
        assert_eq!(key(name), wanted, "{name}");
    }
    // What changes keys, passwords, MFA, trails or the account stands alone.
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
    assert_eq!(key.split('/').count(), 4, "{key}");
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
