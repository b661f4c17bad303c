//! Background work, as clients follow it.

use std::collections::HashMap;

use edgequake_types::tasks::{Task, TaskProgress, TaskStatistics, TaskStatus, TaskType};
use edgequake_types::{DocumentId, TrackId};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::auth::scope::Place;
use crate::clock::written;

/// How many tasks are remembered; finished ones are forgotten first.
const CAPACITY: usize = 10_000;

/// A task, and what it works on.
#[derive(Debug, Clone)]
pub(crate) struct StoredTask {
    pub(crate) task: Task,
    pub(crate) place: Place,
    pub(crate) document: Option<DocumentId>,
    sequence: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Tasks {
    by_track: HashMap<TrackId, StoredTask>,
    sequence: u64,
}

impl Tasks {
    /// A new task that nobody has begun.
    pub(crate) fn create(
        &mut self,
        task_type: TaskType,
        place: &Place,
        document: Option<DocumentId>,
        now: Timestamp,
    ) -> TrackId {
        if self.by_track.len() >= CAPACITY {
            self.by_track.retain(|_, stored| !stored.task.status.is_terminal());
        }
        let track_id = TrackId::new(format!("{task_type}-{}", Uuid::new_v4()));
        let mut task = Task::new(track_id.clone(), task_type, TaskStatus::Pending);
        task.created_at = Some(written(now));
        task.updated_at = Some(written(now));
        task.max_retries = 3;
        task.metadata = document.as_ref().map(|id| json!({ "document_id": id }));
        task.tenant_id = Some(place.tenant.clone());
        task.workspace_id = Some(place.workspace.clone());
        self.sequence += 1;
        let stored = StoredTask { task, place: place.clone(), document, sequence: self.sequence };
        self.by_track.insert(track_id.clone(), stored);
        track_id
    }

    /// The task with this id, if it works in this place.
    pub(crate) fn get(&self, place: &Place, track_id: &TrackId) -> Option<&StoredTask> {
        self.by_track.get(track_id).filter(|stored| stored.place == *place)
    }

    /// The tasks of a place, the newest first.
    pub(crate) fn of(&self, place: &Place) -> Vec<&StoredTask> {
        let mut tasks: Vec<_> = self.by_track.values().filter(|stored| stored.place == *place).collect();
        tasks.sort_by_key(|stored| std::cmp::Reverse(stored.sequence));
        tasks
    }

    /// Forgets the tasks of a place.
    pub(crate) fn remove_place(&mut self, place: &Place) {
        self.by_track.retain(|_, stored| stored.place != *place);
    }

    /// Notes that work goes on.
    pub(crate) fn advance(&mut self, track_id: &TrackId, stage: &str, progress: f64, now: Timestamp) {
        if let Some(StoredTask { task, .. }) = self.by_track.get_mut(track_id) {
            task.status = TaskStatus::Processing;
            task.updated_at = Some(written(now));
            task.started_at.get_or_insert_with(|| written(now));
            let mut done = TaskProgress::default();
            done.current_step = Some(stage.to_owned());
            // Between 0 and 100.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let percent = (progress.clamp(0.0, 1.0) * 100.0).round() as u32;
            done.percent_complete = Some(percent);
            task.progress = Some(done);
        }
    }

    /// Notes how work ended.
    pub(crate) fn finish(
        &mut self,
        track_id: &TrackId,
        status: TaskStatus,
        result: Option<serde_json::Value>,
        now: Timestamp,
    ) {
        if let Some(StoredTask { task, .. }) = self.by_track.get_mut(track_id) {
            task.status = status;
            task.updated_at = Some(written(now));
            task.completed_at = Some(written(now));
            task.progress = None;
            task.result = result;
        }
    }
}

/// How many of the tasks are in which state.
pub(crate) fn count<'a>(tasks: impl IntoIterator<Item = &'a Task>) -> TaskStatistics {
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
