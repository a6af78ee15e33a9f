//! ReceiveMessage, DeleteMessage, ChangeMessageVisibility.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::checksum;
use super::dequeue::{self, Receipt, Received};
use super::encryption;
use super::fault::Fault;
use super::protocol::read;
use super::queue::{Reach, named};
use super::send_message::key_fault;
use crate::api::{Call, Reply, lenient};
use crate::id::Arn;
use crate::trace::Hop;
use rootwatch_policy::Context;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Receive {
    #[serde(default, deserialize_with = "lenient::optional")]
    max_number_of_messages: Option<i64>,
    #[serde(default, deserialize_with = "lenient::optional")]
    visibility_timeout: Option<i64>,
    #[serde(default, deserialize_with = "lenient::optional")]
    wait_time_seconds: Option<i64>,
    /// The older name of the next.
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
}

pub(super) fn receive(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let arn = named(call, "sqs:ReceiveMessage", Reach::AnyAccount)?;
    let mut input: Receive = read(call)?;
    let max = input.max_number_of_messages.unwrap_or(1);
    if !(1..=10).contains(&max) {
        return Err(Fault::invalid_parameter(max, "MaxNumberOfMessages", "Must be between 1 and 10, if provided."));
    }
    if let Some(wait) = input.wait_time_seconds.filter(|wait| !(0..=20).contains(wait)) {
        return Err(Fault::invalid_parameter(wait, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided."));
    }
    let visibility = input.visibility_timeout.map(timeout).transpose()?;
    let (caller, region) = (call.caller.clone(), call.region.clone());
    encryption::check(call.state, Hop::Api, &caller, &region, &arn, encryption::RECEIVER, &Context::new())
        .map_err(key_fault)?;
    input.message_system_attribute_names.append(&mut input.attribute_names);
    let received = dequeue::receive(call.state, &arn, max as usize, visibility);
    if !received.is_empty() {
        let messages: Vec<Value> = received.into_iter().map(|message| input.shown(message)).collect();
        return Ok(json!({"Messages": messages}).into());
    }
    let default = call.state.sqs.queues.get(&arn).map_or(0, |queue| queue.attributes.wait.into());
    let wait = input.wait_time_seconds.unwrap_or(default);
    if wait == 0 {
        return Ok(Reply::empty());
    }
    let until = call.state.now + Duration::from_secs(wait.unsigned_abs());
    Ok(Reply::Wait { until, otherwise: json!({}) })
}

/// The same as in the queue's attribute: 0 to 12 hours. [D] API_ChangeMessageVisibility; the text [T]
pub(super) fn timeout(seconds: i64) -> Result<Duration, Fault> {
    if !(0..=43_200).contains(&seconds) {
        return Err(Fault::invalid_parameter(
            seconds,
            "VisibilityTimeout",
            "VisibilityTimeout must be an integer between 0 and 43200",
        ));
    }
    Ok(Duration::from_secs(seconds.unsigned_abs()))
}

impl Receive {
    /// A message with the attributes that were asked for.
    fn shown(&self, message: Received) -> Value {
        let mut shown = Map::new();
        shown.insert("MessageId".into(), json!(message.message_id));
        shown.insert("ReceiptHandle".into(), json!(message.receipt_handle));
        shown.insert("MD5OfBody".into(), json!(checksum::of_body(&message.body)));
        shown.insert("Body".into(), json!(message.body));
        let wanted = &self.message_system_attribute_names;
        let system: Map<String, Value> = message
            .attributes
            .into_iter()
            .filter(|(name, _)| wanted.iter().any(|wanted| wanted == "All" || wanted == name))
            .map(|(name, value)| (name, json!(value)))
            .collect();
        if !system.is_empty() {
            shown.insert("Attributes".into(), Value::Object(system));
        }
        let attributes: Vec<_> = message
            .message_attributes
            .into_iter()
            .filter(|(name, _)| self.message_attribute_names.iter().any(|wanted| means(wanted, name)))
            .collect();
        if let Some(sum) = checksum::of_attributes(&attributes) {
            shown.insert("MD5OfMessageAttributes".into(), json!(sum));
            let attributes = attributes.into_iter().map(|(name, attribute)| (name, json!(attribute))).collect();
            shown.insert("MessageAttributes".into(), Value::Object(attributes));
        }
        Value::Object(shown)
    }
}

/// Whether a filter of `MessageAttributeNames` means an attribute.
/// [V] LS:sqs/test_receive_message_message_attribute_names_filters
fn means(filter: &str, name: &str) -> bool {
    match filter {
        "All" | "*" | ".*" => true,
        _ => filter == name || filter.strip_suffix(".*").is_some_and(|prefix| name.starts_with(prefix)),
    }
}

/// One receipt handle, and for ChangeMessageVisibility the timeout.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Handle {
    #[serde(default)]
    receipt_handle: String,
    #[serde(default, deserialize_with = "lenient::optional")]
    visibility_timeout: Option<i64>,
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let arn = named(call, "sqs:DeleteMessage", Reach::AnyAccount)?;
    let handle: Handle = read(call)?;
    handle.delete(call, &arn)?;
    Ok(Reply::empty())
}

pub(super) fn change_visibility(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let arn = named(call, "sqs:ChangeMessageVisibility", Reach::AnyAccount)?;
    let handle: Handle = read(call)?;
    handle.change_visibility(call, &arn)?;
    Ok(Reply::empty())
}

impl Handle {
    fn check(&self, arn: &Arn) -> Result<(), Fault> {
        if self.receipt_handle.is_empty() {
            return Err(Fault::missing("ReceiptHandle"));
        }
        Receipt::parse(&self.receipt_handle, arn).map(drop).ok_or_else(|| Fault::receipt_handle(&self.receipt_handle))
    }

    /// Succeeds for a message that is gone. [V] LS:sqs/test_delete_message_with_deleted_receipt_handle
    pub(super) fn delete(&self, call: &mut Call<'_>, arn: &Arn) -> Result<(), Fault> {
        self.check(arn)?;
        dequeue::delete(call.state, arn, &self.receipt_handle);
        Ok(())
    }

    pub(super) fn change_visibility(&self, call: &mut Call<'_>, arn: &Arn) -> Result<(), Fault> {
        self.check(arn)?;
        let seconds = self.visibility_timeout.ok_or_else(|| Fault::missing("VisibilityTimeout"))?;
        if dequeue::change_visibility(call.state, arn, &self.receipt_handle, timeout(seconds)?) {
            return Ok(());
        }
        // [T] the text that AWS gives for a message that was deleted
        Err(Fault::invalid_parameter(
            &self.receipt_handle,
            "ReceiptHandle",
            "Message does not exist or is not available for visibility timeout change.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_filters() {
        // [V] LS:sqs/test_receive_message_message_attribute_names_filters, attributes Help.Me, Hello, General
        let cases: [(&str, &[&str]); 9] = [
            ("All", &["Help.Me", "Hello", "General"]),
            ("*", &["Help.Me", "Hello", "General"]),
            (".*", &["Help.Me", "Hello", "General"]),
            ("Foo", &[]),
            ("Help", &[]),
            ("Hello", &["Hello"]),
            ("Hel.*", &["Help.Me", "Hello"]),
            ("AWS.", &[]),
            ("..foo", &[]),
        ];
        for (filter, expected) in cases {
            let found: Vec<_> =
                ["Help.Me", "Hello", "General"].into_iter().filter(|name| means(filter, name)).collect();
            assert_eq!(found, expected, "{filter}");
        }
    }
}
