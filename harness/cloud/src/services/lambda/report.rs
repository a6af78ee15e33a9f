//! The log of a run: START, the function's lines, END, REPORT. [V] LS:lambda_/test_lambda::test_invocation_type_event_error

use serde_json::json;

use super::environment::execution_role;
use super::function::runtime_version_arn;
use crate::api::{Call, Protocol, Service, dispatch};
use crate::authz::Edge;
use crate::id::Arn;
use crate::runtime::{Completion, Invocation, InvocationResult};
use crate::services::logs;
use crate::state::State;
use crate::trace::Hop;
use rootwatch_policy::Principal;

/// Writes the log of a run, if the function's role may write it. Without the permission the function runs and its logs
/// are lost, as on AWS; the trace says so.
pub(super) fn write(state: &mut State, invocation: &Invocation, completion: &Completion) {
    let function = &invocation.function;
    let Some(found) = state.lambda.functions.get(function) else { return };
    let configuration = &found.latest;
    let role = configuration.role.clone();
    let group = configuration.logging.group(function);
    let group = Arn::of("logs", &function.region(), &function.account(), format_args!("log-group:{group}"));
    let stream = variable(invocation, "AWS_LAMBDA_LOG_STREAM_NAME").unwrap_or("$LATEST").to_owned();
    let lines = lines(state, invocation, completion, &configuration.runtime, configuration.memory);
    let Ok(principal) = execution_role(state, Hop::Function, function, &role) else { return };
    if admit(state, &principal, &group, &stream) {
        let now = state.now;
        logs::put_events(state, &group, &stream, lines.into_iter().map(|line| (now, line)).collect());
    }
}

/// Whether the role may write to the stream; without a group it makes one first.
fn admit(state: &mut State, principal: &Principal, group: &Arn, stream: &str) -> bool {
    let region = group.region();
    if !logs::group_exists(state, group) && !create_group(state, principal, group) {
        return false;
    }
    let mut may = |action: &str, resource: &Arn| {
        state.authorise(Hop::Api, &Edge::new(principal, action, resource, &region)).is_ok()
    };
    // Log groups are named with `:*` or with a stream in policies. [D] permissions-reference-cwl
    let stream = Arn::new(format!("{group}:log-stream:{stream}"));
    may("logs:CreateLogStream", &stream) && may("logs:PutLogEvents", &stream)
}

/// Makes the group as the role does: by the API, which asks the role's policies.
fn create_group(state: &mut State, principal: &Principal, group: &Arn) -> bool {
    let request_id = state.uuid();
    let name = group.resource().trim_start_matches("log-group:");
    let mut call = Call {
        state,
        service: Service::Logs,
        operation: "CreateLogGroup".into(),
        protocol: Protocol::Json11,
        caller: principal.clone(),
        account: group.account(),
        region: group.region(),
        params: json!({"logGroupName": name}),
        request_id,
    };
    dispatch(&mut call).is_ok()
}

fn lines(state: &State, invocation: &Invocation, completion: &Completion, runtime: &str, memory: u32) -> Vec<String> {
    let id = &invocation.request_id;
    let mut lines = Vec::with_capacity(completion.log_lines.len() + 5);
    if completion.init_ms.is_some() {
        let arn = runtime_version_arn(&invocation.function, runtime);
        let name = runtime.replacen('.', ":", 1);
        lines.push(format!("INIT_START Runtime Version: {name}.v1\tRuntime Version ARN: {arn}\n"));
    }
    lines.push(format!("START RequestId: {id} Version: $LATEST\n"));
    lines.extend(completion.log_lines.iter().map(|line| format!("{line}\n")));
    if let InvocationResult::Error { error_type, .. } = &completion.result
        && error_type == "Sandbox.Timedout"
    {
        let (now, timeout) = (state.now.iso_millis(), invocation.timeout_seconds);
        lines.push(format!("{now} {id} Task timed out after {timeout}.00 seconds\n\n"));
    }
    lines.push(format!("END RequestId: {id}\n"));
    // What the system does not tell is the most that it can have been.
    let used = completion.memory_mb.map_or(memory.into(), |mb| mb.min(memory.into()));
    let init = completion.init_ms.map(|init| format!("Init Duration: {init:.2} ms\t")).unwrap_or_default();
    lines.push(format!(
        "REPORT RequestId: {id}\tDuration: {:.2} ms\tBilled Duration: {:.0} ms\tMemory Size: {memory} MB\tMax Memory \
         Used: {used} MB\t{init}\n",
        completion.duration_ms,
        completion.duration_ms.ceil(),
    ));
    lines
}

fn variable<'a>(invocation: &'a Invocation, name: &str) -> Option<&'a str> {
    invocation.environment.variables.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}
