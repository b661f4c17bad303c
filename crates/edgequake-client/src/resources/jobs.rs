//! [`Jobs`]: work in the background, of any type.

use edgequake_types::jobs::{CancelJob, CreateJob, GetJob, GetJobCatalog, ListJobs};
use edgequake_types::{IdError, TrackId, WorkspaceId};

use super::resource;
use crate::call::Call;

resource! {
    /// Jobs: `/api/v2/workspaces/{workspace_id}/jobs`; newer servers only.
    ///
    /// Calls are made in the workspace that they name, whatever the client's own is.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::WorkspaceId;
    /// use edgequake_client::types::jobs::{CreateJob, JobType};
    ///
    /// let workspace = WorkspaceId::server_default();
    /// let job = client.jobs().create(CreateJob::new(&workspace, JobType::ReprocessFailed)).await?;
    /// println!("{}", client.jobs().get(&workspace, job.job_id).await?.status);
    /// # Ok(())
    /// # }
    /// ```
    Jobs, jobs
}

impl Jobs<'_> {
    /// `GET /api/v2/workspaces/{workspace_id}/jobs`: a page of jobs.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::WorkspaceId;
    /// use edgequake_client::types::jobs::ListJobs;
    ///
    /// let mut all = client.jobs().list(ListJobs::new(WorkspaceId::server_default())).items();
    /// while let Some(job) = all.next().await {
    ///     println!("{}", job?.job_id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self, list: ListJobs) -> Call<ListJobs> {
        self.client.send(list)
    }

    /// `POST /api/v2/workspaces/{workspace_id}/jobs`: makes a job.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// use edgequake_client::types::WorkspaceId;
    /// use edgequake_client::types::jobs::{CreateJob, JobType};
    ///
    /// let create = CreateJob::new(WorkspaceId::server_default(), JobType::RecoverStuck);
    /// println!("{}", client.jobs().create(create).await?.job_id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self, job: CreateJob) -> Call<CreateJob> {
        self.client.send(job)
    }

    /// `GET /api/v2/workspaces/{workspace_id}/jobs/catalog`: the types of jobs.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// for entry in client.jobs().catalog("default").await?.entries {
    ///     println!("{} {}", entry.job_type, entry.creatable_via_v2);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn catalog(&self, workspace: impl TryInto<WorkspaceId, Error: Into<IdError>>) -> Call<GetJobCatalog> {
        self.client.send_with(workspace, |workspace: WorkspaceId| GetJobCatalog::new(workspace))
    }

    /// `GET /api/v2/workspaces/{workspace_id}/jobs/{job_id}`: a job.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{}", client.jobs().get("default", "insert-77aa").await?.status);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(
        &self,
        workspace: impl TryInto<WorkspaceId, Error: Into<IdError>>,
        job: impl Into<TrackId>,
    ) -> Call<GetJob> {
        self.client.send_with(workspace, |workspace: WorkspaceId| GetJob::new(workspace, job))
    }

    /// `DELETE /api/v2/workspaces/{workspace_id}/jobs/{job_id}`: cancels a job that has not begun.
    ///
    /// ```no_run
    /// # async fn run(client: edgequake_client::Client) -> Result<(), edgequake_client::Error> {
    /// println!("{}", client.jobs().cancel("default", "insert-77aa").await?.status);
    /// # Ok(())
    /// # }
    /// ```
    pub fn cancel(
        &self,
        workspace: impl TryInto<WorkspaceId, Error: Into<IdError>>,
        job: impl Into<TrackId>,
    ) -> Call<CancelJob> {
        self.client.send_with(workspace, |workspace: WorkspaceId| CancelJob::new(workspace, job))
    }
}
