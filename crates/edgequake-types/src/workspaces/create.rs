//! [`CreateWorkspace`].

use serde::{Deserialize, Serialize};

use super::{Workspace, WorkspaceSettings};
use crate::TenantId;
use crate::endpoint::{endpoint, setters};

/// `POST /api/v1/tenants/{tenant_id}/workspaces`: makes a workspace. Not repeated after an ambiguous failure.
///
/// Errors: 404 for an unknown tenant; 400 or 409 for a slug that is taken, and for a tenant with all the workspaces it may
/// have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CreateWorkspace {
    /// The tenant that it will belong to.
    #[serde(skip_serializing)]
    pub tenant_id: TenantId,
    /// Its name.
    pub name: String,
    /// Its name for URLs. By default made from the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// Everything else; by default the tenant's.
    #[serde(flatten)]
    pub settings: WorkspaceSettings,
}

impl CreateWorkspace {
    /// A workspace with the tenant's defaults.
    pub fn new(tenant_id: impl Into<TenantId>, name: impl Into<String>) -> Self {
        Self {
            tenant_id: tenant_id.into(),
            name: name.into(),
            slug: None,
            settings: WorkspaceSettings::default(),
        }
    }
}

setters! {
    CreateWorkspace { slug: String }
}

endpoint! {
    POST "/api/v1/tenants/{tenant_id}/workspaces" (tenant_id) => CreateWorkspace, Workspace where Required, Refused, Json
}
