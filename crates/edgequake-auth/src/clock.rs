//! Time as the state machine sees it: two clocks, read together and passed in.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// One reading of both clocks.
///
/// The wall clock can be set back and forth; the monotonic one stands still while a machine sleeps. A token is
/// expired as soon as either says so.
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
}

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { wall, mono: Instant::now().saturating_duration_since(self.start) }
    }
}
