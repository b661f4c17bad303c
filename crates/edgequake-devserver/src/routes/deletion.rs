//! Deleting one document, or all of a workspace.

use std::sync::Arc;

use axum::Router;
use edgequake_types::documents::{
    DeleteAllDocuments, DeleteDocument, DeletedDocument, DeletedDocuments, DocumentStatus,
};
use edgequake_types::tasks::{TaskStatus, TaskType};
use edgequake_types::{DocumentId, TrackId};
use http::header::{HeaderValue, LOCATION};

use crate::auth::scope::Place;
use crate::backend::Shared;
use crate::error::Refusal;
use crate::options::Era;
use crate::processing;
use crate::reply::Reply;
use crate::route::{Call, route};
use crate::state::Store;

pub(crate) fn routes(router: Router<Arc<Shared>>) -> Router<Arc<Shared>> {
    let router = route(router, one);
    route(router, all)
}

async fn one(call: Call, request: DeleteDocument) -> Result<Reply<DeletedDocument>, Refusal> {
    let DeleteDocument { document_id, .. } = request;
    let unknown = || Refusal::not_found(format!("document {document_id}"));
    let place = call.scope.place().ok_or_else(unknown)?.clone();
    let index = {
        let mut store = call.shared.store();
        store.documents.get(&place, &document_id).ok_or_else(unknown)?;
        mark(&call, &mut store, &document_id);
        match call.shared.options.era {
            Era::C => {
                let task =
                    store.tasks.create(TaskType::Deletion, &place, Some(document_id.clone()), call.now);
                drop(store);
                processing::delete(&call.shared, place, vec![document_id.clone()], task.clone());
                return Ok(Reply::of(DeletedDocument::accepted(document_id, task)));
            }
            Era::B => store.documents.index(&place),
        }
    };
    let chunks_deleted = processing::forget(index, vec![document_id.clone()]).await;
    call.shared.store().documents.remove(&document_id);
    let mut deleted = DeletedDocument::deleted(document_id);
    deleted.chunks_deleted = chunks_deleted as u64;
    Ok(Reply::of(deleted))
}

/// Marks a document as being deleted; its processing, if any, ends there.
fn mark(call: &Call, store: &mut Store, document_id: &DocumentId) {
    let Some(document) = store.documents.get_mut(document_id) else { return };
    let cancelled = document.is_in_flight().then(|| document.task_id.clone());
    document.status = DocumentStatus::Deleting;
    document.stage = "deleting";
    document.updated_at = call.now;
    if let Some(task) = cancelled {
        store.tasks.finish(&task, TaskStatus::Cancelled, None, call.now);
    }
}

async fn all(call: Call, _: DeleteAllDocuments) -> Result<Reply<DeletedDocuments>, Refusal> {
    let confirmed = call.headers.get(DeleteAllDocuments::CONFIRM_HEADER);
    if confirmed.is_none_or(|value| value != DeleteAllDocuments::CONFIRM_VALUE) {
        return Err(Refusal::bad_request(format!(
            "Deleting all documents needs the header {}: {}",
            DeleteAllDocuments::CONFIRM_HEADER,
            DeleteAllDocuments::CONFIRM_VALUE
        )));
    }
    let place = call.workspace(Refusal::bad_request)?;
    match call.shared.options.era {
        Era::C => Ok(wipe_later(&call, place)),
        Era::B => wipe_now(&call, &place).await,
    }
}

fn wipe_later(call: &Call, place: Place) -> Reply<DeletedDocuments> {
    let mut store = call.shared.store();
    let running = store.tasks.of(&place).into_iter().find(|stored| {
        stored.task.task_type == Some(TaskType::WorkspaceWipe) && !stored.task.status.is_terminal()
    });
    if let Some(running) = running {
        return accepted(0, &running.task.track_id);
    }
    let ids: Vec<DocumentId> =
        store.documents.of(&place).iter().map(|document| document.id.clone()).collect();
    for id in &ids {
        mark(call, &mut store, id);
    }
    let task = store.tasks.create(TaskType::WorkspaceWipe, &place, None, call.now);
    drop(store);
    let reply = accepted(ids.len() as u64, &task);
    processing::delete(&call.shared, place, ids, task);
    reply
}

fn accepted(planned: u64, task: &TrackId) -> Reply<DeletedDocuments> {
    let reply = Reply::of(DeletedDocuments::accepted(planned, task));
    match HeaderValue::try_from(format!("/api/v1/tasks/{task}")) {
        Ok(location) => reply.header(LOCATION, location),
        Err(_) => reply,
    }
}

/// Middle-aged servers leave documents alone that are being processed.
async fn wipe_now(call: &Call, place: &Place) -> Result<Reply<DeletedDocuments>, Refusal> {
    let (index, ids, skipped) = {
        let mut store = call.shared.store();
        let documents = store.documents.of(place);
        let skipped = documents.iter().filter(|document| document.is_in_flight()).count() as u64;
        let documents = documents.into_iter().filter(|document| !document.is_in_flight());
        let ids: Vec<DocumentId> = documents.map(|document| document.id.clone()).collect();
        (store.documents.index(place), ids, skipped)
    };
    let chunks_deleted = processing::forget(index, ids.clone()).await;
    let mut store = call.shared.store();
    let deleted = ids.iter().filter_map(|id| store.documents.remove(id)).count();
    let mut answer = DeletedDocuments::deleted(deleted as u64);
    answer.total_chunks_deleted = chunks_deleted as u64;
    answer.skipped_count = skipped;
    Ok(Reply::of(answer))
}
