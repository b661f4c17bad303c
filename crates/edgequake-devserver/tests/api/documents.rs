//! Uploading, listing, reading, following and deleting documents.

use std::time::Duration;

use edgequake_devserver::{DevServerBuilder, Era};
use edgequake_types::documents::{
    DeleteAllDocuments, DeleteDocument, DocumentStatus, GetDocument, GetTrack, ListDocuments, UploadFile,
    UploadText,
};
use edgequake_types::tasks::{CancelTask, GetTask, ListTasks, RetryTask, TaskStatus};
use edgequake_types::{DocumentId, TrackId};
use http::Method;

use crate::support::{Api, Transcript, USER, redact, with_users};

/// A server and a user who works in the default workspace.
pub async fn default_workspace(builder: DevServerBuilder) -> (edgequake_devserver::DevServer, Api) {
    let server = builder.start().await.unwrap();
    let api = Api::new(&server).logged_in(USER).await.in_default();
    (server, api)
}

/// Polls a task until it ends, as clients do. Without a delay, it ends after a few turns of the scheduler.
pub async fn wait_for_task(api: &Api, task: &TrackId) -> TaskStatus {
    for _ in 0..10_000 {
        let status = api.ok(&GetTask::new(task)).await.status;
        if status.is_terminal() {
            return status;
        }
        tokio::task::yield_now().await;
    }
    panic!("the task never ends");
}

/// Uploads a text and waits until it has been processed.
pub async fn ingest(api: &Api, title: &str, content: &str) -> DocumentId {
    let uploaded = api.ok(&UploadText::new(content).title(title)).await;
    assert_eq!(wait_for_task(api, &uploaded.task_id.unwrap()).await, TaskStatus::Indexed);
    uploaded.document_id.unwrap()
}

const LONG: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn full_responses() {
    let (_server, api) = default_workspace(with_users()).await;
    let mut transcript = Transcript::default();
    let upload = UploadText::new("# Bridge\n\nThe bridge opened in 1931.")
        .title("Bridge")
        .metadata(serde_json::json!({"n": 1}));
    let answer = api.send(&upload).await;
    transcript.note("upload text", &answer);
    let uploaded = answer.model::<UploadText>();
    let (document, task) = (uploaded.document_id.unwrap(), uploaded.task_id.unwrap());
    wait_for_task(&api, &task).await;
    transcript.note("task", &api.send(&GetTask::new(&task)).await);
    let file = UploadFile::from_bytes("cats.md", "Cats sleep.").title("On cats");
    let answer = api.send(&file).await;
    transcript.note("upload file", &answer);
    wait_for_task(&api, &answer.model::<UploadFile>().task_id.unwrap()).await;
    transcript.note("list", &api.send(&ListDocuments::new()).await);
    transcript.note("detail", &api.send(&GetDocument::new(&document)).await);
    transcript.note("track", &api.send(&GetTrack::new(uploaded.track_id.unwrap())).await);
    transcript.note("tasks", &api.send(&ListTasks::new().page_size(1)).await);
    let answer = api.send(&DeleteDocument::new(&document)).await;
    transcript.note("delete", &answer);
    wait_for_task(&api, &answer.model::<DeleteDocument>().track_id.unwrap()).await;
    transcript.note("delete all", &api.send(&DeleteAllDocuments::new()).await);
    transcript.note("unknown document", &api.send(&GetDocument::new("nowhere")).await);
    let _redacted = redact();
    insta::assert_snapshot!("documents", transcript);
}

#[tokio::test]
async fn a_document_is_processed_and_cancelled() {
    let (_server, api) = default_workspace(with_users().processing_delay(LONG)).await;
    let uploaded = api.ok(&UploadText::new("text")).await;
    assert_eq!(uploaded.status, Some(DocumentStatus::Pending));
    let (document, task) = (uploaded.document_id.unwrap(), uploaded.task_id.unwrap());
    // Processing starts at the next turn of the scheduler.
    let stage = async || {
        for _ in 0..10_000 {
            let document = api.ok(&ListDocuments::new()).await.documents.remove(0);
            if document.status == Some(DocumentStatus::Processing) {
                return document;
            }
        }
        panic!("the processing never starts");
    };
    let summary = stage().await;
    assert_eq!(
        (summary.current_stage.as_deref(), summary.stage_progress),
        (Some("preprocessing"), Some(0.0))
    );
    assert!(!summary.is_terminal());
    assert_eq!(api.ok(&GetTask::new(&task)).await.status, TaskStatus::Processing);
    let track = api.ok(&GetTrack::new(uploaded.track_id.unwrap())).await;
    assert!(!track.is_complete && track.status_summary.processing == 1);

    // The same text is a duplicate while it is being processed.
    let again = api.send(&UploadText::new("text")).await;
    assert_eq!(again.status, 200);
    let json: serde_json::Value = serde_json::from_slice(&again.body).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "document_id": document, "duplicate_of": document, "status": "duplicate_processing", "track_id": ""
        })
    );
    let again = api.send(&UploadFile::from_bytes("a.txt", "text")).await;
    assert_eq!((again.status.as_u16(), again.model::<UploadFile>().is_duplicate), (200, true));

    // Cancelling again changes nothing.
    for _ in 0..2 {
        assert_eq!(api.ok(&CancelTask::new(&task)).await.unwrap().status, TaskStatus::Cancelled);
    }
    assert_eq!(api.ok(&GetDocument::new(&document)).await.status, Some(DocumentStatus::Cancelled));
    assert_eq!(api.send(&RetryTask::new(&task)).await.cause(), "409 CONFLICT");
    assert_eq!(api.ok(&ListDocuments::new()).await.status_counts.cancelled, 1);
}

#[tokio::test]
async fn a_finished_duplicate_is_ingested_again_under_a_new_id() {
    let (_server, api) = default_workspace(with_users()).await;
    let first = ingest(&api, "one", "the same text").await;
    let second = ingest(&api, "two", "the same text").await;
    assert_ne!(first, second);
    let list = api.ok(&ListDocuments::new()).await;
    assert_eq!(list.documents.iter().map(|document| &document.id).collect::<Vec<_>>(), [&second]);
    assert_eq!(api.send(&GetDocument::new(&first)).await.status, 404);
    // A finished task cannot be cancelled.
    let task = api.ok(&ListTasks::new()).await.tasks.remove(0);
    assert_eq!(api.send(&CancelTask::new(task.track_id)).await.cause(), "409 CONFLICT");
}

#[tokio::test]
async fn lists_are_paged_and_filtered() {
    let (_server, api) = default_workspace(with_users()).await;
    for number in 0..5 {
        ingest(&api, &format!("Report {number}"), &format!("text {number}")).await;
    }
    ingest(&api, "Minutes", "other text").await;
    let titles = async |request: ListDocuments| {
        let list = api.ok(&request).await;
        let titles: Vec<String> = list.documents.into_iter().filter_map(|document| document.title).collect();
        (titles.join(","), list.total, list.page, list.total_pages, list.has_more)
    };
    let second = ListDocuments::new().page(2);
    let found = titles(second.clone().page_size(2)).await;
    assert_eq!(found, ("Report 3,Report 2".to_owned(), 6, 2, 3, Some(true)));
    let found = titles(second.clone().page_size(3)).await;
    assert_eq!(found, ("Report 2,Report 1,Report 0".to_owned(), 6, 2, 2, Some(false)));
    let found = titles(second.page_size(2).document_pattern("report")).await;
    assert_eq!(found, ("Report 2,Report 1".to_owned(), 5, 2, 3, Some(true)));
    for (request, found) in [
        (ListDocuments::new().document_pattern("minutes, 4"), "Minutes,Report 4"),
        (ListDocuments::new().document_pattern(" "), "Minutes,Report 4,Report 3,Report 2,Report 1,Report 0"),
        (ListDocuments::new().status(DocumentStatus::Failed), ""),
        (ListDocuments::new().date_from("2999"), ""),
        (ListDocuments::new().date_to("2000-01-01"), ""),
        (ListDocuments::new().page(9), ""),
    ] {
        assert_eq!(titles(request.clone()).await.0, found, "{request:?}");
    }
    let path = "/api/v1/documents?page=x";
    let answer = api.get(path).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (400, "text/plain; charset=utf-8"));
}

#[tokio::test]
async fn files_are_validated() {
    let (_server, api) = default_workspace(with_users()).await;
    for (name, content, cause) in [
        ("a.pdf", &b"text"[..], "400 BAD_REQUEST"),
        ("noextension", b"text", "400 BAD_REQUEST"),
        ("a.txt", b"", "400 BAD_REQUEST"),
        ("a.txt", b"\xff\xfe", "400 BAD_REQUEST"),
        ("a.txt", b" \n ", "422 VALIDATION_ERROR"),
    ] {
        assert_eq!(
            api.send(&UploadFile::from_bytes(name, content)).await.cause(),
            cause,
            "{name} {content:?}"
        );
    }
    assert_eq!(api.send(&UploadText::new(" \n")).await.cause(), "422 VALIDATION_ERROR");
    assert_eq!(api.send(&UploadFile::from_bytes("A.TXT", "text")).await.status, 202);
    for (content_type, body, status) in [
        ("application/json", "{}", 400),
        ("multipart/form-data", "x", 400),
        ("multipart/form-data; boundary=b", "--b\r\nbroken", 400),
        (
            "multipart/form-data; boundary=b",
            "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\ny\r\n--b--\r\n",
            400,
        ),
    ] {
        let answer = api.raw(Method::POST, "/api/v1/documents/upload", content_type, body).await;
        assert_eq!(answer.status, status, "{answer}");
    }
}

#[tokio::test]
async fn a_file_is_titled_by_its_name_and_its_metadata_is_kept_whole() {
    let (_server, api) = default_workspace(with_users()).await;
    let form = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.md\"\r\n\r\ntext\r\n\
                --b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nMine\r\n\
                --b\r\nContent-Disposition: form-data; name=\"metadata\"\r\n\r\n{\"title\":\"Mine\",\"n\":1}\r\n--b--\r\n";
    let answer =
        api.raw(Method::POST, "/api/v1/documents/upload", "multipart/form-data; boundary=b", form).await;
    let document = answer.model::<UploadFile>().document_id.unwrap();
    let document = api.ok(&GetDocument::new(document)).await;
    assert_eq!(document.title.as_deref(), Some("a.md"));
    assert_eq!(document.metadata, Some(serde_json::json!({"title": "Mine", "n": 1})));
}

#[tokio::test]
async fn the_metadata_of_a_file_is_short() {
    let (_server, api) = default_workspace(with_users()).await;
    let metadata = serde_json::json!(vec![serde_json::json!({"a": 0}); 40_000]);
    let answer = api.send(&UploadFile::from_bytes("a.txt", "text").metadata(metadata)).await;
    assert_eq!(answer.status, 413);
    assert_eq!(String::from_utf8_lossy(&answer.body), "the part \"metadata\" is larger than 262144 bytes");
}

#[tokio::test]
async fn chunk_options_are_checked() {
    let (_server, api) = default_workspace(with_users()).await;
    for (options, status) in [
        (serde_json::json!({"chunk_token_size": -5}), 422),
        (serde_json::json!({"chunk_token_size": 0}), 422),
        (serde_json::json!({"chunk_token_size": "many"}), 422),
        (serde_json::json!({"chunk_overlap_token_size": 1.5}), 422),
        (serde_json::json!({"chunk_token_size": 800, "chunk_overlap_token_size": 0}), 202),
        (serde_json::json!("not an object"), 202),
    ] {
        let text = UploadText::new(options.to_string()).chunk_options(options.clone());
        assert_eq!(api.send(&text).await.status, status, "{options}");
        let file = UploadFile::from_bytes("a.txt", format!("file {options}")).chunk_options(options.clone());
        assert_eq!(api.send(&file).await.status, status, "{options}");
    }
}

#[tokio::test]
async fn any_json_type_is_json() {
    let (_server, api) = default_workspace(with_users()).await;
    let answer = api
        .raw(Method::POST, "/api/v1/documents", "application/vnd.x+json; v=1", r#"{"content":"text"}"#)
        .await;
    assert_eq!(answer.status, 202);
}

#[tokio::test]
async fn deletion_is_queued_in_era_c_and_immediate_in_era_b() {
    let (_server, api) = default_workspace(with_users()).await;
    let document = ingest(&api, "one", "text").await;
    let answer = api.send(&DeleteDocument::new(&document)).await;
    assert_eq!(answer.status, 202);
    let deleted = answer.model::<DeleteDocument>();
    assert!(deleted.accepted && !deleted.deleted);
    assert_eq!(wait_for_task(&api, &deleted.track_id.unwrap()).await, TaskStatus::Indexed);
    assert_eq!(api.send(&GetDocument::new(&document)).await.status, 404);
    assert_eq!(api.send(&DeleteDocument::new(&document)).await.cause(), "404 NOT_FOUND");

    let (_server, api) = default_workspace(with_users().era(Era::B)).await;
    let document = ingest(&api, "one", "text").await;
    let answer = api.send(&DeleteDocument::new(&document)).await;
    assert_eq!(answer.status, 200);
    let deleted = answer.model::<DeleteDocument>();
    assert_eq!((deleted.accepted, deleted.deleted, deleted.chunks_deleted), (false, true, 1));
    assert_eq!(api.send(&GetDocument::new(&document)).await.status, 404);
}

#[tokio::test]
async fn deleting_everything_must_be_confirmed() {
    let (_server, api) = default_workspace(with_users().processing_delay(LONG)).await;
    for text in ["one", "two"] {
        api.ok(&UploadText::new(text)).await;
    }
    assert_eq!(api.raw(Method::DELETE, "/api/v1/documents", "", "").await.cause(), "400 BAD_REQUEST");
    let answer = api.send(&DeleteAllDocuments::new()).await;
    let deleted = answer.model::<DeleteAllDocuments>();
    let task = deleted.wipe_track_id.unwrap();
    assert_eq!((answer.status.as_u16(), deleted.deleted_count), (202, 2));
    assert_eq!(answer.header("location"), format!("/api/v1/tasks/{task}"));
    // The second call finds the first one running.
    let again = api.ok(&DeleteAllDocuments::new()).await;
    assert_eq!((again.wipe_track_id, again.deleted_count), (Some(task), 0));
    let statuses = api.ok(&ListTasks::new()).await.statistics;
    assert_eq!((statuses.cancelled, statuses.pending), (2, 1));

    let (server, api) = default_workspace(with_users().era(Era::B)).await;
    ingest(&api, "one", "text").await;
    server.faults().add(edgequake_devserver::Fault::hang_processing("chunking")).unwrap();
    let busy = api.ok(&UploadText::new("busy")).await.document_id.unwrap();
    let deleted = api.ok(&DeleteAllDocuments::new()).await;
    assert_eq!((deleted.accepted, deleted.deleted_count, deleted.total_chunks_deleted), (false, 1, 1));
    assert_eq!((deleted.skipped_count, deleted.skipped_documents), (1, vec![busy.as_str().into()]));
}

#[tokio::test(start_paused = true)]
async fn processing_takes_as_long_as_configured() {
    use edgequake_types::Endpoint;
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    let backend = edgequake_devserver::DevServer::builder()
        .auth(false)
        .processing_delay(Duration::from_secs(10))
        .build()
        .unwrap();
    let call = async |request: http::Request<String>| {
        let response = backend.service().oneshot(request).await.unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice::<serde_json::Value>(&body).unwrap()
    };
    let upload = UploadText::new("text").to_request().unwrap();
    let upload = upload.map(|body| String::from_utf8(body.bytes().unwrap().to_vec()).unwrap());
    let uploaded = call(upload).await;
    let stage = async || {
        let path = format!("/api/v1/documents/{}", uploaded["document_id"].as_str().unwrap());
        let document = call(http::Request::get(path).body(String::new()).unwrap()).await;
        document["display_status"].as_str().unwrap().to_owned()
    };
    // Sampled in the middle of each stage, and once more at the end.
    let mut stages = Vec::new();
    tokio::time::sleep(Duration::from_secs(1)).await;
    for _ in 0..6 {
        stages.push(stage().await);
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    assert_eq!(stages, ["preprocessing", "chunking", "extracting", "embedding", "storing", "completed"]);
}

#[tokio::test]
async fn a_failed_task_whose_document_is_gone_is_not_tried_again() {
    let (server, api) = default_workspace(with_users()).await;
    server.faults().add(edgequake_devserver::Fault::fail_processing("embedding").times(1)).unwrap();
    let failed = api.ok(&UploadText::new("the same text")).await.task_id.unwrap();
    assert_eq!(wait_for_task(&api, &failed).await, TaskStatus::Failed);
    // The same text takes the place of the failed document.
    ingest(&api, "again", "the same text").await;
    assert_eq!(api.send(&RetryTask::new(&failed)).await.cause(), "409 CONFLICT");
    assert_eq!(api.ok(&GetTask::new(&failed)).await.status, TaskStatus::Failed);
}
