//! The arguments of `workspaces`.

use clap::{Args, Subcommand};
use edgequake_types::is_segment;

use super::{Paging, text};

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
    #[arg(value_parser = text)]
    pub(crate) name: String,
    /// Its name in URLs; default: made from the name
    #[arg(long, value_parser = text)]
    pub(crate) slug: Option<String>,
}

/// Delete a workspace with its documents and its graph.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// The workspace: its ID, its slug, its name, or `default`
    #[arg(value_name = "WORKSPACE", value_parser = name)]
    pub(crate) named: String,
    /// Do not ask for confirmation
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Show how much a workspace contains.
#[derive(Debug, Args)]
pub(crate) struct Stats {
    /// The workspace: its ID, its slug, its name, or `default`; default: the one in use
    #[arg(value_name = "WORKSPACE", value_parser = name)]
    pub(crate) named: Option<String>,
}

fn name(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    if is_segment(text) { Ok(text.to_owned()) } else { Err("it must be an ID, a slug or a name") }
}
