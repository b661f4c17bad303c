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
    record.lease = Some(Lease { holder, renewals: 0, length, exchange: length });
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
    std::fs::write(&old, "{}").unwrap();
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
