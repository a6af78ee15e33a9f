//! An execution environment: one process, its Runtime API and its output.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader, Split};
use tokio::process::{Child, ChildStderr, ChildStdout};

use super::api::{Report, RuntimeApi, Work};
use super::code::CodeStore;
use super::effect::{Completion, Invocation, InvocationResult};
use super::exit;
use super::spawner::{Spawner, Start};

/// The time to start, before the function's own time begins. [D] lambda-runtime-environment, "Init phase"
const INIT_TIME: Duration = Duration::from_secs(10);
/// Lines of one run that are kept; a function that floods its output must not fill the memory.
const LINES: usize = 10_000;

/// A running process.
#[derive(Debug)]
pub(super) struct Process {
    api: RuntimeApi,
    child: Child,
    stdout: Option<Split<BufReader<ChildStdout>>>,
    stderr: Option<Split<BufReader<ChildStderr>>>,
    started: Instant,
    /// It has asked for its first invocation.
    initialised: bool,
}

/// A run, and the process if it may be used again.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) completion: Completion,
    pub(super) reusable: Option<Process>,
}

/// Real time: what a process lives in.
#[expect(clippy::disallowed_methods, reason = "a process lives in real time, and so do its timeout and its duration")]
fn now() -> Instant {
    Instant::now()
}

impl Process {
    /// Starts a process for an invocation's environment.
    ///
    /// # Errors
    /// The result of the invocation: the package cannot be started.
    pub(super) async fn start(
        spawner: &Spawner,
        code: &Arc<CodeStore>,
        extra_variables: &[(String, String)],
        invocation: &Invocation,
    ) -> Result<Self, InvocationResult> {
        let started = now();
        let failed = |what: &str, error: &dyn std::fmt::Display| {
            exit::invalid_entrypoint(&invocation.request_id, &format!("rootwatch: {what}: {error}"))
        };
        let directory = code.directory(&invocation.environment.code_sha256);
        let program = directory.join("bootstrap");
        if !program.is_file() {
            // [D] runtimes-custom
            let reason = "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]";
            return Err(exit::invalid_entrypoint(&invocation.request_id, reason));
        }
        let directory = directory.canonicalize().map_err(|error| failed("cannot find the package", &error))?;
        let program = directory.join("bootstrap");
        let api = RuntimeApi::listen().await.map_err(|error| failed("cannot offer the Runtime API", &error))?;
        let mut variables = invocation.environment.variables.clone();
        let host = [
            ("AWS_LAMBDA_RUNTIME_API".to_owned(), api.address.clone()),
            ("LAMBDA_TASK_ROOT".to_owned(), directory.display().to_string()),
        ];
        for (name, value) in extra_variables.iter().cloned().chain(host) {
            variables.retain(|(other, _)| *other != name);
            variables.push((name, value));
        }
        let start = Start { program, directory, variables };
        let mut child =
            spawner.start(start).await.map_err(|error| failed("cannot start the package's `bootstrap`", &error))?;
        let stdout = child.stdout.take().map(|pipe| BufReader::new(pipe).split(b'\n'));
        let stderr = child.stderr.take().map(|pipe| BufReader::new(pipe).split(b'\n'));
        Ok(Self { api, child, stdout, stderr, started, initialised: false })
    }

    /// Whether the process is still there.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Gives the process an invocation and waits for its end.
    pub(super) async fn run(mut self, invocation: &Invocation) -> Ran {
        let mut lines = Vec::new();
        let cold = !self.initialised;
        let mut begun = now();
        if cold && let Err(result) = self.initialise(invocation, &mut lines).await {
            let completion = self.completion(result, lines, begun, Some(self.started.elapsed()));
            return Ran { completion, reusable: None };
        }
        let init = cold.then(|| self.started.elapsed());
        if cold {
            begun = now();
        }
        self.api.give(Work::of(invocation)).await;
        let limit = Duration::from_secs(invocation.timeout_seconds.into());
        let (result, reusable) = match tokio::time::timeout(limit, self.result(invocation, &mut lines)).await {
            Ok(ended) => ended,
            Err(_) => (exit::timed_out(&invocation.request_id, invocation.timeout_seconds), false),
        };
        self.drain(&mut lines);
        let completion = self.completion(result, lines, begun, init);
        Ran { completion, reusable: reusable.then_some(self) }
    }

    fn completion(
        &self,
        result: InvocationResult,
        log_lines: Vec<String>,
        begun: Instant,
        init: Option<Duration>,
    ) -> Completion {
        let millis = |duration: Duration| duration.as_secs_f64() * 1000.0;
        Completion { result, log_lines, duration_ms: millis(begun.elapsed()), init_ms: init.map(millis) }
    }

    /// Waits for the first `next`. Past the init phase the function's own time runs.
    async fn initialise(&mut self, invocation: &Invocation, lines: &mut Vec<String>) -> Result<(), InvocationResult> {
        let limit = INIT_TIME + Duration::from_secs(invocation.timeout_seconds.into());
        let started = async {
            loop {
                match self.event(lines).await {
                    Event::Told(Report::Ready) => return Ok(()),
                    Event::Told(Report::InitError { error_type, message }) => {
                        return Err(exit::error(&error_type, message));
                    }
                    Event::Told(_) => {}
                    Event::Exited(status) => return Err(exit::exited(&invocation.request_id, status)),
                }
            }
        };
        let ended = tokio::time::timeout(limit, started).await;
        match ended {
            Ok(Ok(())) => {
                self.initialised = true;
                Ok(())
            }
            Ok(Err(result)) => {
                self.drain(lines);
                Err(result)
            }
            Err(_) => {
                self.drain(lines);
                Err(exit::timed_out(&invocation.request_id, invocation.timeout_seconds))
            }
        }
    }

    /// Waits for the end of an invocation. Returns whether the process may be used again: after an error that it
    /// reports it may, after its end not.
    async fn result(&mut self, invocation: &Invocation, lines: &mut Vec<String>) -> (InvocationResult, bool) {
        let id = &invocation.request_id;
        loop {
            match self.event(lines).await {
                Event::Told(Report::Response { request_id, body }) if request_id == *id => {
                    return (InvocationResult::Response(body), true);
                }
                Event::Told(Report::Error { request_id, error_type, message }) if request_id == *id => {
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

    /// The next thing that the process tells, or its end; its lines are taken in on the way.
    async fn event(&mut self, lines: &mut Vec<String>) -> Event {
        loop {
            tokio::select! {
                biased;
                Some(report) = self.api.reports.recv() => return Event::Told(report),
                line = next_line(&mut self.stdout) => keep(lines, line),
                line = next_line(&mut self.stderr) => keep(lines, line),
                status = self.child.wait() => {
                    return match (self.api.reports.try_recv(), status) {
                        // What it told before it ended counts.
                        (Ok(report), _) => Event::Told(report),
                        (Err(_), Ok(status)) => {
                            self.drain(lines);
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
    fn drain(&mut self, lines: &mut Vec<String>) {
        let mut context = Context::from_waker(Waker::noop());
        loop {
            let mut any = false;
            if let Poll::Ready(line @ Some(_)) = pin!(next_line(&mut self.stdout)).poll(&mut context) {
                keep(lines, line);
                any = true;
            }
            if let Poll::Ready(line @ Some(_)) = pin!(next_line(&mut self.stderr)).poll(&mut context) {
                keep(lines, line);
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
    fn of(invocation: &Invocation) -> Self {
        let hex = |text: &str| text.chars().filter(char::is_ascii_hexdigit).collect::<String>();
        // Derived, so that a run repeats: the last 24 digits of the request's UUID.
        let id = hex(&invocation.request_id);
        let root = id.get(id.len().saturating_sub(24)..).unwrap_or_default();
        let parent = id.get(..16).unwrap_or_default();
        let seconds = (invocation.deadline_ms / 1000 - i64::from(invocation.timeout_seconds)).max(0);
        Self {
            request_id: invocation.request_id.clone(),
            deadline_ms: invocation.deadline_ms,
            function_arn: invocation.function.to_string(),
            trace_id: format!("Root=1-{seconds:08x}-{root};Parent={parent};Sampled=0"),
            payload: invocation.payload.clone(),
        }
    }
}
