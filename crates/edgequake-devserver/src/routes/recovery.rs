//! Documents that are cancelled, have failed, are stuck, or are to be processed again.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use edgequake_types::documents::{
    CancelDocument, DocumentStatus, DocumentTask, FailedChunks, GetFailedChunks, ReanalyzeDocument,
    ReanalyzedDocument, RecoverStuckDocuments, RecoveredDocuments, ReprocessDocuments, ReprocessedDocuments,
    RetriedChunks, RetryChunks,
};
use serde_json::{Value, json};

use crate::config::Era;
use crate::error::Refusal;
use crate::processing::{self, Again};
use crate::reply::Reply;
use crate::route::Call;
use crate::state::document::StoredDocument;
use crate::state::reprocess_track_id;
use crate::state::space::Space;

/// How many documents are processed again unless it is said.
const DEFAULT_DOCUMENTS: u64 = 100;

/// How often a chunk is tried unless it is said.
const DEFAULT_RETRIES: u64 = 3;

/// A document that is cancelled already is cancelled again. What the real server answers with is not known.
pub(super) async fn cancel(call: Call, request: CancelDocument) -> Result<Reply<Value>, Refusal> {
    let CancelDocument { document_id, .. } = request;
    let unknown = || Refusal::not_found(format!("document {document_id}"));
    let space = call.space().ok_or_else(unknown)?;
    match processing::cancel_document(&call.app, &space, &document_id).ok_or_else(unknown)? {
        status @ DocumentStatus::Cancelled => {
            Ok(Reply::new(json!({ "document_id": document_id, "status": status })))
        }
        status => {
            let message =
                format!("Document {document_id} can no longer be cancelled: its status is {status}");
            Err(Refusal::conflict(message))
        }
    }
}

/// Whether a document is taken, or why it is not.
fn taken(document: &StoredDocument, only_failed: bool, force: bool) -> Result<(), &str> {
    match &document.status {
        DocumentStatus::Deleting => Err("deleting"),
        DocumentStatus::Failed => Ok(()),
        DocumentStatus::Cancelled if !only_failed => Ok(()),
        _ if force => Ok(()),
        status => Err(status.as_str()),
    }
}

/// Documents that are passed over are counted where they were asked for.
pub(super) async fn reprocess(
    call: Call,
    request: ReprocessDocuments,
) -> Result<Reply<ReprocessedDocuments>, Refusal> {
    let space = call.app.spaces.open(&call.workspace(Refusal::bad_request)?);
    let track = reprocess_track_id(call.now);
    let force = request.force == Some(true);
    let only_failed = request.document_id.is_some() && !force;
    let is_asked = request.document_id.is_some() || request.track_id.is_some() || force;
    let mut skipped: BTreeMap<String, u64> = BTreeMap::new();
    let (found, again) = {
        let mut contents = space.contents();
        let documents = &contents.documents;
        let candidates: Vec<&StoredDocument> = match (&request.document_id, &request.track_id) {
            (Some(id), _) => documents.get(id).into_iter().collect(),
            (None, Some(track)) => documents.on_track(track).collect(),
            (None, None) => documents.newest_first().collect(),
        };
        let mut ids = Vec::new();
        for document in candidates {
            match taken(document, only_failed, force) {
                Ok(()) => ids.push(document.id.clone()),
                Err(reason) if is_asked => *skipped.entry(reason.to_owned()).or_default() += 1,
                Err(_) => {}
            }
        }
        let found = ids.len() as u64;
        ids.truncate(limit(request.max_documents));
        let put_back = |id| processing::put_back(&mut contents, &space, id, &track, call.now);
        (found, ids.iter().filter_map(put_back).collect::<Vec<Again>>())
    };
    processing::restart(&call.app, &space, &again);
    let mut reprocessed = ReprocessedDocuments::new(again.len() as u64);
    reprocessed.track_id = Some(track);
    reprocessed.failed_found = found;
    reprocessed.document_ids = again.iter().map(|again| again.document.clone()).collect();
    if call.app.config.era == Era::C {
        if let [only] = again.as_slice() {
            reprocessed.task_id = Some(only.task.clone());
        }
        let task = |again: Again| DocumentTask::new(again.document, again.task);
        reprocessed.document_task_ids = again.into_iter().map(task).collect();
        if !skipped.is_empty() {
            reprocessed.skipped = Some(skipped.values().sum());
            reprocessed.skip_reasons = Some(skipped);
        }
    }
    Ok(Reply::new(reprocessed))
}

fn limit(max: Option<u64>) -> usize {
    usize::try_from(max.unwrap_or(DEFAULT_DOCUMENTS)).unwrap_or(usize::MAX)
}

pub(super) async fn recover(
    call: Call,
    request: RecoverStuckDocuments,
) -> Result<Reply<RecoveredDocuments>, Refusal> {
    let space = call.app.spaces.open(&call.workspace(Refusal::bad_request)?);
    let track = reprocess_track_id(call.now);
    let asked =
        request.stuck_threshold_minutes.map(|minutes| Duration::from_secs(minutes.saturating_mul(60)));
    let silent = asked.unwrap_or_else(|| call.app.config.era.stuck_after());
    let chosen = request.document_ids.as_ref().map(|ids| ids.iter().collect::<HashSet<_>>());
    let (found, again) = {
        let mut contents = space.contents();
        let stuck = contents.documents.in_flight().filter(|document| {
            document.is_stuck(silent, call.now)
                && chosen.as_ref().is_none_or(|chosen| chosen.contains(&document.id))
        });
        let mut ids: Vec<_> = stuck.map(|document| document.id.clone()).collect();
        let found = ids.len() as u64;
        ids.truncate(limit(request.max_documents));
        let put_back = |id| processing::put_back(&mut contents, &space, id, &track, call.now);
        (found, ids.iter().filter_map(put_back).collect::<Vec<Again>>())
    };
    processing::restart(&call.app, &space, &again);
    let mut recovered = RecoveredDocuments::new(again.len() as u64);
    recovered.track_id = Some(track);
    recovered.stuck_found = found;
    (recovered.document_ids, recovered.document_titles) =
        again.into_iter().map(|again| (again.document, again.title)).unzip();
    Ok(Reply::new(recovered))
}

/// The letters for images, tables and equations.
const PROCESS_OPTIONS: &str = "ite";

/// Texts have no pictures, tables or formulas that could be analyzed, so nothing is done but to ingest them again.
pub(super) async fn reanalyze(
    call: Call,
    request: ReanalyzeDocument,
) -> Result<Reply<ReanalyzedDocument>, Refusal> {
    let options = request.process_options.as_deref().unwrap_or_default();
    if !options.chars().all(|option| PROCESS_OPTIONS.contains(option)) {
        return Err(Refusal::validation("process_options may have the letters i, t and e only"));
    }
    let unknown = || Refusal::not_found(format!("document {}", request.document_id));
    let space = call.space().ok_or_else(unknown)?;
    let track = reprocess_track_id(call.now);
    let again = {
        let mut contents = space.contents();
        let document = contents.documents.get(&request.document_id).ok_or_else(unknown)?;
        // One that is being processed is ingested anyway.
        let is_wanted = request.reindex.unwrap_or(true) && !document.is_in_flight();
        let mut put_back =
            || processing::put_back(&mut contents, &space, &request.document_id, &track, call.now);
        is_wanted.then(&mut put_back).flatten()
    };
    processing::restart(&call.app, &space, again.as_slice());
    let mut reanalyzed = ReanalyzedDocument::new(request.document_id);
    reanalyzed.requeued = Some(again.is_some().into());
    reanalyzed.track_id = again.map(|_| track);
    Ok(Reply::new(reanalyzed))
}

/// On era B servers nothing happens, and the answer says so.
pub(super) async fn retry_chunks(call: Call, request: RetryChunks) -> Result<Reply<RetriedChunks>, Refusal> {
    let RetryChunks { document_id, chunk_indices, force, max_retries, .. } = request;
    let unknown = || Refusal::not_found(format!("document {document_id}"));
    let space: Arc<Space> = call.space().ok_or_else(unknown)?;
    let (chunks, message) = if call.app.config.era == Era::B {
        space.contents().documents.get(&document_id).ok_or_else(unknown)?;
        (chunk_indices, "Trying chunks again is not implemented")
    } else {
        let asked = processing::RetriedChunks {
            chunks: chunk_indices.into_iter().collect(),
            force: force == Some(true),
            max_retries: max_retries.unwrap_or(DEFAULT_RETRIES),
        };
        let chosen = processing::retry_chunks(&call.app, &space, &document_id, &asked).ok_or_else(unknown)?;
        let message =
            if chosen.is_empty() { "There is no chunk to try again" } else { "Chunks are tried again" };
        (chosen.into_iter().collect(), message)
    };
    let mut retried = RetriedChunks::new(document_id, chunks.len() as u64);
    retried.chunk_indices = chunks;
    retried.message = Some(message.to_owned());
    retried.implemented = Some(call.app.config.era == Era::C);
    Ok(Reply::new(retried))
}

/// On era B servers the list is always empty.
pub(super) async fn failed_chunks(
    call: Call,
    request: GetFailedChunks,
) -> Result<Reply<FailedChunks>, Refusal> {
    let GetFailedChunks { document_id, .. } = request;
    let unknown = || Refusal::not_found(format!("document {document_id}"));
    let space = call.space().ok_or_else(unknown)?;
    let contents = space.contents();
    let document = contents.documents.get(&document_id).ok_or_else(unknown)?;
    let mut failed = FailedChunks::default();
    failed.total_chunks = document.chunk_count;
    failed.successful_chunks = document.chunk_count;
    if call.app.config.era == Era::C {
        failed.failed_chunks.clone_from(&document.work.failed_chunks);
        failed.successful_chunks -= (document.work.missing().count() as u64).min(document.chunk_count);
    }
    failed.document_id = Some(document_id.clone());
    Ok(Reply::new(failed))
}
