//! Events that services hand over, and the ways to invoke.

use super::*;

#[test]
fn services_need_the_functions_permission() {
    let mut state = deployed();
    let denied = invoke_by_topic(&mut state).unwrap_err();
    assert_eq!((denied.code.as_str(), denied.retriable), ("AccessDeniedException", false));
    assert_eq!(traced(&state, Hop::Subscription, Outcome::Denied).len(), 1);
    permit_topic(&mut state);
    invoke_by_topic(&mut state).unwrap();
    assert_eq!(settle(&mut state, |_| ok("{}")), 1);
    let none = Arn::new("arn:aws:lambda:us-east-1:999988887777:function:none");
    let region = Region::new("us-east-1");
    let gone = invoke_async(&mut state, Hop::Target, &sns(), &region, &none, "{}".into(), Context::new()).unwrap_err();
    assert_eq!((gone.code.as_str(), gone.retriable), ("ResourceNotFoundException", false));
}

/// An event whose function always fails: when it ran, seconds after it was accepted.
fn attempts(state: &mut State) -> Vec<i64> {
    permit_topic(state);
    let start = state.now;
    invoke_by_topic(state).unwrap();
    let mut runs: Vec<(i64, String)> = Vec::new();
    let end = state.now + Duration::from_secs(7 * 3600);
    loop {
        let now = (state.now - start).as_secs() as i64;
        settle(state, |invocation| {
            runs.push((now, invocation.request_id.clone()));
            failure()
        });
        match state.next_due().filter(|due| *due <= end) {
            Some(due) => state.now = due,
            None => break,
        }
    }
    let ids: BTreeSet<&String> = runs.iter().map(|(_, id)| id).collect();
    assert!(ids.len() <= 1, "all attempts have one request id");
    runs.into_iter().map(|(at, _)| at).collect()
}

#[test]
fn events_are_tried_three_times() {
    // [D] invocation-async-error-handling
    let check = |config: Value, wanted: &[i64]| {
        let mut state = deployed();
        if !config.is_null() {
            lambda(&mut state, "PutFunctionEventInvokeConfig", config).unwrap();
        }
        assert_eq!(attempts(&mut state), wanted);
        assert_eq!(traced(&state, Hop::Function, Outcome::Lost).len(), 1, "nothing takes what is given up");
    };
    check(Value::Null, &[0, 60, 180]);
    check(json!({"FunctionName": "f", "MaximumRetryAttempts": 0}), &[0]);
    check(json!({"FunctionName": "f", "MaximumRetryAttempts": 1}), &[0, 60]);
    check(json!({"FunctionName": "f", "MaximumEventAgeInSeconds": 100}), &[0, 60]);
}

#[test]
fn what_is_given_up_goes_to_the_dead_letter_queue_and_the_destination() {
    // [V] LS:lambda_/test_lambda_destinations
    let mut state = deployed();
    let last = json!({"FunctionName": "f", "DeadLetterConfig": {"TargetArn": DLQ}});
    lambda(&mut state, "UpdateFunctionConfiguration", last).unwrap();
    let destination = json!({"FunctionName": "f", "DestinationConfig": {"OnFailure": {"Destination": QUEUE}}});
    lambda(&mut state, "PutFunctionEventInvokeConfig", destination).unwrap();
    assert_eq!(attempts(&mut state).len(), 3);
    let dead = sqs::receive(&mut state, &DLQ.into(), 10, None).remove(0);
    assert_eq!(dead.body, "{\"x\":1}");
    let attributes: Vec<(&str, &str, Option<&str>)> = dead
        .message_attributes
        .iter()
        .map(|(name, value)| (name.as_str(), value.data_type.as_str(), value.string_value.as_deref()))
        .collect();
    assert_eq!(attributes[0], ("ErrorCode", "Number", Some("200")));
    assert_eq!(attributes[1], ("ErrorMessage", "String", Some("it broke")));
    assert_eq!(attributes[2].0, "RequestID");
    let record: Value =
        serde_json::from_str(&sqs::receive(&mut state, &QUEUE.into(), 10, None).remove(0).body).unwrap();
    let context = &record["requestContext"];
    assert_eq!((&context["condition"], &context["approximateInvokeCount"]), (&json!("RetriesExhausted"), &json!(3)));
    assert_eq!(context["functionArn"], format!("{FUNCTION}:$LATEST"));
    assert_eq!(record["requestPayload"], json!({"x": 1}));
    assert_eq!(
        record["responseContext"],
        json!({"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"})
    );
    assert_eq!(record["responsePayload"], json!({"errorMessage": "it broke", "errorType": "Boom"}));
    assert_eq!(traced(&state, Hop::Function, Outcome::DeadLettered).len(), 2);
}

#[test]
fn a_reserved_concurrency_of_zero_never_runs() {
    // [V] LS:lambda_/test_lambda::test_reserved_concurrency
    let mut state = deployed();
    let none = json!({"FunctionName": "f", "ReservedConcurrentExecutions": 0});
    lambda(&mut state, "PutFunctionConcurrency", none).unwrap();
    let destination = json!({"FunctionName": "f", "DestinationConfig": {"OnFailure": {"Destination": QUEUE}}});
    lambda(&mut state, "PutFunctionEventInvokeConfig", destination).unwrap();
    assert_eq!(attempts(&mut state).len(), 0);
    let record: Value =
        serde_json::from_str(&sqs::receive(&mut state, &QUEUE.into(), 10, None).remove(0).body).unwrap();
    let context = &record["requestContext"];
    assert_eq!(
        (&context["condition"], &context["approximateInvokeCount"]),
        (&json!("ZeroReservedConcurrency"), &json!(0))
    );
    assert!(record.get("responseContext").is_none() && record.get("responsePayload").is_none());
    let error = lambda(&mut state, "Invoke", json!({"FunctionName": "f", "Payload": "{}"})).unwrap_err();
    assert_eq!(
        (error.status, error.code.as_str(), error.message.as_str()),
        (429, "TooManyRequestsException", "Rate Exceeded.")
    );
    assert_eq!(error.members, [("Reason".into(), "ReservedFunctionConcurrentInvocationLimitExceeded".into())]);
}

#[test]
fn a_dead_letter_queue_that_refuses_loses_the_event() {
    let mut state = deployed();
    let last = json!({"FunctionName": "f", "DeadLetterConfig": {"TargetArn": DLQ}});
    lambda(&mut state, "UpdateFunctionConfiguration", last).unwrap();
    role(&mut state, &["logs:*"]);
    attempts(&mut state);
    assert_eq!(left(&state, DLQ), 0);
    let lost = traced(&state, Hop::Function, Outcome::Lost);
    assert!(lost[0].detail.contains("sqs:SendMessage"), "{}", lost[0].detail);
}

#[test]
fn the_ways_to_invoke() {
    let mut state = deployed();
    let id = lambda(&mut state, "Invoke", json!({"FunctionName": "f", "Payload": "{\"a\":1}"})).unwrap();
    let mut seen = None;
    settle(&mut state, |invocation| {
        seen = Some((invocation.request_id.clone(), invocation.payload.clone(), invocation.origin.clone()));
        ok("{}")
    });
    assert_eq!(seen, Some((id.as_str().unwrap().to_owned(), "{\"a\":1}".to_owned(), Origin::Sync)));
    let event = json!({"FunctionName": "f", "Payload": "", "InvocationType": "Event"});
    assert_eq!(lambda(&mut state, "Invoke", event).unwrap(), json!(202));
    assert_eq!(settle(&mut state, |_| ok("{}")), 1);
    let dry = json!({"FunctionName": "f", "Payload": "", "InvocationType": "DryRun"});
    assert_eq!(lambda(&mut state, "Invoke", dry).unwrap(), Value::Null);
    assert_eq!(settle(&mut state, |_| ok("{}")), 0);
    for (input, code) in [
        (json!({"FunctionName": "f", "Payload": "{"}), "InvalidRequestContentException"),
        (json!({"FunctionName": "f", "InvocationType": "Later"}), "ValidationException"),
        (json!({"FunctionName": "none"}), "ResourceNotFoundException"),
        (
            json!({"FunctionName": "f", "Payload": format!("\"{}\"", "x".repeat(6 * 1024 * 1024))}),
            "RequestTooLargeException",
        ),
    ] {
        assert_eq!(lambda(&mut state, "Invoke", input).unwrap_err().code, code);
    }
}
