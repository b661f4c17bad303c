//! Workspaces of a tenant.

use edgequake_types::session::Role;
use edgequake_types::workspaces::{
    CreateWorkspace, DeleteWorkspace, GetWorkspace, GetWorkspaceBySlug, GetWorkspaceStats, ListWorkspaces,
    UpdateWorkspace, Workspace, WorkspaceList, WorkspaceStats,
};
use edgequake_types::{TenantId, WorkspaceId};

use super::tenants::{offset_and_limit, visible_tenant};
use crate::app::App;
use crate::config::Era;
use crate::error::Refusal;
use crate::place::Place;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::page::window;
use crate::state::tenancy::{InsertError, MemberRole};
use crate::state::{Directory, new_workspace_id, resources};
use crate::weight;

pub(super) async fn create(call: Call, request: CreateWorkspace) -> Result<Reply<Workspace>, Refusal> {
    if request.name.trim().is_empty() {
        return Err(Refusal::bad_request("name must not be empty"));
    }
    let mut directory = call.app.directory();
    let tenant = visible_tenant(&call, &directory.tenancy, &request.tenant_id)?.clone();
    let role = call.caller.user_id().and_then(|user| directory.tenancy.role_in_tenant(user, &tenant.id));
    let may_create = role.is_some_and(|role| role >= MemberRole::Member);
    if call.app.config.era == Era::C && call.caller.role != Role::Admin && !may_create {
        return Err(Refusal::forbidden("tenant_access_denied"));
    }
    let place = Place { tenant: tenant.id.clone(), workspace: new_workspace_id() };
    let workspace = resources::new_workspace(request, &tenant, place.workspace.clone(), call.now);
    check_size(&workspace)?;
    let inserted = directory.tenancy.insert_workspace(place.clone(), workspace.clone());
    inserted.map_err(|error| refusal(&call, error, &workspace.slug))?;
    if let Some(user) = call.caller.user_id() {
        directory.tenancy.add_member(user.clone(), place.tenant, Some(place.workspace), MemberRole::Owner);
    }
    Ok(Reply::new(workspace))
}

/// The maximum size of a workspace without its documents, in bytes of memory.
const SIZE_LIMIT: usize = 32 * 1024;

/// # Errors
///
/// 422 for settings that have become too large: each change may add roles.
fn check_size(workspace: &Workspace) -> Result<(), Refusal> {
    let size = serde_json::to_value(workspace).map_or(usize::MAX, |value| weight::json(&value));
    if size > SIZE_LIMIT {
        return Err(Refusal::validation(format!(
            "The settings of a workspace must not take more than {SIZE_LIMIT} bytes; leave some out"
        )));
    }
    Ok(())
}

/// 409; era B servers answer with 400.
fn refusal(call: &Call, error: InsertError, slug: &str) -> Refusal {
    let message = match error {
        InsertError::SlugTaken => format!("The slug {slug} is already in use"),
        InsertError::Full => "The server has its maximum number of workspaces".to_owned(),
        InsertError::Quota => "The tenant has reached its maximum number of workspaces".to_owned(),
    };
    match call.app.config.era {
        Era::B => Refusal::bad_request(message),
        Era::C => Refusal::conflict(message),
    }
}

/// The workspaces of a tenant that the caller may access.
fn accessible<'a>(
    call: &Call,
    directory: &'a Directory,
    tenant: &TenantId,
) -> Result<Vec<&'a Workspace>, Refusal> {
    let tenant = visible_tenant(call, &directory.tenancy, tenant)?;
    let mut workspaces = directory.tenancy.workspaces_of(&tenant.id);
    if call.app.config.era == Era::C && call.caller.role != Role::Admin {
        workspaces.retain(|workspace| {
            let place = Place { tenant: tenant.id.clone(), workspace: workspace.id.clone() };
            call.caller.user_id().is_some_and(|user| directory.tenancy.role_in(user, &place).is_some())
        });
    }
    Ok(workspaces)
}

pub(super) async fn list(call: Call, request: ListWorkspaces) -> Result<Reply<WorkspaceList>, Refusal> {
    let directory = call.app.directory();
    let workspaces = accessible(&call, &directory, &request.tenant_id)?;
    let (offset, limit) = offset_and_limit(request.offset, request.limit);
    let total = workspaces.len() as u64;
    let listed = |workspace: &Workspace| {
        let mut workspace = workspace.clone();
        if request.include_stats == Some(true) {
            let place = Place { tenant: request.tenant_id.clone(), workspace: workspace.id.clone() };
            workspace.stats = Some(statistics(&call.app, &place));
        }
        workspace
    };
    let items = window(workspaces, offset, limit).into_iter().map(listed).collect();
    Ok(Reply::new(WorkspaceList::new(items, total, offset, limit)))
}

pub(super) async fn by_slug(call: Call, request: GetWorkspaceBySlug) -> Result<Reply<Workspace>, Refusal> {
    let directory = call.app.directory();
    let found = accessible(&call, &directory, &request.tenant_id)?
        .into_iter()
        .find(|known| known.slug == request.slug);
    found
        .map(|found| Reply::new(found.clone()))
        .ok_or_else(|| Refusal::not_found(format!("workspace {}", request.slug)))
}

/// The place in a path. The tenant is that of the request; workspaces of other tenants are not found.
fn place(call: &Call, id: &WorkspaceId) -> Result<Place, Refusal> {
    match WorkspaceId::new(id.as_str()) {
        Ok(_) if id.as_str() != "default" => {
            Ok(Place { tenant: call.scope.tenant().clone(), workspace: id.clone() })
        }
        _ => Err(Refusal::bad_request("The workspace id must be a UUID")),
    }
}

fn unknown(place: &Place) -> Refusal {
    Refusal::not_found(format!("workspace {}", place.workspace))
}

pub(super) async fn get(call: Call, request: GetWorkspace) -> Result<Reply<Workspace>, Refusal> {
    let place = place(&call, &request.workspace_id)?;
    let directory = call.app.directory();
    directory.tenancy.workspace(&place).map(|found| Reply::new(found.clone())).ok_or_else(|| unknown(&place))
}

pub(super) async fn update(call: Call, request: UpdateWorkspace) -> Result<Reply<Workspace>, Refusal> {
    let place = place(&call, &request.workspace_id)?;
    let mut directory = call.app.directory();
    let stored = directory.tenancy.workspace_mut(&place).ok_or_else(|| unknown(&place))?;
    let mut workspace = stored.clone();
    if let Some(name) = request.name {
        workspace.name = name;
    }
    workspace.is_active = request.is_active.or(workspace.is_active);
    resources::apply_settings(&mut workspace, request.settings, call.now);
    check_size(&workspace)?;
    stored.clone_from(&workspace);
    Ok(Reply::new(workspace))
}

pub(super) async fn delete(call: Call, request: DeleteWorkspace) -> Result<Reply<()>, Refusal> {
    let place = place(&call, &request.workspace_id)?;
    let mut directory = call.app.directory();
    if !directory.tenancy.remove_workspace(&place) {
        return Err(unknown(&place));
    }
    call.app.spaces.remove(&place);
    Ok(Reply::new(()))
}

pub(super) async fn stats(call: Call, request: GetWorkspaceStats) -> Result<Reply<WorkspaceStats>, Refusal> {
    let place = place(&call, &request.workspace_id)?;
    let directory = call.app.directory();
    directory.tenancy.workspace(&place).ok_or_else(|| unknown(&place))?;
    Ok(Reply::new(statistics(&call.app, &place)))
}

fn statistics(app: &App, place: &Place) -> WorkspaceStats {
    let mut stats = WorkspaceStats::new(place.workspace.clone());
    let space = app.spaces.get(place);
    if let Some(contents) = space.as_ref().map(|space| space.contents()) {
        stats.document_count = contents.documents.len() as u64;
        let totals = contents.documents.totals();
        (stats.chunk_count, stats.storage_bytes) = (totals.chunks, totals.content);
        stats.entity_count = contents.graph.entities;
        stats.relationship_count = contents.graph.relationships;
    }
    stats.embedding_count = Some(stats.chunk_count);
    // All entities have the same type.
    stats.entity_type_count = Some(stats.entity_count.min(1));
    stats
}
