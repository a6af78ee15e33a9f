//! What operators say about alerts, and what they cannot say.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

mod common;

use common::{kind, kinds};
use jiff::Timestamp;
use rootwatch_alert::{Alert, Settings, Severity, Triage, incoming, triage};

const ARRIVED: &str = "2026-03-02T10:00:00Z";

fn alert(name: &str) -> Alert {
    match triage(&kind(name), None) {
        Triage::Alert(alert, _) => *alert,
        Triage::Silent(reason) => panic!("{name}: {reason}"),
    }
}

fn suppressing(operation: &str, accounts: &str, until: &str) -> Settings {
    let text = format!(
        r#"{{"suppressions": [{{"operation": "{operation}", "accounts": {accounts}, "until": "{until}", "reason": "inventory"}}]}}"#
    );
    Settings::parse(&text).unwrap()
}

#[test]
fn accounts_have_names_and_operations_severities() {
    let settings = Settings::parse(
        r#"{"account_names": {"111122223333": "Payments <!channel>"}, "severities": {"s3:ListBuckets": "high"}}"#,
    );
    let settings = settings.unwrap();
    let mut alert = alert("root-read-only-list-buckets");
    let key = alert.deduplication_key.clone();
    settings.apply(&mut alert);
    assert_eq!((alert.severity, alert.account.as_str()), (Severity::High, "111122223333"));
    assert!(
        alert.summary.starts_with("Payments <!channel> (111122223333): root called s3 ListBuckets"),
        "{}",
        alert.summary
    );
    assert_eq!(alert.deduplication_key, key);
    assert!(alert.incident_key.ends_with("/high"), "a severity of the settings opens its own incident");
    // Through the topic and back.
    let incoming::Incoming::Alert(read) = incoming::read(&alert.to_message()).unwrap() else { panic!("an alarm") };
    assert_eq!(read.account_name.as_deref(), Some("Payments <!channel>"));
}

#[test]
fn suppressions_are_of_an_operation_and_end() {
    let alert = alert("root-read-only-list-buckets");
    for (operation, accounts, until, wanted) in [
        ("s3:ListBuckets", "[]", "2026-03-02T10:00:01Z", true),
        ("s3:ListBuckets", r#"["111122223333"]"#, "2026-04-01T00:00:00Z", true),
        ("s3:ListBuckets", r#"["444455556666"]"#, "2026-04-01T00:00:00Z", false),
        ("s3:ListBuckets", "[]", "2026-03-02T10:00:00Z", false),
        ("s3:GetObject", "[]", "2026-04-01T00:00:00Z", false),
        ("s3:*", "[]", "2026-04-01T00:00:00Z", false),
    ] {
        let settings = suppressing(operation, accounts, until);
        let arrived: Timestamp = ARRIVED.parse().unwrap();
        assert_eq!(settings.suppression(&alert, Some(arrived)).is_some(), wanted, "{operation} {accounts} {until}");
        assert!(settings.suppression(&alert, None).is_none(), "without a time, none holds");
    }
}

#[test]
fn a_login_is_never_suppressed() {
    let mut logins = 0;
    for kind in kinds() {
        let Triage::Alert(alert, _) = triage(&kind.event, None) else { continue };
        let service = alert.event_source.split('.').next().unwrap();
        let settings = suppressing(&format!("{service}:{}", alert.event_name), "[]", "9999-01-01T00:00:00Z");
        let suppressed = settings.suppression(&alert, Some(ARRIVED.parse().unwrap())).is_some();
        assert_eq!(suppressed, kind.verdict != "login", "{}", kind.name);
        logins += usize::from(kind.verdict == "login");
    }
    assert!(logins > 10, "{logins}");
}

#[test]
fn what_cannot_be_read_is_refused() {
    for (text, words) in [
        ("", "EOF"),
        (r#"{"account_name": {}}"#, "unknown field `account_name`"),
        (r#"{"severities": {"s3:ListBuckets": "urgent"}}"#, "unknown variant `urgent`"),
        (r#"{"suppressions": [{"operation": "s3:ListBuckets", "reason": "?"}]}"#, "missing field `until`"),
        (r#"{"suppressions": [{"operation": "s3:ListBuckets", "until": "soon", "reason": "?"}]}"#, "line 1 column"),
    ] {
        let error = Settings::parse(text).unwrap_err();
        assert!(error.contains(words), "{text}: {error}");
    }
    assert_eq!(Settings::parse("{}"), Ok(Settings::default()));
}

#[test]
fn api_dates_do_not_hide_an_operation_from_the_settings() {
    let mut event = kind("root-api-long-lived-access-key");
    event["detail"]["eventSource"] = "lambda.amazonaws.com".into();
    for name in ["CreateFunction20150331", "CreateFunction20150331v2", "CreateFunction"] {
        event["detail"]["eventName"] = name.into();
        for setting in ["lambda:CreateFunction", "lambda:CreateFunction20150331"] {
            let Triage::Alert(mut alert, _) = triage(&event, None) else { panic!("silent") };
            Settings::parse(&format!(r#"{{"severities": {{"{setting}": "critical"}}}}"#)).unwrap().apply(&mut alert);
            assert_eq!(alert.severity, Severity::Critical, "{setting}: {name}");
            let settings = suppressing(setting, "[]", "2026-04-01T00:00:00Z");
            assert!(settings.suppression(&alert, Some(ARRIVED.parse().unwrap())).is_some(), "{setting}: {name}");
        }
    }
}
