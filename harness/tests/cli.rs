//! What a user can get wrong: each a clear message with the next step, and the documented exit code.

#![allow(missing_docs, reason = "a test target")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn rootwatch(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootwatch"));
    command.args(arguments).env_remove("CI");
    for (key, value) in variables {
        command.env(key, value);
    }
    command.output().unwrap()
}

/// Runs the command and looks for the exit code and for texts: on stdout where all went well, else on stderr.
fn check(arguments: &[&str], variables: &[(&str, &str)], code: i32, texts: &[&str]) {
    let output = rootwatch(arguments, variables);
    let said = if code == 0 { &output.stdout } else { &output.stderr };
    let errors = String::from_utf8_lossy(said).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
    for text in texts {
        assert!(errors.contains(text), "{arguments:?}: `{text}` is not in: {errors}");
    }
}

#[test]
fn wrong_paths_are_named() {
    check(&["run", "no/such/file.json"], &[], 2, &["no/such/file.json", "give a scenario file or a folder"]);
    let empty = tempfile::tempdir().unwrap();
    check(&["run", empty.path().to_str().unwrap()], &[], 2, &["holds no scenario"]);
    check(&["walk"], &[], 2, &["unrecognized subcommand"]);
}

#[test]
fn unreadable_scenarios_point_into_the_file() {
    let cases = [
        ("{\n \"records\": [,]\n}", "bad.json:2:14: not JSON"),
        ("{\"recods\": [{}], \"title\": \"t\"}", "did you mean `records`?"),
        ("{}", "neither a scenario"),
    ];
    for (text, expected) in cases {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("bad.json");
        std::fs::write(&file, text).unwrap();
        let output = rootwatch(&["run", file.to_str().unwrap()], &[]);
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(2), "{shown}");
        assert!(shown.contains(expected), "{text}: {shown}");
    }
}

#[test]
fn a_busy_port_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    check(&["serve", "--port", &port], &[], 3, &["cannot listen on 127.0.0.1", &port, "choose another port"]);
}

#[test]
fn a_failing_build_of_the_handlers_is_shown() {
    let fake = tempfile::tempdir().unwrap();
    let cargo = script(fake.path(), "cargo", "echo 'error[E0425]: cannot find value' >&2; exit 101");
    // With an empty cache: functions that are built already need no cargo.
    let cache = tempfile::tempdir().unwrap();
    let cache = ("ROOTWATCH_CACHE", cache.path().to_str().unwrap());
    check(&["run"], &[("CARGO", &cargo), cache], 3, &["the handlers did not build", "E0425", "cargo build"]);
    check(&["run"], &[("CARGO", "/no/cargo"), cache], 3, &["could not start `/no/cargo`", "rustup"]);
}

/// Binaries of the functions, of any content: for what is looked at before anything is deployed.
fn stand_ins() -> tempfile::TempDir {
    let handlers = tempfile::tempdir().unwrap();
    for name in rootwatch::packages::FUNCTIONS {
        script(handlers.path(), &format!("rootwatch-{name}"), "exit 1");
    }
    handlers
}

#[test]
fn a_missing_terraform_says_what_to_install() {
    let handlers = stand_ins();
    let cache = tempfile::tempdir().unwrap();
    let variables = [
        ("ROOTWATCH_HANDLERS", handlers.path().to_str().unwrap()),
        ("ROOTWATCH_CACHE", cache.path().to_str().unwrap()),
        ("PATH", ""),
        ("ROOTWATCH_TERRAFORM", ""),
        ("XDG_CACHE_HOME", cache.path().to_str().unwrap()),
    ];
    let missing = ["neither `terraform` nor `tofu` was found on PATH", "install Terraform", "forbids it"];
    check(&["run", "--offline"], &variables, 3, &missing);
    let offline = [variables.as_slice(), &[("ROOTWATCH_OFFLINE", "1")]].concat();
    check(&["run"], &offline, 3, &missing);
    // Where it may be fetched: nobody answers, and something else than the publisher's zip comes.
    let deaf = [variables.as_slice(), &[("ROOTWATCH_TERRAFORM_URL", "http://127.0.0.1:1")]].concat();
    let url = "http://127.0.0.1:1/1.11.4/terraform_1.11.4_";
    check(&["run"], &deaf, 3, &["Terraform is not here: fetching", url, "could not be fetched", "install Terraform"]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong");
        }
    });
    let forged = [variables.as_slice(), &[("ROOTWATCH_TERRAFORM_URL", base.as_str())]].concat();
    check(&["run"], &forged, 3, &["is not what was published", "expected the checksum (SHA-256)", &base]);
    assert!(!cache.path().join("rootwatch/terraform-1.11.4/terraform").exists());
    let mut wrong = variables;
    wrong[3].1 = "/no/terraform";
    check(&["run"], &wrong, 3, &["ROOTWATCH_TERRAFORM names /no/terraform"]);
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let handlers = stand_ins();
    let variables = [("ROOTWATCH_HANDLERS", handlers.path().to_str().unwrap()), ("ROOTWATCH_CACHE", "/proc/rootwatch")];
    check(&["run"], &variables, 3, &["/proc/rootwatch", "ROOTWATCH_CACHE"]);
}

/// Whatever ends rootwatch while Terraform works, Terraform does not go on: it holds a pipe open as long as it lives.
#[test]
fn nothing_is_left_running() {
    for (signal, status) in [("KILL", None), ("TERM", Some(130)), ("INT", Some(130))] {
        let directory = tempfile::tempdir().unwrap();
        for name in rootwatch::packages::FUNCTIONS {
            script(directory.path(), &format!("rootwatch-{name}"), "exit 1");
        }
        let pipe = directory.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        // A provider is a child of Terraform.
        let provider = directory.path().join("provider");
        assert!(Command::new("mkfifo").arg(&provider).status().unwrap().success());
        let start = if signal == "KILL" { String::new() } else { format!("sleep 600 > {} & ", provider.display()) };
        let body = format!(
            "case $1 in version) echo '{{\"terraform_version\": \"1.11.4\"}}' ;;\n*) {start}exec sleep 600 > {} ;; esac",
            pipe.display()
        );
        let temporary = directory.path().join("tmp");
        std::fs::create_dir(&temporary).unwrap();
        let terraform = script(directory.path(), "terraform", &body);
        let rootwatch = Command::new(env!("CARGO_BIN_EXE_rootwatch"))
            .arg("run")
            .env("ROOTWATCH_HANDLERS", directory.path())
            .env("ROOTWATCH_CACHE", directory.path().join("cache"))
            .env("ROOTWATCH_TERRAFORM", terraform)
            .env("TMPDIR", &temporary)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Opens when Terraform has started.
        let mut held = if start.is_empty() { Vec::new() } else { vec![std::fs::File::open(&provider).unwrap()] };
        held.push(std::fs::File::open(&pipe).unwrap());
        let killed = Command::new("kill").args(["-s", signal, &rootwatch.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let output = rootwatch.wait_with_output().unwrap();
        assert_eq!(output.status.code(), status, "{signal}");
        // They end when Terraform and its provider have: a hang here is the failure.
        for pipe in &mut held {
            pipe.read_to_end(&mut Vec::new()).unwrap();
        }
        if status.is_some() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(said.contains("interrupted"), "{signal}: {said}");
            let left: Vec<_> = temporary.read_dir().unwrap().flatten().map(|entry| entry.path()).collect();
            assert!(left.is_empty(), "{signal}: {left:?}");
        }
    }
}

/// Writes an executable script; its path.
fn script(directory: &Path, name: &str, body: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = directory.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_scenario_is_made_of_a_log_file() {
    let directory = tempfile::tempdir().unwrap();
    let record = serde_json::json!({"Records": [{
        "eventVersion": "1.11", "eventSource": "iam.amazonaws.com", "eventName": "CreateAccessKey",
        "userIdentity": {"type": "Root", "accountId": "210987654321", "arn": "arn:aws:iam::210987654321:root"},
        "sourceIPAddress": "81.2.69.142", "recipientAccountId": "210987654321",
    }]});
    let file = directory.path().join("trail.json.gz");
    let mut gz = flate2::write::GzEncoder::new(std::fs::File::create(&file).unwrap(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gz, record.to_string().as_bytes()).unwrap();
    gz.finish().unwrap();
    let into = directory.path().join("scenarios");
    let arguments = ["new", "found/one", "--from", file.to_str().unwrap(), "--into", into.to_str().unwrap()];
    let made = rootwatch(&arguments, &[]);
    let text = std::fs::read_to_string(into.join("found/one.json")).unwrap_or_default();
    let again = rootwatch(&arguments, &[]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    assert!(String::from_utf8_lossy(&made.stdout).contains("1 account id, 1 IPv4 address"));
    assert!(text.contains("111122223333") && !text.contains("210987654321") && !text.contains("81.2"), "{text}");
    assert_eq!(again.status.code(), Some(2), "a scenario that is there is not replaced");
    check(&["new", "../outside", "--from", file.to_str().unwrap()], &[], 2, &["is not a scenario name"]);
}

#[test]
fn generated_files_are_up_to_date() {
    let schema = String::from_utf8(rootwatch(&["schema"], &[]).stdout).unwrap();
    for (file, generated) in [("scenarios/schema.json", schema), ("docs/topology.svg", rootwatch::report::svg(&[]))] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
        if std::env::var_os("ROOTWATCH_UPDATE").is_some() {
            std::fs::write(&path, &generated).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        let update = format!("{file} is out of date: ROOTWATCH_UPDATE=1 cargo test -p rootwatch --test cli");
        assert!(kept == generated, "{update}");
    }
}

#[test]
fn the_doctor_and_the_lists_answer() {
    check(&["list", "/no/such/folder"], &[], 2, &["/no/such/folder"]);
    let listed = rootwatch(&["list"], &[]);
    assert!(listed.status.success());
    assert!(String::from_utf8_lossy(&listed.stdout).contains("login/passkey"));
}

/// What is missing, what the doctor says of it, and whether the default run could work.
#[test]
fn the_doctor_says_what_fixes_it() {
    let empty = tempfile::tempdir().unwrap();
    let nowhere = empty.path().to_str().unwrap();
    let old = script(empty.path(), "old-terraform", "echo '{\"terraform_version\": \"1.4.6\"}'");
    let new = script(empty.path(), "new-terraform", "echo '{\"terraform_version\": \"1.11.4\"}'");
    let rustc = script(empty.path(), "old-rustc", "echo 'rustc 1.70.0 (90c541806 2023-05-31)'");
    let base = [("XDG_CACHE_HOME", nowhere), ("HOME", nowhere), ("ROOTWATCH_CACHE", nowhere)];
    type Variables<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Variables<'_>, i32, &[&str]); 8] = [
        (
            &[("PATH", ""), ("ROOTWATCH_TERRAFORM", "")],
            3,
            &["missing Terraform", "--offline", "help: install Terraform"],
        ),
        (&[("ROOTWATCH_TERRAFORM", "/no/terraform")], 3, &["missing Terraform", "/no/terraform", "help:"]),
        (
            &[("ROOTWATCH_TERRAFORM", &old)],
            3,
            &["missing Terraform", "1.4.6", "too old", "help: install Terraform 1.5"],
        ),
        (&[("ROOTWATCH_TERRAFORM", &new), ("RUSTC", &rustc)], 3, &["missing Rust", "1.70.0", "help: rustup update"]),
        (
            &[("ROOTWATCH_TERRAFORM", &new), ("CARGO", "/no/cargo")],
            3,
            &["missing Rust", "/no/cargo", "https://rustup.rs"],
        ),
        (
            &[("ROOTWATCH_TERRAFORM", &new), ("ROOTWATCH_CACHE", "/proc/x")],
            3,
            &["missing cache", "/proc/x", "ROOTWATCH_CACHE"],
        ),
        (
            &[("ROOTWATCH_TERRAFORM", &new), ("CARGO_TARGET_DIR", "/proc/y")],
            3,
            &["missing build", "/proc/y", "CARGO_TARGET_DIR"],
        ),
        (
            &[("ROOTWATCH_TERRAFORM", &new), ("PATH", ""), ("DOCKER_HOST", "unix:///no/docker.sock")],
            3,
            &[
                "ok      Terraform",
                "absent  Docker",
                "/no/docker.sock is not there",
                "absent  LocalStack",
                "absent  base image",
                "absent  setpriv",
                "help:",
            ],
        ),
    ];
    for (variables, code, texts) in cases {
        let output = rootwatch(&["doctor", "--offline"], &[base.as_slice(), variables].concat());
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        for text in texts {
            assert!(said.contains(text), "{variables:?}: `{text}` is not in\n{said}");
        }
        assert_eq!(output.status.code(), Some(code), "{variables:?}\n{said}");
        assert!(said.contains("cannot work here"), "{said}");
    }
}

/// Every subcommand teaches by examples.
#[test]
fn help_has_examples() {
    let help = |arguments: &[&str]| {
        let output = rootwatch(arguments, &[]);
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let whole = help(&["--help"]);
    let commands = whole.split("Commands:\n").nth(1).unwrap().lines().take_while(|line| !line.is_empty());
    let names: Vec<&str> = commands
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(names.contains(&"run") && names.contains(&"record"), "{names:?}");
    for name in names.into_iter().filter(|name| *name != "help") {
        let text = help(&[name, "--help"]);
        assert!(text.contains("Examples:\n  ") && text.contains(&format!("rootwatch {name}")), "{name}: {text}");
    }
}

/// A target that cannot be built says what is missing, with the command that fixes it.
#[test]
fn a_target_that_cannot_be_built_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let rustc = script(folder.path(), "rustc", &format!("echo {}", folder.path().display()));
    let cargo = script(folder.path(), "cargo", "exit 101");
    let out = folder.path().join("dist");
    let arguments = ["package", "--target", "arm64", "--out", out.to_str().unwrap()];
    let variables = [("RUSTC", rustc.as_str()), ("CARGO", cargo.as_str())];
    check(&arguments, &variables, 3, &["aarch64-unknown-linux-gnu cannot be built here", "rustup target add aarch64"]);
    assert!(!out.exists());
    check(&["package", "--target", "mips"], &[], 2, &["x86_64", "arm64"]);
}

/// Each run is shown as it ends; a change of the file is the next one.
#[test]
fn a_change_of_a_scenario_runs_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wrong.json");
    std::fs::write(&file, "{\"recods\": []}").unwrap();
    let mut watch = Command::new(env!("CARGO_BIN_EXE_rootwatch"))
        .args(["run", "--watch", folder.path().to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines =
        std::io::BufRead::lines(std::io::BufReader::new(watch.stdout.take().unwrap())).map_while(Result::ok);
    assert!(lines.any(|line| line.contains("did you mean `records`?")));
    std::fs::write(&file, "{\"records\": [], \"exect\": {}}").unwrap();
    assert!(lines.any(|line| line.contains("did you mean `expect`?")));
    let _ = Command::new("kill").args(["-s", "INT", &watch.id().to_string()]).status();
    assert_eq!(watch.wait().unwrap().code(), Some(130));
}

#[test]
fn a_running_cloud_takes_records() {
    let (mut serve, endpoint) = serve(&[]);
    let passkey = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/login/passkey.json");
    let injected = rootwatch(&["inject", passkey.to_str().unwrap(), "--endpoint", &endpoint], &[]);
    let said = String::from_utf8_lossy(&injected.stdout).into_owned();
    // An empty cloud has no trail: nothing was delivered, and the answer says so.
    assert_eq!(injected.status.code(), Some(1), "{}", String::from_utf8_lossy(&injected.stderr));
    let recorded = record_from(&endpoint);
    let _ = Command::new("kill").args(["-s", "TERM", &serve.id().to_string()]).status();
    assert_eq!(serve.wait().unwrap().code(), Some(130));
    recorded();
    assert!(said.starts_with("passkey: ConsoleLogin: not delivered (account ") && said.contains("trail"), "{said}");
    check(
        &["inject", passkey.to_str().unwrap(), "--endpoint", &endpoint],
        &[],
        3,
        &["does not answer", "rootwatch serve"],
    );
}

/// Starts `rootwatch serve` with more arguments; the process and its endpoint.
fn serve(arguments: &[&str]) -> (std::process::Child, String) {
    let mut serve = Command::new(env!("CARGO_BIN_EXE_rootwatch"))
        .args(["serve", "--port", "0"])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(serve.stdout.take().unwrap()));
    let line = lines.map_while(Result::ok).find(|line| line.contains("AWS_ENDPOINT_URL=")).unwrap();
    (serve, line.rsplit('=').next().unwrap().to_owned())
}

fn queues(endpoint: &str, operation: &str, body: &str) -> String {
    queues_of(endpoint, ("111122223333", "us-east-1"), operation, body)
}

fn queues_of(endpoint: &str, (account, region): (&str, &str), operation: &str, body: &str) -> String {
    let scope = format!("AWS4-HMAC-SHA256 Credential={account}/20260302/{region}/sqs/aws4_request");
    let mut answer = ureq::post(&format!("{endpoint}/"))
        .header("x-amz-target", &format!("AmazonSQS.{operation}"))
        .header("authorization", &scope)
        .header("content-type", "application/x-amz-json-1.0")
        .send(body)
        .unwrap();
    answer.body_mut().read_to_string().unwrap()
}

#[test]
fn what_a_spoke_kept_is_handed_to_triage() {
    let (mut serve, endpoint) = serve(&[]);
    let (hub, spoke) = (("999988887777", "us-east-1"), ("111122223333", "us-west-2"));
    let iam = |parameters: &[(&str, &str)]| {
        let scope = "AWS4-HMAC-SHA256 Credential=111122223333/20260302/us-east-1/iam/aws4_request";
        ureq::post(&format!("{endpoint}/"))
            .header("authorization", scope)
            .send_form(parameters.iter().copied())
            .unwrap();
    };
    let trust = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"AWS": "arn:aws:iam::999988887777:root"}, "Condition": {"StringEquals": {"sts:ExternalId": "night"}}}]}"#;
    let may = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", "Action": ["sqs:ListQueues",
        "sqs:GetQueueAttributes", "sqs:ListDeadLetterSourceQueues", "sqs:ReceiveMessage", "sqs:DeleteMessage",
        "sqs:ChangeMessageVisibility"]}]}"#;
    let version = ("Version", "2010-05-08");
    iam(&[("Action", "CreateRole"), version, ("RoleName", "repair"), ("AssumeRolePolicyDocument", trust)]);
    let policy = [("RoleName", "repair"), ("PolicyName", "repair"), ("PolicyDocument", may)];
    iam(&[&[("Action", "PutRolePolicy"), version][..], &policy].concat());
    let url = format!("{endpoint}/111122223333/rootwatch-root-activity-dlq");
    queues_of(&endpoint, spoke, "CreateQueue", r#"{"QueueName": "rootwatch-root-activity-dlq"}"#);
    let record = r#"{\"detail-type\": \"AWS Console Sign In via CloudTrail\"}"#;
    let change = r#"{\"detail-type\": \"CloudWatch Alarm State Change\"}"#;
    for body in [record, change] {
        let params = format!(r#"{{"QueueUrl": "{url}", "MessageBody": "{body}"}}"#);
        queues_of(&endpoint, spoke, "SendMessage", &params);
    }
    let variables = [
        ("AWS_ACCESS_KEY_ID", hub.0),
        ("AWS_SECRET_ACCESS_KEY", "any"),
        ("AWS_REGION", hub.1),
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
    ];
    let role = ["redrive", "--spoke-role-arn", "arn:aws:iam::111122223333:role/repair"];
    let with_id = [&role[..], &["--spoke-external-id", "night"]].concat();
    check(&["redrive"], &variables, 0, &["no dead-letter queue `rootwatch…-dlq` holds a message"]);
    check(&role, &variables, 3, &["AssumeRole of arn:aws:iam::111122223333:role/repair", "AccessDenied"]);
    let queue = "arn:aws:sqs:us-west-2:111122223333:rootwatch-root-activity-dlq";
    // Nothing is lost where there is nowhere to hand it to.
    check(&with_id, &variables, 1, &["2 stay in", queue, "expected one queue `rootwatch…-triage`", "found 0"]);
    queues_of(&endpoint, hub, "CreateQueue", r#"{"QueueName": "rootwatch-triage"}"#);
    check(&with_id, &variables, 0, &["1 of", queue, "were handed to triage; 1 stay", "changes of alarms"]);
    let received = |place, name: &str| {
        let params =
            format!(r#"{{"QueueUrl": "{endpoint}/{}/{name}", "MaxNumberOfMessages": 10}}"#, (place as (&str, &str)).0);
        queues_of(&endpoint, place, "ReceiveMessage", &params)
    };
    let (handed, left) = (received(hub, "rootwatch-triage"), received(spoke, "rootwatch-root-activity-dlq"));
    assert!(handed.contains("Console Sign In") && !handed.contains("Alarm State Change"), "{handed}");
    assert!(left.contains("Alarm State Change") && !left.contains("Console Sign In"), "{left}");
    serve.kill().unwrap();
    serve.wait().unwrap();
}

#[test]
fn a_kept_cloud_goes_on_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cloud.json");
    let path = file.to_str().unwrap();
    let (mut first, endpoint) = serve(&["--state", path]);
    queues(&endpoint, "CreateQueue", r#"{"QueueName": "kept"}"#);
    check(&["serve", "--port", "0", "--state", path], &[], 3, &[path, "in use by another"]);
    let _ = Command::new("kill").args(["-s", "TERM", &first.id().to_string()]).status();
    assert_eq!(first.wait().unwrap().code(), Some(130));
    let (mut second, endpoint) = serve(&["--state", path]);
    let listed = queues(&endpoint, "ListQueues", "{}");
    assert!(listed.contains("/111122223333/kept"), "{listed}");
    // Not even a kill without a word loses what was there for a while.
    queues(&endpoint, "CreateQueue", r#"{"QueueName": "later"}"#);
    let deadline = std::time::Duration::from_secs(60);
    let waited = jiff::Timestamp::now();
    while !std::fs::read_to_string(&file).unwrap().contains(":later") {
        assert!(jiff::Timestamp::now().duration_since(waited).unsigned_abs() < deadline, "it was never written");
        std::thread::yield_now();
    }
    second.kill().unwrap();
    second.wait().unwrap();
    let saved = std::fs::read(&file).unwrap();
    // A state that cannot be continued is refused by name and left as it is; so is a place that cannot be written.
    let foreign = String::from_utf8(saved.clone()).unwrap().replacen("\"build\":\"", "\"build\":\"not-", 1);
    for (content, expected) in [
        (b"".as_slice(), "not JSON"),
        (&saved[..saved.len() / 2], "not JSON"),
        (b"{\"Records\": []}", "schema_version null"),
        (foreign.as_bytes(), "belongs to the build that saved it"),
    ] {
        std::fs::write(&file, content).unwrap();
        check(&["serve", "--port", "0", "--state", path], &[], 3, &[path, expected, "move it away"]);
        assert_eq!(std::fs::read(&file).unwrap(), content);
    }
    check(&["serve", "--port", "0", "--state", "/proc/cloud.json"], &[], 3, &["/proc/cloud.json", "cannot be written"]);
    check(&["serve", "--port", "0", "--state", folder.path().to_str().unwrap()], &[], 3, &["cannot be read"]);
}

/// Injects what root did just now, and records it: what came of that is looked at when the cloud has ended.
fn record_from(endpoint: &str) -> impl FnOnce() {
    let folder = tempfile::tempdir().unwrap();
    let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let record = |id: &str, name: &str, kind: &str| {
        serde_json::json!({
            "eventVersion": "1.11", "eventID": id, "eventSource": "iam.amazonaws.com", "eventName": name,
            "eventTime": now, "eventType": "AwsApiCall", "awsRegion": "us-east-1", "sourceIPAddress": "81.2.69.142",
            "userIdentity": {"type": kind, "accountId": "210987654321", "arn": "arn:aws:iam::210987654321:root"},
            "recipientAccountId": "210987654321",
        })
    };
    let records = serde_json::json!([
        record("one", "CreateUser", "Root"),
        record("two", "CreateUser", "Root"),
        record("three", "DeleteUser", "Root"),
        record("four", "CreateUser", "IAMUser"),
    ]);
    let trail = folder.path().join("trail.json");
    std::fs::write(&trail, records.to_string()).unwrap();
    let injected = rootwatch(&["inject", trail.to_str().unwrap(), "--endpoint", endpoint], &[]);
    assert_eq!(injected.status.code(), Some(1), "{}", String::from_utf8_lossy(&injected.stderr));
    let into = folder.path().join("scenarios");
    let variables = [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", "210987654321"),
        ("AWS_SECRET_ACCESS_KEY", "any"),
        ("AWS_REGION", "us-east-1"),
    ];
    let run = |more: &[&str]| {
        let arguments = ["record", "--since", "1d", "--region", "us-east-1", "--into", into.to_str().unwrap()];
        rootwatch(&[arguments.as_slice(), more].concat(), &variables)
    };
    let (first, second, other) = (run(&[]), run(&[]), run(&["--account", "444455556666"]));
    let later = rootwatch(&["record", "--since", "2020-01-01", "--until", "2020-02-01"], &variables);
    let unset = rootwatch(&["record", "--since", "1d"], &[("AWS_ACCESS_KEY_ID", ""), ("AWS_REGION", "us-east-1")]);
    move || {
        let said = |output: &Output| {
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
        };
        let expect = |output: &Output, code: i32, texts: &[&str]| {
            let said = said(output);
            assert_eq!(output.status.code(), Some(code), "{said}");
            for text in texts {
                assert!(said.contains(text), "`{text}` is not in: {said}");
            }
        };
        let new = ["3 records about root", "create-user.json", "delete-user.json", "1 account id, 1 IPv4 address"];
        expect(&first, 0, &new);
        expect(&first, 0, &["skipped 1: recorded/create-user covers their kind"]);
        expect(&second, 0, &["skipped 2: recorded/create-user", "skipped 1: recorded/delete-user"]);
        assert!(!said(&second).contains("wrote"), "{}", said(&second));
        expect(&other, 2, &["expected records of account 444455556666, found 210987654321"]);
        expect(&later, 2, &["goes back 90 days"]);
        expect(&unset, 3, &["AWS_ACCESS_KEY_ID is not set"]);
        let text = std::fs::read_to_string(folder.path().join("scenarios/recorded/delete-user.json")).unwrap();
        assert!(!text.contains("210987654321") && !text.contains("81.2.69"), "{text}");
    }
}

#[test]
fn a_provider_that_is_no_version_is_named() {
    let handlers = stand_ins();
    let cache = tempfile::tempdir().unwrap();
    let variables = [
        ("ROOTWATCH_HANDLERS", handlers.path().to_str().unwrap()),
        ("ROOTWATCH_CACHE", cache.path().to_str().unwrap()),
        ("ROOTWATCH_PROVIDER", "latest"),
    ];
    check(&["run"], &variables, 3, &["ROOTWATCH_PROVIDER is `latest`", "5.100.0", "newest"]);
}

/// Malformed input has one exit code, whatever reads it, and is never taken for an event that made no alert.
#[test]
fn malformed_input_is_refused_everywhere() {
    let good = r#"{"eventName": "CreateUser", "eventSource": "iam.amazonaws.com"}"#;
    let cases = [
        ("not JSON".to_owned(), "not JSON"),
        ("\"x\"".to_owned(), "neither a scenario"),
        ("{}".to_owned(), "neither a scenario"),
        (r#"{"Records": []}"#.to_owned(), "neither a scenario"),
        (format!(r#"{{"records": [{{"Records": [{good}]}}], "expect": {{}}}}"#), "found a CloudTrail log file"),
        (r#"{"records": ["x"], "expect": {}}"#.to_owned(), "found a string"),
        (r#"["x"]"#.to_owned(), "found a string"),
        ("[null]".to_owned(), "`[0]`: expected a CloudTrail record"),
        (format!("[[{good}]]"), "found an array"),
        (r#"{"records": [{"detail-type": "x", "detail": {}}], "expect": {}}"#.to_owned(), "put it into `events`"),
        (format!(r#"{{"events": [{good}], "expect": {{}}}}"#), "put it into `records`"),
        (format!(r#"[{good}, "garbage"]"#), "`[1]`: expected a CloudTrail record, found a string"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.json");
    let path = file.to_str().unwrap();
    let new = ["new", "made", "--from", path, "--into", path];
    for (text, expected) in cases {
        std::fs::write(&file, &text).unwrap();
        for arguments in [&["run", path][..], &["explain", path], &["inject", path], &new] {
            let output = rootwatch(arguments, &[("CI", "true")]);
            let said =
                format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert_eq!(output.status.code(), Some(2), "{arguments:?} {text}: {said}");
            assert!(said.contains(expected), "{arguments:?} {text}: `{expected}` is not in {said}");
        }
    }
}

/// An option that would have no effect is refused.
#[test]
fn options_that_would_be_ignored_are_refused() {
    let cases: [(&[&str], &str); 9] = [
        (&["--endpoint", "http://127.0.0.1:1"], "--endpoint needs --cloud endpoint"),
        (&["--sink-address", "127.0.0.1"], "--sink-address needs --cloud endpoint"),
        (&["--deployments"], "--deployments needs --cloud endpoint"),
        (&["--cloud", "localstack", "--deployments"], "--deployments needs --cloud endpoint"),
        (&["--against", "embedded"], "--against needs --cloud localstack or --cloud endpoint"),
        (&["--cloud", "localstack", "--jobs", "2"], "--jobs needs --cloud embedded"),
        (&["--cloud", "localstack", "--terraform", "."], "--terraform needs --cloud embedded"),
        (&["--cloud", "endpoint"], "--cloud endpoint needs --endpoint URL"),
        (&["--jobs", "0"], "0 is not in 1.."),
    ];
    for (options, expected) in cases {
        check(&[&["run"], options].concat(), &[], 2, &[expected]);
    }
}

/// Where results cannot be written, the run says so: before it starts where that can be known.
#[test]
fn results_that_cannot_be_written_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.json");
    std::fs::write(&file, "{}").unwrap();
    let path = file.to_str().unwrap();
    let missing = folder.path().join("no/such/report.xml");
    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port().to_string();
    check(&["run", path, "-o", missing.to_str().unwrap()], &[], 3, &["could not write the results to", "report.xml"]);
    check(&["run", "--keep", "--port", &port], &[], 3, &["cannot listen on 127.0.0.1", &port, "--port 0"]);
    let commands: [&[&str]; 6] = [
        &["run", path],
        &["run", path, "--format", "json"],
        &["run", path, "--format", "junit"],
        &["run", path, "--format", "html"],
        &["list"],
        &["schema"],
    ];
    for arguments in commands {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rootwatch"));
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = command.args(arguments).stdout(full).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {said}");
        assert!(said.contains("could not write the results to stdout: No space left"), "{arguments:?}: {said}");
    }
    // A report that was there is whole or replaced.
    let report = folder.path().join("report.txt");
    std::fs::write(&report, "x".repeat(100_000)).unwrap();
    rootwatch(&["run", path, "-o", report.to_str().unwrap()], &[]);
    let written = std::fs::read_to_string(&report).unwrap();
    assert!(written.contains("0 passed, 1 failed") && !written.contains("xxx"), "{written}");
}

#[test]
fn with_json_results_errors_are_json() {
    let handlers = stand_ins();
    let variables = [("ROOTWATCH_HANDLERS", handlers.path().to_str().unwrap()), ("ROOTWATCH_CACHE", "/proc/rootwatch")];
    let cases: [(&[&str], i32, &str); 5] = [
        (&["run", "/no/such.json", "--format", "json"], 2, "/no/such.json"),
        (&["run", "--format", "json", "--jobs", "0"], 2, "0 is not in 1.."),
        (&["run", "--format=json", "--endpoint", "http://x"], 2, "--endpoint needs"),
        (&["run", "--format", "json"], 3, "ROOTWATCH_CACHE"),
        (&["explain", "/no/such.json", "--format", "json"], 2, "/no/such.json"),
    ];
    for (arguments, code, expected) in cases {
        let output = rootwatch(arguments, &variables);
        let value: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(value["error"].as_str().unwrap().contains(expected), "{arguments:?}: {value}");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    }
}

/// README's table of exit codes is the one of the program.
#[test]
fn the_exit_codes_are_documented() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let rows: Vec<&str> = readme.lines().skip_while(|line| !line.starts_with("| Exit code")).skip(2).collect();
    let rows: Vec<&str> = rows.into_iter().take_while(|line| line.starts_with('|')).collect();
    let expected: Vec<String> =
        rootwatch::cli::Exit::ALL.iter().map(|(exit, meaning)| format!("| {} | {meaning} |", *exit as u8)).collect();
    assert_eq!(rows, expected);
}

/// The checkout of the current folder is used; elsewhere the command says which one it uses.
#[test]
fn the_checkout_of_the_current_folder_is_used() {
    let other = tempfile::tempdir().unwrap();
    for folder in ["terraform/modules/hub", "scenarios/login", "some/where"] {
        std::fs::create_dir_all(other.path().join(folder)).unwrap();
    }
    let record = r#"{"eventName": "CreateUser", "eventSource": "iam.amazonaws.com"}"#;
    let file = other.path().join("record.json");
    std::fs::write(&file, record).unwrap();
    let at = |folder: &Path, arguments: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_rootwatch")).args(arguments).current_dir(folder).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let made = at(&other.path().join("some/where"), &["new", "login/made", "--from", file.to_str().unwrap()]);
    assert_eq!(made, (Some(0), String::new()));
    assert!(other.path().join("scenarios/login/made.json").exists());
    let outside = tempfile::tempdir().unwrap();
    let (code, said) = at(outside.path(), &["list"]);
    assert_eq!(code, Some(0));
    assert!(said.contains("using the checkout "), "{said}");
}

/// `run`, `explain`, `inject` and `new` read the same forms of a file.
#[test]
fn packed_files_marks_and_standard_input_are_read() {
    let folder = tempfile::tempdir().unwrap();
    // Malformed, so that nothing is deployed: the message shows that the text was read.
    let text = "\u{feff}{\"records\": [3]}";
    let plain = folder.path().join("plain.json");
    std::fs::write(&plain, text).unwrap();
    let packed = folder.path().join("packed.json.gz");
    let mut gz = flate2::write::GzEncoder::new(std::fs::File::create(&packed).unwrap(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gz, text.as_bytes()).unwrap();
    gz.finish().unwrap();
    for file in [plain.to_str().unwrap(), packed.to_str().unwrap(), "-"] {
        for command in ["run", "explain", "inject"] {
            let output = Command::new(env!("CARGO_BIN_EXE_rootwatch"))
                .args([command, file])
                .stdin(std::fs::File::open(&plain).unwrap())
                .output()
                .unwrap();
            let said =
                format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert!(said.contains("`records[0]`: expected a CloudTrail record"), "{command} {file}: {said}");
        }
    }
}

/// A root module that Terraform would stumble over is named before anything is built.
#[test]
fn a_wrong_root_module_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    check(&["run", "--terraform", path], &[], 2, &[path, "holds no .tf or .tf.json file"]);
    check(&["run", "--terraform", "/no/such/folder"], &[], 2, &["--terraform /no/such/folder: No such file"]);
    std::fs::write(folder.path().join("main.tf"), "").unwrap();
    std::os::unix::fs::symlink("/nowhere", folder.path().join("modules")).unwrap();
    check(&["run", "--terraform", path], &[], 2, &["modules is a symbolic link to /nowhere, which does not exist"]);
}
