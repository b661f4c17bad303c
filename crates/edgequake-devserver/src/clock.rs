//! [`Clock`]: wall time that follows tokio's clock, so that a test with paused time controls it.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;
use tokio::time::Instant;

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
        saturating_add(self.wall, self.uptime())
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}

/// `instant` plus `duration`, or the maximum timestamp if that is out of range.
pub(crate) fn saturating_add(instant: Timestamp, duration: Duration) -> Timestamp {
    instant.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// A timestamp as the server writes it: RFC 3339 with microseconds and a numeric offset.
pub(crate) fn rfc3339(instant: Timestamp) -> edgequake_types::Timestamp {
    format!("{:.6}", instant.display_with_offset(Offset::UTC)).into()
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
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn wall_time_follows_the_clock_of_the_runtime() {
        let clock = Clock::start();
        let before = clock.now();
        tokio::time::advance(Duration::from_secs(90)).await;
        assert_eq!(clock.now().duration_since(before).as_secs(), 90);
    }

    #[test]
    fn dates_have_an_offset_and_a_fraction() {
        let instant: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        assert_eq!(rfc3339(instant).as_str(), "2026-03-02T09:00:00.000000+00:00");
        assert_eq!(saturating_add(instant, Duration::MAX), Timestamp::MAX);
    }
}
