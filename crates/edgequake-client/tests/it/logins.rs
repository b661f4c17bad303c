//! Sessions: login, refresh and replay after 401.

use std::time::Duration;

use edgequake_auth::{CredentialsErrorKind, Tokens};
use edgequake_client::body::RequestBody;
use edgequake_client::types::documents::{ListDocuments, UploadText};
use edgequake_client::types::query::QueryEvent;
use edgequake_client::types::session::Role;
use edgequake_client::{Client, ErrorKind, RetryConfig};
use edgequake_devserver::{DevServer, Fault, RecordedBody};
use futures_util::future::join_all;

use crate::dev::{self, asked};
use crate::server::{Act, LIST, Server, json, plain};

/// A client with a session that has expired already, whose refresh token is `r1`.
fn expired(builder: edgequake_client::ClientBuilder) -> Client {
    with_expired(&builder.build().unwrap())
}

fn with_expired(client: &Client) -> Client {
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

async fn list(client: &Client) -> Result<(), edgequake_client::Error> {
    client.documents().list(ListDocuments::new()).await.map(drop)
}

const REFRESH: &str = "/api/v1/auth/refresh";
const DOCUMENTS: &str = "/api/v1/documents";

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
    let server = dev_server().await;
    let client = logged_in(&server).await;
    server.expire_access_tokens();
    let late = server.faults().add(Fault::delayed(Duration::from_millis(200)).on("Refresh")).unwrap();
    let call = || {
        let client = client.clone();
        tokio::spawn(async move { list(&client).await })
    };
    let first = call();
    while server.faults().hits(late) == 0 {
        tokio::task::yield_now().await;
    }
    let later: Vec<_> = (0..5).map(|_| call()).collect();
    for call in std::iter::once(first).chain(later) {
        call.await.unwrap().unwrap();
    }
    assert_eq!(server.stats().refreshes, 1);
    // The first call was refused and replayed; the others went out once, with the new token.
    assert_eq!((asked(&server, DOCUMENTS), server.stats().unauthorized), (2 + 5, 1));
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
    let server = dev_server().await;
    let client = logged_in(&server).await;
    let refusal = r#"{"error":"unauthorized","message":"Authentication required"}"#;
    server.faults().add(dev::answer(401, refusal).on("ListDocuments")).unwrap();
    for _ in 0..3 {
        assert_eq!(list(&client).await.unwrap_err().kind(), ErrorKind::unauthorized(true, true));
    }
    let error = list(&client).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::unauthorized(true, false));
    assert_eq!(server.stats().refreshes, 3);
    let wait = error.retry_after().unwrap();
    assert!((50..=60).contains(&wait.as_secs()), "{wait:?}");
    let text = error.to_string().replace(&format!("{} s", wait.as_secs_f64().ceil()), "[wait]");
    insta::assert_snapshot!(text, @"/api/v1/documents: 401 Unauthorized: Authentication required [UNAUTHORIZED]; the server has refused one fresh token after another, so no other is asked for now; retry after [wait]; request r-1");
}

#[tokio::test]
async fn a_body_is_the_same_in_the_replay_and_a_stream_is_never_replayed() {
    let server = dev_server().await;
    let client = logged_in(&server).await.with_tenant("default").with_workspace("default");
    server.recorder().start();
    server.expire_access_tokens();
    client.documents().upload_text(UploadText::new("The bridge")).await.unwrap();
    let requests = server.recorder().requests();
    let [refused, refresh, sent] = &requests[..] else { panic!("{requests:?}") };
    assert_eq!((refused.status, refresh.path.as_str()), (Some(401), REFRESH));
    assert_eq!(sent.body, RecordedBody::Json(serde_json::json!({"content": "The bridge"})));
    let length = |request| dev::header(request, "content-length").unwrap();
    assert_eq!(length(refused), length(sent));

    let stream = |text: &'static str| RequestBody::once(http_body_util::Full::new(text.into()));
    let json = |body| {
        client.request(http::Method::POST, DOCUMENTS).header("content-type", "application/json").body(body)
    };
    server.expire_access_tokens();
    assert_eq!(json(stream(r#"{"content":"once"}"#)).await.unwrap().status(), 401);
    assert_eq!((asked(&server, DOCUMENTS), server.stats().refreshes), (2 + 1, 1));
    // The token is known to be refused, so that the next stream goes out with another one.
    let answer = json(stream(r#"{"content":"again"}"#)).await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    assert_eq!((asked(&server, DOCUMENTS), server.stats().refreshes), (3 + 1, 2));
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
        let server = dev::ordering([dev::answer(status, &body)]).await;
        let error = dev::builder(&server).build().unwrap().login("mona", "pw").await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert_eq!(
            (error.is_unauthorized(), error.is_forbidden(), error.is_locked()),
            (status == 401, status == 403, status == 423)
        );
        assert_eq!(server.stats().requests, 1, "{status}");
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
    let server = dev_server().await;
    let client = Client::builder().base_url(server.url()).build().unwrap();
    let issued = client.auth().login("mona", "pw").await.unwrap();
    let tokens = Tokens::new(issued.access_token).refresh_token(issued.refresh_token.unwrap());
    let session =
        client.session_builder().tokens(tokens.expires_in(Duration::from_nanos(1))).build().unwrap();
    list(&client.with_session(session)).await.unwrap();
    let stats = server.stats();
    assert_eq!((stats.refreshes, asked(&server, DOCUMENTS), stats.unauthorized), (1, 1, 0));
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
    let server = dev_server().await;
    let client = logged_in(&server).await;
    let challenge = dev::answer(401, "").header("www-authenticate", "Bearer error=\"insufficient_scope\"");
    server.faults().add(challenge.on("ListDocuments")).unwrap();
    assert!(list(&client).await.unwrap_err().is_unauthorized());
    assert_eq!((server.stats().refreshes, asked(&server, DOCUMENTS)), (0, 1));
}

#[tokio::test]
async fn a_login_with_an_identity_provider_is_for_the_browser_and_its_absence_is_not_waited_out() {
    let place = "https://idp.example.com/authorize?state=s";
    let elsewhere = dev::answer(303, "").header("location", place).times(1);
    let server = dev::ordering([elsewhere, dev::answer(503, "").retry_after("0")]).await;
    let client = dev::client(&server);
    let answer = client.auth().oidc_login().raw().await.unwrap();
    assert_eq!(answer.headers()["location"], place);
    assert_eq!(client.auth().oidc_login().await.unwrap_err().status().unwrap(), 503);
    let requests = server.recorder().requests();
    assert_eq!(requests.len(), 2);
    assert!(requests.iter().all(|request| dev::header(request, "authorization").is_none()));
}

/// What a login, and a call whose token has to be refreshed first, end with.
async fn unsent(builder: impl Fn() -> edgequake_client::ClientBuilder) -> [edgequake_client::Error; 2] {
    let limited = || builder().token_timeout(Duration::from_millis(50)).retry(RetryConfig::none());
    let login = limited().build().unwrap().login("mona", "s3cr3t").await.unwrap_err();
    [login, list(&expired(limited())).await.unwrap_err()]
}

#[tokio::test]
async fn a_refresh_finds_a_connection_where_refused_answers_have_had_all_of_them() {
    let server = Server::start(|_, request| match (request.path(), request.header("authorization")) {
        (REFRESH, _) => {
            Act::Send(json(200, r#"{"access_token":"a2","refresh_token":"r2","expires_in":3600}"#))
        }
        (_, Some("Bearer a2")) => Act::Send(json(200, LIST)),
        _ => Act::Send(json(401, r#"{"error":"unauthorized","message":"Authentication required"}"#)),
    })
    .await;
    for limit in [1, 2] {
        let client = Client::builder().base_url(&server.url).transport(plain().max_connections(limit));
        let client = client.build().unwrap();
        // Nobody but the server knows that it has expired.
        let tokens = Tokens::new("a1").refresh_token("r1").expires_in(Duration::from_secs(3600));
        let client = client.with_session(client.session_builder().tokens(tokens).build().unwrap());
        let before = server.received().len();
        let calls = join_all((0..5).map(|_| list(&client)));
        for call in tokio::time::timeout(Duration::from_secs(10), calls).await.unwrap() {
            call.unwrap();
        }
        let received = server.received().split_off(before);
        assert_eq!(received.iter().filter(|request| request.path() == REFRESH).count(), 1);
    }
}

#[tokio::test]
async fn what_was_never_sent_is_told_as_that_although_its_time_is_up() {
    // A server that takes the connection and does not go on with the handshake.
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", mute.local_addr().unwrap());
    let dialing = || Client::builder().base_url(&url).transport(plain());
    // One whose only connection has another request.
    let server = Server::start(|_, _| Act::Hang).await;
    let transport = plain().max_connections(1).build().unwrap();
    let client = || Client::builder().base_url(&server.url).token_timeout(Duration::from_millis(50));
    let held = tokio::spawn({
        let client = client().api_key("k1").build_on(transport.clone()).unwrap();
        async move { list(&client).await }
    });
    server.wait_for(1).await;

    let mut errors = Vec::from(unsent(dialing).await);
    let queued = || client().retry(RetryConfig::none()).build_on(transport.clone()).unwrap();
    errors.push(queued().login("mona", "s3cr3t").await.unwrap_err());
    errors.push(list(&with_expired(&queued())).await.unwrap_err());
    for error in &errors {
        let told = error.credentials().unwrap();
        assert_eq!(told.kind(), CredentialsErrorKind::Unavailable, "{error:?}");
        assert!(error.is_retryable(), "{error:?}");
    }
    let told = |error: &edgequake_client::Error| {
        let text = error.to_string().replace(&url, "[mute]").replace(&server.url, "[busy]");
        text.split(" within ").next().unwrap().to_owned()
    };
    insta::assert_snapshot!(errors.iter().map(told).collect::<Vec<_>>().join("\n"), @"
    /api/v1/auth/login: the login could not be sent to [mute]; no connection was made
    /api/v1/documents: the refresh could not be sent to [mute]; no connection was made
    /api/v1/auth/login: the login could not be sent to [busy]; allow more connections (max_connections), or more time
    /api/v1/documents: the refresh could not be sent to [busy]; allow more connections (max_connections), or more time
    ");
    held.abort();
    drop(held.await);
    assert_eq!(server.received().len(), 1, "nothing else was sent");
}
