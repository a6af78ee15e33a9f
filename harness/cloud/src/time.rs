//! Virtual time: milliseconds since the epoch. The test owns it; only the edge may tie it to the wall clock.

use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment of virtual time, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(pub i64);

impl Time {
    /// From whole seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * 1000)
    }
    /// Whole seconds since the epoch.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
    /// Seconds with their fraction, as JSON protocols write timestamps.
    pub fn seconds_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }
    /// The same moment for a calendar; 1970 for moments outside of jiff's years.
    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
    /// `2026-03-02T09:14:07Z`
    pub fn iso_seconds(self) -> String {
        self.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
    /// `2026-03-02T09:14:07.123Z`
    pub fn iso_millis(self) -> String {
        self.timestamp().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
    }
    /// `2026-03-02T09:14:07.123+0000`, as CloudWatch alarms and Lambda write it.
    pub fn iso_offset(self) -> String {
        self.timestamp().strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string()
    }
    /// Any `strftime` format, in UTC.
    pub fn format(self, format: &str) -> String {
        self.timestamp().strftime(format).to_string()
    }
    /// Parses ISO 8601 with `Z`, an offset, or a bare date.
    pub fn parse(text: &str) -> Option<Self> {
        let full = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.replace("+0000", "Z") };
        full.parse::<jiff::Timestamp>().ok().map(|t| Self(t.as_millisecond()))
    }
    /// The start of the period of this length that the moment lies in.
    pub const fn floor(self, period_seconds: i64) -> Self {
        let period = period_seconds * 1000;
        Self(self.0.div_euclid(period) * period)
    }
}

impl Add<Duration> for Time {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0 + duration.as_millis() as i64)
    }
}

impl Sub for Time {
    type Output = Duration;
    /// The time from `earlier` to `self`; zero if it is not earlier.
    fn sub(self, earlier: Self) -> Duration {
        Duration::from_millis((self.0 - earlier.0).max(0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_parses() {
        let t = Time::parse("2026-03-02T09:14:07Z").unwrap();
        assert_eq!(t.iso_seconds(), "2026-03-02T09:14:07Z");
        assert_eq!(Time(t.0 + 5).iso_millis(), "2026-03-02T09:14:07.005Z");
        assert_eq!(t.floor(60).iso_seconds(), "2026-03-02T09:14:00Z");
        assert_eq!(Time::parse("2022-01-01").unwrap().iso_seconds(), "2022-01-01T00:00:00Z");
        assert_eq!(Time::parse("yesterday"), None);
    }
}
