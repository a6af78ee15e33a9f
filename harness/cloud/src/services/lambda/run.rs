//! A function starts and ends: whoever asked, this is the one way.

use serde::{Deserialize, Serialize};

use super::environment::{execution_role, prepare};
use super::{Origin, asynchronous, concurrency, poll, report};
use crate::id::Arn;
use crate::runtime::{Completion, Effect, Invocation, InvocationResult};
use crate::state::State;
use crate::time::Time;
use crate::trace::{Entry, Hop, Outcome};

/// Real time that a process may take to start, on top of the function's own timeout, seconds.
const START_SECONDS: i64 = 60;

/// A run that has begun and not ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Running {
    pub(super) function: Arn,
    /// The event source mapping that asked.
    pub(super) mapping: Option<String>,
    /// After this it is certainly over: a fork that was made while it ran never hears of its end.
    pub(super) until: Time,
}

/// Why a run did not begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The function is gone.
    Missing,
    /// Too many run already; the reason as AWS names it.
    Throttled(&'static str),
    /// The role cannot be assumed.
    Role(String),
}

/// Starts a run; its end comes to [`completed`].
pub(super) fn start(
    state: &mut State,
    function: &Arn,
    request_id: String,
    payload: String,
    origin: Origin,
) -> Result<(), Refused> {
    let found = state.lambda.functions.get(function).ok_or(Refused::Missing)?;
    let (timeout, role) = (found.latest.timeout, found.latest.role.clone());
    if let Err(reason) = concurrency::admit(state, function) {
        metric(state, function, "Throttles", 1.0);
        return Err(Refused::Throttled(reason));
    }
    execution_role(state, Hop::Function, function, &role).map_err(Refused::Role)?;
    let environment = prepare(state, function).ok_or(Refused::Missing)?;
    let now = state.now;
    let deadline = Time(now.0 + i64::from(timeout) * 1000);
    let mapping = match &origin {
        Origin::Mapping(batch) => Some(batch.mapping.clone()),
        Origin::Sync | Origin::Async(_) => None,
    };
    let until = Time(deadline.0 + START_SECONDS * 1000);
    state.lambda.running.insert(request_id.clone(), Running { function: function.clone(), mapping, until });
    state.emit(Effect::Invoke(Box::new(Invocation {
        request_id,
        function: function.clone(),
        payload,
        deadline_ms: deadline.0,
        timeout_seconds: timeout,
        environment,
        origin,
    })));
    Ok(())
}

/// A run has ended: logs, metrics, trace, and what follows for whoever asked.
pub fn completed(state: &mut State, invocation: Invocation, completion: Completion) {
    state.lambda.running.remove(&invocation.request_id);
    report::write(state, &invocation, &completion);
    let failed = matches!(completion.result, InvocationResult::Error { .. });
    metric(state, &invocation.function, "Invocations", 1.0);
    metric(state, &invocation.function, "Errors", if failed { 1.0 } else { 0.0 });
    metric(state, &invocation.function, "Duration", completion.duration_ms);
    let will_retry = match &invocation.origin {
        Origin::Sync => false,
        Origin::Async(event) => asynchronous::will_retry(state, &invocation.function, event),
        Origin::Mapping(_) => true,
    };
    let outcome = match (failed, will_retry) {
        (false, _) => Outcome::Delivered,
        (true, true) => Outcome::Retried,
        (true, false) => Outcome::Failed,
    };
    let detail = describe(&invocation, &completion);
    trace(state, &invocation.function, outcome, detail);
    match invocation.origin.clone() {
        Origin::Sync => {}
        Origin::Async(event) => asynchronous::ended(state, *event, &invocation, &completion.result),
        Origin::Mapping(batch) => poll::ended(state, &batch, &invocation.function, &completion.result),
    }
}

/// How a run ended, in words; of a failure also the last lines that the function wrote.
fn describe(invocation: &Invocation, completion: &Completion) -> String {
    let InvocationResult::Error { error_type, message } = &completion.result else {
        return format!("request {}", invocation.request_id);
    };
    let mut text = format!("request {}: {error_type}: {message}", invocation.request_id);
    let last = completion.log_lines.iter().rev().take(3).rev().map(String::as_str).collect::<Vec<_>>();
    if !last.is_empty() {
        text.push_str("; its last output: ");
        text.push_str(&last.join(" | "));
    }
    text
}

pub(super) fn trace(state: &mut State, function: &Arn, outcome: Outcome, detail: String) {
    let (at, resource) = (state.now, function.to_string());
    state.trace(Entry { at, hop: Hop::Function, resource, outcome, detail, principal: None, decision: None });
}

/// A data point of a function's metric. [D] monitoring-metrics-types
pub(super) fn metric(state: &mut State, function: &Arn, name: &str, value: f64) {
    let (account, region, now) = (function.account(), function.region(), state.now);
    let dimensions = [("FunctionName", function.name())];
    crate::services::cloudwatch::put_metrics(state, &account, &region, "AWS/Lambda", &[name], &dimensions, value, now);
}
