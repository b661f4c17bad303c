//! Waiting for a document: one that did not succeed is an error, whichever way the server says so, and a bad spell is not.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use edgequake_client::body::{RequestBody, ResponseBody};
use edgequake_client::fault::Fault;
use edgequake_client::types::DocumentId;
use edgequake_client::types::documents::{DocumentStatus, UploadText};
use edgequake_client::{BoxError, Client, Error, ErrorKind};
use edgequake_devserver::DevServer;
use http::{Request, Response};

use crate::dev;

/// A server whose only document ends like this, after a task that ends like that.
async fn ending(document: Option<&str>, task: &str) -> DevServer {
    let missing = r#"{"code":"NOT_FOUND","message":"no such document"}"#;
    dev::ordering([
        dev::answer(202, r#"{"document_id":"d-1","status":"pending","task_id":"t-1"}"#).on("UploadText"),
        dev::answer(200, task).on("GetTask"),
        document.map_or(dev::answer(404, missing), |document| dev::answer(200, document)).on("GetDocument"),
    ])
    .await
}

async fn wait(server: &DevServer) -> Error {
    let client = dev::client(server);
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
        let client = dev::client(&server);
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
        assert_eq!(server.stats().requests, 3, "it was waited for");
    }
}

#[tokio::test]
async fn a_task_that_names_no_document_is_told_by_itself() {
    let failed = r#"{"track_id":"t-1","status":"failed","error_message":"not a text"}"#;
    let server = dev::ordering([
        dev::answer(202, r#"{"status":"pending","task_id":"t-1"}"#).on("UploadText"),
        dev::answer(200, failed).on("GetTask"),
    ])
    .await;
    let error = wait(&server).await;
    assert_eq!(error.to_string(), "processing the document of task t-1 failed: not a text");
}

#[tokio::test]
async fn a_duplicate_in_flight_is_waited_for() {
    let duplicate = r#"{"status":"duplicate_processing","duplicate_of":"d-1","track_id":""}"#;
    let server = dev::ordering([
        dev::answer(200, duplicate).on("UploadText"),
        dev::answer(200, r#"{"id":"d-1","status":"completed","chunk_count":2}"#).on("GetDocument"),
    ])
    .await;
    let client = dev::client(&server);
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

/// A client whose upload was accepted, and whose questions are answered by number, from 0; `None` is a connection that cannot be made.
fn asked_of(
    upload: &'static str,
    answer: impl Fn(usize, &str) -> Option<(u16, &'static str)> + Clone + Send + Sync + 'static,
) -> (Client, Arc<Mutex<Vec<String>>>) {
    let paths = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&paths);
    let transport = tower::service_fn(move |request: Request<RequestBody>| {
        let path = request.uri().path().to_owned();
        let said = if path == "/api/v1/documents" {
            Some((202, upload))
        } else {
            let mut seen = seen.lock().unwrap();
            seen.push(path.clone());
            answer(seen.len() - 1, &path)
        };
        async move {
            let (status, body) = said.ok_or_else(|| Fault::Connect.mark("connection refused"))?;
            let body = ResponseBody::from(Bytes::from_static(body.as_bytes()));
            Ok::<_, BoxError>(Response::builder().status(status).body(body)?)
        }
    });
    (Client::builder().build_on(transport).unwrap(), paths)
}

const WITH_TASK: &str = r#"{"document_id":"d-1","status":"pending","task_id":"insert-1"}"#;
const INDEXED: (u16, &str) = (200, r#"{"track_id":"insert-1","status":"indexed"}"#);
const BUSY: (u16, &str) =
    (503, r#"{"code":"read_path_busy","message":"busy","details":{"reason":"permit_wait"}}"#);

#[tokio::test(start_paused = true)]
async fn a_bad_spell_does_not_end_a_wait() {
    for (name, bad) in [
        ("busy", Some(BUSY)),
        ("a gateway without a server", Some((502, "<h1>Bad Gateway</h1>"))),
        (
            "slow down",
            Some((429, r#"{"error":"rate_limit_exceeded","message":"m","retry_after_seconds":7}"#)),
        ),
        ("gone", None),
    ] {
        let (client, paths) = asked_of(WITH_TASK, move |n, path| match (n, path) {
            (0..10 | 12..22, _) => bad,
            (_, "/api/v1/tasks/insert-1") => Some(INDEXED),
            _ => Some((200, DONE.unwrap())),
        });
        let uploaded = client.documents().upload_text(UploadText::new("x")).await.unwrap();
        let document = client.documents().wait_for(&uploaded).await.unwrap();
        assert_eq!(document.chunk_count, 2, "{name}");
        assert!(paths.lock().unwrap().len() <= 24, "{name}: each question is asked once at a time");
    }
}

#[tokio::test(start_paused = true)]
async fn a_bad_spell_between_two_questions_is_no_time_in_which_a_document_was_unknown() {
    const MISSING: (u16, &str) = (404, r#"{"code":"NOT_FOUND","message":"no such document"}"#);
    for bad in [Some(BUSY), None] {
        let (client, _) = asked_of(r#"{"document_id":"d-1","status":"pending"}"#, move |n, _| match n {
            0 | 6 => Some(MISSING),
            1..6 => bad,
            _ => Some((200, DONE.unwrap())),
        });
        let uploaded = client.documents().upload_text(UploadText::new("x")).await.unwrap();
        let document = client.documents().wait_for(&uploaded).await.unwrap();
        assert_eq!(document.chunk_count, 2, "{bad:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stays_away_is_told_when_the_wait_is_over() {
    let (client, _) = asked_of(WITH_TASK, |_, _| None);
    let uploaded = client.documents().upload_text(UploadText::new("x")).await.unwrap();
    let begun = tokio::time::Instant::now();
    let wait = client.documents().wait_for(&uploaded).timeout(Duration::from_secs(30));
    let error = wait.await.unwrap_err();
    assert!(error.is_timeout() && begun.elapsed() == Duration::from_secs(30), "{error}");
    insta::assert_snapshot!(error, @"the operation took too long; the last status request failed: /api/v1/tasks/{track_id}: no connection could be made to http://localhost:8080");

    // A server that asks for a long pause is asked again after a minute.
    let (client, paths) = asked_of(WITH_TASK, |_, _| {
        Some((429, r#"{"error":"rate_limit_exceeded","message":"m","retry_after_seconds":86400}"#))
    });
    let uploaded = client.documents().upload_text(UploadText::new("x")).await.unwrap();
    client.documents().wait_for(&uploaded).timeout(Duration::from_secs(590)).await.unwrap_err();
    assert_eq!(paths.lock().unwrap().len(), 10);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_pass_ends_a_wait_at_once() {
    for (status, body) in
        [(403, "{}"), (401, "{}"), (500, "{}"), (503, r#"{"message":"m","retryable":false}"#)]
    {
        let (client, paths) = asked_of(WITH_TASK, move |_, _| Some((status, body)));
        let uploaded = client.documents().upload_text(UploadText::new("x")).await.unwrap();
        let error = client.documents().wait_for(&uploaded).await.unwrap_err();
        assert_eq!((error.status().unwrap().as_u16(), paths.lock().unwrap().len()), (status, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_document_that_is_too_long_to_be_read_ends_a_wait() {
    let long = Bytes::from(vec![b' '; 32 * 1024 * 1024 + 1]);
    let transport = tower::service_fn(move |_: Request<RequestBody>| {
        std::future::ready(Response::builder().body(ResponseBody::from(long.clone())))
    });
    let client = Client::builder().build_on(transport).unwrap();
    let error = client.documents().wait_for(DocumentId::from("d-1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Body);
    insta::assert_snapshot!(error, @"/api/v1/documents/{document_id}: the answer was cut short; the answer is longer than 33554432 bytes");
}

#[tokio::test(start_paused = true)]
async fn a_document_without_a_task_is_fetched_once() {
    const UPLOAD: &str = r#"{"document_id":"d-1","status":"pending","track_id":"upload_1"}"#;
    const LISTED: &str = r#"{"track_id":"upload_1","documents":[{"id":"d-1","title":"x","chunk_count":0,
        "status":"processing","current_stage":"embedding","stage_progress":0.5}],"total_count":1,"is_complete":false}"#;
    const OTHERS: &str = r#"{"track_id":"upload_1","documents":[],"total_count":0,"is_complete":true}"#;
    const MANY: &str = r#"{"track_id":"upload_1","documents":[],"total_count":500,"is_complete":false}"#;
    let (client, paths) = asked_of(UPLOAD, |n, path| match (n, path) {
        (0..5, "/api/v1/documents/track/upload_1") => Some((200, LISTED)),
        (_, "/api/v1/documents/track/upload_1") => Some((200, OTHERS)),
        _ => Some((200, DONE.unwrap())),
    });
    let uploaded = client.documents().upload_text(UploadText::new("x")).await.unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let wait = client.documents().wait_for(&uploaded);
    wait.on_progress(move |progress| tell.lock().unwrap().push(progress.fraction)).await.unwrap();
    let fetched = |paths: &Mutex<Vec<String>>| {
        paths.lock().unwrap().iter().filter(|path| *path == "/api/v1/documents/d-1").count()
    };
    assert_eq!((fetched(&paths), paths.lock().unwrap().len()), (1, 7));
    assert_eq!(told.lock().unwrap()[..2], [Some(0.7), Some(0.7)]);

    // Servers without tracks, and tracks that are no light question.
    for answer in [(404, "{}"), (501, "{}"), (200, MANY)] {
        let (client, paths) = asked_of(UPLOAD, move |_, path| match path {
            "/api/v1/documents/track/upload_1" => Some(answer),
            _ => Some((200, DONE.unwrap())),
        });
        let uploaded = client.documents().upload_text(UploadText::new("x")).await.unwrap();
        client.documents().wait_for(&uploaded).await.unwrap();
        assert_eq!((fetched(&paths), paths.lock().unwrap().len()), (1, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn a_track_that_is_not_there_yet_is_asked_for_again() {
    const UPLOAD: &str = r#"{"document_id":"d-1","status":"pending","track_id":"upload_1"}"#;
    const LISTED: &str = r#"{"track_id":"upload_1","documents":[{"id":"d-1","chunk_count":0,"status":"processing"}],"total_count":1}"#;
    const EMPTY: &str = r#"{"track_id":"upload_1","documents":[],"total_count":0,"is_complete":true}"#;
    for hidden in [(404, "{}"), (200, EMPTY)] {
        let (client, paths) = asked_of(UPLOAD, move |n, path| match (n, path) {
            (0..4, "/api/v1/documents/track/upload_1") => Some(hidden),
            (0..4, _) => Some((404, "{}")),
            (4..10, "/api/v1/documents/track/upload_1") => Some((200, LISTED)),
            (_, "/api/v1/documents/track/upload_1") => Some((200, EMPTY)),
            _ => Some((200, DONE.unwrap())),
        });
        let uploaded = client.documents().upload_text(UploadText::new("x")).await.unwrap();
        client.documents().wait_for(&uploaded).await.unwrap();
        let paths = paths.lock().unwrap();
        let fetched = paths.iter().filter(|path| *path == "/api/v1/documents/d-1").count();
        // Twice before it was there, and in the end.
        assert_eq!((fetched, paths.len()), (3, 12), "{paths:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_document_that_its_failed_task_has_left_behind_is_told_with_the_reason() {
    const FAILED: (u16, &str) = (200, r#"{"track_id":"insert-1","status":"failed","error_message":"quota"}"#);
    const LEFT: (u16, &str) = (200, r#"{"id":"d-1","status":"processing","chunk_count":0}"#);
    let (client, _) = asked_of(WITH_TASK, |_, path| match path {
        "/api/v1/tasks/insert-1" => Some(FAILED),
        _ => Some(LEFT),
    });
    let uploaded = client.documents().upload_text(UploadText::new("x")).await.unwrap();
    let begun = tokio::time::Instant::now();
    let error = client.documents().wait_for(&uploaded).await.unwrap_err();
    assert_eq!(error.to_string(), "processing document d-1 failed: quota");
    assert!((15..21).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    let error = client.documents().wait_for(&uploaded).timeout(Duration::from_secs(9)).await.unwrap_err();
    assert!(error.is_timeout());
    insta::assert_snapshot!(error, @"the operation took too long; the document is still being processed, and yet processing document d-1 failed: quota");
}
