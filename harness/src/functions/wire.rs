//! HTTP in memory: the only way out of a function, and of the harness's own clients.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use rootwatch_cloud::cloud::Endpoint;
use rootwatch_cloud::{Cloud, wire};
use serde_json::json;

use super::{AwsFailure, Outside, Request};

/// An HTTP client for AWS SDKs whose requests go to a cloud in this process.
pub fn in_memory(cloud: &Cloud) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(ToCloud(cloud.local()));
    http_client_fn(move |_, _| connector.clone())
}

#[derive(Clone, Debug)]
struct ToCloud(Endpoint);

impl HttpConnector for ToCloud {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let endpoint = self.0.clone();
        HttpConnectorFuture::new(async move { forward(&endpoint, &received(&request)).await })
    }
}

/// A response with this status, headers and body.
///
/// # Errors
/// A status that HTTP does not have.
pub fn response(status: u16, headers: &[(String, String)], body: SdkBody) -> Result<HttpResponse, ConnectorError> {
    let status = status.try_into().map_err(|error| ConnectorError::user(Box::new(error)))?;
    let mut response = HttpResponse::new(status, body);
    for (name, value) in headers {
        response.headers_mut().insert(name.clone(), value.clone());
    }
    Ok(response)
}

/// The connector of a function.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    pub(super) outside: Arc<dyn Outside>,
    pub(super) endpoint: Endpoint,
    pub(super) function: String,
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let wire = self.clone();
        HttpConnectorFuture::new(async move { wire.answer(request).await })
    }
}

impl Wire {
    async fn answer(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let now = self.endpoint.now().ok_or_else(gone)?;
        let (authority, path) = split(request.uri());
        if !is_aws(authority) {
            let request = Request {
                authority: authority.to_owned(),
                path: path.to_owned(),
                authorization: request.headers().get("authorization").map(str::to_owned),
                body: request.body().bytes().unwrap_or_default().to_vec(),
            };
            return self.outside.respond(request, now).await;
        }
        let service = authority.split('.').next().unwrap_or_default().to_owned();
        let request = received(&request);
        let call = format!("{service}:{}", operation(&request));
        match self.outside.fails(&self.function, &call, now) {
            None => forward(&self.endpoint, &request).await,
            Some(AwsFailure::NoResponse) => std::future::pending().await,
            Some(AwsFailure::Error(code, status)) => {
                let body = match request.header("x-amz-target") {
                    Some(_) => json!({"__type": code, "message": "on purpose"}).to_string(),
                    None => format!(
                        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>on purpose</Message></Error></ErrorResponse>"
                    ),
                };
                response(status, &[], SdkBody::from(body))
            }
        }
    }
}

fn gone() -> ConnectorError {
    ConnectorError::io("the cloud is gone".into())
}

/// Authority, and path with query and without the leading slash.
fn split(uri: &str) -> (&str, &str) {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    rest.split_once('/').unwrap_or((rest, ""))
}

/// Whether a host belongs to AWS. [D] docs.aws.amazon.com/general, "AWS service endpoints"; the partitions' DNS suffixes
fn is_aws(authority: &str) -> bool {
    [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws"]
        .iter()
        .any(|suffix| authority.ends_with(suffix))
}

fn received(request: &HttpRequest) -> wire::HttpRequest {
    let (_, path) = split(request.uri());
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    wire::HttpRequest {
        method: request.method().to_owned(),
        path: format!("/{path}"),
        query: query.to_owned(),
        headers: request.headers().iter().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect(),
        body: request.body().bytes().unwrap_or_default().to_vec(),
    }
}

async fn forward(endpoint: &Endpoint, request: &wire::HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let answer = endpoint.answer(request).await.ok_or_else(gone)?;
    let headers: Vec<_> = answer.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    response(answer.status, &headers, SdkBody::from(answer.body))
}

/// `SendMessage`
fn operation(request: &wire::HttpRequest) -> String {
    match request.header("x-amz-target") {
        Some(target) => target.rsplit('.').next().unwrap_or_default().to_owned(),
        None => {
            let body = String::from_utf8_lossy(&request.body);
            body.split('&').find_map(|pair| pair.strip_prefix("Action=")).unwrap_or_default().to_owned()
        }
    }
}
