//! Documents and the state of their processing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use edgequake_types::documents::{
    Document, DocumentLineage, DocumentStatus, DocumentSummary, StatusCounts, UiPhase,
};
use edgequake_types::query::DocumentFilter;
use edgequake_types::{DocumentId, TrackId};
use serde_json::Value;

use super::space::Usage;
use crate::clock::{Timestamp, rfc3339};
use crate::config::Era;
use crate::place::Place;
use crate::retrieval::answer::snippet;
use crate::stop::Stop;

/// A document as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredDocument {
    pub(crate) id: DocumentId,
    pub(crate) title: String,
    pub(crate) file_name: Option<String>,
    pub(crate) content: Arc<str>,
    pub(crate) hash: String,
    pub(crate) metadata: Option<Value>,
    pub(crate) track_id: TrackId,
    pub(crate) task_id: TrackId,
    pub(crate) status: DocumentStatus,
    pub(crate) stage: &'static str,
    /// Why it failed, or what is missing.
    pub(crate) message: Option<String>,
    /// From 0 to 1.
    pub(crate) progress: f64,
    pub(crate) chunk_count: u64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) processed_at: Option<Timestamp>,
    /// Stops its processing.
    pub(crate) stop: Stop,
    /// The order of arrival; two documents may arrive in the same microsecond.
    pub(crate) sequence: u64,
}

impl StoredDocument {
    /// Whether it is waiting to be processed or being processed.
    pub(crate) fn is_in_flight(&self) -> bool {
        matches!(self.status, DocumentStatus::Pending | DocumentStatus::Processing)
    }

    fn phase(&self) -> UiPhase {
        match self.status {
            DocumentStatus::Pending => UiPhase::Idle,
            DocumentStatus::Deleting => UiPhase::Stopping,
            ref status if status.is_terminal() => UiPhase::Terminal,
            _ => UiPhase::Running,
        }
    }

    fn source_type(&self) -> &'static str {
        let name = self.file_name.as_deref().unwrap_or_default();
        if name.ends_with(".md") {
            "markdown"
        } else if name.is_empty() {
            "text"
        } else {
            "file"
        }
    }

    /// The document as lists show it.
    pub(crate) fn summary(&self, era: Era) -> DocumentSummary {
        let mut summary = DocumentSummary::new(self.id.clone());
        summary.title = Some(self.title.clone());
        summary.file_name.clone_from(&self.file_name);
        summary.content_summary = Some(snippet(&self.content));
        summary.content_length = Some(self.content.len() as u64);
        summary.chunk_count = self.chunk_count;
        summary.entity_count = Some(0);
        summary.status = Some(self.status.clone());
        if self.status == DocumentStatus::Failed {
            summary.error_message.clone_from(&self.message);
        } else {
            summary.warning_message.clone_from(&self.message);
        }
        summary.track_id = Some(self.track_id.clone());
        summary.created_at = Some(rfc3339(self.created_at));
        summary.updated_at = Some(rfc3339(self.updated_at));
        summary.source_type = Some(self.source_type().to_owned());
        summary.current_stage = Some(self.stage.to_owned());
        summary.stage_progress = Some(self.progress);
        if era == Era::C {
            summary.display_status = Some(self.stage.to_owned());
            summary.ui_phase = Some(self.phase());
        }
        summary
    }

    /// The document in full.
    pub(crate) fn detail(&self, place: &Place, era: Era) -> Document {
        let mut document = Document::new(self.id.clone());
        document.title = Some(self.title.clone());
        document.file_name.clone_from(&self.file_name);
        document.content = Some(self.content.to_string());
        document.content_summary = Some(snippet(&self.content));
        document.content_length = Some(self.content.len() as u64);
        document.content_hash = Some(self.hash.clone());
        document.file_size = Some(self.content.len() as u64);
        document.mime_type =
            Some(if self.source_type() == "markdown" { "text/markdown" } else { "text/plain" }.to_owned());
        document.status = Some(self.status.clone());
        if self.status == DocumentStatus::Failed {
            document.error_message.clone_from(&self.message);
        } else {
            document.warning_message.clone_from(&self.message);
        }
        document.chunk_count = self.chunk_count;
        document.entity_count = Some(0);
        document.relationship_count = Some(0);
        document.source_type = Some(self.source_type().to_owned());
        document.track_id = Some(self.track_id.clone());
        document.tenant_id = Some(place.tenant.clone());
        document.workspace_id = Some(place.workspace.clone());
        document.created_at = Some(rfc3339(self.created_at));
        document.updated_at = Some(rfc3339(self.updated_at));
        document.processed_at = self.processed_at.map(rfc3339);
        document.metadata.clone_from(&self.metadata);
        if self.processed_at.is_some() {
            let mut lineage = DocumentLineage::default();
            lineage.embedding_model = Some("bm25".to_owned());
            lineage.chunking_strategy = Some("markdown".to_owned());
            document.lineage = Some(lineage);
        }
        if era == Era::C {
            document.display_status = Some(self.stage.to_owned());
            document.ui_phase = Some(self.phase());
        }
        document
    }

    /// What it takes, in bytes.
    fn size(&self) -> usize {
        let metadata = self.metadata.as_ref().map_or(0, |metadata| metadata.to_string().len());
        self.content.len() + self.title.len() + self.track_id.as_str().len() + metadata
    }

    /// Whether it can be searched.
    pub(crate) fn is_searchable(&self) -> bool {
        matches!(self.status, DocumentStatus::Completed | DocumentStatus::PartialFailure)
    }

    /// Whether the document passes a filter: dates are compared as text, and both must match; of the ids and the title
    /// patterns, if any, one must match.
    pub(crate) fn matches(&self, filter: &DocumentFilter) -> bool {
        let dated = filter.date_from.is_some() || filter.date_to.is_some();
        let created = dated.then(|| rfc3339(self.created_at));
        let created = created.as_ref().map(|created| created.as_str()).unwrap_or_default();
        let after = filter.date_from.as_ref().is_none_or(|from| created >= from.as_str());
        let before = filter.date_to.as_ref().is_none_or(|to| created <= to.as_str());
        let ids = filter.document_ids.as_deref().filter(|ids| !ids.is_empty());
        let pattern = filter.document_pattern.as_deref().filter(|pattern| !pattern.trim().is_empty());
        let selected = match (ids, pattern) {
            (None, None) => true,
            (ids, pattern) => {
                let title = self.title.to_lowercase();
                let in_title = |pattern: &str| {
                    let mut parts = pattern.split(',').map(|part| part.trim().to_lowercase());
                    parts.any(|part| !part.is_empty() && title.contains(&part))
                };
                ids.is_some_and(|ids| ids.contains(&self.id)) || pattern.is_some_and(in_title)
            }
        };
        after && before && selected
    }
}

/// The number of documents in each state.
pub(crate) fn status_counts<'a>(documents: impl IntoIterator<Item = &'a StoredDocument>) -> StatusCounts {
    let mut counts = StatusCounts::default();
    for document in documents {
        *count_of(&mut counts, &document.status) += 1;
    }
    counts
}

/// The count that a status belongs to.
fn count_of<'a>(counts: &'a mut StatusCounts, status: &DocumentStatus) -> &'a mut u64 {
    match status {
        DocumentStatus::Pending | DocumentStatus::Queued => &mut counts.pending,
        DocumentStatus::Processing => &mut counts.processing,
        DocumentStatus::Completed => &mut counts.completed,
        DocumentStatus::PartialFailure => &mut counts.partial_failure,
        DocumentStatus::Failed => &mut counts.failed,
        DocumentStatus::Cancelled => &mut counts.cancelled,
        _ => &mut counts.unknown,
    }
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
    counts: StatusCounts,
    bytes: usize,
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
            counts: StatusCounts::default(),
            bytes: 0,
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
        self.bytes += size;
        self.sequence += 1;
        document.sequence = self.sequence;
        self.by_sequence.insert(document.sequence, document.id.clone());
        self.by_hash.insert(document.hash.clone(), document.id.clone());
        self.by_track.entry(document.track_id.clone()).or_default().insert(document.sequence);
        *count_of(&mut self.counts, &document.status) += 1;
        self.by_id.insert(document.id.clone(), document);
        true
    }

    /// Removes a document, and stops its processing.
    pub(crate) fn remove(&mut self, id: &DocumentId) -> Option<StoredDocument> {
        let document = self.by_id.remove(id)?;
        document.stop.stop();
        self.bytes -= document.size();
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
        shrink(&mut self.by_id);
        shrink(&mut self.by_hash);
        shrink(&mut self.by_track);
        Some(document)
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
        let before = document.status.clone();
        let changed = change(document);
        let after = document.status.clone();
        if before != after {
            *count_of(&mut self.counts, &before) -= 1;
            *count_of(&mut self.counts, &after) += 1;
            if after == DocumentStatus::Deleting && self.by_hash.get(&document.hash) == Some(id) {
                self.by_hash.remove(&document.hash);
            }
        }
        changed
    }

    /// All documents, newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &StoredDocument> {
        self.by_sequence.values().rev().filter_map(|id| self.by_id.get(id))
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// How many there are in each state.
    pub(crate) fn counts(&self) -> &StatusCounts {
        &self.counts
    }

    /// The size of all contents, in bytes.
    pub(crate) fn content_size(&self) -> u64 {
        self.by_id.values().map(|document| document.content.len() as u64).sum()
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

/// Gives memory back that a map no longer needs.
fn shrink<K: Eq + std::hash::Hash, V>(map: &mut HashMap<K, V>) {
    if map.capacity() > 64 && map.len() < map.capacity() / 4 {
        map.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests;
