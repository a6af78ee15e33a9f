//! Message move tasks: the redrive out of a dead-letter queue. [D] API_StartMessageMoveTask,
//! sqs-configure-dead-letter-queue-redrive

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::Task;
use super::encryption;
use super::enqueue::transfer;
use super::fault::Fault;
use super::protocol::read;
use super::queue::{Reach, authorised};
use super::send_message::key_fault;
use crate::api::{Call, Reply, lenient};
use crate::id::Arn;
use crate::state::State;
use crate::time::Time;
use crate::trace::{Entry, Hop, Outcome};
use rootwatch_policy::Context;

/// Messages a second where the caller leaves the rate to SQS, which picks it by itself. [?]
const DEFAULT_RATE: usize = 500;

/// A redrive, running or over.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct MoveTask {
    source: Arn,
    /// `None`: each message goes back to where it came from.
    destination: Option<Arn>,
    rate: Option<usize>,
    started: Time,
    status: Status,
    moved: usize,
    to_move: usize,
    failure: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    Running,
    Completed,
    Cancelled,
    Failed,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Start {
    #[serde(default)]
    source_arn: String,
    destination_arn: Option<String>,
    #[serde(default, deserialize_with = "lenient::optional")]
    max_number_of_messages_per_second: Option<usize>,
}

fn not_found(message: &str) -> Fault {
    Fault::Sqs {
        code: "ResourceNotFoundException",
        shape: "ResourceNotFoundException",
        message: message.to_owned(),
        status: 404,
    }
}

/// [T]
fn queue_arn(arn: &str, member: &str) -> Result<Arn, Fault> {
    Arn::parse(arn).filter(|arn| arn.service() == "sqs").ok_or_else(|| {
        Fault::invalid_value(format!(
            "You must use this format to specify the {member}: \
             arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
        ))
    })
}

/// A queue named by its ARN, which must exist.
fn queue(call: &mut Call<'_>, arn: &str, member: &str, action: &str) -> Result<Arn, Fault> {
    if arn.is_empty() {
        return Err(Fault::missing(member));
    }
    let arn = queue_arn(arn, member)?;
    if !call.state.sqs.exists(&arn) {
        return Err(not_found("The resource that you specified for the SourceArn parameter doesn't exist."));
    }
    authorised(call, action, arn, Reach::OwnAccount)
}

pub(super) fn start(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let input: Start = read(call)?;
    let source = queue(call, &input.source_arn, "SourceArn", "sqs:StartMessageMoveTask")?;
    // The caller takes messages out of one queue and puts them into another. [D] API_StartMessageMoveTask, note
    authorised(call, "sqs:ReceiveMessage", source.clone(), Reach::OwnAccount)?;
    authorised(call, "sqs:DeleteMessage", source.clone(), Reach::OwnAccount)?;
    let (caller, region) = (call.caller.clone(), call.region.clone());
    encryption::check(call.state, Hop::Api, &caller, &region, &source, encryption::RECEIVER, &Context::new())
        .map_err(key_fault)?;
    let dead_letters = call
        .state
        .sqs
        .queues
        .values()
        .any(|queue| queue.attributes.redrive.as_ref().is_some_and(|redrive| redrive.dead_letter_queue == source));
    if !dead_letters {
        return Err(Fault::invalid_value("Source queue must be configured as a Dead Letter Queue."));
    }
    let destination = match &input.destination_arn {
        None => None,
        Some(arn) => {
            let arn = queue_arn(arn, "DestinationArn")?;
            if !call.state.sqs.exists(&arn) {
                return Err(not_found(
                    "The resource that you specified for the DestinationArn parameter doesn't exist.",
                ));
            }
            authorised(call, "sqs:SendMessage", arn.clone(), Reach::OwnAccount)?;
            encryption::check(call.state, Hop::Api, &caller, &region, &arn, encryption::SENDER, &Context::new())
                .map_err(key_fault)?;
            Some(arn)
        }
    };
    if input.max_number_of_messages_per_second.is_some_and(|rate| !(1..=500).contains(&rate)) {
        return Err(Fault::invalid_value(
            "Value for parameter MaxNumberOfMessagesPerSecond must be between 1 and 500.",
        ));
    }
    if call.state.sqs.moves.values().any(|task| task.source == source && task.status == Status::Running) {
        // [V] LS:sqs/test_sqs_move_task
        return Err(Fault::invalid_value(
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
        ));
    }
    let started = call.state.now;
    let handle = STANDARD.encode(json!({"taskId": call.state.uuid(), "sourceArn": source}).to_string());
    let to_move = call.state.sqs.queues.get(&source).map_or(0, |queue| queue.messages.len());
    call.state.sqs.moves.insert(
        handle.clone(),
        MoveTask {
            source,
            destination,
            rate: input.max_number_of_messages_per_second,
            started,
            status: Status::Running,
            moved: 0,
            to_move,
            failure: None,
        },
    );
    call.state.schedule(started, Task::Move(handle.clone()));
    Ok(json!({"TaskHandle": handle}).into())
}

/// Moves one second's worth of messages.
pub(super) fn step(state: &mut State, handle: &str) {
    let Some(task) = state.sqs.moves.get(handle).cloned() else { return };
    if task.status != Status::Running {
        return;
    }
    let now = state.now;
    let (mut moved, mut end) = (0, None);
    while moved < task.rate.unwrap_or(DEFAULT_RATE) {
        let Some(queue) = state.sqs.queues.get_mut(&task.source) else {
            end = Some((Status::Failed, Some("AWS.SimpleQueueService.NonExistentQueue")));
            break;
        };
        let next = queue.first_ready(now).and_then(|number| Some((number, queue.messages.get(&number)?.clone())));
        let Some((number, mut message)) = next else {
            end = Some((Status::Completed, None));
            break;
        };
        let Some(destination) = task.destination.clone().or_else(|| message.source.clone()) else {
            // Sent to the dead-letter queue directly: there is no way back. [D] API_ListMessageMoveTasks, FailureReason
            end = Some((Status::Failed, Some("CouldNotDetermineMessageSource")));
            break;
        };
        if !state.sqs.exists(&destination) {
            end = Some((Status::Failed, Some("AWS.SimpleQueueService.NonExistentQueue")));
            break;
        }
        if let Some(queue) = state.sqs.queues.get_mut(&task.source) {
            queue.take(number);
        }
        // A redriven message is new: its count and its age begin again. [D] sqs-configure-dead-letter-queue-redrive
        (message.receive_count, message.first_received, message.sent) = (0, None, now);
        state.trace(Entry {
            at: now,
            hop: Hop::Queue,
            resource: task.source.to_string(),
            outcome: Outcome::Delivered,
            detail: format!("message {} moved to {destination} by a message move task", message.id),
            principal: None,
            decision: None,
        });
        transfer(state, &destination, message, None);
        moved += 1;
    }
    if let Some(task) = state.sqs.moves.get_mut(handle) {
        task.moved += moved;
        if let Some((status, failure)) = end {
            task.status = status;
            task.failure = failure.map(str::to_owned);
        }
    }
    if end.is_none() {
        state.schedule(now + Duration::from_secs(1), Task::Move(handle.to_owned()));
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct List {
    #[serde(default)]
    source_arn: String,
    #[serde(default, deserialize_with = "lenient::optional")]
    max_results: Option<usize>,
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let input: List = read(call)?;
    let source = queue(call, &input.source_arn, "SourceArn", "sqs:ListMessageMoveTasks")?;
    let max = input.max_results.unwrap_or(1);
    if !(1..=10).contains(&max) {
        return Err(Fault::invalid_parameter(
            max,
            "MaxResults",
            "Value for parameter MaxResults is invalid. Must be between 1 and 10.",
        ));
    }
    let mut tasks: Vec<_> = call.state.sqs.moves.iter().filter(|(_, task)| task.source == source).collect();
    tasks.sort_by_key(|(_, task)| std::cmp::Reverse(task.started));
    let results: Vec<Value> = tasks.into_iter().take(max).map(|(handle, task)| task.shown(handle)).collect();
    Ok(json!({"Results": results}).into())
}

impl MoveTask {
    fn shown(&self, handle: &str) -> Value {
        let mut shown = Map::new();
        // Only what runs can be cancelled. [D] API_ListMessageMoveTasks
        if self.status == Status::Running {
            shown.insert("TaskHandle".into(), json!(handle));
        }
        shown.insert("Status".into(), json!(self.status));
        shown.insert("SourceArn".into(), json!(self.source));
        if let Some(destination) = &self.destination {
            shown.insert("DestinationArn".into(), json!(destination));
        }
        if let Some(rate) = self.rate {
            shown.insert("MaxNumberOfMessagesPerSecond".into(), json!(rate));
        }
        shown.insert("ApproximateNumberOfMessagesMoved".into(), json!(self.moved));
        shown.insert("ApproximateNumberOfMessagesToMove".into(), json!(self.to_move));
        if let Some(failure) = &self.failure {
            shown.insert("FailureReason".into(), json!(failure));
        }
        shown.insert("StartedTimestamp".into(), json!(self.started.0));
        Value::Object(shown)
    }
}

pub(super) fn cancel(call: &mut Call<'_>) -> Result<Reply, Fault> {
    let handle = call.text("TaskHandle").ok_or_else(|| Fault::missing("TaskHandle"))?.to_owned();
    // What was never a handle is told apart from the handle of a task that is not there. [T]
    let readable = STANDARD.decode(&handle).ok().and_then(|json| serde_json::from_slice::<Value>(&json).ok());
    let source = readable.filter(|handle| handle["taskId"].is_string());
    let source = source.and_then(|handle| Arn::parse(handle["sourceArn"].as_str()?));
    // A handle of no queue is not valid. [V] LS:sqs/test_sqs_move_task
    if !source.is_some_and(|source| call.state.sqs.exists(&source)) {
        return Err(Fault::invalid_value("Value for parameter TaskHandle is invalid."));
    }
    let source = call.state.sqs.moves.get(&handle).map(|task| task.source.clone());
    let source = source.ok_or_else(|| not_found("Task does not exist."))?;
    authorised(call, "sqs:CancelMessageMoveTask", source, Reach::OwnAccount)?;
    let task = call.state.sqs.moves.get_mut(&handle).filter(|task| task.status == Status::Running);
    let Some(task) = task else {
        return Err(Fault::new(
            "AWS.SimpleQueueService.UnsupportedOperation",
            "UnsupportedOperation",
            "Only active tasks can be cancelled.",
        ));
    };
    task.status = Status::Cancelled;
    Ok(json!({"ApproximateNumberOfMessagesMoved": task.moved}).into())
}
