//! Jobs, which are tasks by another name.

use std::time::Duration;

use edgequake_devserver::{DevServer, Fault};
use edgequake_types::documents::{DocumentStatus, GetDocument, UploadText};
use edgequake_types::jobs::{CancelJob, CreateJob, GetJob, GetJobCatalog, Job, JobType, ListJobs};
use edgequake_types::pipeline::CancelPipeline;
use edgequake_types::tasks::{CancelTask, TaskStatus};
use edgequake_types::{DocumentId, TenantId, TrackId, WorkspaceId};

use crate::documents::wait_for_task;
use crate::support::{ADMIN, Api, READER, Transcript, USER, redact, with_users};

fn workspace() -> WorkspaceId {
    WorkspaceId::server_default()
}

/// A client of an owner of the default workspace.
async fn owner(server: &DevServer) -> Api {
    Api::new(server).logged_in(ADMIN).await.in_default()
}

/// Uploads a text and waits until its processing is over.
async fn uploaded(api: &Api, text: &str) -> (DocumentId, TrackId) {
    let uploaded = api.ok(&UploadText::new(text)).await;
    let (document, task) = (uploaded.document_id.unwrap(), uploaded.task_id.unwrap());
    wait_for_task(api, &task).await;
    (document, task)
}

/// Makes a job and waits for its end.
async fn done(api: &Api, job_type: JobType) -> Job {
    let job = api.ok(&CreateJob::new(workspace(), job_type)).await;
    assert_eq!(wait_for_task(api, &job.job_id).await, TaskStatus::Indexed);
    job
}

#[tokio::test]
async fn full_responses() {
    let server = with_users().start().await.unwrap();
    let api = owner(&server).await;
    let (_, task) = uploaded(&api, "Cats sleep.").await;
    let mut transcript = Transcript::default();
    transcript.note("catalog", &api.send(&GetJobCatalog::new(workspace())).await);
    transcript.note("an upload", &api.send(&GetJob::new(workspace(), &task)).await);
    let created = api.send(&CreateJob::new(workspace(), "reprocess_failed")).await;
    transcript.note("create", &created);
    let job = created.model::<CreateJob>();
    wait_for_task(&api, &job.job_id).await;
    transcript.note("get", &api.send(&GetJob::new(workspace(), &job.job_id)).await);
    transcript.note("list", &api.send(&ListJobs::new(workspace()).page_size(1)).await);
    transcript.note("unknown type", &api.send(&CreateJob::new(workspace(), "bake_bread")).await);
    transcript.note("listed only", &api.send(&CreateJob::new(workspace(), "scan")).await);
    transcript.note("unknown", &api.send(&GetJob::new(workspace(), "x")).await);
    let _redacted = redact();
    insta::assert_snapshot!("jobs", transcript);
}

#[tokio::test]
async fn jobs_process_documents_again() {
    let server = with_users().start().await.unwrap();
    let api = owner(&server).await;
    let (good, first) = uploaded(&api, "Cats sleep.").await;
    server.faults().add(Fault::fail_processing("embedding").times(1)).unwrap();
    let (bad, _) = uploaded(&api, "Dogs bark.").await;
    let state = async |id: &DocumentId| api.ok(&GetDocument::new(id)).await;
    assert_eq!(state(&bad).await.status, Some(DocumentStatus::Failed));
    let before = state(&good).await.processed_at;
    done(&api, JobType::ReprocessFailed).await;
    assert_eq!(state(&bad).await.status, Some(DocumentStatus::Completed));
    assert_eq!(state(&good).await.processed_at, before);
    let job = done(&api, JobType::ReprocessAll).await;
    assert_ne!(state(&good).await.processed_at, before);
    done(&api, JobType::ReanalyzeMultimodal).await;
    // One that has ended cannot be cancelled.
    assert_eq!(api.send(&CancelJob::new(workspace(), &job.job_id)).await.cause(), "409 CONFLICT");
    assert_eq!(api.send(&CancelJob::new(workspace(), &first)).await.cause(), "409 CONFLICT");
    let failed = ListJobs::new(workspace()).status(TaskStatus::Failed);
    // The upload that failed, which another task has made up for.
    let failed = api.ok(&failed).await.jobs;
    assert_eq!(failed.iter().map(|job| &job.job_type).collect::<Vec<_>>(), [&JobType::Insert]);
    let all = api.ok(&ListJobs::new(workspace()).status(TaskStatus::Indexed)).await;
    assert!(all.jobs.iter().any(|job| job.job_type == JobType::ReanalyzeMultimodal));
    assert_eq!(all.pagination.total, all.jobs.len() as u64);
}

#[tokio::test]
async fn a_job_is_cancelled_before_it_begins() {
    let server = with_users().processing_delay(Duration::from_secs(3600)).start().await.unwrap();
    let api = owner(&server).await;
    let job = api.ok(&CreateJob::new(workspace(), JobType::RebuildEmbeddings)).await;
    assert_eq!(job.status, TaskStatus::Pending);
    assert_eq!(api.ok(&CancelJob::new(workspace(), &job.job_id)).await.status, TaskStatus::Cancelled);
    assert_eq!(api.send(&CancelJob::new(workspace(), &job.job_id)).await.cause(), "409 CONFLICT");
    assert_eq!(api.send(&CancelJob::new(workspace(), "x")).await.cause(), "404 NOT_FOUND");
}

#[tokio::test]
async fn a_job_is_a_task_that_is_cancelled_like_others() {
    let server = with_users().processing_delay(Duration::from_secs(3600)).start().await.unwrap();
    let api = owner(&server).await;
    let job = || async { api.ok(&CreateJob::new(workspace(), JobType::ReprocessAll)).await.job_id };
    let status = async |id: &TrackId| api.ok(&GetJob::new(workspace(), id)).await.status;
    let id = job().await;
    let task = api.ok(&CancelTask::new(&id)).await.unwrap();
    assert_eq!((task.status, status(&id).await), (TaskStatus::Cancelled, TaskStatus::Cancelled));
    let id = job().await;
    assert_eq!(api.ok(&CancelPipeline::new()).await.status, "cancellation_requested");
    assert_eq!(status(&id).await, TaskStatus::Cancelled);
}

#[tokio::test]
async fn a_job_whose_documents_are_cancelled_is_cancelled() {
    let server = with_users().start().await.unwrap();
    let api = owner(&server).await;
    let (document, _) = uploaded(&api, "Cats sleep.").await;
    server.faults().add(Fault::hang_processing("extracting").times(1)).unwrap();
    let job = api.ok(&CreateJob::new(workspace(), JobType::ReprocessAll)).await;
    while api.ok(&GetDocument::new(&document)).await.status != Some(DocumentStatus::Processing) {
        tokio::task::yield_now().await;
    }
    assert_eq!(api.ok(&CancelPipeline::new()).await.status, "cancellation_requested");
    assert_eq!(wait_for_task(&api, &job.job_id).await, TaskStatus::Cancelled);
}

#[tokio::test]
async fn the_path_and_the_header_name_the_same_workspace() {
    let other = WorkspaceId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21").unwrap();
    let builder = with_users().master_key("master").workspace(TenantId::server_default(), other.clone());
    let server = builder.start().await.unwrap();
    let elsewhere = format!("/api/v2/workspaces/{other}/jobs");
    let members = owner(&server).await;
    assert_eq!(members.get(&elsewhere).await.cause(), "403 FORBIDDEN workspace_path_mismatch");
    let master = Api::new(&server).bearer("master").in_default();
    for path in [elsewhere.as_str(), "/api/v2/workspaces/x/jobs", "/api/v2/workspaces/x/jobs/catalog"] {
        assert_eq!(master.get(path).await.cause(), "400 BAD_REQUEST", "{path}");
    }
    assert_eq!(master.get("/api/v2/workspaces/default/jobs").await.status, 200);
    let odd = CreateJob::new(workspace(), JobType::ReprocessAll).payload(serde_json::json!([1]));
    assert_eq!(master.send(&odd).await.cause(), "400 BAD_REQUEST");
    // Who does not own the workspace only reads.
    let create = CreateJob::new(workspace(), JobType::ReprocessAll);
    let member = Api::new(&server).logged_in(USER).await.in_default();
    assert_eq!(member.send(&create).await.cause(), "403 FORBIDDEN workspace_admin_required");
    let reader = Api::new(&server).logged_in(READER).await.in_default();
    assert_eq!(reader.ok(&ListJobs::new(workspace())).await.jobs, []);
}
