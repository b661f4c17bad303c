//! [`Place`]: a workspace of a tenant.

use edgequake_types::{TenantId, WorkspaceId};

/// A workspace of a tenant, where documents and tasks belong.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) tenant: TenantId,
    pub(crate) workspace: WorkspaceId,
}

impl Place {
    /// The default workspace of the default tenant, which every server has.
    pub(crate) fn server_default() -> Self {
        Self { tenant: TenantId::server_default(), workspace: WorkspaceId::server_default() }
    }
}
