//! Readers, progress in bytes, a file until it is processed, and many documents that are waited for at once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use edgequake_client::types::documents::{DocumentStatus, UploadText};
use edgequake_client::types::{DocumentId, TenantId, WorkspaceId};
use edgequake_client::{Client, ErrorKind, FileUploadError};
use edgequake_devserver::{Backend, DevServer, DevServerBuilder, Fault};
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;

use crate::dev;
use crate::server::{Server, answer, json};

const ACCEPTED: &str = r#"{"document_id":"d-1","status":"pending","task_id":"t-1","track_id":""}"#;

/// In this process, without a socket.
pub(crate) fn backend(builder: DevServerBuilder) -> (Backend, Client) {
    let backend = builder.auth(false).build().unwrap();
    let client = Client::builder().build_on(backend.service()).unwrap();
    let client = client.with_tenant(TenantId::server_default()).with_workspace(WorkspaceId::server_default());
    (backend, client)
}

#[tokio::test]
async fn a_reader_is_sent_as_it_comes_with_its_length_or_without() {
    for length in [None, Some(200_000)] {
        let server = Server::answers([json(202, ACCEPTED)]).await;
        let content: Vec<u8> = (0..200_000).map(|at| b'a' + (at % 23) as u8).collect();
        let (mut writer, reader) = tokio::io::duplex(1000);
        let written = content.clone();
        let writing = tokio::spawn(async move { writer.write_all(&written).await });
        let told = Arc::new(Mutex::new(Vec::new()));
        let tell = Arc::clone(&told);
        let client = server.client();
        let upload = client.documents().upload_reader(reader, "notes.md").title("Notes");
        let upload = upload.on_progress(move |sent, total| tell.lock().unwrap().push((sent, total)));
        let upload = match length {
            Some(length) => upload.length(length),
            None => upload,
        };
        let uploaded = upload.await.unwrap();
        writing.await.unwrap().unwrap();
        assert_eq!(uploaded.document_id.unwrap().as_str(), "d-1");
        let received = server.received();
        assert!(received[0].body.windows(content.len()).any(|window| window == content));
        assert!(String::from_utf8_lossy(&received[0].body).contains("filename=\"notes.md\""));
        assert_eq!(received[0].header("content-length").is_some(), length.is_some());
        let told = told.lock().unwrap();
        assert_eq!(told.last(), Some(&(200_000, length)));
        assert!(told.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}

#[tokio::test]
async fn a_reader_is_read_once_and_the_error_says_so() {
    for refusal in [
        answer(429, &[("retry-after", "0")], b""),
        answer(503, &[], br#"{"code":"B","message":"busy","retryable":true}"#),
        json(401, "{}"),
    ] {
        let server = Server::answers([refusal, json(202, ACCEPTED)]).await;
        let client = server.client();
        let error = client.documents().upload_reader(&b"# Bridges"[..], "notes.md").await.unwrap_err();
        assert!(error.to_string().contains("what was read cannot be sent again"), "{error}");
        assert_eq!((server.received().len(), error.attempts()), (1, 1));
    }
}

#[tokio::test]
async fn a_reader_that_fails_or_has_another_length_is_an_error_of_this_side() {
    for (length, content) in [(10, &b"short"[..]), (3, &b"longer"[..])] {
        let server = Server::answers([json(202, ACCEPTED)]).await;
        let client = server.client();
        let error = client.documents().upload_reader(content, "a.md").length(length).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{error:?}");
        assert!(matches!(error.find(), Some(FileUploadError::Length { .. })), "{error:?}");
        assert!(server.received().is_empty(), "all of it was sent");
    }
    let server = Server::answers([json(202, ACCEPTED)]).await;
    let broken = tokio_util_reader();
    let error = server.client().documents().upload_reader(broken, "a.md").await.unwrap_err();
    assert!(matches!(error.find(), Some(FileUploadError::Read { .. })), "{error:?}");
}

/// Fails after some bytes.
fn tokio_util_reader() -> impl tokio::io::AsyncRead + Send + 'static {
    struct Broken(bool);
    impl tokio::io::AsyncRead for Broken {
        fn poll_read(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            buffer: &mut tokio::io::ReadBuf<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            if std::mem::replace(&mut self.0, true) {
                return std::task::Poll::Ready(Err(std::io::Error::other("the pipe broke")));
            }
            buffer.put_slice(b"half");
            std::task::Poll::Ready(Ok(()))
        }
    }
    Broken(false)
}

#[tokio::test]
async fn the_progress_of_a_file_ends_at_its_length() {
    let server = Server::answers([json(202, ACCEPTED)]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.md");
    std::fs::write(&path, vec![b'a'; 200_000]).unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let client = server.client();
    let upload = client.documents().upload_file(&path);
    upload.on_progress(move |sent, total| tell.lock().unwrap().push((sent, total))).await.unwrap();
    let told = told.lock().unwrap();
    assert_eq!((told.len(), told.last()), (4, Some(&(200_000, 200_000))), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn a_file_is_uploaded_and_waited_for_in_one_call() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.md");
    std::fs::write(&path, "The bridge opened in 1931.").unwrap();
    let (_server, client) = backend(DevServer::builder().processing_delay(Duration::from_secs(3)));
    let document = client.documents().upload_and_wait(&path).configure(|upload| upload.title("Bridge")).await;
    assert_eq!(document.unwrap().status, Some(DocumentStatus::Completed));

    let fault = Fault::fail_processing("embedding");
    let (_server, client) =
        backend(DevServer::builder().processing_delay(Duration::from_secs(3)).fault(fault));
    let error = client.documents().upload_and_wait(&path).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Processing);

    // It was accepted, and the error says as what.
    let (_server, client) = backend(DevServer::builder().processing_delay(Duration::from_secs(60)));
    let error = client.documents().upload_and_wait(&path).timeout(Duration::from_secs(5)).await.unwrap_err();
    assert!(error.is_timeout() && error.to_string().contains("it was uploaded as document "), "{error}");
}

#[tokio::test(start_paused = true)]
async fn many_documents_are_waited_for_with_few_questions() {
    const COUNT: usize = 150;
    for track in [None, Some("notes-7")] {
        let delay = Duration::from_secs(30);
        let (server, client) = backend(DevServer::builder().processing_delay(delay));
        let mut uploads = Vec::new();
        for number in 0..COUNT {
            let mut upload = UploadText::new(format!("Bridge {number}."));
            upload.track_id = track.map(Into::into);
            uploads.push(client.documents().upload_text(upload).await.unwrap());
        }
        let begun = tokio::time::Instant::now();
        let ended: Vec<_> = client.documents().wait_all(&uploads).collect().await;
        assert!(begun.elapsed() < delay + Duration::from_secs(8), "{:?}", begun.elapsed());
        assert_eq!(ended.len(), COUNT);
        assert!(ended.iter().all(|waited| waited.result.as_ref().unwrap().chunk_count > 0));
        let questions = server.request_log().iter().filter(|seen| seen.method == "GET").count();
        assert!(questions <= 40, "{questions} questions for {track:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn failed_deleted_and_unknown_documents_are_errors() {
    let builder = DevServer::builder().processing_delay(Duration::from_secs(5));
    let (_server, client) = backend(builder.fault(Fault::fail_processing("embedding").times(1)));
    let documents = client.documents();
    let mut uploads = Vec::new();
    for number in 0..3 {
        let uploaded = documents.upload_text(UploadText::new(format!("Bridge {number}."))).await.unwrap();
        uploads.push(edgequake_client::Uploaded::from(&uploaded));
    }
    uploads.push(DocumentId::from("nowhere").into());
    let mut ended = documents.wait_all(&uploads);
    documents.delete(uploads[2].document_id().unwrap().clone()).await.unwrap();
    let mut kinds = Vec::new();
    while let Some(waited) = ended.next().await {
        kinds.push(waited.result.map(drop).map_err(|error| error.kind()));
    }
    kinds.sort_by_key(|kind| format!("{kind:?}"));
    assert_eq!(
        kinds,
        [Err(ErrorKind::NotFound), Err(ErrorKind::NotFound), Err(ErrorKind::Processing), Ok(())]
    );
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_many_ends_where_nothing_happens_and_bridges_what_passes() {
    let (_server, client) = backend(DevServer::builder().fault(Fault::hang_processing("embedding")));
    let uploaded = client.documents().upload_text(UploadText::new("Bridge.")).await.unwrap();
    let begun = tokio::time::Instant::now();
    let waited =
        client.documents().wait_all([&uploaded]).timeout(Duration::from_secs(40)).next().await.unwrap();
    let error = waited.result.unwrap_err();
    assert!(error.is_timeout() && error.to_string().contains("still being processed"), "{error}");
    assert!(begun.elapsed() >= Duration::from_secs(40) && begun.elapsed() < Duration::from_secs(60));

    let busy = Fault::status(503).on("ListDocuments").times(10);
    let (_server, client) = backend(DevServer::builder().fault(busy));
    let uploaded = client.documents().upload_text(UploadText::new("Bridge.")).await.unwrap();
    let waited = client.documents().wait_all([&uploaded]).next().await.unwrap();
    waited.result.unwrap();
}

#[tokio::test]
async fn a_credential_that_is_refused_ends_the_wait_for_all() {
    let server = dev::ordering([Fault::unauthorized()]).await;
    let client = dev::client(&server);
    let uploads = ["d-1", "d-2", "d-3"].map(DocumentId::from);
    let ended: Vec<_> = client.documents().wait_all(uploads).collect().await;
    assert_eq!(ended.len(), 3);
    for waited in ended {
        let error = waited.result.unwrap_err();
        assert!(error.is_unauthorized(), "{error:?}");
    }
}
