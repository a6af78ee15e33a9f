//! Real processes behind the Runtime API. The function is this test binary itself: its `bootstrap` is a script that runs
//! the ignored test `function` below.

use std::io::{Cursor, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{CodeStore, Completion, Effect, Environment, Host, HostOptions, Invocation, InvocationResult, Language};
use crate::services::lambda::Origin;

const SHA: &str = "0123456789abcdef";

/// The function: does what its payload says.
#[test]
#[ignore = "it is the function that the other tests start"]
#[expect(clippy::disallowed_methods, reason = "a function may end as it likes")]
fn function() {
    let Ok(api) = std::env::var("AWS_LAMBDA_RUNTIME_API") else { return };
    if let Ok(code) = std::env::var("EXIT_AT_START") {
        std::process::exit(code.parse().unwrap());
    }
    if std::env::var_os("FAIL_AT_START").is_some() {
        post(&api, "init/error", r#"{"errorType":"Config","errorMessage":"no topic"}"#);
        std::process::exit(1);
    }
    for count in 1.. {
        // The socket closes when the host goes: so does the function.
        let Some((headers, body)) = request(&api, "GET", "invocation/next", "") else { std::process::exit(0) };
        let header =
            |name: &str| headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone());
        let id = header("Lambda-Runtime-Aws-Request-Id").unwrap();
        let event: Value = serde_json::from_str(&body).unwrap();
        let (path, answer) = match event["do"].as_str().unwrap_or_default() {
            "exit" => std::process::exit(event["code"].as_i64().unwrap() as i32),
            "abort" => std::process::abort(),
            "grow" => {
                // Read, so that all of it is there.
                let held = vec![1u8; event["megabytes"].as_u64().unwrap() as usize * 1024 * 1024];
                let sum: u64 = held.iter().map(|byte| u64::from(*byte)).sum();
                if event["wait"] == true {
                    loop {
                        std::thread::park();
                    }
                }
                ("response", json!({ "sum": sum }))
            }
            // As the kernel may end whatever it likes.
            "kill" => {
                let _ = std::process::Command::new("kill").args(["-KILL", &std::process::id().to_string()]).status();
                continue;
            }
            "hang" => loop {
                std::thread::park();
            },
            "error" => ("error", json!({"errorType": "Boom", "errorMessage": "it broke", "stackTrace": []})),
            "print" => {
                println!("to stdout");
                eprintln!("to stderr");
                ("response", json!(null))
            }
            _ => (
                "response",
                json!({
                    "event": event,
                    "count": count,
                    "pid": std::process::id(),
                    "deadline": header("Lambda-Runtime-Deadline-Ms"),
                    "arn": header("Lambda-Runtime-Invoked-Function-Arn"),
                    "trace": header("Lambda-Runtime-Trace-Id"),
                    "directory": std::env::current_dir().unwrap(),
                    "variables": std::env::vars().collect::<std::collections::BTreeMap<_, _>>(),
                }),
            ),
        };
        post(&api, &format!("invocation/{id}/{path}"), &answer.to_string());
    }
}

fn post(api: &str, path: &str, body: &str) {
    assert_eq!(request(api, "POST", path, body).unwrap().1, r#"{"status":"OK"}"#);
}

/// One HTTP exchange; `None` when the connection ends before the answer.
fn request(api: &str, method: &str, path: &str, body: &str) -> Option<(Vec<(String, String)>, String)> {
    let mut stream = TcpStream::connect(api).ok()?;
    let length = body.len();
    let head = format!(
        "{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nhost: {api}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    Some((headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(), body.to_owned()))
}

/// A package whose `bootstrap` is this binary's `function`.
fn package() -> Vec<u8> {
    let test = "runtime::tests::function";
    let program = std::env::current_exe().unwrap();
    let script = format!("#!/bin/sh\nexec '{}' --exact {test} --ignored --nocapture\n", program.display());
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
    zip.write_all(script.as_bytes()).unwrap();
    zip.finish().unwrap().into_inner()
}

struct Fixture {
    host: Host,
    directory: tempfile::TempDir,
}

fn fixture() -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let code = Arc::new(CodeStore::new(directory.path()));
    let extra_variables = vec![("AWS_ENDPOINT_URL".to_owned(), "http://127.0.0.1:1".to_owned())];
    let host = Host::new(HostOptions { code, extra_variables });
    host.apply(Effect::StoreCode { sha256: SHA.into(), zip: Arc::from(package()) });
    Fixture { host, directory }
}

fn invocation(payload: Value) -> Invocation {
    Invocation {
        request_id: "8476a536-e9f4-11e8-9739-2dfe598c3fcd".into(),
        function: "arn:aws:lambda:us-east-1:999988887777:function:f".into(),
        payload: payload.to_string(),
        deadline_ms: 1_772_442_877_000,
        timeout_seconds: 30,
        environment: Environment {
            code_sha256: SHA.into(),
            language: Language::Bootstrap,
            variables: vec![
                ("TOPIC".into(), "t".into()),
                ("AWS_ENDPOINT_URL".into(), "https://example.invalid".into()),
            ],
        },
        origin: Origin::Sync,
    }
}

fn response(completion: &Completion) -> Value {
    match &completion.result {
        InvocationResult::Response(text) => serde_json::from_str(text).unwrap(),
        other => panic!("{other:?}, after {:?}", completion.log_lines),
    }
}

fn is_running(pid: u64) -> bool {
    // A zombie that waits to be reaped does not run.
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    status.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['Z', 'X']))
}

/// Waits for the end of a process.
async fn ended(pid: u64) {
    let mut interval = tokio::time::interval(Duration::from_millis(10));
    for _ in 0..1000 {
        if !is_running(pid) {
            return;
        }
        interval.tick().await;
    }
    panic!("process {pid} still runs");
}

#[tokio::test]
async fn a_function_answers_and_its_process_is_used_again() {
    let Fixture { host, directory } = fixture();
    let completion = host.invoke(invocation(json!({"x": 1}))).await;
    assert!(completion.init_ms.is_some_and(|init| init > 0.0));
    let first = response(&completion);
    assert_eq!((&first["event"], &first["count"]), (&json!({"x": 1}), &json!(1)));
    assert_eq!(
        (&first["deadline"], &first["arn"]),
        (&json!("1772442877000"), &json!("arn:aws:lambda:us-east-1:999988887777:function:f"),)
    );
    assert!(first["trace"].as_str().unwrap().starts_with("Root=1-69a5"), "{}", first["trace"]);
    let code = directory.path().join(SHA).canonicalize().unwrap();
    assert_eq!(Path::new(first["directory"].as_str().unwrap()), code);
    let variables = first["variables"].as_object().unwrap();
    // PWD and such are the shell's.
    assert_eq!(variables["TOPIC"], "t");
    assert_eq!(variables["AWS_ENDPOINT_URL"], "http://127.0.0.1:1", "the host's come first");
    assert_eq!(variables["LAMBDA_TASK_ROOT"].as_str().unwrap(), code.to_str().unwrap());
    assert!(!variables.contains_key("HOME") && !variables.contains_key("CARGO_MANIFEST_DIR"), "{variables:?}");

    let completion = host.invoke(invocation(json!({}))).await;
    assert_eq!(completion.init_ms, None);
    let second = response(&completion);
    assert_eq!((&second["count"], &second["pid"]), (&json!(2), &first["pid"]));

    // An error that the function reports leaves its process as it is.
    let failed = host.invoke(invocation(json!({"do": "error"}))).await;
    let boom = InvocationResult::Error { error_type: "Boom".into(), message: "it broke".into() };
    assert_eq!(failed.result, boom);
    assert_eq!(response(&host.invoke(invocation(json!({}))).await)["count"], 4);

    // Another environment is another process, and the old one goes.
    let mut changed = invocation(json!({}));
    changed.environment.variables.push(("MORE".into(), "m".into()));
    let third = response(&host.invoke(changed.clone()).await);
    assert_eq!(third["count"], 1);
    ended(first["pid"].as_u64().unwrap()).await;

    host.retire(&changed.function);
    ended(third["pid"].as_u64().unwrap()).await;
    assert_eq!(response(&host.invoke(changed).await)["count"], 1);
}

#[tokio::test]
async fn output_is_kept_by_the_line() {
    let Fixture { host, directory: _directory } = fixture();
    for run in 0..20 {
        let completion = host.invoke(invocation(json!({"do": "print"}))).await;
        for line in ["to stdout", "to stderr"] {
            let found = completion.log_lines.iter().filter(|kept| *kept == line).count();
            assert_eq!(found, 1, "run {run}: {line} in {:?}", completion.log_lines);
        }
    }
}

#[tokio::test]
async fn how_runs_fail() {
    // [V] LS:lambda_/test_lambda::TestLambdaErrors; the words for signals [T]
    let id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
    let Fixture { host, directory: _directory } = fixture();
    let check = async |invocation: Invocation, error_type: &str, message: &str| {
        let completion = host.invoke(invocation).await;
        match &completion.result {
            InvocationResult::Error { error_type: found, message: text } => {
                assert_eq!((found.as_str(), text.as_str()), (error_type, message), "{:?}", completion.log_lines);
            }
            other => panic!("{other:?}"),
        }
        completion
    };
    let exit = "Runtime.ExitError";
    let say = |text: &str| format!("RequestId: {id} Error: {text}");
    let without_reason = say("Runtime exited without providing a reason");
    check(invocation(json!({"do": "exit", "code": 0})), exit, &without_reason).await;
    let with_status = say("Runtime exited with error: exit status 3");
    check(invocation(json!({"do": "exit", "code": 3})), exit, &with_status).await;
    let aborted = host.invoke(invocation(json!({"do": "abort"}))).await;
    assert!(
        matches!(&aborted.result, InvocationResult::Error { error_type, message }
            if error_type == exit && message.starts_with(&say("Runtime exited with error: signal: aborted"))),
        "{aborted:?}"
    );
    check(invocation(json!({"do": "kill"})), exit, &say("Runtime exited with error: signal: killed")).await;
    // Out of memory. [D] troubleshooting-invocation: "Runtime exited with error: signal: killed", Runtime.ExitError
    let growing = |more: Value, size: &str| {
        let mut invocation = invocation(more);
        invocation.environment.variables.push(("AWS_LAMBDA_FUNCTION_MEMORY_SIZE".into(), size.into()));
        invocation
    };
    let grow = || json!({"do": "grow", "megabytes": 300, "wait": true});
    let killed = check(growing(grow(), "256"), exit, &say("Runtime exited with error: signal: killed")).await;
    assert!(killed.memory_mb.is_some_and(|mb| mb >= 256), "{killed:?}");
    let enough = host.invoke(growing(json!({"do": "grow", "megabytes": 300}), "1024")).await;
    assert_eq!(response(&enough)["sum"], 300 * 1024 * 1024);
    // [D] monitoring-cloudwatchlogs-view: the most that the run used
    assert!(enough.memory_mb.is_some_and(|mb| (300..1024).contains(&mb)), "{:?}", enough.memory_mb);
    let mut short = invocation(json!({"do": "hang"}));
    short.timeout_seconds = 1;
    check(short, "Sandbox.Timedout", &say("Task timed out after 1.00 seconds")).await;
    // After each of these the environment was discarded.
    assert_eq!(response(&host.invoke(invocation(json!({}))).await)["count"], 1);

    let with = |name: &str, value: &str| {
        let mut invocation = invocation(json!({}));
        invocation.environment.variables.push((name.into(), value.into()));
        invocation
    };
    check(with("EXIT_AT_START", "7"), exit, &say("Runtime exited with error: exit status 7")).await;
    check(with("FAIL_AT_START", "1"), "Config", "no topic").await;
    let mut missing = invocation(json!({}));
    missing.environment.code_sha256 = "none".into();
    let reason = say("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]");
    check(missing, "Runtime.InvalidEntrypoint", &reason).await;
}

#[tokio::test]
async fn nothing_outlives_the_host() {
    let Fixture { host, directory: _directory } = fixture();
    let idle = response(&host.invoke(invocation(json!({}))).await)["pid"].as_u64().unwrap();
    assert!(is_running(idle));
    // One that is busy when its caller goes away.
    let busy = tokio::time::timeout(Duration::from_secs(2), host.invoke(invocation(json!({"do": "hang"})))).await;
    assert!(busy.is_err());
    ended(idle).await;
    let idle = response(&host.invoke(invocation(json!({}))).await)["pid"].as_u64().unwrap();
    drop(host);
    ended(idle).await;
}

#[tokio::test]
async fn runs_at_once_have_processes_of_their_own() {
    let Fixture { host, directory: _directory } = fixture();
    let (first, second) =
        tokio::join!(host.invoke(invocation(json!({"n": 1}))), host.invoke(invocation(json!({"n": 2}))));
    let (first, second) = (response(&first), response(&second));
    assert_eq!((&first["event"]["n"], &second["event"]["n"]), (&json!(1), &json!(2)));
    assert_ne!(first["pid"], second["pid"]);
}

#[test]
fn packages_are_kept_once_and_whole() {
    let directory = tempfile::tempdir().unwrap();
    let store = CodeStore::new(directory.path().join("code"));
    assert!(!store.contains(SHA));
    let zip = package();
    for _ in 0..2 {
        store.store(SHA, &zip).unwrap();
    }
    assert!(store.contains(SHA));
    assert!(store.directory(SHA).join("bootstrap").is_file());
    assert_eq!(std::fs::read_dir(&store.root).unwrap().count(), 1, "no scratch is left");
    assert!(store.store("broken", b"no zip").unwrap_err().to_string().contains("cannot unpack"));
    assert!(!store.contains("broken"));
    assert_eq!(std::fs::read_dir(&store.root).unwrap().count(), 1, "not after a failure either");
}

/// [D] python-handler, python-exceptions; the text of a module that is not there [V] LS:lambda_, widely quoted
#[tokio::test]
async fn a_python_function_runs_in_this_machines_python() {
    let found = std::process::Command::new("/usr/bin/env").args(["python3", "--version"]).output();
    if !found.is_ok_and(|found| found.status.success()) {
        return;
    }
    const SOURCE: &str = "import os\n\ndef handle(event, context):\n    print('hello')\n    \
                          if event == 'boom':\n        raise ValueError('no good')\n    \
                          return {'event': event, 'id': context.aws_request_id, 'name': os.environ['AWS_LAMBDA_FUNCTION_NAME']}\n";
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("app.py", SimpleFileOptions::default()).unwrap();
    zip.write_all(SOURCE.as_bytes()).unwrap();
    let Fixture { host, directory: _directory } = fixture();
    let sha256 = "fedcba9876543210";
    host.apply(Effect::StoreCode { sha256: sha256.into(), zip: Arc::from(zip.finish().unwrap().into_inner()) });
    let python = |payload: Value, handler: &str| {
        let mut invocation = invocation(payload);
        let variables = [
            ("_HANDLER", handler),
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("AWS_LAMBDA_FUNCTION_NAME", "f"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "g"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "s"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        invocation.environment = Environment { code_sha256: sha256.into(), language: Language::Python, variables };
        invocation
    };
    let completion = host.invoke(python(json!({"x": 1}), "app.handle")).await;
    let expected = json!({"event": {"x": 1}, "id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd", "name": "f"});
    assert_eq!((response(&completion), completion.log_lines.as_slice()), (expected, ["hello".to_owned()].as_slice()));
    let failed = host.invoke(python(json!("boom"), "app.handle")).await;
    let error = InvocationResult::Error { error_type: "ValueError".into(), message: "no good".into() };
    assert_eq!(failed.result, error);
    let missing = host.invoke(python(json!({}), "nothing.handle")).await;
    let error = InvocationResult::Error {
        error_type: "Runtime.ImportModuleError".into(),
        message: "Unable to import module 'nothing': No module named 'nothing'".into(),
    };
    assert_eq!(missing.result, error);
}

/// [D] nodejs-handler: CommonJS, promises and callbacks, errors by name; a runtime that does not run here says so
#[tokio::test]
async fn a_node_function_runs_in_this_machines_node() {
    let found = std::process::Command::new("/usr/bin/env").args(["node", "--version"]).output();
    let has_node = found.is_ok_and(|found| found.status.success());
    const SOURCE: &str = "exports.handle = async (event, context) => {\n  console.log('hello');\n  \
                          if (event === 'boom') throw new TypeError('no good');\n  \
                          return {event, id: context.awsRequestId};\n};\n\
                          exports.callback = (event, context, done) => done(null, event);\n";
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("app.js", SimpleFileOptions::default()).unwrap();
    zip.write_all(SOURCE.as_bytes()).unwrap();
    let Fixture { host, directory: _directory } = fixture();
    let sha256 = "fedcba9876543211";
    host.apply(Effect::StoreCode { sha256: sha256.into(), zip: Arc::from(zip.finish().unwrap().into_inner()) });
    let invocation = |payload: Value, handler: &str, language: Language| {
        let mut invocation = invocation(payload);
        let variables = [
            ("_HANDLER", handler),
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("AWS_EXECUTION_ENV", "AWS_Lambda_ruby3.3"),
            ("AWS_LAMBDA_FUNCTION_NAME", "f"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        invocation.environment = Environment { code_sha256: sha256.into(), language, variables };
        invocation
    };
    let refused = host.invoke(invocation(json!({}), "app.handle", Language::Other)).await;
    let InvocationResult::Error { error_type, message } = refused.result else { panic!("it ran") };
    assert_eq!(error_type, "Runtime.InvalidEntrypoint");
    assert!(message.contains("functions of ruby3.3 can be created and not invoked"), "{message}");
    if !has_node {
        return;
    }
    let completion = host.invoke(invocation(json!({"x": 1}), "app.handle", Language::Node)).await;
    let expected = json!({"event": {"x": 1}, "id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd"});
    assert_eq!((response(&completion), completion.log_lines.as_slice()), (expected, ["hello".to_owned()].as_slice()));
    let completion = host.invoke(invocation(json!([1]), "app.callback", Language::Node)).await;
    assert_eq!(response(&completion), json!([1]));
    let failed = host.invoke(invocation(json!("boom"), "app.handle", Language::Node)).await;
    let error = InvocationResult::Error { error_type: "TypeError".into(), message: "no good".into() };
    assert_eq!(failed.result, error);
    let missing = host.invoke(invocation(json!({}), "nothing.handle", Language::Node)).await;
    let error = InvocationResult::Error {
        error_type: "Runtime.ImportModuleError".into(),
        message: "Cannot find module 'nothing'".into(),
    };
    assert_eq!(missing.result, error);
}
