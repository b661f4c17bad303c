//! Requests about one workspace. Each is sent in the scope of that workspace, and of its tenant where it is known.

use serde::{Deserialize, Serialize};

use super::{Workspace, WorkspaceSettings, WorkspaceStats};
use crate::endpoint::{endpoint, setters};
use crate::{Scope, TenantId, WorkspaceId, tolerant};

/// Declares a request about one workspace that carries nothing else.
macro_rules! workspace_request {
    ($(#[$docs:meta])* $request:ident) => {
        $(#[$docs])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub struct $request {
            /// The workspace.
            #[serde(skip_serializing)]
            pub workspace_id: WorkspaceId,
            /// The tenant that it belongs to, for `X-Tenant-ID`. By default the client's.
            #[serde(skip)]
            pub tenant_id: Option<TenantId>,
        }

        impl $request {
            /// The workspace with this id.
            pub fn new(workspace_id: impl Into<WorkspaceId>) -> Self {
                Self { workspace_id: workspace_id.into(), tenant_id: None }
            }
        }

        setters! {
            $request { tenant_id: TenantId }
        }
    };
}

workspace_request! {
    /// `GET /api/v1/workspaces/{workspace_id}`: one workspace.
    ///
    /// Errors: 404 for an unknown workspace, or another tenant's.
    GetWorkspace
}

workspace_request! {
    /// `DELETE /api/v1/workspaces/{workspace_id}`: removes a workspace with all its documents; answers 204.
    ///
    /// Errors: 403; 404.
    DeleteWorkspace
}

workspace_request! {
    /// `GET /api/v1/workspaces/{workspace_id}/stats`: the numbers of a workspace.
    ///
    /// Errors: 404.
    GetWorkspaceStats
}

/// `PUT /api/v1/workspaces/{workspace_id}`: changes a workspace. What is `None` stays as it is.
///
/// Errors: 403; 404.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UpdateWorkspace {
    /// The workspace.
    #[serde(skip_serializing)]
    pub workspace_id: WorkspaceId,
    /// The tenant that it belongs to, for `X-Tenant-ID`. By default the client's.
    #[serde(skip)]
    pub tenant_id: Option<TenantId>,
    /// Its new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it is in force.
    #[serde(default, deserialize_with = "tolerant::optional_flag", skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
    /// Everything else.
    #[serde(flatten)]
    pub settings: WorkspaceSettings,
}

impl UpdateWorkspace {
    /// A change of this workspace; the setters say what changes.
    pub fn new(workspace_id: impl Into<WorkspaceId>) -> Self {
        Self {
            workspace_id: workspace_id.into(),
            tenant_id: None,
            name: None,
            is_active: None,
            settings: WorkspaceSettings::default(),
        }
    }
}

setters! {
    UpdateWorkspace {
        tenant_id: TenantId,
        name: String,
        is_active: bool,
    }
}

/// Declares an endpoint that is sent in the scope of its workspace.
macro_rules! scoped_endpoint {
    ($method:ident $path:literal => $request:ty, $response:ty where $retry:ident, $payload:ident) => {
        endpoint! {
            $method $path (workspace_id) => $request, $response where Required, $retry, $payload {
                fn scope(&self) -> Scope {
                    Scope { tenant: self.tenant_id.clone(), workspace: Some(self.workspace_id.clone()) }
                }
            }
        }
    };
}

scoped_endpoint! { GET "/api/v1/workspaces/{workspace_id}" => GetWorkspace, Workspace where Safe, None }
scoped_endpoint! { PUT "/api/v1/workspaces/{workspace_id}" => UpdateWorkspace, Workspace where Safe, Json }
scoped_endpoint! { DELETE "/api/v1/workspaces/{workspace_id}" => DeleteWorkspace, () where Safe, None }
scoped_endpoint! { GET "/api/v1/workspaces/{workspace_id}/stats" => GetWorkspaceStats, WorkspaceStats where Safe, None }
