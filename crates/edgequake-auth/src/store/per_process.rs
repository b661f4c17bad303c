//! [`PerProcess`]: what a store shares among its calls, begun anew in a child that was forked.
//!
//! A child has a copy of everything but the threads, so a turn that a thread of its parent has is never given back there.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A value of this process.
#[derive(Debug)]
pub(super) struct PerProcess<T> {
    begin: fn() -> T,
    held: Mutex<(u32, T)>,
}

impl<T: Clone> PerProcess<T> {
    pub(super) fn new(begin: fn() -> T) -> Self {
        Self { begin, held: Mutex::new((std::process::id(), begin())) }
    }

    pub(super) fn get(&self) -> T {
        let mut held = self.held();
        let id = std::process::id();
        if held.0 != id {
            *held = (id, (self.begin)());
        }
        held.1.clone()
    }

    fn held(&self) -> MutexGuard<'_, (u32, T)> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a child would find.
    #[cfg(test)]
    pub(super) fn as_if_forked(&self) {
        self.held().0 = 0;
    }
}
