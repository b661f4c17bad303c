//! Uploads: files from disk, refusals in the middle, and what is known of the document afterwards. Where a server is scripted, it shows the
//! form byte for byte.

use std::future::IntoFuture;
use std::path::{Path, PathBuf};
use std::time::Duration;

use edgequake_client::layers::timeout::{TimedOut, TimeoutScope};
use edgequake_client::types::documents::{DocumentStatus, UploadFile, UploadText};
use edgequake_client::{Call, Client, Error, ErrorKind, FileUploadError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::dev;
use crate::memory::Memory;
use crate::server::{Act, Server, answer, json};

const ACCEPTED: &str = r#"{"document_id":"d-1","status":"pending","task_id":"t-1","track_id":""}"#;

/// A file of this many bytes with something different everywhere.
fn file(bytes: usize) -> (tempfile::TempDir, PathBuf, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.md");
    let content: Vec<u8> = (0..bytes).map(|at| b'a' + (at % 23) as u8).collect();
    std::fs::write(&path, &content).unwrap();
    (folder, path, content)
}

#[tokio::test]
async fn a_file_is_opened_anew_for_each_attempt_and_its_length_is_declared() {
    let server = Server::start(|n, _| {
        Act::Send(if n == 0 { answer(429, &[("retry-after", "0")], b"") } else { json(202, ACCEPTED) })
    })
    .await;
    let (_folder, path, content) = file(300_000);
    let uploaded = server.client().documents().upload_file(&path).await.unwrap();
    // An empty track is none.
    assert_eq!((uploaded.task_id.unwrap().as_str(), uploaded.track_id), ("t-1", None));
    let received = server.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].body, received[1].body);
    assert_eq!(received[0].header("content-length").unwrap(), received[0].body.len().to_string());
    assert!(received[0].body.windows(content.len()).any(|window| window == content));
    let head = String::from_utf8_lossy(&received[0].body[..200]).into_owned();
    assert!(
        head.contains("filename=\"a.md\"") && !head.contains(path.parent().unwrap().to_str().unwrap()),
        "{head}"
    );
}

/// The error of an upload of a file that changed, which is final and told as one of this side.
async fn changed(call: Call<UploadFile>) -> Error {
    let error = call.await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Request, 1), "{error:?}");
    assert!(matches!(error.find::<FileUploadError>(), Some(FileUploadError::Changed { .. })), "{error:?}");
    assert!(crate::errors::chain(&error).contains("changed while it was uploaded"), "{error:?}");
    error
}

#[tokio::test]
async fn a_file_that_changes_before_it_is_sent_is_an_error_of_this_side() {
    type Change = fn(&Path, &[u8]);
    let changes: &[(&str, Change)] = &[
        ("cut", |path, _| std::fs::write(path, "short").unwrap()),
        ("appended to", |path, content| std::fs::write(path, [content, b"later"].concat()).unwrap()),
        ("written to", |path, content| {
            let later = std::time::SystemTime::now() + std::time::Duration::from_secs(2);
            std::fs::write(path, content.to_ascii_uppercase()).unwrap();
            std::fs::File::open(path).unwrap().set_modified(later).unwrap();
        }),
        // With the same length and the same time, which some tools set back. The clock of the file system goes on in steps.
        #[cfg(unix)]
        ("written to in place", |path, content| {
            use std::os::unix::fs::MetadataExt as _;
            let before = std::fs::metadata(path).unwrap();
            let changed = |now: &std::fs::Metadata| (now.ctime(), now.ctime_nsec());
            while changed(&std::fs::metadata(path).unwrap()) == changed(&before) {
                std::fs::write(path, content.to_ascii_uppercase()).unwrap();
                std::fs::File::open(path).unwrap().set_modified(before.modified().unwrap()).unwrap();
            }
        }),
        ("replaced", |path, content| {
            let other = path.with_extension("other");
            std::fs::write(&other, content.to_ascii_uppercase()).unwrap();
            let modified = std::fs::metadata(path).unwrap().modified().unwrap();
            std::fs::File::open(&other).unwrap().set_modified(modified).unwrap();
            std::fs::rename(&other, path).unwrap();
        }),
        ("removed", |path, _| std::fs::remove_file(path).unwrap()),
    ];
    for &(what, change) in changes {
        let server = Server::answers([json(202, ACCEPTED)]).await;
        let (_folder, path, content) = file(10_000);
        let call = server.client().documents().upload_file(&path).into_call().await.unwrap();
        change(&path, &content);
        if what == "removed" {
            assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Request);
        } else {
            changed(call).await;
        }
        assert!(server.received().is_empty(), "{what}: all of it was sent");
    }
}

#[tokio::test]
async fn a_file_that_was_empty_is_held_to_that() {
    let server = Server::answers([json(202, ACCEPTED)]).await;
    let client = server.client();
    let (_folder, path, _) = file(0);
    client.documents().upload_file(&path).await.unwrap();
    let call = client.documents().upload_file(&path).into_call().await.unwrap();
    std::fs::write(&path, "late").unwrap();
    changed(call).await;
    std::fs::write(&path, "").unwrap();
    let call = client.documents().upload_file(&path).into_call().await.unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Request);
    assert_eq!(server.received().len(), 1, "an empty document was stored");
}

#[test]
fn the_look_at_a_file_is_within_the_limit_of_the_call() {
    // The only thread that may block does, as with a file on a server that hangs.
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().max_blocking_threads(1).build().unwrap();
    let (release, held) = std::sync::mpsc::channel::<()>();
    runtime.spawn_blocking(move || held.recv());
    let (_folder, path, _) = file(10);
    let client = Client::builder().base_url("http://127.0.0.1:1").api_key("k1").build().unwrap();
    let limit = std::time::Duration::from_millis(1);
    let error = runtime.block_on(async { client.documents().upload_file(&path).timeout(limit).await });
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutScope::Total), "{error:?}");
    release.send(()).unwrap();
}

#[tokio::test]
async fn a_file_that_is_replaced_between_two_attempts_is_not_stored_torn() {
    for status in [401, 429] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.md");
        std::fs::write(&path, "a".repeat(40)).unwrap();
        let other = folder.path().join("b.md");
        std::fs::write(&other, "b".repeat(480)).unwrap();
        let (from, to) = (other.clone(), path.clone());
        let server = Server::start(move |n, request| {
            if request.path().contains("auth") {
                return Act::Send(json(200, r#"{"access_token":"a","refresh_token":"r","expires_in":3600}"#));
            }
            match from.exists() {
                true => {
                    assert!(n < 2);
                    std::fs::rename(&from, &to).unwrap();
                    Act::Send(answer(status, &[("retry-after", "0")], b""))
                }
                false => Act::Send(json(202, ACCEPTED)),
            }
        })
        .await;
        let client = server.builder().login("mona", "pw").build().unwrap();
        let error = client.documents().upload_file(&path).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request, "{status}: {error:?}");
        assert!(matches!(error.find::<FileUploadError>(), Some(FileUploadError::Changed { .. })));
        let uploads = server.lines().iter().filter(|line| line.contains("/upload")).count();
        assert_eq!(uploads, 1, "{status}: the second attempt arrived whole");
    }
}

#[tokio::test]
async fn a_file_that_is_written_to_while_it_is_sent_is_not_stored_torn() {
    // More than fits into the buffers on the way, so that the end is read after the server has begun to read.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (_folder, path, content) = file(48 * 1024 * 1024);
    let target = path.clone();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = vec![0; 64 * 1024];
        stream.read_exact(&mut read).await.unwrap();
        let mut file = std::fs::OpenOptions::new().write(true).open(&target).unwrap();
        std::io::Write::write_all(&mut file, b"changed").unwrap();
        file.set_modified(std::time::SystemTime::now() + std::time::Duration::from_secs(2)).unwrap();
        let mut arrived = read.len();
        while let Ok(length @ 1..) = stream.read(&mut read).await {
            arrived += length;
        }
        arrived
    });
    let client = Client::builder().base_url(&url).api_key("k1").build().unwrap();
    changed(client.documents().upload_file(&path).into_call().await.unwrap()).await;
    assert!(served.await.unwrap() < content.len(), "all of it was sent");
}

#[tokio::test]
async fn a_refusal_before_all_is_sent_is_heard_or_is_a_failure_to_send() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let requests = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut read = vec![0; 64 * 1024];
        stream.read_exact(&mut read).await.unwrap();
        let refusal = json(413, r#"{"code":"PAYLOAD_TOO_LARGE","message":"at most 1 MiB"}"#);
        stream.write_all(&refusal).await.unwrap();
        drop(stream);
        // Nobody comes back.
        listener.accept().await.is_ok()
    });
    let client = Client::builder().base_url(&url).api_key("k1").build().unwrap();
    let (_folder, path, _) = file(5 * 1024 * 1024);
    let error = client.documents().upload_file(&path).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TooLarge | ErrorKind::Interrupted), "{error:?}");
    assert_eq!(error.attempts(), 1);
    assert!(!requests.is_finished(), "the upload was repeated");
    requests.abort();
}

#[tokio::test]
async fn refusals_of_uploads_have_kinds_of_their_own() {
    for (status, kind) in [
        (409, ErrorKind::Conflict),
        (413, ErrorKind::TooLarge),
        (415, ErrorKind::UnsupportedMediaType),
        (422, ErrorKind::Invalid),
    ] {
        let server = dev::ordering([dev::answer(status, "no")]).await;
        let error =
            dev::client(&server).documents().upload(UploadFile::from_bytes("a.md", "x")).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(server.stats().requests, 1, "{status} was repeated");
    }
}

#[tokio::test]
async fn answers_that_say_little_are_answers() {
    for (body, document, task, status) in [
        (r#"{"id":"d1","status":"partial_failure"}"#, Some("d1"), None, DocumentStatus::PartialFailure),
        (r#"{"status":"processing","task_id":"t1"}"#, None, Some("t1"), DocumentStatus::Processing),
        (
            r#"{"document_id":"d1","status":"duplicate_processing","duplicate_of":"d1","track_id":""}"#,
            Some("d1"),
            None,
            DocumentStatus::DuplicateProcessing,
        ),
        (
            r#"{"document_id":"d1","status":"archived_v9"}"#,
            Some("d1"),
            None,
            DocumentStatus::Other("archived_v9".into()),
        ),
    ] {
        let server = dev::ordering([dev::answer(200, body)]).await;
        let uploaded = dev::client(&server).documents().upload_text(UploadText::new("x")).await.unwrap();
        assert_eq!(uploaded.document_id.as_ref().map(|id| id.as_str()), document, "{body}");
        assert_eq!(uploaded.task_id.as_ref().map(|id| id.as_str()), task, "{body}");
        assert_eq!((uploaded.status, uploaded.chunk_count), (Some(status), None), "{body}");
    }
}

#[tokio::test]
async fn waiting_goes_on_when_a_restart_has_forgotten_the_task() {
    let document = |text| dev::answer(200, text).on("GetDocument");
    let server = dev::ordering([
        dev::answer(202, ACCEPTED).on("UploadText"),
        dev::answer(404, r#"{"code":"NOT_FOUND","message":"no such task"}"#).on("GetTask"),
        dev::answer(404, r#"{"code":"NOT_FOUND","message":"not yet"}"#).on("GetDocument").times(1),
        document(r#"{"id":"d-1","status":"processing","chunk_count":0}"#).times(1),
        document(r#"{"id":"d-1","status":"completed","chunk_count":2}"#),
    ])
    .await;
    let client = dev::client(&server);
    let uploaded = client.documents().upload_text(UploadText::new("x")).await.unwrap();
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let tell = std::sync::Arc::clone(&told);
    let waiting = client.documents().wait_for(&uploaded);
    let document = waiting
        .on_progress(move |progress| tell.lock().unwrap().push(progress.status.clone()))
        .await
        .unwrap();
    assert_eq!(document.chunk_count, 2);
    assert_eq!(
        *told.lock().unwrap(),
        [None, Some(DocumentStatus::Processing), Some(DocumentStatus::Completed)]
    );
}

#[test]
fn one_limit_covers_the_look_at_the_file_and_the_call_and_is_told_as_it_was_set() {
    let limit = Duration::from_secs(60);
    for own in [false, true] {
        // Only one thread may block, and is busy.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .max_blocking_threads(1)
            .build()
            .unwrap();
        let (_folder, path, _) = file(10);
        runtime.block_on(async {
            let (free, busy) = std::sync::mpsc::channel::<()>();
            let blocker = tokio::task::spawn_blocking(move || busy.recv());
            let client = Client::builder().timeout((!own).then_some(limit)).attempt_timeout(None);
            let client = client.build_on(Memory::new(|_| None)).unwrap();
            let begun = tokio::time::Instant::now();
            let upload = client.documents().upload_file(&path);
            let upload = if own { upload.timeout(limit) } else { upload };
            let upload = tokio::spawn(upload.into_future());
            tokio::task::yield_now().await;
            tokio::time::advance(Duration::from_secs(20)).await;
            drop(free);
            assert!(blocker.await.unwrap().is_err());
            let error = upload.await.unwrap().unwrap_err();
            assert!(error.is_timeout(), "{error:?}");
            assert_eq!(begun.elapsed().as_secs(), limit.as_secs());
            let told = error.find::<TimedOut>().unwrap().to_string();
            assert_eq!(told, "the operation was not finished within 60000 ms");
        });
    }
}
