//! What EventBridge put into a dead-letter queue. SQS moves only what came from a queue ("DLQs whose sources are non-SQS
//! queues are not currently supported" [D: API_StartMessageMoveTask]), and nobody may put an event of `aws.*` on a bus again; but
//! the body is the event as the hub's rule would have given it to triage's queue.

use aws_sdk_sqs::Client;
use serde_json::Value;

use super::{Done, RedriveError, failed, queues};
use crate::runner::clients::said;

/// How long a message that is looked at is hidden from others, in seconds.
const HIDDEN: i32 = 120;

/// How often SQS may show nothing although there is something: it asks some of its servers only. [D] short polling
const EMPTY_ANSWERS: usize = 10;

/// Hands the events of CloudTrail to triage's queue: sent first, then deleted, so that an end in between repeats and loses
/// nothing. The others stay.
pub(super) async fn hand_over(
    (from, url, messages): (&Client, &str, u64),
    hub: &Client,
    prefix: &str,
) -> Result<Done, RedriveError> {
    let found = queues(hub, prefix, "-triage").await?;
    let [triage] = &found[..] else {
        let reason = format!(
            "expected one queue `{prefix}…-triage` in the hub's account and Region to hand them to, found {}",
            found.len()
        );
        return Ok(Done::Refused { handed: 0, reason });
    };
    let (mut handed, mut left, mut empty, mut refused) = (0, Vec::new(), 0, None);
    while refused.is_none() && handed + (left.len() as u64) < messages {
        let received = from.receive_message().queue_url(url).max_number_of_messages(10).visibility_timeout(HIDDEN);
        let received = received.send().await.map_err(|error| failed("ReceiveMessage")(error.into()))?;
        if received.messages().is_empty() {
            empty += 1;
            if empty == EMPTY_ANSWERS {
                refused = Some("SQS shows them to nobody at present; try again in some minutes".to_owned());
            }
        }
        for message in received.messages() {
            let (Some(body), Some(receipt)) = (message.body(), message.receipt_handle()) else { continue };
            if refused.is_some() || !is_of_cloudtrail(body) {
                left.push(receipt.to_owned());
                continue;
            }
            match hub.send_message().queue_url(triage).message_body(body).send().await {
                Ok(_) => {
                    let deleted = from.delete_message().queue_url(url).receipt_handle(receipt).send().await;
                    deleted.map_err(|error| failed("DeleteMessage")(error.into()))?;
                    handed += 1;
                }
                Err(error) => {
                    refused = Some(said(&error.into_service_error()));
                    left.push(receipt.to_owned());
                }
            }
        }
    }
    // At once, for whoever looks next; without it they would show themselves a little later.
    for receipt in &left {
        let shown = from.change_message_visibility().queue_url(url).receipt_handle(receipt).visibility_timeout(0);
        let _ = shown.send().await;
    }
    Ok(match refused {
        Some(reason) => Done::Refused { handed, reason },
        None => Done::Handed { handed, left: left.len() as u64 },
    })
}

/// Whether the rule of the hub would have given it to triage.
fn is_of_cloudtrail(body: &str) -> bool {
    serde_json::from_str::<Value>(body).is_ok_and(|event| {
        event["detail-type"].as_str().is_some_and(|detail_type| detail_type.ends_with(" via CloudTrail"))
    })
}
