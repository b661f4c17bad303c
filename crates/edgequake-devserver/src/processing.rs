//! The work that goes on behind the answers: ingesting documents and deleting them.
//!
//! A job holds the server weakly, so that a dropped server takes its jobs with it, and looks at each step whether somebody
//! has cancelled the document meanwhile.

use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use edgequake_types::documents::DocumentStatus;
use edgequake_types::tasks::TaskStatus;
use edgequake_types::{DocumentId, TrackId};
use serde_json::json;

use crate::auth::scope::Place;
use crate::backend::Shared;
use crate::retrieval::chunk::chunks;
use crate::retrieval::index::Prepared;
use crate::state::documents::SharedIndex;

/// What a document passes through, in this order.
const STAGES: [&str; 5] = ["preprocessing", "chunking", "extracting", "embedding", "storing"];

/// Begins to ingest a document.
pub(crate) fn ingest(shared: &Arc<Shared>, document: DocumentId) {
    let delay = shared.options.processing_delay;
    let weak = Arc::downgrade(shared);
    shared.spawn(async move {
        // `None` when the server is gone or the document was cancelled: nobody waits for the rest then.
        let _ = run(weak, document, delay).await;
    });
}

async fn run(shared: Weak<Shared>, document: DocumentId, delay: Duration) -> Option<()> {
    let pause = delay / STAGES.len() as u32;
    for (number, stage) in STAGES.into_iter().enumerate() {
        enter(&*shared.upgrade()?, &document, stage, number as f64 / STAGES.len() as f64)?;
        rest(pause).await;
    }
    let (content, index) = {
        let shared = shared.upgrade()?;
        let mut store = shared.store();
        let stored = store.documents.get_mut(&document).filter(|stored| stored.is_in_flight())?;
        let (content, place) = (Arc::clone(&stored.content), stored.place.clone());
        (content, store.documents.index(&place))
    };
    let id = document.clone();
    let filled = Arc::clone(&index);
    let chunk_count = tokio::task::spawn_blocking(move || {
        let prepared = Prepared::new(chunks(&content));
        let chunk_count = prepared.len() as u64;
        filled.lock().unwrap_or_else(PoisonError::into_inner).insert(&id, prepared);
        chunk_count
    });
    let chunk_count = chunk_count.await.ok()?;
    if complete(&*shared.upgrade()?, &document, chunk_count).is_none() {
        // Cancelled or deleted while it was entered.
        forget(index, vec![document]).await;
    }
    Some(())
}

/// A pause of no length still lets others go first.
pub(crate) async fn rest(pause: Duration) {
    if pause.is_zero() {
        tokio::task::yield_now().await;
    } else {
        tokio::time::sleep(pause).await;
    }
}

fn enter(shared: &Shared, document: &DocumentId, stage: &'static str, progress: f64) -> Option<()> {
    let now = shared.clock.now();
    let mut store = shared.store();
    let stored = store.documents.get_mut(document).filter(|stored| stored.is_in_flight())?;
    stored.status = DocumentStatus::Processing;
    stored.stage = stage;
    stored.progress = progress;
    stored.updated_at = now;
    let task = stored.task_id.clone();
    store.tasks.advance(&task, stage, progress, now);
    Some(())
}

fn complete(shared: &Shared, document: &DocumentId, chunk_count: u64) -> Option<()> {
    let now = shared.clock.now();
    let mut store = shared.store();
    let stored = store.documents.get_mut(document).filter(|stored| stored.is_in_flight())?;
    stored.status = DocumentStatus::Completed;
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

/// Takes documents out of an index. Waits for whoever searches there.
pub(crate) async fn forget(index: SharedIndex, documents: Vec<DocumentId>) -> usize {
    let removed = tokio::task::spawn_blocking(move || {
        let mut index = index.lock().unwrap_or_else(PoisonError::into_inner);
        documents.iter().map(|document| index.remove(document)).sum()
    });
    removed.await.unwrap_or_default()
}

/// Begins to delete documents that are marked as such already.
pub(crate) fn delete(shared: &Arc<Shared>, place: Place, documents: Vec<DocumentId>, task: TrackId) {
    let delay = shared.options.processing_delay;
    let weak = Arc::downgrade(shared);
    shared.spawn(async move {
        rest(delay).await;
        let Some(index) = weak.upgrade().map(|shared| shared.store().documents.index(&place)) else { return };
        let chunks_deleted = forget(index, documents.clone()).await;
        let Some(shared) = weak.upgrade() else { return };
        let mut store = shared.store();
        let deleted = documents.iter().filter_map(|document| store.documents.remove(document)).count();
        let result = json!({ "deleted_count": deleted, "chunks_deleted": chunks_deleted });
        store.tasks.finish(&task, TaskStatus::Indexed, Some(result), shared.clock.now());
    });
}
