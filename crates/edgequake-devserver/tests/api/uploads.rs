//! Several files in one form.

use std::time::Duration;

use edgequake_devserver::{Era, Fault};
use edgequake_types::WorkspaceId;
use edgequake_types::documents::{
    ExtractionMode, FileStatus, GetDocument, ListDocuments, NamedFile, UploadFile, UploadFiles, UploadText,
};
use edgequake_types::tasks::{GetTask, TaskStatus};
use edgequake_types::workspaces::UpdateWorkspace;
use http::Method;

use crate::documents::{default_workspace, ingest};
use crate::support::{ADMIN, Api, READER, with_users};

#[tokio::test]
async fn a_bad_file_fails_alone() {
    let (_server, api) = default_workspace(with_users()).await;
    let files = [
        ("a.md", &b"# Bridge"[..]),
        ("b.pdf", b"text"),
        ("c.txt", b""),
        ("d.txt", b"\xff\xfe"),
        ("e.txt", b" \n"),
        ("F.TXT", b"another text"),
        ("noextension", b"text"),
    ];
    let files = files.map(|(name, content)| NamedFile::from_bytes(name, content));
    let answer = api.send(&UploadFiles::new(files).metadata(serde_json::json!({"n": 1}))).await;
    assert_eq!(answer.status, 202);
    let uploaded = answer.model::<UploadFiles>();
    let counts = (uploaded.total_files, uploaded.processed, uploaded.duplicates, uploaded.failed);
    assert_eq!(counts, (7, 2, 0, 5));
    let results: Vec<String> = uploaded
        .results
        .iter()
        .map(|result| {
            let error = result.error.as_deref().unwrap_or("-");
            format!("{} {} {} {error}", result.file_name, result.status, result.document_id.is_some())
        })
        .collect();
    insta::assert_snapshot!(results.join("\n"), @r"
    a.md processed true -
    b.pdf failed false Unsupported file type; expected one of txt, md, json, csv, html, htm, xml, yaml, yml
    c.txt failed false The file is empty
    d.txt failed false The file is not UTF-8 text
    e.txt failed false content must not be blank
    F.TXT processed true -
    noextension failed false Unsupported file type; expected one of txt, md, json, csv, html, htm, xml, yaml, yml
    ");
    // Explicit nulls, as on the wire.
    let json: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(json["results"][1]["document_id"], serde_json::Value::Null);
    assert!(json["results"][0].as_object().unwrap().contains_key("error"));
    let document = api.ok(&GetDocument::new(uploaded.results[0].document_id.clone().unwrap())).await;
    assert_eq!(
        (document.title.as_deref(), document.metadata),
        (Some("a.md"), Some(serde_json::json!({"n": 1})))
    );
}

#[tokio::test]
async fn an_empty_batch_is_a_success() {
    let (server, api) = default_workspace(with_users()).await;
    let answer = api.send(&UploadFiles::new(Vec::<NamedFile>::new())).await;
    assert_eq!((answer.status.as_u16(), answer.model::<UploadFiles>().total_files), (202, 0));
    let path = "/api/v1/documents/upload/batch";
    assert_eq!(api.raw(Method::POST, path, "application/json", "{}").await.status, 400);
    assert_eq!(api.raw(Method::POST, path, "multipart/form-data; boundary=b", "--b").await.status, 400);
    let reader = Api::new(&server).logged_in(READER).await.in_default();
    assert_eq!(reader.send(&UploadFiles::new(Vec::<NamedFile>::new())).await.status, 403);
}

#[tokio::test]
async fn a_file_counts_once_and_replaces_what_is_done() {
    let (server, api) = default_workspace(with_users()).await;
    let before = ingest(&api, "before", "one").await;
    server.faults().add(Fault::hang_processing("chunking")).unwrap();
    let busy = api.ok(&UploadText::new("two")).await.document_id.unwrap();
    let names = ["a.txt", "b.txt", "c.txt"];
    let files = names.iter().zip(["one", "two", "one"]).map(|(name, text)| NamedFile::from_bytes(name, text));
    let uploaded = api.ok(&UploadFiles::new(files)).await;
    assert_eq!((uploaded.processed, uploaded.duplicates, uploaded.failed), (1, 2, 0));
    let [first, second, third] = uploaded.results.as_slice() else { panic!("three results") };
    assert_eq!((&first.status, &second.status), (&FileStatus::Processed, &FileStatus::Duplicate));
    assert_ne!(first.document_id.as_ref(), Some(&before));
    assert_eq!(second.document_id.as_ref(), Some(&busy));
    assert_eq!(third.document_id, first.document_id);
    assert_eq!(api.send(&GetDocument::new(&before)).await.status, 404);
}

#[tokio::test]
async fn odd_parts_are_read_as_the_server_reads_them() {
    let (_server, api) = default_workspace(with_users().processing_delay(Duration::from_secs(3600))).await;
    let part = |head: &str, content: &str| {
        format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n")
    };
    let parts = [
        part(r#"name="file"; filename="a.md""#, "first"),
        part(r#"name="files""#, "second"),
        part(r#"name="metadata""#, "{"),
        part(r#"name="title""#, "Mine"),
    ];
    let form = format!("{}--b--\r\n", parts.concat());
    let path = "/api/v1/documents/upload/batch";
    let uploaded = api.raw(Method::POST, path, "multipart/form-data; boundary=b", form).await;
    let uploaded = uploaded.model::<UploadFiles>();
    let names: Vec<&str> = uploaded.results.iter().map(|result| result.file_name.as_str()).collect();
    assert_eq!((names, uploaded.processed), (vec!["a.md", "unnamed.txt"], 2));
}

#[tokio::test]
async fn an_unknown_extraction_mode_refuses_all_files() {
    let (_server, api) = default_workspace(with_users()).await;
    let file = || NamedFile::from_bytes("a.txt", "text");
    let cause = "422 INVALID_EXTRACTION_MODE";
    assert_eq!(api.send(&UploadFiles::new([file()]).extraction_mode("magic")).await.cause(), cause);
    assert_eq!(
        api.send(&UploadFile::from_bytes("a.txt", "text").extraction_mode("magic")).await.cause(),
        cause
    );
    assert_eq!(api.send(&UploadText::new("text").extraction_mode("magic")).await.cause(), cause);
    let options = UploadFiles::new([file()]).chunk_options(serde_json::json!({"chunk_token_size": 0}));
    assert_eq!(api.send(&options).await.cause(), "422 VALIDATION_ERROR");
    assert_eq!(api.ok(&ListDocuments::new()).await.total, 0);
    assert_eq!(api.send(&UploadFiles::new([file()]).extraction_mode("inherit")).await.status, 202);
}

#[tokio::test]
async fn an_upload_tells_its_place_in_the_queue() {
    let hour = Duration::from_secs(3600);
    let (_server, api) = default_workspace(with_users().processing_delay(hour).workers(1)).await;
    let first = api.ok(&UploadText::new("one")).await;
    assert_eq!((first.queue_position, first.eta_seconds), (Some(1), Some(3600)));
    let task = first.task_id.unwrap();
    while api.ok(&GetTask::new(&task)).await.status == TaskStatus::Pending {
        tokio::task::yield_now().await;
    }
    let second = api.ok(&UploadFile::from_bytes("two.txt", "two")).await;
    assert_eq!((second.queue_position, second.eta_seconds), (Some(1), Some(3600)));
    let third = api.ok(&UploadText::new("three")).await;
    assert_eq!((third.queue_position, third.eta_seconds), (Some(2), Some(7200)));
    assert_eq!(
        (second.eta_basis.as_deref(), third.eta_basis.as_deref()),
        (Some("no_history"), Some("no_history"))
    );
    // A duplicate has no place of its own.
    let again = api.ok(&UploadText::new("three")).await;
    assert_eq!((again.queue_position, again.extraction_mode), (None, None));

    let (_server, api) = default_workspace(with_users().era(Era::B)).await;
    let old = api.ok(&UploadText::new("one")).await;
    assert_eq!((old.queue_position, old.eta_basis, old.extraction_mode_source), (None, None, None));
}

#[tokio::test]
async fn an_upload_tells_what_extracts_its_entities() {
    let (server, api) = default_workspace(with_users()).await;
    let told = async |upload: UploadText| {
        let uploaded = api.ok(&upload).await;
        let document = api.ok(&GetDocument::new(uploaded.document_id.unwrap())).await;
        assert_eq!(uploaded.extraction_mode, document.extraction_mode);
        assert_eq!(uploaded.extraction_mode_source, document.extraction_mode_source);
        format!("{} {}", uploaded.extraction_mode.unwrap(), uploaded.extraction_mode_source.unwrap())
    };
    assert_eq!(told(UploadText::new("one")).await, "llm default");
    assert_eq!(told(UploadText::new("two").extraction_mode(ExtractionMode::Inherit)).await, "llm default");
    assert_eq!(
        told(UploadText::new("three").extraction_mode(ExtractionMode::Decision)).await,
        "decision document"
    );
    let admin = Api::new(&server).logged_in(ADMIN).await;
    admin.ok(&UpdateWorkspace::new(WorkspaceId::server_default()).extraction_mode("decision")).await;
    assert_eq!(told(UploadText::new("four")).await, "decision workspace");
    assert_eq!(told(UploadText::new("five").extraction_mode(ExtractionMode::Llm)).await, "llm document");
    let file =
        api.ok(&UploadFile::from_bytes("six.txt", "six").extraction_mode(ExtractionMode::Inherit)).await;
    assert_eq!(file.extraction_mode_source.as_deref(), Some("workspace"));
    let files = UploadFiles::new([NamedFile::from_bytes("seven.txt", "seven")]);
    api.ok(&files.extraction_mode(ExtractionMode::Llm)).await;
    let newest = api.ok(&ListDocuments::new()).await.documents.remove(0);
    assert_eq!(newest.extraction_mode, Some(ExtractionMode::Llm));
    assert_eq!(newest.extraction_mode_source.as_deref(), Some("document"));
}
