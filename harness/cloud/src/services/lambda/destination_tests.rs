//! What destinations are told of the events of the asynchronous path.

use serde_json::{Value, json};

use super::tests::{FUNCTION, QUEUE, advance, deployed, failure, invoke_by_topic, lambda, ok, permit_topic};
use crate::services::sqs;

/// The record of a destination, however the event ended and wherever it goes. [D] invocation-async-retain-records;
/// [V] LS:lambda_/test_lambda_destinations
#[test]
fn records_of_destinations() {
    // (the configuration, failures before the function works, condition, runs, whether there is an answer)
    let cases = [
        (json!({}), 0, "Success", 1),
        (json!({}), 1, "Success", 2),
        (json!({}), 2, "Success", 3),
        (json!({}), 9, "RetriesExhausted", 3),
        (json!({"MaximumRetryAttempts": 0}), 9, "RetriesExhausted", 1),
        (json!({"MaximumEventAgeInSeconds": 100}), 9, "EventAgeExceeded", 2),
        (json!({"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}), 9, "RetriesExhausted", 1),
    ];
    for (mut config, failing, condition, runs) in cases {
        let mut state = deployed();
        config["FunctionName"] = json!("f");
        config["DestinationConfig"] = json!({"OnSuccess": {"Destination": QUEUE}, "OnFailure": {"Destination": QUEUE}});
        lambda(&mut state, "PutFunctionEventInvokeConfig", config.clone()).unwrap();
        permit_topic(&mut state);
        invoke_by_topic(&mut state).unwrap();
        let mut run = 0;
        advance(&mut state, 400, |_| {
            run += 1;
            if run > failing { ok(r#"{"done":true}"#) } else { failure() }
        });
        let received = sqs::receive(&mut state, &QUEUE.into(), 10, None);
        assert_eq!(received.len(), 1, "{config}");
        let record: Value = serde_json::from_str(&received[0].body).unwrap();
        let names: Vec<&String> = record.as_object().unwrap().keys().collect();
        let order = ["version", "timestamp", "requestContext", "requestPayload", "responseContext", "responsePayload"];
        assert_eq!(names, order, "{config}");
        let context = &record["requestContext"];
        assert_eq!(
            (&context["condition"], &context["approximateInvokeCount"]),
            (&json!(condition), &json!(runs)),
            "{config}"
        );
        assert_eq!(context["functionArn"], json!(format!("{FUNCTION}:$LATEST")), "{config}");
        let (mut response, payload) = (
            json!({"statusCode": 200, "executedVersion": "$LATEST"}),
            match condition {
                "Success" => json!({"done": true}),
                _ => json!({"errorMessage": "it broke", "errorType": "Boom"}),
            },
        );
        if condition != "Success" {
            response["functionError"] = json!("Unhandled");
        }
        assert_eq!((&record["responseContext"], &record["responsePayload"]), (&response, &payload), "{config}");
    }
}
