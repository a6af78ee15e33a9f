//! When a failed delivery is tried again. [D] sns-message-delivery-retries; the curves between the named bounds are shown
//! there in a picture only: [`Curve`] has what is assumed, without jitter. [?]

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
    curve: Curve,
    post_backoff: (u32, f64),
}

/// How the delays of the backoff phase grow: all from the first to the last delay. [D] names; the shapes [?]
#[derive(Clone, Copy, Debug, PartialEq)]
enum Curve {
    Linear,
    Arithmetic,
    Geometric,
    Exponential,
}

impl Curve {
    fn named(name: &str) -> Self {
        match name {
            "arithmetic" => Self::Arithmetic,
            "geometric" => Self::Geometric,
            "exponential" => Self::Exponential,
            _ => Self::Linear,
        }
    }

    /// The delay at a share (0 to 1) of the way.
    fn at(self, share: f64, first: f64, last: f64) -> f64 {
        match self {
            Self::Linear => first + (last - first) * share,
            Self::Arithmetic => first + (last - first) * share * (1.0 + share) / 2.0,
            Self::Geometric => first + (last - first) * share * share,
            Self::Exponential => first * (last / first).powf(share),
        }
    }
}

/// Endpoints that AWS runs: Lambda, SQS.
const MANAGED: Retries = Retries {
    immediate: 3,
    pre_backoff: (2, 1.0),
    backoff: (10, 1.0, 20.0),
    curve: Curve::Exponential,
    post_backoff: (100_000, 20.0),
};
/// Endpoints of the customer: e-mail, SMS, mobile push.
const CUSTOMER: Retries = Retries {
    immediate: 0,
    pre_backoff: (2, 10.0),
    backoff: (10, 10.0, 600.0),
    curve: Curve::Exponential,
    post_backoff: (38, 600.0),
};

impl Retries {
    /// The retries of a protocol. HTTP and HTTPS follow the subscription's effective delivery policy.
    pub(super) fn of(protocol: &str, delivery_policy: &Value) -> Self {
        match protocol {
            "sqs" | "lambda" | "firehose" => MANAGED,
            "http" | "https" => Self::http(&delivery_policy["healthyRetryPolicy"]),
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
        let curve = Curve::named(policy["backoffFunction"].as_str().unwrap_or_default());
        Self {
            immediate,
            pre_backoff: (pre, least),
            backoff: (backoff, least, most),
            curve,
            post_backoff: (post, most),
        }
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
            return Some(Duration::from_secs_f64(self.curve.at(share, first, last)));
        }
        n -= steps;
        (n < self.post_backoff.0).then(|| Duration::from_secs_f64(self.post_backoff.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::sns::delivery_policy::of_subscription;

    #[test]
    fn schedules() {
        // [D] sns-message-delivery-retries: protocol, retries in all, total time in seconds (at least, at most)
        let policy = of_subscription(None, None);
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

    /// [D] sns-message-delivery-retries, the phases of an HTTP/S delivery policy
    #[test]
    fn schedules_of_ones_own() {
        let delays = |own: &str| {
            let retries = Retries::of("https", &of_subscription(None, Some(own)));
            (1..).map_while(|n| retries.delay(n)).map(|delay| delay.as_secs_f64().round() as u32).collect::<Vec<_>>()
        };
        let cases: [(&str, &[u32]); 5] = [
            (r#"{"healthyRetryPolicy": {"numRetries": 5}}"#, &[20, 20, 20, 20, 20]),
            (r#"{"healthyRetryPolicy": {"numRetries": 0}}"#, &[]),
            (
                r#"{"healthyRetryPolicy": {"numRetries": 7, "numNoDelayRetries": 1, "numMinDelayRetries": 2,
                    "numMaxDelayRetries": 1, "minDelayTarget": 1, "maxDelayTarget": 9, "backoffFunction": "linear"}}"#,
                &[0, 1, 1, 1, 5, 9, 9],
            ),
            (
                r#"{"healthyRetryPolicy": {"numRetries": 3, "minDelayTarget": 1, "maxDelayTarget": 100,
                    "backoffFunction": "exponential"}}"#,
                &[1, 10, 100],
            ),
            (
                r#"{"healthyRetryPolicy": {"numRetries": 3, "minDelayTarget": 0, "maxDelayTarget": 4,
                    "backoffFunction": "geometric"}}"#,
                &[0, 1, 4],
            ),
        ];
        for (own, expected) in cases {
            assert_eq!(delays(own), expected, "{own}");
        }
    }
}
