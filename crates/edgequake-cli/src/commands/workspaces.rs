//! `workspaces`: separate bodies of documents within a tenant.

use edgequake_types::workspaces::{CreateWorkspace, ListWorkspaces, Workspace};
use edgequake_types::{TenantId, WorkspaceId};
use serde_json::json;

use super::each::about;
use super::{Listing, list};
use crate::args::workspaces::Command;
use crate::context::Context;
use crate::failure::{Exit, Failure};

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
            let workspace = find(cx, &tenant, &delete.named).await?;
            cx.client.workspaces().delete(&workspace).await.map_err(about(&delete.named))?;
            if cx.out.is_json() {
                return cx.out.json(&json!({ "workspace_id": workspace, "deleted": true }));
            }
            cx.notes.say(format!("workspace {} is deleted", delete.named));
            Ok(())
        }
        Command::Stats(stats) => {
            let workspace = match &stats.named {
                Some(named) => find(cx, &tenant, named).await?,
                None => cx.workspace().unwrap_or_else(WorkspaceId::server_default),
            };
            let named = stats.named.unwrap_or_else(|| workspace.to_string());
            let stats = cx.client.workspaces().stats(&workspace).await.map_err(about(named))?;
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

/// The workspace of the tenant with this ID, else with this slug, else with this name.
async fn find(cx: &Context, tenant: &TenantId, named: &str) -> Result<WorkspaceId, Failure> {
    if let Ok(id) = WorkspaceId::new(named) {
        return Ok(id);
    }
    match cx.client.workspaces().get_by_slug(tenant, named).await {
        Ok(found) => return Ok(found.id),
        Err(error) if error.is_not_found() => {}
        Err(error) => return Err(about(named)(error)),
    }
    let mut items = cx.client.workspaces().list(ListWorkspaces::new(tenant)).items();
    let mut found = Vec::new();
    while let Some(workspace) = items.next().await {
        let workspace = workspace?;
        if workspace.name == named {
            found.push(workspace.id);
        }
    }
    match found.as_slice() {
        [] => Err(Failure::Other {
            text: format!(
                "no workspace of the tenant has the slug or the name {named}; `workspaces list` shows them"
            ),
            source: None,
            exit: Exit::NotFound,
        }),
        [only] => Ok(only.clone()),
        [first, ..] => Err(Failure::usage(format!(
            "{} workspaces of the tenant have the name {named}; name one by its ID, such as {first}",
            found.len()
        ))),
    }
}

fn row(workspace: &Workspace) -> Vec<String> {
    vec![workspace.id.to_string(), workspace.slug.clone(), workspace.name.clone()]
}
