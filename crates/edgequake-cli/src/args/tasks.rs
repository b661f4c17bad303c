//! The arguments of `tasks`.

use clap::{Args, Subcommand};
use edgequake_types::TrackId;
use edgequake_types::tasks::{TaskStatus, TaskType};

use super::{Paging, id, words};

/// What can be done with tasks.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the tasks of the workspace, newest first
    List(List),
    /// Show a task
    Get(Get),
    /// Wait until tasks have ended
    Wait(Wait),
    /// Cancel tasks that have not ended
    Cancel(Cancel),
    /// Start failed tasks again
    Retry(Retry),
}

/// List the tasks of the workspace, newest first.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  edgequake-cli tasks list --status failed --type insert")]
pub(crate) struct List {
    /// Only tasks with this status
    #[arg(long, ignore_case = true, value_parser = words::task_status())]
    pub(crate) status: Option<TaskStatus>,
    /// Only tasks of this type
    #[arg(long = "type", value_name = "TYPE", ignore_case = true, value_parser = words::task_type())]
    pub(crate) task_type: Option<TaskType>,
    #[command(flatten)]
    pub(crate) paging: Paging,
}

/// Show a task.
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// ID of the task
    #[arg(value_name = "ID", value_parser = id::<TrackId>)]
    pub(crate) track_id: TrackId,
}

/// Wait until tasks have ended, and show how each did.
///
/// All of them are waited for at once, for at most --timeout together; default: 10 minutes. With --json
/// each is printed as it ends, as one line.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 if all succeeded, 5 if one is unknown, 7 if the time was over, 1 if
one has failed or was cancelled, or for several reasons.

Example:
  edgequake-cli tasks wait ID1 ID2 --timeout 60")]
pub(crate) struct Wait {
    /// IDs of the tasks
    #[arg(value_name = "ID", required = true, value_parser = id::<TrackId>)]
    pub(crate) track_ids: Vec<TrackId>,
}

/// Cancel tasks that have not ended.
#[derive(Debug, Args)]
pub(crate) struct Cancel {
    /// IDs of the tasks
    #[arg(value_name = "ID", required = true, value_parser = id::<TrackId>)]
    pub(crate) track_ids: Vec<TrackId>,
}

/// Start failed tasks again.
#[derive(Debug, Args)]
pub(crate) struct Retry {
    /// IDs of the tasks
    #[arg(value_name = "ID", required = true, value_parser = id::<TrackId>)]
    pub(crate) track_ids: Vec<TrackId>,
}
