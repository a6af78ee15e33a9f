//! The sink's HTTPS server.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError};

use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
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

/// How the sink reacts to a request.
#[derive(Debug)]
pub(super) enum Reply {
    /// It answers.
    Answer { status: u16, headers: Vec<(String, String)>, body: String },
    /// It never answers.
    Hang,
    /// The body begins and never ends.
    Drip,
    /// It closes the connection without an answer.
    Close,
}

impl Reply {
    fn answer(status: u16, body: impl Into<String>) -> Self {
        Self::Answer { status, headers: Vec::new(), body: body.into() }
    }

    fn fault(fault: Fault) -> Self {
        match fault.connection {
            Some(Connection::Hang) => Self::Hang,
            Some(Connection::Drip) => Self::Drip,
            Some(Connection::Reset | Connection::Refused | Connection::Untrusted) => Self::Close,
            None => Self::Answer {
                status: fault.status.unwrap_or(500),
                headers: fault.headers.into_iter().collect(),
                body: fault.body + &"x".repeat(fault.padding),
            },
        }
    }
}

/// Reacts to a request as the real services do, unless its mailbox has a fault. [D] Slack incoming webhooks; PagerDuty Events API v2
pub(super) fn reply(mailboxes: &Mailboxes, path: &str, token: Option<&str>, bytes: &[u8]) -> Reply {
    let mut parts = path.trim_matches('/').split('/');
    let (Some(mailbox), Some(alerter), method) = (parts.next(), parts.next(), parts.next()) else {
        return Reply::answer(404, "no_service");
    };
    let body =
        serde_json::from_slice(bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()));
    let reply = match (alerter, method) {
        ("slack", None) => Reply::answer(200, "ok"),
        ("slack", Some("chat.postMessage")) => match post_message(token, &body) {
            Ok(ts) => Reply::answer(200, format!(r#"{{"ok":true,"channel":{},"ts":"{ts}"}}"#, body["channel"])),
            Err(error) => return Reply::answer(200, format!(r#"{{"ok":false,"error":"{error}"}}"#)),
        },
        ("pagerduty", None) => {
            Reply::answer(202, r#"{"status":"success","message":"Event processed","dedup_key":"accepted"}"#)
        }
        _ => return Reply::answer(404, "no_service"),
    };
    let mut mailboxes = mailboxes.lock().unwrap_or_else(PoisonError::into_inner);
    let mailbox = mailboxes.of(mailbox, &String::from_utf8_lossy(bytes));
    match mailbox.next_fault(alerter) {
        Some(fault) => Reply::fault(fault),
        None => {
            mailbox.received.push(Received { alerter: alerter.to_owned(), body });
            reply
        }
    }
}

/// A body that begins and never ends.
pub(super) struct Drip(Option<Bytes>);

impl Drip {
    pub(super) fn new() -> Self {
        Self(Some(Bytes::from_static(b"o")))
    }
}

impl Body for Drip {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.0.take() {
            Some(bytes) => std::task::Poll::Ready(Some(Ok(Frame::data(bytes)))),
            // Nothing wakes the task: the client times out and closes the connection.
            None => std::task::Poll::Pending,
        }
    }
}

/// The connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed on purpose")]
struct Closed;

async fn handle(
    request: Request<Incoming>,
    mailboxes: Mailboxes,
) -> Result<Response<Either<Full<Bytes>, Drip>>, Closed> {
    let path = request.uri().path().to_owned();
    let token = request.headers().get("authorization").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = Limited::new(request.into_body(), MAX_BODY).collect().await;
    let reply = match body {
        Ok(body) => reply(&mailboxes, &path, token.as_deref(), &body.to_bytes()),
        Err(_) => Reply::answer(413, "too_large"),
    };
    match reply {
        Reply::Answer { status, headers, body } => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(Either::Left(Full::from(body))).map_err(|_| Closed)
        }
        Reply::Hang => std::future::pending().await,
        Reply::Drip => Ok(Response::new(Either::Right(Drip::new()))),
        Reply::Close => Err(Closed),
    }
}

/// The answer of `chat.postMessage`: the place of the message, or an error. [D] Slack, chat.postMessage
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
