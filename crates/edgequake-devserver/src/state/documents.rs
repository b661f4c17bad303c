//! The documents of a workspace, with an index for each way to look for them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use edgequake_types::documents::{DocumentStatus, StatusCounts};
use edgequake_types::{DocumentId, TrackId};

use super::activity::Activity;
use super::document::{StoredDocument, count_of, is_in_flight};
use super::queue::{Queue, Waiting};
use super::space::Usage;
use crate::config::Config;
use crate::shrink::shrink;

/// What the documents of a workspace are together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// The size of all contents, in bytes.
    pub(crate) content: u64,
    /// The number of all chunks.
    pub(crate) chunks: u64,
}

/// The documents of a workspace.
#[derive(Debug)]
pub(crate) struct Documents {
    by_id: HashMap<DocumentId, StoredDocument>,
    /// In the order of arrival.
    by_sequence: BTreeMap<u64, DocumentId>,
    /// Those that are not being deleted.
    by_hash: HashMap<String, DocumentId>,
    by_track: HashMap<TrackId, BTreeSet<u64>>,
    by_status: HashMap<DocumentStatus, BTreeSet<u64>>,
    counts: StatusCounts,
    totals: Totals,
    activity: Activity,
    usage: Arc<Usage>,
    sequence: u64,
}

impl Documents {
    pub(crate) fn new(usage: Arc<Usage>) -> Self {
        Self {
            by_id: HashMap::new(),
            by_sequence: BTreeMap::new(),
            by_hash: HashMap::new(),
            by_track: HashMap::new(),
            by_status: HashMap::new(),
            counts: StatusCounts::default(),
            totals: Totals::default(),
            activity: Activity::default(),
            usage,
            sequence: 0,
        }
    }

    /// Stores a document; false if there is no room for it.
    pub(crate) fn insert(&mut self, mut document: StoredDocument) -> bool {
        let size = document.size();
        if !self.usage.reserve(size) {
            return false;
        }
        self.totals.content += document.content.len() as u64;
        self.totals.chunks += document.chunk_count;
        self.sequence += 1;
        document.sequence = self.sequence;
        self.by_sequence.insert(document.sequence, document.id.clone());
        self.by_hash.insert(document.hash.clone(), document.id.clone());
        self.by_track.entry(document.track_id.clone()).or_default().insert(document.sequence);
        *count_of(&mut self.counts, &document.status) += 1;
        self.by_status.entry(document.status.clone()).or_default().insert(document.sequence);
        if document.is_in_flight() {
            self.activity.begun(&document);
        }
        self.by_id.insert(document.id.clone(), document);
        true
    }

    /// Removes a document, and stops its processing.
    pub(crate) fn remove(&mut self, id: &DocumentId) -> Option<StoredDocument> {
        let document = self.by_id.remove(id)?;
        document.stop.stop();
        if document.is_in_flight() {
            self.activity.ended(&document);
        }
        self.totals.content -= document.content.len() as u64;
        self.totals.chunks -= document.chunk_count;
        self.usage.release(document.size());
        self.by_sequence.remove(&document.sequence);
        self.forget_hash(&document);
        if let Some(track) = self.by_track.get_mut(&document.track_id) {
            track.remove(&document.sequence);
            if track.is_empty() {
                self.by_track.remove(&document.track_id);
            }
        }
        *count_of(&mut self.counts, &document.status) -= 1;
        self.forget_status(&document.status, document.sequence);
        shrink(&mut self.by_id);
        shrink(&mut self.by_hash);
        shrink(&mut self.by_track);
        Some(document)
    }

    fn forget_status(&mut self, status: &DocumentStatus, sequence: u64) {
        if let Some(documents) = self.by_status.get_mut(status) {
            documents.remove(&sequence);
            if documents.is_empty() {
                self.by_status.remove(status);
            }
        }
    }

    fn forget_hash(&mut self, document: &StoredDocument) {
        if self.by_hash.get(&document.hash) == Some(&document.id) {
            self.by_hash.remove(&document.hash);
        }
    }

    pub(crate) fn get(&self, id: &DocumentId) -> Option<&StoredDocument> {
        self.by_id.get(id)
    }

    /// Changes a document, unless `change` returns `None`. What a change may touch is its state, not its identity.
    pub(crate) fn update<T>(
        &mut self,
        id: &DocumentId,
        change: impl FnOnce(&mut StoredDocument) -> Option<T>,
    ) -> Option<T> {
        let document = self.by_id.get_mut(id)?;
        let (before, chunks, was_in_flight) =
            (document.status.clone(), document.chunk_count, document.is_in_flight());
        let changed = change(document);
        match (was_in_flight, document.is_in_flight()) {
            (false, true) => self.activity.begun(document),
            (true, false) => self.activity.ended(document),
            _ => {}
        }
        let after = document.status.clone();
        self.totals.chunks = self.totals.chunks - chunks + document.chunk_count;
        if before != after {
            *count_of(&mut self.counts, &before) -= 1;
            *count_of(&mut self.counts, &after) += 1;
            if after == DocumentStatus::Deleting && self.by_hash.get(&document.hash) == Some(id) {
                self.by_hash.remove(&document.hash);
            } else if before == DocumentStatus::Deleting {
                // It stays after all.
                self.by_hash.entry(document.hash.clone()).or_insert_with(|| id.clone());
            }
            let sequence = document.sequence;
            self.forget_status(&before, sequence);
            self.by_status.entry(after).or_default().insert(sequence);
        }
        changed
    }

    /// Puts a document on another track, if there is room for its name.
    pub(crate) fn move_to_track(&mut self, id: &DocumentId, track: &TrackId) {
        let Some(document) = self.by_id.get_mut(id) else { return };
        let (size, before) = (document.size(), std::mem::replace(&mut document.track_id, track.clone()));
        if document.size() > size && !self.usage.reserve(document.size() - size) {
            document.track_id = before;
            return;
        }
        self.usage.release(size.saturating_sub(document.size()));
        let sequence = document.sequence;
        if let Some(others) = self.by_track.get_mut(&before) {
            others.remove(&sequence);
            if others.is_empty() {
                self.by_track.remove(&before);
            }
        }
        self.by_track.entry(track.clone()).or_default().insert(sequence);
    }

    /// The documents that wait to be processed or are being processed; those of a status newest first.
    pub(crate) fn in_flight(&self) -> impl Iterator<Item = &StoredDocument> {
        let statuses = self.by_status.keys().filter(|status| is_in_flight(status));
        statuses.flat_map(|status| self.with_status(status))
    }

    /// The documents that wait, for this number of workers. Before one was measured, a document takes as long as it is told here.
    pub(crate) fn queue(&self, workers: usize, expected: Duration) -> Queue {
        let measured = self.activity.usual_time();
        let waiting = [DocumentStatus::Pending, DocumentStatus::Queued];
        let mut waiting: Vec<u64> =
            waiting.iter().filter_map(|status| self.by_status.get(status)).flatten().copied().collect();
        waiting.sort_unstable();
        Queue { waiting, usual: measured.unwrap_or(expected), is_measured: measured.is_some(), workers }
    }

    /// The place of the last one that waits, without looking at the others.
    pub(crate) fn last_place(&self, config: &Config) -> Waiting {
        let measured = self.activity.usual_time();
        let usual = measured.unwrap_or(config.processing_delay);
        Waiting::at(self.waiting_count(), usual, measured.is_some(), config.workers)
    }

    fn waiting_count(&self) -> usize {
        let statuses = [DocumentStatus::Pending, DocumentStatus::Queued];
        statuses.iter().filter_map(|status| self.by_status.get(status)).map(BTreeSet::len).sum()
    }

    /// What has been processed.
    pub(crate) fn activity(&self) -> &Activity {
        &self.activity
    }

    pub(crate) fn activity_mut(&mut self) -> &mut Activity {
        &mut self.activity
    }

    /// All documents, newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &StoredDocument> {
        self.by_sequence.values().rev().filter_map(|id| self.by_id.get(id))
    }

    /// The documents in a state, newest first.
    pub(crate) fn with_status(&self, status: &DocumentStatus) -> impl Iterator<Item = &StoredDocument> {
        let sequences = self.by_status.get(status).into_iter().flat_map(|documents| documents.iter().rev());
        sequences.filter_map(|sequence| self.by_id.get(self.by_sequence.get(sequence)?))
    }

    /// How many there are in a state.
    pub(crate) fn count(&self, status: &DocumentStatus) -> usize {
        self.by_status.get(status).map_or(0, BTreeSet::len)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// How many there are in each state.
    pub(crate) fn counts(&self) -> &StatusCounts {
        &self.counts
    }

    /// What they are together.
    pub(crate) fn totals(&self) -> Totals {
        self.totals
    }

    /// The documents of a track, newest first.
    pub(crate) fn on_track(&self, track: &TrackId) -> impl Iterator<Item = &StoredDocument> {
        let sequences = self.by_track.get(track).into_iter().flat_map(|track| track.iter().rev());
        sequences.filter_map(|sequence| self.by_id.get(self.by_sequence.get(sequence)?))
    }

    /// The document with this content.
    pub(crate) fn with_hash(&self, hash: &str) -> Option<&StoredDocument> {
        self.by_id.get(self.by_hash.get(hash)?)
    }

    /// Removes everything, and stops all processing.
    pub(crate) fn clear(&mut self) {
        let ids: Vec<DocumentId> = self.by_id.keys().cloned().collect();
        for id in ids {
            self.remove(&id);
        }
    }
}

impl Drop for Documents {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests;
