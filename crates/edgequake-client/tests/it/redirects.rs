//! Redirects are not followed: whatever the place, nothing of ours gets there. Scripted servers stand at both ends, since what counts is
//! each byte that reaches them.

use edgequake_client::types::documents::{ListDocuments, UploadText};
use edgequake_client::{Client, ClientBuilder, Error, ErrorKind};

use crate::fronts::Wire;
use crate::server::{Act, Server, answer, json};

const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];

async fn list(client: &Client) -> Error {
    client.documents().list(ListDocuments::new()).await.unwrap_err()
}

async fn upload(client: &Client) -> Error {
    client.documents().upload_text(UploadText::new("s3cr3t-body")).await.unwrap_err()
}

/// A client with all that must not go astray.
fn client(builder: ClientBuilder) -> Client {
    let workspace = edgequake_client::types::WorkspaceId::opaque("s3cr3t-workspace").unwrap();
    builder.api_key("s3cr3t-k").workspace_id(workspace).build().unwrap()
}

#[tokio::test]
async fn nothing_reaches_the_place_a_redirect_names() {
    let elsewhere = Server::answers([json(200, r#"{"documents":[]}"#)]).await;
    let other = elsewhere.url.trim_start_matches("http://").to_owned();
    let port = other.rsplit(':').next().unwrap().to_owned();
    for (name, location) in [
        ("the same origin", "/api/v1/documents/".to_owned()),
        ("another port", format!("http://127.0.0.1:{port}/api")),
        ("another scheme", format!("https://127.0.0.1:{port}/api")),
        ("another host", format!("http://localhost:{port}/api")),
        ("no scheme", format!("//127.0.0.1:{port}/api")),
        ("a place far away", "https://eq.example.com/api".to_owned()),
        ("a relative path", "documents/".to_owned()),
    ] {
        for (status, wire) in STATUSES.into_iter().flat_map(|status| Wire::ALL.map(|wire| (status, wire))) {
            let sent = answer(status, &[("location", &location)], b"");
            let server = Server::answers([sent]).await;
            let front = wire.before(&server).await;
            let client = client(front.builder());
            for error in [list(&client).await, upload(&client).await] {
                let case = format!("{name} {status} {wire:?}: {error}");
                assert_eq!(error.kind(), ErrorKind::Redirect, "{case}");
                assert_eq!((error.attempts(), error.is_retryable()), (1, false), "{case}");
                assert!(error.to_string().contains(&location), "{case}");
            }
            assert_eq!(server.received().len(), 2, "{name} {status} {wire:?}: the same request again");
        }
    }
    assert!(elsewhere.received().is_empty(), "{:?}", elsewhere.received());
}

#[tokio::test]
async fn a_way_there_and_back_ends_at_the_first_step() {
    let there = Server::start(|_, _| Act::Send(json(200, r#"{"documents":[]}"#))).await;
    let location = format!("{}/back", there.url);
    let server = Server::start(move |_, request| match request.path() {
        "/again" => Act::Send(json(200, r#"{"documents":[]}"#)),
        _ => Act::Send(answer(307, &[("location", &location)], b"")),
    })
    .await;
    assert_eq!(list(&client(server.builder())).await.kind(), ErrorKind::Redirect);
    assert_eq!((server.received().len(), there.received().len()), (1, 0));
}

#[tokio::test]
async fn what_may_be_secret_in_a_location_is_not_said() {
    for (location, said) in [
        (
            "https://u:s3cr3t-p@eq.example.com:8443/api?token=s3cr3t-t#s3cr3t-f",
            "https://eq.example.com:8443/api",
        ),
        ("//u:s3cr3t-p@eq.example.com/api?token=s3cr3t-t", "//eq.example.com/api"),
        ("/login?next=s3cr3t-n", "/login"),
        ("login?next=s3cr3t-n", "login"),
        ("?token=s3cr3t-t", "the same path"),
        ("https:\\\\u:s3cr3t-p@h/", "a place that is no URI"),
        ("u:s3cr3t-p@h", "a place that is no URI"),
        ("https://[s3cr3t", "a place that is no URI"),
        ("ssh://u:s3cr3t-p@h/%zz", "ssh://h/%zz"),
    ] {
        let server = Server::answers([answer(302, &[("location", location)], b"")]).await;
        let error = list(&client(server.builder())).await;
        let text = format!("{error} {error:?}");
        assert!(!text.contains("s3cr3t"), "{location}: {text}");
        assert!(text.contains(&format!("it points to {said}, which is not followed")), "{location}: {text}");
    }
}

#[tokio::test]
async fn a_redirect_without_a_location_is_an_error_too() {
    let server = Server::answers([answer(302, &[], b"")]).await;
    assert_eq!(list(&client(server.builder())).await.kind(), ErrorKind::Redirect);
}

#[tokio::test]
async fn a_redirect_to_where_a_login_is_wanted_starts_none() {
    let foreign = Server::answers([json(401, r#"{"error":"unauthorized","message":"log in"}"#)]).await;
    let location = foreign.url.clone();
    let server = Server::start(move |_, request| match request.path() {
        "/api/v1/auth/login" => Act::Send(json(
            200,
            r#"{"access_token":"a1","refresh_token":"r1","token_type":"bearer","expires_in":3600}"#,
        )),
        _ => Act::Send(answer(308, &[("location", &location)], b"")),
    })
    .await;
    let client = server.builder().login("mona", "p1").build().unwrap();
    assert_eq!(list(&client).await.kind(), ErrorKind::Redirect);
    assert_eq!(server.lines(), ["POST /api/v1/auth/login", "GET /api/v1/documents"]);
    assert!(foreign.received().is_empty());
}

#[tokio::test]
async fn a_login_that_is_redirected_gives_the_password_to_nobody_else() {
    let elsewhere = Server::answers([json(200, "{}")]).await;
    for (status, wire) in STATUSES.into_iter().flat_map(|status| Wire::ALL.map(|wire| (status, wire))) {
        let location = format!("{}/api/v1/auth/login", elsewhere.url);
        let server = Server::answers([answer(status, &[("location", &location)], b"")]).await;
        let front = wire.before(&server).await;
        let client = front.builder().login("mona", "p1").build().unwrap();
        assert_eq!(list(&client).await.kind(), ErrorKind::Credentials, "{status} {wire:?}");
        assert_eq!(server.lines(), ["POST /api/v1/auth/login"], "{status} {wire:?}");
    }
    assert!(elsewhere.received().is_empty());
}
