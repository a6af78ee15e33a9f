//! The asynchronous path, by which SNS and EventBridge call functions: a queue of its own, two retries, a last resort.
//! [D] invocation-async; [V] LS:lambda_/test_lambda_destinations, test_lambda

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::destination::{self, Condition, Ended};
use super::run::{self, Refused};
use super::{Origin, Task};
use crate::authz::Edge;
use crate::id::{Arn, Region};
use crate::runtime::{Invocation, InvocationResult};
use crate::services::DeliveryError;
use crate::state::State;
use crate::time::Time;
use crate::trace::{Hop, Outcome};
use rootwatch_policy::{Context, Principal};

/// Payloads of events. [T] 1 MB since October 2025
pub(super) const PAYLOAD_LIMIT: usize = 1024 * 1024;
/// [D] API_PutFunctionEventInvokeConfig
const RETRIES: u32 = 2;
/// [D] API_PutFunctionEventInvokeConfig
const AGE: Duration = Duration::from_secs(21_600);
/// The wait after the first failure; after the second it is twice as long. [D] invocation-async-error-handling
const RETRY_WAIT: Duration = Duration::from_secs(60);
/// The longest wait of a throttled event. [D] invocation-async-error-handling
const THROTTLED_WAIT: Duration = Duration::from_secs(300);

/// An event of the asynchronous path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AsyncEvent {
    /// The same for all its attempts.
    pub request_id: String,
    /// For which function.
    pub function: Arn,
    /// JSON.
    pub payload: String,
    /// When it was accepted.
    pub accepted: Time,
    /// Runs that failed.
    pub failures: u32,
    /// Attempts that were throttled.
    pub throttles: u32,
}

/// Hands an event to a function in a service's or a role's name: asks the function's policy, then queues it. `hop` is
/// the hop that a refusal is traced under; the runs are traced as [`Hop::Function`].
///
/// # Errors
/// All of them final: `ResourceNotFoundException`, `AccessDeniedException`, `RequestTooLargeException`.
pub fn invoke_async(
    state: &mut State,
    hop: Hop,
    principal: &Principal,
    region: &Region,
    function: &Arn,
    payload: String,
    context: Context,
) -> Result<(), DeliveryError> {
    let function = unqualified(function);
    let Some(found) = state.lambda.functions.get(&function) else {
        let message = format!("Function not found: {function}");
        return Err(DeliveryError::permanent("ResourceNotFoundException", message));
    };
    let policy = found.policy.clone();
    let name = format!("policy of function {}", function.name());
    let mut edge = Edge::new(principal, "lambda:InvokeFunction", &function, region).policy(&name, policy.as_ref());
    edge.context = context;
    state
        .authorise(hop, &edge)
        .map_err(|refusal| DeliveryError::permanent("AccessDeniedException", refusal.message))?;
    if payload.len() > PAYLOAD_LIMIT {
        let message = format!(
            "{} byte payload is too large for the Event invocation type (limit {PAYLOAD_LIMIT} bytes)",
            payload.len()
        );
        return Err(DeliveryError::permanent("RequestTooLargeException", message));
    }
    let request_id = state.uuid();
    accept(state, function, request_id, payload);
    Ok(())
}

/// Queues an event that may be delivered.
pub(super) fn accept(state: &mut State, function: Arn, request_id: String, payload: String) {
    let accepted = state.now;
    let event = AsyncEvent { request_id, function, payload, accepted, failures: 0, throttles: 0 };
    run::metric(state, &event.function, "AsyncEventsReceived", 1.0);
    state.schedule(accepted, Task::Attempt(Box::new(event)));
}

/// `arn:…:function:name:qualifier` without its qualifier.
fn unqualified(function: &Arn) -> Arn {
    let mut parts = function.as_str().splitn(8, ':');
    Arn::new(parts.by_ref().take(7).collect::<Vec<_>>().join(":"))
}

/// An event's turn.
pub(super) fn attempt(state: &mut State, mut event: AsyncEvent) {
    let (function, now) = (event.function.clone(), state.now);
    let Some(found) = state.lambda.functions.get(&function) else {
        let detail = format!("request {}: the function does not exist any more", event.request_id);
        return run::trace(state, &function, Outcome::Lost, detail);
    };
    // [V] LS:lambda_/test_lambda::test_reserved_concurrency: it never runs, and its record says nothing of a response.
    if found.reserved_concurrency == Some(0) {
        return give_up(state, &event, Condition::ZeroReservedConcurrency, None);
    }
    if now - event.accepted > limits(state, &function).1 {
        return give_up(state, &event, Condition::EventAgeExceeded, None);
    }
    let origin = Origin::Async(Box::new(event.clone()));
    match run::start(state, &function, event.request_id.clone(), event.payload.clone(), origin) {
        Ok(()) => {}
        Err(refused) => {
            let reason = match refused {
                Refused::Missing => "the function does not exist any more".to_owned(),
                Refused::Throttled(reason) => format!("throttled: {reason}"),
                Refused::Role(reason) => format!("its role cannot be assumed: {reason}"),
            };
            // From one second to five minutes, doubled each time. [D] invocation-async-error-handling
            let wait = Duration::from_secs(1 << event.throttles.min(9)).min(THROTTLED_WAIT);
            let detail = format!("request {}: {reason}; again in {} s", event.request_id, wait.as_secs());
            run::trace(state, &function, Outcome::Retried, detail);
            event.throttles += 1;
            state.schedule(now + wait, Task::Attempt(Box::new(event)));
        }
    }
}

/// Retries and age that the function's configuration allows.
fn limits(state: &State, function: &Arn) -> (u32, Duration) {
    let found = state.lambda.functions.get(function).and_then(|function| function.event_invoke.as_ref());
    let retries = found.and_then(|found| found.retries).unwrap_or(RETRIES);
    let age = found.and_then(|found| found.age).map_or(AGE, |seconds| Duration::from_secs(seconds.into()));
    (retries, age)
}

/// How a failure goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Again(Duration),
    GiveUp(Condition),
}

fn next(state: &State, function: &Arn, event: &AsyncEvent) -> Next {
    let (retries, age) = limits(state, function);
    if event.failures >= retries {
        return Next::GiveUp(Condition::RetriesExhausted);
    }
    let wait = RETRY_WAIT * (event.failures + 1);
    if state.now + wait - event.accepted > age {
        return Next::GiveUp(Condition::EventAgeExceeded);
    }
    Next::Again(wait)
}

/// Whether a failure of this attempt is tried again.
pub(super) fn will_retry(state: &State, function: &Arn, event: &AsyncEvent) -> bool {
    matches!(next(state, function, event), Next::Again(_))
}

/// An attempt has ended.
pub(super) fn ended(state: &mut State, mut event: AsyncEvent, invocation: &Invocation, result: &InvocationResult) {
    if let InvocationResult::Response(response) = result {
        let ended = Ended { event: &event, condition: Condition::Success, response: Some(response.clone()) };
        return destination::succeeded(state, &ended);
    }
    let next = next(state, &invocation.function, &event);
    event.failures += 1;
    match next {
        Next::Again(wait) => {
            let at = state.now + wait;
            state.schedule(at, Task::Attempt(Box::new(event)));
        }
        Next::GiveUp(condition) => give_up(state, &event, condition, Some(result)),
    }
}

fn give_up(state: &mut State, event: &AsyncEvent, condition: Condition, result: Option<&InvocationResult>) {
    let response = result.map(|result| match result {
        InvocationResult::Response(response) => response.clone(),
        InvocationResult::Error { error_type, message } => {
            serde_json::json!({"errorMessage": message, "errorType": error_type}).to_string()
        }
    });
    run::metric(state, &event.function, "AsyncEventsDropped", 1.0);
    destination::failed(state, &Ended { event, condition, response });
}
