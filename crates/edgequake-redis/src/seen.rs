//! [`Seen`]: the highest revision of each login that this store has seen, so that a Redis that lost writes is noticed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use edgequake_auth::LoginKey;

/// Clones share it. It grows with the number of logins of this process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<HashMap<LoginKey, Last>>>);

/// The highest revision so far, 0 if there was none.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Last {
    pub(crate) revision: u64,
    /// It may have expired since.
    ended: bool,
}

impl Last {
    /// Whether nothing can be there rightly: nothing ever was, or it has expired.
    pub(crate) fn may_be_absent(self) -> bool {
        self.revision == 0 || self.ended
    }
}

impl Seen {
    fn all(&self) -> MutexGuard<'_, HashMap<LoginKey, Last>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was seen last. To be asked before Redis is: what others note meanwhile is newer than its answer.
    pub(crate) fn last(&self, key: &LoginKey) -> Last {
        self.all().get(key).copied().unwrap_or_default()
    }

    /// Notes what is there now.
    pub(crate) fn note(&self, key: &LoginKey, revision: u64, ended: bool) {
        let mut all = self.all();
        let last = all.entry(key.clone()).or_insert(Last { revision, ended });
        // An answer that was overtaken says nothing new.
        if revision >= last.revision {
            *last = Last { revision, ended };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_counts_and_what_ended_may_be_gone() {
        let server = edgequake_auth::ServerKey::new("https://h".parse().unwrap(), "");
        let (key, seen) = (server.account("mona"), Seen::default());
        assert!(seen.last(&key).may_be_absent());
        seen.note(&key, 7, false);
        seen.note(&key, 5, true);
        assert!(!seen.last(&key).may_be_absent() && seen.last(&key).revision == 7);
        seen.note(&key, 8, true);
        assert!(seen.last(&key).may_be_absent() && seen.last(&key).revision == 8);
        assert!(seen.last(&server.account("ben")).may_be_absent());
    }
}
