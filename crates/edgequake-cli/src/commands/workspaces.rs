//! `workspaces`: separate bodies of documents within a tenant.

use edgequake_types::workspaces::{CreateWorkspace, ListWorkspaces, Workspace};
use edgequake_types::{TenantId, WorkspaceId};

use super::{Listing, list};
use crate::args::workspaces::Command;
use crate::context::Context;
use crate::failure::Failure;

pub(super) async fn run(cx: &mut Context, command: Command) -> Result<(), Failure> {
    let tenant = cx.tenant().unwrap_or_else(TenantId::server_default);
    match command {
        Command::List(paging) => {
            let listing = Listing {
                header: &["ID", "SLUG", "NAME"],
                optional: &[],
                row: &|it| Some(row(it)),
                all: paging.all,
            };
            list(cx, ListWorkspaces::new(tenant), listing).await.map(drop)
        }
        Command::Create(create) => {
            let mut workspace = CreateWorkspace::new(tenant, create.name);
            workspace.slug = create.slug;
            let created = cx.client.workspaces().create(workspace).await?;
            if cx.out.is_json() { cx.out.json(&created) } else { cx.out.line(created.id.as_str()) }
        }
        Command::Delete(delete) => {
            cx.client.workspaces().delete(&delete.workspace_id).await?;
            cx.notes.say(format!("workspace {} is deleted", delete.workspace_id));
            Ok(())
        }
        Command::Stats(stats) => {
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

fn row(workspace: &Workspace) -> Vec<String> {
    vec![workspace.id.to_string(), workspace.slug.clone(), workspace.name.clone()]
}
