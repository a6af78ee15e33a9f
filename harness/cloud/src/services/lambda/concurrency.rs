//! How many runs of a function there may be at once.

use serde_json::json;

use super::fault;
use super::name::Name;
use crate::api::{ApiError, Call, Reply};
use crate::id::Arn;
use crate::state::State;

/// The runs of all functions of an account in a Region. [D] gettingstarted-limits
const ACCOUNT_LIMIT: usize = 1000;
/// What must remain unreserved. [D] configuration-concurrency
const UNRESERVED_MINIMUM: u32 = 100;

/// Whether another run may begin.
///
/// # Errors
/// AWS's reason of a `TooManyRequestsException`.
pub(super) fn admit(state: &mut State, function: &Arn) -> Result<(), &'static str> {
    let now = state.now;
    state.lambda.running.retain(|_, running| running.until > now);
    let reserved = state.lambda.functions.get(function).and_then(|function| function.reserved_concurrency);
    let runs = || state.lambda.running.values();
    if let Some(reserved) = reserved {
        let own = runs().filter(|run| run.function == *function).count();
        return if own < reserved as usize { Ok(()) } else { Err("ReservedFunctionConcurrentInvocationLimitExceeded") };
    }
    let (account, region) = (function.account(), function.region());
    let all = runs().filter(|run| run.function.is_in(&account, &region)).count();
    if all < ACCOUNT_LIMIT { Ok(()) } else { Err("ConcurrentInvocationLimitExceeded") }
}

pub(super) fn put(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = Name::unqualified(call)?;
    call.authorise("lambda:PutFunctionConcurrency", &arn)?;
    let wanted = call.params.get("ReservedConcurrentExecutions").and_then(serde_json::Value::as_u64);
    let wanted = wanted.and_then(|n| u32::try_from(n).ok()).ok_or_else(|| {
        ApiError::validation("ReservedConcurrentExecutions must be a number that is not negative".to_owned())
    })?;
    call.state.lambda.function(&arn)?;
    let (account, region) = (arn.account(), arn.region());
    let others: u32 = call
        .state
        .lambda
        .functions
        .iter()
        .filter(|(other, _)| **other != arn && other.is_in(&account, &region))
        .filter_map(|(_, function)| function.reserved_concurrency)
        .sum();
    // [V] LS:lambda_/test_lambda::test_reserved_concurrency
    if others.saturating_add(wanted) > ACCOUNT_LIMIT as u32 - UNRESERVED_MINIMUM {
        return Err(fault::invalid(format!(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below \
             its minimum value of [{UNRESERVED_MINIMUM}]."
        )));
    }
    call.state.lambda.function_mut(&arn)?.reserved_concurrency = Some(wanted);
    Ok(json!({"ReservedConcurrentExecutions": wanted}).into())
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = Name::unqualified(call)?;
    call.authorise("lambda:GetFunctionConcurrency", &arn)?;
    let reserved = call.state.lambda.function(&arn)?.reserved_concurrency;
    Ok(reserved.map_or_else(|| json!({}), |reserved| json!({"ReservedConcurrentExecutions": reserved})).into())
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = Name::unqualified(call)?;
    call.authorise("lambda:DeleteFunctionConcurrency", &arn)?;
    call.state.lambda.function_mut(&arn)?.reserved_concurrency = None;
    Ok(Reply::Value(serde_json::Value::Null))
}
