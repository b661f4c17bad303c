use edgequake_types::WorkspaceId;
use edgequake_types::jobs::{
    CancelJob, CreateJob, GetJob, GetJobCatalog, Job, JobCatalog, JobList, JobType, ListJobs,
};
use edgequake_types::tasks::TaskStatus;
use serde_json::json;

use crate::table::Table;

#[test]
fn jobs() {
    let id = WorkspaceId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21").unwrap();
    let everything = CreateJob::new(&id, "rebuild_everything").payload(json!({"force": true}));
    Table::of("jobs", include_str!("jobs.txt"))
        .request("create", &CreateJob::new(&id, JobType::ReprocessFailed))
        .request("create with everything", &everything)
        .request("list", &ListJobs::new(&id))
        .request("list with everything", &ListJobs::new(&id).status(TaskStatus::Failed).page(2).page_size(50))
        .request("catalog", &GetJobCatalog::new(&id))
        .request("get", &GetJob::new(&id, "insert-77/a"))
        .request("cancel", &CancelJob::new(&id, "insert-77aa"))
        .created::<CreateJob>("created")
        .answer::<Job>("got")
        .answer::<JobList>("listed")
        .answer_read::<JobList>("listed with the least")
        .answer::<JobCatalog>("catalog")
        .finish();
}
