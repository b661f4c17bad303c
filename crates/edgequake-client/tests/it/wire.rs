//! What goes over the wire: whole requests, head and body.

use edgequake_auth::Carrier;
use edgequake_client::types::documents::{ListDocuments, UploadFile, UploadText};
use edgequake_client::types::query::{Query, StreamQuery};
use edgequake_client::types::{TenantId, UserId, WorkspaceId};

use crate::server::{Act, Server, event_stream, json};

async fn echo(body: &'static str) -> Server {
    Server::start(move |_, _| Act::Send(json(200, body))).await
}

#[tokio::test]
async fn a_get_with_credential_and_scope() {
    let server = echo(r#"{"documents":[],"total":0}"#).await;
    let client = server
        .builder()
        .api_key(" Bearer eq_key\n")
        .tenant_id(TenantId::opaque("tenant-456").unwrap())
        .workspace_id(WorkspaceId::opaque("workspace-123").unwrap())
        .user_id(UserId::new("00000000-0000-0000-0000-000000000001").unwrap())
        .build()
        .unwrap();
    client.documents().list(ListDocuments::new().document_pattern("C++ & a=b,é#1")).await.unwrap();
    insta::assert_snapshot!(server.only().text());
}

#[tokio::test]
async fn a_post_with_json() {
    let server = echo(r#"{"document_id":"d-1","status":"pending"}"#).await;
    let upload = UploadText::new("Tenant-specific document").title("Scoped Doc");
    server.client().documents().upload_text(upload).await.unwrap();
    insta::assert_snapshot!(server.only().text());
}

#[tokio::test]
async fn a_file_in_a_form() {
    let server = echo(r#"{"document_id":"d-1","status":"pending"}"#).await;
    let upload = UploadFile::from_bytes("Nguyễn.md", "# T").title("T");
    server.client().documents().upload(upload).await.unwrap();
    let received = server.only();
    let boundary = received.header("content-type").unwrap().split_once("boundary=").unwrap().1;
    insta::assert_snapshot!(received.text().replace(boundary, "BOUNDARY"));
}

#[tokio::test]
async fn a_streamed_question() {
    let server = Server::start(|_, _| event_stream(b"data: {\"type\":\"done\"}\n\n")).await;
    let mut events = server.client().query().stream(StreamQuery::new("Who?")).await.unwrap();
    assert!(events.next().await.unwrap().is_ok());
    insta::assert_snapshot!(server.only().text());
}

#[tokio::test]
async fn a_login_carries_no_credential_and_an_address_twice() {
    let server = echo(r#"{"access_token":"a1","expires_in":3600}"#).await;
    server.client().login("mona@corp.test", "pw").await.unwrap();
    insta::assert_snapshot!(server.only().text());
}

#[tokio::test]
async fn keys_may_travel_in_a_header_of_their_own() {
    let server = echo(r#"{"answer":"42","mode":"mix","sources":[],"stats":{}}"#).await;
    let client = server.builder().api_key("eq_key").carrier(Carrier::ApiKey).build().unwrap();
    client.query().execute(Query::new("?")).await.unwrap();
    let received = server.only();
    assert_eq!(received.header("x-api-key"), Some("eq_key"));
    assert_eq!(received.header("authorization"), None);
}

#[tokio::test]
async fn without_a_credential_none_is_invented() {
    let server = echo(
        r#"{"status":"healthy","version":"1","storage_mode":"memory","workspace_id":"w","components":{},"documents":[]}"#,
    )
    .await;
    let client = server.builder().build().unwrap();
    client.health().get().await.unwrap();
    client.documents().list(ListDocuments::new()).await.unwrap();
    for received in server.received() {
        assert_eq!((received.header("authorization"), received.header("x-api-key")), (None, None));
    }
}

#[tokio::test]
async fn a_probe_carries_a_key_that_is_at_hand() {
    let server = echo(
        r#"{"status":"healthy","version":"1","storage_mode":"memory","workspace_id":"w","components":{}}"#,
    )
    .await;
    server.client().health().get().await.unwrap();
    insta::assert_snapshot!(server.only().text());
}
