//! The HTTP endpoint, on loopback only.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Weak;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use tokio::net::TcpListener;

use crate::cloud::{CloudError, Inner};
use crate::wire::{Answer, HttpRequest};

/// The largest body that is read; Lambda packages are the largest that a client sends (50 MB zipped, more as base64). [D]
const MAX_BODY: usize = 80 * 1024 * 1024;

/// Binds the endpoint. Port 0 takes a free one.
pub(crate) async fn bind(port: u16) -> Result<TcpListener, CloudError> {
    // INVARIANT: loopback only; the cloud has no credentials to check.
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.map_err(|source| CloudError::Bind { address, source })
}

/// Serves requests until dropped.
pub(crate) async fn serve(listener: TcpListener, cloud: Weak<Inner>) {
    let app = Router::new().fallback(handle).with_state(cloud);
    // Only an error of accept itself ends this, and then the port is gone anyway.
    let _ = axum::serve(listener, app).await;
}

async fn handle(Shared(cloud): Shared<Weak<Inner>>, request: Request) -> Response {
    let Some(cloud) = cloud.upgrade() else {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "this cloud has ended");
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY).await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than 80 MiB, or broke off");
    };
    let request = HttpRequest {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body: body.to_vec(),
    };
    if request.path == "/_rootwatch/health" {
        return plain(StatusCode::OK, "ok");
    }
    response(cloud.answer(&request).await)
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
}

fn response(answer: Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
