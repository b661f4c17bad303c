//! What each event says. Fields that a server leaves out are `None`, 0, `false` or empty.

use crate::prelude::*;

/// What the first event says.
#[model(default)]
pub struct Connected {
    /// A greeting.
    pub message: Option<String>,
}

/// That the connection is alive.
#[model(default)]
pub struct Heartbeat {
    /// The time of the server.
    pub timestamp: Option<Timestamp>,
}

/// How far the pipeline has come.
#[model(default)]
pub struct StatusSnapshot {
    /// Whether anything is being processed.
    pub is_busy: bool,
    /// What is being done.
    pub job_name: Option<String>,
    /// How many documents are done.
    pub processed_documents: u64,
    /// How many there are to do.
    pub total_documents: u64,
    /// The batch that is being processed.
    pub current_batch: u64,
    /// How many batches there are.
    pub total_batches: u64,
}

/// A job that has begun.
#[model(default)]
pub struct JobStarted {
    /// What is being done.
    pub job_name: Option<String>,
    /// How many documents there are to do.
    pub total_documents: u64,
    /// How many batches there are.
    pub total_batches: u64,
}

/// A document that is done.
#[model(new(document_id))]
pub struct DocumentProgress {
    /// The document.
    pub document_id: DocumentId,
    /// How many entities were found in it.
    pub entities_extracted: u64,
    /// How many documents are done.
    pub processed: u64,
    /// How many there are to do.
    pub total: u64,
}

/// A document that has failed.
#[model(new(document_id))]
pub struct DocumentFailed {
    /// The document.
    pub document_id: DocumentId,
    /// Why.
    pub error: Option<String>,
    /// How many documents are done.
    pub processed: u64,
    /// How many there are to do.
    pub total: u64,
}

/// A batch that is done.
#[model(default)]
pub struct BatchCompleted {
    /// Which one.
    pub batch: u64,
    /// How many batches there are.
    pub total_batches: u64,
}

/// A job that is done.
#[model(default)]
pub struct JobFinished {
    /// How many documents were processed.
    pub total_processed: u64,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}

/// A message.
#[model(default)]
pub struct Message {
    /// How grave it is: `info`, `warn`, `error`.
    pub level: String,
    /// What it says.
    pub message: String,
    /// When it was written.
    pub timestamp: Option<Timestamp>,
}

/// A chunk that has failed.
#[model(new(document_id))]
pub struct ChunkFailure {
    /// The document.
    pub document_id: DocumentId,
    /// The task that processes it.
    pub task_id: Option<TrackId>,
    /// The number of the chunk, from 0.
    pub chunk_index: u64,
    /// How many chunks there are.
    pub total_chunks: u64,
    /// Why.
    pub error_message: Option<String>,
    /// Whether it took too long.
    pub was_timeout: bool,
    /// How often it was tried again.
    pub retry_attempts: u64,
}

/// A page of a PDF.
#[model(default)]
pub struct PdfPageProgress {
    /// The PDF.
    pub pdf_id: Option<PdfId>,
    /// The task that converts it.
    pub task_id: Option<TrackId>,
    /// The number of the page, from 1.
    pub page_num: u64,
    /// How many pages there are.
    pub total_pages: u64,
    /// What is done with it: `start`, `extraction`, `complete`.
    pub phase: Option<String>,
    /// The length of its text in bytes.
    pub markdown_len: u64,
    /// Whether it was converted.
    pub success: bool,
    /// Why not.
    pub error: Option<String>,
}

/// A chunk that is done.
#[model(new(document_id))]
pub struct ChunkProgress {
    /// The document.
    pub document_id: DocumentId,
    /// The task that processes it.
    pub task_id: Option<TrackId>,
    /// The number of the chunk, from 0.
    pub chunk_index: u64,
    /// How many chunks there are.
    pub total_chunks: u64,
    /// The beginning of its text.
    pub chunk_preview: Option<String>,
    /// How long it took, in milliseconds.
    pub time_ms: u64,
    /// How long the rest will probably take, in seconds.
    #[field(lenient)]
    pub eta_seconds: Option<u64>,
    /// Tokens sent to the model.
    pub tokens_in: u64,
    /// Tokens that the model wrote.
    pub tokens_out: u64,
    /// What it cost, in US dollars.
    #[field(lenient)]
    pub cost_usd: Option<f64>,
}

/// A document at another stage.
#[model(new(document_id, stage))]
pub struct StageTransition {
    /// The document.
    pub document_id: DocumentId,
    /// The task that processes it.
    pub task_id: Option<TrackId>,
    /// The stage, such as `embedding`; an open set.
    pub stage: String,
    /// A sentence about it.
    pub stage_message: Option<String>,
    /// How far the stage has come, 0.0 to 1.0.
    #[field(lenient)]
    pub stage_progress: Option<f64>,
}

/// The graph of a document that is being stored.
#[model(new(document_id))]
pub struct GraphStorageProgress {
    /// The task that processes it.
    pub track_id: Option<TrackId>,
    /// The document.
    pub document_id: DocumentId,
    /// What is being done.
    pub sub_phase: Option<String>,
    /// The same, to show.
    pub sub_phase_label: Option<String>,
    /// How many entities are done.
    pub entities_processed: u64,
    /// How many there are.
    pub entities_total: u64,
    /// How many of them are new.
    pub entities_created: u64,
    /// How many of them were known.
    pub entities_updated: u64,
    /// How many relationships are done.
    pub relationships_processed: u64,
    /// How many there are.
    pub relationships_total: u64,
    /// How many of them are new.
    pub relationships_created: u64,
    /// How many of them were known.
    pub relationships_updated: u64,
    /// How long it has taken, in milliseconds.
    pub elapsed_ms: u64,
    /// How long the rest will probably take, in milliseconds.
    #[field(lenient)]
    pub eta_ms: Option<u64>,
}

/// A document that is being deleted.
#[model(new(document_id))]
pub struct DeletionStarted {
    /// The document.
    pub document_id: DocumentId,
    /// The task that deletes it.
    pub track_id: Option<TrackId>,
}

/// How far deleting a document has come.
#[model(new(document_id))]
pub struct DeletionPhase {
    /// The document.
    pub document_id: DocumentId,
    /// The task that deletes it.
    pub track_id: Option<TrackId>,
    /// What is being done: `cancelling_task`, `removing_vectors`, `removing_graph`, `removing_kv`, `finalizing`; an open set.
    pub phase: Option<String>,
    /// The same, to show.
    pub phase_label: Option<String>,
    /// How many items are done.
    pub items_processed: u64,
    /// How many there are.
    pub items_total: u64,
}

/// A document that is deleted.
#[model(new(document_id))]
pub struct DeletionCompleted {
    /// The document.
    pub document_id: DocumentId,
    /// The task that deleted it.
    pub track_id: Option<TrackId>,
    /// How many chunks went with it.
    pub chunks_deleted: u64,
    /// How many entities went with it.
    pub entities_removed: u64,
    /// How many relationships went with it.
    pub relationships_removed: u64,
    /// How many embeddings went with it.
    pub embeddings_deleted: u64,
    /// Whether something of it is left.
    pub partial_failure: bool,
    /// Why.
    pub error: Option<String>,
}

/// A document that could not be deleted.
#[model(new(document_id))]
pub struct DeletionFailed {
    /// The document.
    pub document_id: DocumentId,
    /// The task that was to delete it.
    pub track_id: Option<TrackId>,
    /// Why.
    pub error: Option<String>,
}

/// Documents that are being deleted.
#[model(default)]
pub struct BulkDeletionStarted {
    /// How many they are.
    pub total: u64,
    /// The task that deletes them.
    pub wipe_track_id: Option<TrackId>,
    /// The workspace.
    #[field(lenient)]
    pub workspace_id: Option<WorkspaceId>,
}

/// One of many documents that is deleted.
#[model(new(document_id))]
pub struct BulkDeletionItemProgress {
    /// The document.
    pub document_id: DocumentId,
    /// How many are done.
    pub completed: u64,
    /// How many there are.
    pub total: u64,
    /// How many entities went with it.
    pub entities_removed: u64,
    /// How many relationships went with it.
    pub relationships_removed: u64,
    /// The task that deletes them.
    pub wipe_track_id: Option<TrackId>,
    /// The workspace.
    #[field(lenient)]
    pub workspace_id: Option<WorkspaceId>,
}

/// Documents that are deleted.
#[model(default)]
pub struct BulkDeletionCompleted {
    /// How many were deleted.
    pub deleted_count: u64,
    /// How many were not.
    pub skipped_count: u64,
    /// How many entities went with them.
    pub total_entities_removed: u64,
    /// How many relationships went with them.
    pub total_relationships_removed: u64,
    /// The task that deleted them.
    pub wipe_track_id: Option<TrackId>,
    /// The workspace.
    #[field(lenient)]
    pub workspace_id: Option<WorkspaceId>,
}

/// Documents that could not be deleted.
#[model(default)]
pub struct BulkDeletionFailed {
    /// The task that was to delete them.
    pub wipe_track_id: Option<TrackId>,
    /// The workspace.
    #[field(lenient)]
    pub workspace_id: Option<WorkspaceId>,
    /// Why.
    pub error_message: Option<String>,
    /// How many were deleted.
    pub deleted_count: u64,
}

/// What was subscribed to.
#[model(default)]
pub struct SubscribedAck {
    /// The tasks of which events will come. Those that are unknown, or of another workspace, are missing.
    pub accepted: Vec<TrackId>,
    /// How many were asked for.
    pub requested: u64,
}
