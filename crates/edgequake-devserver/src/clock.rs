//! [`Clock`]: wall time that follows tokio's clock, so that a test with paused time decides how late it is.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::Offset;
use tokio::time::Instant;

/// Wall time as it was at the start, plus what tokio's clock has counted since.
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
        later(self.wall, self.uptime())
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}

/// `duration` after `instant`; the end of time where that is out of range.
pub(crate) fn later(instant: Timestamp, duration: Duration) -> Timestamp {
    instant.checked_add(duration).unwrap_or(Timestamp::MAX)
}

/// The way the server writes dates: RFC 3339 with microseconds and a numeric offset.
pub(crate) fn written(instant: Timestamp) -> edgequake_types::Timestamp {
    format!("{:.6}", instant.display_with_offset(Offset::UTC)).into()
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
        assert_eq!(written(instant).as_str(), "2026-03-02T09:00:00.000000+00:00");
        assert_eq!(later(instant, Duration::MAX), Timestamp::MAX);
    }
}
