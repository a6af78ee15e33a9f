//! LocalStack's init protocol over real HTTP, against an endpoint that records what it is told, as LocalStack's
//! `executor_endpoint.py` would be. The function is a shell script behind the real Runtime API.

#![allow(missing_docs, reason = "a test target")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use http_body_util::BodyExt;
use rootwatch_init::{Settings, serve};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A runtime in bash: it asks for work, does what the payload says, and answers.
const BOOTSTRAP: &str = r#"#!/bin/bash
api=$AWS_LAMBDA_RUNTIME_API
talk() { # method path body
  exec 3<>"/dev/tcp/${api%:*}/${api#*:}"
  printf '%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %s\r\n\r\n%s' \
    "$1" "$2" "$api" "${#3}" "$3" >&3
  cat <&3; exec 3>&-
}
[ -z "$FAIL_AT_START" ] || { talk POST init/error '{"errorType":"Config","errorMessage":"no topic"}'; exit 1; }
while :; do
  work=$(talk GET invocation/next "") || exit 0
  id=$(grep -i '^lambda-runtime-aws-request-id:' <<<"$work" | tr -d '\r' | cut -d' ' -f2)
  trace=$(grep -i '^lambda-runtime-trace-id:' <<<"$work" | tr -d '\r' | cut -d' ' -f2)
  [ -n "$id" ] || exit 0
  case "$work" in
    *exit*) exit 3 ;;
    *hang*) sleep 600 ;;
    *error*) talk POST "invocation/$id/error" '{"errorType":"Boom","errorMessage":"it broke"}' >/dev/null ;;
    *) echo "a line of $id"
       talk POST "invocation/$id/response" "{\"task\":\"$LAMBDA_TASK_ROOT\",\"trace\":\"$trace\",\"pid\":$$}" >/dev/null ;;
  esac
done
"#;

/// What LocalStack was told: path and body.
type Told = mpsc::UnboundedReceiver<(String, String)>;

struct Environment {
    told: Told,
    invoke: String,
    task: tempfile::TempDir,
    _init: tokio::task::JoinHandle<()>,
}

async fn environment(timeout: u32, variables: &[(&str, &str)]) -> Environment {
    let (sender, told) = mpsc::unbounded_channel();
    let localstack = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/_localstack_lambda/env-1", localstack.local_addr().unwrap());
    let app = Router::new().fallback(record).with_state(sender);
    tokio::spawn(async move { axum::serve(localstack, app).await });
    let task = tempfile::tempdir().unwrap();
    let bootstrap = task.path().join("bootstrap");
    std::fs::write(&bootstrap, BOOTSTRAP).unwrap();
    std::fs::set_permissions(&bootstrap, std::fs::Permissions::from_mode(0o755)).unwrap();
    let own = [
        ("LOCALSTACK_RUNTIME_ENDPOINT", endpoint.as_str()),
        ("LOCALSTACK_RUNTIME_ID", "env-1"),
        ("AWS_LAMBDA_FUNCTION_TIMEOUT", &timeout.to_string()),
    ];
    let all = own.iter().chain(variables).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let mut settings = Settings::read(all).unwrap();
    settings.task_root = task.path().to_path_buf();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let invoke = format!("http://{}/invoke", listener.local_addr().unwrap());
    let init = tokio::spawn(async move { serve(settings, listener).await.unwrap() });
    Environment { told, invoke, task, _init: init }
}

async fn record(State(sender): State<mpsc::UnboundedSender<(String, String)>>, request: Request) -> &'static str {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    sender.send((path, String::from_utf8(body.to_vec()).unwrap())).unwrap();
    ""
}

impl Environment {
    async fn next(&mut self) -> (String, String) {
        tokio::time::timeout(Duration::from_secs(30), self.told.recv()).await.expect("LocalStack is told").unwrap()
    }

    /// What LocalStack posts; it expects a quick answer.
    async fn invoke(&self, id: &str, payload: &str) {
        let body = json!({
            "invoke-id": id, "invoked-function-arn": "arn:aws:lambda:us-east-1:999988887777:function:f",
            "payload": payload, "trace-id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1",
        });
        let http: hyper_util::client::legacy::Client<_, http_body_util::Full<bytes::Bytes>> =
            hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new()).build_http();
        let request = hyper::Request::post(&self.invoke).header("content-type", "application/json");
        let answer = http.request(request.body(body.to_string().into()).unwrap()).await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    /// The logs and the end of a run.
    async fn run(&mut self, id: &str, payload: &str) -> (String, String, Value) {
        self.invoke(id, payload).await;
        let (path, logs) = self.next().await;
        assert_eq!(path, format!("/_localstack_lambda/env-1/invocations/{id}/logs"));
        let logs: Value = serde_json::from_str(&logs).unwrap();
        let (path, body) = self.next().await;
        let end = path.strip_prefix(&format!("/_localstack_lambda/env-1/invocations/{id}/")).unwrap().to_owned();
        (logs["logs"].as_str().unwrap().to_owned(), end, serde_json::from_str(&body).unwrap())
    }
}

#[tokio::test]
async fn a_function_is_ready_answers_and_is_used_again() {
    let mut environment = environment(30, &[]).await;
    assert_eq!(environment.next().await, ("/_localstack_lambda/env-1/status/env-1/ready".to_owned(), String::new()));
    let (logs, end, first) = environment.run("run-1", r#"{"do":"answer"}"#).await;
    assert_eq!(end, "response");
    assert!(logs.contains("START RequestId: run-1") && logs.contains("a line of run-1"), "{logs}");
    assert_eq!(first["task"], environment.task.path().canonicalize().unwrap().to_str().unwrap());
    assert_eq!(first["trace"], "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1");
    let (logs, _, second) = environment.run("run-2", "{}").await;
    assert_eq!(first["pid"], second["pid"]);
    assert!(!logs.contains("run-1"), "{logs}");
}

#[tokio::test]
async fn errors_exits_and_timeouts_are_told_and_the_next_run_works() {
    let mut environment = environment(1, &[]).await;
    environment.next().await;
    let cases = [
        ("error", "Boom", "it broke"),
        ("exit", "Runtime.ExitError", "exit status 3"),
        ("hang", "Sandbox.Timedout", "Task timed out after 1.00 seconds"),
    ];
    for (what, error_type, message) in cases {
        let (_, end, error) = environment.run(what, &json!({"do": what}).to_string()).await;
        assert_eq!(end, "error", "{what}");
        assert_eq!(error["errorType"], error_type);
        assert!(error["errorMessage"].as_str().unwrap().contains(message), "{error}");
        let (_, end, _) = environment.run(&format!("after-{}", what.len()), "{}").await;
        assert_eq!(end, "response", "after {what}");
    }
}

#[tokio::test]
async fn a_failed_start_is_told_as_such() {
    let mut environment = environment(30, &[("FAIL_AT_START", "1")]).await;
    let (path, body) = environment.next().await;
    assert_eq!(path, "/_localstack_lambda/env-1/status/env-1/error");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["errorType"], "Config");
    assert_eq!(body["errorMessage"], "no topic");
}

#[test]
fn what_is_between_localstack_and_this_program_is_not_the_functions() {
    let environment = [
        ("LOCALSTACK_RUNTIME_ENDPOINT", "http://172.18.0.2:4566/_localstack_lambda/e/"),
        ("LOCALSTACK_RUNTIME_ID", "e"),
        ("LOCALSTACK_HOSTNAME", "172.18.0.2"),
        ("AWS_LAMBDA_FUNCTION_TIMEOUT", "7"),
        ("AWS_ENDPOINT_URL", "http://172.18.0.2:4566"),
        ("SSL_CERT_FILE", "/etc/rootwatch/authority.pem"),
    ];
    let read = |left_out: &str| {
        let kept = environment.iter().filter(|(name, _)| *name != left_out);
        Settings::read(kept.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    };
    let settings = read("").unwrap();
    assert_eq!(settings.endpoint, "http://172.18.0.2:4566/_localstack_lambda/e");
    assert_eq!(settings.timeout_seconds, 7);
    let mut names: Vec<&str> = settings.variables.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["AWS_ENDPOINT_URL", "LOCALSTACK_HOSTNAME", "PATH", "SSL_CERT_FILE"]);
    for missing in ["LOCALSTACK_RUNTIME_ENDPOINT", "LOCALSTACK_RUNTIME_ID", "AWS_LAMBDA_FUNCTION_TIMEOUT"] {
        assert!(read(missing).unwrap_err().to_string().contains(missing));
    }
}
