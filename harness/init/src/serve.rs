//! The life of an execution environment in a container.

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use rootwatch_environment::{Completion, InvocationResult, Language, Process, Program, Ran, Spawner};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::client::Client;
use crate::{Invoke, Settings};

/// Where LocalStack sends invocations.
pub const INVOKE_PORT: u16 = 9563;
/// The largest event, with room for its escapes. [D] gettingstarted-limits: 6 MB
const EVENT_LIMIT: usize = 16 * 1024 * 1024;
/// The placeholder of an id before there is one.
const NO_REQUEST: &str = "00000000-0000-0000-0000-000000000000";

/// Runs the function until the listener's socket fails or the future is dropped.
///
/// # Errors
/// When no thread or socket can be had.
pub async fn serve(settings: Settings, listener: TcpListener) -> std::io::Result<()> {
    let spawner = Spawner::new()?;
    let client = Client::new(settings.endpoint.clone());
    // LocalStack sends one at a time; it waits here until the function is ready.
    let (sender, invokes) = mpsc::channel::<Invoke>(1);
    let app = Router::new().route("/invoke", post(accept)).layer(DefaultBodyLimit::max(EVENT_LIMIT)).with_state(sender);
    tokio::select! {
        served = axum::serve(listener, app) => served,
        () = run(&settings, &spawner, &client, invokes) => Ok(()),
    }
}

async fn accept(State(invokes): State<mpsc::Sender<Invoke>>, Json(invoke): Json<Invoke>) -> StatusCode {
    match invokes.send(invoke).await {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

async fn run(settings: &Settings, spawner: &Spawner, client: &Client, mut invokes: mpsc::Receiver<Invoke>) {
    let mut idle = match start(settings, spawner, NO_REQUEST).await {
        Ok(process) => {
            client.post(&format!("/status/{}/ready", settings.id), "").await;
            Some(process)
        }
        Err(completion) => {
            print_lines(&completion);
            client.post(&format!("/status/{}/error", settings.id), error_body(&completion.result, NO_REQUEST)).await;
            // LocalStack removes the container of a failed start; a run it asks for all the same starts anew.
            None
        }
    };
    while let Some(invoke) = invokes.recv().await {
        let id = invoke.invoke_id.clone();
        let process = match idle.take() {
            Some(process) => Ok(process),
            None => start(settings, spawner, &id).await,
        };
        let completion = match process {
            Ok(process) => {
                let Ran { completion, reusable } = process.run(&invoke.job(settings.timeout_seconds)).await;
                idle = reusable;
                completion
            }
            Err(completion) => completion,
        };
        print_lines(&completion);
        let path = format!("/invocations/{id}");
        client.post(&format!("{path}/logs"), json!({"logs": logs(&id, &completion)}).to_string()).await;
        match completion.result {
            InvocationResult::Response(body) => client.post(&format!("{path}/response"), body).await,
            error @ InvocationResult::Error { .. } => {
                client.post(&format!("{path}/error"), error_body(&error, &id)).await;
            }
        }
    }
}

async fn start(settings: &Settings, spawner: &Spawner, request_id: &str) -> Result<Process, Completion> {
    let program = Program {
        directory: settings.task_root.clone(),
        language: Language::Bootstrap,
        variables: settings.variables.clone(),
    };
    let mut process = Process::start(spawner, program, request_id).await.map_err(Completion::without_process)?;
    process.initialise(request_id, settings.timeout_seconds).await?;
    Ok(process)
}

fn error_body(result: &InvocationResult, request_id: &str) -> String {
    match result {
        InvocationResult::Error { error_type, message } => {
            json!({"errorType": error_type, "errorMessage": message, "requestId": request_id}).to_string()
        }
        InvocationResult::Response(body) => body.clone(),
    }
}

/// What Lambda writes into the function's log.
fn logs(id: &str, completion: &Completion) -> String {
    let mut text = format!("START RequestId: {id} Version: $LATEST\n");
    for line in &completion.log_lines {
        text.push_str(line);
        text.push('\n');
    }
    let milliseconds = completion.duration_ms;
    text.push_str(&format!("END RequestId: {id}\nREPORT RequestId: {id}\tDuration: {milliseconds:.2} ms\n"));
    text
}

/// The container's own log shows the function's lines too.
fn print_lines(completion: &Completion) {
    for line in &completion.log_lines {
        log(line);
    }
}

/// Writes into the container's log.
pub(crate) fn log(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
