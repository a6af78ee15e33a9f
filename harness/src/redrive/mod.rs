//! Moving what lies in dead-letter queues to where it was going: a function's back to its queue, by SQS's own message move
//! tasks; what a spoke could not deliver to the hub's bus, to triage.

mod letters;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;

use crate::runner::clients::said;

/// A dead-letter queue that held messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// Its ARN.
    pub queue: String,
    /// How many messages it held.
    pub messages: u64,
    /// What was done with them.
    pub done: Done,
}

/// What was done with the messages of a dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// They are on their way back to the queue that it serves.
    MovedBack,
    /// Only EventBridge writes to it, so there is no queue to move them back to: triage has the events of CloudTrail.
    Handed {
        /// How many triage has.
        handed: u64,
        /// How many stay: changes of alarms, which triage does not want.
        left: u64,
    },
    /// All that `handed` does not count stay.
    Refused {
        /// How many triage has nevertheless.
        handed: u64,
        /// Why.
        reason: String,
    },
}

impl std::fmt::Display for Redrive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Redrive { queue, messages, done } = self;
        match done {
            Done::MovedBack => write!(f, "{messages} of {queue} are on their way back"),
            Done::Handed { handed, left: 0 } => write!(f, "{handed} of {queue} were handed to triage"),
            Done::Handed { handed, left } => write!(
                f,
                "{handed} of {queue} were handed to triage; {left} stay, for they are no records of CloudTrail but changes of \
                 alarms: look at these alarms, then purge the queue"
            ),
            Done::Refused { handed: 0, reason } => write!(f, "{messages} stay in {queue}: {reason}"),
            Done::Refused { handed, reason } => {
                write!(f, "{handed} of {queue} were handed to triage, the others stay: {reason}")
            }
        }
    }
}

/// Why the dead-letter queues could not be looked at.
#[derive(Debug, thiserror::Error)]
#[error("{operation} failed: {reason}")]
pub struct RedriveError {
    operation: &'static str,
    reason: String,
}

fn failed(operation: &'static str) -> impl Fn(aws_sdk_sqs::Error) -> RedriveError {
    move |error| RedriveError { operation, reason: said(&error) }
}

/// Moves what every dead-letter queue (`<prefix>…-dlq`) of `from`'s account and Region holds: where it serves one queue, back
/// there; where only EventBridge writes to it, to the queue `<prefix>…-triage` of `hub`. Without a destination SQS would leave
/// behind what a function put there itself: such a message has no source of its own
/// (`CouldNotDetermineMessageSource`). [D] API_StartMessageMoveTask
pub async fn redrive(from: &Client, hub: &Client, prefix: &str) -> Result<Vec<Redrive>, RedriveError> {
    let mut found = Vec::new();
    for url in queues(from, prefix, "-dlq").await? {
        let (queue, messages) = arn_and_messages(from, &url).await?;
        if messages == 0 {
            continue;
        }
        let served = from.list_dead_letter_source_queues().queue_url(&url).send().await;
        let served = served.map_err(|error| failed("ListDeadLetterSourceQueues")(error.into()))?;
        let done = match served.queue_urls() {
            [source] => move_back(from, &queue, source).await?,
            [] => letters::hand_over((from, &url, messages), hub, prefix).await?,
            several => Done::Refused {
                handed: 0,
                reason: format!("it serves {} queues, so there is no one queue to move them to", several.len()),
            },
        };
        found.push(Redrive { queue, messages, done });
    }
    Ok(found)
}

/// The URLs of the queues with such names.
async fn queues(client: &Client, prefix: &str, suffix: &str) -> Result<Vec<String>, RedriveError> {
    let mut found = Vec::new();
    let mut pages = client.list_queues().queue_name_prefix(prefix).into_paginator().page_size(1000).send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failed("ListQueues")(error.into()))?;
        found.extend(page.queue_urls().iter().filter(|url| url.ends_with(suffix)).cloned());
    }
    Ok(found)
}

/// Starts the move task.
async fn move_back(client: &Client, queue: &str, source: &str) -> Result<Done, RedriveError> {
    let (destination, _) = arn_and_messages(client, source).await?;
    let task = client.start_message_move_task().source_arn(queue).destination_arn(destination);
    Ok(match task.send().await {
        Ok(_) => Done::MovedBack,
        Err(error) => Done::Refused { handed: 0, reason: said(&error.into_service_error()) },
    })
}

async fn arn_and_messages(client: &Client, url: &str) -> Result<(String, u64), RedriveError> {
    let asked = client
        .get_queue_attributes()
        .queue_url(url)
        .attribute_names(QueueAttributeName::QueueArn)
        .attribute_names(QueueAttributeName::ApproximateNumberOfMessages);
    let answer = asked.send().await.map_err(|error| failed("GetQueueAttributes")(error.into()))?;
    let attribute = |name| answer.attributes().and_then(|all| all.get(&name)).cloned().unwrap_or_default();
    let messages = attribute(QueueAttributeName::ApproximateNumberOfMessages).parse().unwrap_or(0);
    Ok((attribute(QueueAttributeName::QueueArn), messages))
}
