//! How often a service may be asked.

use std::time::{Duration, Instant};

/// An even spacing of requests. Counted from the answer: a request that was slow on its way never comes closer to the
/// next one than this.
#[derive(Clone, Debug)]
pub struct Pace {
    spacing: Duration,
    answered: Option<Duration>,
}

impl Pace {
    /// So many requests a second.
    pub fn per_second(requests: u32) -> Self {
        Self { spacing: Duration::from_secs(1) / requests.max(1), answered: None }
    }

    /// How long to wait before the next request.
    pub fn due_in(&self, now: Duration) -> Duration {
        self.answered.map_or(Duration::ZERO, |answered| (answered + self.spacing).saturating_sub(now))
    }

    /// A request was answered.
    pub fn answered(&mut self, now: Duration) {
        self.answered = Some(now);
    }
}

/// A clock that can be waited on.
pub trait Wait: Send {
    /// The time since some moment of the past.
    fn now(&self) -> Duration;
    /// Lets time pass.
    fn wait(&mut self, duration: Duration) -> impl Future<Output = ()> + Send;
}

/// Real time.
#[derive(Debug)]
pub struct WallClock(Instant);

impl WallClock {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "a real account is asked in real time")]
    pub fn start() -> Self {
        Self(Instant::now())
    }
}

impl Wait for WallClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    async fn wait(&mut self, duration: Duration) {
        // Not a sleep for luck: the service's own limit.
        let _ = tokio::time::timeout(duration, std::future::pending::<()>()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_keep_their_distance() {
        let ms = Duration::from_millis;
        let mut pace = Pace::per_second(2);
        assert_eq!(pace.due_in(ms(0)), ms(0), "the first one at once");
        pace.answered(ms(30));
        // Asked at, and how long to wait.
        for (now, wait) in [(30, 500), (31, 499), (529, 1), (530, 0), (9000, 0)] {
            assert_eq!(pace.due_in(ms(now)), ms(wait), "at {now} ms");
        }
        // What a minute without requests saved up is not spent at once.
        pace.answered(ms(9000));
        assert_eq!(pace.due_in(ms(9000)), ms(500));
    }
}
