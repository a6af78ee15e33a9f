//! Any batch, through the function: what a mail's reader gets is valid and harmless, what cannot be told is a dead letter.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use rootwatch_alert::{Gathered, Incoming, incoming};
use rootwatch_email::Email;
use rootwatch_email::mail::{Mail, render_gathered};
use rootwatch_runtime::testing::{Answered, World, all_dealt_with, any_batch, field};

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
            "sqs:SendMessage" => r#"{"MessageId": "1"}"#,
            _ => "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>",
        };
        Answered::With(200, body.to_owned())
    });
    let function =
        world.function(Email::new, &[("EMAIL_TOPIC_ARN", "arn:aws:sns:us-east-1:999988887777:mail")]).unwrap();
    all_dealt_with(&world, &function, event, |asked| {
        let sent = asked.what == "sns:Publish";
        if sent {
            let part = |name| field(&asked.body, name).unwrap();
            check(&Mail { subject: part("Subject"), text: part("Message") });
        }
        sent
    });
}
