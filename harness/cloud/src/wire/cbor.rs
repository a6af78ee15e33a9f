//! smithy-rpc-v2-cbor, which SDKs of today prefer for CloudWatch. [D] smithy.io, RPC v2 CBOR protocol

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ciborium::Value as Cbor;
use serde_json::{Map, Number, Value};

use super::request::{Decoded, HttpRequest, unknown};
use crate::api::{ApiError, Protocol, Service};

/// The tag of a moment: seconds since 1970.
const EPOCH: u64 = 1;
/// Deeper bodies are refused; the deepest of CloudWatch's inputs has six levels.
const MAX_DEPTH: usize = 64;

/// Reads `/service/{target}/operation/{operation}`, if that is what the request is.
pub(super) fn decode(request: &HttpRequest) -> Option<Result<Decoded, ApiError>> {
    request.header("smithy-protocol").filter(|protocol| *protocol == "rpc-v2-cbor")?;
    let mut segments = request.path.trim_matches('/').split('/');
    let (Some("service"), Some(target), Some("operation"), Some(operation), None) =
        (segments.next(), segments.next(), segments.next(), segments.next(), segments.next())
    else {
        return Some(Err(unknown(format!("{} {} of rpc-v2-cbor", request.method, request.path))));
    };
    let Some(service) = Service::from_target(target) else {
        return Some(Err(unknown(format!("the service `{target}` of rpc-v2-cbor"))));
    };
    let params = if request.body.is_empty() { Ok(Value::Object(Map::new())) } else { members(&request.body) };
    Some(params.map(|params| Decoded { service, operation: operation.to_owned(), protocol: Protocol::Cbor, params }))
}

fn members(body: &[u8]) -> Result<Value, ApiError> {
    let malformed = |text: String| ApiError::new("SerializationException", text);
    let read: Cbor = ciborium::de::from_reader_with_recursion_limit(body, MAX_DEPTH)
        .map_err(|error| malformed(error.to_string()))?;
    match json(read) {
        Some(Value::Object(members)) => Ok(Value::Object(members)),
        _ => Err(malformed("the body must be a CBOR map".into())),
    }
}

/// The same in JSON: moments as seconds, bytes in base64. `None` for what no member has.
fn json(value: Cbor) -> Option<Value> {
    Some(match value {
        Cbor::Null => Value::Null,
        Cbor::Bool(truth) => truth.into(),
        Cbor::Text(text) => text.into(),
        Cbor::Bytes(bytes) => STANDARD.encode(bytes).into(),
        Cbor::Integer(number) => i64::try_from(number).ok()?.into(),
        Cbor::Float(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        Cbor::Tag(EPOCH, value) => json(*value)?,
        Cbor::Array(items) => Value::Array(items.into_iter().map(json).collect::<Option<_>>()?),
        Cbor::Map(entries) => {
            let mut members = Map::new();
            for (key, value) in entries {
                // A null is a member that is not there.
                match (key, json(value)?) {
                    (_, Value::Null) => {}
                    (Cbor::Text(key), value) => drop(members.insert(key, value)),
                    _ => return None,
                }
            }
            Value::Object(members)
        }
        _ => return None,
    })
}

/// Writes output members.
pub(super) fn encode(value: &Value) -> Vec<u8> {
    let mut body = Vec::new();
    // Into memory, which takes everything.
    let _ = ciborium::into_writer(&cbor(value, false), &mut body);
    body
}

/// All of CloudWatch's moments, and nothing else, stand in members that are named so.
fn is_time(member: &str) -> bool {
    member.ends_with("Timestamp") || member.ends_with("Timestamps")
}

fn cbor(value: &Value, time: bool) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(truth) => Cbor::Bool(*truth),
        Value::Number(number) if time => Cbor::Tag(EPOCH, Box::new(Cbor::Float(number.as_f64().unwrap_or_default()))),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Cbor::Integer(whole.into()),
            None => Cbor::Float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Array(items) => Cbor::Array(items.iter().map(|item| cbor(item, time)).collect()),
        Value::Object(members) => Cbor::Map(
            members
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(name, value)| (Cbor::Text(name.clone()), cbor(value, is_time(name))))
                .collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(path: &str, body: Vec<u8>) -> HttpRequest {
        HttpRequest {
            method: "POST".into(),
            path: path.into(),
            headers: vec![("smithy-protocol".into(), "rpc-v2-cbor".into())],
            body,
            ..HttpRequest::default()
        }
    }

    fn body(value: &Cbor) -> Vec<u8> {
        let mut bytes = Vec::new();
        ciborium::into_writer(value, &mut bytes).unwrap();
        bytes
    }

    /// [D] RPC v2 CBOR: the request's path, moments as tag 1, absent members as null
    #[test]
    fn requests() {
        const PATH: &str = "/service/GraniteServiceVersion20100801/operation/PutMetricData";
        let text = |text: &str| Cbor::Text(text.into());
        let datum = Cbor::Map(vec![
            (text("MetricName"), text("m")),
            (text("Timestamp"), Cbor::Tag(1, Box::new(Cbor::Float(1.5)))),
            (text("Value"), Cbor::Integer(3.into())),
            (text("Unit"), Cbor::Null),
        ]);
        let input = Cbor::Map(vec![(text("Namespace"), text("n")), (text("MetricData"), Cbor::Array(vec![datum]))]);
        let decoded = decode(&request(PATH, body(&input))).unwrap().unwrap();
        assert_eq!((decoded.service, decoded.operation.as_str()), (Service::CloudWatch, "PutMetricData"));
        assert_eq!(decoded.protocol, Protocol::Cbor);
        let expected = json!({"Namespace": "n", "MetricData": [{"MetricName": "m", "Timestamp": 1.5, "Value": 3}]});
        assert_eq!(decoded.params, expected);
        assert_eq!(decode(&request(PATH, Vec::new())).unwrap().unwrap().params, json!({}));
        let nested = (0..200).fold(Cbor::Null, |inner, _| Cbor::Array(vec![inner]));
        for bad in [body(&Cbor::Integer(1.into())), vec![0xa1], vec![0xff], body(&Cbor::Map(vec![(text("a"), nested)]))]
        {
            assert_eq!(decode(&request(PATH, bad)).unwrap().unwrap_err().code, "SerializationException");
        }
        for path in ["/", "/service/Nothing/operation/Op", "/service/GraniteServiceVersion20100801"] {
            assert_eq!(decode(&request(path, Vec::new())).unwrap().unwrap_err().status, 501, "{path}");
        }
        assert!(decode(&HttpRequest::default()).is_none());
    }

    #[test]
    fn answers() {
        let answer =
            json!({"Datapoints": [{"Timestamp": 60.0, "Sum": 1.5}], "Timestamps": [1], "Period": 60, "x": null});
        let read: Cbor = ciborium::from_reader(encode(&answer).as_slice()).unwrap();
        let time = |seconds: f64| Cbor::Tag(1, Box::new(Cbor::Float(seconds)));
        let text = |text: &str| Cbor::Text(text.into());
        let point = Cbor::Map(vec![(text("Timestamp"), time(60.0)), (text("Sum"), Cbor::Float(1.5))]);
        let expected = Cbor::Map(vec![
            (text("Datapoints"), Cbor::Array(vec![point])),
            (text("Timestamps"), Cbor::Array(vec![time(1.0)])),
            (text("Period"), Cbor::Integer(60.into())),
        ]);
        assert_eq!(read, expected);
    }
}
