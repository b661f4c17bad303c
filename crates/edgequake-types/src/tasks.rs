//! Tasks: the work that the server does in the background (`/api/v1/tasks/...`).
//!
//! The `task_id` in the answer to an upload is the `track_id` of its task.
//!
//! ```
//! use edgequake_types::{Decode, Endpoint};
//! use edgequake_types::tasks::{GetTask, Task, TaskStatus};
//!
//! let request = GetTask::new("insert-77aa").to_request()?;
//! assert_eq!(request.uri(), "/api/v1/tasks/insert-77aa");
//!
//! let task = Task::decode(r#"{"track_id":"insert-77aa","task_type":"insert","status":"indexed"}"#.into())?;
//! assert_eq!(task.status, TaskStatus::Indexed);
//! assert!(task.status.is_terminal() && task.status.is_success());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use serde::{Deserialize, Serialize};

use crate::TrackId;
use crate::endpoint::endpoint;
use crate::open_enum::open_enum;

mod list;
mod model;

pub use list::{ListTasks, SortOrder, TaskList, TaskSort, TaskStatistics};
pub use model::{Task, TaskError, TaskType};

open_enum! {
    /// The state of a task.
    pub enum TaskStatus {
        /// Waiting for its turn.
        Pending = "pending",
        /// Being worked on.
        Processing = "processing",
        /// Done. Documents and some clients call it `completed`.
        Indexed = "indexed" | "completed",
        /// Failed.
        Failed = "failed",
        /// Cancelled.
        Cancelled = "cancelled",
    }
}

impl TaskStatus {
    /// Whether the work is over, well or badly. A word that is not known is not an end.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Indexed | Self::Failed | Self::Cancelled)
    }

    /// Whether the work is done.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Indexed)
    }
}

/// Declares a request that names one task and nothing else.
macro_rules! task_request {
    ($(#[$docs:meta])* $request:ident) => {
        $(#[$docs])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub struct $request {
            /// The task: `task_id` in the answer to an upload.
            #[serde(skip_serializing)]
            pub track_id: TrackId,
        }

        impl $request {
            /// The task with this id.
            pub fn new(track_id: impl Into<TrackId>) -> Self {
                Self { track_id: track_id.into() }
            }
        }
    };
}

task_request! {
    /// `GET /api/v1/tasks/{track_id}`: how far a task has come.
    ///
    /// Errors: 404 for an unknown task, another workspace's, or one that a restart of the server lost.
    GetTask
}

task_request! {
    /// `POST /api/v1/tasks/{track_id}/cancel`: stops a task.
    ///
    /// Errors: 404 for an unknown task; 409 for one that is done.
    CancelTask
}

task_request! {
    /// `POST /api/v1/tasks/{track_id}/retry`: starts a failed task again.
    ///
    /// Errors: 404 for an unknown task; 409 for one that has not failed or has used up its tries.
    RetryTask
}

endpoint! {
    GET "/api/v1/tasks/{track_id}" (track_id) => GetTask, Task where Required, Safe, None
}

endpoint! {
    POST "/api/v1/tasks/{track_id}/cancel" (track_id) => CancelTask, Option<Task> where Required, Refused, None
}

endpoint! {
    POST "/api/v1/tasks/{track_id}/retry" (track_id) => RetryTask, Option<Task> where Required, Refused, None
}

#[cfg(test)]
mod tests;
