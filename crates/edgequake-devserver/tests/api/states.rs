//! Every state and stage of a document, by order.

use edgequake_devserver::{CompletedStatus, DevServer, Era, Fault};
use edgequake_types::documents::{
    DeleteDocument, DeleteDocuments, DocumentStatus, DocumentSummary, GetDocument, GetDocumentMetadata,
    GetTrack, ListDocuments, ReprocessDocuments, SearchDocuments, UiPhase, UploadText,
};
use edgequake_types::tasks::{GetTask, RetryTask, TaskStatus};
use edgequake_types::{DocumentId, Timestamp};

use crate::documents::{default_workspace, ingest, wait_for_task};
use crate::support::{Api, with_users};

const STAGES: [&str; 13] = [
    "uploading",
    "queued",
    "converting",
    "preprocessing",
    "chunking",
    "extracting",
    "gleaning",
    "merging",
    "summarizing",
    "embedding",
    "storing",
    "indexing",
    "projecting",
];

/// Uploads a text whose processing stays at a stage, and returns it there.
async fn held(server: &DevServer, api: &Api, stage: &str) -> DocumentSummary {
    server.faults().add(Fault::hang_processing(stage).times(1)).unwrap();
    let fault = server.faults().active().last().unwrap().id;
    let id = api.ok(&UploadText::new(format!("text of {stage}")).title(stage)).await.document_id.unwrap();
    for _ in 0..10_000 {
        let documents = api.ok(&ListDocuments::new()).await.documents;
        let document = documents.into_iter().find(|document| document.id == id).unwrap();
        if server.faults().hits(fault) == 1 && document.current_stage.as_deref() == Some(stage) {
            return document;
        }
        tokio::task::yield_now().await;
    }
    panic!("the document never is in the stage {stage}");
}

#[tokio::test]
async fn every_stage_can_be_held() {
    let (server, api) = default_workspace(with_users()).await;
    for stage in STAGES {
        let document = held(&server, &api, stage).await;
        let (status, phase) = match stage {
            "queued" => (DocumentStatus::Pending, UiPhase::Idle),
            _ => (DocumentStatus::Processing, UiPhase::Running),
        };
        assert_eq!((document.status, document.ui_phase), (Some(status), Some(phase)), "{stage}");
        assert_eq!(document.display_status.as_deref(), Some(stage));
        assert!((0.0..=1.0).contains(&document.stage_progress.unwrap()));
        assert!(document.stage_message.is_some() && document.query_ready == Some(false));
    }
    let counts = api.ok(&ListDocuments::new()).await.status_counts;
    assert_eq!((counts.pending, counts.processing), (1, 12));
    let processing = api.ok(&ListDocuments::new().status(DocumentStatus::Processing)).await;
    // The counts are those of the whole workspace.
    let counts = processing.status_counts;
    assert_eq!((processing.total, counts.processing, counts.pending), (12, 12, 1));
}

#[tokio::test]
async fn a_status_may_name_the_stage() {
    let (server, api) = default_workspace(with_users().stage_as_status(true)).await;
    for (stage, status) in [
        ("queued", "queued"),
        ("converting", "converting"),
        ("preprocessing", "processing"),
        ("chunking", "chunking"),
        ("extracting", "extracting"),
        ("gleaning", "processing"),
        ("embedding", "embedding"),
        ("storing", "processing"),
        ("indexing", "indexing"),
        ("projecting", "projecting"),
    ] {
        let document = held(&server, &api, stage).await;
        assert_eq!(document.status.unwrap().as_str(), status, "{stage}");
        assert!(document.ui_phase != Some(UiPhase::Terminal));
    }
    let counts = api.ok(&ListDocuments::new()).await.status_counts;
    assert_eq!((counts.pending, counts.processing, counts.unknown), (1, 9, 0));
    // The same text is a duplicate in flight, whatever its status is called.
    let again = api.ok(&UploadText::new("text of embedding")).await;
    assert_eq!(again.status, Some(DocumentStatus::DuplicateProcessing));
    let found = api.ok(&ListDocuments::new().status("embedding")).await;
    assert_eq!((found.total, found.documents[0].title.as_deref()), (1, Some("embedding")));
}

#[tokio::test]
async fn every_end_can_be_ordered() {
    let (server, api) = default_workspace(with_users()).await;
    let faults = server.faults();
    ingest(&api, "completed", "completed").await;
    faults.add(Fault::fail_processing("queued").times(1)).unwrap();
    faults.add(Fault::partial_processing("merging").times(1).skip(1)).unwrap();
    for (title, end) in
        [("failed", TaskStatus::Failed), ("whole", TaskStatus::Indexed), ("partial", TaskStatus::Indexed)]
    {
        let task = api.ok(&UploadText::new(title).title(title)).await.task_id.unwrap();
        assert_eq!(wait_for_task(&api, &task).await, end, "{title}");
    }
    let list = api.ok(&ListDocuments::new()).await;
    let brief: Vec<String> = list
        .documents
        .iter()
        .map(|document| {
            let status = document.status.as_ref().unwrap();
            let message = document.error_message.as_ref().or(document.warning_message.as_ref());
            let message = message.map(String::as_str).unwrap_or("-");
            format!(
                "{} {status} {} {message}",
                document.title.as_deref().unwrap(),
                document.query_ready.unwrap()
            )
        })
        .collect();
    assert_eq!(
        brief,
        [
            "partial partial_failure true No entities were found",
            "whole completed true -",
            "failed failed false Processing failed at stage queued",
            "completed completed true -"
        ]
    );
    let counts = list.status_counts;
    assert_eq!((counts.completed, counts.partial_failure, counts.failed), (2, 1, 1));
}

#[tokio::test]
async fn a_deletion_fails_and_the_document_can_be_recovered() {
    let (server, api) = default_workspace(with_users()).await;
    let id = ingest(&api, "kept", "kept").await;
    server.faults().add(Fault::fail_deletion().times(1)).unwrap();
    let task = api.ok(&DeleteDocument::new(&id)).await.track_id.unwrap();
    assert_eq!(wait_for_task(&api, &task).await, TaskStatus::Failed);
    let error = api.ok(&GetTask::new(&task)).await.error.unwrap();
    assert_eq!((error.step.as_deref(), error.retryable), (Some("deleting"), true));
    let kept = api.ok(&GetDocument::new(&id)).await;
    assert_eq!(
        (&kept.status, kept.ui_phase.as_ref()),
        (&Some(DocumentStatus::DeleteFailed), Some(&UiPhase::Terminal))
    );
    assert_eq!(kept.error_message.as_deref(), Some("The document could not be deleted"));
    assert!(kept.is_terminal());
    assert_eq!(api.ok(&ListDocuments::new().status(DocumentStatus::DeleteFailed)).await.total, 1);

    // It is deleted by another try of the task, which fails again and is not tried while it goes on.
    server.faults().add(Fault::fail_deletion().times(1)).unwrap();
    assert_eq!(api.ok(&RetryTask::new(&task)).await.unwrap().retry_count, 1);
    assert_eq!(wait_for_task(&api, &task).await, TaskStatus::Failed);

    // It is recovered by force, and can be deleted again.
    let again = api.ok(&ReprocessDocuments::new().document_id(&id).force(true)).await;
    assert_eq!(wait_for_task(&api, &again.task_id.unwrap()).await, TaskStatus::Indexed);
    server.faults().add(Fault::fail_deletion().times(1)).unwrap();
    let other = ingest(&api, "other", "other").await;
    let deleted = api.ok(&DeleteDocuments::new([id.clone(), other.clone()])).await.batch_track_id;
    assert_eq!(wait_for_task(&api, &deleted).await, TaskStatus::Indexed);
    let result = api.ok(&GetTask::new(&deleted)).await.result.unwrap();
    assert_eq!((&result["deleted_count"], &result["failed_count"]), (&1.into(), &1.into()));
    let left: Vec<DocumentId> =
        api.ok(&ListDocuments::new()).await.documents.into_iter().map(|left| left.id).collect();
    assert_eq!(left.len(), 1);
    let task = api.ok(&DeleteDocument::new(&left[0])).await.track_id.unwrap();
    assert_eq!(wait_for_task(&api, &task).await, TaskStatus::Indexed);
    assert_eq!(api.ok(&ListDocuments::new()).await.total, 0);
}

#[tokio::test]
async fn dates_are_compared_as_text() {
    let (_server, api) = default_workspace(with_users()).await;
    ingest(&api, "Bridge", "text").await;
    let created = api.ok(&ListDocuments::new()).await.documents.remove(0).created_at.unwrap();
    let day = &created.as_str()[..10];
    let count = async |request: ListDocuments| api.ok(&request).await.total;
    let at = |text: String| Timestamp::from(text);
    assert_eq!(count(ListDocuments::new().date_from(at(day.to_owned()))).await, 1);
    // A bare date is less than every moment of its day.
    assert_eq!(count(ListDocuments::new().date_to(at(day.to_owned()))).await, 0);
    let last = format!("{day}T23:59:59.999999999+00:00");
    assert_eq!(count(ListDocuments::new().date_to(at(last.clone()))).await, 1);
    assert_eq!(count(ListDocuments::new().date_from(created.clone()).date_to(created)).await, 1);
    let all =
        ListDocuments::new().date_to(at(last)).document_pattern("BRID").status(DocumentStatus::Completed);
    assert_eq!(count(all.clone()).await, 1);
    let failed = api.ok(&all.clone().status(DocumentStatus::Failed)).await;
    assert_eq!((failed.total, failed.status_counts.completed), (0, 1));
    assert_eq!(count(all.status(DocumentStatus::Failed)).await, 0);
}

/// The word for a document that is processed, wherever a server tells it; `-` for none.
async fn words(api: &Api, id: &DocumentId) -> Vec<String> {
    let json = async |answer: crate::support::Answer, place: &str| {
        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        body.pointer(place).and_then(|word| word.as_str()).unwrap_or("-").to_owned()
    };
    let document = api.ok(&GetDocument::new(id)).await;
    vec![
        json(api.send(&GetDocument::new(id)).await, "/status").await,
        json(api.send(&GetDocumentMetadata::new(id)).await, "/status").await,
        json(api.send(&ListDocuments::new()).await, "/documents/0/status").await,
        json(api.send(&SearchDocuments::new()).await, "/items/0/status").await,
        json(api.send(&GetTrack::new(document.track_id.unwrap())).await, "/documents/0/status").await,
    ]
}

#[tokio::test]
async fn a_processed_document_may_have_an_old_word_or_none() {
    for (word, text, counts, found) in [
        (CompletedStatus::Completed, "completed", (1, 0), 1),
        (CompletedStatus::Processed, "processed", (1, 0), 1),
        (CompletedStatus::Indexed, "indexed", (1, 0), 1),
        (CompletedStatus::Absent, "-", (0, 1), 0),
    ] {
        let (server, api) = default_workspace(with_users().era(Era::B).completed_status(word)).await;
        let id = ingest(&api, "Bridge", "text").await;
        assert_eq!(words(&api, &id).await, [text; 5]);
        let document = api.ok(&GetDocument::new(&id)).await;
        assert_eq!(document.is_terminal(), word != CompletedStatus::Absent);
        let counted = api.ok(&ListDocuments::new()).await.status_counts;
        assert_eq!((counted.completed, counted.unknown), counts, "{text}");
        let track = api.ok(&GetTrack::new(document.track_id.unwrap())).await;
        assert_eq!((track.status_summary.completed, track.is_complete), (counts.0, true));
        drop(server);

        let (_server, api) = default_workspace(with_users().completed_status(word)).await;
        let id = ingest(&api, "Bridge", "text").await;
        assert_eq!(api.ok(&GetDocument::new(&id)).await.ui_phase, Some(UiPhase::Terminal));
        let completed = ListDocuments::new().status(DocumentStatus::Completed);
        assert_eq!(api.ok(&completed).await.total, found, "{text}");
        assert_eq!(api.ok(&completed.document_pattern("bri")).await.total, found, "{text}");
        // Other words are as they are.
        assert_eq!(api.ok(&ListDocuments::new().status(DocumentStatus::Failed)).await.total, 0);
    }
}
