//! Cancelling the processing of documents.

use std::sync::Arc;

use edgequake_types::documents::DocumentStatus;
use edgequake_types::tasks::{Task, TaskStatus, TaskType};
use edgequake_types::{DocumentId, TrackId};

use super::{deletion, event};
use crate::app::App;
use crate::clock::Timestamp;
use crate::notice::ProcessingEvent;
use crate::retrieval::graph::GraphSize;
use crate::state::document::StoredDocument;
use crate::state::space::{Contents, Space};
use crate::state::tasks::StoredTask;

/// A document that was cancelled: what is told of it, and whether it may be in the index.
struct Cancelled {
    event: ProcessingEvent,
    is_indexed: bool,
}

/// Cancels the processing of the document of a task: that task, or `None` if it is not being processed.
pub(crate) fn cancel(app: &Arc<App>, space: &Arc<Space>, task: &TrackId) -> Option<Task> {
    let mut contents = space.contents();
    let StoredTask { task: found, document, .. } = contents.tasks.get(task)?;
    let document = document.clone().filter(|_| found.task_type == Some(TaskType::Insert))?;
    contents.documents.get(&document).filter(|document| document.task_id == *task)?;
    let cancelled = mark(space, &mut contents, &document, app.clock.timestamp())?;
    let found = contents.tasks.get(task).map(|stored| stored.task.clone());
    drop(contents);
    tell(app, space, [cancelled]);
    found
}

/// Cancels the processing of a document. Returns its status from then on; `None` if it is unknown.
pub(crate) fn cancel_document(
    app: &Arc<App>,
    space: &Arc<Space>,
    document: &DocumentId,
) -> Option<DocumentStatus> {
    let mut contents = space.contents();
    let cancelled = mark(space, &mut contents, document, app.clock.timestamp());
    let status = contents.documents.get(document)?.status.clone();
    drop(contents);
    tell(app, space, cancelled);
    Some(status)
}

/// Removes a document. One that is being processed is cancelled, which is told.
pub(crate) fn remove_document(
    app: &App,
    space: &Space,
    contents: &mut Contents,
    id: &DocumentId,
) -> Option<StoredDocument> {
    let is_cancelled = contents.documents.get(id)?.is_in_flight();
    let document = contents.remove(id, app.clock.timestamp())?;
    if is_cancelled {
        app.bus.publish(event(space, &document));
    }
    Some(document)
}

/// Cancels the processing of all documents of a workspace, and tells how many there were.
pub(crate) fn cancel_all(app: &Arc<App>, space: &Arc<Space>) -> usize {
    let now = app.clock.timestamp();
    let mut contents = space.contents();
    let ids: Vec<DocumentId> = contents.documents.in_flight().map(|document| document.id.clone()).collect();
    if !ids.is_empty() {
        contents.documents.activity_mut().cancel(now);
    }
    let cancelled: Vec<Cancelled> =
        ids.iter().filter_map(|document| mark(space, &mut contents, document, now)).collect();
    drop(contents);
    tell(app, space, cancelled);
    ids.len()
}

/// Marks a document that is being processed, and its task, as cancelled.
fn mark(space: &Space, contents: &mut Contents, document: &DocumentId, now: Timestamp) -> Option<Cancelled> {
    let cancelled = contents.documents.update(document, |document| {
        if !document.is_in_flight() {
            return None;
        }
        document.stop.stop();
        document.status = DocumentStatus::Cancelled;
        document.work.cancelled_from = Some(document.stage);
        document.work.interrupt();
        document.stage = "cancelled";
        document.updated_at = now;
        let is_indexed = document.chunk_count > 0;
        (document.chunk_count, document.graph) = (0, GraphSize::default());
        Some(Cancelled { event: event(space, document), is_indexed })
    })?;
    contents.tasks.finish(&cancelled.event.task_id, TaskStatus::Cancelled, None, now);
    Some(cancelled)
}

/// Tells of cancelled documents, and takes them out of the index.
fn tell(app: &Arc<App>, space: &Arc<Space>, cancelled: impl IntoIterator<Item = Cancelled>) {
    for Cancelled { event, is_indexed } in cancelled {
        let document = event.document_id.clone();
        app.bus.publish(event);
        if is_indexed {
            let space = Arc::clone(space);
            app.spawn(async move { deletion::remove_unused(&space, document).await });
        }
    }
}
