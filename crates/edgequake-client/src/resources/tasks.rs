//! [`Tasks`]: work in the background.

use edgequake_types::TrackId;
use edgequake_types::tasks::{CancelTask, GetTask, ListTasks, RetryTask};

use super::resource;
use crate::call::Call;

resource! {
    /// Background tasks: `/api/v1/tasks`.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::tasks::ListTasks;
    ///
    /// for task in client.tasks().list(ListTasks::new()).await?.tasks {
    ///     println!("{} {}", task.track_id, task.status);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    Tasks, tasks
}

impl Tasks<'_> {
    /// `GET /api/v1/tasks`: a page of tasks.
    pub fn list(&self, list: ListTasks) -> Call<ListTasks> {
        self.client.send(list)
    }

    /// `GET /api/v1/tasks/{track_id}`: a task.
    pub fn get(&self, task: impl Into<TrackId>) -> Call<GetTask> {
        self.client.send(GetTask::new(task))
    }

    /// `POST /api/v1/tasks/{track_id}/cancel`: cancels a task that is not finished.
    pub fn cancel(&self, task: impl Into<TrackId>) -> Call<CancelTask> {
        self.client.send(CancelTask::new(task))
    }

    /// `POST /api/v1/tasks/{track_id}/retry`: starts a failed task again.
    pub fn retry(&self, task: impl Into<TrackId>) -> Call<RetryTask> {
        self.client.send(RetryTask::new(task))
    }
}
