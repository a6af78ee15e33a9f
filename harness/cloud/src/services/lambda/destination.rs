//! Where events of the asynchronous path end: the dead-letter queue and the destinations.
//! [D] invocation-async-retain-records; [V] LS:lambda_/test_lambda_destinations

use serde_json::{Value, json};

use super::asynchronous::{AsyncEvent, invoke_async};
use super::environment::execution_role;
use super::run;
use crate::authz::Edge;
use crate::id::Arn;
use crate::services::sqs::MessageAttribute;
use crate::services::{DeliveryError, events, sns, sqs};
use crate::state::State;
use crate::trace::{Hop, Outcome};
use rootwatch_policy::{Context, Principal};

/// Why an event ended, as the record of a destination says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Success,
    RetriesExhausted,
    EventAgeExceeded,
    ZeroReservedConcurrency,
}

impl Condition {
    fn name(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::RetriesExhausted => "RetriesExhausted",
            Self::EventAgeExceeded => "EventAgeExceeded",
            Self::ZeroReservedConcurrency => "ZeroReservedConcurrency",
        }
    }
}

/// An event that ended.
#[derive(Clone, Debug)]
pub(super) struct Ended<'a> {
    pub(super) event: &'a AsyncEvent,
    pub(super) condition: Condition,
    /// What the last run answered, or its error; JSON. None when it never ran for that reason.
    pub(super) response: Option<String>,
}

/// The event was worked off.
pub(super) fn succeeded(state: &mut State, ended: &Ended<'_>) {
    let function = &ended.event.function;
    let found = state.lambda.functions.get(function).and_then(|function| function.event_invoke.as_ref());
    if let Some(target) = found.and_then(|found| found.on_success.clone()) {
        deliver_record(state, ended, &target);
    }
}

/// The event is given up: dead-letter queue and destination, whichever there are.
pub(super) fn failed(state: &mut State, ended: &Ended<'_>) {
    let function = &ended.event.function;
    let Some(found) = state.lambda.functions.get(function) else { return };
    let dead_letter = found.latest.dead_letter.clone();
    let on_failure = found.event_invoke.as_ref().and_then(|found| found.on_failure.clone());
    if dead_letter.is_none() && on_failure.is_none() {
        let detail = format!(
            "request {}: {}, and the function has neither a dead-letter queue nor a destination for failures",
            ended.event.request_id,
            ended.condition.name()
        );
        return run::trace(state, function, Outcome::Lost, detail);
    }
    if let Some(target) = dead_letter {
        deliver_dead_letter(state, ended, &target);
    }
    if let Some(target) = on_failure {
        deliver_record(state, ended, &target);
    }
}

/// The original event, with the error as attributes. [V] LS:lambda_/test_lambda_destinations::TestLambdaDLQ
fn deliver_dead_letter(state: &mut State, ended: &Ended<'_>, target: &Arn) {
    let (code, message) = match ended.condition {
        Condition::ZeroReservedConcurrency => ("429", "Rate Exceeded.".to_owned()),
        _ => ("200", error_message(ended.response.as_deref())),
    };
    let number = MessageAttribute { data_type: "Number".into(), ..MessageAttribute::string(code) };
    let mut attributes = vec![
        ("RequestID".to_owned(), MessageAttribute::string(ended.event.request_id.as_str())),
        ("ErrorCode".to_owned(), number),
    ];
    if !message.is_empty() {
        attributes.push(("ErrorMessage".to_owned(), MessageAttribute::string(message)));
    }
    let sent = as_role(state, ended, |state, role| send(state, role, target, ended.event.payload.clone(), attributes));
    conclude(state, ended, target, sent, "DeadLetterErrors");
}

/// The first kilobyte of the `errorMessage`.
fn error_message(response: Option<&str>) -> String {
    let response: Option<Value> = response.and_then(|response| serde_json::from_str(response).ok());
    let text = response.as_ref().and_then(|response| response["errorMessage"].as_str()).unwrap_or_default();
    text.chars().take(1024).collect()
}

fn deliver_record(state: &mut State, ended: &Ended<'_>, target: &Arn) {
    let record = record(state, ended);
    let sent = as_role(state, ended, |state, role| match target.service() {
        "lambda" => {
            let context = Context::new();
            invoke_async(state, Hop::Function, role, &target.region(), target, record.to_string(), context)
        }
        "events" => put_event(state, role, ended, target, record),
        _ => send(state, role, target, record.to_string(), Vec::new()),
    });
    conclude(state, ended, target, sent, "DestinationDeliveryFailures");
}

fn record(state: &State, ended: &Ended<'_>) -> Value {
    let Ended { event, condition, response } = ended;
    let runs = event.failures + u32::from(*condition == Condition::Success);
    let payload = serde_json::from_str(&event.payload).unwrap_or_else(|_| json!(event.payload));
    let mut record = json!({
        "version": "1.0",
        "timestamp": state.now.iso_millis(),
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": format!("{}:$LATEST", event.function),
            "condition": condition.name(),
            "approximateInvokeCount": runs,
        },
        "requestPayload": payload,
    });
    if let Some(response) = response {
        let mut context = json!({"statusCode": 200, "executedVersion": "$LATEST"});
        if *condition != Condition::Success {
            context["functionError"] = json!("Unhandled");
        }
        record["responseContext"] = context;
        record["responsePayload"] = serde_json::from_str(response).unwrap_or_else(|_| json!(response));
    }
    record
}

/// These writes are the execution role's. [D] invocation-async-retain-records
fn as_role(
    state: &mut State,
    ended: &Ended<'_>,
    write: impl FnOnce(&mut State, &Principal) -> Result<(), DeliveryError>,
) -> Result<(), DeliveryError> {
    let function = &ended.event.function;
    let Some(role) = state.lambda.functions.get(function).map(|function| function.latest.role.clone()) else {
        return Err(DeliveryError::permanent("ResourceNotFoundException", format!("Function not found: {function}")));
    };
    let role = execution_role(state, Hop::Function, function, &role)
        .map_err(|reason| DeliveryError::permanent("AccessDeniedException", reason))?;
    write(state, &role)
}

fn send(
    state: &mut State,
    principal: &Principal,
    target: &Arn,
    body: String,
    attributes: Vec<(String, MessageAttribute)>,
) -> Result<(), DeliveryError> {
    let (region, context) = (&target.region(), Context::new());
    if target.service() == "sns" {
        let publish =
            sns::Publish { principal, region, topic: target, subject: None, message: body, attributes, context };
        sns::publish(state, Hop::Function, publish).map(|_| ())
    } else {
        let message = sqs::Send { principal, region, queue: target, body, attributes, context };
        sqs::send(state, Hop::Function, message).map(|_| ())
    }
}

fn put_event(
    state: &mut State,
    principal: &Principal,
    ended: &Ended<'_>,
    bus: &Arn,
    record: Value,
) -> Result<(), DeliveryError> {
    let (region, function) = (bus.region(), &ended.event.function);
    let edge = Edge::new(principal, "events:PutEvents", bus, &region);
    state
        .authorise(Hop::Function, &edge)
        .map_err(|refusal| DeliveryError::permanent("AccessDeniedException", refusal.message))?;
    let kind = if ended.condition == Condition::Success { "Success" } else { "Failure" };
    let (account, in_region) = (function.account(), function.region());
    let envelope = events::Envelope {
        id: state.uuid(),
        detail_type: &format!("Lambda Function Invocation Result - {kind}"),
        source: "lambda",
        account: account.as_str(),
        time: state.now.iso_seconds(),
        region: in_region.as_str(),
        resources: json!([bus.as_str(), format!("{function}:$LATEST")]),
        detail: record,
    };
    events::ingest(state, bus, events::Event::new(envelope.value()));
    Ok(())
}

fn conclude(state: &mut State, ended: &Ended<'_>, target: &Arn, sent: Result<(), DeliveryError>, metric: &str) {
    let (id, condition, function) = (&ended.event.request_id, ended.condition.name(), &ended.event.function);
    let (outcome, detail) = match sent {
        Ok(()) if ended.condition == Condition::Success => {
            (Outcome::Delivered, format!("request {id}: sent to {target}"))
        }
        Ok(()) => (Outcome::DeadLettered, format!("request {id}: {condition}, sent to {target}")),
        Err(error) => {
            run::metric(state, function, metric, 1.0);
            (Outcome::Lost, format!("request {id}: {condition}, and {target} cannot take it: {error}"))
        }
    };
    run::trace(state, function, outcome, detail);
}
