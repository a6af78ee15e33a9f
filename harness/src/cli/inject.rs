//! `rootwatch inject`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

use super::{Exit, complain, print, warn};
use crate::scenario::{Step, find};

/// Options of `inject`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  rootwatch inject scenarios/login/passkey.json                         into `rootwatch serve` or `run --keep`
  rootwatch inject trail.json.gz --endpoint http://127.0.0.1:4567       on another port
  rootwatch inject --format json event.json                             one line of JSON for each event")]
pub(super) struct Inject {
    /// A scenario, a CloudTrail record, a log file or an EventBridge event; `-` for standard input
    file: PathBuf,
    /// Write one line of JSON for each event
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// The endpoint of `rootwatch serve`
    #[arg(long, env = "AWS_ENDPOINT_URL", default_value = "http://127.0.0.1:4566")]
    endpoint: String,
}

/// How the answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// JSON.
    Json,
}

/// The answer to one event, for people.
fn words(name: &str, event: &Value, answer: &Value) -> String {
    let what = event["eventName"].as_str().or_else(|| event["detail-type"].as_str()).unwrap_or("event");
    let text = |member: &str| answer[member].as_str().unwrap_or("?").to_owned();
    let place = format!("account {}, {}", text("account"), text("region"));
    match answer["undelivered"].as_str() {
        Some(reason) => format!("{name}: {what}: not delivered ({place}): {reason}"),
        None => format!("{name}: {what}: delivered to the default bus ({place}) as event {}", text("event_id")),
    }
}

impl Inject {
    pub(super) async fn execute(self) -> Exit {
        let loaded = match find(&self.file) {
            Ok(loaded) => loaded,
            Err(error) => {
                complain(&error.to_string());
                return Exit::Usage;
            }
        };
        let mut exit = Exit::Success;
        for loaded in loaded {
            let scenario = match loaded.scenario {
                Ok(scenario) => scenario,
                Err(error) => {
                    complain(&error.to_string());
                    return Exit::Usage;
                }
            };
            for step in scenario.steps() {
                let event = match step {
                    Step::Record(event) | Step::Event(event) => event,
                    Step::Put(_) => {
                        warn(&format!("{}: `put_events` are calls, not deliveries; inject skips them", loaded.name));
                        continue;
                    }
                };
                match post(&self.endpoint, "/_rootwatch/records", &event).await {
                    Ok(answer) => {
                        let answer = &answer["injected"][0];
                        if !answer["undelivered"].is_null() {
                            exit = Exit::Failed;
                        }
                        match self.format {
                            Format::Human => print(&words(&loaded.name, &event, answer)),
                            Format::Json => print(&answer.to_string()),
                        }
                    }
                    Err(error) => {
                        complain(&error);
                        return Exit::Environment;
                    }
                }
            }
        }
        exit
    }
}

/// Posts JSON to a loopback endpoint and reads JSON.
async fn post(endpoint: &str, path: &str, body: &Value) -> Result<Value, String> {
    let authority = endpoint.trim_end_matches('/').strip_prefix("http://");
    let authority =
        authority.ok_or_else(|| format!("{endpoint}: expected http://HOST:PORT, as `rootwatch serve` prints it"))?;
    let failed = |error: &dyn std::fmt::Display| {
        format!("{endpoint} does not answer: {error}; start it with `rootwatch serve`, or name it with --endpoint")
    };
    let stream = tokio::net::TcpStream::connect(authority).await.map_err(|error| failed(&error))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| failed(&error))?;
    let connection = tokio::spawn(connection);
    let request = Request::post(path)
        .header("host", authority)
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body.to_string())))
        .map_err(|error| failed(&error))?;
    let answer = sender.send_request(request).await.map_err(|error| failed(&error))?;
    let status = answer.status();
    let bytes = answer.into_body().collect().await.map_err(|error| failed(&error))?.to_bytes();
    connection.abort();
    let answer: Value = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
    if status.is_success() {
        return Ok(answer);
    }
    let reason = answer["error"].as_str().map_or_else(|| answer.to_string(), str::to_owned);
    Err(format!("{endpoint} refused it ({status}): {reason}"))
}
