//! The resources, each method by what goes out and what is made of the answer. A scripted server shows requests as they are and gives
//! answers of every server, which the dev server does not.

use edgequake_client::resources::Uploaded;
use edgequake_client::types::WorkspaceId;
use edgequake_client::types::documents::{
    FileStatus, LineageFormat, NamedFile, ReanalyzeDocument, RecoverStuckDocuments, ReprocessDocuments,
    ReprocessPages, RetryChunks, ScanDirectory, SearchDocuments, UploadFiles,
};
use edgequake_client::types::injections::{ListInjections, UpdateInjection, UploadInjection};
use edgequake_client::types::jobs::{CreateJob, ListJobs};
use edgequake_client::types::parse::ParsePdf;
use edgequake_client::types::pdf::{ListPdfs, PdfProgressEvent, UploadPdf, UploadPdfs};
use edgequake_client::types::pipeline::GetPipelineStatus;
use edgequake_client::{Client, ErrorKind};

use crate::server::{Act, Server, answer, event_stream, json};

/// Awaits a call that is answered like this, and gives what was asked for.
macro_rules! asked {
    ($answer:literal, |$client:ident| $call:expr) => {{
        let server = Server::answers([json(200, $answer)]).await;
        let $client = server.client();
        $call.await.unwrap_or_else(|error| panic!("{error:?}: {}", stringify!($call)));
        server.only()
    }};
}

/// Request line and body of each call.
macro_rules! table {
    ($($line:literal $(with $body:literal)?: $answer:literal, |$client:ident| $call:expr;)+) => {$(
        let received = asked!($answer, |$client| $call);
        assert_eq!(received.line(), $line);
        let body = String::from_utf8_lossy(&received.body).into_owned();
        let expected = concat!("" $(, $body)?);
        assert!(body == expected || expected == "form" && body.contains("form-data; name="), "{}: {body}", $line);
    )+};
}

const SCOPE: &str = "7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21";

fn workspace() -> WorkspaceId {
    WorkspaceId::new(SCOPE).unwrap()
}

#[tokio::test]
async fn the_word_for_the_default_is_an_id_in_paths() {
    table! {
        "GET /api/v1/workspaces/00000000-0000-0000-0000-000000000003/stats": r#"{"workspace_id":"w","document_count":0,"entity_count":0,"relationship_count":0,"chunk_count":0,"storage_bytes":0}"#,
            |client| client.workspaces().stats("default");
        "DELETE /api/v1/workspaces/00000000-0000-0000-0000-000000000003": "{}",
            |client| client.workspaces().delete("default");
        "GET /api/v1/tenants/00000000-0000-0000-0000-000000000002/workspaces/by-slug/a": r#"{"id":"default","name":"A","slug":"a"}"#,
            |client| client.workspaces().get_by_slug("default", "a");
        "GET /api/v1/tenants/00000000-0000-0000-0000-000000000002": r#"{"id":"default","name":"A","slug":"a"}"#,
            |client| client.tenants().get("default");
        "GET /api/v2/workspaces/00000000-0000-0000-0000-000000000003/jobs/catalog": r#"{"entries":[]}"#,
            |client| client.jobs().catalog("default");
        "DELETE /api/v1/workspaces/00000000-0000-0000-0000-000000000003/injections/i-1": r#"{"deleted":true}"#,
            |client| client.injections().delete("default", "i-1");
    }
    let received = asked!("{}", |client| client.workspaces().delete("default"));
    assert_eq!(received.header("x-workspace-id"), Some("default"));
}

#[tokio::test]
async fn documents() {
    table! {
        "POST /api/v1/documents/upload/batch" with "form": r#"{"results":[]}"#,
            |client| client.documents().upload_batch(UploadFiles::new([NamedFile::from_bytes("a.md", "x")]));
        "POST /api/v1/documents/scan" with r#"{"path":"/srv"}"#: r#"{"track_id":"t-1"}"#,
            |client| client.documents().scan(ScanDirectory::new("/srv"));
        "GET /api/v1/documents/search?q=a+b": r#"{"items":[],"total":0,"has_more":false}"#,
            |client| client.documents().search(SearchDocuments::new().q("a b"));
        "POST /api/v1/documents/batch-delete" with r#"{"document_ids":["d-1"]}"#: r#"{"batch_track_id":"t-1"}"#,
            |client| client.documents().delete_batch(["d-1"]);
        "GET /api/v1/documents/d%2F1/deletion-impact": r#"{"document_id":"d/1","chunks_to_delete":0}"#,
            |client| client.documents().deletion_impact("d/1");
        "POST /api/v1/documents/reprocess" with "{}": r#"{"requeued":0}"#,
            |client| client.documents().reprocess(ReprocessDocuments::new());
        "POST /api/v1/documents/recover-stuck" with "{}": r#"{"requeued":0}"#,
            |client| client.documents().recover_stuck(RecoverStuckDocuments::new());
        "POST /api/v1/documents/d-1/reanalyze" with "{}": r#"{"document_id":"d-1"}"#,
            |client| client.documents().reanalyze(ReanalyzeDocument::new("d-1"));
        "POST /api/v1/documents/d-1/cancel": "null", |client| client.documents().cancel("d-1");
        "POST /api/v1/documents/d-1/retry-chunks" with r#"{"chunk_indices":[]}"#: r#"{"document_id":"d-1"}"#,
            |client| client.documents().retry_chunks(RetryChunks::new("d-1"));
        "GET /api/v1/documents/d-1/failed-chunks": "[]", |client| client.documents().failed_chunks("d-1");
        "GET /api/v1/documents/d-1/metadata": r#"{"any":1}"#, |client| client.documents().metadata("d-1");
        "GET /api/v1/documents/d-1/lineage": r#"{"document_id":"d-1"}"#, |client| client.documents().lineage("d-1");
        "GET /api/v1/documents/d-1/lineage/export?format=csv": "1",
            |client| client.documents().export_lineage("d-1", LineageFormat::Csv);
        "GET /api/v1/documents/d-1/download/original": "1", |client| client.documents().download("d-1");
        "GET /api/v1/documents/d-1/download/markdown": "1", |client| client.documents().download_markdown("d-1");
        "GET /api/v1/documents/d-1/assets": r#"{"document_id":"d-1","assets":[]}"#, |client| client.documents().assets("d-1");
        "GET /api/v1/documents/d-1/assets/page-0001": "1", |client| client.documents().asset("d-1", "page-0001");
        "GET /api/v1/documents/d-1/mm-assets/assets/p%201.png": "1",
            |client| client.documents().asset_by_path("d-1", "assets/p 1.png");
        "POST /api/v1/documents/d-1/assets/include-from-pdf": r#"{"document_id":"d-1","pages_rendered":1}"#,
            |client| client.documents().include_pdf_assets("d-1");
        "GET /api/v1/documents/d-1/pages": r#"{"document_id":"d-1","pages":[]}"#, |client| client.documents().pages("d-1");
        "GET /api/v1/documents/d-1/pages/2/layout": r#"{"document_id":"d-1","page_number":2}"#,
            |client| client.documents().page_layout("d-1", 2);
        "GET /api/v1/documents/d-1/pages/health": "{}", |client| client.documents().pages_health("d-1");
        "POST /api/v1/documents/d-1/pages/reprocess" with r#"{"pages":[2]}"#: "{}",
            |client| client.documents().reprocess_pages(ReprocessPages::new("d-1", [2]));
    }
}

#[tokio::test]
async fn pdfs() {
    table! {
        "POST /api/v1/documents/pdf" with "form": r#"{"pdf_id":"p-1"}"#,
            |client| client.pdfs().upload(UploadPdf::from_bytes("a.pdf", "%PDF"));
        "POST /api/v1/documents/pdf/batch" with "form": r#"{"results":[]}"#,
            |client| client.pdfs().upload_batch(UploadPdfs::new([NamedFile::from_bytes("a.pdf", "%PDF")]));
        "GET /api/v1/documents/pdf?page=2": r#"{"items":[]}"#, |client| client.pdfs().list(ListPdfs::new().page(2));
        "GET /api/v1/documents/pdf/p%2F1": r#"{"pdf_id":"p/1","status":"failed"}"#, |client| client.pdfs().get("p/1");
        "DELETE /api/v1/documents/pdf/p-1": "", |client| client.pdfs().delete("p-1");
        "POST /api/v1/documents/pdf/p-1/retry" with "{}": r#"{"pdf_id":"p-1"}"#, |client| client.pdfs().retry("p-1");
        "DELETE /api/v1/documents/pdf/p-1/cancel": r#"{"pdf_id":"p-1"}"#, |client| client.pdfs().cancel("p-1");
        "GET /api/v1/documents/pdf/p-1/content": r#"{"pdf_id":"p-1"}"#, |client| client.pdfs().content("p-1");
        "GET /api/v1/documents/pdf/p-1/download": "1", |client| client.pdfs().download("p-1");
        "GET /api/v1/documents/pdf/progress/pdf-1": r#"{"track_id":"pdf-1","phases":[]}"#,
            |client| client.pdfs().progress("pdf-1");
    }
}

#[tokio::test]
async fn pipeline_and_ingestion() {
    table! {
        "GET /api/v1/pipeline/status": r#"{"is_busy":false}"#, |client| client.pipeline().status(GetPipelineStatus::new());
        "GET /api/v1/pipeline/activity": r#"{"busy":false}"#, |client| client.pipeline().activity();
        "POST /api/v1/pipeline/cancel" with "{}": r#"{"status":"ok"}"#, |client| client.pipeline().cancel();
        "GET /api/v1/pipeline/queue-metrics": r#"{"pending_count":0}"#, |client| client.pipeline().queue_metrics();
        "GET /api/v1/pipeline/costs/pricing": r#"{"models":[]}"#, |client| client.pipeline().pricing();
        "POST /api/v1/pipeline/costs/estimate" with r#"{"model":"m","input_tokens":1,"output_tokens":2}"#:
            r#"{"model":"m","estimated_cost_usd":0.5}"#, |client| client.pipeline().estimate_cost("m", 1, 2);
        "GET /api/v1/ingestion/t-1/progress": r#"{"track_id":"t-1","stage":"queued"}"#,
            |client| client.ingestion().progress("t-1");
        "POST /api/v1/ingestion/progress" with r#"{"track_ids":["t-1","t-2"]}"#: "[]",
            |client| client.ingestion().progress_of(["t-1", "t-2"]);
    }
}

#[tokio::test]
async fn sources_of_the_graph() {
    table! {
        "GET /api/v1/entities/GOLDEN%20GATE/provenance": r#"{"entity_id":"E"}"#,
            |client| client.provenance().entity("GOLDEN GATE");
        "GET /api/v1/chunks/d-1-chunk-3": r#"{"chunk_id":"d-1-chunk-3"}"#, |client| client.chunks().get("d-1-chunk-3");
        "GET /api/v1/chunks/d-1-chunk-3/lineage": r#"{"chunk_id":"d-1-chunk-3"}"#,
            |client| client.chunks().lineage("d-1-chunk-3");
        "GET /api/v1/lineage/documents/d-1": r#"{"document_id":"d-1"}"#, |client| client.lineage().document("d-1");
        "GET /api/v1/lineage/entities/A%2FB": r#"{"entity_name":"A/B"}"#, |client| client.lineage().entity("A/B");
    }
}

#[tokio::test]
async fn parsing() {
    table! {
        "POST /api/v1/parse" with "form": r#"{"markdown":""}"#,
            |client| client.parse().pdf(ParsePdf::from_bytes("a.pdf", "%PDF"));
        "GET /api/v1/parse/jobs/j-1": r#"{"job_id":"j-1","status":"failed"}"#, |client| client.parse().job("j-1");
        "GET /api/v1/parse/backends": r#"{"default_backend":"vision"}"#, |client| client.parse().backends();
    }
}

/// The workspace in the path is that of the header, whatever the client's own is.
#[tokio::test]
async fn injections_and_jobs_are_sent_in_the_workspace_that_they_name() {
    const ADDED: &str = r#"{"injection_id":"i-1","status":"processing"}"#;
    const JOB: &str = r#"{"job_id":"t-1","job_type":"scan","status":"pending"}"#;
    let server = Server::start(|_, request| {
        let is_list = request.line().starts_with("GET") && request.path().ends_with("s");
        Act::Send(json(
            200,
            match request.path() {
                path if path.ends_with("catalog") => r#"{"entries":[]}"#,
                path if path.ends_with("injections") => r#"{"items":[]}"#,
                path if path.ends_with("jobs") && is_list => r#"{"jobs":[]}"#,
                path if path.contains("injection") => ADDED,
                _ => JOB,
            },
        ))
    })
    .await;
    let client = server.client().with_workspace("default");
    let injections = client.injections();
    injections.add(SCOPE, "N", "x").await.unwrap();
    injections.upload(UploadInjection::from_bytes(workspace(), "N", "a.txt", "x")).await.unwrap();
    injections.list(ListInjections::new(workspace())).await.unwrap();
    injections.get(SCOPE, "i-1").await.unwrap();
    injections.update(UpdateInjection::new(workspace(), "i-1").name("M")).await.unwrap();
    let jobs = client.jobs();
    jobs.list(ListJobs::new(workspace())).await.unwrap();
    jobs.create(CreateJob::new(workspace(), "scan")).await.unwrap();
    jobs.catalog(SCOPE).await.unwrap();
    jobs.get(SCOPE, "t-1").await.unwrap();
    jobs.cancel(SCOPE, "t-1").await.unwrap();
    let lines: Vec<String> = server.lines().iter().map(|line| line.replace(SCOPE, "W")).collect();
    assert_eq!(
        lines,
        [
            "PUT /api/v1/workspaces/W/injection",
            "PUT /api/v1/workspaces/W/injection/file",
            "GET /api/v1/workspaces/W/injections",
            "GET /api/v1/workspaces/W/injections/i-1",
            "PATCH /api/v1/workspaces/W/injections/i-1",
            "GET /api/v2/workspaces/W/jobs",
            "POST /api/v2/workspaces/W/jobs",
            "GET /api/v2/workspaces/W/jobs/catalog",
            "GET /api/v2/workspaces/W/jobs/t-1",
            "DELETE /api/v2/workspaces/W/jobs/t-1",
        ]
    );
    for request in server.received() {
        assert_eq!(request.header("x-workspace-id"), Some(SCOPE), "{}", request.line());
    }
    let error = injections.delete("workspace-123", "i-1").await.unwrap_err();
    assert_eq!((error.kind(), server.received().len()), (ErrorKind::Request, 10));
}

#[tokio::test]
async fn an_injection_is_deleted_with_a_body_or_without() {
    for answer in [answer(204, &[], b""), json(200, r#"{"deleted":true,"message":"gone"}"#)] {
        let server = Server::answers([answer]).await;
        assert!(server.client().injections().delete(SCOPE, "i-1").await.unwrap().deleted);
    }
}

#[tokio::test]
async fn a_pdf_from_disk_is_read_anew_for_each_attempt() {
    let refused = answer(429, &[("retry-after", "0")], b"");
    let server = Server::answers([refused, json(200, r#"{"pdf_id":"p-1","task_id":""}"#)]).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bridge.pdf");
    let content: Vec<u8> = (0..300_000).map(|at| b'a' + (at % 23) as u8).collect();
    std::fs::write(&path, &content).unwrap();
    let upload = server.client().pdfs().upload_file(&path).title("Bridge");
    let uploaded = upload.configure(|upload| upload.enable_vision(false)).await.unwrap();
    assert_eq!((uploaded.pdf_id.as_str(), uploaded.task_id), ("p-1", None));
    let [first, second] = &server.received()[..] else { panic!("not two attempts") };
    assert_eq!(first.body, second.body);
    assert_eq!(first.header("content-length").unwrap(), first.body.len().to_string());
    assert!(first.body.windows(content.len()).any(|window| window == content));
    let form = String::from_utf8_lossy(&first.body).replace("\r\n", "\n");
    for part in [
        "name=\"file\"; filename=\"bridge.pdf\"\nContent-Type: application/pdf\n\n",
        "name=\"enable_vision\"\n\nfalse\n",
        "name=\"metadata\"\n\n{\"title\":\"Bridge\"}\n",
    ] {
        assert!(form.contains(part), "{part}");
    }
    let error = server.client().parse().file(folder.path().join("none.pdf")).await.unwrap_err();
    assert_eq!((error.kind(), server.received().len()), (ErrorKind::Request, 2));
}

#[tokio::test]
async fn a_download_comes_with_its_name_type_and_length() {
    let headers =
        [("content-type", "application/pdf"), ("content-disposition", "inline; filename=\"../bridge.pdf\"")];
    let server = Server::answers([answer(200, &headers, b"%PDF-1.7")]).await;
    let mut file = server.client().pdfs().download("p-1").await.unwrap();
    assert_eq!(file.file_name().as_deref(), Some("bridge.pdf"));
    assert_eq!((file.content_type(), file.remaining()), (Some("application/pdf"), Some(8)));
    assert_eq!(file.next().await.unwrap().unwrap(), "%PDF-1.7");
    assert!(file.next().await.is_none());
    let server = Server::answers([json(404, r#"{"code":"NOT_FOUND","message":"no such file"}"#)]).await;
    assert!(server.client().documents().download("d-1").await.unwrap_err().is_not_found());
}

async fn followed(body: &'static str) -> (Vec<PdfProgressEvent>, Option<edgequake_client::Error>) {
    let server = Server::start(move |_, _| event_stream(body.as_bytes())).await;
    let mut stream = server.client().pdfs().stream_progress("pdf-1").await.unwrap();
    let (mut events, mut failure) = (Vec::new(), None);
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => events.push(event),
            Err(error) => failure = Some(error),
        }
    }
    (events, failure)
}

#[tokio::test]
async fn the_progress_of_a_pdf_ends_with_its_final_event_or_an_error() {
    let (events, failure) = followed(concat!(
        "data: {\"track_id\":\"pdf-1\",\"phases\":[{\"phase\":\"upload\",\"status\":\"active\"}]}\n\n",
        "event: complete\ndata: {\"track_id\":\"pdf-1\",\"phases\":[],\"is_complete\":true}\n\n",
    ))
    .await;
    assert!(failure.is_none(), "{failure:?}");
    let told: Vec<bool> = events.iter().map(|event| event.progress().unwrap().is_success()).collect();
    assert_eq!(told, [false, true]);
    // Silence for a minute looks like this: nothing is known of the PDF.
    let (events, failure) = followed("data: {\"track_id\":\"pdf-1\",\"phases\":[]}\n\n").await;
    assert_eq!((events.len(), failure.unwrap().kind()), (1, ErrorKind::Stream));
    let (events, failure) = followed("event: error\ndata: {\"message\":\"model refused\"}\n\n").await;
    assert_eq!((events.len(), failure.unwrap().message()), (0, Some("model refused")));
}

#[tokio::test]
async fn no_live_progress_is_none() {
    let client = |answers: Vec<u8>| async { Server::answers([answers]).await };
    let server = client(json(404, r#"{"code":"NOT_FOUND","message":"no progress"}"#)).await;
    assert!(server.client().pdfs().live_progress("pdf-1").await.unwrap().is_none());
    let server = client(json(200, r#"{"track_id":"pdf-1","phases":[]}"#)).await;
    assert!(!server.client().pdfs().live_progress("pdf-1").await.unwrap().unwrap().is_finished());
    let server = client(json(403, r#"{"code":"FORBIDDEN","message":"no"}"#)).await;
    assert_eq!(server.client().pdfs().live_progress("pdf-1").await.unwrap_err().status().unwrap(), 403);
}

/// A batch names documents only, and those can be waited for.
#[tokio::test]
async fn a_file_of_a_batch_is_waited_for_by_its_document() {
    let server = Server::answers([
        json(
            202,
            r#"{"results":[{"filename":"a.md","document_id":"d-1","status":"processed","error":null}]}"#,
        ),
        json(200, r#"{"id":"d-1","status":"completed","chunk_count":3}"#),
    ])
    .await;
    let client: Client = server.client();
    let answer = client
        .documents()
        .upload_batch(UploadFiles::new([NamedFile::from_bytes("a.md", "x")]))
        .await
        .unwrap();
    assert_eq!((answer.failed_files().count(), &answer.results[0].status), (0, &FileStatus::Processed));
    let document = client.documents().wait_for(Uploaded::from(&answer.results[0])).await.unwrap();
    assert_eq!((document.chunk_count, server.lines()[1].as_str()), (3, "GET /api/v1/documents/d-1"));
}
