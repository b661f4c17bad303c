//! What is sent and received: JSON texts `{"type": ..., "data": ...}`.

use edgequake_types::TrackId;
use edgequake_types::documents::DocumentStatus;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::{Timestamp, rfc3339};
use crate::notice::{BulkDeletion, BulkStep, ChunkFailure, Notice, ProcessingEvent};
use crate::state::space::Contents;

/// What a client says in JSON.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Command {
    Subscribe { track_ids: Vec<TrackId> },
    Unsubscribe { track_ids: Vec<TrackId> },
    Cancel { track_id: TrackId },
    Ping,
}

fn frame(name: &str, data: Value) -> String {
    json!({ "type": name, "data": data }).to_string()
}

pub(super) fn connected() -> String {
    frame("Connected", json!({ "message": "Connected to the progress of the pipeline" }))
}

pub(super) fn heartbeat(now: Timestamp) -> String {
    frame("Heartbeat", json!({ "timestamp": rfc3339(now) }))
}

/// Tells a slow reader that events were dropped.
pub(super) fn lost(count: u64, now: Timestamp) -> String {
    let message = format!("{count} events were dropped; ask for the state");
    frame("Message", json!({ "level": "warn", "message": message, "timestamp": rfc3339(now) }))
}

pub(super) fn subscribed(accepted: &[TrackId], requested: usize) -> String {
    frame("SubscribedAck", json!({ "accepted": accepted, "requested": requested }))
}

/// How far a workspace has come.
pub(super) fn status(contents: &Contents) -> String {
    let counts = contents.documents.counts();
    let waiting = counts.pending + counts.processing;
    let total = contents.documents.len() as u64;
    let data = json!({
        "is_busy": waiting > 0,
        "job_name": null,
        "processed_documents": total - waiting,
        "total_documents": total,
        "current_batch": 0,
        "total_batches": 0,
    });
    frame("StatusSnapshot", data)
}

/// What is told to clients.
pub(super) fn notice(notice: &Notice) -> String {
    match notice {
        Notice::Document(step) => event(step),
        Notice::Chunk(failure) => chunk(failure),
        Notice::Bulk(deletion) => bulk(deletion),
    }
}

fn chunk(failure: &ChunkFailure) -> String {
    let data = json!({
        "document_id": failure.document,
        "task_id": failure.task,
        "chunk_index": failure.chunk.chunk_index,
        "total_chunks": failure.total,
        "error_message": failure.chunk.error_message,
        "was_timeout": failure.chunk.was_timeout,
        "retry_attempts": failure.chunk.retry_attempts,
    });
    frame("ChunkFailure", data)
}

fn bulk(deletion: &BulkDeletion) -> String {
    let (name, mut data) = match &deletion.step {
        BulkStep::Started { total } => ("BulkDeletionStarted", json!({ "total": total })),
        BulkStep::Item { document, completed, total, removed } => {
            let data = json!({
                "document_id": document,
                "completed": completed,
                "total": total,
                "entities_removed": removed.entities,
                "relationships_removed": removed.relationships,
            });
            ("BulkDeletionItemProgress", data)
        }
        BulkStep::Completed { deleted, skipped, removed } => {
            let data = json!({
                "deleted_count": deleted,
                "skipped_count": skipped,
                "total_entities_removed": removed.entities,
                "total_relationships_removed": removed.relationships,
            });
            ("BulkDeletionCompleted", data)
        }
        BulkStep::Failed { deleted, message } => {
            ("BulkDeletionFailed", json!({ "error_message": message, "deleted_count": deleted }))
        }
    };
    data["wipe_track_id"] = json!(deletion.task);
    data["workspace_id"] = json!(deletion.place.workspace);
    frame(name, data)
}

/// What a step of a document is to clients.
fn event(event: &ProcessingEvent) -> String {
    let ProcessingEvent {
        document_id, task_id, status, stage, stage_progress, message, entity_count, ..
    } = event;
    match (status, *stage) {
        (DocumentStatus::Failed, _) => {
            let data = json!({ "document_id": document_id, "error": message, "processed": 0, "total": 1 });
            frame("DocumentFailed", data)
        }
        (DocumentStatus::Deleting, "deleted") => {
            let removed = event.removed.unwrap_or_default();
            let data = json!({
                "document_id": document_id,
                "track_id": task_id,
                "chunks_deleted": removed.chunks,
                "entities_removed": removed.entities,
                "relationships_removed": removed.relationships,
                "embeddings_deleted": removed.chunks,
                "partial_failure": false,
                "error": null,
            });
            frame("DeletionCompleted", data)
        }
        (DocumentStatus::DeleteFailed, _) => {
            let data = json!({ "document_id": document_id, "track_id": task_id, "error": message });
            frame("DeletionFailed", data)
        }
        (DocumentStatus::Deleting, _) => {
            frame("DeletionStarted", json!({ "document_id": document_id, "track_id": task_id }))
        }
        (DocumentStatus::Completed | DocumentStatus::PartialFailure, _) => {
            let data = json!({
                "document_id": document_id,
                "entities_extracted": entity_count,
                "processed": 1,
                "total": 1,
            });
            frame("DocumentProgress", data)
        }
        _ => {
            let data = json!({
                "document_id": document_id,
                "task_id": task_id,
                "stage": stage,
                "stage_message": format!("The document is in the stage {stage}"),
                "stage_progress": stage_progress,
            });
            frame("StageTransition", data)
        }
    }
}
