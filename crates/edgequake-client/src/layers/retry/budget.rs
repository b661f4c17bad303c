//! [`RetryBudget`]: what keeps retries from making an outage worse.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::Outcome;

/// A bucket of tokens that all clones of a client share. Each retry takes some out, each success puts one back; an empty
/// bucket means that failures are returned at once.
///
/// A bucket of 500 holds 100 retries, or 50 after time-outs, which cost double.
#[derive(Debug, Clone)]
pub struct RetryBudget {
    tokens: Arc<AtomicU32>,
    capacity: u32,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self::new(500)
    }
}

impl RetryBudget {
    /// A full bucket of this many tokens.
    pub fn new(capacity: u32) -> Self {
        Self { tokens: Arc::new(AtomicU32::new(capacity)), capacity }
    }

    /// What is left.
    pub fn available(&self) -> u32 {
        self.tokens.load(Ordering::Relaxed)
    }

    /// Pays for a retry, if the bucket holds enough.
    pub(super) fn withdraw(&self, after: Outcome) -> bool {
        let cost = if after == Outcome::AttemptTimedOut { 10 } else { 5 };
        self.tokens
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| tokens.checked_sub(cost))
            .is_ok()
    }

    /// Puts one token back after a success. A full bucket, which is the usual case, is only read.
    pub(super) fn deposit(&self) {
        if self.available() < self.capacity {
            let _ = self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| {
                (tokens < self.capacity).then_some(tokens + 1)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn withdrawals_stop_at_zero_and_deposits_at_the_capacity() {
        let budget = RetryBudget::new(15);
        let clone = budget.clone();
        assert!(budget.withdraw(Outcome::NotSent));
        assert!(clone.withdraw(Outcome::AttemptTimedOut));
        assert!(!budget.withdraw(Outcome::NotSent));
        for _ in 0..40 {
            clone.deposit();
        }
        assert_eq!(budget.available(), 15);
    }
}
