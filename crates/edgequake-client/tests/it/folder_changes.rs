//! Folders whose files change under the run, callers that panic, and PDFs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use edgequake_client::body::{RequestBody, ResponseBody};
use edgequake_client::folder::FolderEvent;
use edgequake_client::types::documents::ListDocuments;
use edgequake_client::{Client, RetryConfig};
use edgequake_devserver::{DevServer, Fault};
use http::{Method, Request, Response};

use crate::dev;
use crate::folder::{backend, folder, in_workspace, lines, many, run};

/// Over a socket, so that it is this side that tells of a file.
async fn server() -> (DevServer, Client) {
    let server = DevServer::builder().auth(false).start().await.unwrap();
    let client = in_workspace(&dev::client(&server));
    (server, client)
}

#[tokio::test]
async fn a_file_that_changes_is_hashed_and_sent_anew() {
    let folder = folder([("a.md", "The bridge.")]);
    let (_server, client) = server().await;
    let first = AtomicBool::new(true);
    // Called between the hash and the upload.
    let upload = client.documents().upload_folder(folder.path()).configure(move |path, upload| {
        if first.swap(false, Ordering::Relaxed) {
            std::fs::write(path, "The bridge, and the tunnel.").unwrap();
        }
        upload
    });
    let (told, report) = run(upload, folder.path()).await;
    assert_eq!(lines(&told), "a.md: found, uploaded\n");
    assert_eq!(report.uploaded_bytes, 27);
    let list = client.documents().list(ListDocuments::new()).await.unwrap();
    assert_eq!(list.documents[0].content_length, Some(27));
}

#[tokio::test]
async fn a_file_that_keeps_changing_or_vanishes_is_told() {
    let folder = folder([("a.md", "The bridge."), ("b.md", "The tunnel."), ("c.md", "The ferry.")]);
    let (_server, client) = server().await;
    let count = AtomicUsize::new(0);
    let upload = client.documents().upload_folder(folder.path()).retries(0).configure(move |path, upload| {
        match path.file_name().and_then(|name| name.to_str()) {
            Some("a.md") => {
                let number = count.fetch_add(1, Ordering::Relaxed);
                std::fs::write(path, "x".repeat(50 + number)).unwrap();
            }
            Some("b.md") => std::fs::remove_file(path).unwrap(),
            _ => panic!("the caller's own"),
        }
        upload
    });
    let (told, report) = run(upload, folder.path()).await;
    let told = lines(&told).replace(folder.path().to_str().unwrap(), "FOLDER");
    assert!(told.contains("a.md changed while it was uploaded: upload it again"), "{told}");
    assert!(told.contains("cannot read FOLDER/b.md: No such file"), "{told}");
    assert!(told.contains("c.md: found, failed: "), "{told}");
    assert_eq!((report.found, report.failed), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_finishes_what_is_under_way() {
    let folder = many(10);
    let slow = Fault::delayed(Duration::from_secs(1)).on("UploadFile");
    let busy = Fault::status(503).on("UploadFile");
    // Nor is any file tried again.
    for (fault, uploaded, failed) in [(slow, 2, 0), (busy, 0, 2)] {
        for resume in [false, true] {
            let (_server, client) = backend(DevServer::builder().fault(fault.clone()));
            let upload = client.documents().upload_folder(folder.path()).concurrency(2).resume(resume);
            let mut events = upload.events();
            let (mut found, mut report) = (0, None);
            while let Some(event) = events.next().await {
                match event {
                    FolderEvent::Found { .. } => found += 1,
                    FolderEvent::Finished(finished) => report = Some(finished),
                    _ => {}
                }
                if found == 2 {
                    events.stop();
                }
            }
            let report = report.unwrap();
            let counts = (report.found, report.uploaded, report.failed, report.not_tried);
            assert_eq!(counts, (10, uploaded, failed, 8), "{report:?}");
        }
    }
    // Before it has begun, not even what is there is listed.
    let (server, client) = backend(DevServer::builder());
    let mut events = client.documents().upload_folder(folder.path()).resume(true).events();
    events.stop();
    let mut report = None;
    while let Some(event) = events.next().await {
        if let FolderEvent::Finished(finished) = event {
            report = Some(finished);
        }
    }
    assert_eq!(report.unwrap().not_tried, 10);
    assert!(server.request_log().is_empty());
}

#[tokio::test]
async fn a_server_that_is_gone_is_not_tried_for_every_file() {
    let folder = many(30);
    let server = DevServer::builder().auth(false).start().await.unwrap();
    let client = Client::builder().base_url(server.url()).retry(RetryConfig::none()).build().unwrap();
    // It goes while the files are being uploaded.
    let upload = client.documents().upload_folder(folder.path()).concurrency(1).retries(0);
    let mut events = upload.events();
    let (mut server, mut report) = (Some(server), None);
    while let Some(event) = events.next().await {
        match event {
            FolderEvent::Uploaded { .. } => {
                if let Some(server) = server.take() {
                    server.shutdown().await;
                }
            }
            FolderEvent::Failed { error, .. } => assert!(error.status().is_none(), "{error}"),
            FolderEvent::Finished(finished) => report = Some(finished),
            _ => {}
        }
    }
    let report = report.unwrap();
    assert_eq!(report.found, 30, "{report:?}");
    assert!(report.failed <= 4 && report.not_tried >= 24, "{report:?}");
}

#[tokio::test]
async fn files_below_have_their_path_as_title() {
    let folder = folder([("a.md", "The bridge."), ("2031/notes/b.md", "The tunnel.")]);
    let (_server, client) = backend(DevServer::builder());
    run(client.documents().upload_folder(folder.path()), folder.path()).await;
    let mut titles = Vec::new();
    for document in client.documents().list(ListDocuments::new()).await.unwrap().documents {
        let document = client.documents().get(document.id).await.unwrap();
        titles.push((document.file_name.unwrap(), document.metadata.map(|it| it["title"].clone())));
    }
    titles.sort_by(|one, other| one.0.cmp(&other.0));
    assert_eq!(titles, [("a.md".to_owned(), None), ("b.md".to_owned(), Some("2031/notes/b.md".into()))]);
}

/// A server of PDFs: each upload is answered with this, and the second question after one tells its document.
fn pdf_server(upload: &'static str) -> Client {
    let asked = Arc::new(AtomicUsize::new(0));
    let transport = tower::service_fn(move |request: Request<RequestBody>| {
        let body = match (request.method(), request.uri().path()) {
            (&Method::POST, "/api/v1/documents/pdf") => upload,
            (&Method::GET, "/api/v1/documents/pdf/p-1") => match asked.fetch_add(1, Ordering::Relaxed) {
                0 => r#"{"pdf_id":"p-1","status":"processing"}"#,
                _ => r#"{"pdf_id":"p-1","document_id":"d-1","status":"completed"}"#,
            },
            (&Method::GET, "/api/v1/documents/pdf/p-9") => {
                r#"{"pdf_id":"p-9","status":"failed","errors":"no pages"}"#
            }
            (&Method::GET, "/api/v1/tasks/pdf-1") => r#"{"track_id":"pdf-1","status":"indexed"}"#,
            (&Method::GET, "/api/v1/documents/d-1") => r#"{"id":"d-1","status":"completed","chunk_count":2}"#,
            (&Method::GET, "/api/v1/documents") => {
                r#"{"documents":[{"id":"d-1","status":"completed","chunk_count":2}],"total":1,"page":1,"page_size":100,"total_pages":1}"#
            }
            (method, path) => panic!("{method} {path}"),
        };
        std::future::ready(Response::builder().body(ResponseBody::from(Bytes::from(body))))
    });
    Client::builder().build_on(transport).unwrap()
}

#[tokio::test(start_paused = true)]
async fn pdfs_go_their_own_way() {
    let folder = folder([("a.PDF", "%PDF-1.7")]);
    let client = pdf_server(r#"{"pdf_id":"p-1","status":"queued","task_id":"pdf-1"}"#);
    let mut events = client.documents().upload_folder(folder.path()).wait(true).events();
    let mut names = Vec::new();
    while let Some(event) = events.next().await {
        names.push(format!("{event:?}").split([' ', '(']).next().unwrap().to_owned());
    }
    assert_eq!(names, ["Found", "Uploaded", "Processed", "Finished"]);

    // One file alone, too.
    let client = pdf_server(r#"{"pdf_id":"p-1","status":"queued","task_id":"pdf-1"}"#);
    let uploaded = client.pdfs().upload_file(folder.path().join("a.PDF")).await.unwrap();
    assert_eq!(client.documents().wait_for(&uploaded).await.unwrap().chunk_count, 2);

    let client = pdf_server(r#"{"pdf_id":"p-2","status":"duplicate","task_id":"","duplicate_of":"p-1"}"#);
    let (told, _) = run(client.documents().upload_folder(folder.path()), folder.path()).await;
    assert_eq!(lines(&told), "a.PDF: found, skipped: already in the workspace\n");

    let client = pdf_server(r#"{"pdf_id":"p-9","status":"queued"}"#);
    let uploaded = client.pdfs().upload_file(folder.path().join("a.PDF")).await.unwrap();
    let waited = client.documents().wait_all([&uploaded]).next().await.unwrap();
    let error = waited.result.unwrap_err();
    assert_eq!(error.processing().unwrap().message.as_deref(), Some("no pages"));
    let error = client.documents().wait_for(&uploaded).await.unwrap_err();
    assert_eq!(error.processing().unwrap().message.as_deref(), Some("no pages"));
}

#[tokio::test(start_paused = true)]
async fn a_pdf_that_is_there_already_is_looked_at() {
    let folder = folder([("a.pdf", "%PDF-1.7")]);
    // How the PDF and its document are found, how often it is sent, and what is told of it.
    for (pdf, document, sent, expected) in [
        ("failed", "completed", 2, "found, uploaded, processed"),
        ("processing", "completed", 1, "found, skipped: already in the workspace, processed"),
        ("completed", "failed", 2, "found, uploaded, processed"),
        ("completed", "processing", 1, "found, skipped: already in the workspace, processed"),
        ("completed", "completed", 1, "found, skipped: already in the workspace"),
    ] {
        let (posts, asked) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&posts);
        let transport = tower::service_fn(move |request: Request<RequestBody>| {
            let body = match (request.method(), request.uri().path()) {
                (&Method::POST, _) => match counted.fetch_add(1, Ordering::Relaxed) {
                    0 => r#"{"pdf_id":"p-1","status":"duplicate","task_id":"","duplicate_of":"p-1"}"#
                        .to_owned(),
                    _ => r#"{"pdf_id":"p-1","status":"reindexing","document_id":"d-1"}"#.to_owned(),
                },
                (_, "/api/v1/documents/pdf/p-1") if asked.fetch_add(1, Ordering::Relaxed) == 0 => {
                    format!(r#"{{"pdf_id":"p-1","status":"{pdf}","document_id":"d-0"}}"#)
                }
                (_, "/api/v1/documents/pdf/p-1") => {
                    r#"{"pdf_id":"p-1","status":"completed","document_id":"d-1"}"#.to_owned()
                }
                (_, "/api/v1/documents/d-0") => {
                    format!(r#"{{"id":"d-0","status":"{document}","chunk_count":2}}"#)
                }
                (_, "/api/v1/documents") => {
                    r#"{"documents":[{"id":"d-1","status":"completed","chunk_count":2}],"total":1}"#
                        .to_owned()
                }
                (method, path) => panic!("{method} {path}"),
            };
            std::future::ready(Response::builder().body(ResponseBody::from(Bytes::from(body))))
        });
        let client = Client::builder().build_on(transport).unwrap();
        let (told, _) = run(client.documents().upload_folder(folder.path()).wait(true), folder.path()).await;
        assert_eq!(
            (told["a.pdf"].as_str(), posts.load(Ordering::Relaxed)),
            (expected, sent),
            "{pdf}, {document}"
        );
    }
}

#[tokio::test]
async fn files_that_were_renamed_are_known_whoever_asks_first() {
    let names: Vec<String> = (0..7).map(|number| format!("{number}.md")).collect();
    let contents: Vec<String> = (0..7).map(|number| format!("The bridge {number}.")).collect();
    let folder = folder(names.iter().map(String::as_str).zip(contents.iter().map(String::as_str)));
    let (_server, client) = backend(DevServer::builder());
    run(client.documents().upload_folder(folder.path()), folder.path()).await;
    for name in &names {
        std::fs::rename(folder.path().join(name), folder.path().join(format!("new{name}"))).unwrap();
    }
    for concurrency in [1, 6] {
        let upload = client.documents().upload_folder(folder.path()).resume(true).concurrency(concurrency);
        let (told, report) = run(upload, folder.path()).await;
        assert_eq!((report.uploaded, report.already_there), (0, 7), "{told:?}");
    }
}

#[tokio::test]
async fn below_rules_that_cannot_be_read_nothing_is_taken() {
    let files = [
        ("a.md", "The first bridge."),
        ("notes/.gitignore", "secret.md\n[z-a].md\n"),
        ("notes/secret.md", "secret"),
        ("notes/below/c.md", "The second bridge."),
        ("other/d.md", "The third bridge."),
    ];
    let folder = folder(files);
    let (_server, client) = backend(DevServer::builder());
    let (told, report) = run(client.documents().upload_folder(folder.path()), folder.path()).await;
    assert_eq!((report.uploaded, report.failed), (2, 1), "{told:?}");
    assert!(told["notes"].contains("the rules of this folder cannot be read"), "{told:?}");

    // A folder that is a link is walked, and is no link that was left out.
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(folder.path().join("other"), &link).unwrap();
    let (told, _) = run(client.documents().upload_folder(&link).resume(true), &link).await;
    assert_eq!(lines(&told), "d.md: found, skipped: already in the workspace\n");
}
