//! One HTTP or HTTPS request to an endpoint on this machine, in the name of SNS.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::effect::Post;

/// How long an endpoint may take. [D] SendMessageToHttp.prepare
const PATIENCE: Duration = Duration::from_secs(15);
/// What is read of an answer; nobody looks at it.
const MAX_ANSWER: usize = 64 * 1024;

/// Makes the request; the status of the answer, or why there is none. `endpoint` is this cloud's own: links for
/// confirming and unsubscribing lead there, for AWS knows nothing of the subscription. `trusted` is a file with the
/// certificate authorities of HTTPS endpoints: who serves HTTPS on this machine has one of its own.
pub(crate) async fn post(post: &Post, endpoint: &str, trusted: Option<&Path>) -> Result<u16, String> {
    match tokio::time::timeout(PATIENCE, send(post, endpoint, trusted)).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    }
}

async fn send(post: &Post, endpoint: &str, trusted: Option<&Path>) -> Result<u16, String> {
    let uri: Uri = post.url.parse().map_err(|error| format!("`{}` is no URL: {error}", post.url))?;
    let encrypted = match uri.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(format!("`{}` is no http or https URL", post.url)),
    };
    let authority = uri.authority().ok_or_else(|| format!("`{}` names no host", post.url))?.as_str().to_owned();
    let address = loopback(&uri).ok_or_else(|| {
        format!("rootwatch: only endpoints on this machine are called (127.0.0.1, localhost), not {authority}")
    })?;
    let stream = TcpStream::connect(address).await.map_err(|error| format!("{address}: {error}"))?;
    if !encrypted {
        return exchange(stream, post, endpoint, &uri, &authority).await;
    }
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(host).map_err(|error| format!("{authority}: {error}"))?;
    let stream = TlsConnector::from(tls(trusted)?)
        .connect(name, stream)
        .await
        .map_err(|error| format!("{authority}: TLS: {error}"))?;
    exchange(stream, post, endpoint, &uri, &authority).await
}

fn tls(trusted: Option<&Path>) -> Result<Arc<ClientConfig>, String> {
    let path = trusted.ok_or(
        "rootwatch: no certificate authority is trusted for https endpoints on this machine: name one with `rootwatch \
         serve --trust FILE` (PEM)",
    )?;
    let failed = |error: &dyn std::fmt::Display| format!("the trusted authorities of {}: {error}", path.display());
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| failed(&error))? {
        roots.add(certificate.map_err(|error| failed(&error))?).map_err(|error| failed(&error))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(|e| failed(&e))?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    post: &Post,
    endpoint: &str,
    uri: &Uri,
    authority: &str,
) -> Result<u16, String> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    let connection = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::post(path).header("host", authority);
    for (name, value) in &post.headers {
        request = request.header(name, value);
    }
    let body = post.body.replace(&post.links, &format!("{endpoint}/?Action="));
    let request = request.body(Full::new(Bytes::from(body))).map_err(|error| error.to_string())?;
    let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    // The answer is read to its end, so that the endpoint sees no broken connection.
    let _ = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
    connection.abort();
    Ok(status)
}

fn loopback(uri: &Uri) -> Option<SocketAddr> {
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    let ip: IpAddr = if host == "localhost" { IpAddr::from([127, 0, 0, 1]) } else { host.parse().ok()? };
    ip.is_loopback().then(|| {
        SocketAddr::new(ip, uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine() {
        for (url, expected) in [
            ("http://127.0.0.1:8080/hook", Some("127.0.0.1:8080")),
            ("http://localhost/hook", Some("127.0.0.1:80")),
            ("https://localhost/hook", Some("127.0.0.1:443")),
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
