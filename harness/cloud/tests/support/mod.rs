//! A cloud with a real endpoint, and requests of it as bytes.

use std::path::Path;
use std::sync::Arc;

use rootwatch_cloud::runtime::CodeStore;
use rootwatch_cloud::time::Time;
use rootwatch_cloud::{Clock, Cloud, Options, State};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub(crate) const ACCOUNT: &str = "111122223333";

pub(crate) struct Endpoint {
    pub(crate) cloud: Cloud,
    _code: tempfile::TempDir,
}

pub(crate) async fn start(clock: Clock) -> Endpoint {
    start_trusting(clock, None).await
}

/// With a file of certificate authorities that are trusted.
pub(crate) async fn start_trusting(clock: Clock, trusted: Option<&Path>) -> Endpoint {
    let code = tempfile::tempdir().unwrap();
    let trusted = trusted.map(|path| ("SSL_CERT_FILE".to_owned(), path.to_string_lossy().into_owned()));
    let host_variables = trusted.into_iter().collect();
    let options = Options { clock, port: 0, code: Arc::new(CodeStore::new(code.path())), host_variables };
    let state = State::new(Time::parse("2026-03-02T09:00:00Z").unwrap(), 1);
    Endpoint { cloud: Cloud::start(state, options).await.unwrap(), _code: code }
}

/// A signed client's header; the signature is nobody's business.
pub(crate) fn authorization(service: &str) -> (String, String) {
    let scope = format!("{ACCOUNT}/20260302/us-east-1/{service}/aws4_request");
    ("authorization".into(), format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00"))
}

/// Status, headers (names in lower case) and body of an answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

pub(crate) async fn send(url: &str, method: &str, path: &str, headers: &[(String, String)], body: &[u8]) -> Answer {
    let address = url.trim_start_matches("http://").to_owned();
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("content-length: {}\r\n\r\n", body.len());
    let mut stream = TcpStream::connect(&address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    parse(&answer)
}

/// A request or an answer: its first line's second word as the status, its headers and its body.
pub(crate) fn parse(message: &[u8]) -> Answer {
    let end = message.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&message[..end]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap_or_default();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    Answer { status, headers, body: message[end + 4..].to_vec() }
}
