//! Background jobs: ingesting and deleting documents.
//!
//! A job keeps only a weak reference to the server, so it ends when the server is dropped. At each step it checks
//! whether the document has been cancelled.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use edgequake_types::documents::DocumentStatus;
use edgequake_types::tasks::TaskStatus;
use edgequake_types::{DocumentId, TrackId};
use futures_util::FutureExt;
use serde_json::json;

use crate::app::App;
use crate::faults::{Effect, STAGES};
use crate::place::Place;
use crate::retrieval::chunk::chunks;
use crate::retrieval::index::PreparedChunks;
use crate::state::documents::SharedIndex;
use crate::state::tasks::Step;

/// The maximum number of steps in which the middle one of the stages is told; it goes from chunk to chunk.
const MAX_STEPS: usize = 10;

/// Starts ingesting a document.
pub(crate) fn ingest(app: &Arc<App>, document: DocumentId) {
    let delay = app.config.processing_delay;
    let weak = Arc::downgrade(app);
    app.spawn(async move {
        // `None` means that the server is gone or the document was cancelled; nothing is left to do.
        let done = AssertUnwindSafe(run(weak.clone(), document.clone(), delay)).catch_unwind().await;
        if let (Err(_), Some(app)) = (done, weak.upgrade()) {
            fail(&app, &document, "processing", "Processing panicked");
        }
    });
}

async fn run(app: Weak<App>, document: DocumentId, delay: Duration) -> Option<()> {
    let delay = delay / STAGES.len() as u32;
    let mut is_partial = false;
    let [preprocessing, chunking, extracting, embedding, storing] = STAGES;
    for (number, stage) in [(0, preprocessing), (1, chunking)] {
        advance(&app, &document, &Step::new(stage, number), delay).await?;
        is_partial |= check_faults(&app, &document, stage).await?;
    }
    let (content, index) = {
        let app = app.upgrade()?;
        let mut store = app.store();
        let stored = store.documents.get_mut(&document).filter(|stored| stored.is_in_flight())?;
        let (content, place) = (Arc::clone(&stored.content), stored.place.clone());
        (content, store.documents.index(&place))
    };
    let chunks = tokio::task::spawn_blocking(move || chunks(&content)).await.ok()?;
    // Without a delay nobody could see the steps.
    let steps = if delay.is_zero() { 1 } else { chunks.len().clamp(1, MAX_STEPS) };
    for number in 0..steps {
        let mut step = Step::new(extracting, 2);
        step.fraction += number as f64 / (STAGES.len() * steps) as f64;
        step.chunks = Some((chunks.len() * number / steps, chunks.len()));
        step.left = delay * (steps - number) as u32 / steps as u32 + delay * 2;
        advance(&app, &document, &step, delay / steps as u32).await?;
    }
    is_partial |= check_faults(&app, &document, extracting).await?;
    for (number, stage) in [(3, embedding), (4, storing)] {
        advance(&app, &document, &Step::new(stage, number), delay).await?;
        is_partial |= check_faults(&app, &document, stage).await?;
    }
    let id = document.clone();
    let target = Arc::clone(&index);
    let chunk_count = tokio::task::spawn_blocking(move || {
        let prepared = PreparedChunks::new(chunks);
        let chunk_count = prepared.len() as u64;
        target.lock().unwrap_or_else(PoisonError::into_inner).insert(&id, prepared);
        chunk_count
    });
    let Ok(chunk_count) = chunk_count.await else {
        return fail(&*app.upgrade()?, &document, "storing", "Processing panicked");
    };
    if complete(&*app.upgrade()?, &document, chunk_count, is_partial).is_none() {
        // Cancelled or deleted while it was being indexed.
        remove_from_index(index, vec![document]).await;
    }
    Some(())
}

/// Enters a step, and stays in it for a while. `None` if the document is no longer to be processed.
async fn advance(app: &Weak<App>, document: &DocumentId, step: &Step, stay: Duration) -> Option<()> {
    {
        let app = app.upgrade()?;
        let now = app.clock.timestamp();
        let mut store = app.store();
        let stored = store.documents.get_mut(document).filter(|stored| stored.is_in_flight())?;
        stored.status = DocumentStatus::Processing;
        stored.stage = step.stage;
        stored.progress = step.fraction;
        stored.updated_at = now;
        let task = stored.task_id.clone();
        store.tasks.advance(&task, step, app.config.era, now);
    }
    let clock = app.upgrade()?.clock.clone();
    clock.pause(stay).await;
    Some(())
}

/// Suffers what is ordered for a stage: whether the document ends with a part missing, or `None` if it has failed.
async fn check_faults(app: &Weak<App>, document: &DocumentId, stage: &str) -> Option<bool> {
    let fault = app.upgrade()?.faults.take_at_stage(stage);
    match fault.map(|fault| fault.effect) {
        Some(Effect::FailProcessing { partial: true, .. }) => Some(true),
        Some(Effect::FailProcessing { .. }) => {
            fail(&*app.upgrade()?, document, stage, &format!("Processing failed at stage {stage}"));
            None
        }
        Some(Effect::HangProcessing { .. }) => std::future::pending().await,
        _ => Some(false),
    }
}

fn complete(app: &App, document: &DocumentId, chunk_count: u64, is_partial: bool) -> Option<()> {
    let now = app.clock.timestamp();
    let mut store = app.store();
    let stored = store.documents.get_mut(document).filter(|stored| stored.is_in_flight())?;
    stored.status = if is_partial { DocumentStatus::PartialFailure } else { DocumentStatus::Completed };
    stored.message = is_partial.then(|| "No entities were found".to_owned());
    stored.stage = "completed";
    stored.progress = 1.0;
    stored.chunk_count = chunk_count;
    stored.updated_at = now;
    stored.processed_at = Some(now);
    let task = stored.task_id.clone();
    let result = json!({ "document_id": document, "chunk_count": chunk_count });
    store.tasks.finish(&task, TaskStatus::Indexed, Some(result), now);
    Some(())
}

/// Ends the processing of a document with an error.
fn fail(app: &App, document: &DocumentId, stage: &str, message: &str) -> Option<()> {
    let now = app.clock.timestamp();
    let mut store = app.store();
    let stored = store.documents.get_mut(document).filter(|stored| stored.is_in_flight())?;
    stored.status = DocumentStatus::Failed;
    stored.stage = "failed";
    stored.message = Some(message.to_owned());
    stored.updated_at = now;
    let task = stored.task_id.clone();
    store.tasks.fail(&task, stage, message, now);
    Some(())
}

/// Removes documents from an index, and returns the number of their chunks. Waits for running searches.
pub(crate) async fn remove_from_index(index: SharedIndex, documents: Vec<DocumentId>) -> usize {
    let removed = tokio::task::spawn_blocking(move || {
        let mut index = index.lock().unwrap_or_else(PoisonError::into_inner);
        documents.iter().map(|document| index.remove(document)).sum()
    });
    removed.await.unwrap_or_default()
}

/// Starts deleting documents that are already marked as being deleted.
pub(crate) fn delete(app: &Arc<App>, place: Place, documents: Vec<DocumentId>, task: TrackId) {
    let delay = app.config.processing_delay;
    let weak = Arc::downgrade(app);
    let clock = app.clock.clone();
    app.spawn(async move {
        clock.pause(delay).await;
        let Some(index) = weak.upgrade().map(|app| app.store().documents.index(&place)) else { return };
        let chunks_deleted = remove_from_index(index, documents.clone()).await;
        let Some(app) = weak.upgrade() else { return };
        let mut store = app.store();
        let deleted = documents.iter().filter_map(|document| store.documents.remove(document)).count();
        let result = json!({ "deleted_count": deleted, "chunks_deleted": chunks_deleted });
        store.tasks.finish(&task, TaskStatus::Indexed, Some(result), app.clock.timestamp());
    });
}
