//! Any batch, through the function: what a mail's reader gets is valid and harmless, what cannot be told is a dead letter.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use rootwatch_alert::{Gathered, Incoming, incoming};
use rootwatch_email::Email;
use rootwatch_email::mail::{Mail, render_gathered};
use rootwatch_runtime::testing::{Answered, World, any_batch, field, finished, minute, returned};

use super::valid::check;

pub(crate) const NAME: &str = "email";

pub(crate) fn target(data: &[u8]) {
    let event = any_batch(&String::from_utf8_lossy(data));
    let records = event.records.len();
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
    let response = finished(function.invoke(event, minute(0)));
    assert!(returned(&response).is_empty(), "{response:?}");
    let mut dealt_with = 0;
    for asked in world.asked() {
        match asked.what.as_str() {
            "sns:Publish" => {
                let part = |name| field(&asked.body, name).unwrap();
                check(&Mail { subject: part("Subject"), text: part("Message") });
            }
            "sqs:SendMessage" => {}
            _ => continue,
        }
        dealt_with += 1;
    }
    assert_eq!(dealt_with, records);
}
