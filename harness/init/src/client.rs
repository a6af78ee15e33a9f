//! Telling LocalStack.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// A client of LocalStack's endpoint for one environment.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    http: Http<HttpConnector, Full<Bytes>>,
    endpoint: String,
}

impl Client {
    pub(crate) fn new(endpoint: String) -> Self {
        Self { http: Http::builder(TokioExecutor::new()).build_http(), endpoint }
    }

    /// Posts a body below the endpoint. A LocalStack that cannot be reached has gone, and takes this container with it; what
    /// is left to do is to say so in the container's log.
    pub(crate) async fn post(&self, path: &str, body: impl Into<Bytes>) {
        let uri = format!("{}{path}", self.endpoint);
        let request = Request::post(&uri).header("content-type", "application/json").body(Full::new(body.into()));
        let told = match request {
            Ok(request) => self.http.request(request).await.map(|answer| answer.status()).map_err(|e| e.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match told {
            Ok(status) if status.is_success() => {}
            Ok(status) => crate::serve::log(&format!("LocalStack answered {status} to {uri}")),
            Err(error) => crate::serve::log(&format!("could not tell LocalStack at {uri}: {error}")),
        }
    }
}
