//! `tasks`: the server's work in the background.

use clap::Subcommand;
use edgequake_types::TrackId;
use edgequake_types::tasks::{ListTasks, Task, TaskStatus};

use super::{Listing, Paging, list, text, time};
use crate::context::Context;
use crate::failure::Failure;

/// What is done to tasks.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the tasks of the workspace, the newest first
    List(List),
    /// Show a task
    Get(Get),
}

/// List the tasks of the workspace, the newest first.
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only those in this state: pending, processing, indexed, failed or cancelled
    #[arg(long)]
    status: Option<String>,
    #[command(flatten)]
    paging: Paging,
}

/// Show a task.
#[derive(Debug, clap::Args)]
pub(crate) struct Get {
    /// The id of the task
    #[arg(value_name = "ID")]
    track_id: TrackId,
}

impl Command {
    pub(crate) async fn run(self, cx: &mut Context) -> Result<(), Failure> {
        match self {
            Self::List(options) => {
                let mut request = ListTasks::new();
                request.status = options.status.map(|word| TaskStatus::from(word.as_str()));
                let wanted = request.status.clone();
                // Servers ignore a word that they do not know.
                let shown = |task: &Task| {
                    wanted.as_ref().is_none_or(|wanted| *wanted == task.status).then(|| row(task))
                };
                let head = &["ID", "STATUS", "TYPE", "CREATED", "FAILURE"];
                let listing = Listing { head, row: &shown, all: options.paging.all };
                list(cx, request, listing).await.map(drop)
            }
            Self::Get(get) => {
                let task = cx.client.tasks().get(get.track_id).await?;
                if cx.out.is_json() { cx.out.json(&task) } else { show(cx, &task) }
            }
        }
    }
}

fn row(task: &Task) -> Vec<String> {
    vec![
        task.track_id.to_string(),
        task.status.to_string(),
        text(task.task_type.as_ref()),
        time(task.created_at.as_ref()),
        text(task.failure().as_ref()),
    ]
}

fn show(cx: &mut Context, task: &Task) -> Result<(), Failure> {
    cx.out.fields(&[
        ("task", task.track_id.to_string()),
        ("type", text(task.task_type.as_ref())),
        ("status", task.status.to_string()),
        ("created", time(task.created_at.as_ref())),
        ("started", time(task.started_at.as_ref())),
        ("completed", time(task.completed_at.as_ref())),
        ("failure", text(task.failure().as_ref())),
    ])
}
