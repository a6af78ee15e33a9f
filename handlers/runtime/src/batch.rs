//! The messages of one invocation: each is dealt with on its own, and none holds back another.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage, SqsMessageAttribute};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::MessageAttributeValue;
use futures_util::future::join_all;
use jiff::Timestamp;

use crate::aws::describe;
use crate::delivery::{Delivery, Patience, Reason};
use crate::handler::{Handler, Invocation, Message};
use crate::platform::{ConfigurationError, Platform};
use crate::queue::{Queue, receives};

/// Most attributes of an SQS message [D: SQS, message attributes].
const ATTRIBUTE_LIMIT: usize = 10;

/// Longest reason in an attribute, in bytes. Two of them fit what an alert keeps free for attributes.
const REASON_LIMIT: usize = 1_024;

/// A handler with its dead-letter queue: what Lambda invokes.
pub struct Function<H> {
    handler: H,
    queue: Queue,
    dead_letters: DeadLetters,
}

impl<H: Handler> Function<H> {
    /// The function of this handler; `QUEUE_URL` and `DEAD_LETTER_QUEUE_URL` name its queues.
    ///
    /// # Errors
    ///
    /// Where one of the variables is missing.
    pub fn new(platform: &Platform, handler: H) -> Result<Self, ConfigurationError> {
        let url = platform.environment.required("DEAD_LETTER_QUEUE_URL")?;
        let client = Client::new(&platform.aws);
        let queue = Queue::new(client.clone(), platform.environment.required("QUEUE_URL")?);
        Ok(Function { handler, queue, dead_letters: DeadLetters { client, url } })
    }

    /// Deals with a batch. The answer names the messages that return to their queue.
    pub async fn invoke(&self, event: SqsEvent, invocation: Invocation) -> SqsBatchResponse {
        let results = join_all(event.records.iter().map(|record| self.message(record, invocation))).await;
        let mut response = SqsBatchResponse::default();
        for (record, returns) in event.records.iter().zip(results) {
            if returns {
                // A failure without an identifier fails the whole batch [D: Lambda, partial batch responses].
                response.add_failure(record.message_id.clone().unwrap_or_default());
            }
        }
        response
    }

    /// Deals with one message. Answers whether it returns to its queue.
    async fn message(&self, record: &SqsMessage, invocation: Invocation) -> bool {
        let message = message(record);
        let delivery = match tokio::time::timeout(H::TIMEOUT, self.handler.handle(message, invocation)).await {
            Ok(delivery) => delivery,
            // The request may be on its way.
            Err(_) => Delivery::Retry(
                Reason::new("Timeout", format!("not done within {} s", H::TIMEOUT.as_secs()))
                    .with_patience(Patience::Ambiguous),
            ),
        };
        let delivery = match delivery {
            Delivery::Retry(reason) => {
                let attempts = reason.attempts.unwrap_or(message.receives);
                match reason.patience.ended(attempts, message.age(invocation)) {
                    Some(words) => {
                        let message = format!("{words}: {}", reason.message);
                        Delivery::Permanent(Reason { message, ..reason })
                    }
                    None => Delivery::Retry(reason),
                }
            }
            delivery => delivery,
        };
        match delivery {
            Delivery::Done => {
                tracing::info!(message_id = message.id, "done");
                false
            }
            Delivery::Wait { seconds, what } => {
                self.queue.hide(record, seconds).await;
                tracing::info!(message_id = message.id, wait = seconds, what, "waits");
                true
            }
            Delivery::Retry(reason) => {
                let seconds = self.queue.back_off(record, &reason).await;
                tracing::warn!(
                    message_id = message.id,
                    code = reason.code,
                    reason = reason.message,
                    seconds,
                    "returned to its queue"
                );
                true
            }
            Delivery::Permanent(reason) => match self.dead_letters.send(record, &reason).await {
                Ok(()) => {
                    tracing::error!(
                        message_id = message.id,
                        code = reason.code,
                        reason = reason.message,
                        "moved to the dead-letter queue"
                    );
                    false
                }
                // SQS's own redrive moves it there in the end.
                Err(cause) => {
                    tracing::error!(
                        message_id = message.id,
                        code = reason.code,
                        reason = reason.message,
                        cause,
                        "could not be moved to the dead-letter queue: returned to its queue"
                    );
                    true
                }
            },
        }
    }
}

fn message(record: &SqsMessage) -> Message<'_> {
    let sent = record.attributes.get("SentTimestamp").and_then(|text| text.parse().ok());
    Message {
        id: record.message_id.as_deref().unwrap_or("unknown"),
        body: record.body.as_deref().unwrap_or_default(),
        sent: sent.and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok()),
        receives: receives(record),
    }
}

/// The queue of what can never be delivered.
struct DeadLetters {
    client: Client,
    url: String,
}

impl DeadLetters {
    /// Puts the message there as it came, with the reason as attributes `ErrorCode` and `ErrorMessage`.
    async fn send(&self, record: &SqsMessage, reason: &Reason) -> Result<(), String> {
        let mut send =
            self.client.send_message().queue_url(&self.url).message_body(record.body.as_deref().unwrap_or("-"));
        let mut names: Vec<_> = record.message_attributes.keys().collect();
        names.sort_unstable();
        for name in names.into_iter().take(ATTRIBUTE_LIMIT - 2) {
            if let Some(attribute) = record.message_attributes.get(name).and_then(copied) {
                send = send.message_attributes(name, attribute);
            }
        }
        send = send
            .message_attributes("ErrorCode", text(&reason.code)?)
            .message_attributes("ErrorMessage", text(&reason.message)?);
        match send.send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("sqs:SendMessage to `{}`: {}", self.url, describe(&error).1)),
        }
    }
}

fn copied(attribute: &SqsMessageAttribute) -> Option<MessageAttributeValue> {
    let value = MessageAttributeValue::builder().data_type(attribute.data_type.as_deref().unwrap_or("String"));
    let value = match (&attribute.string_value, &attribute.binary_value) {
        (Some(text), _) if !text.is_empty() => value.string_value(text),
        (_, Some(bytes)) if !bytes.0.is_empty() => value.binary_value(Blob::new(bytes.0.clone())),
        _ => return None,
    };
    value.build().ok()
}

/// A text as an attribute: not empty, of bounded length, and only of characters that SQS takes.
fn text(value: &str) -> Result<MessageAttributeValue, String> {
    let value = attribute_text(value);
    MessageAttributeValue::builder().data_type("String").string_value(value).build().map_err(|error| error.to_string())
}

fn attribute_text(value: &str) -> String {
    let mut kept = String::new();
    for character in value.chars().map(|c| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { ' ' } else { c })
    {
        if kept.len() + character.len_utf8() > REASON_LIMIT {
            break;
        }
        kept.push(character);
    }
    if kept.trim().is_empty() { "-".to_owned() } else { kept }
}
