//! Tasks: the work that the server does in the background (`/api/v1/tasks/...`).
//!
//! The `task_id` in the answer to an upload is the `track_id` of its task.
//!
//! For what newer servers are, see [server versions](crate#server-versions).
//!
//! ```
//! use edgequake_types::{Decode, Endpoint};
//! use edgequake_types::tasks::{GetTask, Task, TaskStatus};
//!
//! let request = GetTask::new("insert-77aa").to_request()?;
//! assert_eq!(request.uri(), "/api/v1/tasks/insert-77aa");
//!
//! let task = Task::from_body(r#"{"track_id":"insert-77aa","task_type":"insert","status":"indexed"}"#)?;
//! assert_eq!(task.status, TaskStatus::Indexed);
//! assert!(task.status.is_terminal() && task.status.is_success());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod list;
mod state;
mod words;

pub use words::*;

use crate::documents::ProgressCounts;
use crate::prelude::*;

/// Lists the tasks of the workspace, a page at a time, newest first.
///
/// Servers ignore a filter with a word that they do not know, so check what comes back. A list without a tenant and a
/// workspace is empty on newer servers.
#[operation(GET "/api/v1/tasks" -> TaskList, Required, Safe, Query, new(), eq)]
pub struct ListTasks {
    /// The number of the page, from 1. Default 1.
    pub page: Option<u64>,
    /// How many tasks a page holds. Default 20, at most 100.
    pub page_size: Option<u64>,
    /// Tasks in this state.
    pub status: Option<TaskStatus>,
    /// Tasks of this kind.
    pub task_type: Option<TaskType>,
    /// What they are sorted by. Default [`TaskSort::CreatedAt`].
    pub sort: Option<TaskSort>,
    /// In which direction. Default [`SortOrder::Descending`].
    pub order: Option<SortOrder>,
    /// Tasks of this tenant, in place of the one in the headers; newer servers only.
    pub tenant_id: Option<TenantId>,
    /// Tasks of this workspace, in place of the one in the headers; newer servers only.
    pub workspace_id: Option<WorkspaceId>,
    /// Tasks after the one that was queued at this time: `created_at` of the last task of the page before. Needs
    /// `after_track_id`; newer servers only. Unlike a page number, it stays right while tasks are added.
    pub after_created_at: Option<Timestamp>,
    /// Tasks after this one: the last task of the page before. Needs `after_created_at`; newer servers only.
    pub after_track_id: Option<TrackId>,
}

/// One page of tasks. Read with its paging fields below `pagination`, flat, or as a bare list of tasks.
#[model(answer, from = Wire, default)]
pub struct TaskList {
    /// The tasks of this page.
    pub tasks: Vec<Task>,
    /// The place of this page in the list.
    pub pagination: Pagination,
    /// How many tasks are in which state.
    pub statistics: TaskStatistics,
}

impl TaskList {
    /// A page at this place.
    pub fn new(tasks: Vec<Task>, pagination: Pagination) -> Self {
        Self { tasks, pagination, statistics: TaskStatistics::default() }
    }
}

/// The forms in which a list arrives.
#[model(known, bare = tasks, default)]
struct Wire {
    tasks: Vec<Task>,
    #[field(default)]
    statistics: TaskStatistics,
    pagination: Option<Pagination>,
    #[field(flatten)]
    flat: Pagination,
}

/// How many tasks are in which state.
#[model(default, eq)]
#[derive(Copy)]
pub struct TaskStatistics {
    /// Waiting.
    pub pending: u64,
    /// Being processed.
    pub processing: u64,
    /// Done.
    pub indexed: u64,
    /// Failed.
    pub failed: u64,
    /// Cancelled.
    pub cancelled: u64,
}

/// Reads one task and its progress.
///
/// Errors: 404 for an unknown task, another workspace's, or one that a restart of the server lost.
#[operation(GET "/api/v1/tasks/{track_id}" -> Task, Required, Safe, None, new(track_id), eq)]
pub struct GetTask {
    /// The task: `task_id` in the answer to an upload.
    pub track_id: TrackId,
}

/// Cancels a task. Newer servers accept it for a task that is cancelled already.
///
/// Errors: 404 for an unknown task; 409 for one that is done.
#[operation(POST "/api/v1/tasks/{track_id}/cancel" -> Option<Task>, Required, Refused, None, new(track_id), eq)]
pub struct CancelTask {
    /// The task: `task_id` in the answer to an upload.
    pub track_id: TrackId,
}

/// Starts a failed task again.
///
/// Errors: 404 for an unknown task; 409 for one that has not failed or has no tries left.
#[operation(POST "/api/v1/tasks/{track_id}/retry" -> Option<Task>, Required, Refused, None, new(track_id), eq)]
pub struct RetryTask {
    /// The task: `task_id` in the answer to an upload.
    pub track_id: TrackId,
}

/// One piece of background work. Its document, if it has one, is named in `metadata` or `result`.
#[model(answer, new(track_id, task_type, status))]
pub struct Task {
    /// Its id.
    pub track_id: TrackId,
    /// What it does.
    pub task_type: Option<TaskType>,
    /// Its state.
    pub status: TaskStatus,
    /// When it was queued.
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// When work began.
    #[field(always)]
    pub started_at: Option<Timestamp>,
    /// When work ended.
    #[field(always)]
    pub completed_at: Option<Timestamp>,
    /// Why it failed.
    #[field(always)]
    pub error_message: Option<String>,
    /// Why it failed, in detail. A plain text is read as its message.
    #[field(read = state::error)]
    pub error: Option<TaskError>,
    /// How often it was retried.
    pub retry_count: u64,
    /// How often it may be retried.
    pub max_retries: u64,
    /// Its progress.
    #[field(always, read = state::progress)]
    pub progress: Option<TaskProgress>,
    /// What came out of it.
    #[field(always)]
    pub result: Option<Value>,
    /// What it was started with.
    #[field(always)]
    pub metadata: Option<Value>,
    /// The tenant that it belongs to; newer servers only.
    pub tenant_id: Option<TenantId>,
    /// The workspace that it belongs to; newer servers only.
    pub workspace_id: Option<WorkspaceId>,
    /// Its place in the queue while it is pending; newer servers only, for a single task.
    pub queue_position: Option<u64>,
    /// Estimated time until work begins, in seconds; newer servers only, for a single task.
    #[field(lenient)]
    pub eta_seconds: Option<u64>,
    /// Where that estimate comes from: `measured` or `no_history`; an open set.
    pub eta_basis: Option<String>,
}

/// The progress of a task. Each kind of task has a form of its own: what this version does not know is in [`extra`](Self::extra).
#[model(default)]
pub struct TaskProgress {
    /// What is being done, such as `extracting`. Also read from `current_stage` and `stage`.
    #[field(alias = "current_stage", alias = "stage")]
    pub current_step: Option<String>,
    /// How many steps there are.
    pub total_steps: Option<u64>,
    /// How much of the task is done, from 0 to 100. Also read from `completion_percentage` and `overall_percentage`.
    #[field(alias = "completion_percentage", alias = "overall_percentage", lenient, write = state::whole)]
    pub percent_complete: Option<f64>,
    /// How much of the task is done, from 0 to 1. Also read from `run_progress`.
    #[field(alias = "run_progress", lenient)]
    pub progress_01: Option<f64>,
    /// How much of the current step is done, from 0 to 1. Servers mostly say it of documents.
    #[field(lenient)]
    pub stage_progress: Option<f64>,
    /// A sentence about the current step. Also read from `latest_message` and `message`.
    #[field(alias = "latest_message", alias = "message", lenient)]
    pub stage_message: Option<String>,
    /// The progress of the document's chunks; newer servers only.
    #[field(lenient)]
    pub chunk_progress: Option<ChunkProgress>,
    /// How far the current step has come, in numbers; newer servers only. Also read from `progress_counts`.
    #[field(alias = "progress_counts", lenient)]
    pub counts: Option<ProgressCounts>,
    /// Estimated time until the task is done, in seconds.
    #[field(lenient)]
    pub eta_seconds: Option<u64>,
    /// What the task has cost so far, in US dollars.
    #[field(lenient)]
    pub cost_usd: Option<f64>,
    /// Everything else that the server says about it.
    #[field(flatten)]
    pub extra: Map<String, Value>,
}

/// The progress of the chunks of a document.
#[model(default)]
pub struct ChunkProgress {
    /// How many chunks there are.
    pub total_chunks: Option<u32>,
    /// How many of them are done.
    pub processed_chunks: Option<u32>,
    /// The chunk that is being processed, from 0.
    pub current_chunk_index: Option<u32>,
    /// The beginning of that chunk.
    pub current_chunk_preview: Option<String>,
    /// How long a chunk takes on average, in milliseconds.
    pub avg_chunk_time_ms: Option<f64>,
    /// Estimated time until the last chunk is done, in seconds.
    #[field(lenient)]
    pub eta_seconds: Option<u64>,
    /// How many tokens were sent to the model.
    pub tokens_in: Option<u64>,
    /// How many tokens the model answered with.
    pub tokens_out: Option<u64>,
    /// What that cost, in US dollars.
    pub cost_usd: Option<f64>,
    /// Everything else that the server says about it.
    #[field(flatten)]
    pub extra: Map<String, Value>,
}

/// Why a task failed.
#[model(default, eq)]
pub struct TaskError {
    /// What went wrong.
    pub message: Option<String>,
    /// The step that failed, such as `extraction`.
    pub step: Option<String>,
    /// The cause, such as `quota`.
    pub reason: Option<String>,
    /// What to do.
    pub suggestion: Option<String>,
    /// Whether another try may help.
    pub retryable: bool,
}

impl TaskError {
    /// An error with this message and nothing else.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..Self::default() }
    }
}

operations! { "tasks": ListTasks, GetTask, CancelTask, RetryTask }

#[cfg(test)]
mod tests;
