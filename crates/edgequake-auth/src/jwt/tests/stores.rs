//! The provider with a store: what is saved when, what is read, and what a broken store leads to.

use std::time::{SystemTime, UNIX_EPOCH};

use edgequake_types::Origin;
use tokio::time::advance;

use super::broken::{Broken, origin, pair, secs, share, stored};
use super::rig::{Fault, PASSWORD, Rig, TestClock, USER, cx, token};
use crate::{
    Credentials, CredentialsErrorKind as Kind, Jwt, MemoryStore, Recourse, StoreErrorKind, StoredLogin,
    TokenStore, Tokens,
};

#[tokio::test(start_paused = true)]
async fn a_login_is_taken_up_by_the_next_run() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    let first = rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap();
    first.authorize(&cx()).await.unwrap();
    assert_eq!(stored(&store).await, pair("s3cr3t-a1", "s3cr3t-r1"));
    let later = rig.builder().store(store.clone()).build().unwrap();
    assert_eq!(token(&later.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    assert_eq!((rig.count("/login"), rig.count("/refresh")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_absolute_expiry_is_stored_and_makes_the_next_run_refresh_first() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    let clock = TestClock::new();
    let jwt = rig.builder().login(USER, PASSWORD).store(store.clone()).clock(clock.clone()).build().unwrap();
    jwt.authorize(&cx()).await.unwrap();
    let login = store.load(&origin(), Some(USER)).await.unwrap().unwrap();
    assert_eq!(login.expires_at, Some(UNIX_EPOCH + secs(1_800_003_600)));
    // Ten minutes too late; the monotonic clock of the new run knows nothing of that.
    clock.set(3600 + 600);
    let later = rig.builder().store(store.clone()).clock(clock).build().unwrap();
    assert_eq!(token(&later.authorize(&cx()).await.unwrap()), "s3cr3t-a2");
    assert_eq!((rig.count("/login"), rig.count("/refresh")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_save_that_fails_is_reported_and_does_not_spoil_the_refresh() {
    let (rig, store) = (Rig::default(), Broken::default());
    let jwt = rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap();
    jwt.authorize(&cx()).await.unwrap();
    store.set(|faults| faults.save = Some(StoreErrorKind::Unavailable));
    for n in 2..5 {
        advance(secs(3601)).await;
        // The store still holds r1, which is spent; the successor in memory is used.
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), format!("s3cr3t-a{n}"));
        assert_eq!(jwt.store_errors(), n - 1);
    }
    assert_eq!(jwt.last_store_error().unwrap().kind(), StoreErrorKind::Unavailable);
    assert_eq!((rig.count("/login"), rig.count("/refresh")), (1, 3));
    assert_eq!(stored(&store).await, pair("s3cr3t-a1", "s3cr3t-r1"));
    store.set(|faults| faults.save = None);
    advance(secs(3601)).await;
    jwt.authorize(&cx()).await.unwrap();
    assert_eq!(stored(&store).await, pair("s3cr3t-a5", "s3cr3t-r5"));
}

#[tokio::test(start_paused = true)]
async fn the_successor_is_stored_before_the_access_token_is_given_out() {
    let (rig, store) = (Rig::default(), Broken::default());
    rig.open("r0");
    let jwt = rig.builder().refresh_token("r0").store(store.clone()).build().unwrap();
    let given = jwt.authorize(&cx()).await.unwrap();
    let saved = store.faults.lock().unwrap().saved.clone();
    assert_eq!(saved.len(), 1);
    assert_eq!(saved[0].access_token.expose(), token(&given));
    assert_eq!(saved[0].refresh_token.as_ref().unwrap().expose(), "s3cr3t-r1");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_read_is_an_error_and_not_an_empty_one() {
    for kind in [StoreErrorKind::Unavailable, StoreErrorKind::Busy, StoreErrorKind::Corrupt] {
        let (rig, store) = (Rig::default(), Broken::default());
        store.save(&origin(), &StoredLogin::new(USER, "kept")).await.unwrap();
        store.set(|faults| faults.load = Some(kind));
        let jwt = rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap();
        let error = jwt.authorize(&cx()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Store);
        assert!(error.to_string().contains("the disk is on fire"), "{error}");
        assert_eq!(rig.count("/login"), 0);
        store.set(|faults| faults.load = None);
        assert_eq!(store.inner.load(&origin(), None).await.unwrap().unwrap().access_token.expose(), "kept");
        advance(secs(61)).await;
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "kept");
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_given_up() {
    let (rig, store) = (Rig::default(), Broken::default());
    store.set(|faults| faults.hang = true);
    let jwt = rig.builder().store(store.clone()).build().unwrap();
    let start = tokio::time::Instant::now();
    assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::Store);
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn no_entry_means_no_login() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    let jwt = rig.builder().store(store.clone()).build().unwrap();
    let error = jwt.authorize(&cx()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotConfigured);
    insta::assert_snapshot!(error, @"there is no login for https://api.example.com: log in first");
    assert_eq!(jwt.store_errors(), 0);
    // Somebody logs in elsewhere.
    store.save(&origin(), &StoredLogin::new(USER, "a9")).await.unwrap();
    advance(secs(61)).await;
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "a9");
}

#[tokio::test(start_paused = true)]
async fn a_sibling_that_has_refreshed_is_noticed_before_refreshing() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap().authorize(&cx()).await.unwrap();
    let (one, two) = (share(&rig, &store), share(&rig, &store));
    let first = one.authorize(&cx()).await.unwrap();
    let idle = two.authorize(&cx()).await.unwrap();
    assert_eq!(one.rejected(first.generation()), Recourse::Retry);
    assert_eq!(token(&one.authorize(&cx()).await.unwrap()), "s3cr3t-a2");
    assert_eq!(two.rejected(idle.generation()), Recourse::Retry);
    assert_eq!(token(&two.authorize(&cx()).await.unwrap()), "s3cr3t-a2");
    assert_eq!(rig.count("/refresh"), 1);
    assert_eq!(stored(&store).await, pair("s3cr3t-a2", "s3cr3t-r2"));
}

#[tokio::test(start_paused = true)]
async fn a_refused_refresh_uses_what_a_sibling_has_stored_and_deletes_nothing() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    // A token given by the program, spent by a sibling that has stored the successor since.
    let mut winner = StoredLogin::new("", "a2");
    winner.refresh_token = Some("r2".into());
    rig.open("r2");
    let jwt = rig.builder().refresh_token("r1").store(store.clone()).build().unwrap();
    store.save(&origin(), &winner).await.unwrap();
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "a2");
    assert_eq!(rig.count("/refresh"), 1);
    assert_eq!(stored(&store).await, pair("a2", "r2"));
}

#[tokio::test(start_paused = true)]
async fn a_stored_login_outlives_refreshes_that_fail() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    let mut login = StoredLogin::new(USER, "a0");
    login.refresh_token = Some("r0".into());
    login.expires_at = Some(SystemTime::UNIX_EPOCH);
    store.save(&origin(), &login).await.unwrap();
    rig.open("r0");
    let jwt = share(&rig, &store);
    for _ in 0..3 {
        rig.fail([Fault::Answer(503, "")]);
        assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::Unavailable);
        advance(secs(61)).await;
    }
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    // And one that a sibling has stored, found when ours was refused.
    let mut sibling = StoredLogin::new(USER, "a5");
    sibling.refresh_token = Some("r5".into());
    sibling.expires_at = Some(SystemTime::UNIX_EPOCH);
    store.save(&origin(), &sibling).await.unwrap();
    rig.open("r5");
    advance(secs(3601)).await;
    rig.fail([Fault::Answer(503, "")]);
    assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::Unavailable);
    advance(secs(61)).await;
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a2");
    let shown = rig.server.lock().unwrap().requests.clone();
    let shown: Vec<_> = shown.iter().map(|(_, body, _)| body["refresh_token"].as_str().unwrap()).collect();
    assert_eq!(shown, ["r0", "r0", "r0", "r0", "r5", "r5"]);
}

#[tokio::test(start_paused = true)]
async fn an_access_token_without_a_refresh_token_gives_way_to_the_stored_login() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap().authorize(&cx()).await.unwrap();
    let tokens = Tokens::new("given").expires_in(secs(60));
    let jwt = rig.builder().tokens(tokens).store(store).build().unwrap();
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "given");
    advance(secs(61)).await;
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
}

#[tokio::test(start_paused = true)]
async fn a_dead_login_leaves_the_store_unless_another_took_its_place() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    let mut login = StoredLogin::new(USER, "a0");
    login.refresh_token = Some("r0".into());
    login.expires_at = Some(SystemTime::UNIX_EPOCH);
    store.save(&origin(), &login).await.unwrap();
    let jwt = share(&rig, &store);
    assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::SessionExpired);
    assert_eq!(stored(&store).await, None);
    store.save(&origin(), &StoredLogin::new(USER, "a9")).await.unwrap();
    advance(secs(61)).await;
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "a9");
}

#[tokio::test(start_paused = true)]
async fn a_failed_login_leaves_the_stored_one_alone() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap().authorize(&cx()).await.unwrap();
    let jwt = share(&rig, &store);
    assert_eq!(jwt.login_as(USER, "s3cr3t-wrong").await.unwrap_err().kind(), Kind::Refused);
    assert_eq!(stored(&store).await, pair("s3cr3t-a1", "s3cr3t-r1"));
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    assert_eq!((rig.count("/login"), rig.count("/refresh")), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn a_stored_login_goes_to_its_origin_and_user_only() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap().authorize(&cx()).await.unwrap();
    let elsewhere: Origin = "https://evil.example.com".parse().unwrap();
    let jwt = Jwt::builder(elsewhere.clone(), rig.clone()).store(store.clone()).build().unwrap();
    let error = jwt.authorize(&crate::AuthContext::new(elsewhere)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotConfigured);
    let other_user = rig.builder().account("noah").store(store.clone()).build().unwrap();
    assert_eq!(other_user.authorize(&cx()).await.unwrap_err().kind(), Kind::NotConfigured);
    let same_user = rig.builder().account(USER).store(store).build().unwrap();
    assert_eq!(token(&same_user.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
}

#[tokio::test(start_paused = true)]
async fn tokens_of_the_program_go_before_an_older_login_of_the_store() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    store.save(&origin(), &StoredLogin::new("", "old")).await.unwrap();
    rig.open("r0");
    let tokens = Tokens::new("a0").refresh_token("r0").expires_in(secs(60));
    let jwt = rig.builder().tokens(tokens).store(store.clone()).build().unwrap();
    assert_eq!(token(&jwt.ready(&cx()).unwrap()), "a0");
    advance(secs(61)).await;
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    assert_eq!(stored(&store).await, pair("s3cr3t-a1", "s3cr3t-r1"));
}

#[tokio::test(start_paused = true)]
async fn the_store_keeps_the_refresh_token_when_the_answer_has_none() {
    let (rig, store, clock) = (Rig::default(), MemoryStore::new(), TestClock::new());
    rig.set(serde_json::json!({"refresh_token": null}));
    rig.open("r0");
    let jwt = rig.builder().refresh_token("r0").store(store.clone()).clock(clock.clone()).build().unwrap();
    for n in 1..3 {
        jwt.authorize(&cx()).await.unwrap();
        assert_eq!(stored(&store).await, pair(&format!("s3cr3t-a{n}"), "r0"));
        advance(secs(3601)).await;
    }
    // What the next run finds is enough to go on.
    let later = rig.builder().store(store).clock(clock).build().unwrap();
    assert_eq!(token(&later.authorize(&cx()).await.unwrap()), "s3cr3t-a3");
}
