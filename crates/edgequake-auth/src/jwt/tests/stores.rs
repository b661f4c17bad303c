//! The provider with a store: what is saved when, what is read, and what a broken store leads to.

use std::time::UNIX_EPOCH;

use tokio::time::advance;

use super::broken::{Broken, pair, past, put, put_for, record, secs, share, stored};
use super::rig::{Fault, PASSWORD, Rig, TestClock, USER, cx, token};
use crate::{Credentials, CredentialsErrorKind as Kind, Jwt, MemoryStore, Recourse, StoreErrorKind};

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
async fn the_next_run_knows_who_logged_in_until_they_log_out() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    let user = |jwt: &Jwt| jwt.session().unwrap().user.map(|user| user.username);
    let first = rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap();
    first.authorize(&cx()).await.unwrap();
    assert_eq!(user(&first).as_deref(), Some("mona"));
    let second = rig.builder().store(store.clone()).build().unwrap();
    second.authorize(&cx()).await.unwrap();
    assert_eq!(user(&second).as_deref(), Some("mona"));
    // One that has to refresh first learns it as well, and hands it on.
    let clock = TestClock::new();
    clock.set(i64::from(u32::MAX));
    for _ in 0..2 {
        let later = rig.builder().store(store.clone()).clock(clock.clone()).build().unwrap();
        later.authorize(&cx()).await.unwrap();
        assert_eq!(user(&later).as_deref(), Some("mona"));
    }
    assert_eq!((rig.count("/login"), rig.count("/refresh")), (1, 1));
    assert!(second.logout().await.is_complete());
    assert_eq!(record(&store).await.unwrap().user, None);
}

#[tokio::test(start_paused = true)]
async fn an_absolute_expiry_is_stored_and_makes_the_next_run_refresh_first() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    let clock = TestClock::new();
    let jwt = rig.builder().login(USER, PASSWORD).store(store.clone()).clock(clock.clone()).build().unwrap();
    jwt.authorize(&cx()).await.unwrap();
    let found = record(&store).await.unwrap();
    assert_eq!(found.tokens().unwrap().expires_at, Some(UNIX_EPOCH + secs(1_800_003_600)));
    // Ten minutes too late; the monotonic clock of the new run knows nothing of that.
    clock.set(3600 + 600);
    let later = rig.builder().store(store.clone()).clock(clock).build().unwrap();
    assert_eq!(token(&later.authorize(&cx()).await.unwrap()), "s3cr3t-a2");
    assert_eq!((rig.count("/login"), rig.count("/refresh")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_save_that_fails_is_seen_and_made_up_for() {
    let (rig, store) = (Rig::default(), Broken::default());
    let jwt = rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap();
    jwt.authorize(&cx()).await.unwrap();
    let mut watch = jwt.watch();
    advance(secs(3601)).await;
    store.set(|faults| faults.save = Some(StoreErrorKind::Unavailable));
    // The store still holds r1, which is spent; the successor in memory is used.
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a2");
    let status = watch.changed().await.unwrap();
    assert!(status.unsaved && jwt.store_errors() == 1);
    assert_eq!(status.last_store_error.unwrap().to_string(), "the disk is on fire");
    assert_eq!(stored(&store).await, pair("s3cr3t-a1", "s3cr3t-r1"));
    assert!(record(&store).await.unwrap().is_unsettled(), "others must not take r1 for a good token");
    tokio::time::sleep(secs(100)).await;
    assert!(jwt.store_errors() > 1, "tried again");
    assert_eq!(jwt.last_store_error().unwrap().kind(), StoreErrorKind::Unavailable);
    store.set(|faults| faults.save = None);
    let saved = async { while watch.changed().await.unwrap().unsaved {} };
    tokio::time::timeout(secs(600), saved).await.unwrap();
    assert!(watch.status().last_store_error.is_none());
    assert_eq!(stored(&store).await, pair("s3cr3t-a2", "s3cr3t-r2"));
    assert!(!record(&store).await.unwrap().is_unsettled());
    assert_eq!((rig.count("/login"), rig.count("/refresh")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_in_hand_and_unsaved_is_not_spent() {
    for password in [false, true] {
        let (rig, store) = (Rig::default(), Broken::default());
        put(&store, "a0", Some("r0"), past()).await;
        rig.open("r0");
        let builder = rig.builder().account(USER).store(store.clone());
        let jwt = if password { builder.login(USER, PASSWORD) } else { builder }.build().unwrap();
        store.set(|faults| faults.save = Some(StoreErrorKind::Unavailable));
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
        advance(secs(3601)).await;
        let answer = jwt.authorize(&cx()).await;
        if password {
            // A session of its own, that nobody else can lose.
            assert_eq!(token(&answer.unwrap()), "s3cr3t-a2");
        } else {
            let error = answer.unwrap_err();
            assert_eq!(error.kind(), Kind::Store);
            insta::assert_snapshot!(error, @"the tokens in hand cannot be stored, so they are not refreshed: the disk is on fire");
        }
        assert_eq!((rig.count("/login"), rig.count("/refresh")), (usize::from(password), 1));
        store.set(|faults| faults.save = None);
        tokio::time::sleep(secs(100)).await;
        let latest = if password { pair("s3cr3t-a2", "s3cr3t-r2") } else { pair("s3cr3t-a1", "s3cr3t-r1") };
        assert_eq!(stored(&store).await, latest);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_written_is_found_before_a_token_is_spent() {
    for password in [false, true] {
        let (rig, store) = (Rig::default(), Broken::default());
        put(&store, "a0", Some("r0"), past()).await;
        rig.open("r0");
        store.set(|faults| faults.write = Some(StoreErrorKind::Unavailable));
        let builder = rig.builder().account(USER).store(store.clone());
        let jwt = if password { builder.login(USER, PASSWORD) } else { builder }.build().unwrap();
        let answer = jwt.authorize(&cx()).await;
        if password {
            assert_eq!(token(&answer.unwrap()), "s3cr3t-a1");
        } else {
            let error = answer.unwrap_err();
            assert_eq!(error.kind(), Kind::Store);
            insta::assert_snapshot!(error, @"the stored login cannot be written, so its refresh token is not used: the disk is on fire");
        }
        assert_eq!(rig.count("/refresh"), 0);
        assert_eq!(stored(&store).await, pair("a0", "r0"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_the_store_that_is_lost_costs_nothing() {
    let (rig, store) = (Rig::default(), Broken::default());
    put(&store, "a0", Some("r0"), past()).await;
    rig.open("r0");
    store.set(|faults| faults.lose_answers = true);
    let jwt = rig.builder().store(store.clone()).build().unwrap();
    for n in 1..4 {
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), format!("s3cr3t-a{n}"));
        assert_eq!(stored(&store).await, pair(&format!("s3cr3t-a{n}"), &format!("s3cr3t-r{n}")));
        advance(secs(3601)).await;
    }
    assert_eq!(rig.count("/refresh"), 3);
}

#[tokio::test(start_paused = true)]
async fn the_successor_is_stored_before_the_access_token_is_given_out() {
    let (rig, store) = (Rig::default(), Broken::default());
    rig.open("r0");
    let jwt = rig.builder().refresh_token("r0").account(USER).store(store.clone()).build().unwrap();
    let given = jwt.authorize(&cx()).await.unwrap();
    let written = store.faults.lock().unwrap().written.clone();
    assert_eq!(written.len(), 2);
    assert!(written[0].is_unsettled() && written[0].lease.is_some());
    let tokens = written[1].tokens().unwrap();
    assert_eq!(tokens.access_token.as_ref().unwrap().expose(), token(&given));
    assert_eq!(tokens.refresh_token.as_ref().unwrap().expose(), "s3cr3t-r1");
    assert!(written[1].intent.is_none() && written[1].lease.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_read_is_an_error_and_not_an_empty_one() {
    for kind in [StoreErrorKind::Unavailable, StoreErrorKind::Busy, StoreErrorKind::Corrupt] {
        let (rig, store) = (Rig::default(), Broken::default());
        put(&store, "kept", None, None).await;
        store.set(|faults| faults.read = Some(kind));
        let jwt = rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap();
        let error = jwt.authorize(&cx()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Store);
        assert!(error.to_string().contains("the disk is on fire"), "{error}");
        assert_eq!(rig.count("/login"), 0);
        store.set(|faults| faults.read = None);
        assert_eq!(stored(&store).await.unwrap().0, "kept");
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
    put(&store, "a9", None, None).await;
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
async fn a_stored_login_outlives_refreshes_that_fail() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    put(&store, "a0", Some("r0"), past()).await;
    rig.open("r0");
    let jwt = share(&rig, &store);
    for _ in 0..3 {
        rig.fail([Fault::Answer(503, "")]);
        assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::Unavailable);
        advance(secs(61)).await;
    }
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    // And another login that somebody has made since.
    put(&store, "a5", Some("r5"), past()).await;
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
async fn a_dead_login_ends_in_the_store_unless_another_took_its_place() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    put(&store, "a0", Some("r0"), past()).await;
    let jwt = share(&rig, &store);
    assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::SessionExpired);
    assert_eq!(stored(&store).await, None);
    put(&store, "a9", None, None).await;
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
async fn the_store_keeps_the_refresh_token_when_the_answer_has_none() {
    let (rig, store, clock) = (Rig::default(), MemoryStore::new(), TestClock::new());
    rig.set(serde_json::json!({"refresh_token": null}));
    rig.open("r0");
    let jwt = rig
        .builder()
        .refresh_token("r0")
        .account(USER)
        .store(store.clone())
        .clock(clock.clone())
        .build()
        .unwrap();
    for n in 1..3 {
        jwt.authorize(&cx()).await.unwrap();
        assert_eq!(stored(&store).await, pair(&format!("s3cr3t-a{n}"), "r0"));
        advance(secs(3601)).await;
    }
    // What the next run finds is enough to go on.
    let later = rig.builder().store(store).account(USER).clock(clock).build().unwrap();
    assert_eq!(token(&later.authorize(&cx()).await.unwrap()), "s3cr3t-a3");
}

#[tokio::test(start_paused = true)]
async fn what_a_store_that_went_back_holds_is_not_used_and_a_login_begins_anew() {
    for password in [false, true] {
        let (rig, store) = (Rig::default(), Broken::default());
        put_for(&store, USER, "a0", Some("r0"), Some(std::time::SystemTime::now() + secs(3600))).await;
        let builder = rig.builder().account(USER).store(store.clone());
        let jwt = if password { builder.login(USER, PASSWORD) } else { builder }.build().unwrap();
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "a0");
        store.set(|faults| faults.went_back = true);
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "a0");
        advance(secs(3601)).await;
        let answer = jwt.authorize(&cx()).await;
        if password {
            assert_eq!(token(&answer.unwrap()), "s3cr3t-a1");
        } else {
            assert_eq!(answer.unwrap_err().kind(), Kind::Store);
            assert_eq!(jwt.last_store_error().unwrap().kind(), StoreErrorKind::WentBack);
            jwt.login_as(USER, PASSWORD).await.unwrap();
        }
        assert_eq!((rig.count("/login"), rig.count("/refresh")), (1, 0));
        assert_eq!(stored(&store).await, pair("s3cr3t-a1", "s3cr3t-r1"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_slower_than_the_lease_is_given_up() {
    for password in [false, true] {
        let (rig, store) = (Rig::default(), Broken::default());
        put(&store, "a0", Some("r0"), past()).await;
        rig.open("r0");
        let builder = rig.builder().account(USER).store(store.clone());
        let builder = builder.timeout(secs(1)).lease_margin(std::time::Duration::from_millis(100));
        let jwt = if password { builder.login(USER, PASSWORD) } else { builder }.build().unwrap();
        store.set(|faults| faults.slow = std::time::Duration::from_millis(1500));
        let answer = tokio::time::timeout(secs(60), jwt.authorize(&cx())).await.expect("it goes on and on");
        if password {
            assert_eq!(token(&answer.unwrap()), "s3cr3t-a1");
        } else {
            let error = answer.unwrap_err();
            assert_eq!(error.kind(), Kind::Store);
            insta::assert_snapshot!(error, @"the stored login is written too slowly, so its refresh token is not used: a write takes longer than a lease lasts");
            // Nothing was sent, so nobody has to take the token for spent.
            let found = record(&store).await.unwrap();
            assert!(!found.is_unsettled() && found.lease.is_none());
        }
        assert_eq!(rig.count("/refresh"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_the_store_is_over_with_the_next_write_also_if_its_answer_is_lost() {
    let (rig, store) = (Rig::default(), Broken::default());
    put(&store, "a0", Some("r0"), past()).await;
    rig.open("r0");
    let jwt = rig.builder().store(store.clone()).build().unwrap();
    store.set(|faults| faults.write = Some(StoreErrorKind::Unavailable));
    jwt.authorize(&cx()).await.unwrap_err();
    assert!(jwt.watch().status().last_store_error.is_some());
    store.set(|faults| (faults.write, faults.lose_answers) = (None, true));
    advance(secs(1)).await;
    jwt.authorize(&cx()).await.unwrap();
    assert!(jwt.watch().status().last_store_error.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_answer_after_the_end_of_the_lease_is_counted_from_before_the_lease_was_written() {
    for (jump, late) in [(0, 0), (10, 0), (12, 1)] {
        let (rig, store, clock) = (Rig::default(), Broken::default(), TestClock::new());
        put(&store, "a0", Some("r0"), past()).await;
        rig.open("r0");
        rig.fail([Fault::Held]);
        let builder = rig.builder().store(store.clone()).clock(clock.clone());
        let jwt = builder.timeout(secs(10)).lease_margin(secs(0)).build().unwrap();
        // Of the twenty seconds of the lease nine are over when the request goes out.
        store.set(|faults| faults.slow = secs(9));
        let waiting = tokio::spawn({
            let jwt = jwt.clone();
            async move { jwt.authorize(&cx()).await }
        });
        rig.arrival("/refresh").await;
        store.set(|faults| faults.slow = secs(0));
        clock.set(jump);
        rig.release.notify_one();
        assert_eq!(token(&waiting.await.unwrap().unwrap()), "s3cr3t-a1");
        assert_eq!(jwt.counters().late, late, "{jump}");
    }
}
