//! Sessions: login, refresh and replay after 401, against the dev server, or against a scripted one where it matters what was sent
//! when, or what no server of ours answers.

use std::sync::Arc;
use std::time::Duration;

use edgequake_auth::Tokens;
use edgequake_client::types::documents::{ListDocuments, UploadText};
use edgequake_client::types::query::QueryEvent;
use edgequake_client::types::session::Role;
use edgequake_client::{Client, ErrorKind};
use edgequake_devserver::{DevServer, Fault};
use tokio::sync::Notify;

use crate::server::{Act, Received, Server, json};

fn token(access: &str, refresh: &str, seconds: i64) -> Act {
    Act::Send(json(
        200,
        &format!(
            r#"{{"access_token":"{access}","refresh_token":"{refresh}","token_type":"bearer","expires_in":{seconds}}}"#
        ),
    ))
}

fn unauthorized() -> Act {
    Act::Send(json(401, r#"{"error":"unauthorized","message":"Authentication required"}"#))
}

fn documents() -> Act {
    Act::Send(json(200, r#"{"documents":[],"document_id":"d","status":"pending"}"#))
}

fn bearer(request: &Received) -> &str {
    request.header("authorization").unwrap_or_default()
}

fn count(server: &Server, path: &str) -> usize {
    server.received().iter().filter(|request| request.path() == path).count()
}

/// A client with a session that has expired already, whose refresh token is `r1`.
fn expired(builder: edgequake_client::ClientBuilder) -> Client {
    let client = builder.build().unwrap();
    let tokens = Tokens::new("a1").refresh_token("r1").expires_in(Duration::from_nanos(1));
    let session = client.session_builder().tokens(tokens).build().unwrap();
    client.with_session(session)
}

async fn dev_server() -> DevServer {
    DevServer::builder().user("mona", "mona@corp.test", "pw", Role::User).start().await.unwrap()
}

async fn logged_in(server: &DevServer) -> Client {
    Client::builder().base_url(server.url()).build().unwrap().login("mona", "pw").await.unwrap()
}

/// How many requests there were for a path.
fn asked(server: &DevServer, path: &str) -> usize {
    server.request_log().iter().filter(|request| request.path == path).count()
}

async fn list(client: &Client) -> Result<(), edgequake_client::Error> {
    client.documents().list(ListDocuments::new()).await.map(drop)
}

const LOGIN: &str = "/api/v1/auth/login";
const REFRESH: &str = "/api/v1/auth/refresh";
const DOCUMENTS: &str = "/api/v1/documents";

/// Takes `a2` and later ones only; refreshing `r1` gives `a2`, once.
async fn rotating() -> Server {
    Server::start(|_, request| match request.path() {
        LOGIN => token("a1", "r1", 3600),
        REFRESH if request.body.windows(4).any(|text| text == b"\"r1\"") => token("a2", "r2", 3600),
        REFRESH => unauthorized(),
        _ if bearer(request) == "Bearer a2" => documents(),
        _ => unauthorized(),
    })
    .await
}

#[tokio::test]
async fn fifty_parallel_refusals_make_one_refresh() {
    let server = dev_server().await;
    let client = logged_in(&server).await;
    server.expire_access_tokens();
    let calls: Vec<_> = (0..50)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { list(&client).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!((server.stats().logins, server.stats().refreshes), (1, 1));
    assert!(asked(&server, DOCUMENTS) <= 100);
    assert_eq!(client.session().unwrap().refreshes(), 1);
}

#[tokio::test]
async fn calls_started_during_a_refresh_wait_for_it() {
    let go = Arc::new(Notify::new());
    let gate = Arc::clone(&go);
    let server = Server::start(move |_, request| match request.path() {
        LOGIN => token("a1", "r1", 3600),
        REFRESH => Act::Held(
            json(200, r#"{"access_token":"a2","refresh_token":"r2","expires_in":3600}"#),
            Arc::clone(&gate),
        ),
        _ if bearer(request) == "Bearer a2" => documents(),
        _ => unauthorized(),
    })
    .await;
    let client = server.builder().build().unwrap().login("mona", "pw").await.unwrap();
    let first = tokio::spawn({
        let client = client.clone();
        async move { list(&client).await }
    });
    server.wait_for(3).await;
    let later: Vec<_> = (0..5)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { list(&client).await })
        })
        .collect();
    tokio::task::yield_now().await;
    go.notify_one();
    first.await.unwrap().unwrap();
    for call in later {
        call.await.unwrap().unwrap();
    }
    assert_eq!(count(&server, REFRESH), 1);
    // The first call was refused and replayed; the others went out once, with the new token.
    assert_eq!(count(&server, DOCUMENTS), 2 + 5);
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_too_is_the_callers_and_stays() {
    let server = dev_server().await;
    let client = logged_in(&server).await;
    server.faults().add(Fault::unauthorized().on("ListDocuments")).unwrap();
    let error = list(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::unauthorized(true, true));
    assert!(error.is_unauthorized() && !error.is_retryable());
    let text = error.to_string();
    let (text, _id) = text.split_once("; request ").unwrap();
    insta::assert_snapshot!(text, @"/api/v1/documents: 401 Unauthorized: Authentication required [UNAUTHORIZED]; the credential was refused, and so was the one that replaced it");
    let log = server.request_log();
    let lines: Vec<String> = log.iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    POST /api/v1/auth/login
    GET /api/v1/documents
    POST /api/v1/auth/refresh
    GET /api/v1/documents
    ");
    assert!(client.session().unwrap().session().is_some());
}

#[tokio::test]
async fn a_server_that_refuses_every_fresh_token_is_said_to_and_when_the_next_is_asked_for() {
    let server = Server::start(|number, request| match request.path() {
        LOGIN => token("a1", "r1", 3600),
        REFRESH => token(&format!("a{number}"), &format!("r{number}"), 3600),
        _ => unauthorized(),
    })
    .await;
    let client = server.builder().build().unwrap().login("mona", "pw").await.unwrap();
    for _ in 0..3 {
        assert_eq!(list(&client).await.unwrap_err().kind(), ErrorKind::unauthorized(true, true));
    }
    let error = list(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::unauthorized(true, false));
    assert_eq!(count(&server, REFRESH), 3);
    let wait = error.retry_after().unwrap();
    assert!((50..=60).contains(&wait.as_secs()), "{wait:?}");
    let text = error.to_string().replace(&format!("{} s", wait.as_secs_f64().ceil()), "[wait]");
    insta::assert_snapshot!(text, @"/api/v1/documents: 401 Unauthorized: Authentication required [UNAUTHORIZED]; the server has refused one fresh token after another, so no other is asked for now; retry after [wait]");
}

#[tokio::test]
async fn a_body_is_the_same_in_the_replay_and_a_stream_is_never_replayed() {
    let server = rotating().await;
    let client = server.builder().build().unwrap().login("mona", "pw").await.unwrap();
    client.documents().upload_text(UploadText::new("The bridge")).await.unwrap();
    let sent: Vec<_> = server.received().into_iter().filter(|request| request.path() == DOCUMENTS).collect();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].body, sent[1].body);
    assert_eq!(String::from_utf8_lossy(&sent[1].body), r#"{"content":"The bridge"}"#);

    let server = rotating().await;
    let client = server.builder().build().unwrap().login("mona", "pw").await.unwrap();
    let once = edgequake_client::body::RequestBody::once(http_body_util::Full::new("once".into()));
    let answer = client.request(http::Method::POST, DOCUMENTS).body(once).await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!((count(&server, DOCUMENTS), count(&server, REFRESH)), (1, 0));
    // The token is known to be refused, so that the next stream goes out with another one.
    let again = edgequake_client::body::RequestBody::once(http_body_util::Full::new("again".into()));
    let answer = client.request(http::Method::POST, DOCUMENTS).body(again).await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    assert_eq!((count(&server, DOCUMENTS), count(&server, REFRESH)), (2, 1));
}

#[tokio::test]
async fn refusals_of_the_auth_endpoints_themselves_surface_once() {
    let server = dev_server().await;
    let client = Client::builder().base_url(server.url()).build().unwrap();
    let error = client.login("mona", "s3cr3t-p").await.unwrap_err();
    assert!(error.is_unauthorized() && !error.is_retryable());
    assert_eq!(server.stats().requests, 1);
    assert!(!format!("{error} {error:?}").contains("s3cr3t"));

    client.auth().refresh("s3cr3t-r").await.unwrap_err();
    client.auth().me().await.unwrap_err();
    assert_eq!(server.stats().requests, 3);
}

#[tokio::test]
async fn wrong_inactive_and_locked_are_told_apart_and_never_retried() {
    let mut texts = Vec::new();
    for (status, code) in [(401, "UNAUTHORIZED"), (403, "FORBIDDEN"), (423, "ACCOUNT_LOCKED")] {
        let body = format!(r#"{{"code":"{code}","message":"no","status":{status}}}"#);
        let server = Server::answers([json(status, &body)]).await;
        let error = server.builder().build().unwrap().login("mona", "pw").await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert_eq!(
            (error.is_unauthorized(), error.is_forbidden(), error.is_locked()),
            (status == 401, status == 403, status == 423)
        );
        assert_eq!(server.received().len(), 1, "{status}");
        texts.push(error.to_string());
    }
    insta::assert_snapshot!(texts.join("\n"), @"
    /api/v1/auth/login: the login was refused: the name or the password is wrong (401 Unauthorized: no)
    /api/v1/auth/login: the login was forbidden: the account is not active, or a proxy forbids it (403 Forbidden: no)
    /api/v1/auth/login: the account is locked after too many wrong logins; wait, then log in again (423 Locked: no); retry after 900 s
    ");
}

#[tokio::test]
async fn a_stream_that_is_refused_is_opened_again_with_a_fresh_token() {
    let server = dev_server().await;
    let client = logged_in(&server).await;
    server.expire_access_tokens();
    let mut events = client.query().stream("?").await.unwrap();
    let mut last = None;
    while let Some(event) = events.next().await {
        last = Some(event.unwrap());
    }
    assert!(matches!(last, Some(QueryEvent::Done { .. })), "{last:?}");
    assert_eq!((asked(&server, "/api/v1/query/stream"), server.stats().refreshes), (2, 1));
}

#[tokio::test]
async fn an_expired_token_is_renewed_before_it_is_sent() {
    // The server says 400 to an expired token here, so only a renewal in advance helps.
    let server = Server::start(|_, request| match request.path() {
        REFRESH => token("a2", "r2", 3600),
        _ if bearer(request) == "Bearer a2" => documents(),
        _ => Act::Send(json(400, r#"{"code":"BAD_REQUEST","message":"bad token"}"#)),
    })
    .await;
    list(&expired(server.builder())).await.unwrap();
    assert_eq!((count(&server, REFRESH), count(&server, DOCUMENTS)), (1, 1));
}

#[tokio::test]
async fn a_silent_refresh_times_out_for_all() {
    let server = dev_server().await;
    let silent = server.faults().add(Fault::silence().on("Refresh")).unwrap();
    let builder = Client::builder().base_url(server.url());
    let client = expired(builder.token_timeout(Duration::from_millis(200)));
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { list(&client).await })
        })
        .collect();
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert!(error.is_timeout() && error.is_retryable(), "{error:?}");
    }
    assert_eq!(server.faults().hits(silent), 1);
    assert!(client.session().unwrap().session().is_some());
}

#[tokio::test]
async fn a_rate_limited_refresh_is_not_hammered() {
    let server = dev_server().await;
    let limited = server.faults().add(Fault::rate_limited(30).on("Refresh")).unwrap();
    let client = expired(Client::builder().base_url(server.url()));
    for _ in 0..20 {
        let error = list(&client).await.unwrap_err();
        assert!(error.is_rate_limited() && error.is_retryable(), "{error:?}");
        assert!(error.retry_after().unwrap() > Duration::from_secs(25));
    }
    assert_eq!(server.faults().hits(limited), 1);
    assert!(client.session().unwrap().session().is_some());
}

#[tokio::test]
async fn a_challenge_that_says_the_scope_is_too_small_starts_no_refresh() {
    let server = Server::start(|_, request| match request.path() {
        LOGIN => token("a1", "r1", 3600),
        _ => Act::Send(crate::server::answer(
            401,
            &[("www-authenticate", "Bearer error=\"insufficient_scope\"")],
            b"",
        )),
    })
    .await;
    let client = server.builder().build().unwrap().login("mona", "pw").await.unwrap();
    assert!(list(&client).await.unwrap_err().is_unauthorized());
    assert_eq!((count(&server, REFRESH), count(&server, DOCUMENTS)), (0, 1));
}

#[tokio::test]
async fn a_login_with_an_identity_provider_is_for_the_browser_and_its_absence_is_not_waited_out() {
    let place = "https://idp.example.com/authorize?state=s";
    let server = Server::start(move |n, _| match n {
        0 => Act::Send(crate::server::answer(303, &[("location", place)], b"")),
        _ => Act::Send(crate::server::answer(503, &[("retry-after", "0")], b"")),
    })
    .await;
    let client = server.client();
    let answer = client.auth().oidc_login().raw().await.unwrap();
    assert_eq!(answer.headers()["location"], place);
    assert_eq!(client.auth().oidc_login().await.unwrap_err().status().unwrap(), 503);
    assert_eq!(server.received().len(), 2);
    assert!(server.received().iter().all(|request| request.header("authorization").is_none()));
}
