//! AWS calls that no SDK of this workspace makes, signed as any client signs them.

use std::time::SystemTime;

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;
use regex::Regex;
use serde_json::Value;

use super::clients::Caller;

/// An answer that is not a success, or none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {code}: {message}")]
pub struct ApiFailure {
    /// Service and operation.
    pub operation: String,
    /// AWS's error code; `NoAnswer` where there is none.
    pub code: String,
    /// AWS's message.
    pub message: String,
}

impl ApiFailure {
    /// Whether what was to be made is there already.
    pub(crate) fn exists(&self) -> bool {
        ["EntityAlreadyExists", "ResourceAlreadyExistsException", "TrailAlreadyExistsException"]
            .contains(&self.code.as_str())
    }
}

/// A call of the Query protocol; the answer is XML.
pub(crate) async fn query(
    caller: &Caller,
    service: &str,
    version: &str,
    operation: &str,
    parameters: &[(&str, &str)],
) -> Result<String, ApiFailure> {
    let named = [("Action", operation), ("Version", version)];
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(named).extend_pairs(parameters).finish();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    send(caller, service, operation, &headers, body).await
}

/// A call of the JSON protocol.
pub(crate) async fn json(
    caller: &Caller,
    service: &str,
    target: &str,
    operation: &str,
    parameters: Value,
) -> Result<Value, ApiFailure> {
    let target = format!("{target}.{operation}");
    // Services of version 1.0 take no other. [D] Smithy, awsJson1_0
    let version = if ["dynamodb", "sqs"].contains(&service) { "1.0" } else { "1.1" };
    let content_type = format!("application/x-amz-json-{version}");
    let headers = [("content-type", content_type.as_str()), ("x-amz-target", target.as_str())];
    let text = send(caller, service, operation, &headers, parameters.to_string()).await?;
    Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// A `GET` of the REST protocol with JSON. `path` begins with a slash and is encoded already.
pub(crate) async fn get(caller: &Caller, service: &str, operation: &str, path: &str) -> Result<Value, ApiFailure> {
    let text = exchanged(caller, service, operation, ("GET", path), &[], String::new()).await?;
    Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// The text of an XML element.
pub(crate) fn element(xml: &str, name: &str) -> Option<String> {
    let pattern = Regex::new(&format!(r"<{name}>\s*([^<]*?)\s*</{name}>")).ok()?;
    Some(pattern.captures(xml)?.get(1)?.as_str().to_owned())
}

/// A plain `GET` or `POST` without signature: a cloud's own routes. `None` where nobody answers with a success.
pub(crate) async fn plain(endpoint: &str, path: &str, body: Option<&Value>) -> Option<Value> {
    let method = if body.is_some() { "POST" } else { "GET" };
    let text = body.map(ToString::to_string).unwrap_or_default();
    let request = http::Request::builder()
        .method(method)
        .uri(format!("{}{path}", endpoint.trim_end_matches('/')))
        .header("content-type", "application/json")
        .body(SdkBody::from(text))
        .ok()?;
    let (status, text) = exchange(endpoint, request).await.ok()?;
    if !(200..300).contains(&status) {
        return None;
    }
    serde_json::from_str(&text).ok()
}

/// Whether anybody answers at an endpoint, whatever is said.
pub(crate) async fn answers(endpoint: &str) -> bool {
    let request = http::Request::get(format!("{}/", endpoint.trim_end_matches('/'))).body(SdkBody::empty());
    match request {
        Ok(request) => exchange(endpoint, request).await.is_ok(),
        Err(_) => false,
    }
}

async fn send(
    caller: &Caller,
    service: &str,
    operation: &str,
    headers: &[(&str, &str)],
    body: String,
) -> Result<String, ApiFailure> {
    exchanged(caller, service, operation, ("POST", "/"), headers, body).await
}

async fn exchanged(
    caller: &Caller,
    service: &str,
    operation: &str,
    route: (&str, &str),
    headers: &[(&str, &str)],
    body: String,
) -> Result<String, ApiFailure> {
    let failed = |code: &str, message: String| ApiFailure {
        operation: format!("{service}:{operation}"),
        code: code.to_owned(),
        message,
    };
    let request = signed(caller, service, route, headers, &body).map_err(|error| failed("NoRequest", error))?;
    let (status, text) =
        exchange(caller.endpoint(), request).await.map_err(|error| failed("NoAnswer", error.to_string()))?;
    if (200..300).contains(&status) {
        return Ok(text);
    }
    let json: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    let of_json = ["__type", "code"].iter().find_map(|name| json[*name].as_str());
    let code = of_json.map(|code| code.rsplit('#').next().unwrap_or(code).to_owned());
    let code = code.or_else(|| element(&text, "Code")).unwrap_or_else(|| status.to_string());
    let message = ["message", "Message"].iter().find_map(|name| json[*name].as_str().map(str::to_owned));
    let message = message.or_else(|| element(&text, "Message"));
    Err(failed(&code, message.unwrap_or_else(|| text.chars().take(200).collect())))
}

#[expect(clippy::disallowed_methods, reason = "a signature carries the time of the wall clock")]
fn signed(
    caller: &Caller,
    service: &str,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: &str,
) -> Result<http::Request<SdkBody>, String> {
    let url = format!("{}{path}", caller.endpoint().trim_end_matches('/'));
    let identity = caller.credentials().clone().into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(caller.region())
        .name(service)
        .time(SystemTime::now())
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| error.to_string())?
        .into();
    let signable = SignableRequest::new(method, &url, headers.iter().copied(), SignableBody::Bytes(body.as_bytes()));
    let signable = signable.map_err(|error| error.to_string())?;
    let (instructions, _) = sign(signable, &parameters).map_err(|error| error.to_string())?.into_parts();
    let mut request = http::Request::builder().method(method).uri(&url);
    for (name, value) in headers.iter().copied().chain(instructions.headers()) {
        request = request.header(name, value);
    }
    request.body(SdkBody::from(body)).map_err(|error| error.to_string())
}

async fn exchange(endpoint: &str, request: http::Request<SdkBody>) -> Result<(u16, String), String> {
    let connector = if endpoint.starts_with("http://") {
        Connector::builder().build_http()
    } else {
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        Connector::builder().tls_provider(provider).build()
    };
    let request = HttpRequest::try_from(request).map_err(|error| error.to_string())?;
    let answer = connector.call(request).await.map_err(|error| crate::runner::chain(&error))?;
    let status = answer.status().as_u16();
    let bytes = answer.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
    Ok((status, String::from_utf8_lossy(&bytes).into_owned()))
}
