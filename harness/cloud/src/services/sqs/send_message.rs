//! SendMessage, and what it shares with SendMessageBatch.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::checksum;
use super::encryption;
use super::enqueue::{Draft, enqueue};
use super::fault::Fault;
use super::message::{self, MessageAttribute};
use super::protocol::read;
use super::queue::{Reach, named};
use crate::api::{ApiError, Call, Reply, lenient};
use crate::id::Arn;
use crate::services::DeliveryError;
use crate::trace::Hop;
use rootwatch_policy::Context;

/// The members of a message to be sent.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    #[serde(default)]
    message_body: String,
    #[serde(default, deserialize_with = "lenient::optional")]
    delay_seconds: Option<i64>,
    #[serde(default)]
    message_attributes: BTreeMap<String, MessageAttribute>,
    #[serde(default)]
    message_system_attributes: BTreeMap<String, MessageAttribute>,
    message_group_id: Option<String>,
    message_deduplication_id: Option<String>,
    /// Of the request, see [`crate::wire`].
    #[serde(rename = "$TraceHeader")]
    trace_header: Option<String>,
}

pub(super) fn send(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let arn = named(call, "sqs:SendMessage", Reach::AnyAccount)?;
    may_encrypt(call, &arn)?;
    let input: Input = read(call)?;
    let limit = limit(call, &arn);
    if input.size() > limit {
        // [V] LS:sqs/test_send_oversized_message
        return Err(Fault::invalid_value(format!(
            "One or more parameters are invalid. Reason: Message must be shorter than {limit} bytes."
        )));
    }
    Ok(input.send(call, &arn)?.into())
}

/// What the sender needs on the queue's key.
pub(super) fn may_encrypt(call: &mut Call<'_>, arn: &Arn) -> Result<(), Fault> {
    let (caller, region) = (call.caller.clone(), call.region.clone());
    encryption::check(call.state, Hop::Api, &caller, &region, arn, encryption::SENDER, &Context::new())
        .map_err(key_fault)
}

/// A refusal of the key, as SQS passes it on. [D] API_SendMessage, errors
pub(super) fn key_fault(error: DeliveryError) -> Fault {
    match error.code.as_str() {
        "KMSAccessDenied" => Fault::new("KMS.AccessDeniedException", "KmsAccessDenied", error.message),
        "KMSNotFound" => Fault::new("KMS.NotFoundException", "KmsNotFound", error.message),
        "KMSDisabled" => Fault::new("KMS.DisabledException", "KmsDisabled", error.message),
        _ => ApiError::new(error.code, error.message).into(),
    }
}

pub(super) fn limit(call: &Call<'_>, arn: &Arn) -> usize {
    call.state.sqs.queues.get(arn).map_or(0, |queue| queue.attributes.maximum_message_size as usize)
}

impl Input {
    pub(super) fn size(&self) -> usize {
        let attributes: Vec<_> = self.message_attributes.clone().into_iter().collect();
        message::size(&self.message_body, &attributes)
    }

    /// Checks the message but for its size, and enqueues it; answers its id and its sums.
    pub(super) fn send(self, call: &mut Call<'_>, arn: &Arn) -> Result<Value, Fault> {
        message::check_body(&self.message_body)?;
        let attributes: Vec<_> = self.message_attributes.into_iter().collect();
        message::check_attributes(&attributes)?;
        let delay_seconds = match self.delay_seconds {
            None => None,
            Some(delay) => Some(u32::try_from(delay).ok().filter(|delay| *delay <= 900).ok_or_else(|| {
                Fault::invalid_parameter(delay, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
            })?),
        };
        check_id("MessageGroupId", self.message_group_id.as_deref())?;
        check_id("MessageDeduplicationId", self.message_deduplication_id.as_deref())?;
        let system: Vec<_> = self.message_system_attributes.into_iter().collect();
        if let Some((name, _)) = system.iter().find(|(name, _)| name != "AWSTraceHeader") {
            return Err(Fault::invalid_value(format!("Message system attribute name '{name}' is invalid.")));
        }
        let mut answer = Map::new();
        answer.insert("MD5OfMessageBody".into(), json!(checksum::of_body(&self.message_body)));
        if let Some(sum) = checksum::of_attributes(&attributes) {
            answer.insert("MD5OfMessageAttributes".into(), json!(sum));
        }
        if let Some(sum) = checksum::of_attributes(&system) {
            answer.insert("MD5OfMessageSystemAttributes".into(), json!(sum));
        }
        let draft = Draft {
            body: self.message_body,
            attributes,
            trace_header: system.into_iter().find_map(|(_, attribute)| attribute.string_value).or(self.trace_header),
            group: self.message_group_id,
            delay_seconds,
        };
        let caller = call.caller.clone();
        let id = enqueue(call.state, &caller, arn, draft, None);
        answer.insert("MessageId".into(), json!(id));
        Ok(Value::Object(answer))
    }
}

/// [V] LS:sqs/test_send_message_to_standard_queue_with_invalid_message_group_id, ::test_message_deduplication_id_invalid
fn check_id(name: &str, id: Option<&str>) -> Result<(), Fault> {
    let Some(id) = id else { return Ok(()) };
    if (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(());
    }
    let reason = format!("{name} can only include alphanumeric and punctuation characters. 1 to 128 in length.");
    Err(Fault::invalid_parameter(id, name, &reason))
}
