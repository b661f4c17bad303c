use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use edgequake_types::documents::{DeleteAllDocuments, DocumentStatus};
use futures_util::{FutureExt, StreamExt, stream};
use http::Method;
use http_body_util::BodyExt;
use tower::ServiceExt;

use super::*;
use crate::backend::Backend;
use crate::config::Era;
use crate::faults::Fault;
use crate::place::Place;
use crate::server::DevServer;
use crate::state::space::Space;

fn backend(era: Era) -> Backend {
    DevServer::builder().auth(false).era(era).build().unwrap()
}

fn space(backend: &Backend) -> Arc<Space> {
    backend.app().spaces.open(&Place::server_default())
}

fn request(method: Method, path: &str, body: impl Into<Body>) -> Request {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    request.header("x-tenant-id", "default").header("x-workspace-id", "default").body(body.into()).unwrap()
}

async fn status(backend: &Backend, request: Request) -> u16 {
    backend.service().oneshot(request).await.unwrap().status().as_u16()
}

fn upload() -> Request {
    request(Method::POST, "/api/v1/documents", r#"{"content": "Cats sleep."}"#)
}

/// The states of all documents, once background work has brought them there.
async fn until(space: &Space, expected: &[DocumentStatus]) {
    let states = || -> Vec<DocumentStatus> {
        space.contents().documents.newest_first().map(|document| document.status.clone()).collect()
    };
    let reached = async {
        while states() != expected {
            tokio::task::yield_now().await;
        }
    };
    let reached = tokio::time::timeout(Duration::from_secs(10), reached).await;
    assert!(reached.is_ok(), "{:?} instead of {expected:?}", states());
}

/// Sends a request whose client hangs up while the index is in use.
fn hang_up(backend: &Backend, request: Request) {
    let space = space(backend);
    let _index = space.index.lock().unwrap();
    assert!(backend.service().oneshot(request).now_or_never().is_none());
}

#[tokio::test]
async fn an_upload_is_processed_though_its_client_hangs_up() {
    let backend = backend(Era::C);
    assert_eq!(status(&backend, upload()).await, 202);
    until(&space(&backend), &[DocumentStatus::Completed]).await;
    // The same text replaces the document, which waits for the index.
    hang_up(&backend, upload());
    until(&space(&backend), &[DocumentStatus::Completed]).await;
    assert_eq!(backend.stats().uploads, 2);
}

#[tokio::test]
async fn a_document_is_deleted_though_its_client_hangs_up() {
    let backend = backend(Era::B);
    for path in ["/api/v1/documents/{id}", "/api/v1/documents"] {
        assert_eq!(status(&backend, upload()).await, 202);
        let space = space(&backend);
        until(&space, &[DocumentStatus::Completed]).await;
        let id = space.contents().documents.newest_first().next().unwrap().id.clone();
        let mut delete = request(Method::DELETE, &path.replace("{id}", id.as_str()), Body::empty());
        delete.headers_mut().insert(
            DeleteAllDocuments::CONFIRM_HEADER,
            HeaderValue::from_static(DeleteAllDocuments::CONFIRM_VALUE),
        );
        hang_up(&backend, delete);
        until(&space, &[]).await;
    }
}

#[tokio::test]
async fn the_task_of_a_document_that_is_gone_is_not_retried() {
    let backend = backend(Era::C);
    backend.faults().add(Fault::fail_processing("chunking")).unwrap();
    assert_eq!(status(&backend, upload()).await, 202);
    let space = space(&backend);
    until(&space, &[DocumentStatus::Failed]).await;
    let document = space.contents().documents.newest_first().next().unwrap().clone();
    space.contents().remove(&document.id, crate::clock::Timestamp::UNIX_EPOCH);
    let path = format!("/api/v1/tasks/{}/retry", document.task_id);
    assert_eq!(status(&backend, request(Method::POST, &path, Body::empty())).await, 409);
    let contents = space.contents();
    assert_eq!(contents.tasks.get(&document.task_id).unwrap().task.status.as_str(), "failed");
}

#[tokio::test]
async fn a_reset_puts_rate_limits_back() {
    let backend = DevServer::builder().auth(false).rate_limit(Some((1, 0.0))).build().unwrap();
    let list = || request(Method::GET, "/api/v1/documents", Body::empty());
    assert_eq!(status(&backend, list()).await, 200);
    assert_eq!(status(&backend, list()).await, 429);
    backend.reset().await;
    assert_eq!(status(&backend, list()).await, 200);
}

#[tokio::test]
async fn every_429_is_counted() {
    let backend = backend(Era::C);
    backend.faults().add(Fault::rate_limited(1)).unwrap();
    let list = request(Method::GET, "/api/v1/documents", Body::empty());
    assert_eq!(status(&backend, list).await, 429);
    assert_eq!(backend.stats().rate_limited, 1);
}

#[tokio::test]
async fn a_request_whose_client_gives_up_is_logged_and_counted() {
    let backend = backend(Era::C);
    let waiting = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
    let upload = request(Method::POST, "/api/v1/documents", waiting);
    assert!(backend.service().oneshot(upload).now_or_never().is_none());
    let log = backend.request_log();
    assert_eq!(log.len(), 1);
    assert!(!log[0].answered);
    assert_eq!(log[0].operation.as_deref(), Some("/api/v1/documents"));
    assert_eq!(backend.stats().requests, 1);
}

#[tokio::test]
async fn the_body_of_a_refused_request_is_read() {
    let backend = backend(Era::C);
    for (method, path, expected) in
        [(Method::POST, "/mcp", 501), (Method::DELETE, "/api/v1/documents/none", 404)]
    {
        let read = Arc::new(AtomicBool::new(false));
        let piece = || Ok::<_, std::io::Error>(Bytes::from(vec![b' '; 100_000]));
        let end = stream::once({
            let read = Arc::clone(&read);
            async move {
                read.store(true, Ordering::Relaxed);
                Ok(Bytes::new())
            }
        });
        let body = Body::from_stream(stream::iter([piece(), piece(), piece()]).chain(end));
        let response = backend.service().oneshot(request(method, path, body)).await.unwrap();
        assert_eq!(response.status().as_u16(), expected, "{path}");
        assert!(read.load(Ordering::Relaxed), "{path}");
        response.into_body().collect().await.unwrap();
    }
}

/// A file takes room as a text does, and gives it back.
#[cfg(feature = "pdf")]
#[tokio::test]
async fn files_take_room() {
    let backend = backend(Era::C);
    let upload = |letter: &str| {
        let file = format!("%PDF-1.7 {}", letter.repeat(150 * 1024));
        let body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n{file}\r\n--b--"
        );
        let mut upload = request(Method::POST, "/api/v1/documents/pdf", body);
        let form = HeaderValue::from_static("multipart/form-data; boundary=b");
        upload.headers_mut().insert("content-type", form);
        upload
    };
    assert_eq!(status(&backend, upload("a")).await, 200);
    assert_eq!(status(&backend, upload("b")).await, 413);
    let space = space(&backend);
    let id = space.contents().pdfs.newest_first().next().unwrap().id.clone();
    assert!(space.contents().remove_pdf(&id).is_some());
    assert_eq!(status(&backend, upload("b")).await, 200);
    assert_eq!(space.contents().tasks.newest_first().count(), 3);
    backend.reset().await;
    assert!(backend.app().spaces.is_unused());
}
