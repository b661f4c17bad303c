//! Deleting one document, or all documents of a workspace.

use edgequake_types::documents::{
    DeleteAllDocuments, DeleteDocument, DeletedDocument, DeletedDocuments, DocumentStatus,
};
use edgequake_types::tasks::{TaskStatus, TaskType};
use edgequake_types::{DocumentId, TrackId};
use http::header::{HeaderValue, LOCATION};

use crate::config::Era;
use crate::error::Refusal;
use crate::place::Place;
use crate::processing;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::Store;

pub(super) async fn delete_one(
    call: Call,
    request: DeleteDocument,
) -> Result<Reply<DeletedDocument>, Refusal> {
    let DeleteDocument { document_id, .. } = request;
    let unknown = || Refusal::not_found(format!("document {document_id}"));
    let place = call.scope.place().ok_or_else(unknown)?.clone();
    let index = {
        let mut store = call.app.store();
        store.documents.get(&place, &document_id).ok_or_else(unknown)?;
        mark_deleting(&call, &mut store, &document_id);
        match call.app.config.era {
            Era::C => {
                let task =
                    store.tasks.create(TaskType::Deletion, &place, Some(document_id.clone()), call.now);
                drop(store);
                processing::delete(&call.app, place, vec![document_id.clone()], task.clone());
                let mut accepted = DeletedDocument::accepted(document_id, task);
                accepted.embeddings_deleted = Some(0);
                return Ok(Reply::new(accepted).field("partial_failure", false));
            }
            Era::B => store.documents.index(&place),
        }
    };
    let chunks_deleted = processing::remove_from_index(index, vec![document_id.clone()]).await;
    call.app.store().documents.remove(&document_id);
    let mut deleted = DeletedDocument::deleted(document_id);
    deleted.chunks_deleted = chunks_deleted as u64;
    Ok(Reply::new(deleted))
}

/// Marks a document as being deleted, which ends its processing, if any.
fn mark_deleting(call: &Call, store: &mut Store, document_id: &DocumentId) {
    let Some(document) = store.documents.get_mut(document_id) else { return };
    let cancelled = document.is_in_flight().then(|| document.task_id.clone());
    document.status = DocumentStatus::Deleting;
    document.stage = "deleting";
    document.updated_at = call.now;
    if let Some(task) = cancelled {
        store.tasks.finish(&task, TaskStatus::Cancelled, None, call.now);
    }
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
    match call.app.config.era {
        Era::C => Ok(queue_wipe(&call, place)),
        Era::B => wipe_now(&call, &place).await,
    }
}

fn queue_wipe(call: &Call, place: Place) -> Reply<DeletedDocuments> {
    let mut store = call.app.store();
    let running = store.tasks.in_place(&place).into_iter().find(|stored| {
        stored.task.task_type == Some(TaskType::WorkspaceWipe) && !stored.task.status.is_terminal()
    });
    if let Some(running) = running {
        return accepted(0, &running.task.track_id);
    }
    let ids: Vec<DocumentId> =
        store.documents.in_place(&place).iter().map(|document| document.id.clone()).collect();
    for id in &ids {
        mark_deleting(call, &mut store, id);
    }
    let task = store.tasks.create(TaskType::WorkspaceWipe, &place, None, call.now);
    drop(store);
    let reply = accepted(ids.len() as u64, &task);
    processing::delete(&call.app, place, ids, task);
    reply
}

fn accepted(planned: u64, task: &TrackId) -> Reply<DeletedDocuments> {
    let reply = Reply::new(DeletedDocuments::accepted(planned, task));
    match HeaderValue::try_from(format!("/api/v1/tasks/{task}")) {
        Ok(location) => reply.header(LOCATION, location),
        Err(_) => reply,
    }
}

/// Era B servers skip documents that are being processed.
async fn wipe_now(call: &Call, place: &Place) -> Result<Reply<DeletedDocuments>, Refusal> {
    let (index, ids, skipped) = {
        let mut store = call.app.store();
        let documents = store.documents.in_place(place);
        let skipped = documents.iter().filter(|document| document.is_in_flight()).count() as u64;
        let documents = documents.into_iter().filter(|document| !document.is_in_flight());
        let ids: Vec<DocumentId> = documents.map(|document| document.id.clone()).collect();
        (store.documents.index(place), ids, skipped)
    };
    let chunks_deleted = processing::remove_from_index(index, ids.clone()).await;
    let mut store = call.app.store();
    let deleted = ids.iter().filter_map(|id| store.documents.remove(id)).count();
    let mut response = DeletedDocuments::deleted(deleted as u64);
    response.total_chunks_deleted = chunks_deleted as u64;
    response.skipped_count = skipped;
    Ok(Reply::new(response))
}
