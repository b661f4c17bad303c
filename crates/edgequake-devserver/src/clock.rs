//! [`Clock`]: wall time that follows tokio's clock, so that a test with paused time controls it.

use std::fmt;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// A moment, in microseconds since 1970: the precision of the server.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z, before which nothing happens here.
    pub(crate) const UNIX_EPOCH: Self = Self(0);
    /// 9999-12-31T23:59:59.999999Z, the last one that RFC 3339 can express.
    pub(crate) const MAX: Self = Self(253_402_300_799_999_999);

    fn now() -> Self {
        Self::UNIX_EPOCH.saturating_add(SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default())
    }

    /// Unix milliseconds; out of range, the nearest moment.
    pub(crate) fn from_millisecond(milliseconds: i64) -> Self {
        Self(milliseconds.saturating_mul(1000).clamp(Self::UNIX_EPOCH.0, Self::MAX.0))
    }

    pub(crate) fn as_millisecond(self) -> i64 {
        self.0.div_euclid(1000)
    }

    pub(crate) fn as_second(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// `duration` later, or [`MAX`](Self::MAX) if that is out of range.
    pub(crate) fn saturating_add(self, duration: Duration) -> Self {
        let microseconds = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(microseconds).min(Self::MAX.0))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(rfc3339(*self).as_str())
    }
}

/// A timestamp as the server writes it: RFC 3339 with microseconds and a numeric offset.
pub(crate) fn rfc3339(instant: Timestamp) -> edgequake_types::Timestamp {
    let since_epoch = Duration::from_micros(instant.0.unsigned_abs());
    let utc = humantime::format_rfc3339_micros(SystemTime::UNIX_EPOCH + since_epoch).to_string();
    format!("{}+00:00", utc.trim_end_matches('Z')).into()
}

/// The wall time at the start, plus the time that has passed on tokio's clock since.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    wall: Timestamp,
    started: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { wall: Timestamp::now(), started: Instant::now() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.wall.saturating_add(self.uptime())
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}

/// Sleeps for `duration`. Even a zero duration lets other tasks run first.
pub(crate) async fn pause(duration: Duration) {
    if duration.is_zero() {
        tokio::task::yield_now().await;
    } else {
        tokio::time::sleep(duration).await;
    }
}

#[cfg(test)]
impl std::str::FromStr for Timestamp {
    type Err = humantime::TimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let since_epoch =
            humantime::parse_rfc3339(text)?.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Ok(Self::UNIX_EPOCH.saturating_add(since_epoch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn wall_time_follows_the_clock_of_the_runtime() {
        let clock = Clock::start();
        let before = clock.now();
        tokio::time::advance(Duration::from_secs(90)).await;
        assert_eq!(clock.now(), before.saturating_add(Duration::from_secs(90)));
    }

    #[test]
    fn dates_have_an_offset_and_a_fraction() {
        for (text, expected) in [
            ("2026-03-02T09:00:00Z", "2026-03-02T09:00:00.000000+00:00"),
            ("2024-02-29T23:59:59.25Z", "2024-02-29T23:59:59.250000+00:00"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000+00:00"),
        ] {
            assert_eq!(rfc3339(text.parse().unwrap()).as_str(), expected);
        }
        assert_eq!(format!("{:?}", Timestamp::MAX), "9999-12-31T23:59:59.999999+00:00");
    }

    #[test]
    fn no_number_is_out_of_range() {
        let now: Timestamp = "2026-03-02T09:00:00.0005Z".parse().unwrap();
        assert_eq!(now.saturating_add(Duration::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::from_millisecond(i64::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::from_millisecond(i64::MIN), Timestamp::UNIX_EPOCH);
        assert_eq!(Timestamp::from_millisecond(now.as_millisecond()).as_second(), now.as_second());
    }
}
