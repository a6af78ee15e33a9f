//! Any batch, through the function: what PagerDuty gets is valid and harmless, what cannot be told is a dead letter.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use rootwatch_pagerduty::PagerDuty;
use rootwatch_runtime::testing::{Answered, World, all_dealt_with, any_batch};

use super::valid::check;

pub(crate) fn target(data: &[u8]) {
    let event = any_batch(&String::from_utf8_lossy(data));
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
    all_dealt_with(&world, &function, event, |asked| {
        let sent = asked.what == "events.pagerduty.com/v2/enqueue";
        if sent {
            check(&serde_json::from_str(&asked.body).unwrap());
        }
        sent
    });
}
