//! The arguments of `tasks`.

use clap::{Args, Subcommand};
use edgequake_types::TrackId;

use super::Paging;

/// What can be done with tasks.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the tasks of the workspace, newest first
    List(List),
    /// Show a task
    Get(Get),
}

/// List the tasks of the workspace, newest first.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only tasks with this status: pending, processing, indexed, failed or cancelled
    #[arg(long)]
    pub(crate) status: Option<String>,
    #[command(flatten)]
    pub(crate) paging: Paging,
}

/// Show a task.
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// ID of the task
    #[arg(value_name = "ID")]
    pub(crate) track_id: TrackId,
}
