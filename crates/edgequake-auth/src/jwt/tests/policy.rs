//! When the refresh token, the password, or nothing is used, and what each failure leads to.

use std::time::Duration;

use serde_json::json;
use tokio::time::advance;

use super::rig::{Fault, PASSWORD, Rig, TestClock, USER, cx, token};
use crate::{Credentials, CredentialsErrorKind as Kind, Jwt, Recourse, Tokens, TransportErrorKind};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn a_login_is_used_until_its_refresh_and_then_renewed() {
    let rig = Rig::default();
    let jwt = rig.with_login();
    assert!(jwt.ready(&cx()).is_none());
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    advance(secs(3200)).await;
    assert_eq!(token(&jwt.ready(&cx()).unwrap()), "s3cr3t-a1");
    advance(secs(400)).await;
    assert!(jwt.ready(&cx()).is_none());
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a2");
    assert_eq!((jwt.logins(), jwt.refreshes()), (1, 1));
    let (_, body, bearer) = rig.server.lock().unwrap().requests[1].clone();
    assert_eq!((body, bearer), (json!({"refresh_token": "s3cr3t-r1"}), None));
}

#[tokio::test(start_paused = true)]
async fn the_login_body_has_username_and_for_an_address_email_too() {
    let rig = Rig::default();
    rig.with_login().authorize(&cx()).await.unwrap();
    let error = rig.builder().login("mona", PASSWORD).build().unwrap().authorize(&cx()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    let requests = rig.server.lock().unwrap().requests.clone();
    assert_eq!(requests[0].1, json!({"username": USER, "email": USER, "password": PASSWORD}));
    assert_eq!(requests[1].1, json!({"username": "mona", "password": PASSWORD}));
    assert!(requests.iter().all(|(.., bearer)| bearer.is_none()));
}

#[tokio::test(start_paused = true)]
async fn a_refused_refresh_falls_back_to_the_password_or_ends_the_session() {
    for refused in [Fault::Answer(401, ""), Fault::Answer(400, r#"{"error":"invalid_grant"}"#)] {
        let rig = Rig::default();
        rig.fail([refused.clone()]);
        let jwt = rig.builder().login(USER, PASSWORD).refresh_token("r0").build().unwrap();
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
        assert_eq!((rig.count("/refresh"), rig.count("/login")), (1, 1));

        let rig = Rig::default();
        rig.fail([refused]);
        let jwt = rig.builder().refresh_token("r0").build().unwrap();
        for _ in 0..3 {
            assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::SessionExpired);
            advance(secs(60)).await;
        }
        assert_eq!((rig.count("/refresh"), rig.count("/login")), (1, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn no_transient_failure_of_a_refresh_ends_the_session() {
    for fault in [
        Fault::Transport(TransportErrorKind::NotSent),
        Fault::Transport(TransportErrorKind::Interrupted),
        Fault::Transport(TransportErrorKind::TimedOut),
        Fault::Silence,
        Fault::Panic,
        Fault::Answer(408, ""),
        Fault::Answer(429, ""),
        Fault::Answer(500, "{}"),
        Fault::Answer(502, "<html>bad gateway</html>"),
        Fault::Answer(503, ""),
        Fault::Answer(302, ""),
        Fault::Answer(404, ""),
        Fault::Answer(200, "<html>welcome to the hotel</html>"),
        Fault::Answer(200, "{}"),
        Fault::Answer(200, r#"{"access_token":""}"#),
        Fault::Answer(200, "{\"access_token\":\"s3cr3t\\n\"}"),
    ] {
        let rig = Rig::default();
        rig.open("r0");
        let jwt = rig.builder().refresh_token("r0").build().unwrap();
        for _ in 0..3 {
            // The first flight and the one that follows a lost one.
            rig.fail([fault.clone(), fault.clone()]);
            let error = jwt.authorize(&cx()).await.unwrap_err();
            assert!(
                !matches!(error.kind(), Kind::SessionExpired | Kind::Refused | Kind::NotConfigured),
                "{fault:?}: {error}"
            );
            assert!(!format!("{error:?}").contains("s3cr3t"), "{error:?}");
            rig.server.lock().unwrap().requests.clear();
            rig.server.lock().unwrap().clear_faults();
            advance(secs(61)).await;
        }
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1", "{fault:?}");
        assert_eq!(rig.count("/refresh"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_early_refresh_that_fails_takes_nothing_away() {
    let rig = Rig::default();
    let jwt = rig.with_login();
    jwt.authorize(&cx()).await.unwrap();
    advance(secs(3400)).await;
    rig.fail(std::iter::repeat_n(Fault::Transport(TransportErrorKind::NotSent), 100));
    for _ in 0..190 {
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
        assert_eq!(token(&jwt.ready(&cx()).unwrap()), "s3cr3t-a1");
        advance(secs(1)).await;
        tokio::task::yield_now().await;
    }
    let tries = rig.count("/refresh");
    assert!((5..20).contains(&tries), "{tries}");
    rig.server.lock().unwrap().clear_faults();
    advance(secs(60)).await;
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a2");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_may_be_spent_is_not_shown_again_while_there_is_another_way() {
    for password in [true, false] {
        let rig = Rig::default();
        let builder = rig.builder();
        let jwt =
            if password { builder.login(USER, PASSWORD) } else { builder.tokens(given()) }.build().unwrap();
        rig.open("r0");
        jwt.authorize(&cx()).await.unwrap();
        advance(secs(3400)).await;
        rig.fail([Fault::Answer(503, "")]);
        for _ in 0..190 {
            jwt.authorize(&cx()).await.unwrap();
            advance(secs(1)).await;
            tokio::task::yield_now().await;
        }
        assert_eq!(rig.count("/refresh"), 1);
        assert!(jwt.watch().status().unsettled);
        advance(secs(60)).await;
        jwt.authorize(&cx()).await.unwrap();
        let counts = if password { (1, 2) } else { (2, 0) };
        assert_eq!((rig.count("/refresh"), rig.count("/login")), counts);
        assert!(!jwt.watch().status().unsettled);
    }
}

fn given() -> Tokens {
    Tokens::new("a0").refresh_token("r0").expires_in(secs(3600))
}

#[tokio::test(start_paused = true)]
async fn a_rate_limited_refresh_is_left_alone_for_as_long_as_the_server_says() {
    let rig = Rig::default();
    rig.open("r0");
    rig.fail([Fault::RetryAfter(429, "30")]);
    let jwt = rig.builder().refresh_token("r0").build().unwrap();
    for _ in 0..20 {
        let error = jwt.authorize(&cx()).await.unwrap_err();
        assert_eq!((error.kind(), error.status().map(|s| s.as_u16())), (Kind::Unavailable, Some(429)));
        assert!(error.retry_after().unwrap() > secs(26));
        advance(Duration::from_millis(150)).await;
    }
    assert_eq!(rig.count("/refresh"), 1);
    advance(secs(28)).await;
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
}

#[tokio::test(start_paused = true)]
async fn the_refresh_token_stays_when_the_answer_has_none() {
    let rig = Rig::default();
    rig.set(json!({"refresh_token": null}));
    rig.open("r0");
    let jwt = rig.builder().refresh_token("r0").build().unwrap();
    for n in 1..4 {
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), format!("s3cr3t-a{n}"));
        advance(secs(3601)).await;
    }
    let requests = rig.server.lock().unwrap().requests.clone();
    assert!(requests.iter().all(|(_, body, _)| body["refresh_token"] == "r0"));
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_refresh_may_have_spent_its_token_and_the_password_helps() {
    let rig = Rig::default();
    let jwt = rig.with_login();
    jwt.authorize(&cx()).await.unwrap();
    advance(secs(3601)).await;
    rig.fail([Fault::LostAnswer]);
    // Nobody knows whether the token is spent, so it is not shown again.
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a3");
    assert_eq!((rig.count("/refresh"), rig.count("/login")), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn rejections_force_refreshes_whatever_the_clock_says_but_not_without_end() {
    let rig = Rig::default();
    let jwt = rig.with_login();
    let first = jwt.authorize(&cx()).await.unwrap();
    assert_eq!(jwt.rejected(first.generation()), Recourse::Retry);
    let second = jwt.authorize(&cx()).await.unwrap();
    assert_eq!(token(&second), "s3cr3t-a2");
    // A late rejection of the first one starts nothing.
    assert_eq!(jwt.rejected(first.generation()), Recourse::Retry);
    assert_eq!(token(&jwt.ready(&cx()).unwrap()), "s3cr3t-a2");
    // A second revocation within seconds, and a third.
    let mut last = second;
    for n in 3..5 {
        assert_eq!(jwt.rejected(last.generation()), Recourse::Retry);
        last = jwt.authorize(&cx()).await.unwrap();
        assert_eq!(token(&last), format!("s3cr3t-a{n}"));
    }
    // The server refuses every fresh token: that is the caller's, and the token stays.
    advance(secs(20)).await;
    assert_eq!(jwt.rejected(last.generation()), Recourse::After(secs(40)));
    assert_eq!(token(&jwt.ready(&cx()).unwrap()), "s3cr3t-a4");
    assert_eq!(jwt.refreshes(), 3);
    advance(secs(61)).await;
    assert_eq!(jwt.rejected(last.generation()), Recourse::Retry);
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a5");
}

#[tokio::test(start_paused = true)]
async fn a_rejection_without_a_way_to_renew_is_the_callers() {
    let rig = Rig::default();
    let jwt = rig.builder().tokens(Tokens::new("a0")).build().unwrap();
    let first = jwt.authorize(&cx()).await.unwrap();
    assert_eq!(jwt.rejected(first.generation()), Recourse::None);
    assert_eq!(token(&jwt.ready(&cx()).unwrap()), "a0");
}

#[tokio::test(start_paused = true)]
async fn a_wall_clock_set_forward_expires_a_token_and_one_set_back_keeps_none_alive() {
    let rig = Rig::default();
    let clock = TestClock::new();
    let jwt = rig.builder().login(USER, PASSWORD).clock(clock.clone()).build().unwrap();
    jwt.authorize(&cx()).await.unwrap();
    // The machine slept: the monotonic clock stood still.
    clock.set(7200);
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a2");
    clock.set(-100_000);
    advance(secs(3601)).await;
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a3");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_lives_a_minute_is_used_for_most_of_it() {
    let rig = Rig::default();
    rig.set(json!({"expires_in": 60}));
    let jwt = rig.with_login();
    for _ in 0..47 {
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
        advance(secs(1)).await;
    }
    assert_eq!(jwt.refreshes(), 0);
}

#[tokio::test(start_paused = true)]
async fn opaque_and_malformed_tokens_live_until_they_are_refused() {
    for opaque in ["opaque", "a.b", "a.!!!.c", "a.e30.c", "a.bnVsbA.c"] {
        let rig = Rig::default();
        rig.set(json!({"access_token": opaque, "expires_in": null}));
        let jwt = rig.with_login();
        let first = jwt.authorize(&cx()).await.unwrap();
        assert_eq!(token(&first), opaque);
        advance(secs(100 * 24 * 3600)).await;
        assert_eq!(token(&jwt.ready(&cx()).unwrap()), opaque);
        assert_eq!(jwt.expires_in(), None);
        assert_eq!(jwt.rejected(first.generation()), Recourse::Retry);
        jwt.authorize(&cx()).await.unwrap();
        assert_eq!(jwt.refreshes(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_repeats_its_token_is_not_asked_in_a_loop() {
    let rig = Rig::default();
    rig.set(json!({"access_token": "same", "expires_in": 1}));
    let jwt = rig.with_login();
    for _ in 0..200 {
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "same");
        advance(Duration::from_millis(10)).await;
        tokio::task::yield_now().await;
    }
    let asked = rig.count("/refresh");
    assert!((1..=20).contains(&asked), "{asked}");
}

#[tokio::test(start_paused = true)]
async fn a_failed_login_on_request_leaves_the_session_as_it_was() {
    let rig = Rig::default();
    let jwt = rig.with_login();
    jwt.authorize(&cx()).await.unwrap();
    assert_eq!(jwt.login_as(USER, "s3cr3t-wrong").await.unwrap_err().kind(), Kind::Refused);
    assert_eq!(token(&jwt.ready(&cx()).unwrap()), "s3cr3t-a1");
    // The password held is still good.
    advance(secs(3601)).await;
    rig.fail([Fault::Answer(401, "")]);
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a2");
}

#[tokio::test]
async fn a_login_goes_to_its_origin_only() {
    let rig = Rig::default();
    let jwt = rig.with_login();
    let elsewhere = crate::AuthContext::new("https://api.example.com:8443".parse().unwrap());
    assert!(jwt.ready(&elsewhere).is_none());
    let error = jwt.authorize(&elsewhere).await.unwrap_err();
    assert_eq!(error.kind(), Kind::ForeignOrigin);
    insta::assert_snapshot!(
        error,
        @"the login belongs to https://api.example.com and is not sent to https://api.example.com:8443"
    );
    assert_eq!(rig.count("/login"), 0);
}

#[test]
fn plain_http_is_for_this_machine_or_on_request() {
    let build = |url: &str, allow| {
        Jwt::builder(url.parse().unwrap(), Rig::default()).login(USER, PASSWORD).allow_http(allow).build()
    };
    assert!(build("http://localhost:8080", false).is_ok());
    assert!(build("http://10.0.0.1", true).is_ok());
    let error = build("http://10.0.0.1", false).unwrap_err();
    assert_eq!(error.kind(), Kind::Insecure);
    insta::assert_snapshot!(error, @"http://10.0.0.1 would get the password over plain http: use https, or set allow_http(true) (EDGEQUAKE_ALLOW_HTTP=true) if the network is trusted");
}

#[tokio::test(start_paused = true)]
async fn what_is_empty_is_refused_before_it_counts_as_an_attempt() {
    let rig = Rig::default();
    for (identifier, password, field) in [(" ", PASSWORD, "name"), (USER, "", "password")] {
        let error = rig.builder().login(identifier, password).build().unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid);
        assert!(error.to_string().contains(field), "{error}");
        let error = rig.with_login().login_as(identifier, password).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid);
    }
    let error = rig.builder().refresh_token("").build().unwrap_err();
    insta::assert_snapshot!(error, @"the refresh token is empty; give it, or leave it out");
    assert_eq!(rig.count("/login"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_is_asked_for_does_not_risk_a_session_that_works() {
    for password in [true, false] {
        let rig = Rig::default();
        let builder = rig.builder();
        let jwt =
            if password { builder.login(USER, PASSWORD) } else { builder.tokens(given()) }.build().unwrap();
        rig.open("r0");
        jwt.authorize(&cx()).await.unwrap();
        let logins = rig.count("/login");
        rig.fail([Fault::Answer(503, "")]);
        assert_eq!(jwt.refresh_now().await.unwrap_err().kind(), Kind::Unavailable);
        // Its token may be spent, and a second use may end the session.
        let again = jwt.refresh_now().await;
        assert_eq!(rig.count("/refresh"), 1);
        if password {
            again.unwrap();
            assert_eq!(rig.count("/login"), logins + 1);
            continue;
        }
        let error = again.unwrap_err();
        assert!(error.is_transient());
        insta::assert_snapshot!(error, @"an earlier refresh was not answered, so its token may be spent; it is not sent again while the access token works");
        assert_eq!(token(&jwt.ready(&cx()).unwrap()), "a0");
        // Once there is nothing to lose, it is sent knowingly.
        advance(secs(3601)).await;
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
        assert_eq!(rig.count("/refresh"), 2);
    }
}
