//! The queue that feeds a function: a message that failed comes again after a while that grows with every try.
//!
//! Lambda leaves a message of a partial batch failure in flight until its visibility timeout ends [D: Lambda, SQS
//! error handling], so a timeout that the function sets meanwhile holds.

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsMessage;
use aws_sdk_sqs::Client;

use crate::aws::describe;

/// The wait after the first try, in seconds. The first two waits together are longer than the threshold of the alarm
/// on the age of the oldest message: after its third receive SQS no longer counts a message there.
const FIRST_WAIT: u64 = 60;

/// The longest wait, in seconds. With a hundred receives a sink may be down for a day.
const LONGEST_WAIT: u64 = 15 * 60;

/// The longest peace that a sink is granted, in seconds.
const LONGEST_PEACE: u64 = 60 * 60;

/// The function's own queue.
pub(crate) struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    /// The queue at this address.
    pub(crate) fn new(client: Client, url: String) -> Self {
        Queue { client, url }
    }

    /// Hides a message for as long as its next try is to wait, and answers how many seconds that is.
    pub(crate) async fn back_off(&self, record: &SqsMessage, peace: Option<Duration>) -> Result<u64, String> {
        let receives = record.attributes.get("ApproximateReceiveCount").and_then(|text| text.parse().ok());
        self.hide(record, wait(receives.unwrap_or(1), peace)).await
    }

    /// Hides a message for so many seconds.
    pub(crate) async fn hide(&self, record: &SqsMessage, seconds: u64) -> Result<u64, String> {
        let receipt = record.receipt_handle.as_deref().ok_or("the message has no receipt handle")?;
        let change = self
            .client
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt)
            .visibility_timeout(i32::try_from(seconds).unwrap_or(i32::MAX));
        match change.send().await {
            Ok(_) => Ok(seconds),
            Err(error) => Err(format!("sqs:ChangeMessageVisibility of `{}`: {}", self.url, describe(&error).1)),
        }
    }
}

/// The wait after this many receives, in seconds: it doubles up to a quarter of an hour, and is never shorter than the
/// peace that the sink wants.
fn wait(receives: u32, peace: Option<Duration>) -> u64 {
    let doublings = receives.saturating_sub(1).min(16);
    let wait = (FIRST_WAIT << doublings).min(LONGEST_WAIT);
    wait.max(peace.map_or(0, |peace| peace.as_secs().min(LONGEST_PEACE)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_grant_peace_within_bounds() {
        let cases = [
            (0, None, 60),
            (1, None, 60),
            (2, None, 120),
            (3, None, 240),
            (5, None, 900),
            (100, None, 900),
            (u32::MAX, None, 900),
            (1, Some(30), 60),
            (1, Some(300), 300),
            (1, Some(u64::MAX), 3_600),
        ];
        for (receives, peace, wanted) in cases {
            assert_eq!(wait(receives, peace.map(Duration::from_secs)), wanted, "{receives} {peace:?}");
        }
        let longest: u64 = (1..100).map(|receives| wait(receives, None)).sum();
        assert!(longest > 20 * 3_600, "{longest} s");
    }
}
