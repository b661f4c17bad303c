//! The end of a session: here, at the server, and in the store.

use tokio::time::advance;

use super::broken::{Broken, pair, secs, share, stored};
use super::rig::{Fault, PASSWORD, Rig, USER, cx, token};
use crate::{Credentials, CredentialsErrorKind as Kind, MemoryStore, Removal, Revocation, StoreErrorKind};

#[tokio::test(start_paused = true)]
async fn logout_tells_the_server_and_clears_the_store_and_nothing_comes_back() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    let jwt = rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap();
    jwt.authorize(&cx()).await.unwrap();
    let outcome = jwt.logout().await;
    assert!(
        matches!((&outcome.server, &outcome.store), (Revocation::Revoked, Removal::Ended)),
        "{outcome:?}"
    );
    assert_eq!(stored(&store).await, None);
    let (path, body, bearer) = rig.server.lock().unwrap().requests.last().cloned().unwrap();
    assert_eq!((&*path, body["refresh_token"].as_str()), ("/api/v1/auth/logout", Some("s3cr3t-r1")));
    assert_eq!(bearer.as_deref(), Some("Bearer s3cr3t-a1"));
    for _ in 0..3 {
        assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::SessionExpired);
        assert!(jwt.ready(&cx()).is_none() && jwt.session().is_none());
        advance(secs(100)).await;
    }
    assert_eq!(rig.count("/login"), 1);
    jwt.login().await.unwrap();
    assert_eq!(token(&jwt.ready(&cx()).unwrap()), "s3cr3t-a2");
}

#[tokio::test(start_paused = true)]
async fn logout_clears_here_whatever_the_server_says_and_reports_both() {
    for (fault, kind) in [
        (Fault::Transport(crate::TransportErrorKind::NotSent), Kind::Unavailable),
        (Fault::Answer(401, ""), Kind::SessionExpired),
        (Fault::Answer(503, ""), Kind::Unavailable),
        (Fault::Silence, Kind::TimedOut),
    ] {
        let (rig, store) = (Rig::default(), Broken::default());
        let jwt = rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap();
        jwt.authorize(&cx()).await.unwrap();
        rig.fail([fault]);
        let outcome = jwt.logout().await;
        let Revocation::NotRevoked(error) = outcome.server else { panic!("{outcome:?}") };
        assert_eq!(error.kind(), kind);
        assert!(matches!(outcome.store, Removal::Ended));
        assert_eq!(stored(&store).await, None);
        assert_eq!((rig.count("/login"), rig.count("/refresh"), rig.count("/logout")), (1, 0, 1));
        assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::SessionExpired);
    }
    let (rig, store) = (Rig::default(), Broken::default());
    let jwt = rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap();
    jwt.authorize(&cx()).await.unwrap();
    store.set(|faults| faults.write = Some(StoreErrorKind::Busy));
    let outcome = jwt.logout().await;
    assert!(matches!(outcome.server, Revocation::Revoked) && !outcome.is_complete());
    let Removal::Failed(error) = outcome.store else { panic!("{outcome:?}") };
    assert_eq!(error.kind(), StoreErrorKind::Busy);
}

#[tokio::test(start_paused = true)]
async fn logout_waits_for_a_refresh_under_way_and_revokes_its_tokens() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    let jwt = rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap();
    jwt.authorize(&cx()).await.unwrap();
    advance(secs(3601)).await;
    rig.fail([Fault::Held]);
    let waiting = tokio::spawn({
        let jwt = jwt.clone();
        async move { jwt.authorize(&cx()).await }
    });
    rig.arrival("/refresh").await;
    let leaving = tokio::spawn({
        let jwt = jwt.clone();
        async move { jwt.logout().await }
    });
    tokio::task::yield_now().await;
    assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::SessionExpired);
    rig.release.notify_one();
    assert_eq!(waiting.await.unwrap().unwrap_err().kind(), Kind::SessionExpired);
    assert!(matches!(leaving.await.unwrap().server, Revocation::Revoked));
    let (_, body, bearer) = rig.server.lock().unwrap().requests.last().cloned().unwrap();
    assert_eq!(
        (body["refresh_token"].as_str(), bearer.as_deref()),
        (Some("s3cr3t-r2"), Some("Bearer s3cr3t-a2"))
    );
    assert_eq!(stored(&store).await, None);
}

#[tokio::test(start_paused = true)]
async fn logout_of_a_login_that_was_never_used_here_revokes_the_stored_one() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap().authorize(&cx()).await.unwrap();
    let outcome = share(&rig, &store).logout().await;
    assert!(
        matches!((&outcome.server, &outcome.store), (Revocation::Revoked, Removal::Ended)),
        "{outcome:?}"
    );
    assert_eq!(rig.count("/logout"), 1);
    assert_eq!(stored(&store).await, None);
    // And without any login there is nothing to tell the server.
    let outcome = share(&rig, &store).logout().await;
    assert!(
        matches!((&outcome.server, &outcome.store), (Revocation::NoSession, Removal::AlreadyEnded)),
        "{outcome:?}"
    );
    let outcome = share(&rig, &MemoryStore::new()).logout().await;
    assert!(
        matches!((&outcome.server, &outcome.store), (Revocation::NoSession, Removal::NothingStored)),
        "{outcome:?}"
    );
    assert_eq!(rig.count("/logout"), 1);
}

#[tokio::test(start_paused = true)]
async fn logout_ends_what_an_earlier_run_began_with_the_same_token() {
    for account in ["", USER] {
        let (rig, store) = (Rig::default(), MemoryStore::new());
        rig.open("r0");
        let run = || {
            let builder = rig.builder().refresh_token("r0").store(store.clone());
            if account.is_empty() { builder } else { builder.account(account) }.build().unwrap()
        };
        run().authorize(&cx()).await.unwrap();
        let outcome = run().logout().await;
        assert!(
            matches!((&outcome.server, &outcome.store), (Revocation::Revoked, Removal::Ended)),
            "{outcome:?}"
        );
        let (_, body, _) = rig.server.lock().unwrap().requests.last().cloned().unwrap();
        assert_eq!(body["refresh_token"], "s3cr3t-r1");
        let outcome = run().logout().await;
        assert!(
            matches!((&outcome.server, &outcome.store), (Revocation::NoSession, Removal::AlreadyEnded)),
            "{outcome:?}"
        );
        assert_eq!(rig.count("/logout"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_logout_goes_on() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    let jwt = rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap();
    jwt.authorize(&cx()).await.unwrap();
    rig.fail([Fault::Held]);
    let leaving = tokio::spawn({
        let jwt = jwt.clone();
        async move { drop(jwt.logout().await) }
    });
    rig.arrival("/logout").await;
    leaving.abort();
    rig.release.notify_one();
    assert_eq!(jwt.login().await.unwrap().unwrap().username, "mona");
    assert_eq!(rig.count("/logout"), 1);
    assert_eq!(stored(&store).await, pair("s3cr3t-a2", "s3cr3t-r2"));
}

#[tokio::test(start_paused = true)]
async fn a_logout_elsewhere_is_final_here_whatever_password_there_is() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    let builder = || rig.builder().login(USER, PASSWORD).store(store.clone());
    let (one, two) = (builder().build().unwrap(), builder().build().unwrap());
    one.authorize(&cx()).await.unwrap();
    two.authorize(&cx()).await.unwrap();
    assert_eq!(rig.count("/login"), 1);
    let mut lost = two.lost_sessions();
    assert!(one.logout().await.is_complete());
    advance(secs(3601)).await;
    for _ in 0..3 {
        let error = two.authorize(&cx()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.to_string().as_str()),
            (Kind::SessionExpired, "logged out: log in again")
        );
        advance(secs(61)).await;
    }
    assert_eq!(lost.next().await.unwrap().phase, crate::SessionPhase::LoggedOut);
    assert_eq!((rig.count("/login"), rig.count("/refresh")), (1, 0));
    assert_eq!(stored(&store).await, None);
    // Who starts afterwards, with a password of its own, may.
    assert_eq!(token(&builder().build().unwrap().authorize(&cx()).await.unwrap()), "s3cr3t-a2");
    // And who is told to.
    two.login().await.unwrap();
    assert_eq!(rig.count("/login"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_logout_leaves_a_newer_session_of_somebody_else_alone() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    let jwt = rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap();
    jwt.authorize(&cx()).await.unwrap();
    super::broken::put(&store, "theirs-a", Some("theirs-r"), None).await;
    let outcome = jwt.logout().await;
    assert!(
        matches!((&outcome.server, &outcome.store), (Revocation::Revoked, Removal::OtherSession)),
        "{outcome:?}"
    );
    let (_, body, _) = rig.server.lock().unwrap().requests.last().cloned().unwrap();
    assert_eq!(body["refresh_token"], "s3cr3t-r1");
    assert_eq!(stored(&store).await, pair("theirs-a", "theirs-r"));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_read_is_told_at_logout() {
    let (rig, store) = (Rig::default(), Broken::default());
    let jwt = rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap();
    jwt.authorize(&cx()).await.unwrap();
    store.set(|faults| faults.read = Some(StoreErrorKind::Unavailable));
    let outcome = jwt.logout().await;
    assert!(
        matches!((&outcome.server, &outcome.store), (Revocation::Revoked, Removal::Failed(_))),
        "{outcome:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_stored_session_is_revoked_also_if_the_store_cannot_be_written() {
    let (rig, store) = (Rig::default(), Broken::default());
    rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap().authorize(&cx()).await.unwrap();
    // A process of its own, which has nothing in hand.
    let jwt = rig.builder().store(store.clone()).build().unwrap();
    store.set(|faults| faults.write = Some(StoreErrorKind::Unavailable));
    let outcome = jwt.logout().await;
    assert!(
        matches!((&outcome.server, &outcome.store), (Revocation::Revoked, Removal::Failed(_))),
        "{outcome:?}"
    );
    assert!(!outcome.is_complete());
    let (path, body, bearer) = rig.server.lock().unwrap().requests.last().cloned().unwrap();
    assert_eq!((&*path, body["refresh_token"].as_str()), ("/api/v1/auth/logout", Some("s3cr3t-r1")));
    assert_eq!(bearer.as_deref(), Some("Bearer s3cr3t-a1"));
    assert_eq!((rig.count("/refresh"), rig.count("/logout")), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_is_lost_ends_the_session_all_the_same() {
    let (rig, store) = (Rig::default(), Broken::default());
    rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap().authorize(&cx()).await.unwrap();
    store.set(|faults| faults.lose_answers = true);
    let outcome = rig.builder().store(store.clone()).build().unwrap().logout().await;
    assert!(
        matches!((&outcome.server, &outcome.store), (Revocation::Revoked, Removal::Ended)),
        "{outcome:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_read_is_no_store_without_a_session() {
    let (rig, store) = (Rig::default(), Broken::default());
    rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap().authorize(&cx()).await.unwrap();
    let jwt = rig.builder().store(store.clone()).build().unwrap();
    store.set(|faults| faults.read = Some(StoreErrorKind::Unavailable));
    let outcome = jwt.logout().await;
    let Revocation::NotRevoked(error) = &outcome.server else { panic!("{outcome:?}") };
    assert_eq!(error.kind(), Kind::Store);
    assert_eq!(
        error.to_string(),
        "the session that is stored is not known, so the server was not told: the disk is on fire"
    );
    assert!(matches!(outcome.store, Removal::Failed(_)) && rig.count("/logout") == 0);
}

#[tokio::test(start_paused = true)]
async fn tokens_that_somebody_has_replaced_meanwhile_are_not_revoked() {
    let (rig, store) = (Rig::default(), Broken::default());
    rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap().authorize(&cx()).await.unwrap();
    let jwt = rig.builder().store(store.clone()).build().unwrap();
    // Another process is first, and then the store cannot be read any more.
    store.set(|faults| {
        (faults.overtaken, faults.read_after_write) = (true, Some(StoreErrorKind::Unavailable))
    });
    let outcome = jwt.logout().await;
    assert!(
        matches!((&outcome.server, &outcome.store), (Revocation::NotRevoked(_), Removal::Failed(_))),
        "{outcome:?}"
    );
    assert_eq!(rig.count("/logout"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_fails_since_somebody_was_first_is_tried_on_what_is_there_now() {
    let (rig, store) = (Rig::default(), Broken::default());
    rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap().authorize(&cx()).await.unwrap();
    let jwt = rig.builder().store(store.clone()).build().unwrap();
    store.set(|faults| (faults.overtaken, faults.lose_answers) = (true, true));
    let outcome = jwt.logout().await;
    assert!(
        matches!((&outcome.server, &outcome.store), (Revocation::Revoked, Removal::Ended)),
        "{outcome:?}"
    );
    let (_, body, _) = rig.server.lock().unwrap().requests.last().cloned().unwrap();
    assert_eq!(body["refresh_token"].as_str(), Some("s3cr3t-r1-next"));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_another_replaced_and_logged_out_of_is_not_begun_again() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    let builder = || rig.builder().login(USER, PASSWORD).store(store.clone());
    builder().build().unwrap().authorize(&cx()).await.unwrap();
    let jwt = share(&rig, &store);
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    let other = builder().build().unwrap();
    other.login().await.unwrap();
    assert!(other.logout().await.is_complete());
    // The server would take its token all the same.
    rig.open("s3cr3t-r1");
    advance(secs(3601)).await;
    assert_eq!(jwt.authorize(&cx()).await.unwrap_err().kind(), Kind::SessionExpired);
    assert_eq!(rig.count("/refresh"), 0);
    assert_eq!(stored(&store).await, None);
}

#[tokio::test(start_paused = true)]
async fn settling_waits_for_a_revocation_under_way() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap().authorize(&cx()).await.unwrap();
    let jwt = share(&rig, &store);
    jwt.authorize(&cx()).await.unwrap();
    rig.fail([Fault::Held]);
    let waiting = tokio::spawn({
        let jwt = jwt.clone();
        async move { jwt.refresh_now().await }
    });
    rig.arrival("/refresh").await;
    // Somebody logs in meanwhile, so what this refresh is given is not needed.
    super::broken::put(&store, "theirs", Some("theirs-r"), None).await;
    rig.fail([Fault::Held]);
    rig.release.notify_one();
    waiting.await.unwrap().unwrap();
    assert!(!jwt.settle(secs(5)).await, "nobody has answered the logout");
    assert_eq!(rig.count("/logout"), 1);
    rig.release.notify_one();
    assert!(jwt.settle(secs(5)).await);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_repeats_a_token_is_not_quoted() {
    for body in [
        r#"{"code":"X","message":"no such token: s3cr3t-a1"}"#,
        r#"{"code":"X","message":"no such token: s3cr3t-r1"}"#,
        r#"{"code":"s3cr3t-a1","message":"no"}"#,
        r#"{"code":"X","details":{"diagnostics":{"reason":"s3cr3t-a1"}}}"#,
    ] {
        for status in [401, 403] {
            let rig = Rig::default();
            let jwt = rig.with_login();
            jwt.authorize(&cx()).await.unwrap();
            rig.fail([Fault::Answer(status, body)]);
            let Revocation::NotRevoked(error) = jwt.logout().await.server else { panic!("it is refused") };
            let shown = format!("{error} {error:?} {:?} {:?}", error.code(), error.message());
            assert!(!shown.contains("s3cr3t"), "{shown}");
        }
    }
}
