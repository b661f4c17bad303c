//! Many documents at once.

use std::time::Duration;

use edgequake_types::documents::{
    DeleteAllDocuments, DeleteDocuments, DocumentStatus, GetDeletionImpact, GetDocument, ListDocuments,
    UploadText,
};
use edgequake_types::tasks::{GetTask, TaskStatus, TaskType};
use edgequake_types::{DocumentId, TenantId, WorkspaceId};

use crate::documents::{default_workspace, ingest, wait_for_task};
use crate::support::{Api, READER, with_users};

const LONG: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn several_documents_are_deleted_by_one_task() {
    let (_server, api) = default_workspace(with_users()).await;
    let mut ids = Vec::new();
    for number in 0..3 {
        ids.push(ingest(&api, &format!("{number}"), &format!("text {number}")).await);
    }
    let padded = DocumentId::new(format!("  {} ", ids[0]));
    let answer = api
        .send(&DeleteDocuments::new([padded, ids[0].clone(), ids[1].clone(), DocumentId::new("nowhere")]))
        .await;
    let accepted = answer.model::<DeleteDocuments>();
    let task = accepted.batch_track_id;
    assert_eq!((answer.status.as_u16(), accepted.accepted, accepted.planned_delete_count), (202, true, 2));
    assert_eq!(answer.header("location"), format!("/api/v1/tasks/{task}"));
    assert_eq!(wait_for_task(&api, &task).await, TaskStatus::Indexed);
    let done = api.ok(&GetTask::new(&task)).await;
    assert_eq!(done.task_type, Some(TaskType::BatchDeletion));
    assert_eq!(done.result.unwrap()["deleted_count"], 2);
    let left = api.ok(&ListDocuments::new()).await.documents;
    assert_eq!(left.iter().map(|document| &document.id).collect::<Vec<_>>(), [&ids[2]]);
}

#[tokio::test]
async fn a_batch_has_1_to_500_ids() {
    let (server, api) = default_workspace(with_users()).await;
    let ids = |count: usize| (0..count).map(|number| DocumentId::new(format!("d-{number}")));
    for (request, cause) in [
        (DeleteDocuments::new([DocumentId::new("  ")]), "400 BAD_REQUEST"),
        (DeleteDocuments::new(ids(501)), "400 BAD_REQUEST"),
    ] {
        assert_eq!(api.send(&request).await.cause(), cause, "{}", request.document_ids.len());
    }
    // Each counts once.
    let twice = DeleteDocuments::new(ids(500).chain(ids(500)));
    assert_eq!(api.ok(&twice).await.planned_delete_count, 0);
    for body in ["{}", r#"{"document_ids":[]}"#, r#"{"document_ids":null}"#] {
        assert_eq!(
            api.post("/api/v1/documents/batch-delete", body).await.cause(),
            "400 BAD_REQUEST",
            "{body}"
        );
    }
    let reader = Api::new(&server).logged_in(READER).await.in_default();
    assert_eq!(reader.send(&DeleteDocuments::new(ids(1))).await.status, 403);
}

#[tokio::test]
async fn a_batch_is_refused_while_everything_is_deleted_and_ends_what_is_processed() {
    let (_server, api) = default_workspace(with_users().processing_delay(LONG)).await;
    let one = api.ok(&UploadText::new("one")).await;
    let accepted = api.ok(&DeleteDocuments::new([one.document_id.clone().unwrap()])).await;
    assert_eq!(accepted.planned_delete_count, 1);
    assert_eq!(api.ok(&GetTask::new(one.task_id.unwrap())).await.status, TaskStatus::Cancelled);
    let document = api.ok(&GetDocument::new(one.document_id.clone().unwrap())).await;
    assert_eq!(document.status, Some(DocumentStatus::Deleting));
    // What is being deleted is not planned again.
    let again = api.ok(&DeleteDocuments::new([one.document_id.clone().unwrap()])).await;
    assert_eq!(again.planned_delete_count, 0);
    api.ok(&DeleteAllDocuments::new()).await;
    let refused = api.send(&DeleteDocuments::new([one.document_id.unwrap()])).await;
    assert_eq!(refused.cause(), "409 CONFLICT");
}

#[tokio::test]
async fn the_impact_of_a_deletion_is_what_the_deletion_takes_away() {
    let (_server, api) = default_workspace(with_users()).await;
    let one = ingest(&api, "one", "In spring Ada Lovelace wrote to Charles Babbage.").await;
    let two = ingest(&api, "two", "It was Ada Lovelace who visited Mary Somerville in Turin.").await;
    let impact = api.ok(&GetDeletionImpact::new(&one)).await;
    assert!(impact.preview_only);
    assert_eq!(impact.chunks_to_delete, 1);
    // Ada Lovelace is in both.
    assert_eq!((impact.entities_to_remove, impact.entities_to_update), (1, 1));
    assert_eq!((impact.relationships_to_remove, impact.relationships_to_update), (1, 0));
    let accepted = api.ok(&DeleteDocuments::new([one.clone()])).await;
    wait_for_task(&api, &accepted.batch_track_id).await;
    let result = api.ok(&GetTask::new(&accepted.batch_track_id)).await.result.unwrap();
    assert_eq!((&result["entities_removed"], &result["relationships_removed"]), (&1.into(), &1.into()));
    let impact = api.ok(&GetDeletionImpact::new(&two)).await;
    assert_eq!(impact.entities_to_update, 0);
    assert_eq!(api.send(&GetDeletionImpact::new(&one)).await.cause(), "404 NOT_FOUND");
}

#[tokio::test]
async fn ids_of_another_workspace_are_unknown() {
    let tenant = TenantId::new("00000000-0000-0000-0000-0000000000a1").unwrap();
    let workspace = WorkspaceId::new("00000000-0000-0000-0000-0000000000b1").unwrap();
    let (_server, api) = default_workspace(with_users().workspace(tenant.clone(), workspace.clone())).await;
    let here = ingest(&api, "here", "text").await;
    let there = api.with("x-tenant-id", tenant.as_str()).with("x-workspace-id", workspace.as_str());
    let accepted = there.ok(&DeleteDocuments::new([here.clone()])).await;
    assert_eq!(accepted.planned_delete_count, 0);
    assert_eq!(there.send(&GetDeletionImpact::new(&here)).await.cause(), "404 NOT_FOUND");
    assert_eq!(api.ok(&GetDocument::new(&here)).await.status, Some(DocumentStatus::Completed));
}
