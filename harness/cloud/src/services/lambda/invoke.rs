//! Invoke. [D] API_Invoke; [V] LS:lambda_/test_lambda

use serde_json::Value;

use super::Origin;
use super::asynchronous;
use super::fault;
use super::name::Name;
use super::run::{self, Refused};
use crate::api::{ApiError, Call, Reply};
use rootwatch_policy::Context;

/// The payload of a call that waits, bytes. [D] gettingstarted-limits
const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;

pub(super) fn invoke(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let name = Name::of(call)?;
    let arn = name.function;
    let policy = call.state.lambda.policy(&arn).cloned();
    let label = format!("policy of function {}", arn.name());
    let policy = policy.as_ref().map(|policy| (label.as_str(), policy));
    call.authorise_with("lambda:InvokeFunction", &arn, Context::new(), policy)?;
    call.state.lambda.function(&arn)?;
    if name.qualifier.as_deref().is_some_and(|qualifier| qualifier != "$LATEST") {
        return Err(fault::unsupported("lambda:Invoke of versions and aliases"));
    }
    let payload = match call.text("Payload").unwrap_or_default() {
        "" => "{}".to_owned(),
        text => text.to_owned(),
    };
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&payload) {
        return Err(ApiError::new(
            "InvalidRequestContentException",
            format!("Could not parse request body into json: {error}"),
        ));
    }
    let kind = call.text("InvocationType").unwrap_or("RequestResponse").to_owned();
    let (limit, words) = match kind.as_str() {
        "RequestResponse" | "DryRun" => (PAYLOAD_LIMIT, "RequestResponse"),
        "Event" => (asynchronous::PAYLOAD_LIMIT, "Event"),
        _ => {
            return Err(ApiError::validation(format!(
                "1 validation error detected: Value '{kind}' at 'invocationType' failed to satisfy constraint: Member must \
                 satisfy enum value set: [Event, RequestResponse, DryRun]"
            )));
        }
    };
    if payload.len() > limit {
        let message = format!(
            "{} byte payload is too large for the {words} invocation type (limit {limit} bytes)",
            payload.len()
        );
        return Err(ApiError::new("RequestTooLargeException", message).status(413));
    }
    let request_id = call.request_id.clone();
    match kind.as_str() {
        "DryRun" => Ok(Reply::Value(Value::Null)),
        "Event" => {
            asynchronous::accept(call.state, arn, request_id, payload);
            Ok(Reply::Raw { status: 202, headers: Vec::new(), body: Vec::new() })
        }
        _ => match run::start(call.state, &arn, request_id.clone(), payload, Origin::Sync) {
            Ok(()) => Ok(Reply::Invocation(request_id)),
            Err(refused) => Err(refusal(refused)),
        },
    }
}

fn refusal(refused: Refused) -> ApiError {
    match refused {
        Refused::Missing => fault::not_found("Function not found"),
        // [V] LS:lambda_/test_lambda::test_reserved_concurrency
        Refused::Throttled(reason) => {
            let mut error = ApiError::new("TooManyRequestsException", "Rate Exceeded.").status(429);
            error.members.push(("Reason".to_owned(), reason.into()));
            error
        }
        Refused::Role(_) => {
            ApiError::new("AccessDeniedException", "The role defined for the function cannot be assumed by Lambda.")
                .status(403)
        }
    }
}
