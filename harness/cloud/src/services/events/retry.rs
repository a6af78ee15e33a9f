//! When a failed delivery is tried again, and when it is given up.

use std::time::Duration;

use super::target::RetryPolicy;

/// [D] API_RetryPolicy: the limits of both, and their defaults (the highest).
pub(super) const MOST_RETRIES: i64 = 185;
/// Seconds.
pub(super) const AGES: std::ops::RangeInclusive<i64> = 60..=86_400;

/// The first delay, doubled from retry to retry up to [`LONGEST_DELAY_MS`]. The curve is not documented; this one spreads
/// 185 retries over 24 hours. [?]
const FIRST_DELAY_MS: u64 = 1_000;
const LONGEST_DELAY_MS: u64 = 488_000;
/// How far jitter moves a delay to either side, in percent. [?]
const JITTER_PERCENT: u64 = 10;

impl RetryPolicy {
    pub(super) fn retries(&self) -> u32 {
        self.maximum_retry_attempts.unwrap_or(MOST_RETRIES).clamp(0, MOST_RETRIES) as u32
    }
    pub(super) fn age(&self) -> Duration {
        let seconds = self.maximum_event_age_in_seconds.unwrap_or(*AGES.end());
        Duration::from_secs(seconds.clamp(0, *AGES.end()) as u64)
    }
}

/// The longest and the shortest delay before the `n`-th retry (from 1), without jitter.
fn base_delay_ms(n: u32) -> u64 {
    let doubled = FIRST_DELAY_MS.checked_shl(n.saturating_sub(1).min(32)).unwrap_or(LONGEST_DELAY_MS);
    doubled.min(LONGEST_DELAY_MS)
}

/// How long to wait before the `n`-th retry (from 1). `random` draws a number below its argument.
pub(super) fn delay(n: u32, random: impl FnOnce(u64) -> u64) -> Duration {
    let base = base_delay_ms(n);
    let span = base * JITTER_PERCENT / 100;
    Duration::from_millis(base - span + random(2 * span + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_and_fill_a_day() {
        // [D] eb-rule-retry-policy: 185 retries within 24 hours, exponential backoff with jitter
        let total: u64 = (1..=185).map(base_delay_ms).sum();
        assert!((86_000_000..=86_400_000).contains(&total), "{total} ms");
        let cases = [(1, 900, 1_100), (2, 1_800, 2_200), (9, 230_400, 281_600), (185, 439_200, 536_800)];
        for (n, least, most) in cases {
            assert_eq!(delay(n, |_| 0).as_millis(), least, "retry {n}");
            assert_eq!(delay(n, |bound| bound - 1).as_millis(), most, "retry {n}");
        }
    }

    #[test]
    fn limits_have_the_documented_defaults() {
        // [D] API_RetryPolicy
        let policy = RetryPolicy::default();
        assert_eq!((policy.retries(), policy.age().as_secs()), (185, 86_400));
        let policy = RetryPolicy { maximum_retry_attempts: Some(0), maximum_event_age_in_seconds: Some(60) };
        assert_eq!((policy.retries(), policy.age().as_secs()), (0, 60));
    }
}
