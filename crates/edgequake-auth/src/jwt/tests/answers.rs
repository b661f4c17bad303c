//! Answers that are odd in form and right in substance.

use std::time::Duration;

use serde_json::json;
use tokio::time::advance;

use super::broken::secs;
use super::rig::{Fault, PASSWORD, Rig, TestClock, USER, cx, token};
use crate::{Credentials, Jwt, MemoryStore};

/// A provider whose two clocks agree to the nanosecond.
fn exact(rig: &Rig) -> Jwt {
    rig.builder().login(USER, PASSWORD).clock(TestClock::new()).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_lifetime_may_come_as_text_or_with_a_fraction() {
    for lifetime in [json!("3600"), json!(3600.0), json!("3600.5"), json!(3600)] {
        let rig = Rig::default();
        rig.set(json!({"expires_in": lifetime}));
        let jwt = exact(&rig);
        jwt.authorize(&cx()).await.unwrap();
        assert_eq!(jwt.expires_in(), Some(Duration::from_secs(3600)), "{lifetime}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lifetime_of_nothing_or_less_is_no_lifetime() {
    for lifetime in [json!(0), json!(-1), json!(null), json!("-3600")] {
        let rig = Rig::default();
        rig.set(json!({"expires_in": lifetime}));
        let jwt = rig.with_login();
        jwt.authorize(&cx()).await.unwrap();
        assert_eq!(jwt.expires_in(), None, "{lifetime}");
        assert_eq!(token(&jwt.ready(&cx()).unwrap()), "s3cr3t-a1");
    }
}

#[tokio::test(start_paused = true)]
async fn the_scheme_is_written_once_and_with_a_capital_whatever_the_answer_says() {
    for scheme in [json!("bearer"), json!("BEARER"), json!("Bearer"), json!(null)] {
        let rig = Rig::default();
        rig.set(json!({"token_type": scheme}));
        let authorization = rig.with_login().authorize(&cx()).await.unwrap();
        assert_eq!(authorization.header().unwrap().1, "Bearer s3cr3t-a1");
    }
}

#[tokio::test(start_paused = true)]
async fn fields_that_nobody_asked_for_are_ignored() {
    let rig = Rig::default();
    rig.set(json!({
        "expires_at": 1_778_201_849, "user": {"odd": true}, "lifetime": {"s": 1}, "generation": "x", "login": null,
    }));
    let jwt = exact(&rig);
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    assert_eq!(jwt.expires_in(), Some(Duration::from_secs(3600)));
    assert!(jwt.session().unwrap().user.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_early_refresh_that_never_ends_keeps_nobody_waiting() {
    let rig = Rig::default();
    let jwt = rig.with_login();
    jwt.authorize(&cx()).await.unwrap();
    advance(Duration::from_secs(3400)).await;
    rig.fail([Fault::Silence]);
    let start = tokio::time::Instant::now();
    for _ in 0..10 {
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
    rig.arrival("/refresh").await;
    // It is given up by its own time limit. Its token may be spent, so the password is next, once it is needed.
    let mut watch = jwt.watch();
    advance(Duration::from_secs(31)).await;
    let status = watch.changed().await.unwrap();
    assert!(status.unsettled && status.last_failure.unwrap().is_transient());
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    advance(Duration::from_secs(200)).await;
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a2");
    assert_eq!((rig.count("/refresh"), rig.count("/login")), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_given_token_without_a_successor_is_kept_beside_the_login_that_it_replaces_too() {
    for beside in [false, true] {
        let (rig, store) = (Rig::default(), MemoryStore::new());
        if beside {
            rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap().login().await.unwrap();
        }
        rig.open("r0");
        let run = || rig.builder().account(USER).refresh_token("r0").store(store.clone()).build().unwrap();
        rig.fail([Fault::Answer(200, r#"{"access_token":"first","expires_in":3600,"refresh_token":" "}"#)]);
        assert_eq!(token(&run().authorize(&cx()).await.unwrap()), "first");
        advance(secs(3601)).await;
        let given = run().authorize(&cx()).await.unwrap();
        assert!(token(&given).starts_with("s3cr3t-a"), "{beside}");
        assert_eq!(rig.count("/refresh"), 2);
    }
}
