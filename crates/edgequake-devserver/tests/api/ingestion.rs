//! The progress of documents, stage by stage.

use std::time::Duration;

use edgequake_devserver::Fault;
use edgequake_types::api_keys::{CreateApiKey, KeyScope};
use edgequake_types::documents::UploadText;
use edgequake_types::ingestion::{
    GetIngestionProgress, IngestionProgress, IngestionStage, ListIngestionProgress,
};
use edgequake_types::pdf::PhaseStatus;
use edgequake_types::pipeline::EstimateCost;
use edgequake_types::tasks::GetTask;
use edgequake_types::{TenantId, TrackId, WorkspaceId};

use crate::documents::{default_workspace, wait_for_task};
use crate::support::{Api, READER, USER, with_users};

/// The stages in brief.
fn stages(progress: &IngestionProgress) -> String {
    let stages = progress.progress.as_ref().unwrap().stages.iter();
    let brief = stages.map(|state| format!("{} {} {}", state.stage, state.status, state.progress));
    brief.collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn the_stages_of_a_document() {
    let (server, api) = default_workspace(with_users()).await;
    server.faults().add(Fault::hang_processing("embedding").times(1)).unwrap();
    let uploaded = api.ok(&UploadText::new("The bridge opened in 1931.").title("Bridge")).await;
    let (task, track) = (uploaded.task_id.unwrap(), uploaded.track_id.unwrap());
    let progress = loop {
        let progress = api.ok(&GetIngestionProgress::new(&task)).await;
        if progress.stage == IngestionStage::Embedding {
            break progress;
        }
    };
    assert_eq!((progress.document_id, progress.file_name.as_deref()), (uploaded.document_id, Some("Bridge")));
    assert_eq!(
        (progress.status, progress.stage_status),
        (Some(IngestionStage::Embedding), Some(PhaseStatus::Active))
    );
    assert_eq!((progress.progress_01, progress.source_type.as_deref()), (Some(0.6), Some("text")));
    assert!(progress.started_at.is_some() && progress.completed_at.is_none());
    let by_track = api.ok(&GetIngestionProgress::new(&track)).await;
    assert_eq!(by_track.track_id, track);
    assert_eq!(
        stages(&by_track),
        "preprocessing complete 100, chunking complete 100, extracting complete 100, embedding active 0, storing pending 0"
    );
    assert_eq!(by_track.progress.unwrap().completion_percentage, Some(60.0));

    server.faults().add(Fault::fail_processing("chunking").times(1)).unwrap();
    let failed = api.ok(&UploadText::new("failed")).await.task_id.unwrap();
    wait_for_task(&api, &failed).await;
    let progress = api.ok(&GetIngestionProgress::new(&failed)).await;
    assert!(progress.is_finished() && !progress.is_success());
    assert_eq!(progress.message.as_deref(), Some("Processing failed at stage chunking"));
    assert_eq!(
        stages(&progress),
        "preprocessing complete 100, chunking failed 0, extracting skipped 0, embedding skipped 0, storing skipped 0"
    );

    let done = api.ok(&UploadText::new("done")).await.task_id.unwrap();
    wait_for_task(&api, &done).await;
    let list = ListIngestionProgress::new([done.clone(), TrackId::new("nowhere"), failed.clone()]);
    let found = api.ok(&list).await;
    assert_eq!(found.iter().map(|found| &found.track_id).collect::<Vec<_>>(), [&done, &failed]);
    assert!(found[0].is_success() && found[0].completed_at.is_some());
    assert_eq!(found[0].fraction(), Some(1.0));
    assert!(stages(&found[0]).ends_with("storing complete 100"));
}

#[tokio::test(start_paused = true)]
async fn extraction_is_counted_in_chunks() {
    use edgequake_types::{Decode, Endpoint};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    let backend = edgequake_devserver::DevServer::builder()
        .auth(false)
        .processing_delay(Duration::from_secs(50))
        .build()
        .unwrap();
    async fn call<E: Endpoint>(backend: &edgequake_devserver::Backend, request: &E) -> E::Response
    where
        E::Response: Decode,
    {
        let (mut parts, body) = request.to_request().unwrap().into_parts();
        for name in ["x-tenant-id", "x-workspace-id"] {
            parts.headers.insert(name, "default".parse().unwrap());
        }
        let body = String::from_utf8(body.bytes().unwrap().to_vec()).unwrap();
        let response = backend.service().oneshot(http::Request::from_parts(parts, body)).await.unwrap();
        let (head, body) = response.into_parts();
        E::Response::decode(&head, body.collect().await.unwrap().to_bytes()).unwrap()
    }
    let text: String = (0..40).map(|part| format!("# {part}\n\n{}\n\n", "It rained. ".repeat(60))).collect();
    let task = call(&backend, &UploadText::new(text)).await.task_id.unwrap();
    // In the middle of the third of five stages.
    tokio::time::sleep(Duration::from_millis(25_500)).await;
    let progress = call(&backend, &GetIngestionProgress::new(&task)).await;
    assert_eq!(progress.stage, IngestionStage::Extracting);
    let counts = progress.counts.unwrap();
    assert_eq!(counts.unit.as_deref(), Some("chunks"));
    assert!(counts.current > 0 && counts.current < counts.total, "{counts:?}");
    let state = &progress.progress.as_ref().unwrap().stages[2];
    assert_eq!(
        (state.completed_items, state.total_items, state.progress),
        (counts.current, counts.total, 50.0)
    );
    assert!(progress.message.unwrap().ends_with("chunks are done"));
    let told = call(&backend, &GetTask::new(&task)).await.progress.unwrap();
    assert_eq!(told.percent_complete, Some(50.0));
}

/// To ask for progress and prices is to query, and not to write.
#[tokio::test]
async fn who_may_query_may_ask() {
    let server = with_users().start().await.unwrap();
    let key = CreateApiKey::new();
    let key = Api::new(&server).logged_in(USER).await.ok(&key).await.api_key;
    let by_key = Api::new(&server).bearer(key.expose()).in_default();
    for api in [Api::new(&server).logged_in(READER).await.in_default(), by_key] {
        assert_eq!(api.send(&UploadText::new("text")).await.status, 403);
        assert!(api.ok(&ListIngestionProgress::new([TrackId::new("x")])).await.is_empty());
        assert_eq!(api.send(&EstimateCost::new("bm25", 1, 1)).await.status, 200);
    }
    let key = CreateApiKey::new().scopes([KeyScope::Read]);
    let key = Api::new(&server).logged_in(USER).await.ok(&key).await.api_key;
    let reads = Api::new(&server).bearer(key.expose()).in_default();
    let asked = reads.send(&EstimateCost::new("bm25", 1, 1)).await;
    assert_eq!(asked.cause(), "403 FORBIDDEN insufficient_scope");
}

#[tokio::test]
async fn what_is_unknown_or_elsewhere_is_not_told() {
    let tenant = TenantId::new("00000000-0000-0000-0000-0000000000a1").unwrap();
    let workspace = WorkspaceId::new("00000000-0000-0000-0000-0000000000b1").unwrap();
    let (_server, api) = default_workspace(with_users().workspace(tenant.clone(), workspace.clone())).await;
    let task = api.ok(&UploadText::new("text")).await.task_id.unwrap();
    wait_for_task(&api, &task).await;
    let there = api.with("x-tenant-id", tenant.as_str()).with("x-workspace-id", workspace.as_str());
    assert_eq!(there.send(&GetIngestionProgress::new(&task)).await.cause(), "404 NOT_FOUND");
    assert!(there.ok(&ListIngestionProgress::new([task.clone()])).await.is_empty());
    assert_eq!(api.send(&GetIngestionProgress::new("nowhere")).await.cause(), "404 NOT_FOUND");
    let many = ListIngestionProgress::new((0..1001).map(|number| TrackId::new(format!("t-{number}"))));
    assert_eq!(api.send(&many).await.cause(), "400 BAD_REQUEST");
    assert_eq!(api.ok(&ListIngestionProgress::new([task])).await.len(), 1);
}

/// A file is followed by its task to the end of the document that it becomes.
#[cfg(feature = "pdf")]
#[tokio::test]
async fn a_file_is_followed_from_its_conversion_on() {
    use edgequake_types::pdf::UploadPdf;
    use edgequake_types::pipeline::{CancelPipeline, GetPipelineStatus};

    use crate::pdf_file::PdfFile;
    use crate::pdfs::ingested;

    let (server, api) = default_workspace(with_users()).await;
    let file = |text: &str| UploadPdf::from_bytes("bridge.pdf", PdfFile::of_lines(&[&[text]]).bytes());
    server.faults().add(Fault::hang_processing("converting").times(1)).unwrap();
    let held = api.ok(&file("The bridge opened in 1931.")).await;
    let task = held.task_id.clone().unwrap();
    let progress = loop {
        let progress = api.ok(&GetIngestionProgress::new(&task)).await;
        if progress.stage == IngestionStage::Converting {
            break progress;
        }
    };
    assert_eq!(
        (progress.source_type.as_deref(), progress.stage_status.clone()),
        (Some("pdf"), Some(PhaseStatus::Active))
    );
    assert_eq!(
        (progress.file_name.as_deref(), progress.counts.as_ref().unwrap().unit.as_deref()),
        (Some("bridge.pdf"), Some("pages"))
    );
    assert_eq!(stages(&progress), "converting active 0");
    let status = api.ok(&GetPipelineStatus::new()).await;
    assert_eq!((status.is_busy, status.job_name.as_deref()), (true, Some("Processing documents")));
    let cancelled = api.ok(&CancelPipeline::new()).await;
    assert_eq!(cancelled.message.as_deref(), Some("Tasks that are cancelled: 1"));
    let progress = api.ok(&GetIngestionProgress::new(&task)).await;
    assert!(progress.is_finished() && !progress.is_success());
    assert_eq!(progress.message.as_deref(), Some("The conversion was cancelled"));

    let uploaded = api.ok(&file("The bridge was closed in 1990.")).await;
    let document = ingested(&api, &uploaded).await;
    let progress = api.ok(&GetIngestionProgress::new(uploaded.task_id.unwrap())).await;
    assert!(progress.is_success());
    assert_eq!(progress.document_id, Some(document));
}
