//! Deleting documents, at once or by a task.

use std::sync::Arc;

use edgequake_types::documents::DocumentStatus;
use edgequake_types::tasks::{TaskStatus, TaskType};
use edgequake_types::{DocumentId, TrackId};
use serde_json::json;

use super::event;
use crate::app::App;
use crate::clock::Timestamp;
use crate::notice::{BulkDeletion, BulkStep, Notice, ProcessingEvent};
use crate::removed::Removed;
use crate::state::document::StoredDocument;
use crate::state::space::Space;

/// What is said of a document that a fault keeps.
const KEPT: &str = "The document could not be deleted";

/// Removes documents from the index, and tells what went with each. Waits for running searches.
pub(crate) async fn remove_from_index(space: &Arc<Space>, documents: Vec<DocumentId>) -> Vec<Removed> {
    let space = Arc::clone(space);
    let nothing = vec![Removed::default(); documents.len()];
    let removed = tokio::task::spawn_blocking(move || remove(&space, &documents));
    removed.await.unwrap_or(nothing)
}

fn remove(space: &Space, documents: &[DocumentId]) -> Vec<Removed> {
    space.change_index(|index| documents.iter().map(|document| index.remove(document)).collect())
}

/// Removes a document from the index unless it can be searched, or somebody works on it.
pub(super) async fn remove_unused(space: &Arc<Space>, document: DocumentId) {
    let space = Arc::clone(space);
    let removed = tokio::task::spawn_blocking(move || {
        space.change_index(|index| {
            let contents = space.contents();
            let is_used = |known: &StoredDocument| known.is_in_flight() || known.is_searchable();
            let is_used = contents.documents.get(&document).is_some_and(is_used);
            drop(contents);
            if !is_used {
                index.remove(&document);
            }
        });
    });
    // A panic leaves the index as it is.
    let _ = removed.await;
}

/// Deletes documents at once, also when nobody waits for it any more. Returns what went from the index, and the documents.
pub(crate) async fn delete_now(
    space: &Arc<Space>,
    documents: Vec<DocumentId>,
    now: Timestamp,
) -> (Removed, Vec<StoredDocument>) {
    let space = Arc::clone(space);
    let deleted = tokio::task::spawn_blocking(move || {
        let removed = remove(&space, &documents).iter().sum();
        let mut contents = space.contents();
        (removed, documents.iter().filter_map(|document| contents.remove(document, now)).collect())
    });
    deleted.await.unwrap_or_default()
}

/// Whether a task deletes several documents, which is told to the whole workspace.
fn is_bulk(space: &Space, task: &TrackId) -> bool {
    let contents = space.contents();
    let kind = contents.tasks.get(task).and_then(|stored| stored.task.task_type.as_ref());
    matches!(kind, Some(TaskType::BatchDeletion | TaskType::WorkspaceWipe))
}

/// Starts deleting documents that are already marked as being deleted.
pub(crate) fn delete(app: &Arc<App>, space: &Arc<Space>, documents: Vec<DocumentId>, task: TrackId) {
    let delay = app.config.processing_delay;
    let weak = Arc::downgrade(app);
    let (clock, space) = (app.clock.clone(), Arc::clone(space));
    let is_bulk = is_bulk(&space, &task);
    let bulk = {
        let (place, task) = (space.place.clone(), task.clone());
        move |step| is_bulk.then(|| BulkDeletion { place: place.clone(), task: task.clone(), step }.into())
    };
    let total = documents.len();
    let started: Option<Notice> = bulk(BulkStep::Started { total });
    started.into_iter().for_each(|notice| app.bus.publish(notice));
    app.spawn(async move {
        clock.pause(delay).await;
        let Some(app) = weak.upgrade() else { return };
        let (kept, documents): (Vec<_>, Vec<_>) =
            documents.into_iter().partition(|_| app.faults.take_at_deletion().is_some());
        drop(app);
        let parts = remove_from_index(&space, documents.clone()).await;
        let removed: Removed = parts.iter().sum();
        let Some(app) = weak.upgrade() else { return };
        let now = app.clock.timestamp();
        let mut contents = space.contents();
        let gone = documents.iter().zip(parts);
        let gone = gone.filter_map(|(document, parts)| Some((contents.remove(document, now)?, parts)));
        let mut deleted_count = 0;
        let mut notices: Vec<Notice> = Vec::new();
        for (document, parts) in gone {
            deleted_count += 1;
            let event = event(&space, &document);
            let (task_id, removed) = (task.clone(), Some(parts));
            notices
                .push(ProcessingEvent { task_id, stage: "deleted", progress: 1.0, removed, ..event }.into());
            let (document, completed) = (document.id, deleted_count);
            notices.extend(bulk(BulkStep::Item { document, completed, total, removed: parts }));
        }
        let failed = kept.iter().filter_map(|id| {
            contents.documents.update(id, |document| {
                document.status = DocumentStatus::DeleteFailed;
                document.stage = "delete_failed";
                document.message = Some(KEPT.to_owned());
                document.updated_at = now;
                Some(ProcessingEvent { task_id: task.clone(), ..event(&space, document) })
            })
        });
        notices.extend(failed.map(Notice::from).collect::<Vec<_>>());
        if deleted_count == 0 && !kept.is_empty() {
            notices.extend(bulk(BulkStep::Failed { deleted: 0, message: KEPT }));
            contents.tasks.fail(&task, "deleting", KEPT, now);
        } else {
            let mut result = json!({
                "deleted_count": deleted_count,
                "chunks_deleted": removed.chunks,
                "entities_removed": removed.entities,
                "relationships_removed": removed.relationships,
            });
            if !kept.is_empty() {
                result["failed_count"] = kept.len().into();
            }
            contents.tasks.finish(&task, TaskStatus::Indexed, Some(result), now);
            notices.extend(bulk(BulkStep::Completed {
                deleted: deleted_count,
                skipped: kept.len(),
                removed,
            }));
        }
        drop(contents);
        notices.into_iter().for_each(|notice| app.bus.publish(notice));
    });
}
