//! A topic's HTTP and HTTPS subscriptions over real HTTP: it is asked, it confirms by the link, it receives.
//! [V] LS:sns/test_subscribe_external_http_endpoint; [D] sns-create-subscribe-endpoint

#![expect(clippy::unwrap_used, reason = "a test may end with a panic, and so may its helpers")]

#[expect(dead_code, reason = "each test of the endpoint uses a part of it")]
mod support;

use std::sync::Arc;
use std::time::Duration;

use rootwatch_cloud::Clock;
use rootwatch_cloud::api::Service;
use serde_json::{Value, json};
use support::{ACCOUNT, Answer, parse, send, start, start_trusting};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A subscriber that answers with the statuses in turn, then with 200; what it was sent.
async fn subscriber(statuses: &'static [u16]) -> (String, mpsc::UnboundedReceiver<Answer>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut statuses = statuses.iter();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut message = Vec::new();
            let request = loop {
                let mut part = [0; 4096];
                let read = stream.read(&mut part).await.unwrap();
                message.extend_from_slice(&part[..read]);
                if !message.windows(4).any(|window| window == b"\r\n\r\n") {
                    continue;
                }
                let request = parse(&message);
                let length = request.header("content-length").unwrap().parse::<usize>().unwrap();
                if request.body.len() == length {
                    break request;
                }
            };
            let status = statuses.next().unwrap_or(&200);
            stream.write_all(format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n").as_bytes()).await.unwrap();
            sender.send(request).unwrap();
        }
    });
    (url, receiver)
}

fn body(request: &Answer) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

#[tokio::test]
async fn a_subscriber_confirms_and_receives() {
    let endpoint = start(Clock::Owned).await;
    let cloud = &endpoint.cloud;
    let (url, mut received) = subscriber(&[500, 200, 503]).await;
    let sns =
        |operation: &str, params: Value| cloud.api(ACCOUNT, "eu-west-1", Service::Sns, operation, params).unwrap();
    let topic = sns("CreateTopic", json!({"Name": "t"}))["TopicArn"].clone();
    let subscribed = sns("Subscribe", json!({"TopicArn": topic, "Protocol": "http", "Endpoint": url}));
    assert_eq!(subscribed["SubscriptionArn"], "pending confirmation");
    // The first try meets a server's error, and is made again 20 s later, on the cloud's clock.
    cloud.settle().await;
    assert_eq!(body(&received.recv().await.unwrap())["Type"], "SubscriptionConfirmation");
    assert!(received.try_recv().is_err(), "the clock is stopped");
    cloud.advance(Duration::from_secs(20)).await;
    let asked = received.recv().await.unwrap();
    assert_eq!(asked.header("x-amz-sns-message-type"), Some("SubscriptionConfirmation"));
    let link = body(&asked)["SubscribeURL"].as_str().unwrap().to_owned();
    // The link leads to this cloud, and needs no signature.
    let path = link.strip_prefix(cloud.endpoint()).unwrap_or_else(|| panic!("{link} leads elsewhere"));
    let confirmed = send(cloud.endpoint(), "GET", path, &[], b"").await;
    assert_eq!(confirmed.status, 200, "{}", String::from_utf8_lossy(&confirmed.body));

    sns("Publish", json!({"TopicArn": topic, "Message": "hello"}));
    cloud.settle().await;
    assert_eq!(body(&received.recv().await.unwrap())["Message"], "hello");
    cloud.advance(Duration::from_secs(20)).await;
    let told = received.recv().await.unwrap();
    assert_eq!(
        (told.header("x-amz-sns-message-type"), &body(&told)["Message"]),
        (Some("Notification"), &json!("hello"))
    );
    cloud.advance(Duration::from_secs(3600)).await;
    assert!(received.try_recv().is_err(), "once is enough");
    let unsubscribe = body(&told)["UnsubscribeURL"].as_str().unwrap().to_owned();
    let path = unsubscribe.strip_prefix(cloud.endpoint()).unwrap();
    assert_eq!(send(cloud.endpoint(), "GET", path, &[], b"").await.status, 200);
    let left = sns("ListSubscriptionsByTopic", json!({"TopicArn": topic}));
    assert_eq!(left["Subscriptions"], json!([]));
    // It hears of that, and may have it back. [D] sns-message-and-json-formats
    cloud.settle().await;
    let ended = received.recv().await.unwrap();
    assert_eq!(ended.header("x-amz-sns-message-type"), Some("UnsubscribeConfirmation"));
    let link = body(&ended)["SubscribeURL"].as_str().unwrap().to_owned();
    assert_eq!(send(cloud.endpoint(), "GET", link.strip_prefix(cloud.endpoint()).unwrap(), &[], b"").await.status, 200);
    let back = sns("ListSubscriptionsByTopic", json!({"TopicArn": topic}));
    assert_eq!(back["Subscriptions"][0]["Endpoint"], json!(url));
}

/// A server of HTTPS on this machine, its certificate authority (PEM), and what it was asked.
async fn encrypted_subscriber(names: &[&str]) -> (String, String, mpsc::UnboundedReceiver<Answer>) {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key.into())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/hook", listener.local_addr().unwrap().port());
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust us ends the handshake.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut message = Vec::new();
            while let Ok(read) = stream.read_buf(&mut message).await {
                let length = |request: &Answer| request.header("content-length").unwrap().parse::<usize>().unwrap();
                let headed = message.windows(4).any(|window| window == b"\r\n\r\n");
                if read == 0 || (headed && parse(&message).body.len() == length(&parse(&message))) {
                    break;
                }
            }
            let _ = stream.write_all(b"HTTP/1.1 200 X\r\ncontent-length: 0\r\n\r\n").await;
            sender.send(parse(&message)).unwrap();
        }
    });
    (url, cert.pem(), receiver)
}

/// [D] sns-subscribe-https-s-endpoints-to-topic: the certificate must be signed by an authority that is trusted
#[tokio::test]
async fn a_subscriber_over_https_is_trusted_or_not() {
    let (url, authority, mut received) = encrypted_subscriber(&["localhost"]).await;
    let folder = tempfile::tempdir().unwrap();
    let (trusted, empty) = (folder.path().join("ca.pem"), folder.path().join("none.pem"));
    std::fs::write(&trusted, authority).unwrap();
    std::fs::write(&empty, "").unwrap();
    let other = encrypted_subscriber(&["localhost"]).await.0;
    for (url, trust, expected) in [
        (&url, Some(&trusted), "was asked to confirm"),
        (&url, None, "rootwatch serve --trust"),
        (&url, Some(&empty), "TLS"),
        (&other, Some(&trusted), "TLS"),
    ] {
        let endpoint = start_trusting(Clock::Owned, trust.map(|path| path.as_path())).await;
        let cloud = &endpoint.cloud;
        let sns =
            |operation: &str, params: Value| cloud.api(ACCOUNT, "eu-west-1", Service::Sns, operation, params).unwrap();
        let topic = sns("CreateTopic", json!({"Name": "t"}))["TopicArn"].clone();
        sns("Subscribe", json!({"TopicArn": topic, "Protocol": "https", "Endpoint": url}));
        cloud.settle().await;
        let state = cloud.snapshot();
        let details: Vec<&str> = state.entries().map(|entry| entry.detail.as_str()).collect();
        assert!(details.iter().any(|detail| detail.contains(expected)), "{expected}: {details:?}");
    }
    let asked = received.recv().await.unwrap();
    assert_eq!(asked.header("x-amz-sns-message-type"), Some("SubscriptionConfirmation"));
    assert!(received.try_recv().is_err(), "only the one that trusted it");
}
