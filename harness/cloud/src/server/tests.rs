//! Clients that take their time, with a patience of tenths of a second instead of a minute.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::runtime::CodeStore;
use crate::{Clock, Cloud, Options, State};

const SHORT: Duration = Duration::from_millis(300);

struct Server {
    address: SocketAddr,
    serving: tokio::task::JoinHandle<()>,
    _cloud: Cloud,
    _code: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn start() -> Server {
    let code = tempfile::tempdir().unwrap();
    let options = Options {
        clock: Clock::Owned,
        port: 0,
        code: Arc::new(CodeStore::new(code.path())),
        host_variables: Vec::new(),
    };
    let cloud = Cloud::start(State::new(crate::time::Time(0), 1), options).await.unwrap();
    let listener = bind(0).await.unwrap();
    let address = listener.local_addr().unwrap();
    let patience = Patience { head: SHORT, body: SHORT, answer: SHORT };
    let serving = tokio::spawn(serve(listener, cloud.weak(), patience));
    Server { address, serving, _cloud: cloud, _code: code }
}

/// What comes back until the server ends the connection.
async fn said(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // A connection that is reset ends as well.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn slow_clients_are_told_and_let_go() {
    let server = start().await;
    let cases: [(&str, &str); 6] = [
        ("", ""),
        ("POST / HT", ""),
        ("POST / HTTP/1.1\r\nhost: x\r\nx-amz-ta", ""),
        (
            "POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: AWSEvents.PutEvents\r\ncontent-length: 9\r\n\r\n{",
            "\"__type\":\"RequestTimeout\"",
        ),
        (
            "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 9\r\n\r\nA",
            "<Code>RequestTimeout</Code>",
        ),
        (
            "POST /2015-03-31/functions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{",
            "\"__type\":\"RequestTimeout\"",
        ),
    ];
    for (sent, expected) in cases {
        let answer = said(&server, sent.as_bytes()).await;
        assert!(answer.contains(expected), "{sent:?}: {answer}");
        assert!(expected.is_empty() || answer.starts_with("HTTP/1.1 408 "), "{sent:?}: {answer}");
    }
}

/// Whoever takes nothing of an answer loses the connection; whoever takes a little at a time does not.
#[tokio::test]
async fn an_answer_that_nobody_takes() {
    for reads in [false, true] {
        let (ours, mut theirs) = tokio::io::duplex(4);
        let reading = tokio::spawn(async move {
            let mut all = Vec::new();
            if reads {
                theirs.read_to_end(&mut all).await.unwrap();
            } else {
                std::future::pending::<()>().await;
            }
            all
        });
        let mut ours = Unstuck::new(ours, SHORT);
        let written = ours.write_all(&[7; 4096]).await;
        drop(ours);
        assert_eq!(
            written.map_err(|error| error.kind()),
            if reads { Ok(()) } else { Err(std::io::ErrorKind::TimedOut) }
        );
        if reads {
            assert_eq!(reading.await.unwrap().len(), 4096);
        } else {
            reading.abort();
        }
    }
}
