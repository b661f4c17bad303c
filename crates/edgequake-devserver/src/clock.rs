//! [`Clock`]: wall time that follows tokio's clock, so that a test with paused time controls it, and that a test can move.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;
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
        SystemTime::now().into()
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

    /// How long it is since `earlier`; zero if that is later.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// `duration` later, or [`MAX`](Self::MAX) if that is out of range.
    pub(crate) fn saturating_add(self, duration: Duration) -> Self {
        let microseconds = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(microseconds).min(Self::MAX.0))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(instant: SystemTime) -> Self {
        let since_epoch = instant.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self::UNIX_EPOCH.saturating_add(since_epoch)
    }
}

impl From<Timestamp> for SystemTime {
    fn from(instant: Timestamp) -> Self {
        Self::UNIX_EPOCH + Duration::from_micros(instant.0.unsigned_abs())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(rfc3339(*self).as_str())
    }
}

/// A timestamp as the server writes it: RFC 3339 with microseconds and a numeric offset.
pub(crate) fn rfc3339(instant: Timestamp) -> edgequake_types::Timestamp {
    let utc = humantime::format_rfc3339_micros(instant.into()).to_string();
    format!("{}+00:00", utc.trim_end_matches('Z')).into()
}

/// The clock of a server: the wall time at its start, plus the time that has passed since, plus what a test has added.
///
/// Tokens, lockouts, keys and rate limits go by it, and so do the delays of processing and of refreshes. Clones are the
/// same clock.
///
/// ```
/// use std::time::Duration;
/// use edgequake_devserver::DevServer;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = DevServer::builder().start().await?;
/// let before = server.clock().now();
/// // Every access token expires, and every lockout ends.
/// server.clock().advance(Duration::from_secs(24 * 60 * 60));
/// assert!(server.clock().now() >= before + Duration::from_secs(24 * 60 * 60));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    wall: Timestamp,
    started: Instant,
    /// What was added, in milliseconds.
    added: AtomicU64,
    moved: Notify,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Arc::new(Inner {
            wall: Timestamp::now(),
            started: Instant::now(),
            added: AtomicU64::new(0),
            moved: Notify::new(),
        }))
    }

    /// The time of the server.
    pub fn now(&self) -> SystemTime {
        self.timestamp().into()
    }

    /// Moves the clock forward. Less than a millisecond counts as none.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        let _ = self
            .0
            .added
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |added| Some(added.saturating_add(by)));
        self.0.moved.notify_waiters();
    }

    pub(crate) fn timestamp(&self) -> Timestamp {
        self.0.wall.saturating_add(self.uptime())
    }

    /// How long the server has run, by this clock.
    pub(crate) fn uptime(&self) -> Duration {
        let added = Duration::from_millis(self.0.added.load(Ordering::Relaxed));
        self.0.started.elapsed().saturating_add(added)
    }

    /// Waits for `duration` of this clock. Even a zero duration lets other tasks run first.
    pub(crate) async fn pause(&self, duration: Duration) {
        if duration.is_zero() {
            return tokio::task::yield_now().await;
        }
        let end = self.uptime().saturating_add(duration);
        loop {
            let moved = self.0.moved.notified();
            let left = end.saturating_sub(self.uptime());
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                () = moved => {}
            }
        }
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
    async fn wall_time_follows_the_clock_of_the_runtime_and_the_test() {
        let clock = Clock::start();
        let before = clock.timestamp();
        tokio::time::advance(Duration::from_secs(90)).await;
        assert_eq!(clock.timestamp(), before.saturating_add(Duration::from_secs(90)));
        clock.advance(Duration::from_secs(10));
        assert_eq!(clock.timestamp(), before.saturating_add(Duration::from_secs(100)));
        clock.advance(Duration::MAX);
        assert_eq!(clock.timestamp(), Timestamp::MAX);
        clock.advance(Duration::MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_ends_when_the_clock_is_moved_past_it() {
        let clock = Clock::start();
        let started = Instant::now();
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.pause(Duration::from_secs(3600)).await }
        });
        tokio::time::sleep(Duration::from_secs(1)).await;
        clock.advance(Duration::from_secs(1800));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!waiting.is_finished());
        clock.advance(Duration::from_secs(1800));
        waiting.await.unwrap();
        assert_eq!(started.elapsed().as_secs(), 2);
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
