//! Documents from the start, putting everything back, and hearing of processing.

use edgequake_devserver::{DevServer, Fault, SeedDocument, SeedError, StartError};
use edgequake_types::WorkspaceId;
use edgequake_types::documents::{DocumentStatus, ListDocuments, UploadText};
use edgequake_types::query::Query;
use edgequake_types::session::{Me, Refresh};
use edgequake_types::users::CreateUser;
use futures_util::FutureExt;

use crate::documents::default_workspace;
use crate::support::{Api, PASSWORD, USER, with_users};

const BRIDGE: &str = "The bridge opened in 1931.";

#[tokio::test]
async fn seeded_documents_are_found_at_once() {
    let (server, api) = default_workspace(with_users().document(SeedDocument::new("Bridge", BRIDGE))).await;
    assert!(api.ok(&Query::new("When did the bridge open?")).await.answer.contains("1931"));
    let id = server.seed(SeedDocument::new("Cats", "Cats sleep.")).await.unwrap();
    // The same content replaces it.
    let again = server.seed(SeedDocument::new("Cats again", "Cats sleep.")).await.unwrap();
    assert_ne!(id, again);
    let list = api.ok(&ListDocuments::new()).await;
    let titles: Vec<_> = list.documents.iter().filter_map(|document| document.title.as_deref()).collect();
    assert_eq!((titles, list.status_counts.completed), (vec!["Cats again", "Bridge"], 2));
    assert_eq!(api.ok(&Query::new("cats?")).await.sources.len(), 1);

    let nowhere = WorkspaceId::new("7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21").unwrap();
    let elsewhere =
        SeedDocument::new("x", "y").in_workspace(edgequake_types::TenantId::server_default(), nowhere);
    insta::assert_snapshot!(server.seed(elsewhere).await.unwrap_err(), @r#"the document "x" belongs to a workspace that does not exist: 7b0e2b52-6a53-4b0c-9b43-0f6b6a1d9f21"#);
    let blank = DevServer::builder().document(SeedDocument::new("x", " ")).build().unwrap_err();
    assert!(matches!(blank, StartError::Seed(SeedError::Blank { .. })));
    assert!(matches!(
        DevServer::builder().fault(Fault::status(1)).build().unwrap_err(),
        StartError::Fault(_)
    ));
}

#[tokio::test]
async fn a_reset_puts_the_start_back() {
    let builder = with_users()
        .document(SeedDocument::new("Bridge", BRIDGE))
        .fault(Fault::hang_processing("chunking"))
        .fault(Fault::status(503).on("Me").times(1));
    let (server, api) = default_workspace(builder).await;
    let session = api.login(USER).await;
    let user = server.user_id(USER);
    api.ok(&CreateUser::new("nina", "nina@corp.test", PASSWORD)).await;
    api.ok(&UploadText::new("never processed")).await;
    assert_eq!(api.send(&Me::new()).await.status, 503);
    server.recorder().start();
    api.ok(&Me::new()).await;

    server.reset().await;
    assert_eq!(server.user_id("nina"), None);
    assert_eq!(server.user_id(USER), user);
    assert_eq!((server.stats().logins, server.request_log().len()), (0, 0));
    assert!(server.ledger().entries().is_empty() && server.recorder().requests().is_empty());
    assert_eq!(server.faults().active().len(), 2);
    assert_eq!(api.send(&ListDocuments::new()).await.status, 401, "the sessions are over");
    let refresh = Refresh::new(session.refresh_token.unwrap());
    assert_eq!(api.send(&refresh).await.cause(), "401 UNAUTHORIZED token_invalid");
    let api = api.logged_in(USER).await;
    let list = api.ok(&ListDocuments::new()).await;
    assert_eq!((list.total, list.documents[0].title.as_deref()), (1, Some("Bridge")));
    assert_eq!(api.ok(&Query::new("bridge")).await.sources.len(), 1);
}

/// Whoever orders a reset may hang up, and two may come at once.
#[tokio::test]
async fn a_reset_that_nobody_waits_for_goes_to_its_end() {
    let start = ["First", "Second"].map(|title| SeedDocument::new(title, format!("{title}. {BRIDGE}")));
    let [first, second] = start;
    let builder = with_users().document(first).document(second).fault(Fault::status(503).on("Me"));
    let (server, _api) = default_workspace(builder).await;
    let mut events = server.processing_events();
    for _ in 0..2 {
        assert!(server.reset().now_or_never().is_none());
    }
    for _ in 0..4 {
        while events.next().await.unwrap().status != DocumentStatus::Completed {}
    }
    assert_eq!(server.faults().active().len(), 1);
    let list = Api::new(&server).in_default().logged_in(USER).await.ok(&ListDocuments::new()).await;
    assert_eq!((list.total, list.status_counts.completed), (2, 2));
}

#[tokio::test]
async fn subscribers_hear_of_each_step() {
    let (server, api) = default_workspace(with_users()).await;
    let mut events = server.processing_events();
    let uploaded = api.ok(&UploadText::new(BRIDGE)).await;
    let mut stages = Vec::new();
    loop {
        let event = events.next().await.unwrap();
        assert_eq!(Some(&event.document_id), uploaded.document_id.as_ref());
        assert_eq!(Some(&event.task_id), uploaded.task_id.as_ref());
        stages.push(event.stage);
        if event.status == DocumentStatus::Completed {
            break;
        }
    }
    assert_eq!(stages, ["preprocessing", "chunking", "extracting", "embedding", "storing", "completed"]);
    drop(api);
    drop(server);
    assert_eq!(events.next().await, None);
}

/// A server that is full of one workspace's documents answers another one as fast: nothing looks at all documents.
#[tokio::test]
async fn workspaces_do_not_share_their_work() {
    let server = with_users().start().await.unwrap();
    let mona = Api::new(&server).logged_in(USER).await;
    let tenant = edgequake_types::TenantId::server_default();
    let other = mona.ok(&edgequake_types::workspaces::CreateWorkspace::new(&tenant, "Other")).await.id;
    let there = SeedDocument::new("Bridge", BRIDGE).in_workspace(tenant.clone(), other.clone());
    server.seed(there).await.unwrap();
    let here = mona.in_default();
    assert_eq!(here.ok(&Query::new("bridge")).await.sources.len(), 0);
    let there = here.with("x-workspace-id", other.as_str());
    assert_eq!(there.ok(&Query::new("bridge")).await.sources.len(), 1);
    // The same text in both is no duplicate.
    assert_eq!(here.ok(&UploadText::new(BRIDGE)).await.duplicate_of, None);
}
