//! Waiting for a document: one that did not succeed is an error, whichever way the server says so.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use edgequake_client::body::{RequestBody, ResponseBody};
use edgequake_client::types::DocumentId;
use edgequake_client::types::documents::{DocumentStatus, UploadText};
use edgequake_client::{Client, Error, ErrorKind};
use http::{Request, Response};

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

/// A client in the same process, whose document is answered like this, one question after another, the last answer for ever.
fn answering(documents: &'static [Option<&'static str>]) -> (Client, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let transport = tower::service_fn(move |request: Request<RequestBody>| {
        let body = match request.uri().path() {
            "/api/v1/documents" => Some(r#"{"document_id":"d-1","status":"pending"}"#),
            _ => documents[counted.fetch_add(1, Ordering::Relaxed).min(documents.len() - 1)],
        };
        let answer = Response::builder().status(if body.is_some() { 200 } else { 404 });
        let missing = r#"{"code":"NOT_FOUND","message":"no such document"}"#;
        let body = ResponseBody::from(Bytes::from(body.unwrap_or(missing)));
        async move { answer.body(body) }
    });
    (Client::builder().build_on(transport).unwrap(), asked)
}

const PROCESSING: Option<&str> =
    Some(r#"{"id":"d-1","status":"processing","current_stage":"extracting","chunk_count":0}"#);

#[tokio::test(start_paused = true)]
async fn a_document_that_was_replaced_or_deleted_is_told_soon() {
    for documents in [&[None][..], &[PROCESSING, PROCESSING, None]] {
        let (client, asked) = answering(documents);
        let uploaded = client.documents().upload_text(UploadText::new("x")).await.unwrap();
        let begun = tokio::time::Instant::now();
        let error = client.documents().wait_for(&uploaded).await.unwrap_err();
        assert!(error.is_not_found());
        insta::allow_duplicates!(
            insta::assert_snapshot!(error, @"/api/v1/documents/{document_id}: 404 Not Found: no such document [NOT_FOUND]; the document is gone: deleted, or replaced by another upload of the same content")
        );
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
        assert!(asked.load(Ordering::Relaxed) >= documents.len() + 3);
    }
    // Of one that nobody has seen, nobody can say so.
    let (client, _) = answering(&[None]);
    let error = client.documents().wait_for(DocumentId::from("d-2")).await.unwrap_err();
    assert!(error.is_not_found() && !error.to_string().contains("gone"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_document_that_is_not_shown_for_a_moment_is_waited_for() {
    let (client, _) = answering(&[None, None, PROCESSING, None, None, DONE]);
    let uploaded = client.documents().upload_text(UploadText::new("x")).await.unwrap();
    assert_eq!(client.documents().wait_for(&uploaded).await.unwrap().chunk_count, 2);
}

const DONE: Option<&str> = Some(r#"{"id":"d-1","status":"completed","chunk_count":2}"#);

#[tokio::test(start_paused = true)]
async fn progress_stays_where_it_was_when_a_document_fails() {
    const FAILED: Option<&str> = Some(
        r#"{"id":"d-1","status":"failed","current_stage":"failed","stage_progress":0.0,"chunk_count":0}"#,
    );
    let (client, _) = answering(&[PROCESSING, FAILED]);
    let uploaded = client.documents().upload_text(UploadText::new("x")).await.unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let wait = client.documents().wait_for(&uploaded);
    let wait = wait.on_progress(move |progress| tell.lock().unwrap().push(progress.clone()));
    wait.await.unwrap_err();
    let told: Vec<_> = told.lock().unwrap().iter().map(|it| (it.stage.clone(), it.fraction)).collect();
    assert_eq!(told, [(Some("extracting".into()), Some(0.4)), (Some("failed".into()), Some(0.4))]);
}
