//! From a reply to an HTTP answer.

use serde_json::{Map, Value, json};

use super::cbor;
use super::xml::Xml;
use crate::api::{ApiError, Protocol, Service};

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

fn content_type(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Json10 => "application/x-amz-json-1.0",
        Protocol::Json11 => "application/x-amz-json-1.1",
        Protocol::Query => "text/xml",
        Protocol::RestXml => "application/xml",
        Protocol::RestJson => "application/json",
        Protocol::Cbor => "application/cbor",
    }
}

fn headers(protocol: Protocol, request_id: &str) -> Vec<(&'static str, String)> {
    let mut headers =
        vec![("content-type", content_type(protocol).to_owned()), ("x-amzn-requestid", request_id.to_owned())];
    if protocol == Protocol::Cbor {
        headers.push(("smithy-protocol", "rpc-v2-cbor".to_owned()));
    }
    headers
}

/// The operations of SQS that have no output. [D] the service model
const SQS_WITHOUT_OUTPUT: [&str; 9] = [
    "AddPermission",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "DeleteQueue",
    "PurgeQueue",
    "RemovePermission",
    "SetQueueAttributes",
    "TagQueue",
    "UntagQueue",
];

/// The operations of the other services that have an output in which nothing need be. [D] the service models
const WITH_EMPTY_OUTPUT: [(Service, &str); 3] =
    [(Service::Iam, "UpdateRole"), (Service::CloudWatch, "TagResource"), (Service::CloudWatch, "UntagResource")];

/// Writes the output members of an operation.
pub fn reply(service: Service, protocol: Protocol, operation: &str, value: &Value, request_id: &str) -> Answer {
    let body = match protocol {
        Protocol::Query => {
            let response = format!("{operation}Response");
            let mut xml = Xml::new();
            xml.open_with_namespace(&response, service.query_namespace());
            // Operations without output have no result element; the others have one even when nothing is in it.
            // [V] LS:sqs/test_receive_empty_queue over the Query protocol
            if value.as_object().is_some_and(|members| !members.is_empty())
                || service == Service::Sns
                || WITH_EMPTY_OUTPUT.contains(&(service, operation))
                || (service == Service::Sqs && !SQS_WITHOUT_OUTPUT.contains(&operation))
            {
                let result = format!("{operation}Result");
                xml.open(&result);
                xml.members(value);
                xml.close(&result);
            }
            xml.open("ResponseMetadata");
            xml.text("RequestId", request_id);
            xml.close("ResponseMetadata");
            xml.close(&response);
            xml.finish()
        }
        // An empty REST answer has no body at all.
        Protocol::RestJson | Protocol::RestXml if value.is_null() => Vec::new(),
        Protocol::RestXml => {
            let mut xml = Xml::new();
            xml.members(value);
            xml.finish()
        }
        Protocol::Cbor => cbor::encode(value),
        _ => value.to_string().into_bytes(),
    };
    let is_empty = matches!(protocol, Protocol::RestJson | Protocol::RestXml) && value.is_null();
    let status = if is_empty { 204 } else { 200 };
    Answer { status, headers: headers(protocol, request_id), body }
}

/// Writes an error.
pub fn error(service: Option<Service>, protocol: Protocol, error: &ApiError, request_id: &str) -> Answer {
    let mut headers = headers(protocol, request_id);
    let body = match protocol {
        Protocol::Query => {
            let mut xml = Xml::new();
            let namespace = service.map_or("http://webservices.amazon.com/", Service::query_namespace);
            xml.open_with_namespace("ErrorResponse", namespace);
            xml.open("Error");
            xml.text("Type", if error.status < 500 { "Sender" } else { "Receiver" });
            xml.text("Code", &error.code);
            // Where AWS has nothing to say there is no element. [V] LS:cloudwatch::test_set_alarm_invalid_input
            if !error.message.is_empty() {
                xml.text("Message", &error.message);
            }
            for (name, value) in &error.members {
                xml.text(name, value.as_str().unwrap_or_default());
            }
            xml.close("Error");
            xml.text("RequestId", request_id);
            xml.close("ErrorResponse");
            xml.finish()
        }
        // [D] S3 API reference, RESTErrorResponses
        Protocol::RestXml => {
            let mut xml = Xml::new();
            xml.open("Error");
            xml.text("Code", &error.code);
            xml.text("Message", &error.message);
            for (name, value) in &error.members {
                xml.text(name, value.as_str().unwrap_or_default());
            }
            xml.text("RequestId", request_id);
            xml.close("Error");
            xml.finish()
        }
        _ => {
            headers.push(("x-amzn-errortype", error.code.clone()));
            let mut members = Map::new();
            members.insert("__type".into(), json!(error.code));
            // SQS clients of the Query age still look here. [V] LS:sqs
            // So is CloudWatch's. [D] the service models' awsQueryCompatible
            if matches!(service, Some(Service::Sqs | Service::CloudWatch)) {
                let fault = if error.status < 500 { "Sender" } else { "Receiver" };
                headers.push(("x-amzn-query-error", format!("{};{fault}", error.code)));
            }
            // Secrets Manager writes it with a capital. [V] LS:secretsmanager::test_no_client_request_token
            let message = if service == Some(Service::SecretsManager) { "Message" } else { "message" };
            members.insert(message.into(), json!(error.message));
            if service == Some(Service::Lambda) {
                members.insert("Message".into(), json!(error.message));
                members.insert("Type".into(), json!(if error.status < 500 { "User" } else { "Service" }));
            }
            members.extend(error.members.iter().map(|(name, value)| (name.clone(), value.clone())));
            let members = Value::Object(members);
            if protocol == Protocol::Cbor { cbor::encode(&members) } else { members.to_string().into_bytes() }
        }
    };
    Answer { status: error.status, headers, body }
}
