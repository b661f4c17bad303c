//! Waiting for a document: one that did not succeed is an error, whichever way the server says so.

use edgequake_client::types::documents::{DocumentStatus, UploadText};
use edgequake_client::{Error, ErrorKind};

use crate::server::{Act, Server, json};

/// A server whose only document ends like this, after a task that ends like that.
async fn ending(document: Option<&'static str>, task: &'static str) -> Server {
    Server::start(move |_, request| {
        Act::Send(match (request.path(), document) {
            ("/api/v1/documents", _) => {
                json(202, r#"{"document_id":"d-1","status":"pending","task_id":"t-1"}"#)
            }
            ("/api/v1/tasks/t-1", _) => json(200, task),
            (_, Some(document)) => json(200, document),
            (_, None) => json(404, r#"{"code":"NOT_FOUND","message":"no such document"}"#),
        })
    })
    .await
}

async fn wait(server: &Server) -> Error {
    let client = server.client();
    let uploaded = client.documents().upload_text(UploadText::new("x")).await.unwrap();
    let error = client.documents().wait_for(&uploaded).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Processing, "{error:?}");
    assert!(!error.is_retryable());
    error
}

#[tokio::test]
async fn a_document_that_did_not_succeed_is_an_error_that_says_which_and_why() {
    let mut texts = Vec::new();
    for (document, status, message) in [
        (
            r#"{"id":"d-1","status":"failed","error_message":"the model\nis away","chunk_count":0}"#,
            Some(DocumentStatus::Failed),
            Some("the model\nis away"),
        ),
        (
            r#"{"id":"d-1","status":"partial_failure","warning_message":"no entities","chunk_count":3}"#,
            Some(DocumentStatus::PartialFailure),
            Some("no entities"),
        ),
        (r#"{"id":"d-1","status":"cancelled","chunk_count":0}"#, Some(DocumentStatus::Cancelled), None),
        (
            r#"{"id":"d-1","status":"abandoned","ui_phase":"terminal","chunk_count":0}"#,
            Some(DocumentStatus::Other("abandoned".into())),
            None,
        ),
        (r#"{"id":"d-1","ui_phase":"terminal","chunk_count":0}"#, None, None),
    ] {
        let server = ending(Some(document), r#"{"track_id":"t-1","status":"indexed"}"#).await;
        let error = wait(&server).await;
        let failure = error.processing().unwrap();
        assert_eq!(failure.document_id.as_ref().unwrap().as_str(), "d-1");
        assert_eq!(failure.task_id.as_ref().unwrap().as_str(), "t-1");
        assert_eq!((&failure.status, failure.message.as_deref()), (&status, message));
        texts.push(error.to_string());

        // Whoever wants the document nevertheless gets it.
        let client = server.client();
        let uploaded = client.documents().upload_text(UploadText::new("x")).await.unwrap();
        let document = client.documents().wait_for(&uploaded).outcome().await.unwrap();
        assert_eq!(document.status, status);
    }
    insta::assert_snapshot!(texts.join("\n"), @"
    processing document d-1 failed: the model is away
    processing document d-1 failed in part: no entities
    processing document d-1 was cancelled
    processing document d-1 ended with the status `abandoned`
    processing document d-1 ended without a status
    ");
}

#[tokio::test]
async fn a_task_that_failed_and_left_no_document_is_told_at_once() {
    for (task, status, text) in [
        (
            r#"{"track_id":"t-1","status":"failed","error":{"message":"quota","retryable":true}}"#,
            DocumentStatus::Failed,
            "processing document d-1 failed: quota",
        ),
        (
            r#"{"track_id":"t-1","status":"cancelled"}"#,
            DocumentStatus::Cancelled,
            "processing document d-1 was cancelled",
        ),
    ] {
        let server = ending(None, task).await;
        let error = wait(&server).await;
        assert_eq!(error.processing().unwrap().status, Some(status));
        assert_eq!(error.to_string(), text);
        assert_eq!(server.received().len(), 3, "it was waited for");
    }
}

#[tokio::test]
async fn a_task_that_names_no_document_is_told_by_itself() {
    let server = Server::answers([
        json(202, r#"{"status":"pending","task_id":"t-1"}"#),
        json(200, r#"{"track_id":"t-1","status":"failed","error_message":"not a text"}"#),
    ])
    .await;
    let error = wait(&server).await;
    assert_eq!(error.to_string(), "processing the document of task t-1 failed: not a text");
}

#[tokio::test]
async fn a_duplicate_in_flight_is_waited_for() {
    let server = Server::answers([
        json(200, r#"{"status":"duplicate_processing","duplicate_of":"d-1","track_id":""}"#),
        json(200, r#"{"id":"d-1","status":"completed","chunk_count":2}"#),
    ])
    .await;
    let client = server.client();
    let uploaded = client.documents().upload_text(UploadText::new("x")).await.unwrap();
    assert_eq!(client.documents().wait_for(&uploaded).await.unwrap().id.as_str(), "d-1");
}
