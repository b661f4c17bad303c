//! [`Injections`]: short texts that a workspace knows beside its documents.

use edgequake_types::injections::{
    AddInjection, DeleteInjection, GetInjection, ListInjections, UpdateInjection, UploadInjection,
};
use edgequake_types::{IdError, InjectionId, WorkspaceId};

use super::resource;
use crate::call::Call;

resource! {
    /// Injected knowledge: `/api/v1/workspaces/{workspace_id}/injections`.
    ///
    /// Calls are made in the workspace that they name, whatever the client's own is.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// let added = client.injections().add("default", "Glossary", "GG: the Golden Gate Bridge").await?;
    /// println!("{} {}", added.injection_id, added.status);
    /// # Ok(())
    /// # }
    /// ```
    Injections, injections
}

impl Injections<'_> {
    /// `PUT /api/v1/workspaces/{workspace_id}/injection`: adds a text. Each call makes another injection.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{}", client.injections().add("default", "Glossary", "GG: the Golden Gate Bridge").await?.injection_id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn add(
        &self,
        workspace: impl TryInto<WorkspaceId, Error: Into<IdError>>,
        name: impl Into<String>,
        content: impl Into<String>,
    ) -> Call<AddInjection> {
        self.client.send_with(workspace, |workspace: WorkspaceId| AddInjection::new(workspace, name, content))
    }

    /// `PUT /api/v1/workspaces/{workspace_id}/injection/file`: adds a text that is in a file.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::WorkspaceId;
    /// use edgequake_client::types::injections::UploadInjection;
    ///
    /// let workspace = WorkspaceId::server_default();
    /// let upload = UploadInjection::from_bytes(workspace, "Glossary", "glossary.txt", "GG: the Golden Gate Bridge");
    /// println!("{}", client.injections().upload(upload).await?.injection_id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload(&self, upload: UploadInjection) -> Call<UploadInjection> {
        self.client.send(upload)
    }

    /// `GET /api/v1/workspaces/{workspace_id}/injections`: a page of injections.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::WorkspaceId;
    /// use edgequake_client::types::injections::ListInjections;
    ///
    /// let mut all = client.injections().list(ListInjections::new(WorkspaceId::server_default())).items();
    /// while let Some(injection) = all.next().await {
    ///     println!("{}", injection?.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self, list: ListInjections) -> Call<ListInjections> {
        self.client.send(list)
    }

    /// `GET /api/v1/workspaces/{workspace_id}/injections/{injection_id}`: an injection with its text.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{}", client.injections().get("default", "i-1").await?.content);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(
        &self,
        workspace: impl TryInto<WorkspaceId, Error: Into<IdError>>,
        injection: impl Into<InjectionId>,
    ) -> Call<GetInjection> {
        self.client.send_with(workspace, |workspace: WorkspaceId| GetInjection::new(workspace, injection))
    }

    /// `PATCH /api/v1/workspaces/{workspace_id}/injections/{injection_id}`: changes an injection.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::WorkspaceId;
    /// use edgequake_client::types::injections::UpdateInjection;
    ///
    /// let update = UpdateInjection::new(WorkspaceId::server_default(), "i-1").name("Terms");
    /// println!("{}", client.injections().update(update).await?.version);
    /// # Ok(())
    /// # }
    /// ```
    pub fn update(&self, update: UpdateInjection) -> Call<UpdateInjection> {
        self.client.send(update)
    }

    /// `DELETE /api/v1/workspaces/{workspace_id}/injections/{injection_id}`: deletes an injection.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// assert!(client.injections().delete("default", "i-1").await?.deleted);
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(
        &self,
        workspace: impl TryInto<WorkspaceId, Error: Into<IdError>>,
        injection: impl Into<InjectionId>,
    ) -> Call<DeleteInjection> {
        self.client.send_with(workspace, |workspace: WorkspaceId| DeleteInjection::new(workspace, injection))
    }
}
