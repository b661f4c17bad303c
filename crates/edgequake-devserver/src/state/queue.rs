//! [`Queue`]: the documents of a workspace that wait for a worker.

use std::time::Duration;

use super::document::StoredDocument;

/// The documents that wait, in the order of their arrival.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(super) waiting: Vec<u64>,
    /// How long a document takes, and whether that was measured.
    pub(super) usual: Duration,
    pub(super) is_measured: bool,
    pub(super) workers: usize,
}

/// The place of a document in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waiting {
    /// From 1.
    pub(crate) position: u64,
    pub(crate) eta_seconds: u64,
    pub(crate) eta_basis: &'static str,
}

impl Waiting {
    /// The place at this position.
    pub(super) fn at(position: usize, usual: Duration, is_measured: bool, workers: usize) -> Self {
        let rounds = u32::try_from(position.div_ceil(workers.max(1))).unwrap_or(u32::MAX);
        Self {
            position: position as u64,
            eta_seconds: usual.saturating_mul(rounds).as_secs(),
            eta_basis: if is_measured { "measured" } else { "no_history" },
        }
    }
}

impl Queue {
    /// The place of a document; `None` if it does not wait.
    pub(crate) fn place(&self, document: &StoredDocument) -> Option<Waiting> {
        let position = self.waiting.binary_search(&document.sequence).ok()? + 1;
        Some(Waiting::at(position, self.usual, self.is_measured, self.workers))
    }
}
