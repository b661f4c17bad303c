//! What is rare about sessions and their surroundings: the first setup, logins that begin in a browser, withheld refresh tokens, and
//! administration that has no types of its own.

use edgequake_auth::Tokens;
use edgequake_client::ErrorKind;
use edgequake_client::types::documents::ListDocuments;
use edgequake_client::types::setup::InitializeSetup;
use http::Method;
use http_body_util::BodyExt;

use crate::dev;
use crate::server::{Act, Server, answer, json};

#[tokio::test]
async fn a_setup_carries_its_token_in_a_header_and_no_credential() {
    let server = Server::answers([json(409, r#"{"code":"CONFLICT","message":"already initialised"}"#)]).await;
    let setup = InitializeSetup::new("Acme", "Main").setup_token("s3cr3t-t");
    let error = server.client().send(setup).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let received = server.only();
    assert_eq!(received.line(), "POST /api/v1/setup/initialize");
    assert_eq!(received.header("x-edgequake-setup-token"), Some("s3cr3t-t"));
    assert_eq!(received.header("authorization"), None);
    assert!(!String::from_utf8_lossy(&received.body).contains("s3cr3t"));
    assert!(!format!("{error:?}").contains("s3cr3t"));
}

#[tokio::test]
async fn a_refresh_token_that_is_withheld_means_that_the_old_one_stays() {
    let server = Server::start(|n, request| match request.path() {
        "/api/v1/auth/refresh" => {
            let body = format!(r#"{{"access_token":"a{n}","refresh_token":null,"expires_in":3600}}"#);
            Act::Send(json(200, &body))
        }
        _ if request.header("authorization") == Some("Bearer a0") => {
            Act::Send(json(200, r#"{"documents":[]}"#))
        }
        _ => Act::Send(answer(401, &[], b"")),
    })
    .await;
    let client = server.builder().build().unwrap();
    let tokens = Tokens::new("a").refresh_token("r1").expires_in(std::time::Duration::from_nanos(1));
    let client = client.with_session(client.session_builder().tokens(tokens).build().unwrap());
    client.documents().list(ListDocuments::new()).await.unwrap();
    assert_eq!(server.received()[0].body, br#"{"refresh_token":"r1"}"#);
    assert!(client.session().unwrap().session().unwrap().has_refresh_token);
}

#[tokio::test]
async fn operations_without_types_are_sent_with_credential_and_scope() {
    let server = Server::answers([json(200, r#"{"max_workspaces":9,"previous_max_workspaces":3}"#)]).await;
    let client = server.client().with_tenant(edgequake_client::types::TenantId::server_default());
    let quota = serde_json::json!({ "max_workspaces": 9 });
    let answer = client.request(Method::PATCH, "/api/v1/admin/tenants/t/quota").json(&quota).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(body.starts_with(br#"{"max_workspaces":9"#));
    let received = server.only();
    assert_eq!(received.line(), "PATCH /api/v1/admin/tenants/t/quota");
    assert_eq!(received.header("authorization"), Some("Bearer k1"));
    assert!(received.header("x-tenant-id").is_some());
}

#[tokio::test]
async fn a_code_of_a_browser_login_that_is_used_twice_says_why() {
    let refused = r#"{"code":"UNAUTHORIZED","message":"Unauthorized","details":{"diagnostics":{"reason":"code_invalid"}}}"#;
    let server = dev::ordering([dev::answer(401, refused)]).await;
    let client = dev::builder(&server).build().unwrap();
    let answer = client.request(Method::POST, "/api/v1/auth/handoff").await.unwrap();
    assert_eq!(answer.status(), 401);
    let error = client.auth().refresh("r1").await.unwrap_err();
    assert_eq!((error.reason(), error.is_unauthorized()), (Some("code_invalid"), true));
    assert_eq!(server.stats().requests, 2);
}
