//! The sink's HTTPS server.

use std::sync::{Arc, PoisonError};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
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

/// Starts the server; the address is `127.0.0.1:PORT`.
pub(super) async fn start(tls: Arc<ServerConfig>, mailboxes: Mailboxes) -> Result<(String, JoinHandle<()>), SinkError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(SinkError::new)?;
    let address = listener.local_addr().map_err(SinkError::new)?.to_string();
    let acceptor = TlsAcceptor::from(tls);
    let server = tokio::spawn(async move {
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
    });
    Ok((address, server))
}

/// The connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed on purpose")]
struct Closed;

async fn handle(request: Request<Incoming>, mailboxes: Mailboxes) -> Result<Response<Full<Bytes>>, Closed> {
    let path = request.uri().path().trim_matches('/').to_owned();
    let Some((mailbox, alerter)) = path.split_once('/').map(|(a, b)| (a.to_owned(), b.to_owned())) else {
        return Ok(answer(StatusCode::NOT_FOUND, "no_service"));
    };
    let Ok(body) = Limited::new(request.into_body(), MAX_BODY).collect().await else {
        return Ok(answer(StatusCode::PAYLOAD_TOO_LARGE, "too_large"));
    };
    let bytes = body.to_bytes();
    let body =
        serde_json::from_slice(&bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&bytes).into_owned()));
    // The answers of the real services. [D] Slack incoming webhooks; PagerDuty Events API v2
    let reply = match alerter.as_str() {
        "slack" => answer(StatusCode::OK, "ok"),
        "pagerduty" => {
            answer(StatusCode::ACCEPTED, r#"{"status":"success","message":"Event processed","dedup_key":"accepted"}"#)
        }
        _ => return Ok(answer(StatusCode::NOT_FOUND, "no_service")),
    };
    let fault = {
        let mut mailboxes = mailboxes.lock().unwrap_or_else(PoisonError::into_inner);
        let mailbox = mailboxes.entry(mailbox).or_default();
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

async fn fail(fault: Fault) -> Result<Response<Full<Bytes>>, Closed> {
    match fault.connection {
        Some(Connection::Hang) => std::future::pending().await,
        Some(Connection::Reset | Connection::Refused | Connection::Untrusted) => return Err(Closed),
        None => {}
    }
    let body = fault.body + &"x".repeat(fault.padding);
    let mut response = Response::builder().status(fault.status.unwrap_or(500));
    for (name, value) in &fault.headers {
        response = response.header(name, value);
    }
    response.body(Full::from(body)).map_err(|_| Closed)
}

fn answer(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response
}
