//! The endpoint over real HTTP: its own routes, and what it says to clients that do something wrong.

#![expect(clippy::unwrap_used, reason = "a test may end with a panic, and so may its helpers")]

use std::sync::Arc;

use bytes::Bytes;
use rootwatch_cloud::runtime::CodeStore;
use rootwatch_cloud::time::Time;
use rootwatch_cloud::{Clock, Cloud, Options, State};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ACCOUNT: &str = "111122223333";

type Headers<'h> = &'h [(&'h str, &'h str)];

struct Endpoint {
    cloud: Cloud,
    _code: tempfile::TempDir,
}

async fn start() -> Endpoint {
    let code = tempfile::tempdir().unwrap();
    let options = Options {
        clock: Clock::Wall,
        port: 0,
        code: Arc::new(CodeStore::new(code.path())),
        host_variables: Vec::new(),
    };
    let state = State::new(Time::parse("2026-03-02T09:00:00Z").unwrap(), 1);
    Endpoint { cloud: Cloud::start(state, options).await.unwrap(), _code: code }
}

impl Endpoint {
    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> (u16, String) {
        let address = self.cloud.endpoint().trim_start_matches("http://").to_owned();
        let body = body.into();
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("content-length: {}\r\n\r\n", body.len());
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    async fn route(&self, method: &str, route: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, text) = self.send(method, &format!("/_rootwatch/{route}"), &[], body).await;
        (status, serde_json::from_str(&text).unwrap())
    }
}

fn event(id: &str) -> Value {
    json!({"id": id, "source": "aws.signin", "detail-type": "AWS Console Sign In via CloudTrail", "account": ACCOUNT,
        "region": "us-east-1", "time": "2026-03-02T09:00:00Z", "detail": {}})
}

#[tokio::test]
async fn routes() {
    let endpoint = start().await;
    let record = json!({"eventVersion": "1.08", "eventName": "ConsoleLogin", "eventSource": "signin.amazonaws.com",
        "awsRegion": "us-east-1", "recipientAccountId": ACCOUNT});
    // (method, route, body, status, pointer into the answer, what is there)
    let nothing = Value::Null;
    let cases = [
        ("GET", "health", nothing.clone(), 200, "/status", json!("ok")),
        ("POST", "records", event("a"), 200, "/injected/0/event_id", json!("a")),
        ("POST", "records", record.clone(), 200, "/injected/0/event_id", nothing.clone()),
        ("POST", "records", json!([record, event("b")]), 200, "/injected/1/event_id", json!("b")),
        ("POST", "records", json!({"Records": [record]}), 200, "/injected/0/account", json!(ACCOUNT)),
        ("POST", "records", json!({"x": 1}), 400, "/injected", nothing.clone()),
        ("GET", "trace?since=x", nothing.clone(), 400, "/entries", nothing.clone()),
        ("GET", "mailbox", nothing.clone(), 200, "/mails", json!([])),
        ("POST", "clock", json!({"advance_seconds": -1}), 400, "/now", nothing.clone()),
        ("PUT", "state", json!({}), 409, "/now", nothing.clone()),
        ("GET", "records", nothing.clone(), 405, "/injected", nothing.clone()),
        ("GET", "other", nothing.clone(), 404, "/injected", nothing.clone()),
    ];
    for (method, route, body, status, pointer, expected) in cases {
        let (found, answer) = endpoint.route(method, route, &body).await;
        assert_eq!(found, status, "{method} {route} {body}: {answer}");
        assert_eq!(answer.pointer(pointer).unwrap_or(&Value::Null), &expected, "{method} {route}: {answer}");
        assert_eq!(answer["error"].is_string(), status >= 400, "{method} {route}: {answer}");
    }
}

#[tokio::test]
async fn one_bad_record_refuses_all() {
    let endpoint = start().await;
    let before = endpoint.route("GET", "trace", &Value::Null).await.1["last"].clone();
    assert_eq!(endpoint.route("POST", "records", &json!([event("a"), {"x": 1}])).await.0, 400);
    assert_eq!(endpoint.route("GET", "trace", &Value::Null).await.1["last"], before);
    endpoint.route("POST", "records", &event("a")).await;
    let (_, trace) = endpoint.route("GET", "trace", &Value::Null).await;
    assert!(trace["last"].as_u64() > before.as_u64(), "{trace}");
    let since = format!("trace?since={}", trace["last"]);
    assert_eq!(endpoint.route("GET", &since, &Value::Null).await.1["entries"], json!([]));
}

#[tokio::test]
async fn state_is_saved_restored_and_reset() {
    let endpoint = start().await;
    endpoint.route("POST", "records", &event("a")).await;
    let (_, saved) = endpoint.route("GET", "state", &Value::Null).await;
    let entries = async || endpoint.route("GET", "trace", &Value::Null).await.1["last"].as_u64().unwrap();
    let before = entries().await;
    assert!(before > 0);
    assert_eq!(endpoint.route("POST", "reset", &Value::Null).await.0, 200);
    assert_eq!(entries().await, 0);
    assert_eq!(endpoint.route("PUT", "state", &saved).await.0, 200);
    assert_eq!(entries().await, before);
}

#[tokio::test]
async fn the_clock_jumps() {
    let endpoint = start().await;
    let moment = async || {
        let (_, health) = endpoint.route("GET", "health", &Value::Null).await;
        Time::parse(health["now"].as_str().unwrap()).unwrap()
    };
    let before = moment().await;
    assert_eq!(endpoint.route("POST", "clock", &json!({"advance_seconds": 3600})).await.0, 200);
    assert!((moment().await - before).as_secs() >= 3600);
}

#[tokio::test]
async fn wrong_requests_get_errors_of_aws_shape() {
    let endpoint = start().await;
    let json11 = ("content-type", "application/x-amz-json-1.1");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let events = ("x-amz-target", "AWSEvents.PutEvents");
    let deep = "[".repeat(100_000);
    let cases: [(Headers<'_>, &[u8], u16, &str); 9] = [
        (&[json11, events], b"{", 400, "SerializationException"),
        (&[json11, events], b"[]", 400, "SerializationException"),
        (&[json11, events], b"\xff\xfe", 400, "SerializationException"),
        (&[json11, events], deep.as_bytes(), 400, "SerializationException"),
        (&[json11, ("x-amz-target", "Nobody.Nothing")], b"{}", 501, "UnknownOperationException"),
        (&[form], b"", 400, "<Code>MissingAction</Code>"),
        (&[form], b"%%%=%zz&&&==", 400, "<Code>MissingAction</Code>"),
        (&[form], b"Action=Nothing", 501, "<Code>UnknownOperationException</Code>"),
        (&[], b"<xml", 501, "<Code>UnknownOperationException</Code>"),
    ];
    for (headers, body, status, expected) in cases {
        let (found, answer) = endpoint.send("POST", "/", headers, body.to_vec()).await;
        assert_eq!(found, status, "{answer}");
        assert!(answer.contains(expected), "{expected}: {answer}");
    }
}
