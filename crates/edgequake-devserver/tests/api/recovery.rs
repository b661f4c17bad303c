//! Documents that are cancelled, have failed, are stuck, or are processed again.

use std::time::Duration;

use edgequake_devserver::{DevServer, Era, Fault};
use edgequake_types::documents::{
    CancelDocument, Document, DocumentStatus, FailedChunkStatus, GetDeletionImpact, GetDocument,
    GetFailedChunks, GetTrack, ListDocuments, ReanalyzeDocument, RecoverStuckDocuments, ReprocessDocuments,
    RetryChunks, UploadText,
};
use edgequake_types::tasks::{CancelTask, GetTask, RetryTask, TaskStatus};
use edgequake_types::{DocumentId, TenantId, TrackId, WorkspaceId};

use crate::documents::{default_workspace, ingest, wait_for_task};
use crate::support::{Api, READER, with_users};

const LONG: Duration = Duration::from_secs(3600);

/// Polls a document until it fits.
async fn document(api: &Api, id: &DocumentId, fits: impl Fn(&Document) -> bool) -> Document {
    for _ in 0..10_000 {
        let document = api.ok(&GetDocument::new(id)).await;
        if fits(&document) {
            return document;
        }
        tokio::task::yield_now().await;
    }
    panic!("the document never fits");
}

async fn with_status(api: &Api, id: &DocumentId, status: DocumentStatus) -> Document {
    document(api, id, |document| document.status.as_ref() == Some(&status)).await
}

fn order(server: &DevServer, fault: Fault) {
    server.faults().add(fault).unwrap();
}

/// Uploads a text, whose processing ends with this status or stays in it.
async fn upload(api: &Api, text: &str, status: DocumentStatus) -> DocumentId {
    let id = api.ok(&UploadText::new(text).title(text)).await.document_id.unwrap();
    with_status(api, &id, status).await;
    id
}

#[tokio::test]
async fn a_cancelled_document_is_cancelled_everywhere() {
    let (_server, api) = default_workspace(with_users().processing_delay(LONG)).await;
    let uploaded = api.ok(&UploadText::new("text")).await;
    let (id, task) = (uploaded.document_id.unwrap(), uploaded.task_id.unwrap());
    with_status(&api, &id, DocumentStatus::Processing).await;
    for _ in 0..2 {
        let cancelled = api.ok(&CancelDocument::new(&id)).await;
        assert_eq!(cancelled, serde_json::json!({ "document_id": id, "status": "cancelled" }));
    }
    let found = api.ok(&GetDocument::new(&id)).await;
    assert_eq!(
        (found.status, found.display_status.as_deref()),
        (Some(DocumentStatus::Cancelled), Some("cancelled"))
    );
    assert_eq!(api.ok(&GetTask::new(&task)).await.status, TaskStatus::Cancelled);
    let track = api.ok(&GetTrack::new(uploaded.track_id.unwrap())).await;
    assert_eq!((track.status_summary.cancelled, track.is_complete), (1, true));
    assert_eq!(track.documents[0].cancelled_from_stage.as_deref(), Some("preprocessing"));
    assert_eq!(api.ok(&CancelTask::new(&task)).await.unwrap().status, TaskStatus::Cancelled);
}

#[tokio::test]
async fn a_task_is_cancelled_by_the_track_of_its_document() {
    let (_server, api) = default_workspace(with_users().processing_delay(LONG)).await;
    let one = api.ok(&UploadText::new("one")).await;
    let cancelled = api.ok(&CancelTask::new(one.track_id.unwrap())).await.unwrap();
    assert_eq!((Some(cancelled.track_id), cancelled.status), (one.task_id, TaskStatus::Cancelled));
    // A track of several documents is none of theirs.
    for text in ["two", "three"] {
        api.ok(&UploadText::new(text).track_id("mine")).await;
    }
    assert_eq!(api.send(&CancelTask::new("mine")).await.cause(), "404 NOT_FOUND");
}

#[tokio::test]
async fn what_has_ended_is_not_cancelled() {
    let (server, api) = default_workspace(with_users()).await;
    let id = ingest(&api, "Bridge", "text").await;
    assert_eq!(api.send(&CancelDocument::new(&id)).await.cause(), "409 CONFLICT");
    assert_eq!(api.send(&CancelDocument::new("nowhere")).await.cause(), "404 NOT_FOUND");
    let reader = Api::new(&server).logged_in(READER).await.in_default();
    assert_eq!(reader.send(&CancelDocument::new(&id)).await.status, 403);
    assert_eq!(api.ok(&GetDocument::new(&id)).await.status, Some(DocumentStatus::Completed));
}

#[tokio::test]
async fn one_failed_document_is_processed_again() {
    let (server, api) = default_workspace(with_users()).await;
    order(&server, Fault::fail_processing("embedding").times(1));
    let failed = upload(&api, "failed", DocumentStatus::Failed).await;
    let done = ingest(&api, "done", "done").await;

    let answer = api.send(&ReprocessDocuments::new().document_id(&failed)).await;
    assert_eq!(answer.status, 200);
    let again = answer.model::<ReprocessDocuments>();
    assert_eq!((again.failed_found, again.requeued, &again.document_ids), (1, 1, &vec![failed.clone()]));
    assert_eq!(again.document_task_ids[0].document_id, failed);
    assert_eq!(again.task_id.as_ref(), Some(&again.document_task_ids[0].task_id));
    let track = again.track_id.unwrap();
    let parts: Vec<usize> = track.as_str().split('_').map(str::len).collect();
    assert!(track.as_str().starts_with("reprocess_"), "{track}");
    assert_eq!(parts[1..], [8, 6, 8]);
    assert_eq!(wait_for_task(&api, &again.task_id.unwrap()).await, TaskStatus::Indexed);
    let found = api.ok(&GetTrack::new(&track)).await;
    assert_eq!((found.total_count, found.status_summary.completed), (1, 1));

    // What has not failed is taken by force only.
    let passed = api.ok(&ReprocessDocuments::new().document_id(&done)).await;
    assert_eq!((passed.requeued, passed.failed_found, passed.skipped), (0, 0, Some(1)));
    assert_eq!(passed.skip_reasons.unwrap()["completed"], 1);
    assert_eq!(api.ok(&ReprocessDocuments::new().document_id("nowhere")).await.requeued, 0);
    let forced = api.ok(&ReprocessDocuments::new().document_id(&done).force(true)).await;
    assert_eq!(wait_for_task(&api, &forced.task_id.unwrap()).await, TaskStatus::Indexed);
    let impact = api.ok(&GetDeletionImpact::new(&done)).await;
    assert_eq!(impact.chunks_to_delete, 1);
}

#[tokio::test]
async fn all_that_failed_or_were_cancelled_are_processed_again() {
    let (server, api) = default_workspace(with_users()).await;
    ingest(&api, "done", "done").await;
    order(&server, Fault::fail_processing("embedding").times(2));
    for text in ["one", "two"] {
        upload(&api, text, DocumentStatus::Failed).await;
    }
    order(&server, Fault::hang_processing("chunking").times(1));
    let cancelled = upload(&api, "three", DocumentStatus::Processing).await;
    api.ok(&CancelDocument::new(&cancelled)).await;
    // A cancelled one is not taken by its id.
    assert_eq!(api.ok(&ReprocessDocuments::new().document_id(&cancelled)).await.requeued, 0);

    let some = api.ok(&ReprocessDocuments::new().max_documents(1)).await;
    assert_eq!((some.failed_found, some.requeued, some.skipped), (3, 1, None));
    wait_for_task(&api, &some.task_id.unwrap()).await;
    let rest = api.ok(&ReprocessDocuments::new()).await;
    assert_eq!((rest.failed_found, rest.requeued, rest.task_id), (2, 2, None));
    for task in rest.document_task_ids {
        assert_eq!(wait_for_task(&api, &task.task_id).await, TaskStatus::Indexed);
    }
    assert_eq!(api.ok(&ReprocessDocuments::new()).await.requeued, 0);
    assert_eq!(api.ok(&ListDocuments::new()).await.status_counts.completed, 4);
}

#[tokio::test]
async fn a_track_is_processed_again_and_what_is_deleted_is_not() {
    let (server, api) = default_workspace(with_users()).await;
    order(&server, Fault::fail_processing("storing").times(2));
    let task = api.ok(&UploadText::new("one").track_id("mine")).await.task_id.unwrap();
    wait_for_task(&api, &task).await;
    upload(&api, "elsewhere", DocumentStatus::Failed).await;
    let again = api.ok(&ReprocessDocuments::new().track_id("mine")).await;
    assert_eq!(again.requeued, 1);
    // Its new task takes the place of the old one, which cannot be tried again.
    wait_for_task(&api, again.task_id.as_ref().unwrap()).await;
    assert_eq!(api.send(&RetryTask::new(&task)).await.cause(), "409 CONFLICT");
    assert_eq!(api.ok(&GetTrack::new("mine")).await.total_count, 0);

    let (_server, api) = default_workspace(with_users().processing_delay(LONG)).await;
    let busy = upload(&api, "busy", DocumentStatus::Processing).await;
    api.ok(&edgequake_types::documents::DeleteDocument::new(&busy)).await;
    let forced = api.ok(&ReprocessDocuments::new().document_id(&busy).force(true)).await;
    assert_eq!((forced.requeued, forced.skip_reasons.unwrap()["deleting"]), (0, 1));
}

#[tokio::test]
async fn era_b_tells_no_tasks() {
    let (server, api) = default_workspace(with_users().era(Era::B)).await;
    order(&server, Fault::fail_processing("embedding").times(1));
    let failed = upload(&api, "failed", DocumentStatus::Failed).await;
    let again = api.ok(&ReprocessDocuments::new()).await;
    assert_eq!((again.requeued, again.task_id, again.document_task_ids.len()), (1, None, 0));
    with_status(&api, &failed, DocumentStatus::Completed).await;
}

#[tokio::test]
async fn a_stuck_document_is_recovered() {
    let (server, api) = default_workspace(with_users()).await;
    order(&server, Fault::hang_processing("embedding").times(2));
    let stuck = upload(&api, "stuck", DocumentStatus::Processing).await;
    let other = upload(&api, "other", DocumentStatus::Processing).await;
    for id in [&stuck, &other] {
        document(&api, id, |document| document.display_status.as_deref() == Some("embedding")).await;
    }
    let task = api.ok(&ListDocuments::new()).await.documents.len();
    assert_eq!(task, 2);
    // They are not silent for long enough.
    server.clock().advance(Duration::from_secs(14 * 60));
    assert_eq!(api.ok(&RecoverStuckDocuments::new()).await.stuck_found, 0);
    server.clock().advance(Duration::from_secs(60));
    let only = RecoverStuckDocuments::new().document_ids([stuck.clone(), DocumentId::new("nowhere")]);
    let recovered = api.ok(&only).await;
    assert_eq!((recovered.stuck_found, recovered.requeued), (1, 1));
    assert_eq!(
        (recovered.document_ids, recovered.document_titles),
        (vec![stuck.clone()], vec!["stuck".to_owned()])
    );
    with_status(&api, &stuck, DocumentStatus::Completed).await;
    let recovered = api.ok(&RecoverStuckDocuments::new().stuck_threshold_minutes(0)).await;
    assert_eq!(recovered.document_ids.as_slice(), std::slice::from_ref(&other));
    with_status(&api, &other, DocumentStatus::Completed).await;
}

#[tokio::test]
async fn a_document_is_analyzed_again() {
    let (_server, api) = default_workspace(with_users()).await;
    let id = ingest(&api, "Bridge", "The bridge opened in 1931.").await;
    let kept = api.ok(&ReanalyzeDocument::new(&id).reindex(false).process_options("ite")).await;
    assert_eq!((kept.requeued, kept.track_id), (Some(false.into()), None));
    let again = api.ok(&ReanalyzeDocument::new(&id)).await;
    assert_eq!((again.requeued, again.success, again.skipped, again.failed), (Some(true.into()), 0, 0, 0));
    let track: TrackId = again.track_id.unwrap();
    assert_eq!(api.ok(&GetTrack::new(track)).await.total_count, 1);
    with_status(&api, &id, DocumentStatus::Completed).await;
    let odd = ReanalyzeDocument::new(&id).process_options("xyz");
    assert_eq!(api.send(&odd).await.cause(), "422 VALIDATION_ERROR");
    assert_eq!(api.send(&ReanalyzeDocument::new("nowhere")).await.cause(), "404 NOT_FOUND");
}

/// A text of several chunks.
fn long_text() -> String {
    (0..40)
        .map(|number| {
            format!(
                "# Part {number}\n\nIn {number} Ada Lovelace met Mary Somerville{number}. {}\n\n",
                "It rained. ".repeat(40)
            )
        })
        .collect()
}

#[tokio::test]
async fn chunks_that_failed_are_tried_again() {
    let (server, api) = default_workspace(with_users()).await;
    order(&server, Fault::partial_processing("extracting").chunks([0, 2, 9999]).times(1));
    let id = api.ok(&UploadText::new(long_text())).await.document_id.unwrap();
    let partial = with_status(&api, &id, DocumentStatus::PartialFailure).await;
    let chunks = partial.chunk_count;
    assert!(chunks > 3);
    assert_eq!(partial.warning_message, Some(format!("2 of {chunks} chunks failed")));
    let failed = api.ok(&GetFailedChunks::new(&id)).await;
    assert_eq!((failed.total_chunks, failed.successful_chunks), (chunks, chunks - 2));
    let brief = |failed: &edgequake_types::documents::FailedChunks| -> Vec<(u64, FailedChunkStatus, u64)> {
        let chunks = failed.failed_chunks.iter();
        chunks.map(|chunk| (chunk.chunk_index, chunk.status.clone().unwrap(), chunk.retry_attempts)).collect()
    };
    assert_eq!(brief(&failed), [(0, FailedChunkStatus::Pending, 0), (2, FailedChunkStatus::Pending, 0)]);
    assert_eq!(failed.failed_chunks[1].chunk_id.as_ref().unwrap().as_str(), format!("{id}-chunk-2"));

    // One succeeds.
    let retried = api.ok(&RetryChunks::new(&id).chunk_indices([2, 5])).await;
    assert!(retried.is_queued() && retried.implemented == Some(true));
    assert_eq!((retried.chunks_queued, retried.chunk_indices), (1, vec![2]));
    with_status(&api, &id, DocumentStatus::PartialFailure).await;
    let failed = api.ok(&GetFailedChunks::new(&id)).await;
    assert_eq!(brief(&failed), [(0, FailedChunkStatus::Pending, 0), (2, FailedChunkStatus::Succeeded, 1)]);
    assert_eq!(failed.successful_chunks, chunks - 1);

    // The other fails until it is given up.
    order(&server, Fault::partial_processing("extracting").times(1));
    assert_eq!(api.ok(&RetryChunks::new(&id).max_retries(1)).await.chunk_indices, [0]);
    with_status(&api, &id, DocumentStatus::PartialFailure).await;
    let failed = api.ok(&GetFailedChunks::new(&id)).await;
    assert_eq!(brief(&failed)[0], (0, FailedChunkStatus::Abandoned, 1));
    assert!(!api.ok(&RetryChunks::new(&id).max_retries(1)).await.is_queued());

    // And then succeeds after all, so that nothing is missing.
    assert_eq!(api.ok(&RetryChunks::new(&id)).await.chunks_queued, 1);
    let whole = with_status(&api, &id, DocumentStatus::Completed).await;
    assert!(whole.warning_message.is_none() && whole.entity_count > partial.entity_count);
    assert_eq!(api.ok(&GetFailedChunks::new(&id)).await.successful_chunks, chunks);
    assert!(!api.ok(&RetryChunks::new(&id)).await.is_queued());
    assert_eq!(api.ok(&RetryChunks::new(&id).chunk_indices([1]).force(true)).await.chunk_indices, [1]);
    with_status(&api, &id, DocumentStatus::Completed).await;
}

#[tokio::test]
async fn a_retry_can_be_cancelled_which_takes_the_document_out_of_the_index() {
    let (server, api) = default_workspace(with_users()).await;
    order(&server, Fault::partial_processing("extracting").chunks([0]).times(1));
    let id =
        upload(&api, "In spring Ada Lovelace met Mary Somerville.", DocumentStatus::PartialFailure).await;
    order(&server, Fault::hang_processing("extracting").times(1));
    api.ok(&RetryChunks::new(&id)).await;
    let retrying = api.ok(&GetFailedChunks::new(&id)).await;
    assert_eq!(retrying.failed_chunks[0].status, Some(FailedChunkStatus::Retrying));
    api.ok(&CancelDocument::new(&id)).await;
    while api.ok(&GetDeletionImpact::new(&id)).await.chunks_to_delete > 0 {
        tokio::task::yield_now().await;
    }
    let failed = api.ok(&GetFailedChunks::new(&id)).await;
    assert_eq!(
        (failed.total_chunks, &failed.failed_chunks[0].status),
        (0, &Some(FailedChunkStatus::Pending))
    );
}

#[tokio::test]
async fn retrying_chunks_needs_a_body_and_does_nothing_in_era_b() {
    let (server, api) = default_workspace(with_users().era(Era::B)).await;
    order(&server, Fault::partial_processing("extracting").chunks([0]).times(1));
    let id = upload(&api, "text", DocumentStatus::PartialFailure).await;
    let retried = api.ok(&RetryChunks::new(&id).chunk_indices([0])).await;
    assert_eq!((retried.implemented, retried.is_queued()), (Some(false), false));
    let failed = api.ok(&GetFailedChunks::new(&id)).await;
    assert_eq!((failed.failed_chunks.len(), failed.total_chunks, failed.successful_chunks), (0, 1, 1));
    let path = format!("/api/v1/documents/{id}/retry-chunks");
    assert_eq!(api.raw(http::Method::POST, &path, "", "").await.status, 415);
    for request in [RetryChunks::new("nowhere")] {
        assert_eq!(api.send(&request).await.cause(), "404 NOT_FOUND");
    }
    assert_eq!(api.send(&GetFailedChunks::new("nowhere")).await.cause(), "404 NOT_FOUND");
}

#[tokio::test]
async fn documents_of_another_workspace_are_left_alone() {
    let tenant = TenantId::new("00000000-0000-0000-0000-0000000000a1").unwrap();
    let workspace = WorkspaceId::new("00000000-0000-0000-0000-0000000000b1").unwrap();
    let (server, api) = default_workspace(with_users().workspace(tenant.clone(), workspace.clone())).await;
    order(&server, Fault::fail_processing("embedding").times(1));
    let failed = upload(&api, "failed", DocumentStatus::Failed).await;
    let there = api.with("x-tenant-id", tenant.as_str()).with("x-workspace-id", workspace.as_str());
    assert_eq!(there.ok(&ReprocessDocuments::new()).await.requeued, 0);
    assert_eq!(there.ok(&ReprocessDocuments::new().document_id(&failed)).await.requeued, 0);
    assert_eq!(there.ok(&RecoverStuckDocuments::new()).await.requeued, 0);
    for cause in [
        there.send(&CancelDocument::new(&failed)).await.cause(),
        there.send(&ReanalyzeDocument::new(&failed)).await.cause(),
        there.send(&RetryChunks::new(&failed)).await.cause(),
        there.send(&GetFailedChunks::new(&failed)).await.cause(),
    ] {
        assert_eq!(cause, "404 NOT_FOUND");
    }
    assert_eq!(api.ok(&GetDocument::new(&failed)).await.status, Some(DocumentStatus::Failed));
}
