//! [`Missing`]: what a document lacks in the end.

use std::collections::BTreeSet;

/// What a document lacks in the end: the entities of all its chunks, or of some.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) all: bool,
    pub(super) chunks: BTreeSet<u64>,
}

impl Missing {
    pub(super) fn all() -> Self {
        Self { all: true, chunks: BTreeSet::new() }
    }

    pub(super) fn chunks(chunks: impl IntoIterator<Item = u64>) -> Self {
        Self { all: false, chunks: chunks.into_iter().collect() }
    }

    /// Lacks what another one lacks as well.
    pub(super) fn add(&mut self, other: Self) {
        self.all = self.all || other.all;
        self.chunks.extend(other.chunks);
    }

    /// Whether a chunk lacks its entities.
    pub(super) fn has(&self, chunk: u64) -> bool {
        self.all || self.chunks.contains(&chunk)
    }
}
