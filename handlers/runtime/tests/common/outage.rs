//! A function fed by a queue on virtual time, with the embedded cloud's DynamoDB as its store: for properties about outages.
//!
//! The queue is SQS as far as a function sees it: a message comes again when its visibility timeout ends, and SQS moves
//! it to the dead-letter queue after `maxReceiveCount` receives.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::{Arc, Mutex};

use aws_lambda_events::event::sqs::SqsEvent;
use rootwatch_cloud::api::Service;
use rootwatch_cloud::runtime::CodeStore;
use rootwatch_cloud::time::Time;
use rootwatch_cloud::{Clock, Cloud, Options, State};
use rootwatch_runtime::testing::{Answered, Asked, World, returned};
use rootwatch_runtime::{ConfigurationError, Function, Handler, Invocation, Platform};
use serde_json::{Value, json};

/// `maxReceiveCount` of an alerter's queue in Terraform.
const MAX_RECEIVES: u32 = 1_000;

/// The function's timeout and its queue's visibility timeout in Terraform, in seconds.
const TIMEOUT: u64 = 30;
const VISIBILITY: u64 = 180;

/// Seconds since 1970 at which the simulation starts.
const START: u64 = 1_772_443_800;

/// Answers a request that arrives so many seconds after the start.
pub(crate) type Sink = dyn FnMut(u64, &Asked) -> Answered + Send;

/// How a simulation ended.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    /// Bodies that the sink accepted, with their seconds since the start.
    pub(crate) sent: Vec<(u64, Value)>,
    /// Messages in the dead-letter queue, with the reason; none where SQS moved it there.
    pub(crate) dead: Vec<Option<String>>,
    /// The most receives of a message.
    pub(crate) receives: u32,
}

#[derive(Default)]
struct Shared {
    now: u64,
    hidden: BTreeMap<String, u64>,
    ended: Ended,
}

/// Runs a function over these messages, each `(seconds since the start, body)`, until its queue is empty.
///
/// `accepted` returns true for an answer that accepts a request; `variables` configure the function.
pub(crate) async fn run<H: Handler>(
    handler: fn(&Platform) -> Result<H, ConfigurationError>,
    variables: &[(&str, &str)],
    secret: &'static str,
    messages: &[(u64, String)],
    mut sink: Box<Sink>,
) -> Ended {
    let shared = Arc::new(Mutex::new(Shared::default()));
    let cloud = cloud().await;
    let answering = Arc::clone(&shared);
    let sink = Mutex::new(move |now: u64, asked: &Asked| sink(now, asked));
    let world = World::new(move |asked| {
        let mut shared = answering.lock().unwrap();
        match asked.what.as_str() {
            "secretsmanager:GetSecretValue" => Answered::With(200, json!({"SecretString": secret}).to_string()),
            "sqs:ChangeMessageVisibility" => {
                let change: Value = serde_json::from_str(&asked.body).unwrap();
                let receipt = change["ReceiptHandle"].as_str().unwrap().to_owned();
                shared.hidden.insert(receipt, change["VisibilityTimeout"].as_u64().unwrap());
                Answered::With(200, "{}".to_owned())
            }
            "sqs:SendMessage" => {
                let letter: Value = serde_json::from_str(&asked.body).unwrap();
                let reason = &letter["MessageAttributes"]["ErrorMessage"]["StringValue"];
                shared.ended.dead.push(reason.as_str().map(str::to_owned));
                Answered::With(200, r#"{"MessageId": "1"}"#.to_owned())
            }
            "dynamodb:UpdateItem" => {
                let input = serde_json::from_str(&asked.body).unwrap();
                match cloud.api("999988887777", "us-east-1", Service::DynamoDb, "UpdateItem", input) {
                    Ok(output) => Answered::With(200, output.to_string()),
                    Err(error) => {
                        let mut body = json!({"__type": error.code, "message": error.message});
                        for (name, value) in error.members {
                            body[name] = value;
                        }
                        Answered::With(error.status, body.to_string())
                    }
                }
            }
            _ => {
                let answer = (sink.lock().unwrap())(shared.now, asked);
                if matches!(answer, Answered::With(200 | 202, _)) {
                    let (now, body) = (shared.now, serde_json::from_str(&asked.body).unwrap());
                    shared.ended.sent.push((now, body));
                }
                answer
            }
        }
    });
    let function: Function<H> = world.function(handler, variables).unwrap();
    let mut queue: BinaryHeap<Reverse<(u64, usize, u32)>> =
        messages.iter().enumerate().map(|(index, (at, _))| Reverse((*at, index, 0))).collect();
    while let Some(Reverse((now, index, receives))) = queue.pop() {
        if receives == MAX_RECEIVES {
            shared.lock().unwrap().ended.dead.push(None);
            continue;
        }
        let (sent, body) = &messages[index];
        shared.lock().unwrap().now = now;
        let started = tokio::time::Instant::now();
        let invocation = Invocation { deadline_ms: (START + now + TIMEOUT) * 1_000 };
        let response = function.invoke(batch(index, body, *sent, receives + 1), invocation).await;
        // Requests are kept by the world; a long simulation needs none of them.
        drop(world.asked());
        let mut shared = shared.lock().unwrap();
        shared.ended.receives = shared.ended.receives.max(receives + 1);
        if !returned(&response).is_empty() {
            let hidden = shared.hidden.remove(&format!("receipt-{index}")).unwrap_or(VISIBILITY);
            queue.push(Reverse((now + started.elapsed().as_secs() + hidden, index, receives + 1)));
        }
    }
    drop(function);
    std::mem::take(&mut shared.lock().unwrap().ended)
}

fn batch(index: usize, body: &str, sent: u64, receives: u32) -> SqsEvent {
    let record = json!({
        "messageId": index.to_string(),
        "receiptHandle": format!("receipt-{index}"),
        "body": body,
        "attributes": {
            "SentTimestamp": ((START + sent) * 1_000).to_string(), "ApproximateReceiveCount": receives.to_string(),
        },
    });
    serde_json::from_value(json!({"Records": [record]})).unwrap()
}

async fn cloud() -> Cloud {
    let state = State::new(Time::parse("2026-03-02T09:30:00Z").unwrap(), 1);
    let code = Arc::new(CodeStore::new(std::env::temp_dir()));
    let options = Options { clock: Clock::Owned, port: 0, code, host_variables: Vec::new() };
    let cloud = Cloud::start(state, options).await.unwrap();
    let table = json!({
        "TableName": "claims", "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    });
    cloud.api("999988887777", "us-east-1", Service::DynamoDb, "CreateTable", table).unwrap();
    cloud
}
