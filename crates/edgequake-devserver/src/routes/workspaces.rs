//! Workspaces of a tenant.

use edgequake_types::session::Role;
use edgequake_types::workspaces::{
    CreateWorkspace, DeleteWorkspace, GetWorkspace, GetWorkspaceBySlug, GetWorkspaceStats, ListWorkspaces,
    UpdateWorkspace, Workspace, WorkspaceList, WorkspaceStats,
};
use edgequake_types::{TenantId, WorkspaceId};

use super::tenants::{offset_and_limit, visible_tenant};
use crate::config::Era;
use crate::error::Refusal;
use crate::place::Place;
use crate::reply::Reply;
use crate::route::Call;
use crate::state::page::window;
use crate::state::tenancy::{InsertError, MemberRole};
use crate::state::{Store, new_workspace_id, resources};

pub(super) async fn create(call: Call, request: CreateWorkspace) -> Result<Reply<Workspace>, Refusal> {
    if request.name.trim().is_empty() {
        return Err(Refusal::bad_request("name must not be empty"));
    }
    let mut store = call.app.store();
    let tenant = visible_tenant(&call, &store.tenancy, &request.tenant_id)?.clone();
    let role = call.caller.user_id().and_then(|user| store.tenancy.role_in_tenant(user, &tenant.id));
    let may_create = role.is_some_and(|role| role >= MemberRole::Member);
    if call.app.config.era == Era::C && call.caller.role != Role::Admin && !may_create {
        return Err(Refusal::forbidden("tenant_access_denied"));
    }
    let place = Place { tenant: tenant.id.clone(), workspace: new_workspace_id() };
    let workspace = resources::new_workspace(request, &tenant, place.workspace.clone(), call.now);
    let inserted = store.tenancy.insert_workspace(place.clone(), workspace.clone());
    inserted.map_err(|error| refusal(&call, error, &workspace.slug))?;
    if let Some(user) = call.caller.user_id() {
        store.tenancy.add_member(user.clone(), place.tenant, Some(place.workspace), MemberRole::Owner);
    }
    Ok(Reply::new(workspace))
}

/// 409; era B servers answer with 400.
fn refusal(call: &Call, error: InsertError, slug: &str) -> Refusal {
    let message = match error {
        InsertError::SlugTaken => format!("The slug {slug} is already in use"),
        InsertError::Quota => "The tenant has reached its maximum number of workspaces".to_owned(),
    };
    match call.app.config.era {
        Era::B => Refusal::bad_request(message),
        Era::C => Refusal::conflict(message),
    }
}

/// The workspaces of a tenant that the caller may access.
fn accessible<'a>(call: &Call, store: &'a Store, tenant: &TenantId) -> Result<Vec<&'a Workspace>, Refusal> {
    let tenant = visible_tenant(call, &store.tenancy, tenant)?;
    let mut workspaces = store.tenancy.workspaces_of(&tenant.id);
    if call.app.config.era == Era::C && call.caller.role != Role::Admin {
        workspaces.retain(|workspace| {
            let place = Place { tenant: tenant.id.clone(), workspace: workspace.id.clone() };
            call.caller.user_id().is_some_and(|user| store.tenancy.role_in(user, &place).is_some())
        });
    }
    Ok(workspaces)
}

pub(super) async fn list(call: Call, request: ListWorkspaces) -> Result<Reply<WorkspaceList>, Refusal> {
    let store = call.app.store();
    let workspaces = accessible(&call, &store, &request.tenant_id)?;
    let (offset, limit) = offset_and_limit(request.offset, request.limit);
    let total = workspaces.len() as u64;
    let listed = |workspace: &Workspace| {
        let mut workspace = workspace.clone();
        if request.include_stats == Some(true) {
            let place = Place { tenant: request.tenant_id.clone(), workspace: workspace.id.clone() };
            workspace.stats = Some(statistics(&store, &place));
        }
        workspace
    };
    let items = window(workspaces, offset, limit).into_iter().map(listed).collect();
    Ok(Reply::new(WorkspaceList::new(items, total, offset, limit)))
}

pub(super) async fn by_slug(call: Call, request: GetWorkspaceBySlug) -> Result<Reply<Workspace>, Refusal> {
    let store = call.app.store();
    let found =
        accessible(&call, &store, &request.tenant_id)?.into_iter().find(|known| known.slug == request.slug);
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
    let store = call.app.store();
    store.tenancy.workspace(&place).map(|found| Reply::new(found.clone())).ok_or_else(|| unknown(&place))
}

pub(super) async fn update(call: Call, request: UpdateWorkspace) -> Result<Reply<Workspace>, Refusal> {
    let place = place(&call, &request.workspace_id)?;
    let mut store = call.app.store();
    let workspace = store.tenancy.workspace_mut(&place).ok_or_else(|| unknown(&place))?;
    if let Some(name) = request.name {
        workspace.name = name;
    }
    workspace.is_active = request.is_active.or(workspace.is_active);
    resources::apply_settings(workspace, request.settings, call.now);
    Ok(Reply::new(workspace.clone()))
}

pub(super) async fn delete(call: Call, request: DeleteWorkspace) -> Result<Reply<()>, Refusal> {
    let place = place(&call, &request.workspace_id)?;
    let mut store = call.app.store();
    if !store.tenancy.remove_workspace(&place) {
        return Err(unknown(&place));
    }
    store.remove_place(&place);
    Ok(Reply::new(()))
}

pub(super) async fn stats(call: Call, request: GetWorkspaceStats) -> Result<Reply<WorkspaceStats>, Refusal> {
    let place = place(&call, &request.workspace_id)?;
    let store = call.app.store();
    store.tenancy.workspace(&place).ok_or_else(|| unknown(&place))?;
    Ok(Reply::new(statistics(&store, &place)))
}

fn statistics(store: &Store, place: &Place) -> WorkspaceStats {
    let documents = store.documents.in_place(place);
    let mut stats = WorkspaceStats::new(place.workspace.clone());
    stats.document_count = documents.len() as u64;
    stats.chunk_count = documents.iter().map(|document| document.chunk_count).sum();
    stats.embedding_count = Some(stats.chunk_count);
    stats.entity_type_count = Some(0);
    stats.storage_bytes = documents.iter().map(|document| document.content.len() as u64).sum();
    stats
}
