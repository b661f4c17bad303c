//! A Redis that ends, comes back, forgets, or goes silent.

use std::time::Duration;

use edgequake_auth::{StoreErrorKind, Swap, TokenStore as _};

use crate::server::{Server, access, login, mona, put, until};

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn with_persistence_a_restart_is_not_even_noticed() {
    let mut server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]).await;
    let store = server.store();
    for turn in 0..3 {
        let token = format!("a{turn}");
        put(&store, &login(&token)).await;
        server.kill().await;
        server.begin().await;
        assert_eq!(access(&store).await, Some(token));
        server.kill().await;
        server.begin().await;
    }
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn without_persistence_a_restart_is_told_and_a_login_begins_anew() {
    let mut server = Server::start(&[]).await;
    let (one, two) = (server.store(), server.store());
    put(&one, &login("a1")).await;
    assert_eq!(access(&two).await.as_deref(), Some("a1"));
    server.kill().await;
    server.begin().await;
    for store in [&one, &two, &one] {
        let error = store.read(&mona()).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::WentBack);
        insta::allow_duplicates! {
            insta::assert_snapshot!(error, @"Redis has lost writes of the login under edgequake:login:{https://eq.example.com}:mona that it had confirmed (restarted without persistence, failed over, or the key was deleted or evicted): log in again");
        }
    }
    assert!(matches!(one.compare_and_set(&mona(), None, &login("a2")).await.unwrap(), Swap::Done(_)));
    for store in [&one, &two] {
        assert_eq!(access(store).await.as_deref(), Some("a2"));
    }
    // Now there is something again, and nobody begins anew over it.
    assert_eq!(two.compare_and_set(&mona(), None, &login("a3")).await.unwrap(), Swap::Conflict);
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn an_older_copy_is_told_and_written_over_only_by_a_login() {
    let mut server = Server::start(&[]).await;
    let store = server.store();
    let old = put(&store, &login("a1")).await;
    let (): () = server.command(&["SAVE"]).await;
    let dump = server.folder.path().join("dump.rdb");
    until(async || dump.exists()).await;
    let new = put(&store, &login("a2")).await;
    server.kill().await;
    server.begin().await;
    let found: String =
        server.command(&["HGET", "edgequake:login:{https://eq.example.com}:mona", "revision"]).await;
    assert_eq!(found, old.0.to_string(), "the copy is from before");
    assert_eq!(store.read(&mona()).await.unwrap_err().kind(), StoreErrorKind::WentBack);
    assert_eq!(store.compare_and_set(&mona(), Some(new), &login("a3")).await.unwrap(), Swap::Conflict);
    match store.compare_and_set(&mona(), None, &login("a4")).await.unwrap() {
        Swap::Done(revision) => assert!(revision > new, "{revision:?} {new:?}"),
        Swap::Conflict => panic!("what is left counts as nothing"),
    }
    assert_eq!(access(&store).await.as_deref(), Some("a4"));
}

#[cfg(unix)]
#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn a_redis_that_stands_still_costs_its_limit_and_is_found_again() {
    let server = Server::start(&[]).await;
    let store = server.builder().time_limit(Duration::from_millis(300)).build().unwrap();
    put(&store, &login("a1")).await;
    let signal = |name: &str| {
        let pid = server.pid().to_string();
        assert!(std::process::Command::new("kill").args([name, &pid]).status().unwrap().success());
    };
    signal("-STOP");
    let error = store.read(&mona()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Busy, "{error}");
    signal("-CONT");
    assert_eq!(access(&store).await.as_deref(), Some("a1"));
}
