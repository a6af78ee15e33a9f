//! A message as a function sees it, and the batch that it belongs to.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::id::Arn;
use crate::services::digest::md5;
use crate::services::sqs::Received;

/// What names a message of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handle {
    /// Its id, the `itemIdentifier` of a partial batch response.
    pub message_id: String,
    /// What deletes it.
    pub receipt_handle: String,
}

/// The messages that a run of a function was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The event source mapping's UUID.
    pub mapping: String,
    /// Where they were read.
    pub queue: Arn,
    /// The messages.
    pub messages: Vec<Handle>,
    /// Whether the function answers with `batchItemFailures`.
    pub partial_responses: bool,
}

/// A message that was read and is not given to a function yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Gathered {
    pub(super) handle: Handle,
    /// Its record in the event.
    pub(super) record: Value,
}

impl Gathered {
    /// [V] LS:lambda_/event_source_mapping/test_lambda_integration_sqs; the order of the members as AWS writes them
    pub(super) fn new(message: Received, queue: &Arn) -> Self {
        let attributes: Map<String, Value> =
            message.message_attributes.iter().map(|(name, attribute)| (name.clone(), shown(attribute))).collect();
        let record = json!({
            "messageId": message.message_id,
            "receiptHandle": message.receipt_handle,
            "body": message.body,
            "attributes": message.attributes,
            "messageAttributes": attributes,
            "md5OfBody": md5(message.body.as_bytes()),
            "eventSource": "aws:sqs",
            "eventSourceARN": queue.as_str(),
            "awsRegion": queue.region().as_str(),
        });
        Self { handle: Handle { message_id: message.message_id, receipt_handle: message.receipt_handle }, record }
    }

    /// The message as a filter sees it: a body that is JSON is looked into. [D] invocation-eventfiltering
    pub(super) fn filtered(&self) -> Value {
        let mut record = self.record.clone();
        let body = record["body"].as_str().and_then(|body| serde_json::from_str::<Value>(body).ok());
        if let Some(body) = body.filter(Value::is_object) {
            record["body"] = body;
        }
        record
    }

    /// What it adds to the payload, bytes.
    pub(super) fn size(&self) -> usize {
        self.record.to_string().len() + 1
    }
}

fn shown(attribute: &crate::services::sqs::MessageAttribute) -> Value {
    let mut shown = Map::new();
    if let Some(text) = &attribute.string_value {
        shown.insert("stringValue".into(), json!(text));
    }
    if let Some(binary) = &attribute.binary_value {
        shown.insert("binaryValue".into(), json!(binary));
    }
    shown.insert("stringListValues".into(), json!([]));
    shown.insert("binaryListValues".into(), json!([]));
    shown.insert("dataType".into(), json!(attribute.data_type));
    Value::Object(shown)
}

/// The event of a batch.
pub(super) fn payload(records: Vec<Value>) -> String {
    json!({"Records": records}).to_string()
}
