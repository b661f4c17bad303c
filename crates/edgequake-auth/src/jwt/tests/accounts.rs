//! Whose login tokens become, and that they stay with it.

use edgequake_types::Origin;
use tokio::time::advance;

use super::broken::{Broken, pair, past, put, put_for, record, secs, server, stored};
use super::rig::{Fault, PASSWORD, Rig, USER, cx, token};
use crate::{
    Credentials, CredentialsErrorKind as Kind, Jwt, MemoryStore, StoreErrorKind, TokenStore, Tokens,
    TransportErrorKind,
};

/// The access token that is stored for an account.
async fn held(store: &impl TokenStore, account: &str) -> Option<String> {
    let stored = store.read(&server().account(account)).await.unwrap()?;
    let token = stored.record.tokens()?.access_token.as_ref()?;
    Some(token.expose().to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_token_of_the_program_that_is_spent_gives_way_to_the_stored_login() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    // Spent by a sibling that has stored the successor since.
    put(&store, "a2", Some("r2"), None).await;
    rig.open("r2");
    let jwt = rig.builder().refresh_token("r1").account(USER).store(store.clone()).build().unwrap();
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "a2");
    assert_eq!(rig.count("/refresh"), 1);
    assert_eq!(stored(&store).await, pair("a2", "r2"));
    assert!(record(&store).await.unwrap().lease.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_access_token_without_a_refresh_token_gives_way_to_the_stored_login() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap().authorize(&cx()).await.unwrap();
    let given = || rig.builder().tokens(Tokens::new("given").expires_in(secs(60))).store(store.clone());
    let (named, unnamed) = (given().account(USER).build().unwrap(), given().build().unwrap());
    assert_eq!(token(&named.authorize(&cx()).await.unwrap()), "given");
    assert_eq!(token(&unnamed.authorize(&cx()).await.unwrap()), "given");
    advance(secs(61)).await;
    assert_eq!(token(&named.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    // Whose token it was is not known, so it does not go on as somebody else.
    assert_eq!(unnamed.authorize(&cx()).await.unwrap_err().kind(), Kind::SessionExpired);
}

#[tokio::test(start_paused = true)]
async fn tokens_without_an_account_leave_the_logins_of_others_alone() {
    for with_access in [false, true] {
        let (rig, store) = (Rig::default(), MemoryStore::new());
        put(&store, "theirs", Some("theirs-r"), None).await;
        rig.open("r0");
        let tokens = Tokens::new("a0").refresh_token("r0").expires_in(std::time::Duration::from_nanos(1));
        let builder = rig.builder().store(store.clone());
        let builder = if with_access { builder.tokens(tokens) } else { builder.refresh_token("r0") };
        let jwt = builder.build().unwrap();
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
        assert_eq!(held(&store, USER).await.as_deref(), Some("theirs"));
        assert_eq!(held(&store, "").await.as_deref(), Some("s3cr3t-a1"));
        assert!(jwt.logout().await.is_complete());
        assert_eq!(held(&store, USER).await.as_deref(), Some("theirs"));
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_of_the_program_go_before_an_older_login_of_the_store() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    put_for(&store, "", "old", Some("old-r"), None).await;
    rig.open("r0");
    let tokens = Tokens::new("a0").refresh_token("r0").expires_in(secs(60));
    let jwt = rig.builder().tokens(tokens).store(store.clone()).build().unwrap();
    assert_eq!(token(&jwt.ready(&cx()).unwrap()), "a0");
    advance(secs(61)).await;
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    assert_eq!(held(&store, "").await.as_deref(), Some("s3cr3t-a1"));
}

#[tokio::test(start_paused = true)]
async fn a_token_of_the_program_that_may_be_spent_rests_beside_an_older_login_too() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    put(&store, "old", Some("old-r"), None).await;
    rig.open("r0");
    let run = || {
        let tokens = Tokens::new("a0").refresh_token("r0").expires_in(secs(3600));
        rig.builder().account(USER).tokens(tokens).store(store.clone()).build().unwrap()
    };
    let jwt = run();
    rig.fail([Fault::Transport(TransportErrorKind::NotSent), Fault::LostAnswer]);
    // One that was surely not sent is as good as before.
    assert_eq!(jwt.refresh_now().await.unwrap_err().kind(), Kind::Unavailable);
    assert!(record(&store).await.unwrap().intent.is_none());
    assert!(!jwt.watch().status().unsettled);
    assert_eq!(jwt.refresh_now().await.unwrap_err().kind(), Kind::Interrupted);
    assert!(jwt.watch().status().unsettled);
    for jwt in [jwt.clone(), run()] {
        assert_eq!(jwt.refresh_now().await.unwrap_err().kind(), Kind::Interrupted);
        assert!(jwt.watch().status().unsettled);
        assert_eq!(rig.count("/refresh"), 2);
        let record = record(&store).await.unwrap();
        assert!(record.lease.is_none() && !record.is_unsettled());
    }
    // Whoever refreshes the older login writes an intent of its own.
    let key = server().account(USER);
    let mut refreshed = store.read(&key).await.unwrap().unwrap();
    (refreshed.record.intent, refreshed.record.write) = (None, crate::RandomId::random());
    let _ = store.compare_and_set(&key, Some(refreshed.revision), &refreshed.record).await.unwrap();
    assert_eq!(jwt.refresh_now().await.unwrap_err().kind(), Kind::Interrupted);
    assert_eq!(rig.count("/refresh"), 2);
    advance(secs(3500)).await;
    for _ in 0..10 {
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "a0");
        advance(secs(6)).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(rig.count("/refresh"), 2);
    // Rather than show it again, the stored login is used.
    advance(secs(100)).await;
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "old");
    assert_eq!(rig.count("/refresh"), 2);
    assert!(record(&store).await.unwrap().intent.is_none() && !jwt.watch().status().unsettled);
}

#[tokio::test(start_paused = true)]
async fn a_session_without_an_account_never_goes_on_as_somebody_elses() {
    let alices = Tokens::new("alice-a").refresh_token("alice-r").expires_in(secs(3600));
    // Alice's session is in the record, and Bob's takes its place.
    let (rig, store) = (Rig::default(), MemoryStore::new());
    let alice = rig.builder().refresh_token("alice-r").store(store.clone()).build().unwrap();
    rig.open("alice-r");
    assert_eq!(token(&alice.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    let mut lost = alice.lost_sessions();
    rig.open("bob-r");
    let bob = rig.builder().refresh_token("bob-r").store(store.clone()).build().unwrap();
    assert_eq!(token(&bob.authorize(&cx()).await.unwrap()), "s3cr3t-a2");
    // The access token in hand is used while it works.
    advance(secs(3500)).await;
    assert_eq!(token(&alice.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    assert!(alice.refresh_now().await.unwrap_err().to_string().contains("name the account"));
    assert_eq!(token(&alice.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    advance(secs(200)).await;
    let error = alice.authorize(&cx()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::SessionExpired);
    assert!(error.to_string().contains("name the account"), "{error}");
    assert!(lost.next().await.is_some());
    assert!(alice.settle(secs(60)).await);
    assert_eq!(rig.count("/logout"), 0, "the server takes no logout without an access token that works");
    // Tokens of hers that are refused do not make her Bob either, and she cannot log him out.
    for with_access in [false, true] {
        let (rig, store) = (Rig::default(), MemoryStore::new());
        put_for(&store, "", "bob-a", Some("bob-r"), None).await;
        let builder = rig.builder().store(store.clone());
        let builder =
            if with_access { builder.tokens(alices.clone()) } else { builder.refresh_token("alice-r") };
        let alice = builder.build().unwrap();
        if with_access {
            let found = alice.authorize(&cx()).await.unwrap();
            assert_eq!(alice.rejected(found.generation()), crate::Recourse::Retry);
        }
        assert_eq!(alice.authorize(&cx()).await.unwrap_err().kind(), Kind::SessionExpired);
        drop(alice.logout().await);
        assert_eq!(held(&store, "").await.as_deref(), Some("bob-a"));
        // Nor does a program that was given nothing.
        let stranger = rig.builder().store(store.clone()).build().unwrap();
        assert_eq!(stranger.authorize(&cx()).await.unwrap_err().kind(), Kind::NotConfigured);
        drop(stranger.logout().await);
        assert_eq!(held(&store, "").await.as_deref(), Some("bob-a"));
        assert_eq!(rig.count("/refresh"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_program_without_an_account_goes_on_as_nobody_whose_tokens_another_program_was_given() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    put(&store, "mona-a", Some("mona-r"), None).await;
    rig.open("bot-r");
    let bot = rig.builder().refresh_token("bot-r").store(store.clone()).build().unwrap();
    assert_eq!(token(&bot.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    let jwt = rig.builder().store(store.clone()).build().unwrap();
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "mona-a");
}

#[tokio::test(start_paused = true)]
async fn a_token_of_the_program_is_not_spent_again_by_the_next_run() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    rig.open("r0");
    let run = || rig.builder().refresh_token("r0").store(store.clone()).build().unwrap();
    assert_eq!(token(&run().authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    assert_eq!(token(&run().authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    advance(secs(3601)).await;
    let later = run();
    assert_eq!(later.authorize(&cx()).await.map(|given| token(&given).to_owned()).unwrap(), "s3cr3t-a1");
    assert_eq!(rig.count("/refresh"), 1);
    assert!(later.logout().await.is_complete());
    assert_eq!(run().authorize(&cx()).await.unwrap_err().kind(), Kind::SessionExpired);
    assert_eq!(rig.count("/refresh"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_the_program_is_not_spent_again_after_a_login_took_the_place_of_its_session() {
    let (rig, store) = (Rig::default(), MemoryStore::new());
    let begin = |given: &str| rig.builder().account(USER).refresh_token(given).store(store.clone());
    for given in ["r0", "r00"] {
        rig.open(given);
        begin(given).build().unwrap().authorize(&cx()).await.unwrap();
        let by_hand = rig.builder().login(USER, PASSWORD).store(store.clone()).build().unwrap();
        by_hand.login().await.unwrap();
        // The login is the newest session of the account, and the token is known to be spent.
        let present = begin("r0").build().unwrap().authorize(&cx()).await.unwrap();
        assert_eq!(held(&store, USER).await.as_deref(), Some(token(&present)));
        assert!(by_hand.logout().await.is_complete());
        let refused = begin("r0").build().unwrap().authorize(&cx()).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::SessionExpired);
    }
    assert_eq!(rig.count("/refresh"), 2);
    begin("r00").login(USER, PASSWORD).build().unwrap().authorize(&cx()).await.unwrap();
    assert_eq!((rig.count("/refresh"), rig.count("/login")), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn tokens_of_one_account_that_could_not_be_stored_are_stored_after_a_login_as_another() {
    let (rig, store) = (Rig::default(), Broken::default());
    put_for(&store, "noah", "a0", Some("r0"), past()).await;
    rig.open("r0");
    let jwt = rig.builder().account("noah").store(store.clone()).build().unwrap();
    store.set(|faults| faults.save = Some(StoreErrorKind::Unavailable));
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
    jwt.login_as(USER, PASSWORD).await.unwrap();
    store.set(|faults| faults.save = None);
    assert!(jwt.settle(secs(60)).await);
    for (account, access) in [("noah", "s3cr3t-a1"), (USER, "s3cr3t-a2")] {
        assert_eq!(held(&store, account).await.as_deref(), Some(access));
    }
    assert!(!jwt.watch().status().unsaved);
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
