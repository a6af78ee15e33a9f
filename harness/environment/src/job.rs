//! What a process is asked to do, and how that ended.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A program to start as a function.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its directory, absolute: `LAMBDA_TASK_ROOT` and the working directory; `bootstrap` is in it, or modules are.
    pub directory: PathBuf,
    /// What runs it.
    pub language: Language,
    /// All of its environment, but for what the Runtime API's host adds. Of two with one name the last counts.
    pub variables: Vec<(String, String)>,
}

/// What a function is written in, as far as it matters for starting it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    /// The package brings its own program, `bootstrap`.
    #[default]
    Bootstrap,
    /// The package brings modules for Python, and the function runs in this machine's.
    Python,
    /// The package brings modules for Node.js, and the function runs in this machine's.
    Node,
    /// A runtime that this machine cannot run: every invocation fails and says so.
    Other,
}

/// One run of a function.
#[derive(Clone, Debug)]
pub struct Job {
    /// The invocation's id.
    pub request_id: String,
    /// The function's ARN.
    pub function_arn: String,
    /// What it is given, JSON.
    pub payload: String,
    /// Epoch milliseconds at which the invocation times out.
    pub deadline_ms: i64,
    /// The time that it is given, seconds.
    pub timeout_seconds: u32,
    /// The X-Ray header; it is derived from the id where none is given.
    pub trace_id: Option<String>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum InvocationResult {
    /// The function answered; JSON.
    Response(String),
    /// The function answered with an error, timed out, or its process ended.
    Error {
        /// AWS's `errorType`, e.g. `Runtime.ExitError`, `Sandbox.Timedout`.
        error_type: String,
        /// AWS's `errorMessage`.
        message: String,
    },
}

/// How a run ended, with what it wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Completion {
    /// How it ended.
    pub result: InvocationResult,
    /// Its lines on stdout and stderr.
    pub log_lines: Vec<String>,
    /// Real time it took, milliseconds.
    pub duration_ms: f64,
    /// Time from spawn to first `next`, on a cold start.
    pub init_ms: Option<f64>,
    /// The most that the process has held in memory so far, MB; none where the system does not report it.
    pub memory_mb: Option<u64>,
}

impl Completion {
    /// How a run ended that no process was there for.
    pub fn without_process(result: InvocationResult) -> Self {
        Self { result, log_lines: Vec::new(), duration_ms: 0.0, init_ms: None, memory_mb: None }
    }
}
