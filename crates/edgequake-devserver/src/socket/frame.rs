//! What is sent and received: JSON texts `{"type": ..., "data": ...}`.

use edgequake_types::TrackId;
use edgequake_types::documents::DocumentStatus;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::bus::ProcessingEvent;
use crate::clock::{Timestamp, rfc3339};
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

/// What an event is to clients.
pub(super) fn event(event: &ProcessingEvent) -> String {
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
