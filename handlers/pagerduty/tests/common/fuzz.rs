//! Any batch, through the function: what PagerDuty gets is valid and harmless, what cannot be told is a dead letter.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use rootwatch_pagerduty::PagerDuty;
use rootwatch_runtime::testing::{Answered, World, any_batch, finished, minute, returned};

use super::valid::check;

pub(crate) const NAME: &str = "pagerduty";

pub(crate) fn target(data: &[u8]) {
    let event = any_batch(&String::from_utf8_lossy(data));
    let records = event.records.len();
    let world = World::new(|asked| {
        let body = match asked.what.as_str() {
            "secretsmanager:GetSecretValue" => return Answered::With(200, r#"{"SecretString": "R0KEY"}"#.to_owned()),
            "sqs:SendMessage" => return Answered::With(200, r#"{"MessageId": "1"}"#.to_owned()),
            _ => r#"{"status": "success"}"#,
        };
        Answered::With(202, body.to_owned())
    });
    let function = world
        .function(
            PagerDuty::new,
            &[("SECRET_ARN", "arn:aws:secretsmanager:us-east-1:999988887777:secret:pagerduty-AbCdEf")],
        )
        .unwrap();
    let response = finished(function.invoke(event, minute(0)));
    assert!(returned(&response).is_empty(), "{response:?}");
    let mut dealt_with = 0;
    for asked in world.asked() {
        match asked.what.as_str() {
            "events.pagerduty.com/v2/enqueue" => check(&serde_json::from_str(&asked.body).unwrap()),
            "sqs:SendMessage" => {}
            _ => continue,
        }
        dealt_with += 1;
    }
    assert_eq!(dealt_with, records);
}
