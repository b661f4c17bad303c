//! Whoever holds a good token, or can load one, waits for nobody.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::broken::{Broken, put_for, server};
use super::rig::{Rig, USER, cx, token};
use crate::{Credentials as _, FileStore, Intent, Lease, RandomId, Swap, TokenStore};

/// A login whose token is good for an hour, and somebody else who has its lease and has begun to refresh it.
async fn put_under_foreign_lease(store: &impl TokenStore) {
    let expires_at = SystemTime::now() + Duration::from_secs(3600);
    put_for(store, USER, "a1", Some("r1"), Some(expires_at)).await;
    let key = server().account(USER);
    let stored = store.read(&key).await.unwrap().unwrap();
    let mut record = stored.record;
    let (holder, length) = (RandomId::from_number(7), Duration::from_secs(1 << 30));
    record.lease =
        Some(Lease { holder, renewals: 0, length, exchange: length, margin: Duration::ZERO, since: None });
    let tokens = record.tokens().unwrap().version;
    record.intent = Some(Intent { tokens, holder, since: SystemTime::now(), inherited: false });
    record.write = RandomId::from_number(8);
    assert!(matches!(
        store.compare_and_set(&key, Some(stored.revision), &record).await.unwrap(),
        Swap::Done(_)
    ));
}

#[tokio::test(start_paused = true)]
async fn a_good_stored_token_is_used_while_a_stranger_holds_the_lease() {
    let (rig, store) = (Rig::default(), Broken::default());
    put_under_foreign_lease(&store).await;
    store.set(|faults| (faults.reads, faults.written) = (0, Vec::new()));
    let start = Instant::now();
    let jwt = rig.builder().account(USER).store(store.clone()).build().unwrap();
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "a1");
    // The clock of the test moves only if somebody waits.
    assert_eq!(start.elapsed(), Duration::ZERO);
    let faults = store.faults.lock().unwrap();
    assert_eq!((faults.reads, faults.written.len()), (1, 0));
    assert!(rig.server.lock().unwrap().requests.is_empty());
}

#[tokio::test(start_paused = true)]
async fn no_lock_on_any_file_of_the_store_is_waited_for() {
    let (rig, folder) = (Rig::default(), tempfile::tempdir().unwrap());
    let (path, old) = (folder.path().join("logins"), folder.path().join("logins.json"));
    put_under_foreign_lease(&FileStore::new(&path)).await;
    // What a killed adoption has left there would be removed under its lock.
    let rest = r#"{"format":"edgequake-logins","version":1,"logins":[
        {"origin":"https://api.example.com","user":"mona@corp.test","access_token":"a1"}]}"#;
    std::fs::write(&old, rest).unwrap();
    std::fs::write(folder.path().join("logins.json.lock"), "").unwrap();
    let mut locked = Vec::new();
    let mut folders = vec![folder.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let file = std::fs::File::open(path).unwrap();
            file.lock().unwrap();
            locked.push(file);
        }
    }
    assert!(locked.len() >= 3, "{locked:?}");
    let start = Instant::now();
    let jwt = rig.builder().account(USER).store(FileStore::new(&path).adopting(&old)).build().unwrap();
    assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "a1");
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert!(rig.server.lock().unwrap().requests.is_empty());
}

/// Everything is where a program of the former format left it, which was stopped in the middle of its work.
#[tokio::test(start_paused = true)]
async fn a_good_token_in_a_former_file_is_used_and_a_login_stored_while_its_lock_is_held() {
    let (rig, folder) = (Rig::default(), tempfile::tempdir().unwrap());
    let old = folder.path().join("logins.json");
    let store = || FileStore::new(folder.path().join("logins")).adopting(&old);
    let expires_at = SystemTime::now() + Duration::from_secs(3600);
    let expires_at = expires_at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let text = format!(
        r#"{{"format":"edgequake-logins","version":1,"logins":[
        {{"origin":"https://api.example.com","user":"mona@corp.test","access_token":"a1","refresh_token":"r1","expires_at":{expires_at}}}]}}"#
    );
    std::fs::write(&old, &text).unwrap();
    let lock = std::fs::File::create(folder.path().join("logins.json.lock")).unwrap();
    lock.lock().unwrap();
    let start = Instant::now();
    for builder in [rig.builder(), rig.builder().account(USER)] {
        let jwt = builder.store(store()).build().unwrap();
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "a1");
    }
    assert!(rig.server.lock().unwrap().requests.is_empty());
    assert_eq!(std::fs::read_to_string(&old).unwrap(), text);
    assert!(!folder.path().join("logins").exists());
    let jwt = rig.builder().account(USER).store(store()).build().unwrap();
    jwt.login_as(USER, super::rig::PASSWORD).await.unwrap();
    assert!(jwt.settle(Duration::from_secs(1)).await && !jwt.watch().status().unsaved);
    assert_eq!(jwt.store_errors(), 0);
    assert_eq!(start.elapsed(), Duration::ZERO);
    // It is what everybody finds, also once the lock is free.
    for _ in 0..2 {
        let jwt = rig.builder().store(store()).build().unwrap();
        assert_eq!(token(&jwt.authorize(&cx()).await.unwrap()), "s3cr3t-a1");
        lock.unlock().unwrap();
    }
}

/// A login whose token has expired, and a lease of somebody who is gone.
async fn put_under_a_lease_that_nobody_holds(store: &impl TokenStore, margin: Duration) {
    put_under_a_lease_of_ten_seconds(store, margin, SystemTime::UNIX_EPOCH).await;
}

async fn put_under_a_lease_of_ten_seconds(store: &impl TokenStore, margin: Duration, expires_at: SystemTime) {
    put_for(store, USER, "a1", Some("r1"), Some(expires_at)).await;
    let key = server().account(USER);
    let stored = store.read(&key).await.unwrap().unwrap();
    let mut record = stored.record;
    let (holder, length, exchange) =
        (RandomId::from_number(7), Duration::from_secs(10), Duration::from_secs(3));
    record.lease = Some(Lease { holder, renewals: 0, length, exchange, margin, since: None });
    record.write = RandomId::from_number(8);
    let _ = store.compare_and_set(&key, Some(stored.revision), &record).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_longer_margin_of_holder_and_waiter_counts() {
    let seconds = Duration::from_secs;
    for (theirs, ours, longer) in [(0, 4, 4), (4, 0, 4), (2, 2, 2), (0, 0, 0)] {
        let (rig, store) = (Rig::default(), Broken::default());
        put_under_a_lease_that_nobody_holds(&store, seconds(theirs)).await;
        rig.open("r1");
        let builder = rig.builder().account(USER).timeout(seconds(1)).lease_margin(seconds(ours));
        let jwt = builder.store(store.clone()).build().unwrap();
        let start = Instant::now();
        jwt.authorize(&cx()).await.unwrap();
        // Its lease, and the exchange that it may have begun at the end.
        let waited = start.elapsed().saturating_sub(seconds(10 + longer + 3 + longer));
        assert!(waited < Duration::from_millis(20), "{theirs} {ours}: {:?}", start.elapsed());
        assert!(
            start.elapsed() >= seconds(10 + longer + 3 + longer),
            "{theirs} {ours}: {:?}",
            start.elapsed()
        );
        let written = store.faults.lock().unwrap().written.clone();
        // The first one is that of the test.
        let lease = written.iter().skip(2).find_map(|record| record.lease.clone()).unwrap();
        // Others would wait for the one before us, too.
        assert_eq!((lease.length, lease.exchange), (seconds(2 + ours), seconds(3)));
        assert_eq!(lease.margin, seconds(longer));
        assert_eq!(jwt.counters().takeovers, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_for_a_moment_does_not_shorten_the_wait_for_who_was_overtaken() {
    let seconds = Duration::from_secs;
    let (rig, store) = (Rig::default(), Broken::default());
    put_under_a_lease_that_nobody_holds(&store, seconds(1)).await;
    // It was about to send the token.
    let key = server().account(USER);
    let stored = store.read(&key).await.unwrap().unwrap();
    let mut record = stored.record;
    let (tokens, holder) = (record.tokens().unwrap().version, RandomId::from_number(7));
    record.intent = Some(Intent { tokens, holder, since: SystemTime::now(), inherited: false });
    let _ = store.compare_and_set(&key, Some(stored.revision), &record).await.unwrap();
    rig.open("r1");
    let builder = rig.builder().account(USER).timeout(seconds(1)).lease_margin(seconds(1));
    let jwt = builder.store(store.clone()).build().unwrap();
    let start = Instant::now();
    let broken = async {
        // It has been overtaken after eleven seconds, and may be at its exchange until the fifteenth.
        tokio::time::sleep(seconds(12)).await;
        store.set(|faults| faults.read = Some(crate::StoreErrorKind::Unavailable));
        tokio::time::sleep(Duration::from_millis(500)).await;
        store.set(|faults| faults.read = None);
    };
    let asked = async {
        while let Err(error) = jwt.authorize(&cx()).await {
            assert!(start.elapsed() < seconds(60), "{error}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::join!(broken, asked);
    assert!(start.elapsed() >= seconds(15), "{:?}", start.elapsed());
    assert_eq!(rig.count("/refresh"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_one_refresh_has_seen_of_a_lease_counts_for_the_next() {
    let seconds = Duration::from_secs;
    let (rig, store) = (Rig::default(), Broken::default());
    put_under_a_lease_that_nobody_holds(&store, seconds(1)).await;
    rig.open("r1");
    let builder = rig.builder().account(USER).timeout(seconds(1)).lease_margin(seconds(1));
    let jwt = builder.store(store.clone()).build().unwrap();
    let start = Instant::now();
    let broken = async {
        // Each time the refresh that watches the lease ends.
        for _ in 0..3 {
            tokio::time::sleep(seconds(3)).await;
            store.set(|faults| faults.read = Some(crate::StoreErrorKind::Unavailable));
            tokio::time::sleep(Duration::from_millis(300)).await;
            store.set(|faults| faults.read = None);
        }
    };
    let asked = async {
        while let Err(error) = jwt.authorize(&cx()).await {
            assert!(start.elapsed() < seconds(60), "{error}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::join!(broken, asked);
    // The lease of ten seconds, the exchange of three after it, and a margin for each.
    let waited = start.elapsed();
    assert!((seconds(15)..seconds(16)).contains(&waited), "{waited:?}");
    assert_eq!((rig.count("/refresh"), jwt.counters().takeovers), (1, 1));
}

/// How long a process that has just begun waits for a lease that, by the record, somebody took at a time before now.
async fn waited_for_a_lease_taken(before: Duration, after_the_login: bool, in_lease: bool) -> Duration {
    let (rig, store, clock) = (Rig::default(), Broken::default(), super::rig::TestClock::new());
    put_under_a_lease_that_nobody_holds(&store, Duration::from_secs(1)).await;
    let key = server().account(USER);
    let stored = store.read(&key).await.unwrap().unwrap();
    let mut record = stored.record;
    let since = SystemTime::UNIX_EPOCH + crate::clock::Clock::now(&*clock).wall - before;
    record.started = if after_the_login { SystemTime::UNIX_EPOCH } else { since + Duration::from_secs(1) };
    let (tokens, holder) = (record.tokens().unwrap().version, RandomId::from_number(7));
    if in_lease {
        record.lease.as_mut().unwrap().since = Some(since);
    } else {
        // As an earlier version tells it.
        record.intent = Some(Intent { tokens, holder, since, inherited: false });
    }
    let _ = store.compare_and_set(&key, Some(stored.revision), &record).await.unwrap();
    rig.open("r1");
    let builder = rig.builder().account(USER).timeout(Duration::from_secs(1));
    let builder = builder.lease_margin(Duration::from_secs(1)).clock(clock);
    let jwt = builder.store(store.clone()).build().unwrap();
    let start = Instant::now();
    jwt.authorize(&cx()).await.unwrap();
    assert_eq!((rig.count("/refresh"), jwt.counters().takeovers), (1, 1));
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_over_for_hours_is_not_watched_first() {
    // It lasts ten seconds, and the exchange after it three, with a second for each; and clocks may be two hours apart.
    let over = Duration::from_secs(10 + 3 + 2 + 2 * 3600);
    for in_lease in [false, true] {
        // The clock may have been set since, and the holder may be at its exchange: that is waited for.
        let waited = waited_for_a_lease_taken(over + Duration::from_secs(1), true, in_lease).await;
        assert!((Duration::from_secs(4)..Duration::from_secs(5)).contains(&waited), "{waited:?}");
        for young in [Duration::ZERO, over - Duration::from_secs(60)] {
            assert!(
                waited_for_a_lease_taken(young, true, in_lease).await >= Duration::from_secs(15),
                "{young:?}"
            );
        }
        // A holder whose clock was behind the beginning of the session.
        let odd = waited_for_a_lease_taken(over + Duration::from_secs(1), false, in_lease).await;
        assert!(odd >= Duration::from_secs(15), "{odd:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_was_seen_to_change_is_watched_whatever_the_wall_clock_says() {
    let seconds = Duration::from_secs;
    let (rig, store, clock) = (Rig::default(), Broken::default(), super::rig::TestClock::new());
    put_under_a_lease_that_nobody_holds(&store, seconds(1)).await;
    let key = server().account(USER);
    // It lives: its lease is prolonged while we wait, by a clock that is a day behind.
    let prolong = async {
        for renewals in 1..4 {
            tokio::time::sleep(seconds(1)).await;
            let stored = store.read(&key).await.unwrap().unwrap();
            let mut record = stored.record;
            let (tokens, holder) = (record.tokens().unwrap().version, RandomId::from_number(7));
            let since = SystemTime::UNIX_EPOCH + crate::clock::Clock::now(&*clock).wall - seconds(86400);
            record.started = since;
            record.intent = Some(Intent { tokens, holder, since, inherited: false });
            record.lease.as_mut().unwrap().renewals = renewals;
            record.write = RandomId::random();
            let _ = store.compare_and_set(&key, Some(stored.revision), &record).await.unwrap();
        }
    };
    rig.open("r1");
    let builder = rig.builder().account(USER).timeout(seconds(1)).lease_margin(seconds(1));
    let jwt = builder.clock(clock.clone()).store(store.clone()).build().unwrap();
    let start = Instant::now();
    let cx = cx();
    let (_, asked) = tokio::join!(prolong, jwt.authorize(&cx));
    asked.unwrap();
    // From its last sign of life.
    let waited = start.elapsed();
    assert!((seconds(3 + 15)..seconds(3 + 16)).contains(&waited), "{waited:?}");
    assert_eq!(rig.count("/refresh"), 1);
}

#[tokio::test(start_paused = true)]
async fn no_lease_is_believed_to_last_for_longer_than_any_may() {
    let (rig, store) = (Rig::default(), Broken::default());
    put_for(&store, USER, "a1", Some("r1"), Some(SystemTime::UNIX_EPOCH)).await;
    let key = server().account(USER);
    let stored = store.read(&key).await.unwrap().unwrap();
    let mut record = stored.record;
    let (holder, age) = (RandomId::from_number(7), Duration::from_secs(1 << 40));
    record.lease = Some(Lease { holder, renewals: 0, length: age, exchange: age, margin: age, since: None });
    let _ = store.compare_and_set(&key, Some(stored.revision), &record).await.unwrap();
    rig.open("r1");
    let jwt = rig.builder().account(USER).store(store).build().unwrap();
    let start = Instant::now();
    jwt.authorize(&cx()).await.unwrap();
    // Twice ten minutes and five are the longest lease; then ten minutes for an exchange, and five for each.
    let longest = Duration::from_secs(60 * (25 + 10 + 2 * 5));
    let waited = start.elapsed();
    assert!(waited >= longest && waited < longest + Duration::from_secs(1), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_is_asked_for_is_made_also_if_an_early_one_found_somebody_at_it() {
    let (rig, store) = (Rig::default(), Broken::default());
    let expires_at = SystemTime::now() + Duration::from_secs(3600);
    put_under_a_lease_of_ten_seconds(&store, Duration::ZERO, expires_at).await;
    rig.open("r1");
    let jwt = rig.builder().account(USER).store(store.clone()).build().unwrap();
    jwt.authorize(&cx()).await.unwrap();
    tokio::time::advance(Duration::from_secs(3400)).await;
    // It has begun an early refresh, and the one that is asked for joins that.
    assert_eq!(token(&jwt.ready(&cx()).unwrap()), "a1");
    jwt.refresh_now().await.unwrap();
    assert_eq!(token(&jwt.ready(&cx()).unwrap()), "s3cr3t-a1");
    assert_eq!(rig.count("/refresh"), 1);
}
