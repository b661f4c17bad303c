//! What every store must hold, and what is Redis' own: expiry, replicas, clusters.

use std::time::{Duration, SystemTime};

use edgequake_auth::store::contract;
use edgequake_auth::{EndReason, Status, StoreErrorKind, TokenStore as _};

use crate::server::{Server, access, login, mona, put, until};

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn the_contract_holds() {
    let server = Server::start(&[]).await;
    // A connection of its own for each, and one for all.
    contract::check(|| server.store()).await;
    let store = server.store();
    contract::check(|| store.clone()).await;
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn sessions_hold() {
    let server = Server::start(&[]).await;
    edgequake_auth::contract::sessions(|| server.store()).await;
    let store = server.store();
    edgequake_auth::contract::sessions(|| store.clone()).await;
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn logins_do_not_expire_and_what_ended_does() {
    let server = Server::start(&[]).await;
    let store = server.store();
    let key = "edgequake:login:{https://eq.example.com}:mona";
    let mut record = login("a1");
    put(&store, &record).await;
    assert_eq!(server.command::<i64>(&["PTTL", key]).await, -1);
    record.status = Status::ended(EndReason::LoggedOut, SystemTime::now());
    put(&store, &record).await;
    let kept = server.command::<i64>(&["PTTL", key]).await;
    let month = 30 * 24 * 3_600_000;
    assert!((month - 60_000..=month).contains(&kept), "{kept}");
    put(&store, &login("a2")).await;
    assert_eq!(server.command::<i64>(&["PTTL", key]).await, -1);

    // What has expired rightly was not lost, and is off the list.
    put(&store, &record).await;
    let (): () = server.command(&["DEL", key]).await;
    assert!(store.read(&mona()).await.unwrap().is_none());
    assert_eq!(store.latest(mona().server()).await.unwrap(), None);
    let keys: Vec<String> = server.command(&["KEYS", "*"]).await;
    assert!(keys.is_empty(), "{keys:?}");
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn a_write_waits_for_replicas_if_told_to() {
    let primary = Server::start(&["--port", "0"]).await;
    let store = primary.builder().replicas(1).time_limit(Duration::from_millis(400)).build().unwrap();
    let record = login("a1");
    let error = store.compare_and_set(&mona(), None, &record).await.unwrap_err();
    insta::assert_snapshot!(error, @"0 of 1 replicas of Redis have confirmed the login in time");
    // It has happened, and whoever wrote it knows it.
    assert_eq!(store.read(&mona()).await.unwrap().unwrap().record.write, record.write);
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn a_write_that_waits_for_replicas_keeps_no_reader_waiting() {
    let primary = Server::start(&[]).await;
    let store = primary.builder().replicas(1).time_limit(Duration::from_secs(20)).build().unwrap();
    let writing = tokio::spawn({
        let store = store.clone();
        async move { store.compare_and_set(&mona(), None, &login("a1")).await }
    });
    until(async || primary.command::<String>(&["INFO", "clients"]).await.contains("blocked_clients:1")).await;
    assert_eq!(access(&store).await.as_deref(), Some("a1"));
    assert_eq!(store.latest(mona().server()).await.unwrap().as_deref(), Some("mona"));
    assert!(!writing.is_finished(), "it has ten seconds");
    writing.abort();
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn the_last_login_is_found_behind_many_that_have_expired() {
    let server = Server::start(&[]).await;
    let store = server.store();
    put(&store, &login("a1")).await;
    let list = "edgequake:logins:{https://eq.example.com}";
    for number in 0..50 {
        let account = format!("gone-{number}");
        let (): () = server.command(&["ZADD", list, "9e15", &account]).await;
    }
    assert_eq!(store.latest(mona().server()).await.unwrap().as_deref(), Some("mona"));
    assert_eq!(server.command::<Vec<String>>(&["ZRANGE", list, "0", "-1"]).await, ["mona"]);
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn what_is_under_the_key_and_is_no_login_is_left_alone() {
    let server = Server::start(&[]).await;
    let key = "edgequake:login:{https://eq.example.com}:mona";
    for (words, text) in [
        (&["SET", key, "s3cr3t"][..], "choose another key prefix"),
        (&["HSET", key, "other", "s3cr3t"], "choose another key prefix"),
        (&["HSET", key, "revision", "1", "record", "s3cr3t"], "cannot be read"),
        (&["HSET", key, "revision", "1", "record", "{\"format\":\"s3cr3t\"}"], "cannot be read"),
    ] {
        let (): () = server.command(words).await;
        let store = server.store();
        let error = match store.read(&mona()).await {
            // A hash of somebody else's is no login, and is not written over.
            Ok(_) => store.compare_and_set(&mona(), None, &login("a1")).await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{words:?}: {error}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(text) && !shown.contains("s3cr3t"), "{words:?}: {shown}");
        let (): () = server.command(&["DEL", key]).await;
    }
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn a_database_that_is_not_there_is_told() {
    let server = Server::start(&["--databases", "2"]).await;
    let store = edgequake_redis::RedisStore::new(&format!("{}?db=2", server.url())).unwrap();
    let error = store.read(&mona()).await.unwrap_err();
    insta::assert_snapshot!(error, @"Redis does not have the database in its address: take a lower number, or raise databases");
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn a_redis_that_is_full_refuses_before_anything_is_spent() {
    let server = Server::start(&["--maxmemory", "1", "--maxmemory-policy", "noeviction"]).await;
    let store = server.store();
    let error = store.compare_and_set(&mona(), None, &login("a1")).await.unwrap_err();
    insta::assert_snapshot!(error, @"Redis has no memory left: raise maxmemory, or remove what it need not keep");
    assert!(store.read(&mona()).await.unwrap().is_none());
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn a_cluster_takes_both_keys_of_a_server_in_one_slot() {
    let server = Server::start(&["--cluster-enabled", "yes"]).await;
    let (): () = server.command(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).await;
    until(async || server.command::<String>(&["CLUSTER", "INFO"]).await.contains("cluster_state:ok")).await;
    contract::check(|| server.store()).await;
    contract::check(|| server.builder().key_prefix("{shop}:eq").build().unwrap()).await;
}

#[test]
#[ignore = "needs Redis: cargo xtask redis"]
fn one_store_serves_runtimes_that_come_and_go() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let server = first.block_on(Server::start(&[]));
    let store = server.store();
    first.block_on(put(&store, &login("a1")));
    for _ in 0..3 {
        assert_eq!(runtime().block_on(access(&store)).as_deref(), Some("a1"));
    }
    assert_eq!(first.block_on(access(&store)).as_deref(), Some("a1"));
}
