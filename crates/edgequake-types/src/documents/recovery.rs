//! Documents that failed, are stuck, or are to be processed again.

use super::*;

/// Processes documents again: one, those of a track, or all that failed or were cancelled.
///
/// With `document_id` and without `force`, only a document that failed is taken; else the answer is a success with
/// [`requeued`](ReprocessedDocuments::requeued) 0.
#[operation(POST "/api/v1/documents/reprocess" -> ReprocessedDocuments, Required, Refused, Json, new(), eq)]
pub struct ReprocessDocuments {
    /// One document.
    pub document_id: Option<DocumentId>,
    /// The documents of a track.
    pub track_id: Option<TrackId>,
    /// How many documents to take at most. Default 100.
    pub max_documents: Option<u64>,
    /// Whether documents that did not fail are taken as well; never those that are being deleted or cancelled. Default false.
    pub force: Option<bool>,
    /// How much of a PDF is done again; newer servers only.
    pub mode: Option<ReprocessMode>,
}

/// The answer to [`ReprocessDocuments`]. Progress is told by the tasks of the documents, not by `track_id`.
#[model(answer, known, default, new(requeued), eq)]
pub struct ReprocessedDocuments {
    /// The track of this request.
    pub track_id: Option<TrackId>,
    /// How many documents could be processed again.
    pub failed_found: u64,
    /// How many are processed again: 0 means that nothing happens.
    pub requeued: u64,
    /// Those documents.
    pub document_ids: Vec<DocumentId>,
    /// The task, if it is exactly one document; newer servers only.
    pub task_id: Option<TrackId>,
    /// The task of each document; newer servers only.
    #[field(omit_default)]
    pub document_task_ids: Vec<DocumentTask>,
    /// How many documents were left out; newer servers only.
    pub skipped: Option<u64>,
    /// How many were left out for which reason, such as `deleting`; newer servers only.
    pub skip_reasons: Option<BTreeMap<String, u64>>,
    /// The job that takes the place of this operation; newer servers only.
    pub v2_migration: Option<V2Migration>,
}

/// A document and its task.
#[model(new(document_id, task_id), eq)]
pub struct DocumentTask {
    /// The document.
    pub document_id: DocumentId,
    /// The task, for [`GetTask`](crate::tasks::GetTask).
    pub task_id: TrackId,
}

/// The job that takes the place of an operation, for [`CreateJob`](crate::jobs::CreateJob).
#[model(default, eq)]
pub struct V2Migration {
    /// Where the types of jobs are listed.
    pub catalog: Option<String>,
    /// Where jobs are made.
    pub create: Option<String>,
    /// The type of the job.
    pub job_type: Option<String>,
    /// A sentence about it.
    pub note: Option<String>,
}

/// Queues documents again whose processing has been silent for long, such as after a crash of the server.
#[operation(POST "/api/v1/documents/recover-stuck" -> RecoveredDocuments, Required, Refused, Json, new(), eq)]
pub struct RecoverStuckDocuments {
    /// How long a document must have been silent, in minutes. Default 10, newer servers 15.
    pub stuck_threshold_minutes: Option<u64>,
    /// How many documents to take at most. Default 100.
    pub max_documents: Option<u64>,
    /// Only these documents.
    pub document_ids: Option<Vec<DocumentId>>,
}

/// The answer to [`RecoverStuckDocuments`].
#[model(answer, known, default, new(requeued), eq)]
pub struct RecoveredDocuments {
    /// The track of this request.
    pub track_id: Option<TrackId>,
    /// How many documents are stuck.
    pub stuck_found: u64,
    /// How many are processed again: 0 means that nothing happens.
    pub requeued: u64,
    /// Those documents.
    pub document_ids: Vec<DocumentId>,
    /// Their titles.
    pub document_titles: Vec<String>,
    /// The job that takes the place of this operation; newer servers only.
    pub v2_migration: Option<V2Migration>,
}

/// Analyzes the pictures, tables and formulas of a document again; not known to the first servers.
///
/// Errors: 404 for an unknown id; 422.
#[operation(POST "/api/v1/documents/{document_id}/reanalyze" -> ReanalyzedDocument, Required, Refused, Json, new(document_id), eq)]
pub struct ReanalyzeDocument {
    /// The document.
    pub document_id: DocumentId,
    /// What to analyze, a letter each, such as `ite` for images, tables and equations. By default as it was uploaded.
    pub process_options: Option<String>,
    /// Whether the document is ingested again afterwards. Default true.
    pub reindex: Option<bool>,
}

/// The answer to [`ReanalyzeDocument`].
#[model(answer, new(document_id))]
pub struct ReanalyzedDocument {
    /// The document.
    pub document_id: DocumentId,
    /// The track on which it is ingested again.
    #[field(always)]
    pub track_id: Option<TrackId>,
    /// Whether, or how often, it is queued again, as the server says it.
    pub requeued: Option<Value>,
    /// How many items were analyzed.
    pub success: u64,
    /// How many items were left alone.
    pub skipped: u64,
    /// How many items failed.
    pub failed: u64,
    /// The job that takes the place of this operation; newer servers only.
    pub v2_migration: Option<V2Migration>,
}

/// Cancels the processing of a document, with the tasks that convert and ingest its PDF, and takes out again what was indexed; newer
/// servers only. It may be repeated, and works without a live task. What it is answered with is not known.
#[operation(POST "/api/v1/documents/{document_id}/cancel" -> Value, Required, Refused, None, new(document_id), eq)]
pub struct CancelDocument {
    /// The document.
    pub document_id: DocumentId,
}

/// Processes chunks again that failed.
///
/// On many servers nothing happens, and the answer says so: see [`RetriedChunks::is_queued`]. Errors: 404 for an unknown id; 501.
#[operation(POST "/api/v1/documents/{document_id}/retry-chunks" -> RetriedChunks, Required, Refused, Json, new(document_id), eq)]
pub struct RetryChunks {
    /// The document.
    pub document_id: DocumentId,
    /// The chunks, from 0; none is all that failed.
    pub chunk_indices: Vec<u64>,
    /// Whether chunks that did not fail are processed as well. Default false.
    pub force: Option<bool>,
    /// How often a chunk is tried. Default 3.
    pub max_retries: Option<u64>,
}

/// The answer to [`RetryChunks`].
#[model(answer, new(document_id, chunks_queued), eq)]
pub struct RetriedChunks {
    /// The document.
    pub document_id: DocumentId,
    /// How many chunks the server says it will process.
    pub chunks_queued: u64,
    /// Those chunks.
    pub chunk_indices: Vec<u64>,
    /// A sentence about it.
    pub message: Option<String>,
    /// Whether the server does anything at all: with `false` nothing is done, whatever the counts say.
    pub implemented: Option<bool>,
}

/// Lists the chunks of a document that failed. On many servers the list is always empty.
///
/// Errors: 404 for an unknown id.
#[operation(GET "/api/v1/documents/{document_id}/failed-chunks" -> FailedChunks, Required, Safe, None, new(document_id), eq)]
pub struct GetFailedChunks {
    /// The document.
    pub document_id: DocumentId,
}

/// The answer to [`GetFailedChunks`]. Also read as the bare list.
#[model(answer, known, bare = failed_chunks, default, eq)]
pub struct FailedChunks {
    /// The document, where the server says it.
    pub document_id: Option<DocumentId>,
    /// The chunks. Also read from `chunks`.
    #[field(alias = "chunks")]
    pub failed_chunks: Vec<FailedChunk>,
    /// How many chunks the document has.
    pub total_chunks: u64,
    /// How many of them succeeded.
    pub successful_chunks: u64,
}

/// A chunk that failed.
#[model(new(chunk_index), eq)]
pub struct FailedChunk {
    /// Its number in the document, from 0.
    #[field(required)]
    pub chunk_index: u64,
    /// Its id.
    pub chunk_id: Option<ChunkId>,
    /// Why it failed. Also read from `error`.
    #[field(alias = "error")]
    pub error_message: Option<String>,
    /// Whether the model took too long.
    pub was_timeout: bool,
    /// How often it was tried again. Also read from `retry_count`.
    #[field(alias = "retry_count")]
    pub retry_attempts: u64,
    /// What becomes of it.
    pub status: Option<FailedChunkStatus>,
}
