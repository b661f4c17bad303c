//! `tasks`: the server's background tasks.

use edgequake_types::tasks::{ListTasks, Task, TaskStatus};

use super::{Listing, list, or_empty};
use crate::args::tasks::Command;
use crate::context::Context;
use crate::failure::Failure;

pub(super) async fn run(cx: &mut Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::List(options) => {
            let mut request = ListTasks::new();
            request.status = options.status.map(|word| TaskStatus::from(word.as_str()));
            let wanted = request.status.clone();
            // Servers ignore a word that they do not know.
            let shown =
                |task: &Task| wanted.as_ref().is_none_or(|wanted| *wanted == task.status).then(|| row(task));
            let header = &["ID", "STATUS", "TYPE", "CREATED", "FAILURE"];
            let listing = Listing { header, row: &shown, all: options.paging.all };
            list(cx, request, listing).await.map(drop)
        }
        Command::Get(get) => {
            let task = cx.client.tasks().get(get.track_id).await?;
            if cx.out.is_json() { cx.out.json(&task) } else { show(cx, &task) }
        }
    }
}

fn row(task: &Task) -> Vec<String> {
    vec![
        task.track_id.to_string(),
        task.status.to_string(),
        or_empty(task.task_type.as_ref()),
        or_empty(task.created_at.as_ref()),
        or_empty(task.failure().as_ref()),
    ]
}

fn show(cx: &mut Context, task: &Task) -> Result<(), Failure> {
    cx.out.fields(&[
        ("task", task.track_id.to_string()),
        ("type", or_empty(task.task_type.as_ref())),
        ("status", task.status.to_string()),
        ("created", or_empty(task.created_at.as_ref())),
        ("started", or_empty(task.started_at.as_ref())),
        ("completed", or_empty(task.completed_at.as_ref())),
        ("failure", or_empty(task.failure().as_ref())),
    ])
}
