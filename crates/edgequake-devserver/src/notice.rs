//! [`ProcessingEvent`]: a step of a document. [`Notice`]: whatever WebSockets tell of, steps of documents and what goes beyond them.

#![cfg_attr(not(feature = "websocket"), allow(dead_code, reason = "only WebSockets tell of them"))]

use edgequake_types::documents::{DocumentStatus, FailedChunk};
use edgequake_types::{DocumentId, TenantId, TrackId, WorkspaceId};
use serde::Serialize;

use crate::place::Place;
use crate::removed::Removed;

/// A step of a document.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ProcessingEvent {
    /// The tenant of its workspace.
    pub tenant_id: TenantId,
    /// Its workspace.
    pub workspace_id: WorkspaceId,
    /// The document.
    pub document_id: DocumentId,
    /// The task that works on it.
    pub task_id: TrackId,
    /// Its status from now on.
    pub status: DocumentStatus,
    /// Its stage from now on, such as `embedding`; `deleted` when it is gone.
    pub stage: &'static str,
    /// How much of the processing is done, from 0 to 1.
    pub progress: f64,
    /// How much of the stage is done, from 0 to 1.
    pub stage_progress: f64,
    /// Why it failed, or what is missing.
    pub message: Option<String>,
    /// How many entities it has.
    pub entity_count: u64,
    /// What went with it, once it is gone.
    #[serde(skip)]
    pub(crate) removed: Option<Removed>,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub(crate) enum Notice {
    /// A step of a document.
    Document(Box<ProcessingEvent>),
    /// A chunk has failed.
    Chunk(ChunkFailure),
    /// A step of the deletion of several documents.
    Bulk(BulkDeletion),
}

/// A chunk that has failed.
#[derive(Debug, Clone)]
pub(crate) struct ChunkFailure {
    pub(crate) place: Place,
    pub(crate) document: DocumentId,
    pub(crate) task: TrackId,
    pub(crate) chunk: FailedChunk,
    /// How many chunks the document has.
    pub(crate) total: u64,
}

/// A step of the deletion of several documents.
#[derive(Debug, Clone)]
pub(crate) struct BulkDeletion {
    pub(crate) place: Place,
    pub(crate) task: TrackId,
    pub(crate) step: BulkStep,
}

/// How far the deletion of several documents has come.
#[derive(Debug, Clone)]
pub(crate) enum BulkStep {
    Started { total: usize },
    Item { document: DocumentId, completed: usize, total: usize, removed: Removed },
    Completed { deleted: usize, skipped: usize, removed: Removed },
    Failed { deleted: usize, message: &'static str },
}

impl Notice {
    /// Whether it happened in a workspace.
    pub(crate) fn is_in(&self, place: &Place) -> bool {
        match self {
            Self::Document(event) => event.tenant_id == place.tenant && event.workspace_id == place.workspace,
            Self::Chunk(ChunkFailure { place: here, .. }) | Self::Bulk(BulkDeletion { place: here, .. }) => {
                here == place
            }
        }
    }

    /// The task that it is part of.
    pub(crate) fn task(&self) -> &TrackId {
        match self {
            Self::Document(event) => &event.task_id,
            Self::Chunk(ChunkFailure { task, .. }) | Self::Bulk(BulkDeletion { task, .. }) => task,
        }
    }
}

impl From<ProcessingEvent> for Notice {
    fn from(event: ProcessingEvent) -> Self {
        Self::Document(Box::new(event))
    }
}

impl From<ChunkFailure> for Notice {
    fn from(failure: ChunkFailure) -> Self {
        Self::Chunk(failure)
    }
}

impl From<BulkDeletion> for Notice {
    fn from(deletion: BulkDeletion) -> Self {
        Self::Bulk(deletion)
    }
}
