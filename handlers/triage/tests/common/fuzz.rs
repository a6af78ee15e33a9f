//! Any batch, through the function: every record that is not silent is published once, as a message that is one.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use rootwatch_alert::message::SNS_LIMIT;
use rootwatch_alert::{Incoming, Triage as Decision, incoming, triage};
use rootwatch_runtime::testing::{Answered, World, any_batch, field, finished, minute, returned};
use rootwatch_triage::Triage;

pub(crate) fn target(data: &[u8]) {
    let event = any_batch(&String::from_utf8_lossy(data));
    let world = World::new(|_| {
        let published = "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>";
        Answered::With(200, published.to_owned())
    });
    let topic = "arn:aws:sns:us-east-1:999988887777:topic";
    let function = world
        .function(
            Triage::new,
            &[("LOGIN_TOPIC_ARN", topic), ("ACTIVITY_TOPIC_ARN", topic), ("TAMPERING_TOPIC_ARN", topic)],
        )
        .unwrap();
    let silent = |body: &str| {
        let decided = serde_json::from_str(body).map(|event| triage(&event, None));
        matches!(decided, Ok(Decision::Silent(_)))
    };
    let wanted = event.records.iter().filter(|record| !silent(record.body.as_deref().unwrap_or_default())).count();
    let response = finished(function.invoke(event, minute(0)));
    assert!(returned(&response).is_empty(), "{response:?}");
    let asked = world.asked();
    assert_eq!(asked.len(), wanted, "{asked:?}");
    for asked in asked {
        assert_eq!(asked.what, "sns:Publish");
        let message = field(&asked.body, "Message").unwrap();
        let attributes = |name: &str| {
            (1..=9)
                .map_while(|n| field(&asked.body, &format!("MessageAttributes.entry.{n}.{name}")))
                .collect::<Vec<_>>()
        };
        let (names, values) = (attributes("Name"), attributes("Value.StringValue"));
        assert!(names.len() == 5 && values.len() == 5 && values.iter().all(|value| !value.is_empty()), "{values:?}");
        let size: usize = names.iter().chain(&values).map(String::len).sum();
        assert!(message.len() + size + 5 * "String".len() <= SNS_LIMIT, "{} bytes", message.len());
        assert!(matches!(incoming::read(&message), Ok(Incoming::Alert(_))), "{message}");
    }
}
