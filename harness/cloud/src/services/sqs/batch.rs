//! The batch operations: up to ten entries, each with a result of its own. [V] LS:sqs/test_sqs.snapshot.json

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::fault::Fault;
use super::protocol::read;
use super::queue::{Reach, named};
use super::receive_message::Handle;
use super::send_message::{self, limit, may_encrypt};
use crate::api::{Call, Reply};
use crate::id::Arn;

/// The bodies and attributes of a batch together. [V] ::test_send_message_batch_with_oversized_contents
const BATCH_LIMIT: usize = 1_048_576;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", bound = "T: DeserializeOwned")]
struct Batch<T> {
    #[serde(default)]
    entries: Vec<Entry<T>>,
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Entry<T> {
    #[serde(default, rename = "Id")]
    id: String,
    #[serde(flatten)]
    input: T,
}

/// Reads the entries and checks their number and ids.
fn entries<T: DeserializeOwned>(call: &Call<'_>) -> Result<Vec<Entry<T>>, Fault> {
    let entries = read::<Batch<T>>(call)?.entries;
    let fault = |shape: &'static str, code: &'static str, message: String| Err(Fault::new(code, shape, message));
    if entries.is_empty() {
        let entry = format!("{}RequestEntry", call.operation);
        return fault(
            "EmptyBatchRequest",
            "AWS.SimpleQueueService.EmptyBatchRequest",
            format!("There should be at least one {entry} in the request."),
        );
    }
    if entries.len() > 10 {
        return fault(
            "TooManyEntriesInBatchRequest",
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            format!("Maximum number of entries per request are 10. You have sent {}.", entries.len()),
        );
    }
    for (at, Entry { id, .. }) in entries.iter().enumerate() {
        let good = (1..=80).contains(&id.len());
        if !good || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return fault(
                "InvalidBatchEntryId",
                "AWS.SimpleQueueService.InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most \
                 80 letters long."
                    .to_owned(),
            );
        }
        if entries.iter().skip(at + 1).any(|other| other.id == *id) {
            return fault(
                "BatchEntryIdsNotDistinct",
                "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
                format!("Id {id} repeated."),
            );
        }
    }
    Ok(entries)
}

/// Does each entry; the failures of some do not stop the others.
fn each<T>(entries: Vec<Entry<T>>, mut work: impl FnMut(T) -> Result<Value, Fault>) -> Reply {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for Entry { id, input } in entries {
        match work(input) {
            Ok(mut answer) => {
                answer["Id"] = json!(id);
                successful.push(answer);
            }
            Err(fault) => {
                let (code, message, sender) = fault.entry();
                failed.push(json!({"Id": id, "SenderFault": sender, "Code": code, "Message": message}));
            }
        }
    }
    // The list of what went well is there even when it is empty. [?]
    let mut answer = json!({"Successful": successful});
    if !failed.is_empty() {
        answer["Failed"] = json!(failed);
    }
    answer.into()
}

pub(super) fn send(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let arn = named(call, "sqs:SendMessage", Reach::AnyAccount)?;
    may_encrypt(call, &arn)?;
    let entries = entries::<send_message::Input>(call)?;
    let sum: usize = entries.iter().map(|entry| entry.input.size()).sum();
    if sum > BATCH_LIMIT {
        return Err(Fault::new(
            "AWS.SimpleQueueService.BatchRequestTooLong",
            "BatchRequestTooLong",
            format!("Batch requests cannot be longer than {BATCH_LIMIT} bytes. You have sent {sum} bytes."),
        ));
    }
    let limit = limit(call, &arn);
    Ok(each(entries, |input| {
        if input.size() > limit {
            // [V] ::test_send_batch_message_size: other words than SendMessage
            return Err(Fault::invalid_value(format!(
                "One or more parameters cannot be validated. Reason: Message must be shorter than {limit} bytes."
            )));
        }
        input.send(call, &arn)
    }))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, Fault> {
    handles(call, "sqs:DeleteMessage", Handle::delete)
}

pub(super) fn change_visibility(call: &mut Call<'_>) -> Result<Reply, Fault> {
    handles(call, "sqs:ChangeMessageVisibility", Handle::change_visibility)
}

fn handles(
    call: &mut Call<'_>,
    action: &str,
    work: fn(&Handle, &mut Call<'_>, &Arn) -> Result<(), Fault>,
) -> Result<Reply, Fault> {
    let arn = named(call, action, Reach::AnyAccount)?;
    let entries = entries::<Handle>(call)?;
    Ok(each(entries, |handle| work(&handle, call, &arn).map(|()| json!({}))))
}
