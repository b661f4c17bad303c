//! The arguments of `workspaces`.

use clap::{Args, Subcommand};
use edgequake_types::WorkspaceId;

use super::Paging;
use super::global::workspace;

/// What can be done with workspaces: those of --tenant, or of the server's default tenant.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the tenant's workspaces
    List(Paging),
    /// Create a workspace and print its ID
    Create(Create),
    /// Delete a workspace with its documents and its graph
    Delete(Delete),
    /// Show how much a workspace contains
    Stats(Stats),
}

/// Create a workspace and print its ID.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// Its name
    pub(crate) name: String,
    /// Its name in URLs; default: made from the name
    #[arg(long)]
    pub(crate) slug: Option<String>,
}

/// Delete a workspace with its documents and its graph.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// ID of the workspace
    #[arg(value_name = "ID", value_parser = workspace)]
    pub(crate) workspace_id: WorkspaceId,
    /// Do not ask for confirmation
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Show how much a workspace contains.
#[derive(Debug, Args)]
pub(crate) struct Stats {
    /// ID of the workspace; default: the one in use
    #[arg(value_name = "ID", value_parser = workspace)]
    pub(crate) workspace_id: Option<WorkspaceId>,
}
