//! What subscribers receive: the envelope for queues and e-mail, the event for functions.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::subscription::Subscription;
use crate::id::Arn;
use crate::services::sqs::MessageAttribute;
use crate::time::Time;

/// A message on its way from a topic to its subscriptions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Notification {
    pub(super) id: String,
    pub(super) topic: Arn,
    pub(super) subject: Option<String>,
    pub(super) message: String,
    /// Other texts for some protocols (`MessageStructure` `json`).
    pub(super) by_protocol: Vec<(String, String)>,
    pub(super) attributes: Vec<(String, MessageAttribute)>,
    pub(super) published: Time,
    pub(super) group: Option<String>,
    /// `1` or `2`.
    pub(super) signature_version: String,
}

impl Notification {
    /// The message for a protocol.
    pub(super) fn message_for(&self, protocol: &str) -> &str {
        let own = self.by_protocol.iter().find(|(name, _)| name == protocol);
        own.map_or(&self.message, |(_, text)| text)
    }

    /// The envelope that queues, e-mail in JSON and HTTP endpoints receive, in AWS's order of keys.
    /// [V] LS:sns/test_subscribe_sqs_queue, ::test_publish_sqs_from_sns; [D] sns-message-and-json-formats
    pub(super) fn envelope(&self, protocol: &str, subscription: &Arn) -> Value {
        let mut envelope = Map::new();
        let mut put = |name: &str, value: Value| drop(envelope.insert(name.to_owned(), value));
        put("Type", json!("Notification"));
        put("MessageId", json!(self.id));
        put("TopicArn", json!(self.topic));
        if let Some(subject) = &self.subject {
            put("Subject", json!(subject));
        }
        put("Message", json!(self.message_for(protocol)));
        put("Timestamp", json!(self.published.iso_millis()));
        put("SignatureVersion", json!(self.signature_version));
        put("Signature", json!(self.signature()));
        put("SigningCertURL", json!(self.certificate_url()));
        put("UnsubscribeURL", json!(self.unsubscribe_url(subscription)));
        if !self.attributes.is_empty() {
            put("MessageAttributes", self.shown_attributes());
        }
        Value::Object(envelope)
    }

    /// The event that a function receives: other spellings of two keys, and nothing is left out.
    /// [V] LS:sns/test_python_lambda_subscribe_sns_topic, ::test_sns_topic_as_lambda_dead_letter_queue
    pub(super) fn lambda_event(&self, subscription: &Arn) -> Value {
        json!({"Records": [{
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription,
            "Sns": {
                "Type": "Notification",
                "MessageId": self.id,
                "TopicArn": self.topic,
                "Subject": self.subject,
                "Message": self.message_for("lambda"),
                "Timestamp": self.published.iso_millis(),
                // Version 1 even where the topic signs with 2. [V] LS:sns/test_publish_lambda_verify_signature
                "SignatureVersion": "1",
                "Signature": self.signature(),
                "SigningCertUrl": self.certificate_url(),
                "UnsubscribeUrl": self.unsubscribe_url(subscription),
                "MessageAttributes": self.shown_attributes(),
            },
        }]})
    }

    fn shown_attributes(&self) -> Value {
        let shown = self.attributes.iter().map(|(name, attribute)| {
            let value = attribute.string_value.as_ref().or(attribute.binary_value.as_ref());
            (name.clone(), json!({"Type": attribute.data_type, "Value": value}))
        });
        Value::Object(shown.collect())
    }

    fn endpoint(&self) -> String {
        let region = self.topic.region();
        format!("https://sns.{region}.{}", region.dns_suffix())
    }

    fn certificate_url(&self) -> String {
        format!("{}/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem", self.endpoint())
    }

    fn unsubscribe_url(&self, subscription: &Arn) -> String {
        format!("{}/?Action=Unsubscribe&SubscriptionArn={subscription}", self.endpoint())
    }

    /// In the form of a signature, but no certificate verifies it: there is no key of AWS's here.
    fn signature(&self) -> String {
        let digest = Sha256::digest(format!("{}\n{}\n{}", self.id, self.topic, self.message));
        STANDARD.encode([digest; 8].concat())
    }

    /// What an endpoint gets that has to confirm. [V] LS:sns/test_subscribe_external_http_endpoint
    pub(super) fn confirmation(id: &str, topic: &Arn, token: &str, now: Time) -> Value {
        let message = format!(
            "You have chosen to subscribe to the topic {topic}.\nTo confirm the subscription, visit the SubscribeURL \
             included in this message."
        );
        question("SubscriptionConfirmation", id, topic, token, message, now)
    }

    /// What an endpoint gets that was unsubscribed. [V] LS:sns/test_subscribe_external_http_endpoint;
    /// [D] sns-message-and-json-formats
    pub(super) fn cancellation(id: &str, subscription: &Subscription, now: Time) -> Value {
        let message = format!(
            "You have chosen to deactivate subscription {}.\nTo cancel this operation and restore the subscription, \
             visit the SubscribeURL included in this message.",
            subscription.arn
        );
        question("UnsubscribeConfirmation", id, &subscription.topic, &subscription.token, message, now)
    }

    /// The text of an e-mail: the message and AWS's footer. [T]
    pub(super) fn email_body(&self, subscription: &Arn, address: &str) -> String {
        let region = self.topic.region();
        format!(
            "{}\n\n--\nIf you wish to stop receiving notifications from this topic, please click or visit the link \
             below to unsubscribe:\nhttps://sns.{region}.{}/unsubscribe.html?SubscriptionArn={subscription}&Endpoint=\
             {address}\n\nPlease do not reply directly to this email. If you have any questions or comments regarding \
             this email, please contact us at https://aws.amazon.com/support\n",
            self.message_for("email"),
            region.dns_suffix(),
        )
    }
}

/// A message that asks for a visit to a link.
fn question(kind: &str, id: &str, topic: &Arn, token: &str, message: String, now: Time) -> Value {
    let region = topic.region();
    let host = format!("https://sns.{region}.{}", region.dns_suffix());
    let digest = Sha256::digest(format!("{id}\n{topic}\n{token}"));
    json!({
        "Type": kind,
        "MessageId": id,
        "Token": token,
        "TopicArn": topic,
        "Message": message,
        "SubscribeURL": format!("{host}/?Action=ConfirmSubscription&TopicArn={topic}&Token={token}"),
        "Timestamp": now.iso_millis(),
        "SignatureVersion": "1",
        "Signature": STANDARD.encode([digest; 8].concat()),
        "SigningCertURL": format!("{host}/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notification(subject: Option<&str>, attributes: Vec<(String, MessageAttribute)>) -> Notification {
        Notification {
            id: "id".into(),
            topic: "arn:aws:sns:us-east-1:111122223333:t".into(),
            subject: subject.map(Into::into),
            message: "text".into(),
            by_protocol: vec![("sqs".into(), "for queues".into())],
            attributes,
            published: Time::from_seconds(0),
            group: None,
            signature_version: "1".into(),
        }
    }

    fn keys(value: &Value) -> Vec<&str> {
        value.as_object().unwrap().keys().map(String::as_str).collect()
    }

    #[test]
    fn envelopes() {
        let subscription: Arn = "arn:aws:sns:us-east-1:111122223333:t:s".into();
        // [V] LS:sns/test_subscribe_sqs_queue: order of keys; no Subject and no MessageAttributes where there are none
        let plain = notification(None, vec![]).envelope("sqs", &subscription);
        assert_eq!(
            keys(&plain),
            [
                "Type",
                "MessageId",
                "TopicArn",
                "Message",
                "Timestamp",
                "SignatureVersion",
                "Signature",
                "SigningCertURL",
                "UnsubscribeURL"
            ]
        );
        assert_eq!(plain["Message"], "for queues");
        assert_eq!(plain["Timestamp"], "1970-01-01T00:00:00.000Z");
        // [V] LS:sns/test_publish_sqs_from_sns
        let attributes = vec![(
            "attr1".to_owned(),
            MessageAttribute { data_type: "Number".into(), string_value: Some("99.12".into()), binary_value: None },
        )];
        let full = notification(Some("s"), attributes).envelope("email-json", &subscription);
        assert_eq!(keys(&full)[3..5], ["Subject", "Message"]);
        assert_eq!(full["MessageAttributes"], json!({"attr1": {"Type": "Number", "Value": "99.12"}}));
        assert_eq!(full["Message"], "text");
    }

    #[test]
    fn events_for_functions() {
        let subscription: Arn = "arn:aws:sns:us-east-1:111122223333:t:s".into();
        let event = notification(None, vec![]).lambda_event(&subscription);
        let sns = &event["Records"][0]["Sns"];
        // [V] LS:sns/test_sns_topic_as_lambda_dead_letter_queue
        assert_eq!(sns["Subject"], Value::Null);
        assert!(sns.as_object().unwrap().contains_key("Subject"));
        assert_eq!(sns["MessageAttributes"], json!({}));
        assert!(sns["SigningCertUrl"].is_string() && sns["UnsubscribeUrl"].is_string());
    }
}
