//! Background work, as clients follow it.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use edgequake_types::tasks::{
    ChunkProgress, Task, TaskError, TaskProgress, TaskStatistics, TaskStatus, TaskType,
};
use edgequake_types::{DocumentId, TrackId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::clock::{Timestamp, rfc3339};
use crate::config::Era;
use crate::place::Place;
use crate::shrink::shrink;

/// The maximum number of tasks; the oldest are forgotten.
const CAPACITY: usize = 100_000;

/// How many tasks are kept that have ended and whose documents are gone.
const RELEASED: usize = 1_000;

/// A task, and what it works on.
#[derive(Debug, Clone)]
pub(crate) struct StoredTask {
    pub(crate) task: Task,
    pub(crate) document: Option<DocumentId>,
    pub(crate) created: Timestamp,
    pub(crate) ended: Option<Timestamp>,
    sequence: u64,
    released: bool,
}

/// How far a task has come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) stage: &'static str,
    /// How many of the five parts of the task are done.
    number: u32,
    /// How much of this part is done, from 0 to 1.
    pub(crate) within: f64,
    /// How many chunks are done, and how many there are.
    pub(crate) chunks: Option<(usize, usize)>,
    /// How long the rest will take; told together with the chunks.
    pub(crate) left: Duration,
}

impl Step {
    /// The beginning of a stage, before which so many parts of the five are done.
    pub(crate) fn new(stage: &'static str, number: u32) -> Self {
        Self { stage, number, within: 0.0, chunks: None, left: Duration::ZERO }
    }

    /// How much of the task is done, from 0 to 1.
    pub(crate) fn fraction(&self) -> f64 {
        ((f64::from(self.number) + self.within) / 5.0).clamp(0.0, 1.0)
    }

    fn progress(&self, era: Era) -> TaskProgress {
        let mut progress = TaskProgress::default();
        progress.current_step = Some(self.stage.to_owned());
        progress.percent_complete = Some((self.fraction() * 100.0).round());
        // Era B servers do not tell chunks.
        progress.chunk_progress = self.chunks.filter(|_| era == Era::C).map(|(done, all)| {
            let mut chunks = ChunkProgress::default();
            chunks.processed_chunks = u32::try_from(done).ok();
            chunks.total_chunks = u32::try_from(all).ok();
            chunks.eta_seconds = Some(self.left.as_millis().div_ceil(1000) as u64);
            chunks
        });
        progress
    }
}

/// The tasks of a workspace. Those of its documents are kept as long as these, so that what they take follows what is
/// stored.
#[derive(Debug, Default)]
pub(crate) struct Tasks {
    by_track: HashMap<TrackId, StoredTask>,
    /// In the order of creation.
    by_sequence: BTreeMap<u64, TrackId>,
    /// Those that are forgotten next.
    released: VecDeque<u64>,
    sequence: u64,
}

impl Tasks {
    /// Creates a pending task.
    pub(crate) fn create(
        &mut self,
        task_type: TaskType,
        place: &Place,
        document: Option<DocumentId>,
        now: Timestamp,
    ) -> TrackId {
        let metadata = document.as_ref().map(|id| json!({ "document_id": id }));
        self.create_about(task_type, place, document, metadata, now)
    }

    /// Creates a pending task that says more than which document it is about.
    pub(crate) fn create_about(
        &mut self,
        task_type: TaskType,
        place: &Place,
        document: Option<DocumentId>,
        metadata: Option<Value>,
        now: Timestamp,
    ) -> TrackId {
        if self.by_track.len() >= CAPACITY
            && let Some((_, oldest)) = self.by_sequence.pop_first()
        {
            self.by_track.remove(&oldest);
        }
        let kind = if task_type == TaskType::PdfProcessing { "pdf" } else { task_type.as_str() };
        let track_id = TrackId::new(format!("{kind}-{}", Uuid::new_v4()));
        let mut task = Task::new(track_id.clone(), task_type, TaskStatus::Pending);
        task.created_at = Some(rfc3339(now));
        task.updated_at = Some(rfc3339(now));
        task.max_retries = 3;
        task.metadata = metadata;
        task.tenant_id = Some(place.tenant.clone());
        task.workspace_id = Some(place.workspace.clone());
        self.sequence += 1;
        self.by_sequence.insert(self.sequence, track_id.clone());
        let stored = StoredTask {
            task,
            document,
            created: now,
            ended: None,
            sequence: self.sequence,
            released: false,
        };
        self.by_track.insert(track_id.clone(), stored);
        track_id
    }

    /// Takes a task out of use: it has ended, and its document is gone. It is forgotten after a thousand others.
    pub(crate) fn release(&mut self, track_id: &TrackId) {
        let Some(stored) = self.by_track.get_mut(track_id).filter(|stored| !stored.released) else { return };
        stored.released = true;
        self.released.push_back(stored.sequence);
        if self.released.len() > RELEASED
            && let Some(track) = self.released.pop_front().and_then(|first| self.by_sequence.remove(&first))
        {
            self.by_track.remove(&track);
            shrink(&mut self.by_track);
        }
    }

    pub(crate) fn get(&self, track_id: &TrackId) -> Option<&StoredTask> {
        self.by_track.get(track_id)
    }

    /// All tasks, newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &StoredTask> {
        self.by_sequence.values().rev().filter_map(|track| self.by_track.get(track))
    }

    /// Records that a task has begun.
    pub(crate) fn begin(&mut self, track_id: &TrackId, now: Timestamp) {
        if let Some(StoredTask { task, .. }) = self.by_track.get_mut(track_id) {
            task.status = TaskStatus::Processing;
            task.updated_at = Some(rfc3339(now));
            task.started_at.get_or_insert_with(|| rfc3339(now));
        }
    }

    /// Cancels a task that has not begun; `None` for another one.
    pub(crate) fn cancel_pending(&mut self, track_id: &TrackId, now: Timestamp) -> Option<Task> {
        self.get(track_id).filter(|stored| stored.task.status == TaskStatus::Pending)?;
        self.finish(track_id, TaskStatus::Cancelled, None, now);
        self.get(track_id).map(|stored| stored.task.clone())
    }

    /// Records progress.
    pub(crate) fn advance(&mut self, track_id: &TrackId, step: &Step, era: Era, now: Timestamp) {
        if let Some(StoredTask { task, .. }) = self.by_track.get_mut(track_id) {
            task.status = TaskStatus::Processing;
            task.updated_at = Some(rfc3339(now));
            task.started_at.get_or_insert_with(|| rfc3339(now));
            task.progress = Some(step.progress(era));
        }
    }

    /// Puts a task that has failed back into the queue, as often as it may be retried.
    pub(crate) fn retry(&mut self, track_id: &TrackId, now: Timestamp) -> bool {
        let Some(StoredTask { task, .. }) = self.by_track.get_mut(track_id) else { return false };
        if task.status != TaskStatus::Failed || task.retry_count >= task.max_retries {
            return false;
        }
        task.retry_count += 1;
        task.status = TaskStatus::Pending;
        (task.error, task.error_message, task.completed_at, task.started_at) = (None, None, None, None);
        task.updated_at = Some(rfc3339(now));
        true
    }

    /// Records a failure.
    pub(crate) fn fail(&mut self, track_id: &TrackId, stage: &str, message: &str, now: Timestamp) {
        self.finish(track_id, TaskStatus::Failed, None, now);
        if let Some(StoredTask { task, .. }) = self.by_track.get_mut(track_id) {
            let mut error = TaskError::new(message);
            error.step = Some(stage.to_owned());
            error.retryable = true;
            task.error = Some(error);
            task.error_message = Some(message.to_owned());
        }
    }

    /// Records the end of a task.
    pub(crate) fn finish(
        &mut self,
        track_id: &TrackId,
        status: TaskStatus,
        result: Option<Value>,
        now: Timestamp,
    ) {
        if let Some(StoredTask { task, ended, .. }) = self.by_track.get_mut(track_id) {
            *ended = Some(now);
            task.status = status;
            task.updated_at = Some(rfc3339(now));
            task.completed_at = Some(rfc3339(now));
            task.progress = None;
            task.result = result;
            // The tasks of documents, files and injected texts are released with them.
            if !matches!(
                task.task_type,
                Some(TaskType::Insert | TaskType::PdfProcessing | TaskType::KnowledgeInjection)
            ) {
                self.release(track_id);
            }
        }
    }
}

/// The number of tasks in each state.
pub(crate) fn statistics<'a>(tasks: impl IntoIterator<Item = &'a Task>) -> TaskStatistics {
    let mut counts = TaskStatistics::default();
    for task in tasks {
        match task.status {
            TaskStatus::Pending => counts.pending += 1,
            TaskStatus::Processing => counts.processing += 1,
            TaskStatus::Indexed => counts.indexed += 1,
            TaskStatus::Failed => counts.failed += 1,
            TaskStatus::Cancelled => counts.cancelled += 1,
            _ => {}
        }
    }
    counts
}

#[cfg(test)]
mod tests;
