//! SQS through its API, on a state of its own.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Send, change_visibility, delete, metrics, receive, send};
use crate::api::{ApiError, Call, Protocol, Reply, Service, dispatch};
use crate::id::{Arn, Region};
use crate::state::State;
use crate::time::Time;
use crate::trace::{Hop, Outcome};
use rootwatch_policy::{Context, Principal};

pub(super) const HUB: &str = "999988887777";
const SPOKE: &str = "111122223333";

pub(super) fn state() -> State {
    State::new(Time::parse("2026-03-02T09:14:07Z").unwrap(), 1)
}

fn call_over(
    protocol: Protocol,
    state: &mut State,
    account: &str,
    operation: &str,
    params: Value,
) -> Result<Reply, ApiError> {
    let arn = format!("arn:aws:iam::{account}:user/administrator");
    dispatch(&mut Call {
        state,
        service: Service::Sqs,
        operation: operation.into(),
        protocol,
        caller: Principal::Administrator { account: account.into(), arn },
        account: account.into(),
        region: "us-east-1".into(),
        params,
        request_id: "request".into(),
    })
}

fn call_as(state: &mut State, account: &str, operation: &str, params: Value) -> Result<Value, ApiError> {
    match call_over(Protocol::Json10, state, account, operation, params)? {
        Reply::Value(value) | Reply::Wait { otherwise: value, .. } => Ok(value),
        other => panic!("{other:?}"),
    }
}

pub(super) fn call(state: &mut State, operation: &str, params: Value) -> Result<Value, ApiError> {
    call_as(state, HUB, operation, params)
}

pub(super) fn queue(state: &mut State, name: &str, attributes: Value) -> Arn {
    call(state, "CreateQueue", json!({"QueueName": name, "Attributes": attributes})).unwrap();
    Arn::of("sqs", &"us-east-1".into(), &HUB.into(), name)
}

pub(super) fn put(state: &mut State, name: &str, body: &str) {
    call(state, "SendMessage", json!({"QueueUrl": name, "MessageBody": body})).unwrap();
}

pub(super) fn pass(state: &mut State, seconds: u64) {
    let until = state.now + Duration::from_secs(seconds);
    while let Some(due) = state.next_due().filter(|due| *due <= until) {
        state.now = state.now.max(due);
        while state.step() {}
    }
    state.now = until;
}

fn bodies(messages: &[super::Received]) -> Vec<&str> {
    messages.iter().map(|message| message.body.as_str()).collect()
}

#[test]
fn the_handle_of_an_earlier_receive_changes_the_visibility() {
    // [V] LS:sqs/test_terminate_visibility_timeout_after_receive
    let mut state = state();
    let q = queue(&mut state, "q", json!({}));
    put(&mut state, "q", "one");
    let first = receive(&mut state, &q, 1, Some(Duration::ZERO));
    assert_eq!(receive(&mut state, &q, 1, Some(Duration::from_secs(3))).len(), 1);
    assert_eq!(receive(&mut state, &q, 1, None).len(), 0);
    assert!(change_visibility(&mut state, &q, &first[0].receipt_handle, Duration::ZERO));
    assert_eq!(receive(&mut state, &q, 1, None).len(), 1);
}

#[test]
fn a_message_is_hidden_until_its_timeout_ends_or_it_is_deleted() {
    // [D] sqs-visibility-timeout
    let mut state = state();
    let q = queue(&mut state, "q", json!({"VisibilityTimeout": "60"}));
    put(&mut state, "q", "one");
    put(&mut state, "q", "two");
    let first = receive(&mut state, &q, 1, None);
    assert_eq!(bodies(&first), ["one"]);
    assert_eq!(bodies(&receive(&mut state, &q, 10, Some(Duration::from_secs(5)))), ["two"]);
    assert_eq!(metrics(&state, &q).map(|m| (m.visible, m.not_visible)), Some((0, 2)));
    pass(&mut state, 5);
    let two = receive(&mut state, &q, 10, None);
    assert_eq!(bodies(&two), ["two"]);
    assert_eq!(two[0].attributes["ApproximateReceiveCount"], "2");
    assert!(delete(&mut state, &q, &two[0].receipt_handle));
    assert!(change_visibility(&mut state, &q, &first[0].receipt_handle, Duration::ZERO));
    let again = receive(&mut state, &q, 10, None);
    assert_eq!(bodies(&again), ["one"]);
    // [D] API_DeleteMessage: only the most recent handle deletes
    assert!(!delete(&mut state, &q, &first[0].receipt_handle));
    assert!(delete(&mut state, &q, &again[0].receipt_handle));
    pass(&mut state, 3600);
    assert_eq!(receive(&mut state, &q, 10, None), []);
}

#[test]
fn an_expired_handle_still_deletes_and_still_hides() {
    // [V] LS:sqs/test_delete_after_visibility_timeout, ::test_change_message_visibility_after_visibility_timeout_expiration
    let mut state = state();
    let q = queue(&mut state, "q", json!({"VisibilityTimeout": "1"}));
    put(&mut state, "q", "one");
    let received = receive(&mut state, &q, 1, None);
    pass(&mut state, 2);
    assert!(change_visibility(&mut state, &q, &received[0].receipt_handle, Duration::from_secs(2)));
    assert_eq!(receive(&mut state, &q, 1, None), []);
    pass(&mut state, 2);
    assert!(delete(&mut state, &q, &received[0].receipt_handle));
    assert_eq!(metrics(&state, &q).map(|m| m.visible), Some(0));
}

#[test]
fn delays_retention_and_age() {
    // [D] API_SetQueueAttributes, sqs-available-cloudwatch-metrics
    let mut state = state();
    let q = queue(&mut state, "q", json!({"DelaySeconds": "10", "MessageRetentionPeriod": "60"}));
    put(&mut state, "q", "late");
    assert_eq!(metrics(&state, &q).map(|m| (m.visible, m.delayed)), Some((0, 1)));
    pass(&mut state, 9);
    assert_eq!(receive(&mut state, &q, 1, None), []);
    pass(&mut state, 1);
    let counts = metrics(&state, &q).unwrap();
    assert_eq!((counts.visible, counts.age_of_oldest), (1, Duration::from_secs(10)));
    pass(&mut state, 50);
    assert_eq!(metrics(&state, &q).map(|m| m.visible), Some(0));
    assert_eq!(receive(&mut state, &q, 1, None), []);
    assert!(state.entries().any(|entry| entry.outcome == Outcome::Lost && entry.detail.contains("retention")));
}

#[test]
fn a_message_received_too_often_goes_to_the_dead_letter_queue() {
    // [V] LS:sqs/test_dead_letter_queue_message_attributes: id, attributes and receive count are kept
    let mut state = state();
    let dlq = queue(&mut state, "dlq", json!({}));
    let redrive = json!({"deadLetterTargetArn": dlq, "maxReceiveCount": 1}).to_string();
    let q = queue(&mut state, "q", json!({"RedrivePolicy": redrive}));
    let sent = json!({
        "QueueUrl": "q", "MessageBody": "message-1",
        "MessageAttributes": {"MyAttribute": {"DataType": "String", "StringValue": "foobar"}},
        "MessageSystemAttributes": {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1"}},
    });
    let sent = call(&mut state, "SendMessage", sent).unwrap();
    assert_eq!(sent["MD5OfMessageAttributes"], "adb59cd4678ea5a855436b949cd07ab6");
    assert_eq!(receive(&mut state, &q, 1, None).len(), 1);
    pass(&mut state, 30);
    assert_eq!(receive(&mut state, &q, 1, None), []);
    let dead = receive(&mut state, &dlq, 1, None);
    assert_eq!(dead[0].message_id, sent["MessageId"]);
    assert_eq!(dead[0].attributes["ApproximateReceiveCount"], "2");
    assert_eq!(dead[0].attributes["DeadLetterQueueSourceArn"], q.as_str());
    assert_eq!(dead[0].attributes["AWSTraceHeader"], "Root=1");
    assert_eq!(dead[0].message_attributes.len(), 1);
    let entry = state.entries().find(|entry| entry.outcome == Outcome::DeadLettered).unwrap();
    assert_eq!((entry.hop, entry.resource.as_str()), (Hop::Queue, q.as_str()));
    // [D] API_ListDeadLetterSourceQueues
    let sources = call(&mut state, "ListDeadLetterSourceQueues", json!({"QueueUrl": "dlq"})).unwrap();
    assert_eq!(sources, json!({"queueUrls": [super::url(&q)]}));
}

#[test]
fn a_move_task_brings_messages_back() {
    // [D] API_StartMessageMoveTask
    let mut state = state();
    let dlq = queue(&mut state, "dlq", json!({}));
    let start = json!({"SourceArn": dlq});
    assert_eq!(
        call(&mut state, "StartMessageMoveTask", start.clone()).unwrap_err().message,
        "Source queue must be configured as a Dead Letter Queue."
    );
    let redrive = json!({"deadLetterTargetArn": dlq, "maxReceiveCount": 1}).to_string();
    let q = queue(&mut state, "q", json!({"RedrivePolicy": redrive}));
    for n in 0..3 {
        put(&mut state, "q", &n.to_string());
    }
    receive(&mut state, &q, 10, Some(Duration::from_secs(1)));
    pass(&mut state, 1);
    assert_eq!(receive(&mut state, &q, 10, None), []);
    let start = json!({"SourceArn": dlq, "MaxNumberOfMessagesPerSecond": 2});
    let started = call(&mut state, "StartMessageMoveTask", start.clone()).unwrap();
    assert!(started["TaskHandle"].is_string());
    assert_eq!(call(&mut state, "StartMessageMoveTask", start).unwrap_err().code, "InvalidParameterValue");
    pass(&mut state, 0);
    assert_eq!(metrics(&state, &q).map(|m| m.visible), Some(2));
    pass(&mut state, 2);
    let tasks = call(&mut state, "ListMessageMoveTasks", json!({"SourceArn": dlq})).unwrap();
    let task = &tasks["Results"][0];
    assert_eq!(
        (&task["Status"], &task["ApproximateNumberOfMessagesMoved"], &task["ApproximateNumberOfMessagesToMove"]),
        (&json!("COMPLETED"), &json!(3), &json!(3))
    );
    assert_eq!(task.get("TaskHandle"), None);
    assert_eq!(receive(&mut state, &q, 10, None).len(), 3);
}

/// Sends as a service and says how it went.
fn send_as_service(state: &mut State, q: &Arn, context: &[(&str, &str)]) -> Result<String, String> {
    let principal = Principal::Service { name: "sns.amazonaws.com".into() };
    let context = context.iter().fold(Context::new(), |context, (key, value)| context.with((*key).to_owned(), *value));
    let region = Region::new("us-east-1");
    let send_ =
        Send { principal: &principal, region: &region, queue: q, body: "b".into(), attributes: vec![], context };
    send(state, Hop::Subscription, send_).map_err(|error| error.code)
}

#[test]
fn services_need_the_queue_policy() {
    // [D] sns-send-message-to-sqs-cross-account, sqs-overview-of-managing-access
    let topic = "arn:aws:sns:us-east-1:999988887777:t";
    let allow = |condition: Value| {
        json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "topic", "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage", "Resource": "*", "Condition": condition,
        }]})
        .to_string()
    };
    let by_arn = allow(json!({"ArnEquals": {"aws:SourceArn": topic}}));
    let by_account = allow(json!({"StringEquals": {"aws:SourceAccount": HUB}}));
    let other = "arn:aws:sns:us-east-1:999988887777:other";
    for (policy, context, allowed) in [
        (None, &[("aws:SourceArn", topic)][..], false),
        (Some(&by_arn), &[("aws:SourceArn", topic)], true),
        (Some(&by_arn), &[("aws:SourceArn", other)], false),
        (Some(&by_arn), &[], false),
        (Some(&by_account), &[("aws:SourceAccount", HUB)], true),
        (Some(&by_account), &[("aws:SourceAccount", SPOKE)], false),
    ] {
        let mut state = state();
        let attributes = policy.map_or(json!({}), |policy| json!({"Policy": policy}));
        let q = queue(&mut state, "q", attributes);
        let result = send_as_service(&mut state, &q, context);
        assert_eq!(result.is_ok(), allowed, "{policy:?} {context:?}: {result:?}");
        let entry = state.entries().last().unwrap();
        let expected = if allowed { Outcome::Delivered } else { Outcome::Denied };
        assert_eq!((entry.outcome, entry.resource.as_str()), (expected, q.as_str()));
        assert!(entry.decision.is_some());
        if !allowed {
            assert_eq!(result.unwrap_err(), "AccessDenied");
        }
    }
    let mut state = state();
    let gone = Arn::new("arn:aws:sqs:us-east-1:999988887777:gone");
    assert_eq!(send_as_service(&mut state, &gone, &[]).unwrap_err(), "AWS.SimpleQueueService.NonExistentQueue");
}

#[test]
fn other_accounts_reach_what_the_policy_allows_and_never_the_management() {
    // [D] sqs-overview-of-managing-access: cross-account permissions do not apply to SetQueueAttributes and others
    let mut state = state();
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": SPOKE}, "Action": "sqs:*", "Resource": "*"},
    ]});
    queue(&mut state, "q", json!({"Policy": policy.to_string()}));
    let url = "https://sqs.us-east-1.amazonaws.com/999988887777/q";
    let stranger = "444455556666";
    for (account, operation, extra, code) in [
        (SPOKE, "SendMessage", json!({"MessageBody": "b"}), None),
        (SPOKE, "GetQueueAttributes", json!({}), None),
        (SPOKE, "SetQueueAttributes", json!({"Attributes": {}}), Some("AccessDenied")),
        (SPOKE, "DeleteQueue", json!({}), Some("AccessDenied")),
        (SPOKE, "TagQueue", json!({"Tags": {"a": "b"}}), Some("AccessDenied")),
        (stranger, "SendMessage", json!({"MessageBody": "b"}), Some("AccessDenied")),
        (HUB, "SetQueueAttributes", json!({"Attributes": {}}), None),
    ] {
        let mut params = extra;
        params["QueueUrl"] = json!(url);
        let error = call_as(&mut state, account, operation, params).err();
        assert_eq!(error.as_ref().map(|error| error.code.as_str()), code, "{account} {operation}: {error:?}");
        if let Some(error) = error {
            assert_eq!(error.status, 403);
            assert!(error.message.starts_with("User: arn:aws:iam::"), "{}", error.message);
        }
    }
}

#[test]
fn refusals() {
    let mut state = state();
    queue(&mut state, "q", json!({"MaximumMessageSize": "1024"}));
    let mut check = |operation: &str, params: Value, code: &str, text: &str| {
        let error = call(&mut state, operation, params.clone()).unwrap_err();
        assert_eq!((error.code.as_str(), error.message.as_str()), (code, text), "{operation} {params}");
    };
    let long = "x".repeat(1025);
    let entries = |n: usize| (0..n).map(|n| json!({"Id": n.to_string(), "MessageBody": "b"})).collect::<Vec<_>>();
    let value = "InvalidParameterValue";
    // [V] LS:sqs/test_sqs.snapshot.json, the tests named on the right
    for (operation, params, code, text) in [
        // ::test_non_existent_queue
        (
            "GetQueueUrl",
            json!({"QueueName": "none"}),
            "AWS.SimpleQueueService.NonExistentQueue",
            "The specified queue does not exist.",
        ),
        // ::test_send_empty_message
        (
            "SendMessage",
            json!({"QueueUrl": "q", "MessageBody": ""}),
            "MissingParameter",
            "The request must contain the parameter MessageBody.",
        ),
        // ::test_send_message_with_updated_maximum_message_size
        (
            "SendMessage",
            json!({"QueueUrl": "q", "MessageBody": long}),
            value,
            "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.",
        ),
        // ::test_send_receive_max_number_of_messages
        (
            "ReceiveMessage",
            json!({"QueueUrl": "q", "MaxNumberOfMessages": 11}),
            value,
            "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
        ),
        // ::test_send_receive_wait_time_seconds
        (
            "ReceiveMessage",
            json!({"QueueUrl": "q", "WaitTimeSeconds": 21}),
            value,
            "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
        ),
        (
            "ReceiveMessage",
            json!({"QueueUrl": "q", "WaitTimeSeconds": -1}),
            value,
            "Value -1 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
        ),
        // ::test_create_queue_with_different_attributes_raises_exception
        (
            "CreateQueue",
            json!({"QueueName": "q", "Attributes": {"DelaySeconds": "2"}}),
            "QueueAlreadyExists",
            "A queue already exists with the same name and a different value for attribute DelaySeconds",
        ),
        // ::test_delete_message_with_illegal_receipt_handle
        (
            "DeleteMessage",
            json!({"QueueUrl": "q", "ReceiptHandle": "garbage"}),
            "ReceiptHandleIsInvalid",
            "The input receipt handle \"garbage\" is not a valid receipt handle.",
        ),
        // ::test_set_unsupported_attribute_standard
        (
            "SetQueueAttributes",
            json!({"QueueUrl": "q", "Attributes": {"FifoQueue": "true"}}),
            "InvalidAttributeName",
            "Unknown Attribute FifoQueue.",
        ),
        // ::test_too_many_entries_in_batch_request
        (
            "SendMessageBatch",
            json!({"QueueUrl": "q", "Entries": entries(11)}),
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            "Maximum number of entries per request are 10. You have sent 11.",
        ),
        // ::test_invalid_batch_id
        (
            "SendMessageBatch",
            json!({"QueueUrl": "q", "Entries": [{"Id": "a:b", "MessageBody": "b"}]}),
            "AWS.SimpleQueueService.InvalidBatchEntryId",
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
        ),
        // [D] API_SendMessageBatch
        (
            "SendMessageBatch",
            json!({"QueueUrl": "q", "Entries": []}),
            "AWS.SimpleQueueService.EmptyBatchRequest",
            "There should be at least one SendMessageBatchRequestEntry in the request.",
        ),
        // ::test_send_message_to_standard_queue_with_invalid_message_group_id
        (
            "SendMessage",
            json!({"QueueUrl": "q", "MessageBody": "b", "MessageGroupId": "group 123"}),
            value,
            "Value group 123 for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.",
        ),
        // ::test_sqs_permission_lifecycle
        (
            "RemovePermission",
            json!({"QueueUrl": "q", "Label": "none"}),
            value,
            "Value none for parameter Label is invalid. Reason: can't find label.",
        ),
    ] {
        check(operation, params, code, text);
    }
}

#[test]
fn fifo_is_refused_by_name() {
    let mut state = state();
    // [D] API_CreateQueue; the texts of the second and third [T]
    for (params, status, part) in [
        (json!({"QueueName": "a.fifo", "Attributes": {"FifoQueue": "true"}}), 501, "CreateQueue with FifoQueue"),
        (json!({"QueueName": "a.fifo"}), 400, "Can only include alphanumeric characters"),
        (json!({"QueueName": "a", "Attributes": {"FifoQueue": "false"}}), 400, "Unknown Attribute FifoQueue"),
    ] {
        let error = call(&mut state, "CreateQueue", params.clone()).unwrap_err();
        assert_eq!((error.status, error.message.contains(part)), (status, true), "{params}: {error}");
    }
}

#[test]
fn batches_report_each_entry() {
    // [V] LS:sqs/test_send_batch_message_size
    let mut state = state();
    queue(&mut state, "q", json!({"MaximumMessageSize": "1024"}));
    let answer = call(
        &mut state,
        "SendMessageBatch",
        json!({"QueueUrl": "q", "Entries": [{"Id": "long", "MessageBody": "x".repeat(1025)}, {"Id": "fine", "MessageBody": "test"}]}),
    )
    .unwrap();
    assert_eq!(answer["Successful"][0]["Id"], "fine");
    assert_eq!(answer["Successful"][0]["MD5OfMessageBody"], "098f6bcd4621d373cade4e832627b4f6");
    assert_eq!(
        answer["Failed"],
        json!([{"Id": "long", "SenderFault": true, "Code": "InvalidParameterValue",
            "Message": "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes."}])
    );
}

#[test]
fn an_empty_receive_waits_and_a_full_one_does_not() {
    // [D] sqs-short-and-long-polling; [V] LS:sqs/test_wait_time_seconds_queue_attribute_waits_correctly
    let mut state = state();
    queue(&mut state, "q", json!({"ReceiveMessageWaitTimeSeconds": "1"}));
    for (wait, expected) in [(None, Some(1)), (Some(20), Some(20)), (Some(0), None)] {
        let mut params = json!({"QueueUrl": "q"});
        if let Some(wait) = wait {
            params["WaitTimeSeconds"] = json!(wait);
        }
        let reply = call_over(Protocol::Json10, &mut state, HUB, "ReceiveMessage", params).unwrap();
        let seconds = match reply {
            Reply::Wait { until, otherwise } => {
                assert_eq!(otherwise, json!({}));
                Some((until - state.now).as_secs())
            }
            Reply::Value(value) => {
                assert_eq!(value, json!({}));
                None
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(seconds, expected, "{wait:?}");
    }
    put(&mut state, "q", "one");
    let reply =
        call_over(Protocol::Json10, &mut state, HUB, "ReceiveMessage", json!({"QueueUrl": "q", "WaitTimeSeconds": 20}));
    assert!(matches!(reply, Ok(Reply::Value(_))));
}

#[test]
fn both_protocols() {
    let mut state = state();
    queue(&mut state, "q", json!({}));
    // [V] LS:sqs/test_non_existent_queue: the code, the shape, and the older text
    let json = call_over(Protocol::Json10, &mut state, HUB, "PurgeQueue", json!({"QueueUrl": "none"})).unwrap_err();
    assert_eq!(json.members, [("__type".to_owned(), "com.amazonaws.sqs#QueueDoesNotExist".into())]);
    let query = call_over(Protocol::Query, &mut state, HUB, "PurgeQueue", json!({"QueueUrl": "none"})).unwrap_err();
    assert_eq!(query.message, "The specified queue does not exist for this wsdl version.");
    assert_eq!(query.members, [("Detail".to_owned(), "".into())]);
    // [D] the service model of the Query protocol
    let params = json!({
        "QueueUrl": "q", "MessageBody": "b", "DelaySeconds": "0",
        "MessageAttribute": [{"Name": "Foo", "Value": {"DataType": "String", "StringValue": "Bar"}}],
    });
    let Ok(Reply::Value(sent)) = call_over(Protocol::Query, &mut state, HUB, "SendMessage", params) else { panic!() };
    assert_eq!(sent["MD5OfMessageAttributes"], "ae7155c6026991b6d54b11589678bf9c");
    let params = json!({"QueueUrl": "q", "AttributeName": ["SenderId"], "MessageAttributeName": ["All"], "MaxNumberOfMessages": "10"});
    let Ok(Reply::Value(got)) = call_over(Protocol::Query, &mut state, HUB, "ReceiveMessage", params) else { panic!() };
    let message = &got["Message"]["$flat"][0];
    assert_eq!(message["Attribute"]["$flat"][0]["Name"], "SenderId");
    assert_eq!(message["MessageAttribute"]["$flat"][0]["Value"]["StringValue"], "Bar");
}

#[test]
fn attributes_that_terraform_reads_back() {
    // [V] LS:sqs/test_set_queue_attributes_default_values
    let mut state = state();
    let q = queue(&mut state, "q", json!({}));
    let all = json!({"QueueUrl": "q", "AttributeNames": ["All"]});
    let answer = call(&mut state, "GetQueueAttributes", all).unwrap();
    let now = state.now.seconds().to_string();
    assert_eq!(
        answer["Attributes"],
        json!({
            "ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesDelayed": "0",
            "ApproximateNumberOfMessagesNotVisible": "0", "CreatedTimestamp": now, "DelaySeconds": "0",
            "LastModifiedTimestamp": now, "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "345600",
            "QueueArn": q, "ReceiveMessageWaitTimeSeconds": "0", "SqsManagedSseEnabled": "true",
            "VisibilityTimeout": "30",
        })
    );
    // [V] LS:sqs/test_set_empty_queue_policy
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Resource":"*"}}"#;
    let get = json!({"QueueUrl": "q", "AttributeNames": ["Policy"]});
    for (value, shown) in [(policy, json!({"Attributes": {"Policy": policy}})), ("", json!({}))] {
        call(&mut state, "SetQueueAttributes", json!({"QueueUrl": "q", "Attributes": {"Policy": value}})).unwrap();
        assert_eq!(call(&mut state, "GetQueueAttributes", get.clone()).unwrap(), shown);
    }
}

#[test]
fn names_are_free_again_after_a_minute() {
    // [D] API_DeleteQueue
    let mut state = state();
    queue(&mut state, "q", json!({}));
    call(&mut state, "DeleteQueue", json!({"QueueUrl": "q"})).unwrap();
    let error = call(&mut state, "CreateQueue", json!({"QueueName": "q"})).unwrap_err();
    assert_eq!(error.code, "AWS.SimpleQueueService.QueueDeletedRecently");
    pass(&mut state, 60);
    assert!(call(&mut state, "CreateQueue", json!({"QueueName": "q"})).is_ok());
}

#[test]
fn permissions_by_label() {
    // [V] LS:sqs/test_sqs_permission_lifecycle
    let mut state = state();
    let q = queue(&mut state, "q", json!({}));
    let add = |label: &str, accounts: Value| json!({"QueueUrl": "q", "Label": label, "AWSAccountIds": accounts, "Actions": ["ReceiveMessage"]});
    call(&mut state, "AddPermission", add("one", json!([HUB, SPOKE]))).unwrap();
    let policy: Value = serde_json::from_str(state.sqs.policy(&q).unwrap().text()).unwrap();
    assert_eq!(
        policy,
        json!({"Version": "2008-10-17", "Id": format!("{q}/SQSDefaultPolicy"), "Statement": [{
            "Sid": "one", "Effect": "Allow",
            "Principal": {"AWS": [format!("arn:aws:iam::{HUB}:root"), format!("arn:aws:iam::{SPOKE}:root")]},
            "Action": "SQS:ReceiveMessage", "Resource": q,
        }]})
    );
    let error = call(&mut state, "AddPermission", add("one", json!([HUB]))).unwrap_err();
    assert_eq!(error.message, "Value one for parameter Label is invalid. Reason: Already exists.");
    call(&mut state, "RemovePermission", json!({"QueueUrl": "q", "Label": "one"})).unwrap();
    assert!(state.sqs.policy(&q).is_none());
}

#[test]
fn messages_keep_their_age_when_the_clock_is_set() {
    for days in [-4000i64, 4000] {
        let mut state = state();
        let q = queue(&mut state, "q", json!({}));
        put(&mut state, "q", "hidden");
        put(&mut state, "q", "ready");
        receive(&mut state, &q, 1, None);
        let before = metrics(&state, &q);
        let distance = days * 86_400_000;
        state.rebase(Time(state.now.0 + distance));
        assert_eq!(metrics(&state, &q), before, "{days}");
        pass(&mut state, 30);
        assert_eq!(receive(&mut state, &q, 10, None).len(), 2, "{days}");
    }
}

#[test]
fn a_wake_up_without_hidden_messages_is_idle() {
    let mut state = state();
    let q = queue(&mut state, "q", json!({}));
    let task = super::Task::Wake(q.clone());
    put(&mut state, "q", "one");
    let received = receive(&mut state, &q, 1, None);
    assert!(!task.is_idle(&state));
    delete(&mut state, &q, &received[0].receipt_handle);
    assert!(task.is_idle(&state));
}

#[test]
fn a_fork_and_a_saved_state_keep_their_messages_to_themselves() {
    let mut state = state();
    let q = queue(&mut state, "q", json!({}));
    put(&mut state, "q", "one");
    let mut fork = state.clone();
    let mut saved: State = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
    assert_eq!(bodies(&receive(&mut fork, &q, 10, None)), ["one"]);
    assert_eq!(bodies(&receive(&mut saved, &q, 10, None)), ["one"]);
    assert_eq!(metrics(&state, &q).map(|m| m.visible), Some(1));
}

/// [D] API_StartMessageMoveTask, API_ListMessageMoveTasks, API_CancelMessageMoveTask; texts [T]
#[test]
fn move_tasks_are_checked_and_cancelled() {
    let mut state = state();
    let dlq = queue(&mut state, "dlq", json!({}));
    let redrive = json!({"deadLetterTargetArn": dlq, "maxReceiveCount": 1}).to_string();
    let q = queue(&mut state, "q", json!({"RedrivePolicy": redrive}));
    let other = queue(&mut state, "other", json!({}));
    let none = "arn:aws:sqs:us-east-1:111122223333:none";
    let format = "arn:<partition>:<service>:<region>:<account-id>:<resource-id>";
    let (value, missing) = ("InvalidParameterValue", "ResourceNotFoundException");
    let cases = [
        ("StartMessageMoveTask", json!({}), "MissingParameter", "SourceArn".to_owned()),
        ("StartMessageMoveTask", json!({"SourceArn": "x"}), value, format!("specify the SourceArn: {format}")),
        (
            "StartMessageMoveTask",
            json!({"SourceArn": none}),
            missing,
            "for the SourceArn parameter doesn't exist.".to_owned(),
        ),
        ("StartMessageMoveTask", json!({"SourceArn": q}), value, "configured as a Dead Letter Queue.".to_owned()),
        (
            "StartMessageMoveTask",
            json!({"SourceArn": dlq, "DestinationArn": "x"}),
            value,
            format!("specify the DestinationArn: {format}"),
        ),
        (
            "StartMessageMoveTask",
            json!({"SourceArn": dlq, "DestinationArn": none}),
            missing,
            "for the DestinationArn parameter doesn't exist.".to_owned(),
        ),
        (
            "StartMessageMoveTask",
            json!({"SourceArn": dlq, "MaxNumberOfMessagesPerSecond": 501}),
            value,
            "must be between 1 and 500.".to_owned(),
        ),
        (
            "ListMessageMoveTasks",
            json!({"SourceArn": none}),
            missing,
            "for the SourceArn parameter doesn't exist.".to_owned(),
        ),
        ("ListMessageMoveTasks", json!({"SourceArn": dlq, "MaxResults": 11}), value, "between 1 and 10.".to_owned()),
        ("CancelMessageMoveTask", json!({}), "MissingParameter", "TaskHandle".to_owned()),
        ("CancelMessageMoveTask", json!({"TaskHandle": "x"}), value, "TaskHandle is invalid.".to_owned()),
    ];
    for (operation, params, code, text) in cases {
        let error = call(&mut state, operation, params.clone()).map(|it| panic!("{operation}: {it}")).unwrap_err();
        assert!(error.code.ends_with(code), "{operation} {params}: {} {}", error.code, error.message);
        assert!(error.message.contains(text.as_str()), "{operation}: {} should be {text}", error.message);
    }
    for n in 0..3 {
        put(&mut state, "dlq", &n.to_string());
    }
    let start = json!({"SourceArn": dlq, "DestinationArn": other, "MaxNumberOfMessagesPerSecond": 1});
    let handle = call(&mut state, "StartMessageMoveTask", start).unwrap()["TaskHandle"].clone();
    pass(&mut state, 0);
    let running = call(&mut state, "ListMessageMoveTasks", json!({"SourceArn": dlq})).unwrap()["Results"][0].clone();
    let expected = json!({"TaskHandle": handle, "Status": "RUNNING", "SourceArn": dlq, "DestinationArn": other,
        "MaxNumberOfMessagesPerSecond": 1, "ApproximateNumberOfMessagesMoved": 1,
        "ApproximateNumberOfMessagesToMove": 3, "StartedTimestamp": state.now.0});
    assert_eq!(running, expected);
    let cancelled = call(&mut state, "CancelMessageMoveTask", json!({"TaskHandle": handle})).unwrap();
    assert_eq!(cancelled, json!({"ApproximateNumberOfMessagesMoved": 1}));
    pass(&mut state, 10);
    assert_eq!(metrics(&state, &other).map(|m| m.visible), Some(1), "nothing is moved any more");
    let again = call(&mut state, "CancelMessageMoveTask", json!({"TaskHandle": handle})).unwrap_err();
    assert_eq!(again.code, "AWS.SimpleQueueService.UnsupportedOperation");
    // Messages that were sent to the dead-letter queue itself have no way back.
    let start = json!({"SourceArn": dlq});
    call(&mut state, "StartMessageMoveTask", start.clone()).unwrap();
    pass(&mut state, 0);
    let failed = call(&mut state, "ListMessageMoveTasks", start).unwrap()["Results"][0].clone();
    assert_eq!(
        (&failed["Status"], &failed["FailureReason"]),
        (&json!("FAILED"), &json!("CouldNotDetermineMessageSource"))
    );
}
