//! Waits whose time is over: each says why the server could not be asked, if that was it.

use std::time::Duration;

use bytes::Bytes;
use edgequake_client::body::{RequestBody, ResponseBody};
use edgequake_client::fault::Fault;
use edgequake_client::types::DocumentId;
use edgequake_client::types::documents::UploadText;
use edgequake_client::{BoxError, Client, Error, ErrorKind, Uploaded};
use edgequake_devserver::DevServer;
use http::{Request, Response};
use tokio::time::Instant;

use crate::dev;
use crate::ingestion::backend;

/// What a server does with a question.
#[derive(Clone, Copy)]
enum Answer {
    Says(u16, &'static str),
    Refuses,
    Hangs,
}

/// A client whose upload is accepted, and whose questions are answered like this.
fn client(upload: &'static str, question: Answer) -> Client {
    let transport = tower::service_fn(move |request: Request<RequestBody>| {
        let is_upload = request.method() == http::Method::POST;
        async move {
            let (status, body) = match question {
                _ if is_upload => (202, upload),
                Answer::Says(status, body) => (status, body),
                Answer::Refuses => return Err(Fault::Connect.mark("connection refused").into()),
                Answer::Hangs => std::future::pending().await,
            };
            let body = ResponseBody::from(Bytes::from_static(body.as_bytes()));
            Ok::<_, BoxError>(Response::builder().status(status).body(body)?)
        }
    });
    Client::builder().build_on(transport).unwrap()
}

const LIMIT: Duration = Duration::from_secs(3);
const DOCUMENT: &str = r#"{"document_id":"d-1","status":"pending"}"#;
const WITH_TASK: &str = r#"{"document_id":"d-1","status":"pending","task_id":"insert-1"}"#;
const WITH_TRACK: &str = r#"{"document_id":"d-1","status":"pending","track_id":"upload_1"}"#;

/// How each way to wait ends.
async fn ends(question: Answer) -> Vec<(&'static str, Error)> {
    let mut ends = Vec::new();
    for (name, upload) in [("document", DOCUMENT), ("task", WITH_TASK), ("track", WITH_TRACK)] {
        let client = client(upload, question);
        let uploaded = client.documents().upload_text(UploadText::new("x")).await.unwrap();
        let begun = Instant::now();
        let error = client.documents().wait_for(&uploaded).timeout(LIMIT).await.unwrap_err();
        assert_eq!(begun.elapsed(), LIMIT, "{name}");
        ends.push((name, error));
        let begun = Instant::now();
        let mut all = client.documents().wait_all([&uploaded, &uploaded]).total_timeout(LIMIT);
        let first = all.next().await.unwrap().result.unwrap_err();
        assert_eq!((begun.elapsed(), first.to_string()), (LIMIT, name_of(&all.next().await.unwrap().result)));
        assert!(all.next().await.is_none());
        ends.push((name, first));
    }
    ends
}

fn name_of<T>(result: &Result<T, Error>) -> String {
    result.as_ref().err().unwrap().to_string()
}

#[tokio::test(start_paused = true)]
async fn every_wait_tells_why_the_server_could_not_be_asked() {
    const BUSY: &str = r#"{"code":"read_path_busy","message":"busy","details":{"reason":"permit_wait"}}"#;
    for (question, kind, words) in [
        (Answer::Refuses, ErrorKind::Connect, "no connection could be made to http://localhost:8080"),
        (Answer::Says(503, BUSY), ErrorKind::Unavailable, "503 Service Unavailable: busy [READ_PATH_BUSY]"),
    ] {
        for (name, error) in ends(question).await {
            let text = error.to_string();
            let begin = "the operation took too long; the last status request failed: /api/v1/";
            assert!(text.starts_with(begin) && text.contains(words), "{name}: {text}");
            assert_eq!(error.last_failure().map(Error::kind), Some(kind), "{name}");
            assert!(error.is_timeout() && error.is_retryable(), "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_has_not_said_that_it_goes_on() {
    for (name, error) in ends(Answer::Hangs).await {
        let expected = "the operation took too long; no status request was answered";
        assert_eq!((error.to_string().as_str(), error.last_failure().is_none()), (expected, true), "{name}");
    }
}

#[tokio::test]
async fn an_upload_that_is_waited_for_tells_its_document_and_the_failure() {
    let server = dev::ordering([
        dev::answer(202, r#"{"document_id":"d-1","status":"pending"}"#).on("UploadFile"),
        dev::answer(502, "").on("GetDocument"),
    ])
    .await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.md");
    std::fs::write(&path, "The bridge opened in 1931.").unwrap();
    let documents = dev::client(&server);
    let wait = documents.documents().upload_and_wait(&path).timeout(Duration::from_millis(300));
    let error = wait.await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("the last status request failed: /api/v1/documents/{document_id}: 502"), "{text}");
    assert!(text.contains("it was uploaded as document d-1: wait for that"), "{text}");
    assert_eq!(error.last_failure().and_then(Error::status).map(|it| it.as_u16()), Some(502));
}

#[tokio::test(start_paused = true)]
async fn a_total_limit_holds_whatever_happens() {
    let builder = DevServer::builder().processing_delay(Duration::from_secs(3_600));
    let (_server, client) = backend(builder);
    let mut uploads = vec![Uploaded::from(DocumentId::from("nowhere"))];
    for number in 0..3 {
        let upload = UploadText::new(format!("Bridge {number}."));
        uploads.push(Uploaded::from(&client.documents().upload_text(upload).await.unwrap()));
    }
    let begun = Instant::now();
    let mut ended =
        client.documents().wait_all(&uploads).timeout(None).total_timeout(Duration::from_secs(30));
    let mut kinds = Vec::new();
    while let Some(waited) = ended.next().await {
        let error = waited.result.unwrap_err();
        assert_eq!(error.is_timeout(), error.to_string().ends_with("the document is still being processed"));
        kinds.push((error.kind() == ErrorKind::NotFound, begun.elapsed().as_secs() == 30));
    }
    assert_eq!(kinds, [(true, false), (false, true), (false, true), (false, true)]);
}
