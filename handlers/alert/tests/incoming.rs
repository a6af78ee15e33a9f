//! What alerters accept.

use rootwatch_alert::health::AlarmState;
use rootwatch_alert::incoming::read;
use rootwatch_alert::{Incoming, Origin, Unreadable};
use serde_json::json;

fn alarm(state: &str) -> serde_json::Value {
    json!({
        "AlarmName": "rootwatch-slack-dlq", "AlarmDescription": "Alerts that Slack did not get.", "AWSAccountId": "999988887777",
        "NewStateValue": state, "NewStateReason": "Threshold Crossed", "StateChangeTime": "2026-02-26T10:14:05.123+0000",
        "Region": "US East (N. Virginia)", "AlarmArn": "arn:aws:cloudwatch:us-east-1:999988887777:alarm:rootwatch-slack-dlq",
        "OldStateValue": "OK", "Trigger": {"MetricName": "ApproximateNumberOfMessagesVisible"},
    })
}

#[test]
fn alarms_of_the_health_topic() {
    for (word, state) in
        [("ALARM", AlarmState::Alarm), ("OK", AlarmState::Ok), ("INSUFFICIENT_DATA", AlarmState::InsufficientData)]
    {
        let raw = alarm(word).to_string();
        let enveloped =
            json!({"Type": "Notification", "TopicArn": "arn:aws:sns:us-east-1:1:x", "Message": raw}).to_string();
        for body in [raw, enveloped] {
            let Ok(Incoming::Health(alarm)) = read(&body) else { panic!("{body}") };
            assert_eq!((alarm.state, alarm.region.as_str()), (state, "us-east-1"));
            assert_eq!(alarm.arn, "arn:aws:cloudwatch:us-east-1:999988887777:alarm:rootwatch-slack-dlq");
        }
    }
}

#[test]
fn the_message_that_a_rule_makes_of_a_log_alarm() {
    let message = json!({
        "version": "1", "alert_type": "activity", "origin": "log-alarm", "severity": "high",
        "title": "Root activity in the CloudTrail log of account 111122223333: alarm rootwatch-root", "summary": "…",
        "account": "111122223333", "region": "us-east-1", "event_name": "rootwatch-root", "event_source": "cloudwatch.amazonaws.com",
        "event_time": "2026-03-02T09:20:00Z", "outcome": "unknown", "deduplication_key": "arn:aws:x@2026", "incident_key": "arn:aws:x",
        "alarm_state": "ALARM", "query": "fields @timestamp\n| filter userIdentity.type = 'Root'", "notes": ["a", "b"],
        "event": {"detail-type": "CloudWatch Alarm State Change"},
    });
    let Ok(Incoming::Alert(alert)) = read(&message.to_string()) else { panic!("not an alert") };
    assert_eq!((alert.origin, alert.notes.len()), (Origin::LogAlarm, 2));
    assert!(alert.query.is_some());
    assert_eq!(alert.incident_key, "arn:aws:x");
}

#[test]
fn what_cannot_be_told_is_an_error() {
    assert!(matches!(read("{"), Err(Unreadable::NotJson(_))));
    for body in ["{}", "[]", "null", "\"x\"", r#"{"title": ""}"#, r#"{"AlarmName": "x", "NewStateValue": "?"}"#] {
        assert_eq!(read(body), Err(Unreadable::NeitherAlertNorAlarm), "{body}");
    }
    assert!(read(r#"{"title": "only this"}"#).is_ok());
}
