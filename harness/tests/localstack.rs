//! The life of LocalStack's containers: what they are, and that nothing of them stays, whatever way a run ends. Ignored,
//! and the reason said, where LocalStack cannot be had.

#![allow(missing_docs, reason = "a test target")]
#![allow(clippy::print_stderr, clippy::print_stdout, reason = "a test target talks to whoever runs it")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "localstack/mid_run.rs"]
mod mid_run;

use std::io::{BufRead, BufReader, Cursor, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use libtest_mimic::{Arguments, Failed, Trial};
use rootwatch::layout::Layout;
use rootwatch::localstack::{Availability, Image, availability_blocking, prepare, required};
use rootwatch::report::Progress;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

fn main() -> ExitCode {
    if std::env::var_os(SHARE).is_some() {
        return share();
    }
    let arguments = Arguments::from_args();
    let mut ignored = false;
    // Listing touches nothing but the engine's list of images.
    if !required()
        && let Some(reason) = availability_blocking().reason()
    {
        ignored = true;
        eprintln!("the tests of LocalStack's containers are ignored: {reason}");
    }
    let trials = [
        ("a_function_answers_in_a_container_of_the_run", a_function_answers as fn() -> Result<(), Failed>),
        ("ctrl_c_leaves_nothing", || ended_by(Signal::INT)),
        ("a_polite_kill_leaves_nothing", || ended_by(Signal::TERM)),
        ("sigkill_leaves_nothing_and_disturbs_no_other_run", sigkill),
        ("what_a_dead_run_left_is_swept_at_the_next_start", swept),
        ("a_container_that_is_killed_is_named", killed_container),
        ("the_processes_of_a_test_run_share_one_and_it_ends_with_the_runner", shared),
        ("an_engine_that_goes_is_named_and_nothing_is_left_when_it_is_back", vanished_engine),
        ("mid_run::a_container_that_is_killed_is_named", mid_run::container_killed),
        ("mid_run::an_engine_that_goes_is_named", mid_run::engine_taken_away),
    ];
    let mut trials: Vec<Trial> = trials
        .map(|(name, test)| Trial::test(format!("localstack_life::{name}"), test).with_ignored_flag(ignored))
        .into();
    let is_built = matches!(availability_blocking(), Availability::Ready(Image::Built(_)));
    // A disk is put into the container from outside.
    let mounts = rustix::process::geteuid().is_root() && Command::new("nsenter").arg("--version").output().is_ok();
    let more = [
        ("mid_run::a_full_disk_is_named", mid_run::disk_full as fn() -> Result<(), Failed>, mounts, "root and nsenter"),
        ("an_image_of_another_lock_file_goes", pruned, is_built, "the image that is built offline"),
    ];
    trials.extend(more.map(|(name, test, can, needs)| {
        let trial = Trial::test(format!("localstack_life::{name}"), test).with_ignored_flag(ignored || !can);
        if can { trial } else { trial.with_kind(format!("not run: it needs {needs}")) }
    }));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// `rootwatch localstack serve`.
struct Serve {
    child: Child,
    endpoint: String,
    run: String,
}

impl Serve {
    fn start() -> Result<Self, Failed> {
        Self::start_on(None)
    }

    /// On an engine whose socket is elsewhere.
    fn start_on(socket: Option<&Path>) -> Result<Self, Failed> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rootwatch"));
        if let Some(socket) = socket {
            command.env("DOCKER_HOST", format!("unix://{}", socket.display()));
        }
        let mut child = command
            .args(["localstack", "serve"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut endpoint = None;
        for line in BufReader::new(child.stdout.take().ok_or("no stdout")?).lines() {
            let line = line?;
            if let Some(url) = line.strip_prefix("export AWS_ENDPOINT_URL=") {
                endpoint = Some(url.to_owned());
            }
            if line.starts_with("# Ctrl-C") {
                break;
            }
        }
        let Some(endpoint) = endpoint else {
            let output = child.wait_with_output()?;
            return Err(format!("it did not start: {}", String::from_utf8_lossy(&output.stderr)).into());
        };
        let process = format!("label=rootwatch.process={} {}", child.id(), start_time(child.id())?);
        let run = docker(&["ps", "--filter", &process, "--format", "{{.Label \"rootwatch.run\"}}"])?;
        let run = run.lines().next().ok_or("its containers carry no label")?.to_owned();
        Ok(Self { child, endpoint, run })
    }

    fn signal(&self, signal: Signal) -> Result<(), Failed> {
        Ok(kill_process(pid(i32::try_from(self.child.id())?)?, signal)?)
    }

    fn is_healthy(&self) -> bool {
        ureq::get(format!("{}/_localstack/health", self.endpoint)).call().is_ok()
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        // Of a test that failed; its janitor removes the rest.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// When a process started, in clock ticks: a part of the label.
fn start_time(pid: u32) -> Result<String, Failed> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after_name = stat.rsplit_once(')').ok_or("no name")?.1;
    Ok(after_name.split_whitespace().nth(19).ok_or("no start time")?.to_owned())
}

fn docker(arguments: &[&str]) -> Result<String, Failed> {
    let output = Command::new("docker").args(arguments).output()?;
    if !output.status.success() {
        return Err(format!("docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What is there of a run: containers and networks.
fn left(run: &str) -> Result<String, Failed> {
    let label = format!("label=rootwatch.run={run}");
    let containers = docker(&["ps", "--all", "--filter", &label, "--format", "{{.Names}}"])?;
    let networks = docker(&["network", "ls", "--filter", &label, "--format", "{{.Name}}"])?;
    Ok(format!("{containers}\n{networks}").trim().to_owned())
}

/// The janitor works on its own: its end is waited for.
#[expect(clippy::disallowed_methods, reason = "containers are removed in real time, by another process")]
fn wait_until_nothing_is_left(run: &str) -> Result<(), Failed> {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let left = left(run)?;
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(format!("two minutes later there is still:\n{left}").into());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// A function whose runtime is a shell script.
const BOOTSTRAP: &str = r#"#!/bin/bash
api=$AWS_LAMBDA_RUNTIME_API
talk() {
  exec 3<>"/dev/tcp/${api%:*}/${api#*:}"
  printf '%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: %s\r\n\r\n%s' \
    "$1" "$2" "$api" "${#3}" "$3" >&3
  cat <&3; exec 3>&-
}
while :; do
  work=$(talk GET invocation/next "")
  id=$(grep -i '^lambda-runtime-aws-request-id:' <<<"$work" | tr -d '\r' | cut -d' ' -f2)
  [ -n "$id" ] || exit 0
  talk POST "invocation/$id/response" "{\"glibc\":\"$(ldd --version | head -n 1)\"}" >/dev/null
done
"#;

fn call(serve: &Serve, method: &str, path: &str, body: &Value) -> Result<Value, Failed> {
    // The access key is the account; LocalStack checks no signature.
    let authorization = "AWS4-HMAC-SHA256 Credential=111122223333/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0";
    let url = format!("{}{path}", serve.endpoint);
    let text = body.to_string();
    let answer = match method {
        "GET" => ureq::get(&url).header("authorization", authorization).call(),
        _ => ureq::post(&url).header("authorization", authorization).send(text.as_str()),
    };
    Ok(serde_json::from_str(&answer?.body_mut().read_to_string()?)?)
}

#[expect(clippy::disallowed_methods, reason = "LocalStack prepares a function in real time")]
fn invoke(serve: &Serve) -> Result<Value, Failed> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", zip::write::SimpleFileOptions::default().unix_permissions(0o755))?;
    zip.write_all(BOOTSTRAP.as_bytes())?;
    let code = base64::engine::general_purpose::STANDARD.encode(zip.finish()?.into_inner());
    let function = json!({
        "FunctionName": "f", "Runtime": "provided.al2023", "Handler": "bootstrap", "Timeout": 30,
        "Role": "arn:aws:iam::111122223333:role/any", "Code": {"ZipFile": code},
    });
    call(serve, "POST", "/2015-03-31/functions", &function)?;
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let state = call(serve, "GET", "/2015-03-31/functions/f/configuration", &Value::Null)?;
        match state["State"].as_str() {
            Some("Active") => break,
            Some("Pending") if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(200)),
            _ => return Err(format!("the function does not become active: {state}").into()),
        }
    }
    call(serve, "POST", "/2015-03-31/functions/f/invocations", &json!({}))
}

fn a_function_answers() -> Result<(), Failed> {
    let serve = Serve::start()?;
    let answer = invoke(&serve)?;
    let glibc = answer["glibc"].as_str().and_then(|words| words.rsplit_once(' ')).ok_or("no answer")?.1;
    let numbers: Vec<u32> = glibc.split('.').filter_map(|number| number.parse().ok()).collect();
    if numbers > vec![2, 34] {
        return Err(format!("the base image has glibc {glibc}, but Lambda has 2.34").into());
    }
    // LocalStack, its registry where it has one, and the function: each labelled, each on 127.0.0.1 at most.
    let label = format!("label=rootwatch.run={}", serve.run);
    let format = "{{.Label \"rootwatch.role\"}} {{.Label \"rootwatch.process\"}}|{{.Ports}}";
    let containers = docker(&["ps", "--filter", &label, "--format", format])?;
    for role in ["localstack", "function"] {
        if !containers.lines().any(|line| line.starts_with(role)) {
            return Err(format!("no container of the run is the {role}:\n{containers}").into());
        }
    }
    if containers.contains("0.0.0.0:") {
        return Err(format!("a port is open to others:\n{containers}").into());
    }
    // What is not run for want of DynamoDB must have that reason.
    let tables = dynamodb(&serve);
    let Availability::Ready(image) = availability_blocking() else { return Err("the image is gone".into()) };
    if tables.is_ok() != image.has_dynamodb() {
        return Err(format!(
            "{} is taken to have DynamoDB: {}; found {tables:?}",
            image.reference(),
            image.has_dynamodb()
        )
        .into());
    }
    serve.signal(Signal::INT)?;
    wait_until_nothing_is_left(&serve.run)
}

/// Asks for the tables that are there.
fn dynamodb(serve: &Serve) -> Result<(), ureq::Error> {
    let authorization = "AWS4-HMAC-SHA256 Credential=111122223333/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
    let request = ureq::post(&serve.endpoint).header("authorization", authorization);
    let request =
        request.header("x-amz-target", "DynamoDB_20120810.ListTables").content_type("application/x-amz-json-1.0");
    request.send("{}").map(drop)
}

fn ended_by(signal: Signal) -> Result<(), Failed> {
    let mut serve = Serve::start()?;
    serve.signal(signal)?;
    let status = serve.child.wait()?;
    if status.code() != Some(130) {
        return Err(format!("it ended with {status}").into());
    }
    wait_until_nothing_is_left(&serve.run)
}

fn pid(number: i32) -> Result<Pid, &'static str> {
    Pid::from_raw(number).ok_or("0 is no process id")
}

fn sigkill() -> Result<(), Failed> {
    let (mut first, mut second) = (Serve::start()?, Serve::start()?);
    first.signal(Signal::KILL)?;
    first.child.wait()?;
    wait_until_nothing_is_left(&first.run)?;
    if !second.is_healthy() {
        return Err("the other run's LocalStack went as well".into());
    }
    second.signal(Signal::INT)?;
    second.child.wait()?;
    wait_until_nothing_is_left(&second.run)
}

/// The janitor is killed too, as by a machine that is switched off.
fn swept() -> Result<(), Failed> {
    let mut dead = Serve::start()?;
    let process = dead.child.id().to_string();
    for entry in std::fs::read_dir("/proc")?.flatten() {
        let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let words: Vec<&[u8]> = command.split(|byte| *byte == 0).collect();
        if words.contains(&b"janitor".as_slice()) && words.contains(&process.as_bytes()) {
            let pid: i32 = entry.file_name().to_string_lossy().parse()?;
            kill_process(self::pid(pid)?, Signal::KILL)?;
        }
    }
    dead.signal(Signal::KILL)?;
    dead.child.wait()?;
    if left(&dead.run)?.is_empty() {
        return Err("nobody was left to remove it, and yet it is gone: this test shows nothing".into());
    }
    let next = Serve::start()?;
    let left = left(&dead.run)?;
    next.signal(Signal::INT)?;
    wait_until_nothing_is_left(&next.run)?;
    if left.is_empty() { Ok(()) } else { Err(format!("the next start left:\n{left}").into()) }
}

fn killed_container() -> Result<(), Failed> {
    let mut serve = Serve::start()?;
    let label = format!("label=rootwatch.run={}", serve.run);
    let localstack = docker(&["ps", "--quiet", "--filter", &label, "--filter", "label=rootwatch.role=localstack"])?;
    docker(&["kill", &localstack])?;
    let mut said = String::new();
    std::io::Read::read_to_string(&mut serve.child.stderr.take().ok_or("no stderr")?, &mut said)?;
    let status = serve.child.wait()?;
    wait_until_nothing_is_left(&serve.run)?;
    let log = said.rsplit_once("its log: ").map(|(_, path)| path.trim().to_owned());
    let log = log.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    if status.code() != Some(3) || !said.contains("has ended with exit code 137") || !log.contains("Ready.") {
        return Err(format!("{status}: {said}\nand its log has {} bytes", log.len()).into());
    }
    Ok(())
}

fn pruned() -> Result<(), Failed> {
    let Availability::Ready(Image::Built(current)) = availability_blocking() else {
        return Err("this needs the image that is built here: `cargo run -- localstack build`".into());
    };
    let old = format!("{current}-of-another-lock-file");
    docker(&["tag", &current, &old])?;
    let built = Command::new(env!("CARGO_BIN_EXE_rootwatch")).args(["localstack", "build"]).output()?;
    let said = String::from_utf8_lossy(&built.stderr);
    let left = docker(&["images", "--format", "{{.Repository}}:{{.Tag}}", "rootwatch/localstack"])?;
    if !built.status.success() || !said.contains(&format!("removed the image {old}")) || left != current {
        return Err(format!(
            "{}: {said}
left: {left}",
            built.status
        )
        .into());
    }
    Ok(())
}

/// A way to the engine that can be cut.
struct Way {
    socket: PathBuf,
    streams: Arc<Mutex<Vec<UnixStream>>>,
}

impl Way {
    fn open(socket: PathBuf) -> Result<Self, Failed> {
        let listener = UnixListener::bind(&socket)?;
        let streams = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&streams);
        std::thread::spawn(move || {
            for here in listener.incoming() {
                let (Ok(here), Ok(there)) = (here, UnixStream::connect("/var/run/docker.sock")) else { return };
                for (from, to) in [(&here, &there), (&there, &here)] {
                    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else { return };
                    std::thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Write);
                    });
                }
                kept.lock().unwrap().extend([here, there]);
            }
        });
        Ok(Self { socket, streams })
    }

    fn cut(&self) -> Result<(), Failed> {
        std::fs::remove_file(&self.socket)?;
        for stream in self.streams.lock().unwrap().iter() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        Ok(())
    }
}

fn vanished_engine() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let way = Way::open(folder.path().join("docker.sock"))?;
    let mut serve = Serve::start_on(Some(&way.socket))?;
    way.cut()?;
    let mut said = String::new();
    std::io::Read::read_to_string(&mut serve.child.stderr.take().ok_or("no stderr")?, &mut said)?;
    let status = serve.child.wait()?;
    let still_there = !left(&serve.run)?.is_empty();
    let _back = Way::open(way.socket.clone())?;
    wait_until_nothing_is_left(&serve.run)?;
    if status.code() != Some(3) || !said.contains("does not answer any more") || !still_there {
        return Err(format!("{status}, still there {still_there}: {said}").into());
    }
    Ok(())
}

/// Makes this program one process of a test run, as `cargo nextest` starts them.
const SHARE: &str = "ROOTWATCH_TEST_SHARE";

/// Uses the run's LocalStack and says what it found.
fn share() -> ExitCode {
    let used = || -> Result<String, Box<dyn std::error::Error>> {
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
            let program = Path::new(env!("CARGO_BIN_EXE_rootwatch"));
            let prepared = prepare(&Layout::discover(), program, &Progress::quiet()).await?;
            let new = prepared.is_new();
            let run = prepared.directory.file_name().ok_or("no name")?.to_string_lossy().into_owned();
            let mut localstack = prepared.start_alone().await?;
            localstack.ready()?;
            let said = format!("{run} {} {new}", localstack.endpoint);
            localstack.close().await?;
            Ok(said)
        })
    };
    match used() {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn shared() -> Result<(), Failed> {
    // The shell is the runner: between the two nobody uses LocalStack, and yet it stays.
    let mut runner = Command::new("sh")
        .args(["-c", "\"$0\" && \"$0\"; echo over; read -r wait"])
        .arg(std::env::current_exe()?)
        .env(SHARE, "1")
        .env("NEXTEST_RUN_ID", "any")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut said = Vec::new();
    for line in BufReader::new(runner.stdout.take().ok_or("no stdout")?).lines() {
        match line? {
            over if over == "over" => break,
            line => said.push(line),
        }
    }
    let words: Vec<Vec<&str>> = said.iter().map(|line| line.split(' ').collect()).collect();
    let [first, second] = words.as_slice() else {
        runner.kill()?;
        return Err(format!("two processes were to speak: {said:?}").into());
    };
    let still_there = left(first[0])?;
    drop(runner.stdin.take());
    runner.wait()?;
    wait_until_nothing_is_left(first[0])?;
    if first[..2] != second[..2] || first[2] != "true" || second[2] != "false" || still_there.is_empty() {
        return Err(format!("not shared: {said:?}; while the runner lived there was:\n{still_there}").into());
    }
    Ok(())
}
