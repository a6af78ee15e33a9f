//! What a cold start of each function costs: the size of its package, the time from spawn to the first `next`, the memory
//! then. The Runtime API is a socket of this process that never answers.

#![allow(missing_docs, reason = "a benchmark")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark talks to whoever runs it")]

use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use rootwatch::layout::Layout;
use rootwatch::packages::prepare;

/// Starts of each function.
const STARTS: usize = 100;

fn main() -> ExitCode {
    // `cargo test --benches` only asks whether it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> anyhow::Result<()> {
    let packages = prepare(&Layout::discover())?;
    println!("| function | zip | first `next`, p50 | p95 | memory |\n|---|---|---|---|---|");
    for function in rootwatch::packages::FUNCTIONS {
        let zip = Path::new(&packages.directory).join(format!("{function}.zip"));
        let unpacked = tempfile::tempdir()?;
        let mut archive = zip::ZipArchive::new(std::fs::File::open(&zip)?)?;
        archive.extract(unpacked.path())?;
        let program = unpacked.path().join("bootstrap");
        let mut times = Vec::new();
        let mut memory = 0;
        for _ in 0..STARTS {
            let (time, resident) = start(&program)?;
            times.push(time);
            memory = memory.max(resident);
        }
        times.sort_unstable();
        let at = |part: usize| times[times.len() * part / 100].as_secs_f64() * 1000.0;
        let size = std::fs::metadata(&zip)?.len() as f64 / 1e6;
        println!("| {function} | {size:.2} MB | {:.1} ms | {:.1} ms | {:.1} MB |", at(50), at(95), memory as f64 / 1e3);
    }
    Ok(())
}

/// One start: the time to the first `next`, and the resident memory then, in kB.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn start(program: &Path) -> anyhow::Result<(Duration, u64)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:none-AbCdEf";
    let queue = "https://sqs.us-east-1.amazonaws.com/999988887777/none";
    let mut command = Command::new(program);
    command.env_clear().stdout(Stdio::null()).stderr(Stdio::null());
    command.env("AWS_LAMBDA_RUNTIME_API", listener.local_addr()?.to_string());
    for (name, value) in [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_LAMBDA_FUNCTION_NAME", "none"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "none"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "none"),
        ("QUEUE_URL", queue),
        ("DEAD_LETTER_QUEUE_URL", queue),
        ("LOGIN_TOPIC_ARN", arn),
        ("ACTIVITY_TOPIC_ARN", arn),
        ("TAMPERING_TOPIC_ARN", arn),
        ("EMAIL_TOPIC_ARN", arn),
        ("SECRET_ARN", arn),
        ("DEDUPLICATION_TABLE", "none"),
    ] {
        command.env(name, value);
    }
    let begun = Instant::now();
    let mut child = command.spawn()?;
    let asked = (|| {
        let (mut stream, _) = listener.accept()?;
        let mut request = [0; 1024];
        let length = stream.read(&mut request)?;
        let time = begun.elapsed();
        let request = String::from_utf8_lossy(&request[..length]).into_owned();
        anyhow::ensure!(request.contains("/invocation/next"), "expected a request for `next`, found {request}");
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id()))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.and_then(|words| words.trim().trim_end_matches(" kB").parse().ok());
        Ok((time, resident.unwrap_or_default()))
    })();
    child.kill()?;
    child.wait()?;
    asked
}
