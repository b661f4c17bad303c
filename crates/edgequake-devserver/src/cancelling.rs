//! Cancels a task, whatever it works on.

use std::sync::Arc;

use edgequake_types::TrackId;
use edgequake_types::tasks::Task;

use crate::app::App;
use crate::state::space::Space;
use crate::{conversions, injecting, processing};

/// The task, once it is cancelled; `None` if it is not at work.
pub(crate) fn cancel_task(app: &Arc<App>, space: &Arc<Space>, task: &TrackId) -> Option<Task> {
    let (pdf, injection) = {
        let contents = space.contents();
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
