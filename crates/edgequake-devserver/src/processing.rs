//! Background jobs: ingesting and deleting documents.
//!
//! A job keeps only a weak reference to the server, so it ends when the server is dropped. At each step it checks
//! whether the document has been cancelled. However it ends, the document does not stay in "processing".

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Weak};
use std::time::Duration;

use edgequake_types::documents::DocumentStatus;
use edgequake_types::tasks::{Task, TaskStatus, TaskType};
use edgequake_types::{DocumentId, TrackId};
use futures_util::FutureExt;
use serde_json::json;

use crate::app::App;
use crate::bus::ProcessingEvent;
use crate::clock::Timestamp;
use crate::faults::{Effect, STAGES};
use crate::removed::Removed;
use crate::retrieval::chunk::{Chunk, chunks};
use crate::retrieval::graph::GraphSize;
use crate::retrieval::index::PreparedChunks;
use crate::state::document::StoredDocument;
use crate::state::space::{Contents, Space};
use crate::state::tasks::{Step, StoredTask};
use crate::stop::Stop;

/// The maximum number of steps in which the middle one of the stages is told; it goes from chunk to chunk.
const MAX_STEPS: usize = 10;

/// What a job works on.
#[derive(Clone)]
struct Job {
    app: Weak<App>,
    space: Arc<Space>,
    document: DocumentId,
}

/// Starts ingesting a document.
pub(crate) fn ingest(app: &Arc<App>, space: &Arc<Space>, document: DocumentId) {
    let delay = app.config.processing_delay;
    let job = Job { app: Arc::downgrade(app), space: Arc::clone(space), document };
    app.spawn(guarded(job.clone(), run(job, delay)));
}

/// Runs a job. `None` means that the server is gone or the document was cancelled, and nothing is left to do.
async fn guarded(job: Job, work: impl Future<Output = Option<()>>) {
    if AssertUnwindSafe(work).catch_unwind().await.is_err() {
        job.fail("processing", "Processing panicked");
    }
}

async fn run(job: Job, delay: Duration) -> Option<()> {
    let delay = delay / STAGES.len() as u32;
    let [preprocessing, chunking, extracting, embedding, storing] = STAGES;
    let mut is_partial = false;
    for (number, stage) in [(0, preprocessing), (1, chunking)] {
        job.stay(&Step::new(stage, number), delay).await?;
        is_partial |= job.apply_fault(stage).await?;
    }
    let (content, stop) = job.in_flight(|document| (Arc::clone(&document.content), document.stop.clone()))?;
    let split = tokio::task::spawn_blocking({
        let stop = stop.clone();
        move || chunks(&content, || stop.is_stopped())
    });
    let Ok(chunks) = split.await else { return job.fail(chunking, "Processing panicked") };
    let chunks = chunks?;
    // Without a delay nobody could see the steps.
    let steps = if delay.is_zero() { 1 } else { chunks.len().clamp(1, MAX_STEPS) };
    for number in 0..steps {
        let mut step = Step::new(extracting, 2);
        step.fraction += number as f64 / (STAGES.len() * steps) as f64;
        step.chunks = Some((chunks.len() * number / steps, chunks.len()));
        step.left = delay * (steps - number) as u32 / steps as u32 + delay * 2;
        job.stay(&step, delay / steps as u32).await?;
    }
    is_partial |= job.apply_fault(extracting).await?;
    for (number, stage) in [(3, embedding), (4, storing)] {
        job.stay(&Step::new(stage, number), delay).await?;
        is_partial |= job.apply_fault(stage).await?;
    }
    let (space, id) = (Arc::clone(&job.space), job.document.clone());
    let prepare = move || Some(insert(&space, &id, prepare(chunks, is_partial, &stop)?));
    match tokio::task::spawn_blocking(prepare).await {
        Ok(extracted) => {
            if job.complete(extracted?, is_partial).is_none() {
                // Cancelled or deleted while it was being indexed.
                remove_from_index(&job.space, vec![job.document]).await;
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

/// Makes chunks ready for the index, where only a part of the work succeeds without their entities. `None` once it is stopped.
fn prepare(chunks: Vec<Chunk>, is_partial: bool, stop: &Stop) -> Option<PreparedChunks> {
    let prepared = PreparedChunks::new(chunks, || stop.is_stopped())?;
    Some(if is_partial { prepared.without_graph() } else { prepared })
}

fn insert(space: &Space, id: &DocumentId, prepared: PreparedChunks) -> Extracted {
    let extracted = Extracted { chunks: prepared.len() as u64, graph: prepared.graph_size() };
    space.change_index(|index| index.insert(id, prepared));
    extracted
}

/// Processes a document at once, on a thread that may block, until it is stopped.
pub(crate) fn ingest_now(app: &Arc<App>, space: &Arc<Space>, document: DocumentId, stop: &Stop) {
    let job = Job { app: Arc::downgrade(app), space: Arc::clone(space), document };
    let Some(content) = job.in_flight(|document| Arc::clone(&document.content)) else { return };
    let chunks = chunks(&content, || stop.is_stopped());
    if let Some(prepared) = chunks.and_then(|chunks| prepare(chunks, false, stop)) {
        job.complete(insert(space, &job.document, prepared), false);
    }
}

impl Job {
    /// Reads something of the document; `None` if it is no longer being processed.
    fn in_flight<T>(&self, read: impl FnOnce(&StoredDocument) -> T) -> Option<T> {
        let contents = self.space.contents();
        contents.documents.get(&self.document).filter(|document| document.is_in_flight()).map(read)
    }

    /// Changes the document and its task, and tells of it; `None` if it is no longer being processed.
    fn step(
        &self,
        document: impl FnOnce(&mut StoredDocument, Timestamp),
        task: impl FnOnce(&mut Contents, &TrackId, Timestamp),
    ) -> Option<Stop> {
        let app = self.app.upgrade()?;
        let now = app.clock.timestamp();
        let mut contents = self.space.contents();
        let event = contents.documents.update(&self.document, |stored| {
            if !stored.is_in_flight() {
                return None;
            }
            document(stored, now);
            stored.updated_at = now;
            Some((event(&self.space, stored), stored.stop.clone()))
        });
        let (event, stop) = event?;
        task(&mut contents, &event.task_id, now);
        drop(contents);
        app.bus.publish(event);
        Some(stop)
    }

    /// Enters a step, and stays in it for a while. `None` if the document is no longer to be processed.
    async fn stay(&self, step: &Step, stay: Duration) -> Option<()> {
        let stop = self.enter(step)?;
        let clock = self.app.upgrade()?.clock.clone();
        tokio::select! {
            () = clock.pause(stay) => Some(()),
            () = stop.stopped() => None,
        }
    }

    fn enter(&self, step: &Step) -> Option<Stop> {
        let era = self.app.upgrade()?.config.era;
        self.step(
            |document, _| {
                document.status = DocumentStatus::Processing;
                document.stage = step.stage;
                document.progress = step.fraction;
            },
            |contents, task, now| contents.tasks.advance(task, step, era, now),
        )
    }

    /// Applies the fault that is ordered for a stage, if there is one. Returns whether the document is to end with a part
    /// missing, and `None` once it has failed or was cancelled.
    async fn apply_fault(&self, stage: &str) -> Option<bool> {
        let app = self.app.upgrade()?;
        let Some(fault) = app.faults.take_at_stage(stage) else { return Some(false) };
        let clock = app.clock.clone();
        // Nobody keeps the server while it waits.
        drop(app);
        let stop = self.in_flight(|document| document.stop.clone())?;
        if fault.delay_ms > 0 {
            tokio::select! {
                () = clock.pause(Duration::from_millis(fault.delay_ms)) => {}
                () = stop.stopped() => return None,
            }
        }
        match fault.effect {
            Effect::FailProcessing { partial: true, .. } => Some(true),
            Effect::FailProcessing { .. } => {
                self.fail(stage, &format!("Processing failed at stage {stage}"));
                None
            }
            Effect::HangProcessing { .. } => {
                stop.stopped().await;
                None
            }
            _ => Some(false),
        }
    }

    fn complete(&self, extracted: Extracted, is_partial: bool) -> Option<()> {
        let Extracted { chunks, graph } = extracted;
        let result = json!({
            "document_id": self.document,
            "chunk_count": chunks,
            "entity_count": graph.entities,
            "relationship_count": graph.relationships,
        });
        let completed = self.step(
            |document, now| {
                document.status =
                    if is_partial { DocumentStatus::PartialFailure } else { DocumentStatus::Completed };
                document.message = is_partial.then(|| "No entities were found".to_owned());
                document.stage = "completed";
                document.progress = 1.0;
                (document.chunk_count, document.graph) = (chunks, graph);
                document.processed_at = Some(now);
            },
            |contents, task, now| contents.tasks.finish(task, TaskStatus::Indexed, Some(result), now),
        );
        completed.map(drop)
    }

    /// Ends the processing of a document with an error.
    fn fail(&self, stage: &str, message: &str) -> Option<()> {
        let failed = self.step(
            |document, _| {
                document.status = DocumentStatus::Failed;
                document.stage = "failed";
                document.message = Some(message.to_owned());
            },
            |contents, task, now| contents.tasks.fail(task, stage, message, now),
        );
        failed.map(drop)
    }
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
        message: document.message.clone(),
        entity_count: document.graph.entities,
        removed: None,
    }
}

/// Cancels the processing of a document: its task, or `None` if that is not being processed.
pub(crate) fn cancel(app: &App, space: &Space, task: &TrackId) -> Option<Task> {
    let mut contents = space.contents();
    let StoredTask { task: found, document, .. } = contents.tasks.get(task)?;
    let document = document.clone().filter(|_| found.task_type == Some(TaskType::Insert))?;
    let now = app.clock.timestamp();
    let event = contents.documents.update(&document, |document| {
        if !document.is_in_flight() {
            return None;
        }
        document.stop.stop();
        document.status = DocumentStatus::Cancelled;
        document.stage = "cancelled";
        document.updated_at = now;
        Some(event(space, document))
    })?;
    contents.tasks.finish(task, TaskStatus::Cancelled, None, now);
    let cancelled = contents.tasks.get(task).map(|stored| stored.task.clone());
    drop(contents);
    app.bus.publish(event);
    cancelled
}

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

/// Deletes documents at once, also when nobody waits for it any more. Returns what went from the index, and the documents.
pub(crate) async fn delete_now(
    space: &Arc<Space>,
    documents: Vec<DocumentId>,
) -> (Removed, Vec<StoredDocument>) {
    let space = Arc::clone(space);
    let deleted = tokio::task::spawn_blocking(move || {
        let removed = remove(&space, &documents).iter().sum();
        let mut contents = space.contents();
        (removed, documents.iter().filter_map(|document| contents.remove(document)).collect())
    });
    deleted.await.unwrap_or_default()
}

/// Starts deleting documents that are already marked as being deleted.
pub(crate) fn delete(app: &Arc<App>, space: &Arc<Space>, documents: Vec<DocumentId>, task: TrackId) {
    let delay = app.config.processing_delay;
    let weak = Arc::downgrade(app);
    let (clock, space) = (app.clock.clone(), Arc::clone(space));
    app.spawn(async move {
        clock.pause(delay).await;
        let parts = remove_from_index(&space, documents.clone()).await;
        let removed: Removed = parts.iter().sum();
        let Some(app) = weak.upgrade() else { return };
        let mut contents = space.contents();
        let gone = documents.iter().zip(parts);
        let gone = gone.filter_map(|(document, parts)| Some((contents.remove(document)?, parts)));
        let events: Vec<ProcessingEvent> = gone
            .map(|(document, parts)| {
                let event = event(&space, &document);
                let (task_id, removed) = (task.clone(), Some(parts));
                ProcessingEvent { task_id, stage: "deleted", progress: 1.0, removed, ..event }
            })
            .collect();
        let result = json!({
            "deleted_count": events.len(),
            "chunks_deleted": removed.chunks,
            "entities_removed": removed.entities,
            "relationships_removed": removed.relationships,
        });
        contents.tasks.finish(&task, TaskStatus::Indexed, Some(result), app.clock.timestamp());
        drop(contents);
        events.into_iter().for_each(|event| app.bus.publish(event));
    });
}

#[cfg(test)]
mod tests;
