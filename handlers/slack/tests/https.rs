//! The function against a real HTTPS server that answers well, badly, slowly, too much or not at all.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rootwatch_runtime::testing::{Answered, Asked, World, batch, minute, returned};
use rootwatch_slack::Slack;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const SECRET: &str = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf";
const ALERT: &str = r#"{"version": "1", "title": "Root user signed in", "account": "111122223333"}"#;

/// What the server does with a connection.
#[derive(Clone, Copy)]
enum Does {
    /// Answers so, in raw HTTP.
    Answers(&'static str),
    /// Answers with this many bytes.
    Floods(usize),
    /// Sends the head and never the body.
    Stalls,
    /// Takes the request and says nothing.
    Hangs,
    /// Takes the request and closes the connection.
    Closes,
}

/// A server whose first connections are dealt with so, one after the other, and whose last way stays.
struct Server {
    port: u16,
    connections: Arc<AtomicUsize>,
}

fn tls(authority: &CertifiedIssuer<'_, KeyPair>) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, authority).unwrap();
    let private = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![server.der().clone()], private)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new(Vec::<String>::new()).unwrap();
    parameters.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

async fn serve(acceptor: TlsAcceptor, ways: &'static [Does]) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let number = counted.fetch_add(1, Ordering::SeqCst);
            let does = ways[number.min(ways.len() - 1)];
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut request = vec![0; 65_536];
                let _ = stream.read(&mut request).await;
                match does {
                    Does::Answers(raw) => {
                        let _ = stream.write_all(raw.as_bytes()).await;
                    }
                    Does::Floods(bytes) => {
                        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {bytes}\r\n\r\n");
                        let _ = stream.write_all(head.as_bytes()).await;
                        let _ = stream.write_all(&vec![b'x'; bytes]).await;
                    }
                    Does::Stalls => {
                        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n").await;
                        let _ = stream.flush().await;
                        std::future::pending::<()>().await;
                    }
                    Does::Hangs => std::future::pending().await,
                    Does::Closes => {}
                }
                let _ = stream.shutdown().await;
            });
        }
    });
    Server { port, connections }
}

fn world(port: u16, authority: &str) -> World {
    let world = World::new(move |asked| match asked.what.as_str() {
        "secretsmanager:GetSecretValue" => {
            Answered::With(200, format!(r#"{{"SecretString": "https://localhost:{port}/hook"}}"#))
        }
        _ => Answered::With(200, r#"{"MessageId": "1"}"#.to_owned()),
    });
    world.over_tls(authority).unwrap()
}

fn one<'a>(asked: &'a [Asked], what: &str) -> Option<&'a str> {
    asked.iter().find(|asked| asked.what == what).map(|asked| asked.body.as_str())
}

/// Name, what the server does, how many connections it sees, and what becomes of the message: the wait in seconds
/// before the next try, or the code with which it moved to the dead-letter queue.
type Case = (&'static str, &'static [Does], usize, Option<Result<u64, &'static str>>);

/// The first wait of an alert without a severity.
const FIRST: u64 = 60;

#[tokio::test]
async fn what_becomes_of_an_alert() {
    use Does::{Answers, Closes, Floods, Hangs, Stalls};
    const OK: Does = Answers("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    const BROKEN: Does = Answers("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n");
    let cases: &[Case] = &[
        ("accepted", &[OK], 1, None),
        ("broken for a moment", &[BROKEN, OK], 2, None),
        ("closed for a moment", &[Closes, OK], 2, None),
        ("broken", &[BROKEN], 2, Some(Ok(FIRST))),
        ("closed", &[Closes], 2, Some(Ok(FIRST))),
        (
            "too many",
            &[Answers("HTTP/1.1 429 Too Many Requests\r\nretry-after: 600\r\ncontent-length: 0\r\n\r\n")],
            1,
            Some(Ok(600)),
        ),
        (
            "a redirect",
            &[Answers("HTTP/1.1 302 Found\r\nlocation: https://localhost/elsewhere\r\ncontent-length: 0\r\n\r\n")],
            1,
            Some(Ok(FIRST)),
        ),
        (
            "an error that calls itself a success",
            &[Answers("HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n{\"ok\":false}")],
            1,
            Some(Ok(FIRST)),
        ),
        ("a huge answer", &[Floods(4 << 20)], 1, Some(Ok(FIRST))),
        ("a body that never comes", &[Stalls], 1, Some(Ok(FIRST))),
        ("silence", &[Hangs], 1, Some(Ok(FIRST))),
        ("not HTTP", &[Answers("what?\r\n\r\n")], 2, Some(Ok(FIRST))),
        (
            "a webhook that is gone",
            &[Answers("HTTP/1.1 404 Not Found\r\ncontent-length: 10\r\n\r\nno_service")],
            1,
            Some(Err("SlackHttp404")),
        ),
        (
            "a payload that is refused",
            &[Answers("HTTP/1.1 400 Bad Request\r\ncontent-length: 14\r\n\r\ninvalid_blocks")],
            // Then the minimal message.
            2,
            Some(Err("SlackHttp400")),
        ),
    ];
    let authority = authority();
    // All at once, for some of them last as long as a time-out.
    let runs = cases.iter().map(|case| {
        let acceptor = tls(&authority);
        let trusted = authority.pem();
        async move {
            let server = serve(acceptor, case.1).await;
            check(case.0, world(server.port, &trusted), case.3).await;
            assert_eq!(server.connections.load(Ordering::SeqCst), case.2, "{}: connections", case.0);
        }
    });
    futures_util::future::join_all(runs).await;
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_or_trusted_is_tried_later() {
    let stranger = authority();
    let server = serve(tls(&stranger), &[Does::Hangs]).await;
    check("a certificate of a stranger", world(server.port, &authority().pem()), Some(Ok(FIRST))).await;

    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    check("connection refused", world(port, &stranger.pem()), Some(Ok(FIRST))).await;
}

async fn check(name: &str, world: World, wanted: Option<Result<u64, &str>>) {
    let slack = world.function(Slack::new, &[("SECRET_ARN", SECRET)]).unwrap();
    let response = slack.invoke(batch(&[ALERT]), minute(0)).await;
    let asked = world.asked();
    let (wait, letter) = (one(&asked, "sqs:ChangeMessageVisibility"), one(&asked, "sqs:SendMessage"));
    match wanted {
        None => assert_eq!((returned(&response), wait, letter), (vec![], None, None), "{name}"),
        Some(Ok(seconds)) => {
            assert_eq!((returned(&response), letter), (vec!["0"], None), "{name}");
            let wait: Value = serde_json::from_str(wait.unwrap_or_else(|| panic!("{name}: no wait"))).unwrap();
            assert_eq!(wait["ReceiptHandle"], "receipt-0", "{name}");
            let waits = wait["VisibilityTimeout"].as_u64().unwrap();
            // Jitter shortens a backoff, and lengthens what the sink asks for.
            let range = if seconds == FIRST { 48..=FIRST } else { seconds..=seconds + 5 };
            assert!(range.contains(&waits), "{name}: {wait}");
        }
        Some(Err(code)) => {
            assert_eq!((returned(&response), wait), (vec![], None), "{name}");
            let letter = letter.unwrap_or_else(|| panic!("{name}: no dead letter"));
            assert!(letter.contains(code) && !letter.contains("/hook"), "{name}: {letter}");
        }
    }
}
