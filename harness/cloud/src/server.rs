//! The HTTP endpoint, on loopback only.

mod body;
mod control;
mod unstuck;

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Weak;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::api::ApiError;
use crate::cloud::{CloudError, Inner};
use crate::wire::{self, Answer, HttpRequest};

use unstuck::Unstuck;

/// Binds the endpoint. Port 0 takes a free one.
pub(crate) async fn bind(port: u16) -> Result<TcpListener, CloudError> {
    // INVARIANT: loopback only; the cloud has no credentials to check.
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.map_err(|source| CloudError::Bind { address, source })
}

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For the head of a request, and between two requests of a connection.
    head: Duration,
    /// For the body.
    body: Duration,
    /// For taking any part of an answer.
    answer: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        Self { head: minute, body: minute, answer: minute }
    }
}

/// Serves requests until dropped; the connections end with it.
pub(crate) async fn serve(listener: TcpListener, cloud: Weak<Inner>, patience: Patience) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(connection(stream, cloud.clone(), patience))),
                // No descriptor is left, for the most: one is free when a connection ends.
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "a connection was not accepted");
                    let ended = async { if connections.join_next().await.is_none() { std::future::pending().await } };
                    let _ = tokio::time::timeout(Duration::from_millis(200), ended).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, cloud: Weak<Inner>, patience: Patience) {
    let service = service_fn(|request| {
        let cloud = cloud.clone();
        async move { Ok::<_, Infallible>(handle(cloud, request, patience).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience.head);
    // What a client does wrong below HTTP ends its connection, and nothing else.
    if let Err(error) = http.serve_connection(TokioIo::new(Unstuck::new(stream, patience.answer)), service).await {
        tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended early");
    }
}

async fn handle(cloud: Weak<Inner>, request: Request<Incoming>, patience: Patience) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let mut request = HttpRequest {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body: Vec::new(),
    };
    let Some(cloud) = cloud.upgrade() else {
        return refusal(&request, ApiError::new("ServiceUnavailable", "rootwatch: this cloud has ended").status(503));
    };
    request.body = match body::read(body, request.header("content-encoding"), patience.body).await {
        Ok(body) => body,
        Err(error) => return refusal(&request, error),
    };
    if request.path.starts_with(control::PREFIX) {
        return response(control::answer(&cloud, &request).await);
    }
    response(cloud.answer(&request).await)
}

/// An error before anyone looked at what is asked for.
fn refusal(request: &HttpRequest, error: ApiError) -> Response<Full<Bytes>> {
    response(wire::error(None, request.protocol(), &error, "-"))
}

fn response(answer: Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body)));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
