//! When a failed delivery is tried again. [D] sns-message-delivery-retries; the curve between the named bounds is not
//! documented: exponential from the first to the last delay, without jitter. [?]

use std::time::Duration;

use serde_json::Value;

/// The phases of retries after the first attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Retries {
    immediate: u32,
    /// How many, and how far apart in seconds.
    pre_backoff: (u32, f64),
    /// How many, and the first and the last delay in seconds.
    backoff: (u32, f64, f64),
    post_backoff: (u32, f64),
}

/// Endpoints that AWS runs: Lambda, SQS.
const MANAGED: Retries =
    Retries { immediate: 3, pre_backoff: (2, 1.0), backoff: (10, 1.0, 20.0), post_backoff: (100_000, 20.0) };
/// Endpoints of the customer: e-mail, SMS, mobile push.
const CUSTOMER: Retries =
    Retries { immediate: 0, pre_backoff: (2, 10.0), backoff: (10, 10.0, 600.0), post_backoff: (38, 600.0) };

impl Retries {
    /// The retries of a protocol. HTTP and HTTPS follow the topic's effective delivery policy.
    pub(super) fn of(protocol: &str, delivery_policy: &Value) -> Self {
        match protocol {
            "sqs" | "lambda" | "firehose" => MANAGED,
            "http" | "https" => Self::http(&delivery_policy["http"]["defaultHealthyRetryPolicy"]),
            _ => CUSTOMER,
        }
    }

    fn http(policy: &Value) -> Self {
        let number = |name: &str| policy[name].as_f64().unwrap_or(0.0);
        let count = |name: &str| number(name) as u32;
        let (least, most) = (number("minDelayTarget"), number("maxDelayTarget"));
        let (immediate, pre, post) =
            (count("numNoDelayRetries"), count("numMinDelayRetries"), count("numMaxDelayRetries"));
        let backoff = count("numRetries").saturating_sub(immediate + pre + post);
        Self { immediate, pre_backoff: (pre, least), backoff: (backoff, least, most), post_backoff: (post, most) }
    }

    /// How long to wait before the `n`-th retry (from 1); `None` when there are no more.
    pub(super) fn delay(&self, n: u32) -> Option<Duration> {
        let mut n = n.checked_sub(1)?;
        if n < self.immediate {
            return Some(Duration::ZERO);
        }
        n -= self.immediate;
        if n < self.pre_backoff.0 {
            return Some(Duration::from_secs_f64(self.pre_backoff.1));
        }
        n -= self.pre_backoff.0;
        let (steps, first, last) = self.backoff;
        if n < steps {
            let share = if steps > 1 { f64::from(n) / f64::from(steps - 1) } else { 0.0 };
            return Some(Duration::from_secs_f64(first * (last / first).powf(share)));
        }
        n -= steps;
        (n < self.post_backoff.0).then(|| Duration::from_secs_f64(self.post_backoff.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::sns::topic_attributes::effective_delivery_policy;

    #[test]
    fn schedules() {
        // [D] sns-message-delivery-retries: protocol, retries in all, total time in seconds (at least, at most)
        let policy = effective_delivery_policy(None);
        let cases = [
            ("sqs", 100_015, 20.0 * 86_400.0, 24.0 * 86_400.0),
            ("lambda", 100_015, 20.0 * 86_400.0, 24.0 * 86_400.0),
            ("email", 50, 6.0 * 3600.0, 8.0 * 3600.0),
            ("https", 3, 60.0, 60.0),
        ];
        for (protocol, count, least, most) in cases {
            let retries = Retries::of(protocol, &policy);
            let delays: Vec<_> = (1..).map_while(|n| retries.delay(n)).collect();
            let total: f64 = delays.iter().map(Duration::as_secs_f64).sum();
            assert_eq!(delays.len(), count, "{protocol}");
            assert!((least..=most).contains(&total), "{protocol}: {total} s");
        }
        let sqs: Vec<f64> = (1..=6).filter_map(|n| MANAGED.delay(n)).map(|d| d.as_secs_f64()).collect();
        assert_eq!(sqs, [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]);
        assert_eq!(MANAGED.delay(15).map(|d| d.as_secs_f64().round()), Some(20.0));
        assert_eq!(MANAGED.delay(0), None);
    }
}
