//! From a queue to a function and back.

use super::*;

#[test]
fn a_message_becomes_an_event_as_aws_shapes_it() {
    let (mut state, _) = mapped(json!({}));
    let input = json!({"QueueUrl": sqs::url(&QUEUE.into()), "MessageBody": "{\"a\":1}", "MessageAttributes": {
        "alert_type": {"DataType": "String", "StringValue": "login"}}});
    call(&mut state, Service::Sqs, "SendMessage", input).unwrap();
    let mut event = Value::Null;
    let runs = settle(&mut state, |invocation| {
        assert_eq!(invocation.timeout_seconds, 30);
        assert_eq!(invocation.deadline_ms, Time::parse("2026-03-02T09:14:37Z").unwrap().0);
        event = serde_json::from_str(&invocation.payload).unwrap();
        ok("null")
    });
    assert_eq!((runs, left(&state, QUEUE)), (1, 0));
    let record = &event["Records"][0];
    let keys: Vec<&String> = record.as_object().unwrap().keys().collect();
    let wanted = ["messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfBody", "eventSource"];
    assert_eq!(keys[..7], wanted);
    assert_eq!(record["body"], "{\"a\":1}");
    assert_eq!(record["md5OfBody"], "bb6cb5c68df4652941caf652a366f2d8");
    assert_eq!((&record["eventSource"], &record["eventSourceARN"]), (&json!("aws:sqs"), &json!(QUEUE)));
    assert_eq!(record["awsRegion"], "us-east-1");
    assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(
        record["messageAttributes"],
        json!({"alert_type": {
            "stringValue": "login", "stringListValues": [], "binaryListValues": [], "dataType": "String"}})
    );
    assert_eq!(traced(&state, Hop::EventSourceMapping, Outcome::Delivered).len(), 1);
    assert_eq!(traced(&state, Hop::Function, Outcome::Delivered).len(), 1);
}

#[test]
fn what_a_function_says_of_its_batch() {
    // [D] services-sqs-errorhandling, "Success and failure conditions"
    let check = |response: &str, wanted: Result<&[&str], &str>| {
        let found = batch::failures(response, &["m1", "m2"]);
        match (&found, wanted) {
            (Ok(found), Ok(wanted)) => assert_eq!(found, wanted, "{response}"),
            (Err(found), Err(part)) => assert!(found.contains(part), "{response}: {found}"),
            _ => panic!("{response}: {found:?}, wanted {wanted:?}"),
        }
    };
    for success in ["", "null", "{}", "[]", "\"\"", r#"{"batchItemFailures":[]}"#, r#"{"batchItemFailures":null}"#] {
        check(success, Ok(&[]));
    }
    check(r#"{"batchItemFailures":[{"itemIdentifier":"m2"}]}"#, Ok(&["m2"]));
    check("{", Err("not JSON"));
    check("\"done\"", Err("no object"));
    check(r#"{"batchItemFailures":{}}"#, Err("no list"));
    check(r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#, Err("empty"));
    check(r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#, Err("no text"));
    check(r#"{"batchItemFailures":[{"id":"m1"}]}"#, Err("has no itemIdentifier"));
    check(r#"{"batchItemFailures":[{"itemIdentifier":"m9"}]}"#, Err("no message of the batch"));
}

#[test]
fn messages_that_fail_return_after_their_visibility_timeout() {
    let check = |partial: bool, answer: fn(&Invocation) -> InvocationResult, remain: usize| {
        let types: &[&str] = if partial { &["ReportBatchItemFailures"] } else { &[] };
        let (mut state, _) = mapped(json!({"FunctionResponseTypes": types}));
        send(&mut state, "one");
        send(&mut state, "two");
        assert_eq!(settle(&mut state, answer), 1, "one batch of both");
        assert_eq!(left(&state, QUEUE), remain);
        assert_eq!(advance(&mut state, 179, answer), 0, "hidden until then");
        let mut again = 0;
        advance(&mut state, 1, |invocation| {
            again += ids(invocation).len();
            ok("{}")
        });
        assert_eq!(again, remain);
        assert_eq!(left(&state, QUEUE), 0);
        let retried = traced(&state, Hop::EventSourceMapping, Outcome::Retried);
        assert_eq!(retried.len(), usize::from(remain > 0));
        if let Some(entry) = retried.first() {
            assert!(entry.detail.contains("visibility timeout of 180 s"), "{}", entry.detail);
        }
    };
    let first = |invocation: &Invocation| {
        ok(&json!({"batchItemFailures": [{"itemIdentifier": ids(invocation)[0]}]}).to_string())
    };
    check(false, |_| ok("{}"), 0);
    check(false, |_| failure(), 2);
    check(true, first, 1);
    // The response type is what makes AWS look into the response.
    check(false, first, 0);
    check(true, |_| ok("{"), 2);
    check(true, |_| failure(), 2);
}

#[test]
fn a_mapping_needs_its_permissions() {
    let all = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    for missing in all {
        let rest: Vec<&str> = all.into_iter().filter(|action| *action != missing).collect();
        // [T] at creation
        let mut state = deployed();
        role(&mut state, &rest);
        let input = json!({"EventSourceArn": QUEUE, "FunctionName": "f"});
        let error = lambda(&mut state, "CreateEventSourceMapping", input).unwrap_err();
        let operation = missing.trim_start_matches("sqs:");
        assert_eq!(
            error.message,
            format!("The provided execution role does not have permissions to call {operation} on SQS")
        );
        // and ever after
        let (mut state, _) = mapped(json!({}));
        role(&mut state, &rest);
        state.clear_trace();
        send(&mut state, "x");
        assert_eq!(settle(&mut state, |_| ok("{}")), 0, "{missing}");
        let denied = traced(&state, Hop::EventSourceMapping, Outcome::Denied);
        assert!(denied.iter().any(|entry| entry.detail == format!("{missing} denied")), "{missing}: {denied:?}");
        // Once a minute at first, then less and less: no spinning.
        state.clear_trace();
        assert_eq!(advance(&mut state, 59, |_| ok("{}")), 0);
        assert_eq!(traced(&state, Hop::EventSourceMapping, Outcome::Denied).len(), 0);
        advance(&mut state, 3541, |_| ok("{}"));
        let polls = traced(&state, Hop::EventSourceMapping, Outcome::Denied).len() / 2;
        assert!((3..=7).contains(&polls), "{polls} polls within an hour");
        // The permission comes back, and the message is not lost.
        role(&mut state, MAY);
        assert_eq!(advance(&mut state, 900, |_| ok("{}")), 1);
        assert_eq!(left(&state, QUEUE), 0);
        assert_eq!(state.next_delivery_due(), None, "nothing is polled when there is nothing to read");
    }
}

#[test]
fn a_mapping_needs_its_function_and_role() {
    let (mut state, _) = mapped(json!({}));
    lambda(&mut state, "DeleteFunction", json!({"FunctionName": "f"})).unwrap();
    send(&mut state, "x");
    assert_eq!(settle(&mut state, |_| ok("{}")), 0);
    let denied = traced(&state, Hop::EventSourceMapping, Outcome::Denied);
    assert!(denied[0].detail.contains("does not exist"), "{}", denied[0].detail);

    let (mut state, _) = mapped(json!({}));
    let trust = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}});
    let input = json!({"RoleName": "r", "PolicyDocument": trust.to_string()});
    call(&mut state, Service::Iam, "UpdateAssumeRolePolicy", input).unwrap();
    send(&mut state, "x");
    assert_eq!(settle(&mut state, |_| ok("{}")), 0);
    assert!(!traced(&state, Hop::EventSourceMapping, Outcome::Denied).is_empty());
}

#[test]
fn a_disabled_mapping_reads_nothing_and_says_so() {
    let (mut state, uuid) = mapped(json!({"Enabled": false}));
    send(&mut state, "x");
    assert_eq!(settle(&mut state, |_| ok("{}")), 0);
    assert_eq!(traced(&state, Hop::EventSourceMapping, Outcome::Failed).len(), 1);
    let enabled = lambda(&mut state, "UpdateEventSourceMapping", json!({"UUID": uuid, "Enabled": true})).unwrap();
    assert_eq!(enabled["State"], "Enabling");
    assert_eq!(settle(&mut state, |_| ok("{}")), 1);
}

#[test]
fn event_source_mappings_through_the_api() {
    let (mut state, uuid) = mapped(json!({"BatchSize": 5, "ScalingConfig": {"MaximumConcurrency": 2}}));
    let shown = lambda(&mut state, "GetEventSourceMapping", json!({"UUID": uuid})).unwrap();
    assert_eq!(
        shown,
        json!({
            "UUID": uuid, "BatchSize": 5, "MaximumBatchingWindowInSeconds": 0, "EventSourceArn": QUEUE,
            "FunctionArn": FUNCTION, "LastModified": 1_772_442_847.0, "State": "Enabled",
            "StateTransitionReason": "USER_INITIATED", "FunctionResponseTypes": [],
            "EventSourceMappingArn": format!("arn:aws:lambda:us-east-1:{HUB}:event-source-mapping:{uuid}"),
            "ScalingConfig": {"MaximumConcurrency": 2},
        })
    );
    let check = |state: &mut State, input: Value, part: &str| {
        let error = lambda(state, "CreateEventSourceMapping", input).unwrap_err();
        assert!(error.message.contains(part), "{error} lacks {part}");
    };
    let at = |queue: &str| json!({"EventSourceArn": queue, "FunctionName": "f"});
    check(&mut state, at(QUEUE), &format!("delete the existing mapping with UUID {uuid}"));
    check(&mut state, at("arn:aws:sqs:us-east-1:999988887777:none"), "NonExistentQueue");
    check(&mut state, at("arn:aws:kinesis:us-east-1:999988887777:stream/s"), "read kinesis");
    check(&mut state, json!({"EventSourceArn": DLQ, "FunctionName": "none"}), "Function not found");
    let mut input = at(DLQ);
    input["BatchSize"] = json!(11);
    check(&mut state, input, "Maximum batch window in seconds must be greater than 0");
    let mut input = at(DLQ);
    input["FilterCriteria"] = json!({"Filters": [{"Pattern": "{"}]});
    check(&mut state, input, "Invalid filter pattern definition.");
    let slow = json!({"FunctionName": "f", "Timeout": 181});
    lambda(&mut state, "UpdateFunctionConfiguration", slow).unwrap();
    check(&mut state, at(DLQ), "Queue visibility timeout: 180 seconds is less than Function timeout: 181 seconds");
    let listed = lambda(&mut state, "ListEventSourceMappings", json!({"FunctionName": "f"})).unwrap();
    assert_eq!(listed["EventSourceMappings"].as_array().unwrap().len(), 1);
    let deleted = lambda(&mut state, "DeleteEventSourceMapping", json!({"UUID": uuid})).unwrap();
    assert_eq!(deleted["State"], "Deleting");
    assert_eq!(lambda(&mut state, "GetEventSourceMapping", json!({"UUID": uuid})).unwrap_err().status, 404);
    send(&mut state, "x");
    assert_eq!(settle(&mut state, |_| ok("{}")), 0);
}

#[test]
fn batches_windows_filters_and_scaling() {
    let sizes = |more: Value, messages: usize| {
        let (mut state, _) = mapped(more);
        for n in 0..messages {
            send(&mut state, &format!("{{\"n\":{n}}}"));
        }
        let mut sizes = Vec::new();
        let mut first = 0;
        while state.step() {}
        // What is under way at once, before anything ends.
        let effects = state.take_effects();
        first += effects.len();
        for effect in effects {
            let Effect::Invoke(invocation) = effect else { continue };
            sizes.push(ids(&invocation).len());
            let completion = Completion { init_ms: Some(1.0), ..Completion::without_process(ok("{}")) };
            completed(&mut state, *invocation, completion);
        }
        advance(&mut state, 100, |invocation| {
            sizes.push(ids(invocation).len());
            ok("{}")
        });
        assert_eq!(left(&state, QUEUE), 0);
        (first, sizes)
    };
    assert_eq!(sizes(json!({}), 23), (3, vec![10, 10, 3]));
    assert_eq!(sizes(json!({"BatchSize": 1}), 7), (5, vec![1; 7]), "five batches at once");
    assert_eq!(sizes(json!({"BatchSize": 1, "ScalingConfig": {"MaximumConcurrency": 2}}), 7), (2, vec![1; 7]));
    assert_eq!(sizes(json!({"BatchSize": 10, "MaximumBatchingWindowInSeconds": 20}), 3), (0, vec![3]));
    assert_eq!(sizes(json!({"BatchSize": 2, "MaximumBatchingWindowInSeconds": 20}), 5), (2, vec![2, 2, 1]));
    // [D] invocation-eventfiltering: what no filter admits is deleted.
    let filter = json!({"FilterCriteria": {"Filters": [{"Pattern": "{\"body\":{\"n\":[1,3]}}"}]}});
    assert_eq!(sizes(filter, 5), (1, vec![2]));
}

#[test]
fn a_batching_window_gathers_what_comes_later() {
    let (mut state, _) = mapped(json!({"MaximumBatchingWindowInSeconds": 20}));
    send(&mut state, "one");
    assert_eq!(advance(&mut state, 19, |_| ok("{}")), 0);
    send(&mut state, "two");
    let mut size = 0;
    assert_eq!(
        advance(&mut state, 1, |invocation| {
            size = ids(invocation).len();
            ok("{}")
        }),
        1
    );
    assert_eq!(size, 2);
}

#[test]
fn a_throttled_function_leaves_its_messages_in_the_queue() {
    // [D] services-sqs-scaling
    let (mut state, _) = mapped(json!({}));
    let none = json!({"FunctionName": "f", "ReservedConcurrentExecutions": 0});
    lambda(&mut state, "PutFunctionConcurrency", none).unwrap();
    send(&mut state, "x");
    assert_eq!(advance(&mut state, 179, |_| ok("{}")), 0);
    assert_eq!(traced(&state, Hop::EventSourceMapping, Outcome::Retried).len(), 1);
    lambda(&mut state, "DeleteFunctionConcurrency", json!({"FunctionName": "f"})).unwrap();
    assert_eq!(advance(&mut state, 1, |_| ok("{}")), 1);
    assert_eq!(left(&state, QUEUE), 0);
}
