//! [`ListJobs`]: the jobs of a workspace.

use super::*;

/// Lists the jobs of a workspace, a page at a time.
#[operation(GET "/api/v2/workspaces/{workspace_id}/jobs" -> JobList, Required, Safe, Query, new(workspace_id), eq)]
pub struct ListJobs {
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// Jobs in this state.
    pub status: Option<TaskStatus>,
    /// The number of the page, from 1. Default 1.
    pub page: Option<u64>,
    /// How many jobs a page holds.
    pub page_size: Option<u64>,
}

/// One page of jobs.
#[model(answer, known, default)]
pub struct JobList {
    /// The workspace.
    pub workspace_id: Option<WorkspaceId>,
    /// The jobs of this page.
    pub jobs: Vec<Job>,
    /// The place of this page in the list.
    #[field(default)]
    pub pagination: Pagination,
    /// Where more is found.
    pub links: Option<JobListLinks>,
}

/// Where more is found about a list of jobs, as paths.
#[model(default, eq)]
pub struct JobListLinks {
    /// The list itself.
    pub self_link: Option<String>,
    /// The types of jobs.
    pub catalog: Option<String>,
}
