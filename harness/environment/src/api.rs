//! The Lambda Runtime API of one environment. [D] runtimes-api

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;

/// The largest response, bytes. [D] runtimes-api: 413 above 6 MB
const RESPONSE_LIMIT: usize = 6 * 1024 * 1024 + 100 * 1024;

/// What a process is given to do.
#[derive(Clone, Debug)]
pub(super) struct Work {
    pub(super) request_id: String,
    pub(super) deadline_ms: i64,
    pub(super) function_arn: String,
    pub(super) trace_id: String,
    pub(super) payload: String,
}

/// A message of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// It asks for the next invocation.
    Ready,
    /// It answers an invocation.
    Response { request_id: String, body: String },
    /// It failed an invocation.
    Error { request_id: String, error_type: String, message: String },
    /// It could not start.
    InitError { error_type: String, message: String },
}

struct Shared {
    work: Mutex<mpsc::Receiver<Work>>,
    reports: mpsc::UnboundedSender<Report>,
}

/// A listening Runtime API; dropping it closes the socket.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    /// `127.0.0.1:PORT`, the value of `AWS_LAMBDA_RUNTIME_API`.
    pub(super) address: String,
    work: mpsc::Sender<Work>,
    /// The messages of the process, in order.
    pub(super) reports: mpsc::UnboundedReceiver<Report>,
    server: JoinHandle<()>,
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl RuntimeApi {
    /// Listens on a free port of the loopback interface.
    pub(super) async fn listen() -> std::io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let address = listener.local_addr()?.to_string();
        let (work, receiver) = mpsc::channel(1);
        let (sender, reports) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared { work: Mutex::new(receiver), reports: sender });
        let base = "/2018-06-01/runtime";
        let app = Router::new()
            .route(&format!("{base}/invocation/next"), get(next))
            .route(&format!("{base}/invocation/{{id}}/response"), post(response))
            .route(&format!("{base}/invocation/{{id}}/error"), post(error))
            .route(&format!("{base}/init/error"), post(init_error))
            .layer(DefaultBodyLimit::max(RESPONSE_LIMIT))
            .with_state(shared);
        let server = tokio::spawn(async move {
            // It ends when it is dropped; an error of accept leaves the process without its API, which it notices.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self { address, work, reports, server })
    }

    /// Hands an invocation to whoever asks for the next.
    pub(super) async fn give(&self, work: Work) {
        // The receiver lives as long as the server does.
        let _ = self.work.send(work).await;
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    let _ = shared.reports.send(Report::Ready);
    let Some(work) = shared.work.lock().await.recv().await else {
        return answer(StatusCode::INTERNAL_SERVER_ERROR, "Container error");
    };
    let response = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", work.request_id)
        .header("lambda-runtime-deadline-ms", work.deadline_ms)
        .header("lambda-runtime-invoked-function-arn", work.function_arn)
        .header("lambda-runtime-trace-id", work.trace_id)
        .body(Body::from(work.payload));
    response.unwrap_or_else(|_| answer(StatusCode::INTERNAL_SERVER_ERROR, "Container error"))
}

async fn response(State(shared): State<Arc<Shared>>, Path(request_id): Path<String>, body: Bytes) -> Response {
    let body = String::from_utf8_lossy(&body).into_owned();
    accept(&shared, Report::Response { request_id, body })
}

/// What a runtime posts as an error.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Posted {
    error_type: Option<String>,
    error_message: Option<String>,
}

impl Posted {
    fn read(headers: &HeaderMap, body: &[u8]) -> (String, String) {
        let posted: Self = serde_json::from_slice(body).unwrap_or_default();
        let header = headers.get("lambda-runtime-function-error-type").and_then(|value| value.to_str().ok());
        let error_type = posted.error_type.or_else(|| header.map(str::to_owned));
        let message = posted.error_message.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
        (error_type.unwrap_or_else(|| "Runtime.Unknown".to_owned()), message)
    }
}

async fn error(
    State(shared): State<Arc<Shared>>,
    Path(request_id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (error_type, message) = Posted::read(&headers, &body);
    accept(&shared, Report::Error { request_id, error_type, message })
}

async fn init_error(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let (error_type, message) = Posted::read(&headers, &body);
    accept(&shared, Report::InitError { error_type, message })
}

fn accept(shared: &Shared, report: Report) -> Response {
    match shared.reports.send(report) {
        Ok(()) => {
            let mut response = answer(StatusCode::ACCEPTED, "");
            *response.body_mut() = Body::from(r#"{"status":"OK"}"#);
            response
        }
        Err(_) => answer(StatusCode::INTERNAL_SERVER_ERROR, "Container error"),
    }
}

fn answer(status: StatusCode, message: &str) -> Response {
    let body = json!({"errorMessage": message, "errorType": "Runtime.Error"}).to_string();
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", axum::http::HeaderValue::from_static("application/json"));
    response
}
