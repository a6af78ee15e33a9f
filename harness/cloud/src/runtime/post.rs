//! One HTTP request to an endpoint on this machine, in the name of SNS.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::effect::Post;

/// How long an endpoint may take. [D] SendMessageToHttp.prepare
const PATIENCE: Duration = Duration::from_secs(15);
/// What is read of an answer; nobody looks at it.
const MAX_ANSWER: usize = 64 * 1024;

/// Makes the request; the status of the answer, or why there is none. `endpoint` is this cloud's own: links for
/// confirming and unsubscribing lead there, for AWS knows nothing of the subscription.
pub(crate) async fn post(post: &Post, endpoint: &str) -> Result<u16, String> {
    match tokio::time::timeout(PATIENCE, send(post, endpoint)).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

async fn send(post: &Post, endpoint: &str) -> Result<u16, String> {
    let uri: Uri = post.url.parse().map_err(|error| format!("`{}` is no URL: {error}", post.url))?;
    if uri.scheme_str() != Some("http") {
        return Err("rootwatch: only http endpoints are called, not https".to_owned());
    }
    let authority = uri.authority().ok_or_else(|| format!("`{}` names no host", post.url))?.as_str().to_owned();
    let address = loopback(&uri).ok_or_else(|| {
        format!("rootwatch: only endpoints on this machine are called (127.0.0.1, localhost), not {authority}")
    })?;
    let stream = TcpStream::connect(address).await.map_err(|error| format!("{address}: {error}"))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    let connection = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::post(path).header("host", &authority);
    for (name, value) in &post.headers {
        request = request.header(name, value);
    }
    let body = post.body.replace(&post.links, &format!("{endpoint}/?Action="));
    let request = request.body(Full::new(Bytes::from(body))).map_err(|error| error.to_string())?;
    let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    // The answer is heard to its end, so that the endpoint sees no broken connection.
    let _ = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
    connection.abort();
    Ok(status)
}

fn loopback(uri: &Uri) -> Option<SocketAddr> {
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    let ip: IpAddr = if host == "localhost" { IpAddr::from([127, 0, 0, 1]) } else { host.parse().ok()? };
    ip.is_loopback().then(|| SocketAddr::new(ip, uri.port_u16().unwrap_or(80)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine() {
        for (url, expected) in [
            ("http://127.0.0.1:8080/hook", Some("127.0.0.1:8080")),
            ("http://localhost/hook", Some("127.0.0.1:80")),
            ("http://[::1]:9/x", Some("[::1]:9")),
            ("http://example.com/hook", None),
            ("http://10.0.0.1/", None),
            ("http://127.0.0.1.example.com/", None),
        ] {
            let found = loopback(&url.parse().unwrap()).map(|address| address.to_string());
            assert_eq!(found.as_deref(), expected, "{url}");
        }
    }
}
