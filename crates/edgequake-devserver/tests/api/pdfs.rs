//! PDF files: uploading them, and what becomes of them.

use edgequake_devserver::{DevServer, Era, Fault};
use edgequake_types::documents::{
    DeleteAllDocuments, DeleteDocument, DocumentStatus, ExtractionMode, GetDocument, GetTrack, ListDocuments,
    NamedFile,
};
use edgequake_types::pdf::{
    CancelPdf, DeletePdf, DownloadPdf, GetPdf, GetPdfContent, GetPdfProgress, ListPdfs, PdfStatus, RetryPdf,
    StreamPdfProgress, UploadPdf, UploadPdfs, UploadedPdf,
};
use edgequake_types::pipeline::GetPipelineStatus;
use edgequake_types::query::Query;
use edgequake_types::tasks::{CancelTask, GetTask, ListTasks, RetryTask, TaskStatus, TaskType};
use edgequake_types::{DocumentId, PdfId, TrackId};
use http::Method;

use crate::documents::{default_workspace, wait_for_task};
use crate::pdf_file::PdfFile;
use crate::support::{Api, READER, Transcript, redact, with_users};

/// A file with a sentence on each of two pages.
fn bridge() -> Vec<u8> {
    PdfFile::of_lines(&[
        &["The Harbour Bridge opened", "in 1931."],
        &["The Harbour Bridge was built by Ada Berg."],
    ])
    .bytes()
}

pub fn upload() -> UploadPdf {
    UploadPdf::from_bytes("bridge.pdf", bridge())
}

/// Waits until a PDF is converted and what it became is processed.
pub async fn ingested(api: &Api, uploaded: &UploadedPdf) -> DocumentId {
    assert_eq!(wait_for_task(api, uploaded.task_id.as_ref().unwrap()).await, TaskStatus::Indexed);
    let document = api.ok(&GetPdf::new(&uploaded.pdf_id)).await.document_id.unwrap();
    for _ in 0..10_000 {
        if api.ok(&GetDocument::new(&document)).await.is_terminal() {
            return document;
        }
    }
    panic!("the document is never processed");
}

/// Waits until a file has this status, which is reached a few turns of the scheduler later.
pub async fn until(api: &Api, pdf: &PdfId, status: PdfStatus) {
    for _ in 0..10_000 {
        if api.ok(&GetPdf::new(pdf)).await.status == status {
            return;
        }
    }
    panic!("the file is never {status}");
}

#[tokio::test]
async fn full_responses() {
    let (_server, api) = default_workspace(with_users()).await;
    let mut transcript = Transcript::default();
    let upload = upload().title("Bridge").metadata(serde_json::json!({"n": 1})).track_id("mine");
    let answer = api.send(&upload).await;
    transcript.note("upload", &answer);
    let uploaded = answer.model::<UploadPdf>();
    let document = ingested(&api, &uploaded).await;
    transcript.note("task", &api.send(&GetTask::new(uploaded.task_id.as_ref().unwrap())).await);
    transcript.note("pdf", &api.send(&GetPdf::new(&uploaded.pdf_id)).await);
    transcript.note("list", &api.send(&ListPdfs::new()).await);
    transcript.note("content", &api.send(&GetPdfContent::new(&uploaded.pdf_id)).await);
    transcript.note("document", &api.send(&GetDocument::new(&document)).await);
    transcript.note("duplicate", &api.send(&upload).await);
    let over = GetPdfProgress::new(uploaded.task_id.as_ref().unwrap());
    transcript.note("progress that is over", &api.send(&over).await);
    let blank = UploadPdf::from_bytes("scan.pdf", PdfFile::of_contents(&["0 0 9 9 re f"]).bytes());
    let blank = api.ok(&blank).await;
    wait_for_task(&api, blank.task_id.as_ref().unwrap()).await;
    transcript.note("no text layer", &api.send(&GetPdf::new(&blank.pdf_id)).await);
    transcript.note("its task", &api.send(&GetTask::new(blank.task_id.as_ref().unwrap())).await);
    transcript.note("retry", &api.send(&RetryPdf::new(&blank.pdf_id)).await);
    transcript.note("no PDF", &api.send(&UploadPdf::from_bytes("a.pdf", "text")).await);
    transcript.note("delete", &api.send(&DeletePdf::new(&uploaded.pdf_id)).await);
    transcript.note("deleted", &api.send(&GetPdf::new(&uploaded.pdf_id)).await);
    let _redacted = redact();
    insta::assert_snapshot!("pdfs", transcript);
}

#[tokio::test]
async fn a_pdf_becomes_a_document_that_answers() {
    let (_server, api) = default_workspace(with_users()).await;
    let uploaded = api.ok(&upload().track_id("mine")).await;
    assert_eq!((uploaded.status.clone(), uploaded.document_id.clone()), (Some(PdfStatus::Queued), None));
    let document = ingested(&api, &uploaded).await;
    let answer = api.ok(&Query::new("Who built the Harbour Bridge?")).await;
    assert!(answer.answer.contains("was built by Ada Berg"), "{}", answer.answer);
    assert_eq!(answer.sources[0].document_id.as_ref(), Some(&document));
    let detail = api.ok(&GetDocument::new(&document)).await;
    assert_eq!(
        (detail.pdf_id.as_ref(), detail.source_type.as_deref()),
        (Some(&uploaded.pdf_id), Some("pdf"))
    );
    assert!(detail.entity_count > Some(0) && detail.chunk_count > 0);
    let listed = api.ok(&ListDocuments::new()).await.documents.remove(0);
    assert_eq!((listed.pdf_id, listed.title.as_deref()), (Some(uploaded.pdf_id.clone()), Some("bridge.pdf")));
    let track = api.ok(&GetTrack::new("mine")).await;
    assert_eq!(track.documents[0].pdf_id.as_ref(), Some(&uploaded.pdf_id));
    let content = api.ok(&GetPdfContent::new(&uploaded.pdf_id)).await;
    assert_eq!((content.is_processed, content.markdown_content), (true, detail.content));

    let file = api.send(&DownloadPdf::new(&uploaded.pdf_id)).await;
    assert_eq!((file.status.as_u16(), file.header("content-type")), (200, "application/pdf"));
    assert_eq!(file.header("content-disposition"), "inline; filename=\"bridge.pdf\"");
    assert_eq!(file.body, bridge());

    // The file goes with the document.
    let deleted = api.ok(&DeleteDocument::new(&document)).await;
    wait_for_task(&api, &deleted.track_id.unwrap()).await;
    assert_eq!(api.send(&GetPdf::new(&uploaded.pdf_id)).await.cause(), "404 NOT_FOUND");
    assert_eq!(api.ok(&ListPdfs::new()).await.pagination.total_count, 0);
}

#[tokio::test]
async fn a_duplicate_is_told_and_is_converted_again_by_order() {
    let (_server, api) = default_workspace(with_users()).await;
    let first = api.ok(&upload()).await;
    let document = ingested(&api, &first).await;
    let answer = api.send(&upload()).await;
    let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    // An empty text, and not none.
    assert_eq!((&json["task_id"], &json["status"]), (&"".into(), &"duplicate".into()));
    let duplicate = answer.model::<UploadPdf>();
    assert_eq!((&duplicate.pdf_id, duplicate.duplicate_of.as_ref()), (&first.pdf_id, Some(&first.pdf_id)));
    assert_eq!(api.ok(&GetPdf::new(&first.pdf_id)).await.document_id, Some(document.clone()));

    let again = api.ok(&upload().force_reindex(true)).await;
    assert_eq!((again.status.as_ref(), &again.pdf_id), (Some(&PdfStatus::Reindexing), &first.pdf_id));
    let renewed = ingested(&api, &again).await;
    assert_ne!(renewed, document);
    let list = api.ok(&ListDocuments::new()).await;
    assert_eq!(list.documents.iter().map(|document| &document.id).collect::<Vec<_>>(), [&renewed]);
    assert_eq!(api.ok(&ListPdfs::new()).await.items.len(), 1);
}

#[tokio::test]
async fn a_document_that_is_replaced_while_it_is_processed_is_cancelled() {
    let (server, api) = default_workspace(with_users()).await;
    server.faults().add(Fault::hang_processing("chunking").times(1)).unwrap();
    let first = api.ok(&upload()).await;
    assert_eq!(wait_for_task(&api, first.task_id.as_ref().unwrap()).await, TaskStatus::Indexed);
    let mut events = server.processing_events();
    let document = api.ok(&GetPdf::new(&first.pdf_id)).await.document_id.unwrap();
    let is_pending = ListTasks::new().task_type(TaskType::Insert);
    let ingestion = api.ok(&is_pending).await.tasks.remove(0).track_id;
    let again = api.ok(&upload().force_reindex(true)).await;
    assert_eq!(api.ok(&GetTask::new(&ingestion)).await.status, TaskStatus::Cancelled);
    loop {
        let event = events.next().await.unwrap();
        if event.document_id == document && event.status == DocumentStatus::Cancelled {
            assert_eq!((event.task_id, event.stage), (ingestion, "cancelled"));
            break;
        }
    }
    ingested(&api, &again).await;
    assert!(!api.ok(&GetPipelineStatus::new()).await.is_busy);
}

#[tokio::test]
async fn a_conversion_fails_and_is_tried_again() {
    let (server, api) = default_workspace(with_users()).await;
    server.faults().add(Fault::fail_processing("converting").times(2)).unwrap();
    let uploaded = api.ok(&upload()).await;
    let task = uploaded.task_id.clone().unwrap();
    assert_eq!(wait_for_task(&api, &task).await, TaskStatus::Failed);
    let failed = api.ok(&GetPdf::new(&uploaded.pdf_id)).await;
    assert_eq!((failed.status, failed.document_id), (PdfStatus::Failed, None));
    assert_eq!(failed.errors.unwrap()[0]["code"], "pdf_conversion_failed");
    assert_eq!(api.send(&CancelPdf::new(&uploaded.pdf_id)).await.cause(), "409 CONFLICT");
    // By its task, under the same task; then under a new one.
    assert_eq!(api.ok(&RetryTask::new(&task)).await.unwrap().retry_count, 1);
    assert_eq!(wait_for_task(&api, &task).await, TaskStatus::Failed);
    let retried = api.ok(&RetryPdf::new(&uploaded.pdf_id)).await;
    assert!(retried.success && retried.task_id.as_ref() != Some(&task));
    assert_eq!(wait_for_task(&api, &retried.task_id.unwrap()).await, TaskStatus::Indexed);
    until(&api, &uploaded.pdf_id, PdfStatus::Completed).await;
    assert_eq!(api.send(&RetryPdf::new(&uploaded.pdf_id)).await.cause(), "409 CONFLICT");
    // No body is read.
    let path = format!("/api/v1/documents/pdf/{}/retry", uploaded.pdf_id);
    assert_eq!(api.raw(Method::POST, &path, "", "").await.cause(), "409 CONFLICT");
}

#[tokio::test]
async fn several_files_are_uploaded_together() {
    let (_server, api) = default_workspace(with_users()).await;
    let first = api.ok(&upload()).await;
    ingested(&api, &first).await;
    let other = PdfFile::of_lines(&[&["Another file."]]).bytes();
    let batch = || {
        UploadPdfs::new([
            NamedFile::from_bytes("bridge.pdf", bridge()),
            NamedFile::from_bytes("other.pdf", other.clone()),
            NamedFile::from_bytes("notes.txt", "text"),
        ])
    };
    let answer = api.send(&batch()).await;
    assert_eq!(answer.status, 202);
    let told = answer.model::<UploadPdfs>();
    assert_eq!((told.total_files, told.accepted, told.duplicates, told.failed), (3, 1, 1, 1));
    let statuses: Vec<PdfStatus> = told.results.iter().map(|result| result.status.clone()).collect();
    assert_eq!(statuses, [PdfStatus::Duplicate, PdfStatus::Processing, PdfStatus::Failed]);
    assert_eq!(told.results[0].duplicate_of.as_ref(), Some(&first.pdf_id));
    assert_eq!((&told.results[0].task_id, &told.results[2].pdf_id), (&None, &None));
    assert_eq!(told.failed_files().count(), 1);
    wait_for_task(&api, told.results[1].task_id.as_ref().unwrap()).await;
    let again = api.ok(&batch().force_reindex(true).metadata(serde_json::json!({"n": 1}))).await;
    assert_eq!((again.accepted, again.results[0].status.clone()), (2, PdfStatus::Reindexing));
    wait_for_task(&api, again.results[0].task_id.as_ref().unwrap()).await;
    let document = api.ok(&GetPdf::new(&first.pdf_id)).await.document_id.unwrap();
    assert_eq!(api.ok(&GetDocument::new(document)).await.metadata, Some(serde_json::json!({"n": 1})));
    let none = api.ok(&UploadPdfs::new(Vec::<NamedFile>::new())).await;
    assert_eq!((none.total_files, none.results.len()), (0, 0));
    assert_eq!(api.send(&batch().extraction_mode("guess")).await.status, 422);
}

#[tokio::test]
async fn files_go_with_everything_else() {
    for era in [Era::B, Era::C] {
        let (_server, api) = default_workspace(with_users().era(era)).await;
        ingested(&api, &api.ok(&upload()).await).await;
        let blank = UploadPdf::from_bytes("blank.pdf", PdfFile::of_contents(&[""]).bytes());
        wait_for_task(&api, &api.ok(&blank).await.task_id.unwrap()).await;
        let deleted = api.ok(&DeleteAllDocuments::new()).await;
        match deleted.wipe_track_id {
            Some(task) => drop(wait_for_task(&api, &task).await),
            None => assert_eq!(deleted.total_pdfs_deleted, 2),
        }
        assert_eq!(api.ok(&ListPdfs::new()).await.items, []);
    }
}

#[tokio::test]
async fn the_file_says_why_it_has_no_text() {
    let (_server, api) = default_workspace(with_users()).await;
    let handler = format!("/Filter /Standard /V 2 /R 3 /Length 128 /P -4 /O <{0}> /U <{0}>", "0".repeat(64));
    let locked =
        PdfFile::of_lines(&[&["text"]]).trailer(&format!("/Encrypt << {handler} >> /ID [<00> <00>]"));
    for (file, code) in [
        (locked.bytes(), "pdf_encrypted"),
        (b"%PDF-1.7 and nothing else".to_vec(), "pdf_damaged"),
        (PdfFile::of_lines(&[]).bytes(), "pdf_no_pages"),
    ] {
        let uploaded = api.ok(&UploadPdf::from_bytes("a.pdf", file)).await;
        assert_eq!(wait_for_task(&api, &uploaded.task_id.unwrap()).await, TaskStatus::Failed);
        let failed = api.ok(&GetPdf::new(&uploaded.pdf_id)).await;
        assert_eq!((failed.status, &failed.errors.unwrap()[0]["code"]), (PdfStatus::Failed, &code.into()));
    }
}

#[tokio::test]
async fn a_conversion_is_cancelled() {
    let (server, api) = default_workspace(with_users()).await;
    server.faults().add(Fault::hang_processing("converting").times(2)).unwrap();
    let uploaded = api.ok(&upload()).await;
    let task = uploaded.task_id.unwrap();
    until(&api, &uploaded.pdf_id, PdfStatus::Processing).await;
    assert_eq!(api.ok(&GetTask::new(&task)).await.task_type, Some(TaskType::PdfProcessing));
    assert!(api.ok(&CancelPdf::new(&uploaded.pdf_id)).await.success);
    // What is cancelled has failed.
    assert_eq!(api.ok(&GetPdf::new(&uploaded.pdf_id)).await.status, PdfStatus::Failed);
    assert_eq!(api.ok(&GetTask::new(&task)).await.status, TaskStatus::Cancelled);
    assert_eq!(api.send(&CancelPdf::new(&uploaded.pdf_id)).await.cause(), "409 CONFLICT");
    // By its task, too; and one that is deleted is not converted any more.
    let task = api.ok(&RetryPdf::new(&uploaded.pdf_id)).await.task_id.unwrap();
    until(&api, &uploaded.pdf_id, PdfStatus::Processing).await;
    assert_eq!(api.ok(&CancelTask::new(&task)).await.unwrap().status, TaskStatus::Cancelled);
    server.faults().add(Fault::hang_processing("converting")).unwrap();
    let task = api.ok(&RetryPdf::new(&uploaded.pdf_id)).await.task_id.unwrap();
    assert_eq!(api.send(&DeletePdf::new(&uploaded.pdf_id)).await.status, 204);
    assert_eq!(api.ok(&GetTask::new(&task)).await.status, TaskStatus::Cancelled);
    assert_eq!(api.send(&DeletePdf::new(&uploaded.pdf_id)).await.cause(), "404 NOT_FOUND");
}

#[tokio::test]
async fn lists_are_paged_and_filtered() {
    let (_server, api) = default_workspace(with_users()).await;
    for number in 0..3 {
        let line = format!("Report {number}");
        let file = PdfFile::of_lines(&[&[line.as_str()]]).bytes();
        let uploaded = api.ok(&UploadPdf::from_bytes(format!("{number}.pdf"), file)).await;
        ingested(&api, &uploaded).await;
    }
    let blank = UploadPdf::from_bytes("blank.PDF", PdfFile::of_contents(&[""]).bytes());
    let blank = api.ok(&blank).await;
    wait_for_task(&api, &blank.task_id.unwrap()).await;
    let names = async |request: ListPdfs| {
        let list = api.ok(&request).await;
        let names: Vec<String> = list.items.into_iter().filter_map(|pdf| pdf.file_name).collect();
        (names.join(" "), list.pagination.total_count, list.pagination.total_pages)
    };
    assert_eq!(names(ListPdfs::new()).await, ("blank.PDF 2.pdf 1.pdf 0.pdf".to_owned(), 4, 1));
    assert_eq!(names(ListPdfs::new().page(2).page_size(3)).await, ("0.pdf".to_owned(), 4, 2));
    assert_eq!(names(ListPdfs::new().status(PdfStatus::Failed)).await, ("blank.PDF".to_owned(), 1, 1));
    let completed = ListPdfs::new().status(PdfStatus::Completed).page_size(2);
    assert_eq!(names(completed).await, ("2.pdf 1.pdf".to_owned(), 3, 2));
}

#[tokio::test]
async fn what_is_refused() {
    let server = with_users().master_key("master").start().await.unwrap();
    let api = Api::new(&server);
    // No workspace is named.
    let unnamed = api.bearer("master");
    let unknown = ListPdfs::new();
    assert_eq!(unnamed.send(&unknown).await.cause(), "400 BAD_REQUEST");
    assert_eq!(unnamed.send(&upload()).await.cause(), "400 BAD_REQUEST");
    assert_eq!(unnamed.send(&GetPdfProgress::new("x")).await.cause(), "400 BAD_REQUEST");
    let known = unnamed.in_default();
    let elsewhere = known.with("x-workspace-id", "7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21");
    assert_eq!(elsewhere.send(&upload()).await.cause(), "404 NOT_FOUND");
    let uploaded = known.ok(&upload()).await;
    let reader = api.logged_in(READER).await.in_default();
    assert_eq!(reader.ok(&ListPdfs::new()).await.items[0].pdf_id, uploaded.pdf_id);
    for answer in [
        reader.send(&upload()).await,
        reader.send(&RetryPdf::new(&uploaded.pdf_id)).await,
        reader.send(&CancelPdf::new(&uploaded.pdf_id)).await,
        reader.send(&DeletePdf::new(&uploaded.pdf_id)).await,
    ] {
        assert_eq!(answer.cause(), "403 FORBIDDEN readonly_role");
    }
    for (file, cause) in [
        (UploadPdf::from_bytes("bridge.txt", bridge()), "400 BAD_REQUEST"),
        (UploadPdf::from_bytes("bridge.pdf", "no PDF"), "400 BAD_REQUEST"),
        (UploadPdf::from_bytes("bridge.pdf", ""), "400 BAD_REQUEST"),
        (upload().extraction_mode("guess"), "422 INVALID_EXTRACTION_MODE"),
    ] {
        assert_eq!(known.send(&file).await.cause(), cause, "{}", file.file_name);
    }
    let fileless = "--b\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nx\r\n--b--";
    let form = "multipart/form-data; boundary=b";
    assert_eq!(known.raw(http::Method::POST, "/api/v1/documents/pdf", form, fileless).await.status, 400);
}

#[tokio::test]
async fn files_belong_to_their_workspace() {
    let tenant = edgequake_types::TenantId::server_default();
    let other = edgequake_types::WorkspaceId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21").unwrap();
    let server = DevServer::builder().auth(false).workspace(tenant, other.clone()).start().await.unwrap();
    let api = Api::new(&server).in_default();
    let uploaded = api.ok(&upload()).await;
    ingested(&api, &uploaded).await;
    let elsewhere = api.with("x-workspace-id", other.as_str());
    let pdf = &uploaded.pdf_id;
    assert_eq!(elsewhere.ok(&ListPdfs::new()).await.items, []);
    for answer in [
        elsewhere.send(&GetPdf::new(pdf)).await,
        elsewhere.send(&DownloadPdf::new(pdf)).await,
        elsewhere.send(&GetPdfContent::new(pdf)).await,
        elsewhere.send(&DeletePdf::new(pdf)).await,
    ] {
        assert_eq!(answer.cause(), "404 NOT_FOUND");
    }
    // It is no duplicate there.
    assert_eq!(elsewhere.ok(&upload()).await.status, Some(PdfStatus::Queued));
    let track: TrackId = uploaded.task_id.unwrap();
    assert_eq!(elsewhere.send(&StreamPdfProgress::new(track)).await.cause(), "404 NOT_FOUND");
}

#[tokio::test]
async fn a_file_tells_its_place_in_the_queue_and_what_extracts_its_entities() {
    let (_server, api) = default_workspace(with_users()).await;
    let upload = UploadPdf::from_bytes("bridge.pdf", bridge()).extraction_mode(ExtractionMode::Decision);
    let uploaded = api.ok(&upload.clone()).await;
    assert_eq!((uploaded.queue_position, uploaded.eta_basis.as_deref()), (Some(1), Some("no_history")));
    assert_eq!(uploaded.eta_seconds, Some(0));
    assert_eq!(wait_for_task(&api, &uploaded.task_id.unwrap()).await, TaskStatus::Indexed);
    let document = api.ok(&GetPdf::new(&uploaded.pdf_id)).await.document_id.unwrap();
    let document = api.ok(&GetDocument::new(document)).await;
    assert_eq!(document.extraction_mode, Some(ExtractionMode::Decision));
    // A duplicate waits for nothing.
    assert_eq!(api.ok(&upload).await.queue_position, None);
}
