//! What the endpoint says to clients that do something wrong: an error in the shape of the protocol they speak, and it
//! goes on serving the others.

#![expect(clippy::unwrap_used, reason = "a test may end with a panic, and so may its helpers")]

mod support;

use std::io::Write;

use rootwatch_cloud::Clock;
use serde_json::{Value, json};
use support::{Answer, Endpoint, authorization, send, start};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A way to call an operation: how the request looks, and how to read an error.
struct Speaker {
    name: &'static str,
    path: &'static str,
    headers: &'static [(&'static str, &'static str)],
    service: &'static str,
    content_type: &'static str,
}

const SPEAKERS: [Speaker; 6] = [
    Speaker {
        name: "JSON 1.1",
        path: "/",
        headers: &[("x-amz-target", "AWSEvents.PutEvents"), ("content-type", "application/x-amz-json-1.1")],
        service: "events",
        content_type: "application/x-amz-json-1.1",
    },
    Speaker {
        name: "JSON 1.0",
        path: "/",
        headers: &[("x-amz-target", "AmazonSQS.CreateQueue"), ("content-type", "application/x-amz-json-1.0")],
        service: "sqs",
        content_type: "application/x-amz-json-1.0",
    },
    Speaker {
        name: "JSON of CloudWatch",
        path: "/",
        headers: &[
            ("x-amz-target", "GraniteServiceVersion20100801.PutMetricData"),
            ("content-type", "application/x-amz-json-1.0"),
        ],
        service: "monitoring",
        content_type: "application/x-amz-json-1.0",
    },
    Speaker {
        name: "Query",
        path: "/",
        headers: &[("content-type", "application/x-www-form-urlencoded")],
        service: "sns",
        content_type: "text/xml",
    },
    Speaker {
        name: "CBOR",
        path: "/service/GraniteServiceVersion20100801/operation/PutMetricData",
        headers: &[("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor")],
        service: "monitoring",
        content_type: "application/cbor",
    },
    Speaker {
        name: "REST",
        path: "/2015-03-31/functions",
        headers: &[("content-type", "application/json")],
        service: "lambda",
        content_type: "application/json",
    },
];

impl Speaker {
    async fn say(&self, endpoint: &Endpoint, extra: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut headers = vec![authorization(self.service)];
        headers.extend(self.headers.iter().chain(extra).map(|(name, value)| ((*name).into(), (*value).into())));
        send(endpoint.cloud.endpoint(), "POST", self.path, &headers, body).await
    }

    /// The error's code, read as a client of this protocol reads it.
    fn code(&self, answer: &Answer) -> Option<String> {
        assert_eq!(answer.header("content-type"), Some(self.content_type), "{}", self.name);
        assert!(answer.header("x-amzn-requestid").is_some(), "{}: no request id", self.name);
        match self.content_type {
            "text/xml" => {
                let text = std::str::from_utf8(&answer.body).unwrap();
                let (_, after) = text.split_once("<Code>")?;
                Some(after.split_once("</Code>").unwrap().0.to_owned())
            }
            "application/cbor" => {
                let body: ciborium::Value = ciborium::from_reader(answer.body.as_slice()).unwrap();
                let members = body.into_map().unwrap();
                let code = members.into_iter().find(|(name, _)| name.as_text() == Some("__type"))?;
                Some(code.1.into_text().unwrap())
            }
            _ => {
                let body: Value = serde_json::from_slice(&answer.body).unwrap();
                body["__type"].as_str().map(str::to_owned)
            }
        }
    }
}

async fn is_well(endpoint: &Endpoint) {
    let health = send(endpoint.cloud.endpoint(), "GET", "/_rootwatch/health", &[], b"").await;
    assert_eq!(health.status, 200);
}

/// Bodies that no protocol can read, and bodies that each can read and that are not what the operation wants.
fn bad_bodies() -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = [
        "{",
        "}",
        "[]",
        "null",
        "1",
        "\"x\"",
        "{\"a\":}",
        "{\"a\":1,}",
        "<xml/>",
        "<",
        "%",
        "=",
        "&&&&",
        "\0",
        "{\"Entries\": 1}",
        "{\"Entries\": [[]]}",
        "{\"Entries\": {\"a\": 1e400}}",
        "{\"QueueName\": {\"a\": [1]}}",
        "{\"QueueName\": 123456789012345678901234567890123456789012345678901234567890}",
        "{\"Attributes\": {\"DelaySeconds\": {}}}",
        "{\"MetricData\": \"x\"}",
        "{\"FunctionName\": []}",
        "Action=Publish&Message.member.1=x&Message=y",
        "Action=Publish&TopicArn.a.b.c.d=1",
        "Action=Subscribe&Attributes.entry.99999999999999999999.key=a",
        "Action=%FF%FE",
        "Action=",
        "Action=a&Action=b",
        "Action=Publish&MessageAttributes.entry.1.Name=a",
        "\u{feff}{}",
    ]
    .into_iter()
    .map(|text: &str| text.as_bytes().to_vec())
    .collect();
    bodies.push(b"{\"a\": \"\xff\xfe\"}".to_vec());
    bodies.push(b"Action=Publish&Message=\xff\xfe\x00".to_vec());
    for open in ["[", "{\"a\":", "\u{81}", "a."] {
        bodies.push(open.repeat(100_000).into_bytes());
    }
    // CBOR: arrays of arrays, lengths that are not there, endless texts, a map with a number as its key.
    bodies.push(vec![0x81; 100_000]);
    for head in [
        &[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff][..],
        &[0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0xbb, 0, 0, 0, 1, 0, 0, 0, 0],
        &[0x7f, 0x61, 0x61],
        &[0xa1, 0x01, 0x02],
        &[0xa1, 0x61, 0x61, 0xf9, 0x7e, 0x00],
        &[0xc1, 0xc1, 0xc1, 0x00],
    ] {
        bodies.push(head.to_vec());
    }
    bodies
}

#[tokio::test]
async fn bad_bodies_get_errors_of_the_protocols_shape() {
    let endpoint = start(Clock::Wall).await;
    for speaker in &SPEAKERS {
        for body in bad_bodies() {
            let answer = speaker.say(&endpoint, &[], &body).await;
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            let code = speaker.code(&answer);
            // 501: a name that this cloud does not know. What remains of a lenient reading may even be a good request.
            let good = matches!(answer.status, 200 | 400..=499 | 501);
            assert!(
                good && code.is_some() == (answer.status != 200),
                "{} {shown}: {} {code:?}",
                speaker.name,
                answer.status
            );
        }
    }
    is_well(&endpoint).await;
}

/// [D] members that a service does not know are left out of account; of a key that occurs twice the last counts [?]
#[tokio::test]
async fn unknown_members_and_repeated_keys() {
    let endpoint = start(Clock::Wall).await;
    let json = &SPEAKERS[1];
    for (body, name) in [
        (r#"{"QueueName": "a", "Unknown": {"deep": [1, 2, null]}}"#, "a"),
        (r#"{"QueueName": "b", "QueueName": "c"}"#, "c"),
    ] {
        let answer = json.say(&endpoint, &[], body.as_bytes()).await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(answer.status == 200 && text.contains(&format!("/{name}\"")), "{body}: {text}");
    }
    let query = &SPEAKERS[3];
    let answer = query.say(&endpoint, &[], b"Action=CreateTopic&Name=t&Unknown.member.1.X=1&Unknown.member.2=2").await;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
}

/// A content type that does not fit is the client's business, as long as it can be told what is asked for.
#[tokio::test]
async fn content_types() {
    let endpoint = start(Clock::Wall).await;
    let list = |content_type: &'static str| {
        vec![
            authorization("sqs"),
            ("x-amz-target".to_owned(), "AmazonSQS.ListQueues".to_owned()),
            ("content-type".to_owned(), content_type.to_owned()),
        ]
    };
    for content_type in ["application/x-amz-json-1.0", "application/json", "text/plain", "", "x/y; charset=\"utf-8\""] {
        let answer = send(endpoint.cloud.endpoint(), "POST", "/", &list(content_type), b"{}").await;
        assert_eq!(answer.status, 200, "{content_type}");
    }
    // The form's own type tells where the parameters are: without it there is nothing to go by.
    let headers = [authorization("sns"), ("content-type".to_owned(), "text/plain".to_owned())];
    let answer = send(endpoint.cloud.endpoint(), "POST", "/", &headers, b"Action=ListTopics").await;
    assert_eq!(answer.status, 501, "{}", String::from_utf8_lossy(&answer.body));
}

/// SDKs compress PutMetricData. [D] the service model's requestcompression
#[tokio::test]
async fn compressed_bodies() {
    let endpoint = start(Clock::Wall).await;
    let body = json!({"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1}]}).to_string();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(body.as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    bomb.write_all(&vec![b' '; 90 * 1024 * 1024]).unwrap();
    let bomb = bomb.finish().unwrap();
    let speaker = &SPEAKERS[2];
    for (encoding, body, status) in [
        ("gzip", packed.as_slice(), 200),
        ("identity", body.as_bytes(), 200),
        ("gzip", body.as_bytes(), 400),
        ("gzip", &packed[..packed.len() / 2], 400),
        ("gzip", &bomb, 413),
        ("br", body.as_bytes(), 415),
    ] {
        let answer = speaker.say(&endpoint, &[("content-encoding", encoding)], body).await;
        assert_eq!(answer.status, status, "{encoding}: {}", String::from_utf8_lossy(&answer.body));
        assert_eq!(speaker.code(&answer).is_some(), status != 200);
    }
}

/// Sends bytes on a connection of their own; all that comes back until the server ends it.
async fn raw(endpoint: &Endpoint, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(endpoint.cloud.endpoint().trim_start_matches("http://")).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn http_that_is_odd_or_none() {
    let endpoint = start(Clock::Wall).await;
    let long = "x".repeat(70_000);
    let many: String = (0..200).map(|n| format!("x-{n}: y\r\n")).collect();
    let health = "/_rootwatch/health";
    // The bytes, and how what comes back begins and what is in it.
    let cases: Vec<(String, &str, &str)> = vec![
        ("\r\n\r\n\r\n\0\r\n\r\n".into(), "HTTP/1.1 400", ""),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\r\n\r\n".into(), "HTTP/1.1 400", ""),
        ("GET / HTTP/9.9\r\n\r\n".into(), "HTTP/1.1 400", ""),
        (format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n"), "HTTP/1.1 414", ""),
        (format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n"), "HTTP/1.1 431", ""),
        ("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n".into(), "HTTP/1.1 400", ""),
        ("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\nzz\r\n".into(), "HTTP/1.1 400", "IncompleteBody"),
        ("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000000\r\nconnection: close\r\n\r\n".into(), "HTTP/1.1 413", "RequestEntityTooLargeException"),
        (format!("HEAD {health} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"), "HTTP/1.1 405", ""),
        ("OPTIONS / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".into(), "HTTP/1.1 501", "UnknownOperationException"),
        ("OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".into(), "HTTP/1.1 501", "UnknownOperationException"),
        ("CONNECT x:1 HTTP/1.1\r\nhost: x:1\r\nconnection: close\r\n\r\n".into(), "HTTP/1.1 501", "UnknownOperationException"),
        (format!("GET http://elsewhere{health} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"), "HTTP/1.1 200", "\"ok\""),
        ("GET /2015-03-31/functions/%FF%00/../%2e%2e HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".into(), "HTTP/1.1 501", "\"__type\""),
        ("GET //// HTTP/1.1\r\nhost: x\r\nauthorization: AWS4-HMAC-SHA256 Credential=////\r\nconnection: close\r\n\r\n".into(), "HTTP/1.1 501", "UnknownOperationException"),
        // In chunks, with an extension and a trailer.
        ("POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: AmazonSQS.ListQueues\r\nauthorization: AWS4-HMAC-SHA256 Credential=111122223333/20260302/us-east-1/sqs/aws4_request\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n1;x=y\r\n{\r\n1\r\n}\r\n0\r\nx: y\r\n\r\n".into(), "HTTP/1.1 200", "{}"),
        ("GET / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}".into(), "HTTP/1.1 100", "UnknownOperationException"),
    ];
    for (request, start, inside) in cases {
        let answer = raw(&endpoint, request.as_bytes()).await;
        let shown: String = request.chars().take(70).collect();
        assert!(answer.starts_with(start) && answer.contains(inside), "{shown:?}: {answer}");
        if request.starts_with("HEAD") {
            assert!(answer.ends_with("\r\n\r\n"), "{answer}");
        }
    }
    is_well(&endpoint).await;
}

/// Several requests on one connection, written at once: answered in their order, and a bad one between them harms none.
#[tokio::test]
async fn keep_alive_and_pipelining() {
    let endpoint = start(Clock::Wall).await;
    let request = |path: &str, rest: &str| format!("POST {path} HTTP/1.1\r\nhost: x\r\n{rest}\r\n\r\n");
    let sent = [
        request("/_rootwatch/reset", "content-length: 0"),
        request("/", "x-amz-target: AWSEvents.PutEvents\r\ncontent-length: 1") + "{",
        request("/_rootwatch/clock", "content-length: 22") + "{\"advance_seconds\": 5}",
        request("/nowhere", "content-length: 0\r\nconnection: close"),
    ];
    let answer = raw(&endpoint, sent.concat().as_bytes()).await;
    let statuses: Vec<&str> = answer.split("HTTP/1.1 ").skip(1).map(|part| &part[..3]).collect();
    assert_eq!(statuses, ["200", "400", "200", "501"], "{answer}");
}

/// Larger than is taken, sent to the end: the client comes to hear why it is refused.
#[tokio::test]
async fn oversized_bodies() {
    let endpoint = start(Clock::Wall).await;
    let body = vec![b' '; 81 * 1024 * 1024];
    for speaker in &SPEAKERS[..1] {
        let answer = speaker.say(&endpoint, &[], &body).await;
        assert_eq!((answer.status, speaker.code(&answer).as_deref()), (413, Some("RequestEntityTooLargeException")));
    }
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// A thousand at once, of which none has sent anything yet, then all of them a request; and when they are gone their
/// descriptors are free.
#[tokio::test]
async fn a_thousand_connections() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    let endpoint = start(Clock::Wall).await;
    let address = endpoint.cloud.endpoint().trim_start_matches("http://").to_owned();
    is_well(&endpoint).await;
    let before = descriptors();
    let mut streams = Vec::new();
    for _ in 0..1000 {
        streams.push(TcpStream::connect(&address).await.unwrap());
    }
    is_well(&endpoint).await;
    for stream in &mut streams {
        stream.write_all(b"GET /_rootwatch/health HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    }
    for stream in &mut streams {
        let mut head = [0; 15];
        stream.read_exact(&mut head).await.unwrap();
        assert_eq!(&head, b"HTTP/1.1 200 OK");
    }
    drop(streams);
    // Others of this program's tests may run at the same time, so what is looked for is that a thousand are gone.
    tokio::time::timeout(std::time::Duration::from_secs(30), async {
        while descriptors() > before + 500 {
            is_well(&endpoint).await;
        }
    })
    .await
    .expect("the descriptors of closed connections are not free");
}
