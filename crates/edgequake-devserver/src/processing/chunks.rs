//! Processing the chunks of a document again that have failed.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use edgequake_types::DocumentId;
use edgequake_types::documents::{DocumentStatus, FailedChunkStatus};
use edgequake_types::tasks::TaskType;

use super::job::Job;
use super::missing::Missing;
use super::{event, finish, guarded};
use crate::app::App;
use crate::faults::STAGES;
use crate::retrieval::chunk::chunks;
use crate::state::document::StoredDocument;
use crate::state::space::Space;
use crate::state::tasks::Step;
use crate::stop::Stop;

/// Which chunks are asked for.
#[derive(Debug, Clone)]
pub(crate) struct RetriedChunks {
    /// None is all.
    pub(crate) chunks: BTreeSet<u64>,
    /// Whether those are meant, too, that have not failed.
    pub(crate) force: bool,
    pub(crate) max_retries: u64,
}

impl RetriedChunks {
    /// Those of the document that may be tried again.
    fn choose(&self, document: &StoredDocument) -> BTreeSet<u64> {
        let known = document.work.failed_chunks.iter();
        let attempts: HashMap<u64, u64> =
            known.map(|known| (known.chunk_index, known.retry_attempts)).collect();
        let may_go_on = |chunk: &u64| attempts.get(chunk).copied().unwrap_or(0) < self.max_retries;
        let failed = document.work.missing().map(|chunk| chunk.chunk_index);
        let all: BTreeSet<u64> =
            if self.force { (0..document.chunk_count).collect() } else { failed.collect() };
        let is_asked = |chunk: &u64| self.chunks.is_empty() || self.chunks.contains(chunk);
        all.into_iter().filter(is_asked).filter(may_go_on).collect()
    }
}

/// Starts processing chunks again. Returns those; none if there are none, or the document is not in the index; `None` if it is
/// unknown.
pub(crate) fn retry_chunks(
    app: &Arc<App>,
    space: &Arc<Space>,
    id: &DocumentId,
    asked: &RetriedChunks,
) -> Option<BTreeSet<u64>> {
    let now = app.clock.timestamp();
    let mut contents = space.contents();
    let document = contents.documents.get(id)?;
    let chosen = if document.is_searchable() { asked.choose(document) } else { BTreeSet::new() };
    if chosen.is_empty() {
        return Some(chosen);
    }
    let before = document.task_id.clone();
    contents.tasks.release(&before);
    let task = contents.tasks.create(TaskType::Insert, &space.place, Some(id.clone()), now);
    let [_, _, extracting, ..] = STAGES;
    let event = contents.documents.update(id, |document| {
        document.stop = Stop::default();
        document.task_id = task;
        document.status = DocumentStatus::Processing;
        document.stage = extracting;
        document.updated_at = now;
        let work = &mut document.work;
        (work.is_taken, work.stage_progress, work.started_at) = (false, 0.0, None);
        work.max_retries = Some(asked.max_retries);
        for chunk in work.failed_chunks.iter_mut().filter(|chunk| chosen.contains(&chunk.chunk_index)) {
            chunk.status = Some(FailedChunkStatus::Retrying);
            chunk.retry_attempts += 1;
        }
        Some(event(space, document))
    })?;
    drop(contents);
    app.bus.publish(event);
    let delay = app.config.processing_delay / STAGES.len() as u32;
    if let Some(job) = Job::new(app, space, id.clone()) {
        app.spawn(guarded(job.clone(), run(job, chosen.clone(), delay)));
    }
    Some(chosen)
}

async fn run(job: Job, chosen: BTreeSet<u64>, delay: Duration) -> Option<()> {
    let _worker = job.worker().await?;
    let [_, _, extracting, ..] = STAGES;
    let mut step = Step::new(extracting, 2);
    step.chunks = Some((0, chosen.len()));
    job.stay(&step, delay).await?;
    let lost = job.apply_fault(extracting).await?;
    let failed = Missing::chunks(chosen.into_iter().filter(|chunk| lost.has(*chunk)));
    let (content, others) = job.in_flight(|document| {
        let others =
            document.work.missing().filter(|chunk| chunk.status != Some(FailedChunkStatus::Retrying));
        (Arc::clone(&document.content), Missing::chunks(others.map(|chunk| chunk.chunk_index)))
    })?;
    let split = tokio::task::spawn_blocking({
        let stop = job.stop.clone();
        move || chunks(&content, || stop.is_stopped())
    });
    let Ok(chunks) = split.await else { return job.fail(extracting, "Processing panicked") };
    let mut left_out = failed.clone();
    left_out.add(others);
    finish(job, chunks?, left_out, failed).await
}
