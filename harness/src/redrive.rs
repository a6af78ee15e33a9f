//! Moving what lies in dead-letter queues back to where it came from, by SQS's own message move tasks.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::QueueAttributeName;

/// A dead-letter queue that held messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// Its ARN.
    pub queue: String,
    /// How many messages it held.
    pub messages: u64,
    /// Why they could not be moved: a queue that only EventBridge writes to has no queue to move them back to.
    pub refused: Option<String>,
}

/// Why the dead-letter queues could not be looked at.
#[derive(Debug, thiserror::Error)]
#[error("{operation} failed: {reason}")]
pub struct RedriveError {
    operation: &'static str,
    reason: String,
}

fn failed(operation: &'static str) -> impl Fn(aws_sdk_sqs::Error) -> RedriveError {
    move |error| {
        let code = error.code().unwrap_or("no answer");
        let message = error.message().map_or_else(|| error.to_string(), str::to_owned);
        RedriveError { operation, reason: format!("{code}: {message}") }
    }
}

/// Starts a move task for every dead-letter queue (`<prefix>…-dlq`) of the client's account and Region that holds
/// messages, to the one queue that it serves. Without a destination SQS would leave behind what a function put there
/// itself: such a message has no source of its own (`CouldNotDetermineMessageSource`). [D] API_StartMessageMoveTask
pub async fn redrive(client: &Client, prefix: &str) -> Result<Vec<Redrive>, RedriveError> {
    let mut found = Vec::new();
    let mut pages = client.list_queues().queue_name_prefix(prefix).into_paginator().page_size(1000).send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failed("ListQueues")(error.into()))?;
        for url in page.queue_urls().iter().filter(|url| url.ends_with("-dlq")) {
            let (queue, messages) = arn_and_messages(client, url).await?;
            if messages > 0 {
                let refused = start(client, url, &queue).await?.err();
                found.push(Redrive { queue, messages, refused });
            }
        }
    }
    Ok(found)
}

/// Starts the move task; the inner error says why SQS will not.
async fn start(client: &Client, url: &str, queue: &str) -> Result<Result<(), String>, RedriveError> {
    let served = client.list_dead_letter_source_queues().queue_url(url).send().await;
    let served = served.map_err(|error| failed("ListDeadLetterSourceQueues")(error.into()))?;
    let [source] = served.queue_urls() else {
        return Ok(Err(format!(
            "it serves {} queues, so there is no one queue to move them to",
            served.queue_urls().len()
        )));
    };
    let (destination, _) = arn_and_messages(client, source).await?;
    let task = client.start_message_move_task().source_arn(queue).destination_arn(destination);
    Ok(task.send().await.map(drop).map_err(|error| {
        let error = error.into_service_error();
        error.message().map_or_else(|| error.to_string(), str::to_owned)
    }))
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
