//! What a function says of its batch: `batchItemFailures`. [D] services-sqs-errorhandling, "Success and failure
//! conditions"

use serde_json::Value;

/// The ids of the messages that failed, out of a response.
///
/// # Errors
/// Why the response fails the whole batch.
pub(super) fn failures(response: &str, batch: &[&str]) -> Result<Vec<String>, String> {
    // [?] A runtime that answers without a body reports nothing.
    if response.trim().is_empty() {
        return Ok(Vec::new());
    }
    let response: Value =
        serde_json::from_str(response).map_err(|error| format!("the response is not JSON: {error}"))?;
    let items = match &response {
        Value::Null => return Ok(Vec::new()),
        Value::Object(members) => match members.get("batchItemFailures") {
            None | Some(Value::Null) => return Ok(Vec::new()),
            Some(Value::Array(items)) => items,
            Some(other) => return Err(format!("batchItemFailures is no list but {other}")),
        },
        Value::Array(items) if items.is_empty() => return Ok(Vec::new()),
        Value::String(text) if text.is_empty() => return Ok(Vec::new()),
        // [?]
        other => return Err(format!("the response is no object but {other}")),
    };
    items
        .iter()
        .map(|item| match item.get("itemIdentifier") {
            None => Err(format!("an entry of batchItemFailures has no itemIdentifier: {item}")),
            Some(Value::String(id)) if id.is_empty() => Err("an itemIdentifier is empty".to_owned()),
            Some(Value::String(id)) if batch.contains(&id.as_str()) => Ok(id.clone()),
            Some(Value::String(id)) => Err(format!("itemIdentifier `{id}` is no message of the batch")),
            Some(other) => Err(format!("an itemIdentifier is no text but {other}")),
        })
        .collect()
}
