//! Publish and PublishBatch.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::fault::{self, invalid, value_invalid};
use super::publish::{Draft, SIZE_LIMIT, admit, fan_out, size};
use super::topic::located;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::services::sqs::MessageAttribute;
use crate::trace::Hop;
use rootwatch_policy::{Context, Decision};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Input {
    #[serde(default)]
    id: String,
    #[serde(default)]
    message: String,
    subject: Option<String>,
    message_structure: Option<String>,
    #[serde(default)]
    message_attributes: Map<String, Value>,
    message_group_id: Option<String>,
    message_deduplication_id: Option<String>,
}

pub(super) fn publish(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    if call.text("PhoneNumber").is_some() {
        return Err(ApiError::new(
            "NotImplemented",
            "rootwatch: text messages to phones are not modelled, see harness/cloud/OPERATIONS.md",
        )
        .status(501));
    }
    let topic = target(call)?;
    let input: Input = call.input()?;
    let decision = permitted(call, &topic)?;
    let draft = input.draft("messageAttributes")?;
    if size(&draft.message, &draft.attributes) > SIZE_LIMIT {
        return Err(invalid("Message too long"));
    }
    let caller = call.caller.clone();
    let id = fan_out(call.state, &caller, &topic, draft, decision);
    Ok(json!({"MessageId": id}).into())
}

/// The topic, by either name. [V] LS:sns/test_publish_message_by_target_arn, ::test_publish_non_existent_target
fn target(call: &Call<'_>) -> Result<Arn, ApiError> {
    if let Some(target) = call.text("TargetArn") {
        let arn = fault::arn(target, "TargetArn")?;
        if arn.resource().starts_with("endpoint/") {
            return Err(invalid("TargetArn Reason: No endpoint found for the target arn specified"));
        }
        return located(call, "TargetArn");
    }
    located(call, "TopicArn")
}

fn permitted(call: &mut Call<'_>, topic: &Arn) -> Result<Decision, ApiError> {
    let (caller, region) = (call.caller.clone(), call.region.clone());
    admit(call.state, Hop::Api, &caller, &region, topic, &Context::new()).map_err(|error| {
        let status = match error.code.as_str() {
            "NotFound" => 404,
            "AuthorizationError" => 403,
            _ => 400,
        };
        ApiError::new(error.code, error.message).status(status)
    })
}

impl Input {
    /// Checks the message but for its size. `at` is where AWS says the attributes stand.
    fn draft(self, at: &str) -> Result<Draft, ApiError> {
        if self.message.is_empty() {
            return Err(invalid("Empty message"));
        }
        if let Some(subject) = &self.subject
            && (subject.is_empty() || subject.chars().count() >= 100 || subject.chars().any(char::is_control))
        {
            // Fewer than 100 characters, on one line. [V] LS:sns/test_publish_with_empty_subject; [D] API_Publish
            return Err(invalid("Subject"));
        }
        if self.message_deduplication_id.is_some() {
            // [D] API_Publish; the text [T]
            return Err(invalid(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid \
                 for this topic type",
            ));
        }
        let attributes = attributes(self.message_attributes, at)?;
        let (message, by_protocol) = match self.message_structure.as_deref() {
            Some("json") => structured(&self.message)?,
            Some("") | None => (self.message, Vec::new()),
            Some(_) => return Err(invalid("MessageStructure")),
        };
        Ok(Draft { subject: self.subject, message, by_protocol, attributes, group: self.message_group_id })
    }
}

/// The default text and those for protocols; what is no text is left out.
/// [V] LS:sns/test_message_structure_json_exc, ::test_message_structure_json_to_sqs
fn structured(message: &str) -> Result<(String, Vec<(String, String)>), ApiError> {
    let Ok(Value::Object(texts)) = serde_json::from_str(message) else {
        return Err(invalid("Message Structure - JSON message body failed to parse"));
    };
    let texts: Vec<(String, String)> =
        texts.into_iter().filter_map(|(protocol, text)| Some((protocol, text.as_str()?.to_owned()))).collect();
    let default = texts.iter().find(|(protocol, _)| protocol == "default").map(|(_, text)| text.clone());
    let default = default.ok_or_else(|| invalid("Message Structure - No default entry in JSON message body"))?;
    Ok((default, texts))
}

/// Checks the attributes. [V] LS:sns/test_empty_or_wrong_message_attributes, ::test_message_attributes_prefixes
fn attributes(given: Map<String, Value>, at: &str) -> Result<Vec<(String, MessageAttribute)>, ApiError> {
    let mut attributes = Vec::new();
    for (name, value) in given {
        check_name(&name)?;
        let attribute: MessageAttribute = match value {
            Value::Object(_) => serde_json::from_value(value).map_err(invalid)?,
            _ => MessageAttribute::default(),
        };
        check_value(&name, &attribute, at)?;
        attributes.push((name, attribute));
    }
    Ok(attributes)
}

fn check_name(name: &str) -> Result<(), ApiError> {
    if name.len() > 256 {
        return Err(value_invalid("Length of message attribute name must be less than 256 bytes."));
    }
    if let Some(bad) = name.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.')) {
        return Err(value_invalid(format!(
            "Invalid non-alphanumeric character '#x{:X}' was found in the message attribute name. Can only include \
             alphanumeric characters, hyphens, underscores, or dots.",
            u32::from(bad)
        )));
    }
    let message = if name.starts_with('.') {
        "Invalid message attribute name starting with character '.' was found."
    } else if name.ends_with('.') {
        "Invalid message attribute name ending with character '.' was found."
    } else if name.contains("..") {
        "Message attribute name can not have successive '.' character."
    } else {
        return Ok(());
    };
    Err(value_invalid(message))
}

fn check_value(name: &str, attribute: &MessageAttribute, at: &str) -> Result<(), ApiError> {
    let data_type = attribute.data_type.as_str();
    if data_type.is_empty() {
        return Err(ApiError::new(
            "ValidationError",
            format!(
                "1 validation error detected: Value null at '{at}.{name}.member.dataType' failed to satisfy constraint: \
                 Member must not be null"
            ),
        ));
    }
    let (kind, label) = data_type.split_once('.').map_or((data_type, None), |(kind, label)| (kind, Some(label)));
    if !matches!(kind, "String" | "Number" | "Binary") || label == Some("") {
        return Err(value_invalid(format!(
            "The message attribute '{name}' has an invalid message attribute type, the set of supported type prefixes \
             is Binary, Number, and String."
        )));
    }
    let (value, other, field) = match kind {
        "Binary" => (&attribute.binary_value, &attribute.string_value, "Binary"),
        _ => (&attribute.string_value, &attribute.binary_value, "String"),
    };
    if value.as_ref().is_none_or(String::is_empty) {
        return Err(value_invalid(if other.as_ref().is_some_and(|other| !other.is_empty()) {
            format!("The message attribute '{name}' with type '{data_type}' must use field '{field}'.")
        } else {
            format!(
                "The message attribute '{name}' must contain non-empty message attribute value for message attribute \
                 type '{data_type}'."
            )
        }));
    }
    if kind == "Number" && value.as_ref().is_some_and(|value| value.parse::<f64>().is_err()) {
        return Err(value_invalid(format!("Could not cast message attribute '{name}' value to number.")));
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Batch {
    #[serde(default)]
    publish_batch_request_entries: Vec<Input>,
}

pub(super) fn publish_batch(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let topic = located(call, "TopicArn")?;
    let entries = call.input::<Batch>()?.publish_batch_request_entries;
    let decision = permitted(call, &topic)?;
    check_batch(&entries)?;
    let mut drafts = Vec::new();
    for (at, entry) in entries.into_iter().enumerate() {
        let id = entry.id.clone();
        // A bad entry refuses the whole batch. [V] LS:sns/test_publish_batch_exceptions,
        // ::test_empty_or_wrong_message_attributes
        let draft = entry.draft(&format!("publishBatchRequestEntries.{}.member.messageAttributes", at + 1))?;
        drafts.push((id, draft));
    }
    let sum: usize = drafts.iter().map(|(_, draft)| size(&draft.message, &draft.attributes)).sum();
    if sum > SIZE_LIMIT {
        return Err(ApiError::new(
            "BatchRequestTooLong",
            "The length of all the messages put together is more than the limit.",
        ));
    }
    let caller = call.caller.clone();
    let mut successful = Vec::new();
    for (id, draft) in drafts {
        let message = fan_out(call.state, &caller, &topic, draft, decision.clone());
        successful.push(json!({"Id": id, "MessageId": message}));
    }
    Ok(json!({"Successful": successful, "Failed": []}).into())
}

/// [V] LS:sns/test_publish_batch_exceptions, ::test_publish_batch_invalid_entry_id; an empty batch [D] API_PublishBatch
fn check_batch(entries: &[Input]) -> Result<(), ApiError> {
    if entries.is_empty() {
        return Err(ApiError::new("EmptyBatchRequest", "The batch request doesn't contain any entries."));
    }
    if entries.len() > 10 {
        return Err(ApiError::new(
            "TooManyEntriesInBatchRequest",
            "The batch request contains more entries than permissible.",
        ));
    }
    for (at, Input { id, .. }) in entries.iter().enumerate() {
        let wrong = |what: &str| {
            let message = format!("The Id of a batch entry in the batch request {what}: {id}");
            Err(ApiError::new("InvalidBatchEntryId", message))
        };
        if id.len() > 80 {
            return wrong("is too long");
        }
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return wrong("contains an impermissible character");
        }
        if entries.iter().skip(at + 1).any(|other| other.id == *id) {
            return Err(ApiError::new(
                "BatchEntryIdsNotDistinct",
                "Two or more batch entries in the request have the same Id.",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_attributes() {
        let check = |name: &str, value: Value, expected: Option<&str>| {
            let given = Map::from_iter([(name.to_owned(), value.clone())]);
            let error = attributes(given, "messageAttributes").err().map(|error| error.message);
            assert_eq!(error.as_deref(), expected, "{name} {value}");
        };
        let string = json!({"DataType": "String", "StringValue": "x"});
        let missing = |kind: &str| {
            format!(
                "The message attribute 'attr1' must contain non-empty message attribute value for message attribute type '{kind}'."
            )
        };
        let prefix = "The message attribute 'attr1' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.";
        // [V] LS:sns/test_empty_or_wrong_message_attributes
        check("attr1", json!({"DataType": "String", "StringValue": ""}), Some(&missing("String")));
        check("attr1", json!({"DataType": "String"}), Some(&missing("String")));
        check("attr1", json!({"DataType": "Binary", "BinaryValue": ""}), Some(&missing("Binary")));
        check(
            "attr1",
            json!({"StringValue": "x"}),
            Some(
                "1 validation error detected: Value null at 'messageAttributes.attr1.member.dataType' failed to satisfy constraint: Member must not be null",
            ),
        );
        for (kind, field) in [("String", "String"), ("Number", "String")] {
            let text = format!("The message attribute 'attr1' with type '{kind}' must use field '{field}'.");
            check("attr1", json!({"DataType": kind, "BinaryValue": "AAE="}), Some(&text));
        }
        check(
            "attr1",
            json!({"DataType": "Binary", "StringValue": "x"}),
            Some("The message attribute 'attr1' with type 'Binary' must use field 'Binary'."),
        );
        check("attr1", json!({"DataType": "InvalidType", "StringValue": "x"}), Some(prefix));
        check(&"a".repeat(257), string.clone(), Some("Length of message attribute name must be less than 256 bytes."));
        check(
            "a^",
            string.clone(),
            Some(
                "Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can only include alphanumeric characters, hyphens, underscores, or dots.",
            ),
        );
        check(".a", string.clone(), Some("Invalid message attribute name starting with character '.' was found."));
        check("a.", string.clone(), Some("Invalid message attribute name ending with character '.' was found."));
        check("a..b", string.clone(), Some("Message attribute name can not have successive '.' character."));
        check("a.b", string, None);
        // [V] LS:sns/test_message_attributes_prefixes
        check("attr1", json!({"DataType": "String.", "StringValue": "x"}), Some(prefix));
        check("attr1", json!({"DataType": "Stringprefixed", "StringValue": "x"}), Some(prefix));
        check("attr1", json!({"DataType": "String.prefixed", "StringValue": "x"}), None);
        check("attr1", json!({"DataType": "String.  prefixed.", "StringValue": "x"}), None);
    }

    #[test]
    fn message_structure() {
        let failed = Err("Invalid parameter: Message Structure - JSON message body failed to parse");
        let missing = Err("Invalid parameter: Message Structure - No default entry in JSON message body");
        // [V] LS:sns/test_message_structure_json_exc
        let cases = [
            (r#"{"sqs": "x"}"#, missing),
            (r#"{"default": "x"} }"#, failed),
            (r#"{"default": {"object": "test"}}"#, missing),
            (r#"{"default": "first", "default": "second"}"#, Ok("second")),
            (r#"{"default": "d", "sqs": {"field": "value"}}"#, Ok("d")),
        ];
        for (message, expected) in cases {
            let found = structured(message).map(|(default, _)| default).map_err(|error| error.message);
            assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned), "{message}");
        }
    }

    #[test]
    fn batches() {
        let entries = |ids: &[&str]| -> Vec<Input> {
            ids.iter().map(|id| serde_json::from_value(json!({"Id": id, "Message": "m"})).unwrap()).collect()
        };
        let many: Vec<String> = (0..11).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        // [V] LS:sns/test_publish_batch_exceptions, ::test_publish_batch_invalid_entry_id
        let cases: [(&[&str], Option<&str>); 6] = [
            (&["1", "2"], None),
            (&[], Some("EmptyBatchRequest")),
            (&many, Some("TooManyEntriesInBatchRequest")),
            (&["1", "1"], Some("BatchEntryIdsNotDistinct")),
            (&["message.id"], Some("InvalidBatchEntryId")),
            (&[&"a".repeat(81)], Some("InvalidBatchEntryId")),
        ];
        for (ids, expected) in cases {
            let code = check_batch(&entries(ids)).err().map(|error| error.code);
            assert_eq!(code.as_deref(), expected, "{ids:?}");
        }
    }
}
