//! [`Process`]: what of a provider belongs to the process that it is in.
//!
//! A child process that was forked has a copy of everything but the threads: a flight that nobody flies, a lock whose holder is
//! gone, and the name of its parent among those who share a login.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::store::RandomId;

/// Belongs to one process, and is renewed in a child.
pub(crate) struct Process {
    id: AtomicU32,
    holder: RandomId,
    saving: Mutex<Arc<tokio::sync::Mutex<()>>>,
    /// A task tries to save again and again.
    pub(crate) saving_later: AtomicBool,
    /// The sessions that are being revoked in the background.
    pub(crate) revocations: UnderWay,
    /// The logouts that were asked for.
    pub(crate) logouts: UnderWay,
}

/// How many things of a kind have been asked for and are not over.
pub(crate) struct UnderWay(watch::Sender<usize>);

/// One of them, until this is dropped.
pub(crate) struct One(watch::Sender<usize>);

impl UnderWay {
    fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    /// One more, from now on.
    pub(crate) fn begin(&self) -> One {
        self.0.send_modify(|under_way| *under_way = under_way.saturating_add(1));
        One(self.0.clone())
    }

    /// Whether there is none.
    pub(crate) fn is_none(&self) -> bool {
        *self.0.borrow() == 0
    }

    /// Waits until all are over; `true` if it was so at once.
    pub(crate) async fn are_over(&self) -> bool {
        let mut under_way = self.0.subscribe();
        if *under_way.borrow_and_update() == 0 {
            return true;
        }
        drop(under_way.wait_for(|under_way| *under_way == 0).await);
        false
    }
}

impl Drop for One {
    fn drop(&mut self) {
        self.0.send_modify(|under_way| *under_way = under_way.saturating_sub(1));
    }
}

impl Process {
    pub(crate) fn new() -> Self {
        Self {
            id: AtomicU32::new(std::process::id()),
            holder: RandomId::random(),
            saving: Mutex::default(),
            saving_later: AtomicBool::new(false),
            revocations: UnderWay::new(),
            logouts: UnderWay::new(),
        }
    }

    /// This provider in this process, as others see it in a lease.
    pub(crate) fn holder(&self) -> RandomId {
        self.holder.in_process(std::process::id())
    }

    /// The lock of whoever saves what was not saved.
    pub(crate) fn saving(&self) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(&self.saving.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether this is the first look in a child. What was under way is not, then.
    pub(crate) fn is_new(&self) -> bool {
        let id = std::process::id();
        if self.id.swap(id, Ordering::AcqRel) == id {
            return false;
        }
        *self.saving.lock().unwrap_or_else(PoisonError::into_inner) = Arc::default();
        self.saving_later.store(false, Ordering::Release);
        self.revocations.0.send_replace(0);
        self.logouts.0.send_replace(0);
        true
    }

    /// What a child would find.
    #[cfg(test)]
    pub(crate) fn as_if_forked(&self) {
        self.id.store(0, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_has_a_name_of_its_own_and_no_lock_of_its_parent() {
        let process = Process::new();
        let held = process.saving().try_lock_owned().unwrap();
        assert!(!process.is_new() && process.saving().try_lock().is_err());
        process.as_if_forked();
        assert!(process.is_new() && !process.is_new());
        assert!(process.saving().try_lock().is_ok());
        drop(held);
        let drawn = RandomId::random();
        assert_ne!(drawn.in_process(7), drawn.in_process(8));
    }
}
