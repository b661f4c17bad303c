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
    /// How many sessions are being revoked in the background.
    revocations: watch::Sender<usize>,
}

/// A revocation that is under way until this is dropped.
pub(crate) struct Revocation(watch::Sender<usize>);

impl Drop for Revocation {
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
            revocations: watch::Sender::new(0),
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

    /// A revocation begins.
    pub(crate) fn begin_revocation(&self) -> Revocation {
        self.revocations.send_modify(|under_way| *under_way = under_way.saturating_add(1));
        Revocation(self.revocations.clone())
    }

    /// Waits until no revocation is under way; `true` if it was so at once.
    pub(crate) async fn revocations_are_over(&self) -> bool {
        let mut under_way = self.revocations.subscribe();
        if *under_way.borrow_and_update() == 0 {
            return true;
        }
        drop(under_way.wait_for(|under_way| *under_way == 0).await);
        false
    }

    /// Whether this is the first look in a child. What was under way is not, then.
    pub(crate) fn is_new(&self) -> bool {
        let id = std::process::id();
        if self.id.swap(id, Ordering::AcqRel) == id {
            return false;
        }
        *self.saving.lock().unwrap_or_else(PoisonError::into_inner) = Arc::default();
        self.saving_later.store(false, Ordering::Release);
        self.revocations.send_replace(0);
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
