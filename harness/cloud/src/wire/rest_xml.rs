//! S3's protocol: bucket and key in host and path, the operation in method and query, bodies in XML or JSON (policies).

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;
use serde_json::{Map, Value, json};

use super::request::{percent_decode, unknown};
use super::{CredentialScope, Decoded, HttpRequest};
use crate::api::{ApiError, Protocol, Service};
use crate::services::s3;

/// How deep elements may lie in each other: more than any of S3's do.
const MAX_DEPTH: usize = 16;

/// Whether a request is S3's: nothing but the scope of its credentials tells.
pub(super) fn is_meant(scope: Option<&CredentialScope>) -> bool {
    scope.is_some_and(|scope| scope.service == Service::S3.name())
}

/// The members are `Bucket`, the query's, and the body: as `Text` for a policy, else as read from its XML, below the root
/// element (`Xml`).
pub(super) fn decode(request: &HttpRequest) -> Result<Decoded, ApiError> {
    let (bucket, key) = names(request);
    let query: Vec<(String, String)> =
        form_urlencoded::parse(request.query.as_bytes()).map(|(name, value)| (name.into(), value.into())).collect();
    let operation = s3::route(&request.method, &bucket, key.as_deref(), query.iter().map(|(name, _)| name.as_str()))
        .map_err(unknown)?;
    let mut params: Map<String, Value> = query.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
    match operation {
        "PutBucketPolicy" => drop(params.insert("Text".to_owned(), String::from_utf8_lossy(&request.body).into())),
        _ if request.body.is_empty() => {}
        _ => drop(params.insert("Xml".to_owned(), read(&request.body)?)),
    }
    params.insert("Bucket".to_owned(), bucket.into());
    let params = Value::Object(params);
    Ok(Decoded { service: Service::S3, operation: operation.to_owned(), protocol: Protocol::RestXml, params })
}

/// Bucket (empty where none is named) and key: from the path, or the bucket from the host's name (`BUCKET.s3.…`).
/// [D] user guide, VirtualHosting
fn names(request: &HttpRequest) -> (String, Option<String>) {
    let path = request.path.trim_start_matches('/');
    let host = request.header("host").unwrap_or_default();
    let virtual_host = host.split_once(".s3.").or_else(|| host.split_once(".s3-")).map(|(bucket, _)| bucket);
    let (bucket, key) = match virtual_host {
        Some(bucket) => (bucket.to_owned(), path),
        None => {
            let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
            (percent_decode(bucket), key)
        }
    };
    (bucket, Some(percent_decode(key)).filter(|key| !key.is_empty()))
}

/// An open element: its name, what lies in it, and its text.
type Element = (String, Map<String, Value>, String);

fn say(open: &mut [Element], text: &str) {
    if let Some((.., content)) = open.last_mut() {
        content.push_str(text);
    }
}

/// What lies below a document's root element: elements by name, those of one name as a list, text as text. Namespaces and
/// attributes say nothing here.
fn read(body: &[u8]) -> Result<Value, ApiError> {
    let malformed = s3::malformed_xml;
    let text = std::str::from_utf8(body).map_err(|_| malformed())?;
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    loop {
        match reader.read_event().map_err(|_| malformed())? {
            Event::Start(start) if open.len() < MAX_DEPTH => {
                let name = start.local_name().as_ref().to_owned();
                open.push((name, Map::new(), String::new()));
            }
            Event::Start(_) => return Err(malformed()),
            Event::Empty(empty) => {
                let name = empty.local_name().as_ref().to_owned();
                match open.last_mut() {
                    Some((_, within, _)) => add(within, name, json!({})),
                    None => return Ok(json!({})),
                }
            }
            Event::Text(text) => say(&mut open, &text),
            Event::CData(text) => say(&mut open, &text),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().map_err(|_| malformed())? {
                Some(character) => say(&mut open, character.encode_utf8(&mut [0; 4])),
                None => say(&mut open, resolve_predefined_entity(&reference).ok_or_else(malformed)?),
            },
            Event::End(_) => {
                let (name, within, content) = open.pop().ok_or_else(malformed)?;
                let value = if within.is_empty() { Value::from(content) } else { Value::Object(within) };
                match open.last_mut() {
                    Some((_, outer, _)) => add(outer, name, value),
                    None => return Ok(value),
                }
            }
            Event::Eof => return Err(malformed()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

fn add(within: &mut Map<String, Value>, name: String, value: Value) {
    match within.get_mut(&name) {
        None => drop(within.insert(name, value)),
        Some(Value::Array(items)) => items.push(value),
        Some(first) => *first = json!([first.take(), value]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, host: &str, path: &str, query: &str, body: &str) -> HttpRequest {
        HttpRequest {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![("host".to_owned(), host.to_owned())],
            body: body.as_bytes().to_vec(),
        }
    }

    /// [D] user guide, VirtualHosting; the operations' pages of the API reference
    #[test]
    fn requests() {
        let here = "127.0.0.1:4566";
        let tags = "<?xml version=\"1.0\"?><Tagging xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><TagSet><Tag><Key>a&amp;&#98;</Key>\
                    </Tag><Tag><Key>c</Key></Tag></TagSet></Tagging>";
        let cases = [
            (request("GET", here, "/", "", ""), Ok(("ListBuckets", json!({"Bucket": ""})))),
            (
                request("GET", "b.s3.eu-west-1.amazonaws.com", "/", "policy", ""),
                Ok(("GetBucketPolicy", json!({"policy": "", "Bucket": "b"}))),
            ),
            (
                request("PUT", here, "/b/", "tagging", tags),
                Ok((
                    "PutBucketTagging",
                    json!({
                        "tagging": "", "Bucket": "b",
                        "Xml": {"TagSet": {"Tag": [{"Key": "a&b"}, {"Key": "c"}]}},
                    }),
                )),
            ),
            (request("PUT", here, "/b", "tagging", "<Tagging><TagSet>"), Err("MalformedXML")),
            (request("PUT", here, "/b", "tagging", &"<a>".repeat(100)), Err("MalformedXML")),
            (request("PUT", here, "/b", "cors", "<C/>"), Err("UnknownOperationException")),
            (request("PUT", here, "/b/k", "x-id=PutObject", "data"), Err("UnknownOperationException")),
        ];
        for (request, expected) in cases {
            let found = decode(&request);
            match (&found, expected) {
                (Ok(decoded), Ok((operation, params))) => {
                    assert_eq!((&*decoded.operation, &decoded.params), (operation, &params), "{request:?}");
                }
                (Err(error), Err(code)) => assert_eq!(error.code, code, "{request:?}"),
                (found, expected) => panic!("{request:?}: {found:?}, not {expected:?}"),
            }
        }
    }
}
