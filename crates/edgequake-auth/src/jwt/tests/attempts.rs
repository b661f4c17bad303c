//! When a password is sent, and when it rests: the server counts wrong ones.

use std::time::Duration;

use tokio::time::advance;

use super::rig::{Fault, PASSWORD, Rig, USER, cx, token};
use crate::{Credentials, CredentialsErrorKind as Kind, TransportErrorKind};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn wrong_password_inactive_and_locked_are_three_errors_and_none_is_repeated() {
    for (status, kind) in [(401, Kind::Refused), (403, Kind::Inactive), (423, Kind::Locked)] {
        let rig = Rig::default();
        rig.fail([Fault::Answer(status, r#"{"code":"X","message":"no"}"#)]);
        let jwt = rig.with_login();
        for _ in 0..5 {
            let error = jwt.authorize(&cx()).await.unwrap_err();
            assert_eq!((error.kind(), error.status().map(|s| s.as_u16())), (kind, Some(status)));
            assert_eq!((error.code(), error.message(), error.is_transient()), (Some("X"), Some("no"), false));
            advance(secs(120)).await;
        }
        assert_eq!(rig.count("/login"), 1, "{status}");
        // Somebody acts: one more attempt, and it works.
        assert_eq!(jwt.login().await.unwrap().unwrap().username, "mona");
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    }
}

#[tokio::test(start_paused = true)]
async fn a_locked_account_is_tried_again_once_the_lock_is_over() {
    let rig = Rig::default();
    rig.fail([Fault::Answer(423, "")]);
    let jwt = rig.with_login();
    jwt.authorize(&cx()).await.unwrap_err();
    advance(secs(60)).await;
    let error = jwt.authorize(&cx()).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(secs(14 * 60)));
    advance(secs(14 * 60)).await;
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
}

#[tokio::test(start_paused = true)]
async fn the_password_is_forgotten_when_asked_to() {
    let rig = Rig::default();
    let jwt = rig.builder().login(USER, PASSWORD).retain_password(false).build().unwrap();
    jwt.authorize(&cx()).await.unwrap();
    advance(secs(3601)).await;
    rig.fail([Fault::Answer(401, "")]);
    assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::SessionExpired);
    assert_eq!(jwt.login().await.unwrap_err().kind(), Kind::NotConfigured);
    assert_eq!(rig.count("/login"), 1);
    jwt.login_as(USER, PASSWORD).await.unwrap();
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a2");
}

#[tokio::test(start_paused = true)]
async fn a_password_that_may_have_counted_rests_longer_each_time_up_to_as_long_as_a_lock_lasts() {
    for fault in unanswered() {
        let rig = Rig::default();
        rig.fail([fault.clone(), fault.clone(), fault.clone()]);
        let jwt = rig.with_login();
        for (logins, rest) in [(1, 10), (2, 60), (3, 15 * 60)] {
            let first = jwt.authorize(&cx()).await.unwrap_err();
            assert_eq!(rig.count("/login"), logins, "{fault:?}");
            for _ in 0..5 {
                let error = jwt.authorize(&cx()).await.unwrap_err();
                assert_eq!(error.kind(), first.kind(), "{fault:?}");
                assert!(error.retry_after().is_some_and(|wait| wait <= secs(rest)), "{fault:?}");
                advance(secs(rest) / 6).await;
            }
            assert_eq!(rig.count("/login"), logins, "{fault:?}");
            advance(secs(rest) / 6 + secs(1)).await;
        }
        jwt.authorize(&cx()).await.unwrap();
        assert_eq!(rig.count("/login"), 4, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_password_that_the_server_has_taken_is_sent_again_soon() {
    for fault in unanswered() {
        let rig = Rig::default();
        let jwt = rig.with_login();
        jwt.authorize(&cx()).await.unwrap();
        // The session is gone at the server, and then the way to it.
        rig.fail([Fault::Answer(401, "{}"), fault.clone(), fault.clone(), fault.clone()]);
        advance(secs(24 * 3600)).await;
        for logins in 2..5 {
            jwt.authorize(&cx()).await.unwrap_err();
            assert_eq!(rig.count("/login"), logins, "{fault:?}");
            advance(secs(60)).await;
        }
        jwt.authorize(&cx()).await.unwrap();
    }
}

/// What tells nothing of whether a login was counted.
fn unanswered() -> [Fault; 12] {
    [
        Fault::Answer(500, "{}"),
        Fault::Answer(502, "<html>bad gateway</html>"),
        Fault::Answer(408, ""),
        Fault::RetryAfter(503, "1"),
        Fault::Answer(404, ""),
        Fault::Answer(200, "<html>welcome to the hotel</html>"),
        Fault::Answer(200, r#"{"access_token":""}"#),
        Fault::Transport(TransportErrorKind::Interrupted),
        Fault::Transport(TransportErrorKind::TimedOut),
        Fault::Silence,
        Fault::LostAnswer,
        Fault::Panic,
    ]
}

#[tokio::test(start_paused = true)]
async fn a_password_that_surely_did_not_count_is_sent_again_soon() {
    let busy = r#"{"code":"SERVICE_UNAVAILABLE","message":"no","details":{"retryable":true}}"#;
    for fault in
        [Fault::Transport(TransportErrorKind::NotSent), Fault::Answer(429, ""), Fault::Answer(503, busy)]
    {
        let rig = Rig::default();
        rig.fail([fault.clone()]);
        let jwt = rig.with_login();
        jwt.authorize(&cx()).await.unwrap_err();
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1", "{fault:?}");
        assert_eq!(rig.count("/login"), 2, "{fault:?}");
    }
}
