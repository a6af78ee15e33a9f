//! S3's own protocol over real HTTP. [D] S3 API reference: RESTErrorResponses, the operations' pages

#![expect(clippy::unwrap_used, reason = "a test may end with a panic, and so may its helpers")]

#[expect(dead_code, reason = "each test of the endpoint uses a part of it")]
mod support;

use rootwatch_cloud::Clock;
use support::{authorization, send, start};

#[tokio::test]
async fn requests_and_answers() {
    let endpoint = start(Clock::Owned).await;
    // (method, path, body, status, what the answer's body begins with)
    let cases = [
        ("PUT", "/trail", "", 200, ""),
        ("PUT", "/trail/a", "data", 501, "<Error><Code>UnknownOperationException</Code>"),
        ("GET", "/trail?location", "", 200, "<LocationConstraint></LocationConstraint>"),
        ("GET", "/trail?policy", "", 404, "<Error><Code>NoSuchBucketPolicy</Code>"),
        ("PUT", "/trail?tagging", "<Tagging><TagSet>", 400, "<Error><Code>MalformedXML</Code>"),
        ("PUT", "/trail?cors", "<C/>", 501, "<Error><Code>UnknownOperationException</Code>"),
        ("DELETE", "/trail", "", 204, ""),
        ("HEAD", "/none", "", 404, ""),
    ];
    for (method, path, body, status, begin) in cases {
        let headers = [authorization("s3")];
        let answer = send(endpoint.cloud.endpoint(), method, path, &headers, body.as_bytes()).await;
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, status, "{method} {path}: {text}");
        assert!(text.starts_with(begin) && text.is_empty() == begin.is_empty(), "{method} {path}: {text}");
    }
}
