//! [`Limiter`]: a token bucket for each caller.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::digest::{Fingerprint, fingerprint};

/// How many buckets are kept before full ones are dropped; a new bucket is full as well.
const CAPACITY: usize = 10_000;

/// Allows `burst` requests at once, and `per_second` more each second.
#[derive(Debug)]
pub(crate) struct Limiter {
    burst: u32,
    per_second: f64,
    buckets: Mutex<HashMap<Fingerprint, Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    /// The uptime of the server.
    filled: Duration,
}

/// What a caller has left after a request was allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
}

impl Limiter {
    pub(crate) fn new(burst: u32, per_second: f64) -> Self {
        Self { burst, per_second: per_second.max(0.0), buckets: Mutex::default() }
    }

    /// Fills all buckets.
    pub(crate) fn clear(&self) {
        self.buckets.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
    }

    /// Takes one request from the caller's bucket, or returns the seconds to wait, rounded down. `now` is the uptime of
    /// the server.
    pub(crate) fn take(&self, caller: &str, now: Duration) -> Result<Allowance, u64> {
        let burst = f64::from(self.burst);
        let mut buckets = self.buckets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let refilled = |bucket: &Bucket| {
            let since = now.saturating_sub(bucket.filled).as_secs_f64();
            (bucket.tokens + since * self.per_second).min(burst)
        };
        let mut key = fingerprint(caller);
        if !buckets.contains_key(&key) && buckets.len() >= CAPACITY {
            buckets.retain(|_, bucket| refilled(bucket) < burst);
            if buckets.len() >= CAPACITY {
                // Those for whom there is no room share a bucket.
                key = fingerprint("");
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket { tokens: burst, filled: now });
        bucket.tokens = refilled(bucket);
        bucket.filled = now;
        if bucket.tokens < 1.0 {
            // Without refill the wait is infinite, so it is capped at an hour, which is long enough for a test.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let wait = ((1.0 - bucket.tokens) / self.per_second).min(3600.0) as u64;
            return Err(wait);
        }
        bucket.tokens -= 1.0;
        // Between 0 and `burst`, so it fits.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let remaining = bucket.tokens as u32;
        Ok(Allowance { limit: self.burst, remaining })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_refills() {
        let limiter = Limiter::new(2, 0.5);
        let at = Duration::from_millis;
        assert_eq!(limiter.take("a", at(0)), Ok(Allowance { limit: 2, remaining: 1 }));
        assert_eq!(limiter.take("a", at(0)), Ok(Allowance { limit: 2, remaining: 0 }));
        assert_eq!(limiter.take("a", at(0)), Err(2));
        assert_eq!(limiter.take("b", at(0)).map(|allowance| allowance.remaining), Ok(1));
        assert_eq!(limiter.take("a", at(1_500)), Err(0));
        assert_eq!(limiter.take("a", at(2_000)).map(|allowance| allowance.remaining), Ok(0));
    }

    #[test]
    fn the_number_of_buckets_is_bounded() {
        let limiter = Limiter::new(5, 0.0);
        for number in 0..CAPACITY + 3 {
            let _ = limiter.take(&number.to_string(), Duration::ZERO);
        }
        assert!(limiter.buckets.lock().unwrap().len() <= CAPACITY + 1);
        // Callers with a bucket of their own keep it.
        assert_eq!(limiter.take("0", Duration::ZERO).map(|allowance| allowance.remaining), Ok(3));
    }

    #[test]
    fn odd_settings_are_harmless() {
        let now = Duration::ZERO;
        for (burst, per_second, first) in [(0, 0.0, Err(3600)), (0, -1.0, Err(3600)), (1, f64::NAN, Ok(0))] {
            let limiter = Limiter::new(burst, per_second);
            let taken = limiter.take("a", now).map(|allowance| allowance.remaining);
            assert_eq!(taken, first, "{burst} {per_second}");
            assert_eq!(limiter.take("a", now), Err(3600));
        }
    }
}
