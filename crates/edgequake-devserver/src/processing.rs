//! Background jobs: ingesting and deleting documents.
//!
//! A job keeps only a weak reference to the server, so it ends when the server is dropped. At each step it checks
//! whether the document has been cancelled, or given to another job. However it ends, the document does not stay in "processing".

mod missing;
mod job;
mod deletion;
mod cancel;
mod again;
mod chunks;
mod ordered;

pub(crate) use again::{Again, put_back, restart};
pub(crate) use cancel::{cancel, cancel_all, cancel_document, remove_document};
pub(crate) use chunks::{RetriedChunks, retry_chunks};
pub(crate) use deletion::{delete, delete_now, remove_from_index};
pub(crate) use ordered::{Ordered, ordered};

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use edgequake_types::DocumentId;
use futures_util::FutureExt;

use self::job::Job;
use self::missing::Missing;
use crate::app::App;
use crate::faults::STAGES;
use crate::notice::ProcessingEvent;
use crate::retrieval::chunk::{Chunk, chunks};
use crate::retrieval::graph::GraphSize;
use crate::retrieval::index::PreparedChunks;
use crate::state::document::StoredDocument;
use crate::state::space::Space;
use crate::state::tasks::Step;
use crate::stop::Stop;

/// The maximum number of steps in which the middle one of the stages is told; it goes from chunk to chunk.
const MAX_STEPS: usize = 10;

/// Starts ingesting a document.
pub(crate) fn ingest(app: &Arc<App>, space: &Arc<Space>, document: DocumentId) {
    start(app, space, document, false);
}

/// Starts ingesting a document that may be in the index.
fn start(app: &Arc<App>, space: &Arc<Space>, document: DocumentId, is_indexed: bool) {
    let delay = app.config.processing_delay;
    let Some(job) = Job::new(app, space, document) else { return };
    app.spawn(guarded(job.clone(), run(job, delay, is_indexed)));
}

/// Runs a job. `None` means that the server is gone or the document was cancelled, and nothing is left to do.
async fn guarded(job: Job, work: impl Future<Output = Option<()>>) {
    if AssertUnwindSafe(work).catch_unwind().await.is_err() {
        job.fail("processing", "Processing panicked");
    }
}

async fn run(job: Job, delay: Duration, is_indexed: bool) -> Option<()> {
    if is_indexed {
        remove_from_index(&job.space, vec![job.document.clone()]).await;
    }
    let delay = delay / STAGES.len() as u32;
    let [preprocessing, chunking, extracting, embedding, storing] = STAGES;
    let mut missing = Missing::default();
    missing.add(job.visit("uploading", 0).await?);
    job.queue()?;
    missing.add(job.apply_fault("queued").await?);
    let _worker = job.worker().await?;
    missing.add(job.visit("converting", 0).await?);
    for (number, stage) in [(0, preprocessing), (1, chunking)] {
        job.stay(&Step::new(stage, number), delay).await?;
        missing.add(job.apply_fault(stage).await?);
    }
    let content = job.in_flight(|document| Arc::clone(&document.content))?;
    let split = tokio::task::spawn_blocking({
        let stop = job.stop.clone();
        move || chunks(&content, || stop.is_stopped())
    });
    let Ok(chunks) = split.await else { return job.fail(chunking, "Processing panicked") };
    let chunks = chunks?;
    // Without a delay nobody could see the steps.
    let steps = if delay.is_zero() { 1 } else { chunks.len().clamp(1, MAX_STEPS) };
    for number in 0..steps {
        let mut step = Step::new(extracting, 2);
        step.within = number as f64 / steps as f64;
        step.chunks = Some((chunks.len() * number / steps, chunks.len()));
        step.left = delay * (steps - number) as u32 / steps as u32 + delay * 2;
        job.stay(&step, delay / steps as u32).await?;
    }
    missing.add(job.apply_fault(extracting).await?);
    for stage in ["gleaning", "merging", "summarizing"] {
        missing.add(job.visit(stage, 3).await?);
    }
    for (number, stage) in [(3, embedding), (4, storing)] {
        job.stay(&Step::new(stage, number), delay).await?;
        missing.add(job.apply_fault(stage).await?);
    }
    for stage in ["indexing", "projecting"] {
        missing.add(job.visit(stage, 5).await?);
    }
    finish(job, chunks, missing.clone(), missing).await
}

/// Puts chunks into the index, some without their entities, and ends the processing.
async fn finish(job: Job, chunks: Vec<Chunk>, left_out: Missing, failed: Missing) -> Option<()> {
    let [.., storing] = STAGES;
    let (space, id, stop) = (Arc::clone(&job.space), job.document.clone(), job.stop.clone());
    let insert = move || insert(&space, &id, prepare(chunks, &left_out, &stop)?, &stop);
    match tokio::task::spawn_blocking(insert).await {
        Ok(extracted) => {
            if job.complete(extracted?, &failed).is_none() {
                // Cancelled or deleted while it was being indexed.
                deletion::remove_unused(&job.space, job.document).await;
            }
            Some(())
        }
        Err(_) => job.fail(storing, "Processing panicked"),
    }
}

/// What was extracted from a document.
#[derive(Debug, Clone, Copy)]
struct Extracted {
    chunks: u64,
    graph: GraphSize,
}

/// Makes chunks ready for the index, without the entities of those that are missing. `None` once it is stopped.
fn prepare(chunks: Vec<Chunk>, missing: &Missing, stop: &Stop) -> Option<PreparedChunks> {
    let prepared = PreparedChunks::new(chunks, || stop.is_stopped())?;
    Some(prepared.without_graph_of(|number| missing.has(number as u64)))
}

/// `None` once it is stopped, for another job may have put it there since.
fn insert(space: &Space, id: &DocumentId, prepared: PreparedChunks, stop: &Stop) -> Option<Extracted> {
    let extracted = Extracted { chunks: prepared.len() as u64, graph: prepared.graph_size() };
    space.change_index(|index| {
        (!stop.is_stopped()).then(|| {
            index.insert(id, prepared);
            extracted
        })
    })
}

/// Processes a document at once, on a thread that may block, until it is stopped.
pub(crate) fn ingest_now(app: &Arc<App>, space: &Arc<Space>, document: DocumentId, stop: &Stop) {
    let work = || {
        let job = Job::new(app, space, document)?;
        let content = job.in_flight(|document| Arc::clone(&document.content))?;
        let nothing = Missing::default();
        let prepared = prepare(chunks(&content, || stop.is_stopped())?, &nothing, stop)?;
        job.complete(insert(space, &job.document, prepared, stop)?, &nothing)
    };
    // Where it was stopped, nothing is left to do.
    let _ = work();
}

/// Waits until none of these documents is being processed any more.
pub(crate) async fn settled(app: &App, space: &Space, documents: &[DocumentId]) {
    let mut events = app.bus.subscribe();
    let is_busy = || {
        let contents = space.contents();
        let mut found = documents.iter().filter_map(|id| contents.documents.get(id));
        found.any(StoredDocument::is_in_flight)
    };
    while is_busy() {
        if events.next_or_lost().await.is_none() {
            return;
        }
    }
}

/// What subscribers are told of a document.
pub(crate) fn event(space: &Space, document: &StoredDocument) -> ProcessingEvent {
    ProcessingEvent {
        tenant_id: space.place.tenant.clone(),
        workspace_id: space.place.workspace.clone(),
        document_id: document.id.clone(),
        task_id: document.task_id.clone(),
        status: document.status.clone(),
        stage: document.stage,
        progress: document.progress,
        stage_progress: document.work.stage_progress,
        message: document.message.clone(),
        entity_count: document.graph.entities,
        removed: None,
    }
}

#[cfg(test)]
mod tests;
