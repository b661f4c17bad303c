//! Cancels a task, whatever it works on.

use std::sync::Arc;

use edgequake_types::TrackId;
use edgequake_types::tasks::{Task, TaskType};

use crate::app::App;
use crate::state::space::Space;
use crate::{conversions, injecting, processing};

/// The task, once it is cancelled; `None` if it is not at work, or is a job over many documents that has begun.
pub(crate) fn cancel_task(app: &Arc<App>, space: &Arc<Space>, task: &TrackId) -> Option<Task> {
    let (pdf, injection) = {
        let mut contents = space.contents();
        if contents.tasks.get(task)?.task.task_type == Some(TaskType::Reindex) {
            return contents.tasks.cancel_pending(task, app.clock.timestamp());
        }
        let pdf = contents.pdfs.of_task(task).map(|pdf| pdf.id.clone());
        (pdf, contents.injections.of_task(task).map(|injection| injection.id.clone()))
    };
    match (pdf, injection) {
        (Some(pdf), _) => conversions::cancel(app, space, &pdf)?,
        (None, Some(injection)) => injecting::cancel(app, space, &injection)?,
        (None, None) => return processing::cancel(app, space, task),
    }
    space.contents().tasks.get(task).map(|stored| stored.task.clone())
}
