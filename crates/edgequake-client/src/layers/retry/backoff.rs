//! [`RetryConfig`]: how often, and how long to wait in between.

use std::time::Duration;

/// When to repeat, and how often.
///
/// ```
/// use std::time::Duration;
/// use edgequake_client::{Client, RetryConfig};
///
/// # fn main() -> Result<(), edgequake_client::Error> {
/// // Up to six attempts, and waits of up to two minutes where the server asks for them.
/// let patient = RetryConfig::default().max_attempts(6).max_wait(Duration::from_secs(120));
/// let client = Client::builder().retry(patient).build()?;
///
/// // In a test, a failure is returned at once.
/// let impatient = Client::builder().retry(RetryConfig::none()).build()?;
/// # drop((client, impatient));
/// # Ok(())
/// # }
/// ```
#[doc(alias = "backoff")]
#[doc(alias = "max_retries")]
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RetryConfig {
    /// Attempts in all, the first one included. Default 4; 1 switches retries off.
    pub max_attempts: u32,
    /// The wait before the second attempt, doubled before each further one. Default 500 ms.
    pub base: Duration,
    /// The longest back-off. Default 8 s.
    pub cap: Duration,
    /// The longest wait that a server may ask for, by `Retry-After` or in the body; if it asks for more, the answer is returned at once.
    /// Our own back-off is not limited by it, but by `cap`. Default 60 s.
    pub max_wait: Duration,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self {
            max_attempts: 4,
            base: Duration::from_millis(500),
            cap: Duration::from_secs(8),
            max_wait: Duration::from_secs(60),
        }
    }
}

impl RetryConfig {
    /// No retries: every outcome is returned as it is, and at once. For tests that fake a failure, and for callers that repeat calls
    /// themselves.
    #[doc(alias = "disable")]
    #[doc(alias = "no_retry")]
    pub fn none() -> Self {
        Self { max_attempts: 1, ..Self::default() }
    }

    /// Sets the number of attempts, the first one included.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// Sets the wait before the second attempt.
    #[must_use]
    pub fn base(mut self, base: Duration) -> Self {
        self.base = base;
        self
    }

    /// Sets the longest back-off.
    #[must_use]
    pub fn cap(mut self, cap: Duration) -> Self {
        self.cap = cap;
        self
    }

    /// Sets the longest wait that a server may ask for.
    #[must_use]
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }

    /// The wait before attempt number `next`: half of it fixed, half of it drawn, so that clients which failed together do
    /// not come back together, and none comes back at once.
    pub(super) fn backoff(&self, next: u32) -> Duration {
        let doublings = next.saturating_sub(2).min(16);
        let full = self.base.saturating_mul(1 << doublings).min(self.cap);
        let half = full / 2;
        half + half.mul_f64(fastrand::f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_differ() {
        let config = RetryConfig::default();
        let limits = [(2, 500), (3, 1_000), (4, 2_000), (6, 8_000), (60, 8_000)];
        for (next, full) in limits {
            let waits: Vec<u128> = (0..50).map(|_| config.backoff(next).as_micros()).collect();
            let full = full * 1_000;
            assert!(waits.iter().all(|wait| (full / 2..=full).contains(wait)), "{next}: {waits:?}");
            assert!(waits.iter().any(|wait| *wait != waits[0]), "{next}");
        }
    }
}
