//! How AWS words the end of a function's process. [V] LS:lambda_/test_lambda::TestLambdaErrors

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use crate::InvocationResult;

/// The process ended before it answered. [V] for exits; the words for signals are those of Go, in which Lambda's own
/// supervisor is written [T]
pub fn exited(request_id: &str, status: ExitStatus) -> InvocationResult {
    let reason = match (status.code(), status.signal()) {
        (Some(0), _) => "exited without providing a reason".to_owned(),
        (Some(code), _) => format!("exited with error: exit status {code}"),
        (None, Some(signal)) => {
            let dumped = if status.core_dumped() { " (core dumped)" } else { "" };
            format!("exited with error: signal: {}{dumped}", signal_name(signal))
        }
        (None, None) => "exited without providing a reason".to_owned(),
    };
    error("Runtime.ExitError", format!("RequestId: {request_id} Error: Runtime {reason}"))
}

/// The function ran out of time. [V]
pub fn timed_out(request_id: &str, seconds: u32) -> InvocationResult {
    error("Sandbox.Timedout", format!("RequestId: {request_id} Error: Task timed out after {seconds}.00 seconds"))
}

/// The package cannot be started. [D] runtimes-custom
pub fn invalid_entrypoint(request_id: &str, reason: &str) -> InvocationResult {
    error("Runtime.InvalidEntrypoint", format!("RequestId: {request_id} Error: {reason}"))
}

/// An error in AWS's form.
pub fn error(error_type: &str, message: String) -> InvocationResult {
    InvocationResult::Error { error_type: error_type.to_owned(), message }
}

fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        15 => "terminated",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}
