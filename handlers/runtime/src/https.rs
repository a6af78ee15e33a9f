//! Requests to sinks: HTTPS only, each with a time limit and a limit of what is read of the answer.
//!
//! TLS is rustls with ring; the roots are the system's, or those of `SSL_CERT_FILE` and `SSL_CERT_DIR` where they are
//! set. Connections are not kept: a function may be frozen between two invocations, and a connection that died
//! meanwhile would cost an alert its first attempt.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt, Limited};

use crate::aws::causes;

/// Longest time to make a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Longest time for a request with its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// How much of an answer is read, in bytes. The sinks answer with a few words.
const ANSWER_LIMIT: usize = 64 * 1024;

/// An address that begins with `https://`. It may be a secret: it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpsUrl(http::Uri);

impl HttpsUrl {
    /// Reads an address.
    ///
    /// # Errors
    ///
    /// What is wrong with it, without the address.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let address: http::Uri = text.trim().parse().map_err(|_| "it is not a URL")?;
        match (address.scheme_str(), address.authority()) {
            (Some("https"), Some(authority)) if authority.as_str().contains('@') => Err("it holds a user name"),
            (Some("https"), Some(_)) => Ok(HttpsUrl(address)),
            (Some(_), _) => Err("it does not begin with https://"),
            _ => Err("it is not a URL"),
        }
    }

    /// The parts of the address that may be secret: long ones of path and query.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let path = self.0.path_and_query().map_or("", |path| path.as_str());
        path.split(['/', '?', '&', '=']).filter(|part| part.len() >= 8)
    }

    /// The path, which may be a secret.
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// The host, which is no secret.
    pub fn host(&self) -> &str {
        self.0.host().unwrap_or_default()
    }
}

impl fmt::Debug for HttpsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}/…", self.host())
    }
}

/// An answer. Redirects are answers: they are not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// `Retry-After`, if the sink sent it.
    pub retry_after: Option<String>,
    /// The beginning of the body, as text.
    pub body: String,
}

impl Response {
    /// The same without these texts in its body: a sink may repeat what it was asked with.
    #[must_use]
    pub fn without<'a>(mut self, secrets: impl IntoIterator<Item = &'a str>) -> Self {
        for secret in secrets {
            if !secret.is_empty() && self.body.contains(secret) {
                self.body = self.body.replace(secret, "[secret]");
            }
        }
        self
    }
}

/// Why there is no answer. All of them may pass; after [`Failure::Timeout`] and [`Failure::Answer`] the sink may have accepted
/// the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No answer in time, though there was a connection or its making was slow.
    #[error("`{host}` did not answer within {} s", REQUEST_TIMEOUT.as_secs())]
    Timeout {
        /// The sink.
        host: String,
    },
    /// No connection, TLS that failed, or a connection that broke.
    #[error("no connection to `{host}`: {cause}")]
    Connection {
        /// The sink.
        host: String,
        /// What the network or TLS says.
        cause: String,
    },
    /// The answer is longer than any sink's answer is, or broke off.
    #[error("the answer of `{host}` could not be read: {cause}")]
    Answer {
        /// The sink.
        host: String,
        /// What went wrong.
        cause: String,
    },
}

impl Failure {
    /// A short stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Failure::Timeout { .. } => "Timeout",
            Failure::Connection { .. } => "Connection",
            Failure::Answer { .. } => "Answer",
        }
    }
}

/// The way to the web.
#[derive(Debug, Clone)]
pub struct Web(SharedHttpConnector);

impl Web {
    /// Over this connector.
    pub fn new(connector: SharedHttpConnector) -> Self {
        Web(connector)
    }

    /// Sends JSON and reads the answer, within ten seconds.
    ///
    /// # Errors
    ///
    /// [`Failure`] where there is no answer; any status code is an answer.
    pub async fn post_json(&self, url: &HttpsUrl, body: String) -> Result<Response, Failure> {
        self.post_json_as(url, None, body).await
    }

    /// The same with a bearer token.
    ///
    /// # Errors
    ///
    /// [`Failure`] where there is no answer; any status code is an answer.
    pub async fn post_json_as(&self, url: &HttpsUrl, token: Option<&str>, body: String) -> Result<Response, Failure> {
        match tokio::time::timeout(REQUEST_TIMEOUT, self.post(url, token, body)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::Timeout { host: url.host().to_owned() }),
        }
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: http::Request<SdkBody>) -> Result<HttpResponse, ConnectorError> {
        let request = HttpRequest::try_from(request).map_err(|error| ConnectorError::user(error.into()))?;
        self.0.call(request).await
    }

    async fn post(&self, url: &HttpsUrl, token: Option<&str>, body: String) -> Result<Response, Failure> {
        let host = url.host().to_owned();
        let mut request = http::Request::post(url.0.clone())
            .header("content-type", "application/json; charset=utf-8")
            .header("user-agent", concat!("rootwatch/", env!("CARGO_PKG_VERSION")));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let request = request.body(SdkBody::from(body));
        let request = request.map_err(|error| Failure::Connection { host: host.clone(), cause: error.to_string() })?;

        let response = self.send(request).await.map_err(|error| failure(&host, &error))?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after").map(str::to_owned);
        let body = Limited::new(response.into_body(), ANSWER_LIMIT)
            .collect()
            .await
            .map_err(|error| Failure::Answer { host, cause: error.to_string() })?;
        Ok(Response { status, retry_after, body: String::from_utf8_lossy(&body.to_bytes()).into_owned() })
    }
}

fn failure(host: &str, error: &ConnectorError) -> Failure {
    // The connector's own timeout is that of the connection: nothing was sent.
    Failure::Connection { host: host.to_owned(), cause: causes(error) }
}

/// The connector of a process: TLS for `https`, none for the `http` of a local AWS endpoint. Each is made when it is
/// first needed; reading the system's roots is most of a cold start.
pub(crate) fn connector() -> impl HttpConnector {
    ByScheme { plain: OnceLock::new(), tls: OnceLock::new() }
}

#[derive(Debug)]
struct ByScheme {
    plain: OnceLock<Connector>,
    tls: OnceLock<Connector>,
}

impl HttpConnector for ByScheme {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if request.uri().starts_with("http://") {
            let connector =
                || Connector::builder().connector_settings(settings()).pool_max_idle_per_host(0).build_http();
            return self.plain.get_or_init(connector).call(request);
        }
        let connector = || tls(&tls::TlsContext::default());
        self.tls.get_or_init(connector).call(request)
    }
}

fn settings() -> HttpConnectorSettings {
    HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).build()
}

fn tls(context: &tls::TlsContext) -> Connector {
    Connector::builder()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .tls_context(context.clone())
        .connector_settings(settings())
        .pool_max_idle_per_host(0)
        .build()
}

/// The connector of a process, but for its roots: only this authority (PEM) is trusted.
#[cfg(feature = "testing")]
pub(crate) fn trusting(authority: &str) -> Result<impl HttpConnector + use<>, ConnectorError> {
    let store = tls::TrustStore::empty().with_pem_certificate(authority.as_bytes());
    let context = tls::TlsContext::builder().with_trust_store(store).build();
    Ok(tls(&context.map_err(|error| ConnectorError::user(error.into()))?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_is_an_address() {
        let cases = [
            ("https://hooks.slack.com/services/T/B/x", Ok("hooks.slack.com")),
            (" https://localhost:8443/x \n", Ok("localhost")),
            ("http://hooks.slack.com/", Err("it does not begin with https://")),
            ("file:///etc/passwd", Err("it is not a URL")),
            ("https://user:secret@hooks.slack.com/", Err("it holds a user name")),
            ("hooks.slack.com", Err("it is not a URL")),
            ("", Err("it is not a URL")),
        ];
        for (text, wanted) in cases {
            let url = HttpsUrl::parse(text);
            assert_eq!(url.as_ref().map(HttpsUrl::host).map_err(|error| *error), wanted, "{text:?}");
            assert!(!format!("{url:?}").contains("/services/"), "an address may be a secret");
        }
    }
}
