//! The life of a message move task. [D] API_StartMessageMoveTask, API_ListMessageMoveTasks, API_CancelMessageMoveTask;
//! texts [T]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::receive;
use super::tests::{call, pass, put, queue, state};
use crate::id::Arn;
use crate::state::State;

/// A dead-letter queue with three messages that came from the queue `q`.
fn cloud() -> (State, Arn, Arn) {
    let mut state = state();
    let dlq = queue(&mut state, "dlq", json!({}));
    let redrive = json!({"deadLetterTargetArn": dlq, "maxReceiveCount": 1}).to_string();
    let q = queue(&mut state, "q", json!({"RedrivePolicy": redrive}));
    for n in 0..3 {
        put(&mut state, "q", &n.to_string());
    }
    receive(&mut state, &q, 10, Some(std::time::Duration::from_secs(1)));
    pass(&mut state, 1);
    assert_eq!(receive(&mut state, &q, 10, None), []);
    (state, dlq, q)
}

fn started(state: &mut State, dlq: &Arn) -> Value {
    let start = json!({"SourceArn": dlq, "MaxNumberOfMessagesPerSecond": 1});
    call(state, "StartMessageMoveTask", start).unwrap()["TaskHandle"].clone()
}

fn listed(state: &mut State, dlq: &Arn, most: Option<u32>) -> Vec<Value> {
    let mut params = json!({"SourceArn": dlq});
    if let Some(most) = most {
        params["MaxResults"] = json!(most);
    }
    call(state, "ListMessageMoveTasks", params).unwrap()["Results"].as_array().unwrap().clone()
}

#[test]
fn numbers_and_handles_out_of_bounds() {
    let (mut state, dlq, _) = cloud();
    let unknown = STANDARD.encode(json!({"taskId": "none", "sourceArn": dlq}).to_string());
    let missing = "arn:aws:sqs:us-east-1:111122223333:missing";
    let elsewhere = STANDARD.encode(json!({"taskId": "none", "sourceArn": missing}).to_string());
    let value = "InvalidParameterValue";
    let cases = [
        (
            "StartMessageMoveTask",
            json!({"SourceArn": dlq, "MaxNumberOfMessagesPerSecond": 0}),
            value,
            "Value for parameter MaxNumberOfMessagesPerSecond must be between 1 and 500.",
        ),
        ("ListMessageMoveTasks", json!({"SourceArn": dlq, "MaxResults": 0}), value, "Must be between 1 and 10."),
        ("ListMessageMoveTasks", json!({}), "MissingParameter", "SourceArn"),
        ("CancelMessageMoveTask", json!({"TaskHandle": unknown}), "ResourceNotFoundException", "Task does not exist."),
        // A handle whose queue does not exist. [V] LS:sqs/test_sqs_move_task
        (
            "CancelMessageMoveTask",
            json!({"TaskHandle": elsewhere}),
            value,
            "Value for parameter TaskHandle is invalid.",
        ),
        (
            "CancelMessageMoveTask",
            json!({"TaskHandle": STANDARD.encode("{}")}),
            value,
            "Value for parameter TaskHandle is invalid.",
        ),
    ];
    for (operation, params, code, text) in cases {
        let error = call(&mut state, operation, params.clone()).unwrap_err();
        assert!(error.code.ends_with(code), "{operation} {params}: {}", error.code);
        assert!(error.message.contains(text), "{operation} {params}: {}", error.message);
    }
}

/// One runs at a time for a source; the newest are listed first, one if nothing is said; what is over is not cancelled.
#[test]
fn one_after_the_other() {
    let (mut state, dlq, q) = cloud();
    let first = started(&mut state, &dlq);
    let error = call(&mut state, "StartMessageMoveTask", json!({"SourceArn": dlq})).unwrap_err();
    let text =
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.";
    assert_eq!((error.code.as_str(), error.message.as_str()), ("InvalidParameterValue", text));
    pass(&mut state, 0);
    let cancelled = call(&mut state, "CancelMessageMoveTask", json!({"TaskHandle": first})).unwrap();
    assert_eq!(cancelled, json!({"ApproximateNumberOfMessagesMoved": 1}));
    pass(&mut state, 1);
    let second = started(&mut state, &dlq);
    pass(&mut state, 5);
    let shown = |task: &Value| (task["Status"].clone(), task["ApproximateNumberOfMessagesMoved"].clone());
    let all: Vec<_> = listed(&mut state, &dlq, Some(10)).iter().map(shown).collect();
    assert_eq!(all, [(json!("COMPLETED"), json!(2)), (json!("CANCELLED"), json!(1))]);
    let newest: Vec<_> = listed(&mut state, &dlq, None).iter().map(shown).collect();
    assert_eq!(newest, [(json!("COMPLETED"), json!(2))]);
    for handle in [first, second] {
        let error = call(&mut state, "CancelMessageMoveTask", json!({"TaskHandle": handle})).unwrap_err();
        assert_eq!(error.message, "Only active tasks can be cancelled.");
    }
    let received = receive(&mut state, &q, 10, None);
    assert_eq!(received.len(), 3);
    // A message that comes back counts anew. [D] sqs-configure-dead-letter-queue-redrive
    assert!(received.iter().all(|message| message.attributes["ApproximateReceiveCount"] == "1"), "{received:?}");
}

/// The queue that the messages came from is gone: there is no way back, and the rest stays.
#[test]
fn a_source_that_is_gone() {
    let (mut state, dlq, _) = cloud();
    let handle = started(&mut state, &dlq);
    pass(&mut state, 0);
    call(&mut state, "DeleteQueue", json!({"QueueUrl": "q"})).unwrap();
    pass(&mut state, 5);
    let task = listed(&mut state, &dlq, None).remove(0);
    assert_eq!(
        (&task["Status"], &task["FailureReason"], &task["ApproximateNumberOfMessagesMoved"]),
        (&json!("FAILED"), &json!("AWS.SimpleQueueService.NonExistentQueue"), &json!(1))
    );
    assert_eq!(receive(&mut state, &dlq, 10, None).len(), 2);
    assert!(call(&mut state, "CancelMessageMoveTask", json!({"TaskHandle": handle})).is_err());
}
