//! Jobs, which are tasks by another name, and the types of them.

use std::sync::Arc;

use edgequake_types::jobs::{
    CancelJob, CatalogLinks, CreateJob, GetJob, GetJobCatalog, Job, JobCatalog, JobLinks, JobList,
    JobListLinks, JobType, JobTypeEntry, ListJobs,
};
use edgequake_types::tasks::{Task, TaskStatus, TaskType};
use edgequake_types::{Pagination, TrackId, WorkspaceId};
use http::header::{HeaderValue, LOCATION};
use serde_json::{Value, json};

use crate::auth::scope::workspace_id;
use crate::cancelling;
use crate::error::Refusal;
use crate::place::Place;
use crate::reply::Reply;
use crate::reworking::{self, Selection};
use crate::route::Call;
use crate::state::page::Page;
use crate::state::space::Space;

/// The maximum size of a page.
const MAX_PAGE: u64 = 100;

/// A type of jobs: what it does, which documents it processes again if it is made here, and the operation whose place it takes.
struct Entry {
    job_type: JobType,
    description: &'static str,
    selection: Option<Selection>,
    endpoint: &'static str,
}

/// All types that the real server knows.
fn catalog() -> [Entry; 12] {
    let entry =
        |job_type, description, selection, endpoint| Entry { job_type, description, selection, endpoint };
    let rebuild = "POST /api/v1/workspaces/{workspace_id}/rebuild-embeddings";
    let regraph = "POST /api/v1/workspaces/{workspace_id}/rebuild-knowledge-graph";
    let again = "POST /api/v1/workspaces/{workspace_id}/reprocess-documents";
    let inject = "PUT /api/v1/workspaces/{workspace_id}/injection";
    [
        entry(JobType::Upload, "Ingests an uploaded file", None, "POST /api/v1/documents/upload"),
        entry(JobType::Insert, "Ingests a text", None, "POST /api/v1/documents"),
        entry(JobType::PdfProcessing, "Converts a PDF", None, "POST /api/v1/documents/pdf"),
        entry(JobType::KnowledgeInjection, "Ingests injected knowledge", None, inject),
        entry(JobType::RebuildEmbeddings, "Embeds all chunks again", Some(Selection::All), rebuild),
        entry(JobType::RebuildKnowledgeGraph, "Extracts the graph again", Some(Selection::All), regraph),
        entry(JobType::ReprocessAll, "Processes all documents again", Some(Selection::All), again),
        entry(
            JobType::ReprocessFailed,
            "Processes documents again that failed or were cancelled",
            Some(Selection::Failed),
            "POST /api/v1/documents/reprocess",
        ),
        entry(
            JobType::RecoverStuck,
            "Queues documents again that are stuck",
            Some(Selection::Stuck),
            "POST /api/v1/documents/recover-stuck",
        ),
        entry(
            JobType::ReanalyzeMultimodal,
            "Analyzes pictures, tables and formulas again; no document has any here",
            Some(Selection::None),
            "POST /api/v1/documents/{document_id}/reanalyze",
        ),
        entry(JobType::Scan, "Scans a directory of the server", None, "POST /api/v1/documents/scan"),
        entry(JobType::Reindex, "Ingests a document again", None, "POST /api/v1/documents/reprocess"),
    ]
}

/// The workspace of a request, which the path must name as well.
///
/// # Errors
///
/// 400 where the two differ.
fn place(call: &Call, in_path: &WorkspaceId) -> Result<Place, Refusal> {
    let place = call.workspace(Refusal::bad_request)?;
    if workspace_id(in_path.as_str()).as_ref() != Some(&place.workspace) {
        return Err(Refusal::bad_request("The path must name the workspace of X-Workspace-ID"));
    }
    Ok(place)
}

fn base(place: &Place) -> String {
    format!("/api/v2/workspaces/{}/jobs", place.workspace)
}

fn catalog_link(place: &Place) -> Option<String> {
    Some(format!("{}/catalog", base(place)))
}

fn link(place: &Place, id: &TrackId) -> String {
    format!("{}/{id}", base(place))
}

fn job(place: &Place, task: &Task) -> Job {
    let made = task.metadata.as_ref().and_then(|metadata| metadata.get(reworking::JOB_TYPE)?.as_str());
    let kind = made.or(task.task_type.as_ref().map(TaskType::as_str)).unwrap_or_default();
    let mut job = Job::new(task.track_id.clone(), JobType::from(kind), task.status.clone());
    job.tenant_id.clone_from(&task.tenant_id);
    job.workspace_id.clone_from(&task.workspace_id);
    job.created_at.clone_from(&task.created_at);
    job.updated_at.clone_from(&task.updated_at);
    let own = link(place, &task.track_id);
    let mut links = JobLinks::default();
    (links.self_link, links.cancel) = (Some(own.clone()), Some(own));
    links.catalog = catalog_link(place);
    links.v1_task = Some(format!("/api/v1/tasks/{}", task.track_id));
    job.links = Some(links);
    job
}

pub(super) async fn list(call: Call, request: ListJobs) -> Result<Reply<JobList>, Refusal> {
    let place = place(&call, &request.workspace_id)?;
    let space = call.app.spaces.get(&place);
    let contents = space.as_ref().map(|space| space.contents());
    let tasks = contents.as_ref().map(|contents| contents.tasks.newest_first()).into_iter().flatten();
    let tasks = tasks.map(|stored| &stored.task);
    let fitting = tasks.filter(|task| request.status.as_ref().is_none_or(|status| task.status == *status));
    let page = Page::new(fitting.collect(), request.page, request.page_size, MAX_PAGE);
    let pagination = Pagination::new(page.total, page.page, page.page_size);
    let mut list = JobList::new(page.items.into_iter().map(|task| job(&place, task)).collect(), pagination);
    list.workspace_id = Some(place.workspace.clone());
    let mut links = JobListLinks::default();
    (links.self_link, links.catalog) = (Some(base(&place)), catalog_link(&place));
    list.links = Some(links);
    Ok(Reply::new(list))
}

pub(super) async fn types(call: Call, request: GetJobCatalog) -> Result<Reply<JobCatalog>, Refusal> {
    let place = place(&call, &request.workspace_id)?;
    let entries = catalog().map(|entry| {
        let mut told = JobTypeEntry::new(entry.job_type);
        told.description = Some(entry.description.to_owned());
        told.creatable_via_v2 = entry.selection.is_some();
        told.endpoints.push(entry.endpoint.to_owned());
        if told.creatable_via_v2 {
            told.endpoints.insert(0, "POST /api/v2/workspaces/{workspace_id}/jobs".to_owned());
        }
        told.v1_equivalent = Some(entry.endpoint.to_owned());
        told
    });
    let mut catalog = JobCatalog::new(place.workspace.clone(), Vec::from(entries));
    let mut links = CatalogLinks::default();
    (links.create, links.list) = (Some(base(&place)), Some(base(&place)));
    links.catalog = catalog_link(&place);
    catalog.links = Some(links);
    Ok(Reply::new(catalog))
}

/// Only what works on documents that are there is made here. What the others are given is not known.
pub(super) async fn create(call: Call, request: CreateJob) -> Result<Reply<Job>, Refusal> {
    let place = place(&call, &request.workspace_id)?;
    let entry = catalog().into_iter().find(|entry| entry.job_type == request.job_type);
    let Some(entry) = entry else {
        return Err(Refusal::bad_request(format!("There is no job_type {:?}", request.job_type.as_str())));
    };
    let Some(selection) = entry.selection else {
        let message = format!("The job_type {} cannot be made here; use {}", entry.job_type, entry.endpoint);
        return Err(Refusal::bad_request(message));
    };
    if !matches!(request.payload, None | Some(Value::Null | Value::Object(_))) {
        return Err(Refusal::bad_request("payload must be an object"));
    }
    let space = call.app.spaces.open(&place);
    let task = {
        let mut contents = space.contents();
        let about = json!({ reworking::JOB_TYPE: entry.job_type });
        let id = contents.tasks.create_about(TaskType::Reindex, &place, None, Some(about), call.now);
        contents.tasks.get(&id).map(|stored| stored.task.clone()).ok_or_else(Refusal::internal)?
    };
    reworking::start(&call.app, &space, task.track_id.clone(), selection);
    let reply = Reply::new(job(&place, &task));
    Ok(match HeaderValue::try_from(link(&place, &task.track_id)) {
        Ok(location) => reply.header(LOCATION, location),
        Err(_) => reply,
    })
}

fn find(call: &Call, workspace: &WorkspaceId, id: &TrackId) -> Result<(Arc<Space>, Task), Refusal> {
    let place = place(call, workspace)?;
    let unknown = || Refusal::not_found(format!("job {id}"));
    let space = call.app.spaces.get(&place).ok_or_else(unknown)?;
    let task = space.contents().tasks.get(id).map(|stored| stored.task.clone()).ok_or_else(unknown)?;
    Ok((space, task))
}

pub(super) async fn get(call: Call, request: GetJob) -> Result<Reply<Job>, Refusal> {
    let (space, task) = find(&call, &request.workspace_id, &request.job_id)?;
    Ok(Reply::new(job(&space.place, &task)))
}

pub(super) async fn cancel(call: Call, request: CancelJob) -> Result<Reply<Job>, Refusal> {
    let (space, task) = find(&call, &request.workspace_id, &request.job_id)?;
    let id = &task.track_id;
    let conflict = || Refusal::conflict(format!("Job {id} has begun"));
    if task.status != TaskStatus::Pending {
        return Err(conflict());
    }
    let cancelled = cancelling::cancel_task(&call.app, &space, id);
    cancelled.map(|task| Reply::new(job(&space.place, &task))).ok_or_else(conflict)
}
