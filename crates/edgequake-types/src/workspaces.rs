//! Workspaces (`/api/v1/tenants/{tenant_id}/workspaces`, `/api/v1/workspaces/{workspace_id}/...`).
//!
//! Servers demand that a call about one workspace is also sent in it, so these requests name their
//! [`scope`](crate::Endpoint::scope) themselves.
//!
//! For what newer servers are, see [server versions](crate#server-versions).
//!
//! ```
//! use edgequake_types::{Endpoint, WorkspaceId};
//! use edgequake_types::workspaces::{GetWorkspaceStats, UpdateWorkspace};
//!
//! let workspace = WorkspaceId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21")?;
//! let update = UpdateWorkspace::new(&workspace).name("Bridges").max_documents(500);
//! assert_eq!(update.to_request()?.uri(), "/api/v1/workspaces/7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21");
//! assert_eq!(GetWorkspaceStats::new(&workspace).scope().workspace, Some(workspace));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod model;
mod settings;

pub use model::*;
pub use settings::*;

use crate::prelude::*;

/// Creates a workspace. What is `None` comes from the tenant.
///
/// Errors: 404 for an unknown tenant; 400 or 409 for a slug that is taken, and for a tenant that has all the workspaces it
/// may have.
#[operation(POST "/api/v1/tenants/{tenant_id}/workspaces" -> Workspace, Required, Refused, Json, new(tenant_id, name), status = 201)]
pub struct CreateWorkspace {
    /// The tenant that it will belong to.
    pub tenant_id: TenantId,
    /// Its name.
    pub name: String,
    /// Its name for URLs. By default made from the name.
    pub slug: Option<String>,
    /// Everything else.
    #[field(flatten)]
    pub settings: WorkspaceSettings,
}

/// Lists the workspaces of a tenant, a page at a time.
#[operation(GET "/api/v1/tenants/{tenant_id}/workspaces" -> WorkspaceList, Required, Safe, Query, new(tenant_id), eq)]
pub struct ListWorkspaces {
    /// The tenant.
    pub tenant_id: TenantId,
    /// How many workspaces to skip. Default 0.
    pub offset: Option<u64>,
    /// How many workspaces a page holds. Default 20, at most 100.
    pub limit: Option<u64>,
    /// Whether each workspace carries its [`stats`](Workspace::stats). Default false; newer servers only.
    pub include_stats: Option<bool>,
}

offset_list! {
    /// One page of workspaces. Also read as a bare list.
    WorkspaceList { items: Workspace by id } of ListWorkspaces
}

/// Reads the workspace with a slug, its name for URLs.
///
/// Errors: 404.
#[operation(GET "/api/v1/tenants/{tenant_id}/workspaces/by-slug/{slug}" -> Workspace, Required, Safe, None, new(tenant_id, slug), eq)]
pub struct GetWorkspaceBySlug {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The slug.
    pub slug: String,
}

/// Reads one workspace.
///
/// Errors: 404 for an unknown workspace, or another tenant's.
#[operation(GET "/api/v1/workspaces/{workspace_id}" -> Workspace, Required, Safe, None, new(workspace_id), eq)]
pub struct GetWorkspace {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The tenant that it belongs to, for `X-Tenant-ID`. By default the client's.
    #[field(scope)]
    pub tenant_id: Option<TenantId>,
}

/// Changes a workspace. What is `None` stays as it is. Its slug cannot be changed.
///
/// Errors: 403; 404.
#[operation(PUT "/api/v1/workspaces/{workspace_id}" -> Workspace, Required, Safe, Json, new(workspace_id))]
pub struct UpdateWorkspace {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The tenant that it belongs to, for `X-Tenant-ID`. By default the client's.
    #[field(scope)]
    pub tenant_id: Option<TenantId>,
    /// Its new name.
    pub name: Option<String>,
    /// Whether it is active.
    pub is_active: Option<bool>,
    /// Everything else.
    #[field(flatten)]
    pub settings: WorkspaceSettings,
}

/// Deletes a workspace with its documents, its graph and its tasks.
///
/// Errors: 403; 404.
#[operation(DELETE "/api/v1/workspaces/{workspace_id}" -> (), Required, Safe, None, new(workspace_id), eq)]
pub struct DeleteWorkspace {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The tenant that it belongs to, for `X-Tenant-ID`. By default the client's.
    #[field(scope)]
    pub tenant_id: Option<TenantId>,
}

/// Reads the numbers of a workspace. The server caches them for about a minute.
///
/// Errors: 404.
#[operation(GET "/api/v1/workspaces/{workspace_id}/stats" -> WorkspaceStats, Required, Safe, None, new(workspace_id), eq)]
pub struct GetWorkspaceStats {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The tenant that it belongs to, for `X-Tenant-ID`. By default the client's.
    #[field(scope)]
    pub tenant_id: Option<TenantId>,
}

operations! {
    "workspaces": CreateWorkspace, ListWorkspaces, GetWorkspaceBySlug, GetWorkspace, UpdateWorkspace, DeleteWorkspace,
    GetWorkspaceStats
}

#[cfg(test)]
mod tests;
