//! [`ConnectionStats`]: what has become of a transport's connections.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why a connection is given no more requests. What is under way on one that speaks HTTP/2 goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum RetireReason {
    /// It was unused for too long.
    Idle,
    /// It has reached its maximum lifetime.
    Lifetime,
    /// A request on it got no answer in time, or nothing came over it while one waited that was then given up.
    TimedOut,
    /// It did not answer a PING.
    Silent,
    /// The server closed it.
    Closed,
    /// It broke, or what came over it was no HTTP.
    Failed,
    /// More were unused than are kept.
    Surplus,
    /// It made room for one to be opened, since there may be no more.
    Displaced,
    /// Its request, or the answer, was given up in the middle. HTTP/1.1 only.
    Dropped,
    /// It can be used once only, as one to a proxy that forwards requests.
    Single,
    /// Its server answered before the upload was over, which then did not end in time.
    Upload,
    /// The runtime that drove it was shut down.
    Runtime,
}

impl RetireReason {
    const ALL: [Self; 12] = [
        Self::Idle,
        Self::Lifetime,
        Self::TimedOut,
        Self::Silent,
        Self::Closed,
        Self::Failed,
        Self::Surplus,
        Self::Displaced,
        Self::Dropped,
        Self::Single,
        Self::Upload,
        Self::Runtime,
    ];

    /// The reason in a word or two, as events of `tracing` name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Lifetime => "lifetime",
            Self::TimedOut => "timed out",
            Self::Silent => "silent",
            Self::Closed => "closed by the server",
            Self::Failed => "failed",
            Self::Surplus => "surplus",
            Self::Displaced => "displaced",
            Self::Dropped => "dropped",
            Self::Single => "single use",
            Self::Upload => "unfinished upload",
            Self::Runtime => "runtime shut down",
        }
    }
}

/// Counts of a transport's connections, since it was built: those of all its clones.
///
/// ```
/// use edgequake_client::transport::{HttpTransport, Proxies, RetireReason};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let transport = HttpTransport::builder().proxies(Proxies::none()).tls(false).build()?;
/// let stats = transport.connection_stats();
/// assert_eq!((stats.opened, stats.open, stats.retired(RetireReason::TimedOut)), (0, 0, 0));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ConnectionStats {
    /// How many were made.
    pub opened: u64,
    /// How many could not be made.
    pub failed: u64,
    /// How many requests were given one that had carried another request.
    pub reused: u64,
    /// How many are open now.
    pub open: u64,
    /// How many requests wait for one now: it is being opened, or there may be no more.
    pub waiting: u64,
    retired: [u64; RetireReason::ALL.len()],
}

impl ConnectionStats {
    /// How many were retired for this reason.
    pub fn retired(&self, reason: RetireReason) -> u64 {
        self.retired.get(reason as usize).copied().unwrap_or_default()
    }

    /// How many were retired, by reason; those that never happened are left out.
    pub fn all_retired(&self) -> impl Iterator<Item = (RetireReason, u64)> {
        RetireReason::ALL.into_iter().zip(self.retired).filter(|(_, count)| *count > 0)
    }
}

/// Where they are counted.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) opened: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) reused: AtomicU64,
    pub(super) closed: AtomicU64,
    retired: [AtomicU64; RetireReason::ALL.len()],
}

impl Counters {
    pub(super) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn retire(&self, reason: RetireReason) {
        if let Some(counter) = self.retired.get(reason as usize) {
            Self::add(counter);
        }
    }

    pub(super) fn read(&self, waiting: u64) -> ConnectionStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        // In this order: what is closed was opened before.
        let closed = read(&self.closed);
        let opened = read(&self.opened);
        ConnectionStats {
            opened,
            failed: read(&self.failed),
            reused: read(&self.reused),
            open: opened.saturating_sub(closed),
            waiting,
            retired: self.retired.each_ref().map(read),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_count_of_its_own() {
        let counters = Counters::default();
        for (number, reason) in RetireReason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, number);
            for _ in 0..=number {
                counters.retire(reason);
            }
        }
        let stats = counters.read(0);
        let all: Vec<_> = stats.all_retired().collect();
        assert_eq!(all.len(), RetireReason::ALL.len());
        assert!(all.iter().all(|(reason, count)| *count == *reason as u64 + 1));
    }
}
