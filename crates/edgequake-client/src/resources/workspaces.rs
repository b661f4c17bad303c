//! [`Workspaces`]: separate bodies of documents within a tenant.

use edgequake_types::workspaces::{
    CreateWorkspace, DeleteWorkspace, GetWorkspace, GetWorkspaceBySlug, GetWorkspaceStats, ListWorkspaces,
    UpdateWorkspace,
};
use edgequake_types::{IdError, TenantId, WorkspaceId};

use super::resource;
use crate::call::Call;

resource! {
    /// Workspaces: `/api/v1/tenants/{tenant_id}/workspaces` and `/api/v1/workspaces/{workspace_id}`.
    ///
    /// Calls about one workspace are made in that workspace, whatever the client's own is, because the server demands it. The
    /// tenant stays the client's: it has to be the one the workspace belongs to.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::TenantId;
    /// use edgequake_client::types::workspaces::CreateWorkspace;
    ///
    /// let tenant = TenantId::server_default();
    /// let workspace = client.workspaces().create(CreateWorkspace::new(&tenant, "Archive")).await?;
    /// let archive = client.with_tenant(&tenant).with_workspace(&workspace.id);
    /// println!("{}", archive.workspaces().stats(&workspace.id).await?.document_count);
    /// # Ok(())
    /// # }
    /// ```
    Workspaces, workspaces
}

impl Workspaces<'_> {
    /// `POST /api/v1/tenants/{tenant_id}/workspaces`: makes a workspace.
    pub fn create(&self, workspace: CreateWorkspace) -> Call<CreateWorkspace> {
        self.client.send(workspace)
    }

    /// `GET /api/v1/tenants/{tenant_id}/workspaces`: a page of a tenant's workspaces.
    pub fn list(&self, list: ListWorkspaces) -> Call<ListWorkspaces> {
        self.client.send(list)
    }

    /// `GET /api/v1/tenants/{tenant_id}/workspaces/by-slug/{slug}`: the workspace with this short name.
    pub fn get_by_slug(
        &self,
        tenant: impl TryInto<TenantId, Error: Into<IdError>>,
        slug: impl Into<String>,
    ) -> Call<GetWorkspaceBySlug> {
        self.client.send_with(tenant, |tenant: TenantId| GetWorkspaceBySlug::new(tenant, slug))
    }

    /// `GET /api/v1/workspaces/{workspace_id}`: a workspace.
    pub fn get(&self, workspace: impl TryInto<WorkspaceId, Error: Into<IdError>>) -> Call<GetWorkspace> {
        self.client.send_with(workspace, |workspace: WorkspaceId| GetWorkspace::new(workspace))
    }

    /// `PUT /api/v1/workspaces/{workspace_id}`: changes a workspace.
    pub fn update(&self, update: UpdateWorkspace) -> Call<UpdateWorkspace> {
        self.client.send(update)
    }

    /// `DELETE /api/v1/workspaces/{workspace_id}`: deletes a workspace with its documents and its graph.
    pub fn delete(
        &self,
        workspace: impl TryInto<WorkspaceId, Error: Into<IdError>>,
    ) -> Call<DeleteWorkspace> {
        self.client.send_with(workspace, |workspace: WorkspaceId| DeleteWorkspace::new(workspace))
    }

    /// `GET /api/v1/workspaces/{workspace_id}/stats`: how much a workspace holds. The server may be a minute behind.
    pub fn stats(
        &self,
        workspace: impl TryInto<WorkspaceId, Error: Into<IdError>>,
    ) -> Call<GetWorkspaceStats> {
        self.client.send_with(workspace, |workspace: WorkspaceId| GetWorkspaceStats::new(workspace))
    }
}
