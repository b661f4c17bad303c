//! The checks of every request, the routes, the log, and starting and stopping.

use edgequake_devserver::{CredentialKind, DevServer, Era};
use edgequake_types::documents::ListDocuments;
use edgequake_types::health::{GetHealth, GetLive, GetReady};
use edgequake_types::session::Me;
use edgequake_types::setup::GetSetupStatus;
use http::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{ADMIN, Api, Transcript, USER, redact, with_users};

#[tokio::test]
async fn full_responses() {
    let server = with_users().rate_limit(Some((1, 0.0))).start().await.unwrap();
    let api = Api::new(&server);
    let mut transcript = Transcript::default();
    transcript.note("health", &api.send(&GetHealth::new()).await);
    transcript.note("ready", &api.send(&GetReady::new()).await);
    transcript.note("live", &api.send(&GetLive::new()).await);
    transcript.note("setup", &api.send(&GetSetupStatus::new()).await);
    transcript.note("over the limit", &api.send(&GetSetupStatus::new()).await);
    transcript.note("no credential", &api.send(&ListDocuments::new()).await);
    transcript.note("unknown route", &api.get("/api/v1/nowhere").await);
    transcript.note("wrong method", &api.raw(Method::PUT, "/api/v1/documents", "", "").await);
    let _redacted = redact();
    insta::assert_snapshot!("checks", transcript);
}

#[tokio::test]
async fn only_one_token_is_used() {
    let server = with_users().master_key("master").start().await.unwrap();
    let api = Api::new(&server).in_default();
    let token = api.login(USER).await.access_token;
    let token = token.expose();
    for (authorization, api_key, status) in [
        (Some(format!("Bearer {token}")), None, 200),
        (Some("Bearer master".to_owned()), None, 200),
        (Some("Bearer   master".to_owned()), None, 200),
        (None, Some(token), 200),
        (None, Some(" master "), 200),
        (Some("bearer master".to_owned()), None, 401),
        (Some("Basic master".to_owned()), Some("master"), 200),
        (Some("Bearer nonsense".to_owned()), Some("master"), 401),
        (Some(format!("Bearer {token}x")), None, 401),
        (None, None, 401),
    ] {
        let mut api = api.clone();
        if let Some(value) = &authorization {
            api = api.with("authorization", value);
        }
        if let Some(value) = api_key {
            api = api.with("x-api-key", value);
        }
        let answer = api.send(&ListDocuments::new()).await;
        assert_eq!(answer.status, status, "{authorization:?} {api_key:?}");
    }
}

#[tokio::test]
async fn probes_and_setup_ignore_credentials_and_scopes() {
    let server = DevServer::builder().start().await.unwrap();
    let api = Api::new(&server);
    for api in [api.clone(), api.bearer("nonsense"), api.with("x-workspace-id", "nonsense")] {
        assert_eq!(api.ok(&GetLive::new()).await, "OK");
        api.ok(&GetReady::new()).await;
        assert_eq!(api.ok(&GetHealth::new()).await.extra["capabilities"]["auth_enabled"], true);
        let status = api.ok(&GetSetupStatus::new()).await;
        assert!(status.needs_setup && !status.has_login_users);
    }
    let server = with_users().auth(false).start().await.unwrap();
    let api = Api::new(&server);
    assert_eq!(api.ok(&GetHealth::new()).await.extra["capabilities"]["auth_enabled"], false);
    let status = api.ok(&GetSetupStatus::new()).await;
    assert_eq!((status.needs_setup, status.has_login_users, status.auth_enabled), (false, true, Some(false)));
}

#[tokio::test]
async fn without_authentication_every_caller_is_the_administrator() {
    for (era, me) in [(Era::B, 200), (Era::C, 401)] {
        let server = with_users().auth(false).era(era).start().await.unwrap();
        let api = Api::new(&server);
        for api in [api.clone(), api.bearer("nonsense")] {
            assert_eq!(api.get("/api/v1/users").await.status, 200);
            assert_eq!(api.send(&Me::new()).await.status, me, "{era:?}");
            // Without headers, and with headers that are not ids, lists are empty.
            assert_eq!(api.ok(&ListDocuments::new()).await.total, 0);
            let malformed = api.with("x-tenant-id", "acme").with("x-workspace-id", "workspace-123");
            assert_eq!(malformed.ok(&ListDocuments::new()).await.total, 0);
        }
        let real = api.logged_in(USER).await.ok(&Me::new()).await.user;
        assert_eq!(real.username, if era == Era::C { "mona" } else { "default" });
    }
}

#[tokio::test]
async fn callers_are_limited_separately_and_probes_not_at_all() {
    let server = with_users().rate_limit(Some((2, 0.001))).start().await.unwrap();
    let api = Api::new(&server).in_default();
    // Logins are anonymous, and use up the anonymous allowance.
    let (mona, ada) = (api.logged_in(USER).await, api.logged_in(ADMIN).await);
    assert_eq!(api.send(&edgequake_types::session::Login::new(USER, "x")).await.status, 429);
    for remaining in ["1", "0"] {
        let answer = mona.send(&ListDocuments::new()).await;
        assert_eq!((answer.status.as_u16(), answer.header("x-ratelimit-remaining")), (200, remaining));
        assert_eq!(answer.header("x-ratelimit-limit"), "2");
    }
    let answer = mona.send(&ListDocuments::new()).await;
    assert_eq!((answer.status.as_u16(), answer.header("x-ratelimit-remaining")), (429, "0"));
    assert_eq!(
        answer.error().retry_after_seconds.map(|seconds| seconds.to_string()).as_deref(),
        Some(answer.header("retry-after"))
    );
    assert_eq!(ada.send(&ListDocuments::new()).await.status, 200);
    // A rejected credential uses no allowance.
    for _ in 0..3 {
        assert_eq!(api.bearer("nonsense").send(&ListDocuments::new()).await.status, 401);
        assert_eq!(api.send(&GetHealth::new()).await.status, 200);
    }
    assert_eq!(server.stats().rate_limited, 2);
    // An ordered limit is one, too; and after a reset everybody may ask again.
    server.faults().add(edgequake_devserver::Fault::rate_limited(1).times(1)).unwrap();
    assert_eq!(api.send(&GetHealth::new()).await.status, 429);
    assert_eq!(server.stats().rate_limited, 3);
    server.reset().await;
    api.logged_in(USER).await;
}

#[tokio::test]
async fn every_response_has_its_own_id() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server).with("x-request-id", "mine");
    let (one, other) = (api.get("/live").await, api.get("/nowhere").await);
    assert_ne!(one.header("x-request-id"), other.header("x-request-id"));
    assert!(one.header("x-request-id").len() == 36 && one.header("x-request-id") != "mine");
    let refused = api.get("/api/v1/documents").await;
    assert_eq!(refused.error().request_id.as_deref(), Some(refused.header("x-request-id")));
}

#[tokio::test]
async fn the_log_describes_requests_without_secrets() {
    let server = with_users().master_key("s3cr3t-master").static_key("s3cr3t-static").start().await.unwrap();
    let api = Api::new(&server).with("x-tenant-id", "default");
    for (token, kind, status) in [
        ("", CredentialKind::None, 401),
        ("s3cr3t-master", CredentialKind::MasterKey, 200),
        ("s3cr3t-static", CredentialKind::StaticKey, 200),
        ("eq_s3cr3t0123", CredentialKind::ApiKey, 401),
        ("s3cr3t.a.b", CredentialKind::AccessToken, 401),
        ("s3cr3t-other", CredentialKind::Unknown, 401),
    ] {
        let api = if token.is_empty() { api.clone() } else { api.bearer(token) };
        api.get("/api/v1/documents?page=1").await;
        let logged = server.request_log().pop().unwrap();
        assert_eq!((logged.credential, logged.status.as_u16()), (kind, status));
        assert_eq!((logged.method, logged.path.as_str()), (Method::GET, "/api/v1/documents"));
        assert_eq!((logged.tenant.as_deref(), logged.workspace), (Some("default"), None));
        assert_eq!(logged.headers.contains(&"authorization".to_owned()), !token.is_empty());
    }
    let text = format!("{:?} {server:?}", server.request_log());
    assert!(!text.contains("s3cr3t") && text.contains("MasterKey"), "{text}");
    let stats = server.stats();
    assert_eq!((stats.requests, stats.unauthorized, stats.connections), (6, 4, 1));
}

#[tokio::test]
async fn a_head_request_is_a_get_without_a_body() {
    let server = with_users().start().await.unwrap();
    let answer = Api::new(&server).raw(Method::HEAD, "/health", "", "").await;
    assert_eq!((answer.status.as_u16(), answer.body.len()), (200, 0));
}

#[tokio::test]
async fn a_server_stops_on_shutdown_and_when_dropped() {
    for shut_down in [true, false] {
        let server = with_users().start().await.unwrap();
        let addr = server.addr();
        assert!(addr.ip().is_loopback() && server.url() == format!("http://{addr}"));
        Api::new(&server).ok(&GetLive::new()).await;
        if shut_down {
            server.shutdown().await;
        } else {
            drop(server);
            // The listening task is aborted, and ends when it is next scheduled.
            for _ in 0..10_000 {
                if tokio::net::TcpStream::connect(addr).await.is_err() {
                    break;
                }
            }
        }
        assert!(tokio::net::TcpStream::connect(addr).await.is_err());
    }
}

#[tokio::test]
async fn a_port_in_use_and_duplicate_users_are_start_errors() {
    let server = with_users().start().await.unwrap();
    let error = DevServer::builder().port(server.addr().port()).start().await.unwrap_err();
    assert!(
        error.to_string().starts_with("cannot listen on 127.0.0.1, port ")
            && std::error::Error::source(&error).is_some()
    );
    let error = with_users()
        .user("MONA", "m@corp.test", "x", edgequake_devserver::Role::User)
        .start()
        .await
        .unwrap_err();
    insta::assert_snapshot!(error, @"user names and e-mail addresses must be unique, ignoring case");
}

/// The client may send all of its body, and goes on with the connection.
#[tokio::test]
async fn a_refused_page_may_send_its_whole_body() {
    let server = with_users().start().await.unwrap();
    let mut stream = tokio::net::TcpStream::connect(server.addr()).await.unwrap();
    let head = "POST /api/v1/documents HTTP/1.1\r\nhost: evil.test\r\ncontent-length: 600000\r\n\r\n";
    for _ in 0..2 {
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b' '; 600_000]).await.unwrap();
        let mut response = Vec::new();
        while !response.ends_with(b"\r\n\r\n") {
            response.push(stream.read_u8().await.unwrap());
        }
        let response = String::from_utf8(response).unwrap();
        assert!(response.starts_with("HTTP/1.1 403"), "{response}");
        let (_, length) = response.split_once("content-length: ").unwrap();
        let mut body = vec![0; length.lines().next().unwrap().parse().unwrap()];
        stream.read_exact(&mut body).await.unwrap();
    }
}
