//! An execution environment: one process, its Runtime API and its output.

use std::future::Future;
use std::path::PathBuf;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader, Split};
use tokio::process::{Child, ChildStderr, ChildStdout};

use crate::api::{Report, RuntimeApi, Work};
use crate::memory::Memory;
use crate::spawner::{Spawner, Start};
use crate::{Completion, InvocationResult, Job, Language, Program, exit};

/// The time to start, before the function's own time begins. [D] lambda-runtime-environment, "Init phase"
const INIT_TIME: Duration = Duration::from_secs(10);
/// Lines of one run that are kept; a function that floods its output must not fill the memory.
const LINES: usize = 10_000;

/// The runtimes of Python and Node.js functions.
const PYTHON: &str = include_str!("python.py");
const NODE: &str = include_str!("node.js");

/// A running process.
#[derive(Debug)]
pub struct Process {
    api: RuntimeApi,
    child: Child,
    memory: Memory,
    stdout: Option<Split<BufReader<ChildStdout>>>,
    stderr: Option<Split<BufReader<ChildStderr>>>,
    started: Instant,
    /// The time until it asked for its first invocation; none before.
    initialised: Option<Duration>,
    has_run: bool,
    /// What it wrote since the last run ended.
    lines: Vec<String>,
}

/// A run, and the process if it may be used again.
#[derive(Debug)]
pub struct Ran {
    /// How it ended.
    pub completion: Completion,
    /// The process, if it may be used again.
    pub reusable: Option<Process>,
}

/// Real time: what a process lives in.
#[expect(clippy::disallowed_methods, reason = "a process lives in real time, and so do its timeout and its duration")]
fn now() -> Instant {
    Instant::now()
}

impl Process {
    /// Starts a program in an environment of its own.
    ///
    /// # Errors
    /// The result of the invocation that it was started for: the program cannot be started.
    pub async fn start(spawner: &Spawner, program: Program, request_id: &str) -> Result<Self, InvocationResult> {
        let started = now();
        let failed = |what: &str, error: &dyn std::fmt::Display| {
            exit::invalid_entrypoint(request_id, &format!("rootwatch: {what}: {error}"))
        };
        if program.language == Language::Bootstrap && !program.directory.join("bootstrap").is_file() {
            // [D] runtimes-custom
            let reason = "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]";
            return Err(exit::invalid_entrypoint(request_id, reason));
        }
        if program.language == Language::Other {
            let runtime = program.variables.iter().find(|(name, _)| name == "AWS_EXECUTION_ENV");
            let runtime = runtime.map_or("this runtime", |(_, value)| value.trim_start_matches("AWS_Lambda_"));
            let reason = format!(
                "rootwatch: functions of {runtime} can be created and not invoked: provided.al2023, provided.al2, python3.* \
                 and nodejs*.x run here"
            );
            return Err(exit::invalid_entrypoint(request_id, &reason));
        }
        let directory = program.directory.canonicalize().map_err(|error| failed("cannot find the package", &error))?;
        let (executable, arguments) = match program.language {
            Language::Bootstrap => (directory.join("bootstrap"), Vec::new()),
            // Found in the function's own PATH.
            Language::Node => (PathBuf::from("/usr/bin/env"), ["node", "-e", NODE].map(str::to_owned).to_vec()),
            _ => (PathBuf::from("/usr/bin/env"), ["python3", "-c", PYTHON].map(str::to_owned).to_vec()),
        };
        let api = RuntimeApi::listen().await.map_err(|error| failed("cannot offer the Runtime API", &error))?;
        let host = [
            ("AWS_LAMBDA_RUNTIME_API".to_owned(), api.address.clone()),
            ("LAMBDA_TASK_ROOT".to_owned(), directory.display().to_string()),
        ];
        let mut variables: Vec<(String, String)> = Vec::new();
        for (name, value) in program.variables.into_iter().chain(host) {
            variables.retain(|(other, _)| *other != name);
            variables.push((name, value));
        }
        let memory = Memory::of(&variables);
        let start = Start { program: executable, arguments, directory, variables };
        let mut child = spawner.start(start).await.map_err(|error| failed("cannot start the function", &error))?;
        let stdout = child.stdout.take().map(|pipe| BufReader::new(pipe).split(b'\n'));
        let stderr = child.stderr.take().map(|pipe| BufReader::new(pipe).split(b'\n'));
        Ok(Self { api, child, memory, stdout, stderr, started, initialised: None, has_run: false, lines: Vec::new() })
    }

    /// Whether the process is still there.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until the process asks for its first invocation: its init phase, and past that the function's own time.
    ///
    /// # Errors
    /// How it ended instead.
    pub async fn initialise(&mut self, request_id: &str, timeout_seconds: u32) -> Result<(), Completion> {
        if self.initialised.is_some() {
            return Ok(());
        }
        let begun = now();
        let limit = INIT_TIME + Duration::from_secs(timeout_seconds.into());
        let started = async {
            loop {
                match self.event().await {
                    Event::Told(Report::Ready) => return Ok(()),
                    Event::Told(Report::InitError { error_type, message }) => {
                        return Err(exit::error(&error_type, message));
                    }
                    Event::Told(_) => {}
                    Event::Exited(status) => return Err(exit::exited(request_id, status)),
                }
            }
        };
        let ended = tokio::time::timeout(limit, started).await;
        let init = self.started.elapsed();
        match ended {
            Ok(Ok(())) => {
                self.initialised = Some(init);
                Ok(())
            }
            Ok(Err(result)) => Err(self.completion(result, begun, Some(init))),
            Err(_) => Err(self.completion(exit::timed_out(request_id, timeout_seconds), begun, Some(init))),
        }
    }

    /// Gives the process an invocation and waits for its end.
    pub async fn run(mut self, job: &Job) -> Ran {
        if let Err(completion) = self.initialise(&job.request_id, job.timeout_seconds).await {
            return Ran { completion, reusable: None };
        }
        let init = if self.has_run { None } else { self.initialised };
        self.has_run = true;
        let begun = now();
        self.api.give(Work::of(job)).await;
        let limit = Duration::from_secs(job.timeout_seconds.into());
        let (result, reusable) = match tokio::time::timeout(limit, self.result(&job.request_id)).await {
            Ok(ended) => ended,
            Err(_) => (exit::timed_out(&job.request_id, job.timeout_seconds), false),
        };
        let completion = self.completion(result, begun, init);
        Ran { completion, reusable: reusable.then_some(self) }
    }

    fn completion(&mut self, result: InvocationResult, begun: Instant, init: Option<Duration>) -> Completion {
        self.drain();
        let millis = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let log_lines = std::mem::take(&mut self.lines);
        Completion {
            result,
            log_lines,
            duration_ms: millis(begun.elapsed()),
            init_ms: init.map(millis),
            memory_mb: self.memory.peak_mb(self.child.id()),
        }
    }

    /// Waits for the end of an invocation. Returns whether the process may be used again: after an error that it
    /// reports it may, after its end not.
    async fn result(&mut self, id: &str) -> (InvocationResult, bool) {
        loop {
            match self.event().await {
                Event::Told(Report::Response { request_id, body }) if request_id == id => {
                    return (InvocationResult::Response(body), true);
                }
                Event::Told(Report::Error { request_id, error_type, message }) if request_id == id => {
                    return (exit::error(&error_type, message), true);
                }
                Event::Told(Report::InitError { error_type, message }) => {
                    return (exit::error(&error_type, message), false);
                }
                // Of an earlier invocation, or a `next` that came early.
                Event::Told(_) => {}
                Event::Exited(status) => return (exit::exited(id, status), false),
            }
        }
    }

    /// The next message of the process, or its end; its lines are taken in on the way.
    async fn event(&mut self) -> Event {
        let process = self.child.id();
        loop {
            tokio::select! {
                biased;
                Some(report) = self.api.reports.recv() => return Event::Told(report),
                line = next_line(&mut self.stdout) => keep(&mut self.lines, line),
                line = next_line(&mut self.stderr) => keep(&mut self.lines, line),
                () = self.memory.outgrown(process) => {
                    // Its end is reported by the branch below.
                    let _ = self.child.start_kill();
                    self.memory.no_limit();
                }
                status = self.child.wait() => {
                    return match (self.api.reports.try_recv(), status) {
                        // Messages before its end count.
                        (Ok(report), _) => Event::Told(report),
                        (Err(_), Ok(status)) => {
                            self.drain();
                            Event::Exited(status)
                        }
                        (Err(_), Err(_)) => Event::Exited(std::process::ExitStatus::default()),
                    };
                }
            }
        }
    }

    /// Takes in the lines that are there already. What a process wrote before it answered is in the pipe before the
    /// answer is in the socket, so nothing of a run is missed, and nothing is waited for.
    fn drain(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        loop {
            let mut any = false;
            if let Poll::Ready(line @ Some(_)) = pin!(next_line(&mut self.stdout)).poll(&mut context) {
                keep(&mut self.lines, line);
                any = true;
            }
            if let Poll::Ready(line @ Some(_)) = pin!(next_line(&mut self.stderr)).poll(&mut context) {
                keep(&mut self.lines, line);
                any = true;
            }
            if !any {
                return;
            }
        }
    }
}

enum Event {
    Told(Report),
    Exited(std::process::ExitStatus),
}

fn keep(lines: &mut Vec<String>, line: Option<String>) {
    if let Some(line) = line
        && lines.len() < LINES
    {
        lines.push(line);
    }
}

/// The next line; waits for ever once the pipe is closed, unless this call closed it.
async fn next_line<R: AsyncRead + Unpin>(pipe: &mut Option<Split<BufReader<R>>>) -> Option<String> {
    let Some(open) = pipe else { return std::future::pending().await };
    match open.next_segment().await {
        Ok(Some(line)) => Some(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned()),
        Ok(None) | Err(_) => {
            *pipe = None;
            None
        }
    }
}

impl Work {
    fn of(job: &Job) -> Self {
        Self {
            request_id: job.request_id.clone(),
            deadline_ms: job.deadline_ms,
            function_arn: job.function_arn.clone(),
            trace_id: job.trace_id.clone().unwrap_or_else(|| trace_id(job)),
            payload: job.payload.clone(),
        }
    }
}

/// Derived, so that a run repeats: the last 24 digits of the request's UUID.
fn trace_id(job: &Job) -> String {
    let id: String = job.request_id.chars().filter(char::is_ascii_hexdigit).collect();
    let root = id.get(id.len().saturating_sub(24)..).unwrap_or_default();
    let parent = id.get(..16).unwrap_or_default();
    let seconds = (job.deadline_ms / 1000 - i64::from(job.timeout_seconds)).max(0);
    format!("Root=1-{seconds:08x}-{root};Parent={parent};Sampled=0")
}
