//! Any batch, through the function: what Slack gets is valid and harmless, what cannot be told is a dead letter.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use rootwatch_alert::{Gathered, Incoming, incoming};
use rootwatch_runtime::testing::{Answered, World, all_dealt_with, any_batch};
use rootwatch_slack::Slack;
use rootwatch_slack::message::render_gathered;

use super::valid::check;

pub(crate) fn target(data: &[u8]) {
    let event = any_batch(&String::from_utf8_lossy(data));
    for record in &event.records {
        let Ok(Incoming::Alert(alert)) = incoming::read(record.body.as_deref().unwrap_or_default()) else { continue };
        let gathered = Gathered::of(&alert.incident_key, &[alert.line(), alert.line()]).unwrap();
        check(&render_gathered(&gathered));
    }
    let world = World::new(|asked| {
        let body = match asked.what.as_str() {
            "secretsmanager:GetSecretValue" => r#"{"SecretString": "https://slack.example/hook"}"#,
            "sqs:SendMessage" => r#"{"MessageId": "1"}"#,
            _ => "ok",
        };
        Answered::With(200, body.to_owned())
    });
    let function = world
        .function(Slack::new, &[("SECRET_ARN", "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf")])
        .unwrap();
    all_dealt_with(&world, &function, event, |asked| {
        let sent = asked.what == "slack.example/hook";
        if sent {
            check(&serde_json::from_str(&asked.body).unwrap());
        }
        sent
    });
}
