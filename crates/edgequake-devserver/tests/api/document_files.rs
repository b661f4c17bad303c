//! The files of documents: what was uploaded, their Markdown, their pages and assets.

use edgequake_types::DocumentId;
use edgequake_types::documents::{
    DownloadAsset, DownloadAssetByPath, DownloadMarkdown, DownloadOriginal, GetPageLayout, GetPagesHealth,
    IncludePdfAssets, ListAssets, ListPages, UploadFile,
};

use crate::documents::{default_workspace, ingest, wait_for_task};
use crate::support::{Api, with_users};

/// Uploads a file and waits until it has been processed.
async fn file(api: &Api, name: &str, content: &str) -> DocumentId {
    let uploaded = api.ok(&UploadFile::from_bytes(name, content.to_owned())).await;
    wait_for_task(api, &uploaded.task_id.unwrap()).await;
    uploaded.document_id.unwrap()
}

#[tokio::test]
async fn a_document_is_downloaded_as_it_came_and_as_markdown() {
    let (_server, api) = default_workspace(with_users()).await;
    let text = ingest(&api, "Notes on cats", "Cats sleep.").await;
    let page = file(&api, "cats.html", "<p>Cats sleep.</p>").await;
    let notes = file(&api, "Größe.md", "# Cats\n\nThey sleep.").await;
    for (document, name, content_type, content) in [
        (&text, "filename=\"Notes on cats.txt\"", "text/plain; charset=utf-8", "Cats sleep."),
        (&page, "filename=\"cats.html\"", "text/html; charset=utf-8", "<p>Cats sleep.</p>"),
        (
            &notes,
            "filename=\"Gr__e.md\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe.md",
            "text/markdown; charset=utf-8",
            "# Cats\n\nThey sleep.",
        ),
    ] {
        let original = api.send(&DownloadOriginal::new(document)).await;
        assert_eq!(original.header("content-disposition"), format!("attachment; {name}"));
        assert_eq!((original.header("content-type"), &original.body[..]), (content_type, content.as_bytes()));
    }
    let markdown = api.send(&DownloadMarkdown::new(&page)).await;
    assert_eq!(markdown.header("content-disposition"), "attachment; filename=\"cats.md\"");
    assert_eq!(markdown.header("content-type"), "text/markdown; charset=utf-8");
    assert_eq!(markdown.body, "<p>Cats sleep.</p>");
    assert_eq!(api.send(&DownloadOriginal::new("x")).await.cause(), "404 NOT_FOUND");
    assert_eq!(api.send(&DownloadMarkdown::new("x")).await.cause(), "404 NOT_FOUND");
}

#[tokio::test]
async fn a_text_has_neither_pages_nor_assets() {
    let (_server, api) = default_workspace(with_users()).await;
    let text = ingest(&api, "Cats", "Cats sleep.").await;
    assert_eq!(api.ok(&ListAssets::new(&text)).await.assets, []);
    assert_eq!(api.ok(&ListPages::new(&text)).await.pages, []);
    for (answer, cause) in [
        (api.send(&ListAssets::new("x")).await, "404 NOT_FOUND"),
        (api.send(&ListPages::new("x")).await, "404 NOT_FOUND"),
        (api.send(&DownloadAsset::new(&text, "page-0001-chart")).await, "404 NOT_FOUND"),
        (api.send(&DownloadAssetByPath::new(&text, "assets/page-0001.png")).await, "404 NOT_FOUND"),
        (api.send(&DownloadAssetByPath::new("x", "assets/page-0001.png")).await, "404 NOT_FOUND"),
        (api.send(&GetPageLayout::new(&text, 1_u64)).await, "404 NOT_FOUND"),
        (api.send(&GetPagesHealth::new(&text)).await, "400 BAD_REQUEST"),
        (api.send(&IncludePdfAssets::new(&text)).await, "400 BAD_REQUEST"),
        (api.send(&IncludePdfAssets::new("x")).await, "404 NOT_FOUND"),
    ] {
        assert_eq!(answer.cause(), cause);
    }
    // A path that climbs, in any spelling.
    for path in ["%2e%2e/x", "a/%2E%2E/x", "a/..%2fx", "a//x", "%20"] {
        let answer = api.get(&format!("/api/v1/documents/{text}/mm-assets/{path}")).await;
        assert_eq!(answer.status, 400, "{path}");
    }
}

#[cfg(feature = "pdf")]
mod of_pdfs {
    use edgequake_types::documents::{GetDocument, PageStage, ReprocessPages};
    use edgequake_types::pdf::UploadPdf;
    use edgequake_types::tasks::TaskStatus;
    use edgequake_types::{Decode, TrackId};

    use super::*;
    use crate::pdf_file::PdfFile;
    use crate::pdfs::ingested;
    use crate::support::{Transcript, redact};

    async fn bridge(api: &Api) -> (DocumentId, Vec<u8>) {
        let bytes = PdfFile::of_lines(&[&["The bridge opened in 1931."], &[], &["It is old."]]).bytes();
        let uploaded = api.ok(&UploadPdf::from_bytes("bridge.pdf", bytes.clone())).await;
        (ingested(api, &uploaded).await, bytes)
    }

    #[tokio::test]
    async fn full_responses() {
        let (_server, api) = default_workspace(with_users()).await;
        let (document, bytes) = bridge(&api).await;
        let original = api.send(&DownloadOriginal::new(&document)).await;
        assert_eq!((original.header("content-type"), &original.body[..]), ("application/pdf", &bytes[..]));
        let mut transcript = Transcript::default();
        transcript.note("markdown", &api.send(&DownloadMarkdown::new(&document)).await);
        transcript.note("pages", &api.send(&ListPages::new(&document)).await);
        transcript.note("layout", &api.send(&GetPageLayout::new(&document, 2_u64)).await);
        transcript.note("no such page", &api.send(&GetPageLayout::new(&document, 4_u64)).await);
        transcript.note("health", &api.send(&GetPagesHealth::new(&document)).await);
        transcript.note("assets", &api.send(&ListAssets::new(&document)).await);
        transcript.note("include", &api.send(&IncludePdfAssets::new(&document)).await);
        transcript.note("plan", &api.send(&ReprocessPages::new(&document, "2-3").dry_run(true)).await);
        transcript.note("reprocess", &api.send(&ReprocessPages::new(&document, [3, 1])).await);
        let _redacted = redact();
        insta::assert_snapshot!("document_files", transcript);
    }

    #[tokio::test]
    async fn pages_are_processed_again() {
        let (server, api) = default_workspace(with_users()).await;
        let (document, _) = bridge(&api).await;
        for (request, cause) in [
            (ReprocessPages::new(&document, [0]), "422 VALIDATION_ERROR"),
            (ReprocessPages::new(&document, [1, 4]), "422 VALIDATION_ERROR"),
            (ReprocessPages::new(&document, "9"), "422 VALIDATION_ERROR"),
            (ReprocessPages::new(&document, "3-1"), "422 VALIDATION_ERROR"),
            (
                ReprocessPages::new(&document, [1]).stages(vec![PageStage::from("paint")]),
                "422 VALIDATION_ERROR",
            ),
            (ReprocessPages::new("x", [1]), "404 NOT_FOUND"),
        ] {
            assert_eq!(api.send(&request).await.cause(), cause, "{request:?}");
        }
        server.faults().add(edgequake_devserver::Fault::hang_processing("chunking").times(1)).unwrap();
        let queued = api.send(&ReprocessPages::new(&document, [1])).await;
        assert_eq!(queued.status, 202);
        let plan = serde_json::Value::from_body(queued.body).unwrap();
        assert_eq!((&plan["pages"], &plan["dry_run"]), (&serde_json::json!([1]), &false.into()));
        let again = api.send(&ReprocessPages::new(&document, [1])).await;
        assert_eq!(again.cause(), "409 CONFLICT");
        let task = TrackId::new(plan["task_id"].as_str().unwrap());
        while server.faults().active().iter().any(|fault| fault.hits == 0) {
            tokio::task::yield_now().await;
        }
        api.ok(&edgequake_types::tasks::CancelTask::new(&task)).await;
        let queued = api.send(&ReprocessPages::new(&document, [1])).await;
        let plan = serde_json::Value::from_body(queued.body).unwrap();
        let task = TrackId::new(plan["task_id"].as_str().unwrap());
        assert_eq!(wait_for_task(&api, &task).await, TaskStatus::Indexed);
        assert_eq!(api.ok(&GetDocument::new(&document)).await.id, document);
    }
}
