//! Login, refresh, logout, and the user of a credential.

use std::time::Duration;

use edgequake_devserver::{Era, Role};
use edgequake_types::session::{Login, Logout, Me, Refresh};
use http::Method;

use crate::support::{ADMIN, Api, PASSWORD, READER, Transcript, USER, redact, with_users};

#[tokio::test]
async fn full_responses() {
    let server = with_users().max_login_attempts(2).start().await.unwrap();
    let api = Api::new(&server);
    let mut transcript = Transcript::default();
    transcript.note("login", &api.send(&Login::new(USER, PASSWORD)).await);
    let session = api.login(USER).await;
    transcript.note("refresh", &api.send(&Refresh::new(session.refresh_token.unwrap())).await);
    let mona = api.bearer(session.access_token.expose());
    transcript.note("me", &mona.send(&Me::new()).await);
    transcript.note("logout", &mona.send(&Logout::default()).await);
    transcript.note("me after logout", &mona.send(&Me::new()).await);
    transcript.note("wrong password", &api.send(&Login::new(USER, "wrong")).await);
    transcript.note("wrong password again", &api.send(&Login::new(USER, "wrong")).await);
    let _redacted = redact();
    insta::assert_snapshot!("session", transcript);
}

#[tokio::test]
async fn users_log_in_by_name_or_address_ignoring_case() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server);
    for name in ["mona", "MONA", " mona ", "mona@corp.test", "Mona@Corp.Test"] {
        let me = api.logged_in(name).await.ok(&Me::new()).await;
        assert_eq!((me.user.username.as_str(), me.user.role), ("mona", Role::User), "{name}");
        assert_eq!(server.user_id(name).as_ref(), Some(&me.user.user_id));
    }
    // The e-mail address is used when the user name is unknown.
    let body = r#"{"username":"nobody","email":"mona@corp.test","password":"correct horse"}"#;
    assert_eq!(api.post("/api/v1/auth/login", body).await.status, 200);
    assert_eq!(server.stats().logins, 6);
}

#[tokio::test]
async fn the_fifth_failure_locks_and_the_right_password_does_not_unlock() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server);
    let session = api.login(USER).await;
    let wrong = Login::new(USER, "wrong");
    for _ in 0..4 {
        assert_eq!(api.send(&wrong).await.cause(), "401 UNAUTHORIZED invalid_password");
    }
    assert_eq!(api.send(&wrong).await.cause(), "423 ACCOUNT_LOCKED account_locked");
    assert_eq!(api.send(&Login::new(USER, PASSWORD)).await.status, 423);
    // Earlier tokens are rejected, too.
    assert_eq!(api.bearer(session.access_token.expose()).send(&Me::new()).await.status, 401);
    assert_eq!(
        api.send(&Refresh::new(session.refresh_token.unwrap())).await.cause(),
        "401 UNAUTHORIZED user_not_found"
    );
    // Other accounts are not affected.
    api.login(ADMIN).await;
    assert_eq!(api.send(&Login::new("nobody", "wrong")).await.cause(), "401 UNAUTHORIZED user_not_found");
    assert_eq!((server.stats().logins, server.stats().refused_logins), (2, 7));
}

#[tokio::test]
async fn a_login_resets_the_count_of_failures() {
    let server = with_users().max_login_attempts(2).start().await.unwrap();
    let api = Api::new(&server);
    for _ in 0..3 {
        assert_eq!(api.send(&Login::new(USER, "wrong")).await.status, 401);
        api.login(USER).await;
    }
}

#[tokio::test]
async fn reusing_a_refresh_token_ends_the_session() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server);
    let first = api.login(USER).await.refresh_token.unwrap();
    let other_session = api.login(USER).await.refresh_token.unwrap();
    let second = api.ok(&Refresh::new(first.clone())).await.refresh_token.unwrap();
    assert_ne!(first, second);
    assert_eq!(api.send(&Refresh::new(first.clone())).await.cause(), "401 UNAUTHORIZED token_reuse");
    assert_eq!(api.send(&Refresh::new(second)).await.cause(), "401 UNAUTHORIZED session_revoked");
    assert_eq!(api.send(&Refresh::new("unknown")).await.cause(), "401 UNAUTHORIZED token_invalid");
    api.ok(&Refresh::new(other_session)).await;
    let stats = server.stats();
    assert_eq!((stats.refreshes, stats.refused_refreshes, stats.token_reuses), (2, 3, 1));
}

#[tokio::test]
async fn a_refresh_that_the_account_forbids_spends_nothing() {
    use edgequake_types::users::UpdateUser;

    let server = with_users().start().await.unwrap();
    let api = Api::new(&server);
    let admin = api.logged_in(ADMIN).await;
    let token = api.login(USER).await.refresh_token.unwrap();
    let user = server.user_id(USER).unwrap();
    admin.ok(&UpdateUser::new(&user).is_active(false)).await;
    assert_eq!(api.send(&Refresh::new(token.clone())).await.cause(), "401 UNAUTHORIZED user_not_found");
    admin.ok(&UpdateUser::new(&user).is_active(true)).await;
    let next = api.ok(&Refresh::new(token.clone())).await.refresh_token.unwrap();
    // Whoever uses the spent token now is told apart from the one who spent it.
    assert_eq!(api.send(&Refresh::new(token)).await.cause(), "401 UNAUTHORIZED token_reuse");
    assert_eq!(api.send(&Refresh::new(next)).await.cause(), "401 UNAUTHORIZED session_revoked");
    let sessions = server.ledger().sessions();
    let session = sessions.iter().find(|session| session.user.as_ref() == Some(&user)).unwrap();
    assert_eq!(session.refreshes, 1);
    assert!(session.end.as_ref().unwrap().spent.is_some());
}

#[tokio::test]
async fn a_refresh_without_a_token_is_told_as_such() {
    for (era, cause) in [(Era::C, "401 UNAUTHORIZED token_missing"), (Era::B, "422 VALIDATION_ERROR")] {
        let server = with_users().era(era).start().await.unwrap();
        let api = Api::new(&server);
        for body in ["{}", r#"{"refresh_token":null}"#, r#"{"other":1}"#] {
            assert_eq!(api.post("/api/v1/auth/refresh", body).await.cause(), cause, "{body}");
        }
        assert_eq!(api.post("/api/v1/auth/refresh", "[]").await.status, 422);
        assert_eq!(api.post("/api/v1/auth/refresh", "{").await.status, 400);
    }
}

#[tokio::test]
async fn refresh_tokens_without_rotation_are_reusable() {
    for builder in [with_users().era(Era::B), with_users().rotate_refresh_tokens(false)] {
        let server = builder.start().await.unwrap();
        let api = Api::new(&server);
        let token = api.login(USER).await.refresh_token.unwrap();
        for _ in 0..3 {
            assert_eq!(api.ok(&Refresh::new(token.clone())).await.refresh_token, None);
        }
    }
}

#[tokio::test]
async fn refresh_and_logout_in_era_b() {
    let server = with_users().era(Era::B).start().await.unwrap();
    let api = Api::new(&server);
    assert_eq!(api.send(&Refresh::new("unknown")).await.cause(), "401 UNAUTHORIZED token_not_found");
    let session = api.login(USER).await;
    let mona = api.bearer(session.access_token.expose());
    assert_eq!(mona.send(&Logout::default()).await.status, 422);
    let token = session.refresh_token.unwrap();
    assert_eq!(mona.send(&Logout::new(Some(token.clone()))).await.status, 204);
    assert_eq!(api.send(&Refresh::new(token)).await.cause(), "401 UNAUTHORIZED token_revoked");
    // The access token stays valid.
    mona.ok(&Me::new()).await;
    assert_eq!(mona.send(&Logout::new(Some("unknown".into()))).await.status, 204);
}

#[tokio::test]
async fn logout_revokes_only_the_bearer_token() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server);
    let session = api.login(USER).await;
    let by_key_header = api.with("x-api-key", session.access_token.expose());
    assert_eq!(by_key_header.send(&Logout::default()).await.status, 204);
    by_key_header.ok(&Me::new()).await;
    let by_bearer = api.bearer(session.access_token.expose());
    assert_eq!(by_bearer.send(&Logout::new(session.refresh_token.clone())).await.status, 204);
    assert_eq!(by_key_header.send(&Me::new()).await.status, 401);
    assert_eq!(
        api.send(&Refresh::new(session.refresh_token.unwrap())).await.cause(),
        "401 UNAUTHORIZED session_revoked"
    );
}

#[tokio::test]
async fn logout_needs_a_body_a_credential_and_write_permission() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server);
    let mona = api.logged_in(USER).await;
    let path = "/api/v1/auth/logout";
    for (content_type, body, status) in [
        ("", "", 415),
        ("text/plain", "{}", 415),
        ("application/json", "", 400),
        ("application/json", "7", 422),
    ] {
        let answer = mona.raw(Method::POST, path, content_type, body).await;
        assert_eq!(answer.status, status, "{content_type} {body}");
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    }
    assert_eq!(api.post(path, "{}").await.status, 401);
    assert_eq!(api.logged_in(READER).await.post(path, "{}").await.cause(), "403 FORBIDDEN readonly_role");
}

#[tokio::test]
async fn test_controls() {
    let server = with_users().start().await.unwrap();
    let api = Api::new(&server);
    let session = api.login(USER).await;
    let mona = api.bearer(session.access_token.expose());
    server.expire_access_tokens();
    assert_eq!(mona.send(&Me::new()).await.status, 401);
    let renewed = api.ok(&Refresh::new(session.refresh_token.unwrap())).await;
    let mona = api.bearer(renewed.access_token.expose());
    mona.ok(&Me::new()).await;
    server.revoke_sessions();
    assert_eq!(mona.send(&Me::new()).await.status, 401);
    let refused = api.send(&Refresh::new(renewed.refresh_token.unwrap())).await;
    assert_eq!(refused.cause(), "401 UNAUTHORIZED session_revoked");
    api.logged_in(USER).await.ok(&Me::new()).await;
    assert_eq!(server.stats().unauthorized, 3);
}

#[tokio::test(start_paused = true)]
async fn tokens_and_lockouts_expire() {
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    let backend = with_users()
        .token_lifetime(Duration::from_millis(1_500))
        .refresh_lifetime(Duration::from_secs(60))
        .refresh_delay(Duration::from_secs(7))
        .max_login_attempts(1)
        .build()
        .unwrap();
    let status = async |request: http::Request<String>| {
        let response = backend.service().oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status.as_u16(), String::from_utf8(body.to_vec()).unwrap())
    };
    let login = |password: &str| {
        http::Request::post("/api/v1/auth/login")
            .header("content-type", "application/json")
            .body(format!(r#"{{"username":"mona","password":"{password}"}}"#))
            .unwrap()
    };
    let (_, body) = status(login(PASSWORD)).await;
    let session: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(session["expires_in"], 2);
    let me = || {
        let token = session["access_token"].as_str().unwrap();
        http::Request::get("/api/v1/auth/me")
            .header("authorization", format!("Bearer {token}"))
            .body(String::new())
            .unwrap()
    };
    let refresh = || {
        let body = format!(r#"{{"refresh_token":{}}}"#, session["refresh_token"]);
        http::Request::post("/api/v1/auth/refresh")
            .header("content-type", "application/json")
            .body(body)
            .unwrap()
    };
    assert_eq!(status(me()).await.0, 200);
    tokio::time::advance(Duration::from_millis(1_501)).await;
    assert_eq!(status(me()).await.0, 401);

    assert_eq!(status(login("wrong")).await.0, 423);
    assert_eq!(status(login(PASSWORD)).await.0, 423);
    tokio::time::advance(Duration::from_secs(15 * 60 + 1)).await;
    // Only a login resets the count, so one more failure locks the account again.
    assert_eq!(status(login("wrong")).await.0, 423);
    tokio::time::advance(Duration::from_secs(15 * 60 + 1)).await;
    assert_eq!(status(login(PASSWORD)).await.0, 200);
    // Every response is delayed, including errors.
    let started = tokio::time::Instant::now();
    let (code, body) = status(refresh()).await;
    assert_eq!(started.elapsed().as_secs(), 7);
    assert!(code == 401 && body.contains("token_invalid"), "{body}");
}
