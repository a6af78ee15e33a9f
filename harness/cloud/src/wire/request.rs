//! From an HTTP request to an operation and its members.

use serde_json::{Map, Value};

use super::CredentialScope;
use super::{cbor, query, rest_xml};
use crate::api::{ApiError, Protocol, Service};
use crate::services::account;
use crate::services::lambda::{self, Route};

/// An HTTP request, as far as the API looks at it.
#[derive(Clone, Debug, Default)]
pub struct HttpRequest {
    /// `GET`, `POST` …
    pub method: String,
    /// The path, percent-encoded as received.
    pub path: String,
    /// The query string, without `?`.
    pub query: String,
    /// Lower-case names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpRequest {
    /// The value of a header (name in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl HttpRequest {
    /// The protocol that an error is written in when the request could not be read.
    pub fn protocol(&self) -> Protocol {
        if self.header("smithy-protocol").is_some() {
            Protocol::Cbor
        } else if self.header("x-amz-target").is_some() {
            self.json_version()
        } else if rest_xml::is_meant(CredentialScope::of(self).as_ref()) {
            Protocol::RestXml
        } else if !self.is_form() && (has_api_version(&self.path) || is_account(&self.path)) {
            Protocol::RestJson
        } else {
            Protocol::Query
        }
    }

    fn json_version(&self) -> Protocol {
        match self.header("content-type") {
            Some(kind) if kind.contains("json-1.0") => Protocol::Json10,
            _ => Protocol::Json11,
        }
    }

    fn is_form(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
    }
}

/// Whether a path begins with the date of an API, as Lambda's do: `/2015-03-31/functions`.
fn has_api_version(path: &str) -> bool {
    let version = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    version.len() == "2015-03-31".len() && version.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

/// Whether a path is one of Account Management's, which have no date.
fn is_account(path: &str) -> bool {
    account::ROUTES.iter().any(|route| route.path == path)
}

/// What the request asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// Which service.
    pub service: Service,
    /// Which operation.
    pub operation: String,
    /// How to answer.
    pub protocol: Protocol,
    /// The input members.
    pub params: Value,
}

/// Finds service and operation: by `X-Amz-Target`, by `Action`, else by path.
pub fn decode(request: &HttpRequest, scope: Option<&CredentialScope>) -> Result<Decoded, ApiError> {
    let mut decoded = by_protocol(request, scope)?;
    // X-Ray's header travels on with a message. [V] LS:sqs/test_aws_trace_header_propagation
    if decoded.service == Service::Sqs
        && decoded.operation == "SendMessage"
        && let Some(header) = request.header("x-amzn-trace-id")
        && let Some(members) = decoded.params.as_object_mut()
    {
        members.insert(TRACE_HEADER.to_owned(), Value::from(header));
    }
    Ok(decoded)
}

/// The member of `SendMessage` for the header.
const TRACE_HEADER: &str = "$TraceHeader";

fn by_protocol(request: &HttpRequest, scope: Option<&CredentialScope>) -> Result<Decoded, ApiError> {
    if let Some(decoded) = cbor::decode(request) {
        return decoded;
    }
    if rest_xml::is_meant(scope) {
        return rest_xml::decode(request);
    }
    if let Some(target) = request.header("x-amz-target") {
        return json(request, target);
    }
    let form = request.is_form();
    if form || request.query.contains("Action=") {
        return form_or_query(request, scope, form);
    }
    rest(request)
}

fn json(request: &HttpRequest, target: &str) -> Result<Decoded, ApiError> {
    let (prefix, operation) = target.rsplit_once('.').unwrap_or((target, ""));
    let service = Service::from_target(prefix).ok_or_else(|| unknown(format!("X-Amz-Target `{target}`")))?;
    let protocol = request.json_version();
    let params = if request.body.is_empty() { Value::Object(Map::new()) } else { parse_json(&request.body)? };
    if !params.is_object() {
        return Err(ApiError::new("SerializationException", "the body must be a JSON object"));
    }
    Ok(Decoded { service, operation: operation.to_owned(), protocol, params })
}

fn parse_json(body: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::new("SerializationException", error.to_string()))
}

fn form_or_query(request: &HttpRequest, scope: Option<&CredentialScope>, form: bool) -> Result<Decoded, ApiError> {
    let mut encoded = request.query.clone().into_bytes();
    if form {
        if !encoded.is_empty() {
            encoded.push(b'&');
        }
        encoded.extend_from_slice(&request.body);
    }
    let (action, params) = query::decode(&encoded);
    let operation = action.ok_or_else(|| ApiError::new("MissingAction", "the request has no Action parameter"))?;
    let service = scope
        .and_then(|scope| Service::from_signing_name(&scope.service))
        // Unsigned links (ConfirmSubscription in an e-mail) are SNS's.
        .or((scope.is_none() && matches!(operation.as_str(), "ConfirmSubscription" | "Unsubscribe"))
            .then_some(Service::Sns))
        .ok_or_else(|| unknown(format!("Action `{operation}`, which names no service that this cloud has")))?;
    Ok(Decoded { service, operation, protocol: Protocol::Query, params })
}

fn rest(request: &HttpRequest) -> Result<Decoded, ApiError> {
    let segments: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    let routes = lambda::ROUTES.iter().map(|route| (Service::Lambda, route));
    let mut routes = routes.chain(account::ROUTES.iter().map(|route| (Service::Account, route)));
    let found = routes.find_map(|(service, route)| {
        let path = (route.method == request.method).then(|| path_members(route, &segments)).flatten()?;
        Some((service, route, path))
    });
    let Some((service, route, path)) = found else {
        return Err(unknown(format!("{} {}", request.method, request.path)));
    };
    let mut params = Map::new();
    if route.operation == "Invoke" {
        params.insert("Payload".into(), String::from_utf8_lossy(&request.body).into());
        if let Some(kind) = request.header("x-amz-invocation-type") {
            params.insert("InvocationType".into(), kind.into());
        }
    } else if !request.body.is_empty() {
        match parse_json(&request.body)? {
            Value::Object(body) => params.extend(body),
            _ => return Err(ApiError::new("InvalidRequestContentException", "the body must be a JSON object")),
        }
    }
    for (key, value) in form_urlencoded::parse(request.query.as_bytes()) {
        let value = Value::String(value.into_owned());
        // A repeated parameter (`tagKeys`) is a list.
        match params.get_mut(&*key) {
            Some(Value::Array(items)) => items.push(value),
            Some(slot) => *slot = Value::Array(vec![slot.take(), value]),
            None => drop(params.insert(key.into_owned(), value)),
        }
    }
    params.extend(path);
    Ok(Decoded {
        service,
        operation: route.operation.to_owned(),
        protocol: Protocol::RestJson,
        params: Value::Object(params),
    })
}

/// The members that a path template takes from the path, if it fits.
fn path_members(route: &Route, segments: &[&str]) -> Option<Map<String, Value>> {
    let template: Vec<&str> = route.path.trim_matches('/').split('/').collect();
    if template.len() != segments.len() {
        return None;
    }
    let mut members = Map::new();
    for (template, segment) in template.iter().zip(segments) {
        match template.strip_prefix('{').and_then(|t| t.strip_suffix('}')) {
            Some(name) => {
                members.insert(name.to_owned(), Value::String(percent_decode(segment)));
            }
            None if template == segment => {}
            None => return None,
        }
    }
    Some(members)
}

pub(super) fn percent_decode(segment: &str) -> String {
    // `+` is itself in a path, so it is protected from the form decoder.
    let form = format!("x={}", segment.replace('+', "%2B"));
    form_urlencoded::parse(form.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

pub(super) fn unknown(what: String) -> ApiError {
    ApiError::new(
        "UnknownOperationException",
        format!(
            "rootwatch: the embedded cloud does not know {what}; see harness/cloud/OPERATIONS.md for what it covers"
        ),
    )
    .status(501)
}
