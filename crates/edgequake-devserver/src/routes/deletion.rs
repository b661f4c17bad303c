//! Deleting one document, several, or all documents of a workspace, and what that would take away.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use edgequake_types::documents::{
    AcceptedDeletion, DeleteAllDocuments, DeleteDocument, DeleteDocuments, DeletedDocument, DeletedDocuments,
    DeletionImpact, DocumentStatus, GetDeletionImpact,
};
use edgequake_types::tasks::{Task, TaskStatus, TaskType};
use edgequake_types::{DocumentId, PdfId, TrackId};
use http::header::{HeaderValue, LOCATION};
use serde_json::Value;

use crate::clock::Timestamp;
use crate::config::Era;
use crate::conversions;
use crate::error::Refusal;
use crate::processing;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::space::{Contents, Space};

pub(super) async fn delete_one(
    call: Call,
    request: DeleteDocument,
) -> Result<Reply<DeletedDocument>, Refusal> {
    let DeleteDocument { document_id, .. } = request;
    let unknown = || Refusal::not_found(format!("document {document_id}"));
    let space = call.space().ok_or_else(unknown)?;
    let task = {
        let mut contents = space.contents();
        contents.documents.get(&document_id).ok_or_else(unknown)?;
        let document = Some(document_id.clone());
        let is_queued = call.app.config.era == Era::C;
        let task =
            is_queued.then(|| contents.tasks.create(TaskType::Deletion, &space.place, document, call.now));
        mark_deleting(&call, &space, &mut contents, &document_id, task.as_ref());
        task
    };
    if let Some(task) = task {
        processing::delete(&call.app, &space, vec![document_id.clone()], task.clone());
        let mut accepted = DeletedDocument::accepted(document_id, task);
        accepted.embeddings_deleted = Some(0);
        return Ok(Reply::new(accepted).field("partial_failure", false));
    }
    let (removed, documents) = processing::delete_now(&space, vec![document_id.clone()], call.now).await;
    let graph = documents.first().map(|document| document.graph).unwrap_or_default();
    let mut deleted = DeletedDocument::deleted(document_id);
    deleted.chunks_deleted = removed.chunks;
    deleted.entities_affected = graph.entities;
    deleted.relationships_affected = graph.relationships;
    Ok(Reply::new(deleted))
}

/// Marks a document as being deleted, by a task if it is queued, which ends its processing, if any.
pub(super) fn mark_deleting(
    call: &Call,
    space: &Space,
    contents: &mut Contents,
    document_id: &DocumentId,
    task: Option<&TrackId>,
) {
    let marked = contents.documents.update(document_id, |document| {
        document.stop.stop();
        let was_in_flight = document.is_in_flight();
        document.status = DocumentStatus::Deleting;
        (document.stage, document.message) = ("deleting", None);
        document.work.interrupt();
        document.updated_at = call.now;
        Some((was_in_flight, processing::event(space, document)))
    });
    let Some((was_in_flight, mut event)) = marked else { return };
    if was_in_flight {
        contents.tasks.finish(&event.task_id, TaskStatus::Cancelled, None, call.now);
    }
    if let Some(task) = task {
        event.task_id = task.clone();
    }
    call.app.bus.publish(event);
}

pub(super) async fn delete_all(
    call: Call,
    _: DeleteAllDocuments,
) -> Result<Reply<DeletedDocuments>, Refusal> {
    let confirmed = call.headers.get(DeleteAllDocuments::CONFIRM_HEADER);
    if confirmed.is_none_or(|value| value != DeleteAllDocuments::CONFIRM_VALUE) {
        return Err(Refusal::bad_request(format!(
            "Deleting all documents needs the header {}: {}",
            DeleteAllDocuments::CONFIRM_HEADER,
            DeleteAllDocuments::CONFIRM_VALUE
        )));
    }
    let place = call.workspace(Refusal::bad_request)?;
    let space = call.app.spaces.open(&place);
    let files = remove_files(&call, &space);
    match call.app.config.era {
        Era::C => Ok(queue_wipe(&call, &space)),
        Era::B => wipe_now(&space, files, call.now).await,
    }
}

/// Removes the files that no document was made from, which nobody else takes away, and tells how many there were.
fn remove_files(call: &Call, space: &Arc<Space>) -> u64 {
    let loose: Vec<PdfId> = {
        let contents = space.contents();
        let loose = contents.pdfs.newest_first().filter(|pdf| pdf.document.is_none());
        loose.map(|pdf| pdf.id.clone()).collect()
    };
    for pdf in &loose {
        // One that is not being converted is just removed.
        let _ = conversions::cancel(&call.app, space, pdf);
        space.contents().remove_pdf(pdf);
    }
    loose.len() as u64
}

/// The task that deletes all documents at the moment.
fn running_wipe(contents: &Contents) -> Option<&TrackId> {
    let mut tasks = contents.tasks.newest_first().map(|stored| &stored.task);
    let is_running =
        |task: &&Task| task.task_type == Some(TaskType::WorkspaceWipe) && !task.status.is_terminal();
    tasks.find(is_running).map(|task| &task.track_id)
}

fn queue_wipe(call: &Call, space: &Arc<Space>) -> Reply<DeletedDocuments> {
    let mut contents = space.contents();
    if let Some(running) = running_wipe(&contents) {
        return located(DeletedDocuments::accepted(0, running), running);
    }
    let ids: Vec<DocumentId> =
        contents.documents.newest_first().map(|document| document.id.clone()).collect();
    let task = contents.tasks.create(TaskType::WorkspaceWipe, &space.place, None, call.now);
    for id in &ids {
        mark_deleting(call, space, &mut contents, id, Some(&task));
    }
    drop(contents);
    let reply = located(DeletedDocuments::accepted(ids.len() as u64, &task), &task);
    processing::delete(&call.app, space, ids, task);
    reply
}

/// An answer that says where its task is.
fn located<M>(accepted: M, task: &TrackId) -> Reply<M> {
    let reply = Reply::new(accepted);
    match HeaderValue::try_from(format!("/api/v1/tasks/{task}")) {
        Ok(location) => reply.header(LOCATION, location),
        Err(_) => reply,
    }
}

/// Era B servers skip documents that are being processed.
async fn wipe_now(
    space: &Arc<Space>,
    files: u64,
    now: Timestamp,
) -> Result<Reply<DeletedDocuments>, Refusal> {
    let (skipped, ids): (Vec<_>, Vec<_>) = {
        let contents = space.contents();
        let documents = contents.documents.newest_first();
        documents.map(|document| (document.is_in_flight(), document.id.clone())).partition(|(busy, _)| *busy)
    };
    let ids: Vec<DocumentId> = ids.into_iter().map(|(_, id)| id).collect();
    let converted = {
        let contents = space.contents();
        ids.iter().filter(|id| contents.pdfs.of_document(id).is_some()).count() as u64
    };
    let (removed, documents) = processing::delete_now(space, ids, now).await;
    let mut response = DeletedDocuments::deleted(documents.len() as u64);
    response.total_chunks_deleted = removed.chunks;
    response.total_entities_removed = removed.entities;
    response.total_relationships_removed = removed.relationships;
    response.total_pdfs_deleted = files + converted;
    response.skipped_count = skipped.len() as u64;
    response.skipped_documents = skipped.into_iter().map(|(_, id)| Value::from(id.as_str())).collect();
    Ok(Reply::new(response))
}

/// How many documents may be deleted together.
const MAX_BATCH: usize = 500;

/// Ids that are not known in the workspace, or whose documents are being deleted already, are passed over.
pub(super) async fn delete_many(
    call: Call,
    request: DeleteDocuments,
) -> Result<Reply<AcceptedDeletion>, Refusal> {
    let place = call.workspace(Refusal::bad_request)?;
    let ids = request.document_ids.iter().map(|id| id.as_str().trim()).filter(|id| !id.is_empty());
    let ids: BTreeSet<DocumentId> = ids.map(DocumentId::new).collect();
    if !(1..=MAX_BATCH).contains(&ids.len()) {
        return Err(Refusal::bad_request(format!("document_ids must have 1 to {MAX_BATCH} ids")));
    }
    let space = call.app.spaces.open(&place);
    let (ids, task) = {
        let mut contents = space.contents();
        if let Some(running) = running_wipe(&contents) {
            return Err(Refusal::conflict(format!("Task {running} deletes all documents already")));
        }
        let is_there = |id: &DocumentId| {
            contents.documents.get(id).is_some_and(|known| known.status != DocumentStatus::Deleting)
        };
        let ids: Vec<DocumentId> = ids.into_iter().filter(is_there).collect();
        let task = contents.tasks.create(TaskType::BatchDeletion, &space.place, None, call.now);
        for id in &ids {
            mark_deleting(&call, &space, &mut contents, id, Some(&task));
        }
        (ids, task)
    };
    let reply = located(AcceptedDeletion::new(&task, ids.len() as u64), &task);
    processing::delete(&call.app, &space, ids, task);
    Ok(reply)
}

pub(super) async fn impact(call: Call, request: GetDeletionImpact) -> Result<Reply<DeletionImpact>, Refusal> {
    let GetDeletionImpact { document_id, .. } = request;
    let unknown = || Refusal::not_found(format!("document {document_id}"));
    let space = call.space().ok_or_else(unknown)?;
    space.contents().documents.get(&document_id).ok_or_else(unknown)?;
    let counted = tokio::task::spawn_blocking({
        let document_id = document_id.clone();
        move || space.index.lock().unwrap_or_else(PoisonError::into_inner).impact(&document_id)
    });
    let counted = counted.await.map_err(|_| Refusal::internal())?;
    let mut impact = DeletionImpact::new(document_id);
    impact.chunks_to_delete = counted.removed.chunks;
    impact.entities_to_remove = counted.removed.entities;
    impact.entities_to_update = counted.entities_updated;
    impact.relationships_to_remove = counted.removed.relationships;
    impact.relationships_to_update = counted.relationships_updated;
    Ok(Reply::new(impact))
}
