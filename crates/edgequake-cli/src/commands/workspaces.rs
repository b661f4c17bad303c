//! `workspaces`: separate bodies of documents within a tenant.

use clap::Subcommand;
use edgequake_types::workspaces::{CreateWorkspace, ListWorkspaces, Workspace};
use edgequake_types::{TenantId, WorkspaceId};

use super::{Listing, Paging, list};
use crate::cli::workspace;
use crate::context::Context;
use crate::failure::Failure;

/// What is done to workspaces. They are those of --tenant, or of the server's default tenant.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the tenant's workspaces
    List(Paging),
    /// Make a workspace and print its id
    Create(Create),
    /// Delete a workspace with its documents and its graph
    Delete(Delete),
    /// Show how much a workspace holds
    Stats(Stats),
}

/// Make a workspace and print its id.
#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// Its name
    name: String,
    /// Its name for URLs; by default made from the name
    #[arg(long)]
    slug: Option<String>,
}

/// Delete a workspace with its documents and its graph.
#[derive(Debug, clap::Args)]
pub(crate) struct Delete {
    /// The workspace
    #[arg(value_name = "ID", value_parser = workspace)]
    pub(crate) workspace_id: WorkspaceId,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Show how much a workspace holds.
#[derive(Debug, clap::Args)]
pub(crate) struct Stats {
    /// The workspace; by default the one in use
    #[arg(value_name = "ID", value_parser = workspace)]
    workspace_id: Option<WorkspaceId>,
}

impl Command {
    pub(crate) async fn run(self, cx: &mut Context) -> Result<(), Failure> {
        let tenant = cx.tenant().unwrap_or_else(TenantId::server_default);
        match self {
            Self::List(paging) => {
                let listing =
                    Listing { head: &["ID", "SLUG", "NAME"], row: &|it| Some(row(it)), all: paging.all };
                list(cx, ListWorkspaces::new(tenant), listing).await.map(drop)
            }
            Self::Create(create) => {
                let mut workspace = CreateWorkspace::new(tenant, create.name);
                workspace.slug = create.slug;
                let made = cx.client.workspaces().create(workspace).await?;
                if cx.out.is_json() { cx.out.json(&made) } else { cx.out.line(made.id.as_str()) }
            }
            Self::Delete(delete) => {
                cx.client.workspaces().delete(&delete.workspace_id).await?;
                cx.notes.say(format!("workspace {} is deleted", delete.workspace_id));
                Ok(())
            }
            Self::Stats(stats) => {
                let workspace = stats.workspace_id.or_else(|| cx.workspace());
                let workspace = workspace.unwrap_or_else(WorkspaceId::server_default);
                let stats = cx.client.workspaces().stats(&workspace).await?;
                if cx.out.is_json() {
                    return cx.out.json(&stats);
                }
                cx.out.fields(&[
                    ("documents", stats.document_count.to_string()),
                    ("chunks", stats.chunk_count.to_string()),
                    ("entities", stats.entity_count.to_string()),
                    ("relationships", stats.relationship_count.to_string()),
                    ("bytes", stats.storage_bytes.to_string()),
                ])
            }
        }
    }
}

fn row(workspace: &Workspace) -> Vec<String> {
    vec![workspace.id.to_string(), workspace.slug.clone(), workspace.name.clone()]
}
