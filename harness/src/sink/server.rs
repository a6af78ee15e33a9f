//! The sink's HTTPS server.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError};

use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::{Mailboxes, Received, SinkError};
use crate::scenario::{Connection, Fault};

/// PagerDuty takes 512 KB; nothing that is sent here may be larger than twice that.
const MAX_BODY: usize = 1024 * 1024;

/// Starts the server; port 0 takes a free one.
pub(super) async fn start(
    tls: Arc<ServerConfig>,
    mailboxes: Mailboxes,
    address: (IpAddr, u16),
) -> Result<(SocketAddr, JoinHandle<()>), SinkError> {
    let bound = TcpListener::bind(address).await;
    let listener =
        bound.map_err(|error| SinkError::new(format!("cannot listen on {}:{}: {error}", address.0, address.1)))?;
    let address = listener.local_addr().map_err(SinkError::new)?;
    Ok((address, serve(tls, mailboxes, listener)))
}

/// Serves who connects.
pub(super) fn serve(tls: Arc<ServerConfig>, mailboxes: Mailboxes, listener: TcpListener) -> JoinHandle<()> {
    let acceptor = TlsAcceptor::from(tls);
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            // Nagle's algorithm would hold the last packet of each answer back.
            let _ = stream.set_nodelay(true);
            let (acceptor, mailboxes) = (acceptor.clone(), Arc::clone(&mailboxes));
            tokio::spawn(async move {
                // A client that does not trust the authority breaks off here; the function's log says so.
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = service_fn(move |request| handle(request, Arc::clone(&mailboxes)));
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    })
}

/// A whole body, or one that begins and never ends.
type Reply = Either<Full<Bytes>, Drip>;

/// A body that begins and never ends.
struct Drip(Option<Bytes>);

impl Body for Drip {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.0.take() {
            Some(bytes) => std::task::Poll::Ready(Some(Ok(Frame::data(bytes)))),
            // Nobody wakes it: the client gives up, and the connection with it.
            None => std::task::Poll::Pending,
        }
    }
}

/// The connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed on purpose")]
struct Closed;

async fn handle(request: Request<Incoming>, mailboxes: Mailboxes) -> Result<Response<Reply>, Closed> {
    let path = request.uri().path().trim_matches('/').to_owned();
    let mut parts = path.split('/').map(str::to_owned);
    let (Some(mailbox), Some(alerter), method) = (parts.next(), parts.next(), parts.next()) else {
        return Ok(answer(StatusCode::NOT_FOUND, "no_service"));
    };
    let token = request.headers().get("authorization").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let Ok(body) = Limited::new(request.into_body(), MAX_BODY).collect().await else {
        return Ok(answer(StatusCode::PAYLOAD_TOO_LARGE, "too_large"));
    };
    let bytes = body.to_bytes();
    let body =
        serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    // The answers of the real services. [D] Slack incoming webhooks; PagerDuty Events API v2
    let reply = match (alerter.as_str(), method.as_deref()) {
        ("slack", None) => answer(StatusCode::OK, "ok"),
        ("slack", Some("chat.postMessage")) => match post_message(token.as_deref(), &body) {
            Ok(ts) => answer(StatusCode::OK, &format!(r#"{{"ok":true,"channel":{},"ts":"{ts}"}}"#, body["channel"])),
            Err(error) => return Ok(answer(StatusCode::OK, &format!(r#"{{"ok":false,"error":"{error}"}}"#))),
        },
        ("pagerduty", None) => {
            answer(StatusCode::ACCEPTED, r#"{"status":"success","message":"Event processed","dedup_key":"accepted"}"#)
        }
        _ => return Ok(answer(StatusCode::NOT_FOUND, "no_service")),
    };
    let fault = {
        let mut mailboxes = mailboxes.lock().unwrap_or_else(PoisonError::into_inner);
        let mailbox = mailboxes.of(&mailbox, &String::from_utf8_lossy(&bytes));
        let fault = mailbox.next_fault(&alerter);
        if fault.is_none() {
            mailbox.received.push(Received { alerter, body });
        }
        fault
    };
    match fault {
        None => Ok(reply),
        Some(fault) => fail(fault).await,
    }
}

async fn fail(fault: Fault) -> Result<Response<Reply>, Closed> {
    match fault.connection {
        Some(Connection::Hang) => std::future::pending().await,
        Some(Connection::Drip) => return Ok(Response::new(Either::Right(Drip(Some(Bytes::from_static(b"o")))))),
        Some(Connection::Reset | Connection::Refused | Connection::Untrusted) => return Err(Closed),
        None => {}
    }
    let body = fault.body + &"x".repeat(fault.padding);
    let mut response = Response::builder().status(fault.status.unwrap_or(500));
    for (name, value) in &fault.headers {
        response = response.header(name, value);
    }
    response.body(Either::Left(Full::from(body))).map_err(|_| Closed)
}

/// What `chat.postMessage` says: where the message stands, or what is wrong. [D] Slack, chat.postMessage
fn post_message(token: Option<&str>, body: &Value) -> Result<String, &'static str> {
    if token.is_none() {
        return Err("not_authed");
    }
    if token.and_then(|token| token.strip_prefix("Bearer ")) != Some(BOT_TOKEN) {
        return Err("invalid_auth");
    }
    if body["channel"] != BOT_CHANNEL {
        return Err("channel_not_found");
    }
    if body["text"].as_str().is_none_or(str::is_empty) && body["blocks"].as_array().is_none_or(Vec::is_empty) {
        return Err("no_text");
    }
    if body.get("thread_ts").is_some_and(|thread| thread != THREAD) {
        return Err("thread_not_found");
    }
    // Slack's differ from message to message; what is looked at here is that a reply names the one it was given.
    Ok(THREAD.to_owned())
}

/// The token that the harness's workspace knows.
pub(super) const BOT_TOKEN: &str = "xoxb-000000000000-rootwatch";

/// Its channel.
pub(super) const BOT_CHANNEL: &str = "C0123456789";

/// Where messages stand.
const THREAD: &str = "1772443800.000100";

fn answer(status: StatusCode, text: &str) -> Response<Reply> {
    let mut response = Response::new(Either::Left(Full::from(text.to_owned())));
    *response.status_mut() = status;
    response
}
