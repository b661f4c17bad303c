//! Jobs: what the server does in the background, of any type, and how to make one (`/api/v2/workspaces/{workspace_id}/jobs...`); newer
//! servers only.
//!
//! A job is a [task](crate::tasks): its `job_id` is the task's `track_id`. The server demands that a call about the jobs of a workspace is
//! also sent in it, so these requests name their [`scope`](crate::Endpoint::scope) themselves.
//!
//! ```
//! use edgequake_types::{Decode, Endpoint, WorkspaceId};
//! use edgequake_types::jobs::{CreateJob, Job};
//! use edgequake_types::tasks::TaskStatus;
//!
//! let workspace = WorkspaceId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21")?;
//! let request = CreateJob::new(&workspace, "reprocess_failed").to_request()?;
//! assert_eq!(request.uri(), "/api/v2/workspaces/7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21/jobs");
//!
//! let job = Job::from_body(r#"{"job_id":"reindex-1","job_type":"reprocess_failed","status":"pending"}"#)?;
//! assert_eq!(job.status, TaskStatus::Pending);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod list;
mod pages;
mod words;

pub use self::{list::*, words::*};

use crate::prelude::*;
use crate::tasks::TaskStatus;

operations! { "jobs-v2": ListJobs, CreateJob, GetJobCatalog, GetJob, CancelJob }

/// Makes a job.
///
/// Errors: 400 for an unknown type, and for a payload that does not fit it; 403 or 400 for another workspace than the login's.
#[operation(
    POST "/api/v2/workspaces/{workspace_id}/jobs" -> Job, Required, Refused, Json, new(workspace_id, job_type), status = 202
)]
pub struct CreateJob {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// What it does.
    pub job_type: JobType,
    /// What it is given: any JSON, by its type.
    pub payload: Option<Value>,
}

/// A job.
#[model(answer, new(job_id, job_type, status), eq)]
pub struct Job {
    /// Its id, which is that of its task, for [`GetTask`](crate::tasks::GetTask).
    pub job_id: TrackId,
    /// What it does.
    pub job_type: JobType,
    /// Its state.
    pub status: TaskStatus,
    /// The tenant that it belongs to.
    pub tenant_id: Option<TenantId>,
    /// The workspace that it belongs to.
    pub workspace_id: Option<WorkspaceId>,
    /// When it was queued.
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// Where more is found.
    pub links: Option<JobLinks>,
}

/// Where more is found about a job, as paths.
#[model(default, eq)]
pub struct JobLinks {
    /// The job itself.
    pub self_link: Option<String>,
    /// How it is cancelled.
    pub cancel: Option<String>,
    /// The types of jobs.
    pub catalog: Option<String>,
    /// Its task.
    pub v1_task: Option<String>,
}

/// Lists the types of jobs.
///
/// Errors: 400 or 403 for another workspace than the login's.
#[operation(GET "/api/v2/workspaces/{workspace_id}/jobs/catalog" -> JobCatalog, Required, Safe, None, new(workspace_id), eq)]
pub struct GetJobCatalog {
    /// The workspace.
    pub workspace_id: WorkspaceId,
}

/// The answer to [`GetJobCatalog`].
#[model(answer, new(workspace_id, entries), eq)]
pub struct JobCatalog {
    /// The workspace.
    pub workspace_id: Option<WorkspaceId>,
    /// Where jobs are made and listed.
    pub links: Option<CatalogLinks>,
    /// The types.
    #[field(required)]
    pub entries: Vec<JobTypeEntry>,
}

/// Where jobs are made and listed, as paths.
#[model(default, eq)]
pub struct CatalogLinks {
    /// Where they are made.
    pub create: Option<String>,
    /// Where they are listed.
    pub list: Option<String>,
    /// The types of jobs.
    pub catalog: Option<String>,
}

/// A type of jobs.
#[model(new(job_type), eq)]
pub struct JobTypeEntry {
    /// The type.
    pub job_type: JobType,
    /// What such a job does.
    pub description: Option<String>,
    /// Whether [`CreateJob`] makes such jobs.
    pub creatable_via_v2: bool,
    /// The operations that make such jobs.
    pub endpoints: Vec<String>,
    /// The operation whose place it takes.
    pub v1_equivalent: Option<String>,
}

/// Reads a job.
///
/// Errors: 404 for an unknown job.
#[operation(GET "/api/v2/workspaces/{workspace_id}/jobs/{job_id}" -> Job, Required, Safe, None, new(workspace_id, job_id), eq)]
pub struct GetJob {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The job.
    pub job_id: TrackId,
}

/// Cancels a job that has not begun.
///
/// Errors: 404 for an unknown job; 409 for one that has begun.
#[operation(DELETE "/api/v2/workspaces/{workspace_id}/jobs/{job_id}" -> Job, Required, Safe, None, new(workspace_id, job_id), eq)]
pub struct CancelJob {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The job.
    pub job_id: TrackId,
}
