//! Both wire protocols of SQS. The handlers speak JSON; the Query protocol's names are translated here.
//!
//! [D] the service model: in the Query protocol lists are flattened under the singular name, and maps are lists of
//! `Name`/`Value` (tags: `Key`/`Value`).

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::fault::Fault;
use crate::api::{ApiError, Call, Protocol, Reply};

/// The names of key and value in the entries of a map.
type MapNames = (&'static str, &'static str);

/// Input names that differ: the Query name, the JSON name, and the names of key and value where it is a map.
const INPUTS: &[(&str, &str, Option<MapNames>)] = &[
    ("Attribute", "Attributes", Some(("Name", "Value"))),
    ("Tag", "Tags", Some(("Key", "Value"))),
    ("tags", "Tags", None),
    ("MessageAttribute", "MessageAttributes", Some(("Name", "Value"))),
    ("MessageSystemAttribute", "MessageSystemAttributes", Some(("Name", "Value"))),
    ("TagKey", "TagKeys", None),
    ("AttributeName", "AttributeNames", None),
    ("MessageAttributeName", "MessageAttributeNames", None),
    ("MessageSystemAttributeName", "MessageSystemAttributeNames", None),
    ("AWSAccountId", "AWSAccountIds", None),
    ("ActionName", "Actions", None),
    ("SendMessageBatchRequestEntry", "Entries", None),
    ("DeleteMessageBatchRequestEntry", "Entries", None),
    ("ChangeMessageVisibilityBatchRequestEntry", "Entries", None),
];

/// Carries out an operation over either protocol.
pub(super) fn carry_out(
    call: &mut Call<'_>,
    handler: fn(&mut Call<'_>) -> Result<Reply, Fault>,
) -> Result<Reply, ApiError> {
    let query = call.protocol == Protocol::Query;
    if query {
        call.params = input(std::mem::take(&mut call.params));
    } else if let Some(members) = call.params.as_object_mut() {
        // CreateQueue's only lower-case member.
        if let Some(tags) = members.remove("tags") {
            members.insert("Tags".into(), tags);
        }
    }
    match handler(call) {
        Ok(Reply::Value(value)) if query => Ok(Reply::Value(output(&call.operation, value))),
        Ok(Reply::Wait { until, otherwise }) if query => {
            Ok(Reply::Wait { until, otherwise: output(&call.operation, otherwise) })
        }
        Ok(reply) => Ok(reply),
        Err(fault) => Err(fault.into_api(call.protocol)),
    }
}

/// Reads the input into a type.
pub(super) fn read<T: DeserializeOwned>(call: &Call<'_>) -> Result<T, Fault> {
    Ok(call.input()?)
}

fn input(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, value)| renamed(name, value)).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(input).collect()),
        scalar => scalar,
    }
}

fn renamed(name: String, value: Value) -> (String, Value) {
    match INPUTS.iter().find(|(query, ..)| *query == name) {
        None => (name, input(value)),
        Some((_, json, Some(_))) if value == "" => ((*json).to_owned(), Value::Object(Map::new())),
        // The form of an empty list. [V] LS:sqs/test_receive_message_attribute_names_filters over the Query protocol
        Some((_, json, None)) if value == "" => ((*json).to_owned(), Value::Array(Vec::new())),
        Some((_, json, None)) => ((*json).to_owned(), input(value)),
        Some((_, json, Some((key, text)))) => ((*json).to_owned(), map(value, key, text)),
    }
}

fn map(value: Value, key: &str, text: &str) -> Value {
    let Value::Array(items) = value else { return value };
    let mut members = Map::new();
    for mut item in items {
        let Some(name) = item.get(key).and_then(Value::as_str).map(str::to_owned) else { continue };
        let value = item.get_mut(text).map(Value::take).unwrap_or_else(|| Value::String(String::new()));
        members.insert(name, value);
    }
    Value::Object(members)
}

fn output(operation: &str, value: Value) -> Value {
    let Value::Object(members) = value else { return value };
    let members = members.into_iter().map(|(name, value)| match (name.as_str(), value) {
        ("Attributes" | "MessageAttributes", Value::Object(map)) => {
            let name = if name == "Attributes" { "Attribute" } else { "MessageAttribute" };
            (name.to_owned(), flat(map.into_iter().map(|(key, value)| json!({"Name": key, "Value": value})).collect()))
        }
        ("Tags", Value::Object(map)) => {
            ("Tag".to_owned(), flat(map.into_iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()))
        }
        ("QueueUrls" | "queueUrls", Value::Array(urls)) => ("QueueUrl".to_owned(), flat(urls)),
        ("Messages", Value::Array(messages)) => {
            ("Message".to_owned(), flat(messages.into_iter().map(|message| output(operation, message)).collect()))
        }
        ("Successful", Value::Array(entries)) => (format!("{operation}ResultEntry"), flat(entries)),
        ("Failed", Value::Array(entries)) => ("BatchResultErrorEntry".to_owned(), flat(entries)),
        ("Results", Value::Array(entries)) => ("ListMessageMoveTasksResultEntry".to_owned(), flat(entries)),
        (_, value) => (name, value),
    });
    Value::Object(members.collect())
}

fn flat(items: Vec<Value>) -> Value {
    json!({ "$flat": items })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_input() {
        // [D] the service model of the Query protocol, API version 2012-11-05
        let cases = [
            (
                json!({"QueueName": "q", "Attribute": [{"Name": "DelaySeconds", "Value": "1"}]}),
                json!({"QueueName": "q", "Attributes": {"DelaySeconds": "1"}}),
            ),
            (json!({"Tag": [{"Key": "a", "Value": "b"}, {"Key": "c"}]}), json!({"Tags": {"a": "b", "c": ""}})),
            (json!({"AttributeName": ["All"]}), json!({"AttributeNames": ["All"]})),
            (json!({"MessageAttributeName": ""}), json!({"MessageAttributeNames": []})),
            (json!({"Attribute": ""}), json!({"Attributes": {}})),
            (
                json!({"SendMessageBatchRequestEntry": [{"Id": "1", "MessageAttribute":
                    [{"Name": "n", "Value": {"DataType": "String", "StringValue": "s"}}]}]}),
                json!({"Entries": [{"Id": "1", "MessageAttributes": {"n": {"DataType": "String", "StringValue": "s"}}}]}),
            ),
        ];
        for (query, expected) in cases {
            assert_eq!(input(query.clone()), expected, "{query}");
        }
    }

    #[test]
    fn query_output() {
        let cases = [
            ("ListQueues", json!({"QueueUrls": ["u"]}), json!({"QueueUrl": {"$flat": ["u"]}})),
            (
                "GetQueueAttributes",
                json!({"Attributes": {"a": "b"}}),
                json!({"Attribute": {"$flat": [{"Name": "a", "Value": "b"}]}}),
            ),
            (
                "SendMessageBatch",
                json!({"Successful": [{"Id": "1"}]}),
                json!({"SendMessageBatchResultEntry": {"$flat": [{"Id": "1"}]}}),
            ),
            (
                "ReceiveMessage",
                json!({"Messages": [{"Body": "b", "Attributes": {"SenderId": "x"}}]}),
                json!({"Message": {"$flat": [{"Body": "b", "Attribute": {"$flat": [{"Name": "SenderId", "Value": "x"}]}}]}}),
            ),
        ];
        for (operation, value, expected) in cases {
            assert_eq!(output(operation, value), expected, "{operation}");
        }
    }
}
