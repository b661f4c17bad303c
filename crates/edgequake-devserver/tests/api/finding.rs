//! Finding documents by their titles, and what is kept about one.

use edgequake_devserver::Fault;
use edgequake_types::documents::{
    DocumentStatus, GetDocumentMetadata, SearchDocuments, SearchedStatus, UploadText,
};

use crate::documents::{default_workspace, ingest, wait_for_task};
use crate::support::{Api, USER, with_users};

#[tokio::test]
async fn documents_are_found_by_a_part_of_their_title() {
    let (server, api) = default_workspace(with_users()).await;
    for title in ["North Bridge", "South bridge", "Tunnel"] {
        ingest(&api, title, &format!("The text of {title}.")).await;
    }
    server.faults().add(Fault::fail_processing("embedding").times(1)).unwrap();
    let failed = api.ok(&UploadText::new("It failed.").title("Bridge that failed")).await;
    wait_for_task(&api, &failed.task_id.unwrap()).await;

    let titles = async |request: SearchDocuments| {
        let found = api.ok(&request).await;
        let titles: Vec<String> = found.items.into_iter().filter_map(|item| item.title).collect();
        (titles.join(","), found.total, found.has_more)
    };
    let asked = SearchDocuments::new();
    let all = || asked.clone().status(SearchedStatus::All);
    for (request, expected) in [
        (asked.clone(), ("Tunnel,South bridge,North Bridge", 3, false)),
        (asked.clone().q(" BRIDGE "), ("South bridge,North Bridge", 2, false)),
        (asked.clone().q("bridge").page_size(1), ("South bridge", 2, true)),
        (all().q("bridge"), ("Bridge that failed,South bridge,North Bridge", 3, false)),
        (asked.clone().status(SearchedStatus::Completed).q("failed"), ("", 0, false)),
        (all().q("nowhere"), ("", 0, false)),
    ] {
        let (titles, total, has_more) = titles(request.clone()).await;
        assert_eq!((titles.as_str(), total, has_more), expected, "{request:?}");
    }
    let found = api.ok(&all().page_size(1)).await.items.remove(0);
    assert_eq!(found.status, Some(DocumentStatus::Failed));
    assert!(found.created_at.is_some());
}

#[tokio::test]
async fn a_search_finds_fifty_at_most() {
    let (_server, api) = default_workspace(with_users()).await;
    for number in 0..51 {
        api.ok(&UploadText::new(format!("text {number}"))).await;
    }
    let found = api.ok(&SearchDocuments::new().status(SearchedStatus::All).page_size(500)).await;
    assert_eq!((found.items.len(), found.total, found.has_more), (50, 51, true));
    let found = api.ok(&SearchDocuments::new().status(SearchedStatus::All)).await;
    assert_eq!((found.items.len(), found.has_more), (20, true));
}

#[tokio::test]
async fn the_metadata_is_all_that_is_kept() {
    let (server, api) = default_workspace(with_users()).await;
    let upload = UploadText::new("The bridge opened in 1931.").title("Bridge");
    let uploaded = api.ok(&upload.metadata(serde_json::json!({"n": [1, null]}))).await;
    wait_for_task(&api, uploaded.task_id.as_ref().unwrap()).await;
    let document = uploaded.document_id.unwrap();
    let kept = api.ok(&GetDocumentMetadata::new(&document)).await;
    assert_eq!(kept["document_id"], serde_json::json!(document));
    assert_eq!(kept["title"], "Bridge");
    assert_eq!(kept["status"], "completed");
    assert_eq!(kept["current_stage"], "completed");
    assert_eq!(kept["chunk_count"], 1);
    assert_eq!(kept["custom_metadata"], serde_json::json!({"n": [1, null]}));
    assert_eq!(kept["content_hash"].as_str().unwrap().len(), 64);
    assert!(kept.get("content").is_none());
    assert_eq!(api.send(&GetDocumentMetadata::new("nowhere")).await.cause(), "404 NOT_FOUND");
    // Without a scope nothing is found in lists.
    let api = Api::new(&server).bearer(api.login(USER).await.access_token.expose());
    assert_eq!(
        api.with("x-workspace-id", "00000000-0000-0000-0000-0000000000aa")
            .get("/api/v1/documents/search",)
            .await
            .status,
        403
    );
}
