//! S3's own protocol over real HTTP. [D] S3 API reference: RESTErrorResponses, sigv4-streaming, the operations' pages

#![expect(clippy::unwrap_used, reason = "a test may end with a panic, and so may its helpers")]

#[expect(dead_code, reason = "each test of the endpoint uses a part of it")]
mod support;

use rootwatch_cloud::Clock;
use support::{authorization, send, start};

#[tokio::test]
async fn requests_and_answers() {
    let endpoint = start(Clock::Owned).await;
    let chunked = ("content-encoding", "aws-chunked");
    // (method, path, header, body, status, what the answer's body begins with)
    let cases = [
        ("PUT", "/trail", None, "", 200, ""),
        ("PUT", "/trail/a%2Fb", None, "data", 200, ""),
        ("GET", "/trail/a/b", None, "", 200, "data"),
        ("PUT", "/trail/c", Some(chunked), "4;chunk-signature=00\r\ndata\r\n0;chunk-signature=00\r\n\r\n", 200, ""),
        ("GET", "/trail/c", None, "", 200, "data"),
        ("PUT", "/trail/c", Some(chunked), "data", 400, "<Error><Code>IncompleteBody</Code>"),
        (
            "GET",
            "/trail/d",
            None,
            "",
            404,
            "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>d</Key>",
        ),
        ("GET", "/trail?location", None, "", 200, "<LocationConstraint></LocationConstraint>"),
        (
            "GET",
            "/trail?list-type=2&prefix=c",
            None,
            "",
            200,
            "<ListBucketResult><Name>trail</Name><Prefix>c</Prefix><KeyCount>1</KeyCount>",
        ),
        ("POST", "/trail?delete", None, "<Delete><Object>", 400, "<Error><Code>MalformedXML</Code>"),
        ("PUT", "/trail?cors", None, "<C/>", 501, "<Error><Code>UnknownOperationException</Code>"),
        ("DELETE", "/trail/c", None, "", 204, ""),
        ("DELETE", "/trail", None, "", 409, "<Error><Code>BucketNotEmpty</Code>"),
        ("HEAD", "/none", None, "", 404, ""),
    ];
    for (method, path, header, body, status, begin) in cases {
        let mut headers = vec![authorization("s3")];
        headers.extend(header.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let answer = send(endpoint.cloud.endpoint(), method, path, &headers, body.as_bytes()).await;
        let text = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, status, "{method} {path}: {text}");
        assert!(text.starts_with(begin) && text.is_empty() == begin.is_empty(), "{method} {path}: {text}");
    }
}
