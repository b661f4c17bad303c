//! [`StoredDocument`]: a document, and how far its processing has come.

use std::sync::Arc;
use std::time::Duration;

use edgequake_types::documents::{
    Document, DocumentLineage, DocumentStatus, DocumentSummary, ProgressCounts, StatusCounts, UiPhase,
};
use edgequake_types::query::DocumentFilter;
use edgequake_types::{DocumentId, TrackId};
use serde_json::{Value, json};

use super::extraction::Extraction;
use super::work::Work;
use crate::clock::{Timestamp, rfc3339};
use crate::config::Era;
use crate::faults::ALL_STAGES;
use crate::place::Place;
use crate::retrieval::answer::snippet;
use crate::retrieval::entities::{ENTITY_TYPE, RELATION_TYPE};
use crate::retrieval::graph::GraphSize;
use crate::stop::Stop;
use crate::weight;

/// What a document takes besides its texts and metadata, in bytes: ids, hashes, its task.
const OVERHEAD: usize = 1024;

/// A document as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredDocument {
    pub(crate) id: DocumentId,
    pub(crate) title: String,
    pub(crate) file_name: Option<String>,
    pub(crate) content: Arc<String>,
    pub(crate) hash: String,
    pub(crate) metadata: Option<Value>,
    pub(crate) extraction: Extraction,
    pub(crate) track_id: TrackId,
    pub(crate) task_id: TrackId,
    pub(crate) status: DocumentStatus,
    pub(crate) stage: &'static str,
    /// Why it failed, or what is missing.
    pub(crate) message: Option<String>,
    /// From 0 to 1.
    pub(crate) progress: f64,
    pub(crate) chunk_count: u64,
    /// What was extracted from it.
    pub(crate) graph: GraphSize,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) processed_at: Option<Timestamp>,
    /// Stops its processing.
    pub(crate) stop: Stop,
    pub(crate) work: Work,
    /// The order of arrival; two documents may arrive in the same microsecond.
    pub(crate) sequence: u64,
}

impl StoredDocument {
    /// One that waits to be processed, without a name, a track or a task yet.
    pub(crate) fn waiting(id: DocumentId, content: String, hash: String, now: Timestamp) -> Self {
        Self {
            id,
            title: String::new(),
            file_name: None,
            content: Arc::new(content),
            hash,
            metadata: None,
            extraction: Extraction::default(),
            track_id: TrackId::new(""),
            task_id: TrackId::new(""),
            status: DocumentStatus::Pending,
            stage: "queued",
            message: None,
            progress: 0.0,
            chunk_count: 0,
            graph: GraphSize::default(),
            created_at: now,
            updated_at: now,
            processed_at: None,
            stop: Stop::default(),
            work: Work::default(),
            sequence: 0,
        }
    }

    /// Whether it is waiting to be processed or being processed.
    pub(crate) fn is_in_flight(&self) -> bool {
        is_in_flight(&self.status)
    }

    /// Whether it is waiting to be processed.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self.status, DocumentStatus::Pending | DocumentStatus::Queued)
    }

    /// Whether its processing has come no further for so long. One that waits is not stuck.
    pub(crate) fn is_stuck(&self, silent: Duration, now: Timestamp) -> bool {
        self.is_in_flight() && !self.is_waiting() && now.since(self.updated_at) >= silent
    }

    /// The name of its file, or else its title.
    pub(crate) fn name(&self) -> &str {
        self.file_name.as_ref().unwrap_or(&self.title)
    }

    /// A sentence about the stage, while it is being processed.
    pub(crate) fn stage_message(&self) -> Option<String> {
        let counted = |(done, all)| format!("{done} of {all} chunks are done");
        let message = || {
            self.work.chunks.map_or_else(|| format!("The document is in the stage {}", self.stage), counted)
        };
        self.is_in_flight().then(message)
    }

    /// How far the stage has come, in numbers.
    pub(crate) fn counts(&self) -> Option<ProgressCounts> {
        let (current, total) = self.work.chunks.filter(|_| self.is_in_flight())?;
        let mut counts = ProgressCounts::default();
        (counts.current, counts.total, counts.unit) = (current, total, Some("chunks".to_owned()));
        Some(counts)
    }

    /// Why it failed, or else what is missing.
    fn messages(&self) -> (Option<String>, Option<String>) {
        match self.status {
            DocumentStatus::Failed | DocumentStatus::DeleteFailed => (self.message.clone(), None),
            _ => (None, self.message.clone()),
        }
    }

    fn phase(&self) -> UiPhase {
        match self.status {
            DocumentStatus::Pending | DocumentStatus::Queued => UiPhase::Idle,
            DocumentStatus::Deleting => UiPhase::Stopping,
            ref status if status.is_terminal() => UiPhase::Terminal,
            _ => UiPhase::Running,
        }
    }

    /// Where its text came from.
    pub(crate) fn source_type(&self) -> &'static str {
        let name = self.file_name.as_deref().unwrap_or_default();
        if name.ends_with(".md") {
            "markdown"
        } else if name.to_ascii_lowercase().ends_with(".pdf") {
            "pdf"
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
        summary.entity_count = Some(self.graph.entities);
        summary.status = Some(self.status.clone());
        (summary.error_message, summary.warning_message) = self.messages();
        summary.track_id = Some(self.track_id.clone());
        summary.created_at = Some(rfc3339(self.created_at));
        summary.updated_at = Some(rfc3339(self.updated_at));
        summary.source_type = Some(self.source_type().to_owned());
        summary.current_stage = Some(self.stage.to_owned());
        summary.stage_progress = Some(self.work.stage_progress);
        summary.stage_message = self.stage_message();
        if era == Era::C {
            summary.extraction_mode = Some(self.extraction.mode.clone());
            summary.extraction_mode_source = Some(self.extraction.source.to_owned());
            summary.progress_counts = self.counts();
            summary.cancelled_from_stage = self.work.cancelled_from.map(str::to_owned);
            summary.query_ready = Some(self.is_searchable());
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
        (document.error_message, document.warning_message) = self.messages();
        document.chunk_count = self.chunk_count;
        document.entity_count = Some(self.graph.entities);
        document.relationship_count = Some(self.graph.relationships);
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
            if self.graph.entities > 0 {
                lineage.entity_types.push(ENTITY_TYPE.to_owned());
            }
            if self.graph.relationships > 0 {
                lineage.relationship_types.push(RELATION_TYPE.to_owned());
            }
            document.lineage = Some(lineage);
        }
        if era == Era::C {
            document.extraction_mode = Some(self.extraction.mode.clone());
            document.extraction_mode_source = Some(self.extraction.source.to_owned());
            document.query_ready = Some(self.is_searchable());
            document.display_status = Some(self.stage.to_owned());
            document.ui_phase = Some(self.phase());
        }
        document
    }

    /// All that is kept about it, its text aside.
    pub(crate) fn kept(&self, place: &Place) -> Value {
        json!({
            "document_id": self.id,
            "tenant_id": place.tenant,
            "workspace_id": place.workspace,
            "title": self.title,
            "file_name": self.file_name,
            "source_type": self.source_type(),
            "status": self.status,
            "current_stage": self.stage,
            "stage_progress": self.work.stage_progress,
            "stage_message": self.stage_message(),
            "error_message": self.messages().0,
            "warning_message": self.messages().1,
            "track_id": self.track_id,
            "task_id": self.task_id,
            "content_hash": self.hash,
            "content_length": self.content.len(),
            "chunk_count": self.chunk_count,
            "entity_count": self.graph.entities,
            "relationship_count": self.graph.relationships,
            "created_at": rfc3339(self.created_at),
            "updated_at": rfc3339(self.updated_at),
            "processed_at": self.processed_at.map(rfc3339),
            "custom_metadata": self.metadata,
        })
    }

    /// What it takes, in bytes, with its entries in the tables.
    pub(super) fn size(&self) -> usize {
        let file_name = self.file_name.as_ref().map_or(0, String::len);
        // The track is a key as well.
        let track = 2 * self.track_id.as_str().len();
        let metadata = self.metadata.as_ref().map_or(0, weight::json);
        OVERHEAD + self.content.len() + self.title.len() + file_name + track + metadata
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

/// Whether a document of this status is waiting to be processed or being processed. It may be named by its stage.
pub(super) fn is_in_flight(status: &DocumentStatus) -> bool {
    match status {
        DocumentStatus::Pending | DocumentStatus::Queued | DocumentStatus::Processing => true,
        DocumentStatus::Other(word) => ALL_STAGES.contains(&&**word),
        _ => false,
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
pub(super) fn count_of<'a>(counts: &'a mut StatusCounts, status: &DocumentStatus) -> &'a mut u64 {
    match status {
        DocumentStatus::Pending | DocumentStatus::Queued => &mut counts.pending,
        status if is_in_flight(status) => &mut counts.processing,
        DocumentStatus::Completed => &mut counts.completed,
        DocumentStatus::PartialFailure => &mut counts.partial_failure,
        DocumentStatus::Failed => &mut counts.failed,
        DocumentStatus::Cancelled => &mut counts.cancelled,
        _ => &mut counts.unknown,
    }
}
