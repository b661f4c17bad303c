//! Time as the state machine sees it: two clocks, read together and passed in.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// One reading of both clocks.
///
/// The wall clock can be set back and forth; the monotonic one cannot, and goes on while a machine is suspended, as far as the system
/// has such a clock. A token is expired as soon as either says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Now {
    /// Since 1970-01-01 00:00 UTC.
    pub(crate) wall: Duration,
    /// Since some moment before the provider was built.
    pub(crate) mono: Duration,
}

/// Where readings come from.
pub(crate) trait Clock: fmt::Debug + Send + Sync {
    fn now(&self) -> Now;
}

/// The clocks of the machine; under a paused Tokio runtime the monotonic one is the runtime's.
#[derive(Debug)]
pub(crate) struct SystemClock {
    start: Instant,
    suspension: suspension::Suspension,
}

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now(), suspension: suspension::Suspension::new() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let awake = Instant::now().saturating_duration_since(self.start);
        Now { wall, mono: awake.saturating_add(self.suspension.so_far()) }
    }
}

/// How long the machine has been suspended. [`Instant`] stands still meanwhile on Linux and on Apple's systems, and goes on on Windows.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod suspension {
    use std::time::{Duration, Instant};

    use rustix::time::{ClockId, clock_gettime};

    /// The clock that goes on: Apple gives it the name of that which stands still elsewhere.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const GOES_ON: ClockId = ClockId::Boottime;
    #[cfg(target_vendor = "apple")]
    const GOES_ON: ClockId = ClockId::Monotonic;

    /// Less is taken for none.
    const LEAST: Duration = Duration::from_secs(1);

    #[derive(Debug)]
    pub(super) struct Suspension {
        start: Duration,
        awake_since: Instant,
    }

    impl Suspension {
        pub(super) fn new() -> Self {
            Self { start: read(), awake_since: Instant::now() }
        }

        #[cfg(test)]
        pub(super) fn of(start: Duration, awake_since: Instant) -> Self {
            Self { start, awake_since }
        }

        pub(super) fn so_far(&self) -> Duration {
            let all = read().saturating_sub(self.start);
            let suspended = all.saturating_sub(self.awake_since.elapsed());
            // The clocks are not read at the same moment.
            if suspended < LEAST { Duration::ZERO } else { suspended }
        }
    }

    fn read() -> Duration {
        Duration::try_from(clock_gettime(GOES_ON)).unwrap_or_default()
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod suspension {
    use std::time::Duration;

    #[derive(Debug)]
    pub(super) struct Suspension;

    impl Suspension {
        pub(super) fn new() -> Self {
            Self
        }

        pub(super) fn so_far(&self) -> Duration {
            Duration::ZERO
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_paused_runtime_is_followed_and_a_machine_that_is_awake_was_not_suspended() {
        let clock = SystemClock::new();
        let before = clock.now().mono;
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(clock.now().mono.saturating_sub(before), Duration::from_secs(3600));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_suspension_is_what_one_clock_has_more_than_the_other() {
        use rustix::time::{ClockId, clock_gettime};

        // As if it had been built a minute before by the clock that goes on, and suspended for fifty seconds of it.
        let now = Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap();
        let ten_ago = std::time::Instant::now().checked_sub(Duration::from_secs(10)).unwrap();
        let suspension =
            suspension::Suspension::of(now.checked_sub(Duration::from_secs(60)).unwrap(), ten_ago);
        let error = suspension.so_far().abs_diff(Duration::from_secs(50));
        assert!(error < Duration::from_secs(1), "{error:?}");
    }
}
