//! The queue that feeds a function: a failed message comes again after a backoff.
//!
//! Lambda leaves a message of a partial batch failure in flight until its visibility timeout ends [D: Lambda, SQS
//! error handling], so a timeout that the function sets meanwhile holds.

use aws_lambda_events::event::sqs::SqsMessage;
use aws_sdk_sqs::Client;

use crate::aws::describe;
use crate::backoff::{seed, wait};
use crate::delivery::Reason;

/// The function's own queue.
pub(crate) struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// The queue at this address.
    pub(crate) fn new(client: Client, url: String) -> Self {
        Queue { client, url }
    }

    /// Hides a message until its next attempt. Answers the wait as [`Queue::hide`] does.
    pub(crate) async fn back_off(&self, record: &SqsMessage, reason: &Reason) -> u64 {
        let receives = receives(record);
        let seed = seed(identity(record), receives);
        let attempts = reason.attempts.unwrap_or(receives);
        let seconds = reason.wait.unwrap_or_else(|| wait(attempts, reason.urgency, reason.retry_after, seed));
        self.hide(record, seconds).await
    }

    /// Hides a message for so many seconds, and answers them; 0 if SQS refuses, since the queue's own timeout holds then.
    pub(crate) async fn hide(&self, record: &SqsMessage, seconds: u64) -> u64 {
        match self.try_hide(record, seconds).await {
            Ok(()) => seconds,
            Err(cause) => {
                let message_id = record.message_id.as_deref().unwrap_or("unknown");
                tracing::warn!(message_id, cause, "comes again after the queue's own visibility timeout");
                0
            }
        }
    }

    async fn try_hide(&self, record: &SqsMessage, seconds: u64) -> Result<(), String> {
        let receipt = record.receipt_handle.as_deref().ok_or("the message has no receipt handle")?;
        let change = self
            .client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt)
            .visibility_timeout(i32::try_from(seconds).unwrap_or(i32::MAX));
        match change.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("sqs:ChangeMessageVisibility of `{}`: {}", self.url, describe(&error).1)),
        }
    }
}

/// The id of the message's content. Ids of messages and envelopes differ between runs of a test; those of records and alarms
/// do not, so the same faults give the same waits.
fn identity(record: &SqsMessage) -> &str {
    const NAMES: [&str; 3] = ["\"deduplication_key\":\"", "\"AlarmArn\":\"", "\"eventID\":\""];
    let body = record.body.as_deref().unwrap_or_default();
    NAMES
        .iter()
        .find_map(|name| body.split_once(name)?.1.split('"').next())
        .unwrap_or_else(|| record.message_id.as_deref().unwrap_or_default())
}

/// How often the message was received, this time included.
pub(crate) fn receives(record: &SqsMessage) -> u32 {
    record.attributes.get("ApproximateReceiveCount").and_then(|text| text.parse().ok()).unwrap_or(1)
}
