//! The wait between two attempts. Functions have no clock and no random numbers: jitter is a function of the message.

use std::time::Duration;

/// How soon an alert is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Low and medium alerts.
    Low,
    /// High alerts, and everything without a severity.
    High,
    /// Critical alerts.
    Critical,
}

impl Urgency {
    /// The urgency of a grade: 4 is critical, 3 is high.
    pub fn of_grade(grade: u8) -> Self {
        match grade {
            4.. => Urgency::Critical,
            3 => Urgency::High,
            _ => Urgency::Low,
        }
    }

    /// The first and the longest wait, in seconds. The first two waits of a high or low alert together are longer than the
    /// threshold of the alarm on the age of the oldest message: after its third receive SQS no longer counts a message
    /// there. With the longest wait a message is received at most 400 times in a day:
    /// the queue's `maxReceiveCount` of 1,000 leaves room for waiting.
    fn bounds(self) -> (u64, u64) {
        match self {
            Urgency::Critical => (15, 5 * 60),
            Urgency::High => (60, 10 * 60),
            Urgency::Low => (60, 15 * 60),
        }
    }
}

/// The longest `Retry-After` that is honored, in seconds.
const LONGEST_RETRY_AFTER: u64 = 60 * 60;

/// So many attempts with `Retry-After` are spread by jitter alone; further ones also back off.
const SPREAD_ATTEMPTS: u32 = 20;

/// The wait after this many attempts, in seconds.
///
/// Without `Retry-After` the wait doubles up to the longest one, less up to a fifth of jitter. With it the wait is never
/// shorter than the sink asks for. Jitter of up to 20 s spreads a burst, so that a sink that takes one request a second is
/// neither flooded nor idle.
pub fn wait(attempts: u32, urgency: Urgency, retry_after: Option<Duration>, seed: u64) -> u64 {
    let exponential = |attempts: u32| {
        let (first, longest) = urgency.bounds();
        let wait = (first << attempts.saturating_sub(1).min(16)).min(longest);
        wait - seed % (wait / 5 + 1)
    };
    match retry_after {
        None => exponential(attempts),
        Some(asked) => {
            let asked = asked.as_secs().clamp(1, LONGEST_RETRY_AFTER);
            let spread = u64::from(attempts.clamp(1, 4)) * 5;
            let backoff = attempts.checked_sub(SPREAD_ATTEMPTS).filter(|more| *more > 0).map_or(0, exponential);
            asked.max(backoff) + seed % (spread + 1)
        }
    }
}

/// Up to `most` seconds more, so that messages that wait for the same moment do not come all at once.
pub(crate) fn spread(seed: u64, most: u64) -> u64 {
    seed % (most + 1)
}

/// A seed for the jitter of an attempt: another one for each message and each attempt (FNV-1a, with a final mix).
pub(crate) fn seed(id: &str, attempt: u32) -> u64 {
    let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = id.bytes().chain(attempt.to_be_bytes()).fold(0xcbf2_9ce4_8422_2325, hash);
    (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_within_bounds_and_critical_alerts_wait_less() {
        for (attempts, critical, high, low) in
            [(0, 15, 60, 60), (1, 15, 60, 60), (2, 30, 120, 120), (5, 240, 600, 900), (u32::MAX, 300, 600, 900)]
        {
            for (urgency, wanted) in [(Urgency::Critical, critical), (Urgency::High, high), (Urgency::Low, low)] {
                assert_eq!(wait(attempts, urgency, None, 0), wanted, "{attempts} {urgency:?}");
                for seed in 0..2_000 {
                    let wait = wait(attempts, urgency, None, seed);
                    assert!(wait <= wanted && wait >= wanted - wanted / 5, "{wait}");
                }
            }
        }
    }

    #[test]
    fn retry_after_is_honored_from_a_second_up() {
        for (asked, least, most) in
            [(0, 1, 6), (1, 1, 6), (30, 30, 35), (3_600, 3_600, 3_605), (u64::MAX, 3_600, 3_605)]
        {
            for seed in 0..100 {
                let wait = wait(1, Urgency::Low, Some(Duration::from_secs(asked)), seed);
                assert!((least..=most).contains(&wait), "{asked}: {wait}");
            }
        }
        assert!(wait(100, Urgency::Low, Some(Duration::from_secs(1)), 0) >= 900, "a lasting 429 backs off");
    }

    #[test]
    fn a_day_of_attempts_stays_below_the_receive_limit() {
        for urgency in [Urgency::Critical, Urgency::High, Urgency::Low] {
            let (mut seconds, mut receives) = (0, 0);
            while seconds < 24 * 3_600 {
                receives += 1;
                seconds += wait(receives, urgency, None, seed("message", receives));
            }
            assert!(receives <= 400, "{urgency:?}: {receives}");
        }
    }
}
