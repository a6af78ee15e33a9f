//! The function from a batch to the e-mail topic.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use rootwatch_email::Email;
use rootwatch_runtime::testing::{Answered, World, batch, minute, returned};

const TOPIC: &str = "arn:aws:sns:us-east-1:999988887777:rootwatch-email-team";
const ALERT: &str =
    r#"{"version": "1", "severity": "high", "title": "Root user signed in", "account": "111122223333"}"#;

#[tokio::test(start_paused = true)]
async fn mails_are_published_or_come_again() {
    let ok = "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>";
    let denied = "<ErrorResponse><Error><Code>AuthorizationError</Code><Message>no</Message></Error></ErrorResponse>";
    for (status, body, back) in [(200, ok, &[][..]), (403, denied, &["0"])] {
        let world = World::new(move |_| Answered::With(status, body.to_owned()));
        let email = world.function(Email::new, &[("EMAIL_TOPIC_ARN", TOPIC)]).unwrap();
        let response = email.invoke(batch(&[ALERT]), minute(0)).await;
        assert_eq!(returned(&response), back);
        let asked = world.asked();
        let asked_for: Vec<_> = asked.iter().map(|asked| asked.what.as_str()).collect();
        let wait = (!back.is_empty()).then_some("sqs:ChangeMessageVisibility");
        assert_eq!(asked_for, ["sns:Publish"].into_iter().chain(wait).collect::<Vec<_>>());
        assert!(
            asked[0].body.contains("Subject=%5Bhigh%5D%20111122223333%3A%20root%20user%20signed%20in"),
            "{}",
            asked[0].body
        );
    }
}
