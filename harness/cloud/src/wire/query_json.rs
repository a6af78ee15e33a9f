//! The Query protocol's answers in JSON, for whoever asks with `Accept: application/json`: the elements of the XML as
//! members. [T] STS, SNS and SQS answer so; [V] LS:sqs/test_marker_serialization_json_protocol for the names

use serde_json::{Map, Value, json};

use super::answer::Answer;
use crate::api::{ApiError, Service};

/// Whether an `Accept` header asks for it.
pub(crate) fn is_wanted(accept: Option<&str>) -> bool {
    accept.is_some_and(|accept| accept.split(';').next().is_some_and(|kind| kind.trim() == "application/json"))
}

/// Writes the output members of an operation.
pub(crate) fn reply(service: Service, operation: &str, value: &Value, request_id: &str) -> Answer {
    let mut result = plain(value);
    if let (Service::Sqs, Value::Object(members), Some(Value::Object(_))) = (service, &mut result, value.get("Message"))
    {
        // AWS calls the list `messages`. What was taken from the XML stays beside it.
        // [V] LS:sqs/test_marker_serialization_json_protocol, which looks for the one on AWS and for the other elsewhere
        let all = value["Message"]["$flat"].as_array().into_iter().flatten().map(plain).collect();
        members.insert("messages".to_owned(), Value::Array(all));
    }
    let body = json!({format!("{operation}Response"): {
        format!("{operation}Result"): result,
        "ResponseMetadata": {"RequestId": request_id},
    }});
    answer(200, &body, request_id)
}

/// Writes an error.
pub(crate) fn error(error: &ApiError, request_id: &str) -> Answer {
    let kind = if error.status < 500 { "Sender" } else { "Receiver" };
    let body = json!({
        "Error": {"Code": error.code, "Message": error.message, "Type": kind},
        "RequestId": request_id,
    });
    answer(error.status, &body, request_id)
}

fn answer(status: u16, body: &Value, request_id: &str) -> Answer {
    let headers = vec![("content-type", "application/json".to_owned()), ("x-amzn-requestid", request_id.to_owned())];
    Answer { status, headers, body: body.to_string().into_bytes() }
}

/// The members without the marks that tell the XML how to write them: an element that occurs once is no list.
fn plain(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(plain).collect()),
        Value::Object(members) => {
            if let Some(Value::Object(entries)) = members.get("$map") {
                return Value::Object(named(entries));
            }
            match members.get("$flat") {
                Some(Value::Array(items)) if items.len() == 1 => plain(&items[0]),
                Some(items) => plain(items),
                None => Value::Object(named(members)),
            }
        }
        scalar => scalar.clone(),
    }
}

fn named(members: &Map<String, Value>) -> Map<String, Value> {
    members.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let one = json!({"Message": {"$flat": [{"Body": "b", "Attribute": {"$flat": [{"Name": "n", "Value": "v"}]}}]}});
        let message = json!({"Body": "b", "Attribute": {"Name": "n", "Value": "v"}});
        // [V] LS:sqs/test_marker_serialization_json_protocol; the others [T]
        let cases = [
            (Service::Sqs, "ReceiveMessage", one, json!({"Message": message, "messages": [message]})),
            (Service::Sqs, "ReceiveMessage", json!({}), json!({})),
            (
                Service::Sns,
                "ListTopics",
                json!({"Topics": [{"TopicArn": "a"}]}),
                json!({"Topics": [{"TopicArn": "a"}]}),
            ),
            (
                Service::Sns,
                "GetTopicAttributes",
                json!({"Attributes": {"$map": {"a": "b"}}}),
                json!({"Attributes": {"a": "b"}}),
            ),
        ];
        for (service, operation, value, expected) in cases {
            let answer = reply(service, operation, &value, "id");
            let body: Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(body[format!("{operation}Response")][format!("{operation}Result")], expected, "{value}");
        }
        for (accept, wanted) in [
            (None, false),
            (Some("*/*"), false),
            (Some("application/json"), true),
            (Some("application/json; charset=utf-8"), true),
            (Some("text/xml"), false),
        ] {
            assert_eq!(is_wanted(accept), wanted, "{accept:?}");
        }
    }
}
