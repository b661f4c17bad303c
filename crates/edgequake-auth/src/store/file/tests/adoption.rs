//! Logins in the former format: each is taken over once, whoever is killed or waits meanwhile.

use super::*;

#[tokio::test]
async fn logins_in_the_former_format_move_here_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logins.json");
    let text = r#"{"format":"edgequake-logins","version":1,"logins":[
        {"origin":"https://api.example.com","user":"mona","access_token":"a1","refresh_token":"r1","expires_at":1800000000},
        {"origin":"https://api.example.com","user":"noah","access_token":"a2"}]}"#;
    fs::write(&file, text).unwrap();
    let store = || FileStore::new(folder.path().join("logins")).adopting(&file);
    let api = server("https://api.example.com");
    assert_eq!(store().latest(&api).await.unwrap().as_deref(), Some("noah"));
    let adopted = store().read(&mona()).await.unwrap().unwrap();
    let tokens = adopted.record.tokens().unwrap().clone();
    assert_eq!(tokens.refresh_token.unwrap().expose(), "r1");
    assert_eq!(tokens.expires_at, Some(UNIX_EPOCH + std::time::Duration::from_secs(1_800_000_000)));
    // Once: what became of it since is not undone, and programs that use the former format find it no more.
    assert_eq!(store().read(&mona()).await.unwrap().unwrap(), adopted);
    let left = fs::read_to_string(&file).unwrap();
    assert!(!left.contains("mona") && left.contains("noah"), "{left}");
    // Another prefix is another server.
    let below = ServerKey::new("https://api.example.com".parse().unwrap(), "/two");
    assert_eq!(store().read(&below.account("noah")).await.unwrap(), None);
    assert_eq!(token(&store(), &api.account("noah")).await.as_deref(), Some("a2"));
    let damaged = "{\"s3cr3t";
    fs::write(&file, damaged).unwrap();
    assert_eq!(store().read(&api.account("olga")).await.unwrap_err().kind(), StoreErrorKind::Corrupt);
    assert_eq!(fs::read_to_string(&file).unwrap(), damaged);
}

/// A token file of the former format with Mona's login and Noah's.
fn legacy(file: &Path, mona: &str) {
    let text = format!(
        r#"{{"format":"edgequake-logins","version":1,"logins":[
        {{"origin":"https://api.example.com","user":"mona","access_token":"a-{mona}","refresh_token":"{mona}"}},
        {{"origin":"https://api.example.com","user":"noah","access_token":"a2"}}]}}"#
    );
    fs::write(file, text).unwrap();
}

#[tokio::test]
async fn what_a_killed_adoption_left_in_the_old_file_is_removed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logins.json");
    let store = || FileStore::new(folder.path().join("logins")).adopting(&file);
    let left = || fs::read_to_string(&file).unwrap();
    let temporary = folder.path().join(".logins.json.tmp");
    legacy(&file, "r1");
    let adopted = store().read(&mona()).await.unwrap().unwrap();
    // As if it had been killed before it wrote the old file, or while it did.
    legacy(&file, "r1");
    fs::write(&temporary, "r1").unwrap();
    assert_eq!(store().read(&mona()).await.unwrap().unwrap(), adopted);
    assert!(!left().contains("mona") && left().contains("noah"), "{}", left());
    assert!(!temporary.exists());
    // The same once the login was refreshed, and once it has ended.
    let mut record = adopted.record;
    record.status = Status::Active(StoredTokens::new(Some("a3".into()), Some("r3".into())));
    for status in [record.status.clone(), Status::ended(EndReason::LoggedOut, SystemTime::now())] {
        (record.status, record.write) = (status, RandomId::random());
        let _ = put(&store(), &mona(), &record).await.unwrap();
        legacy(&file, "r1");
        assert_eq!(store().read(&mona()).await.unwrap().unwrap().record, record);
        assert!(!left().contains("mona") && left().contains("noah"), "{}", left());
    }
    // What a program that uses the former format has saved there since is its own.
    legacy(&file, "r9");
    assert_eq!(store().read(&mona()).await.unwrap().unwrap().record, record);
    assert!(left().contains("mona"), "{}", left());
}

#[tokio::test]
async fn a_program_of_the_former_format_that_holds_its_lock_delays_no_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logins.json");
    let store = || FileStore::new(folder.path().join("logins")).adopting(&file);
    legacy(&file, "r1");
    let adopted = store().read(&mona()).await.unwrap().unwrap();
    legacy(&file, "r1");
    let lock = fs::File::options().write(true).open(folder.path().join("logins.json.lock")).unwrap();
    lock.lock().unwrap();
    let reader = store();
    assert_eq!(reader.read(&mona()).await.unwrap().unwrap(), adopted);
    assert!(fs::read_to_string(&file).unwrap().contains("mona"));
    // Another time.
    drop(lock);
    assert_eq!(reader.read(&mona()).await.unwrap().unwrap(), adopted);
    assert!(!fs::read_to_string(&file).unwrap().contains("mona"));
}

/// Held until it is dropped, as a program does that uses the former format.
fn hold_lock(folder: &Path) -> fs::File {
    let lock = fs::File::create(folder.join("logins.json.lock")).unwrap();
    lock.lock().unwrap();
    lock
}

/// The first write of a refresh.
fn leased(mut record: Record) -> Record {
    let second = Duration::from_secs(1);
    record.lease = Some(crate::store::Lease {
        holder: RandomId::random(),
        renewals: 0,
        length: second,
        exchange: second,
        margin: second,
        since: None,
    });
    record.write = RandomId::random();
    record
}

#[tokio::test]
async fn while_somebody_has_the_lock_a_login_is_read_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logins.json");
    let store = || FileStore::new(folder.path().join("logins")).adopting(&file);
    legacy(&file, "r1");
    let before = fs::read_to_string(&file).unwrap();
    let lock = hold_lock(folder.path());
    let found = store().read(&mona()).await.unwrap().unwrap();
    assert_eq!(found.record.tokens().unwrap().refresh_token.as_ref().unwrap().expose(), "r1");
    let again = store().read(&mona()).await.unwrap().unwrap();
    assert_eq!((again.revision, again.record.session), (found.revision, found.record.session));
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
    assert!(!folder.path().join("logins").exists());
    // It moves later, as the same session with the same tokens, and what was read is old then.
    drop(lock);
    let moved = store().read(&mona()).await.unwrap().unwrap();
    assert!(moved.revision > found.revision);
    assert_eq!((moved.record.session, moved.record.tokens()), (found.record.session, found.record.tokens()));
    for record in [leased(found.record), login("late")] {
        let swap = store().compare_and_set(&mona(), Some(found.revision), &record).await.unwrap();
        assert_eq!(swap, Swap::Conflict);
    }
    assert!(!fs::read_to_string(&file).unwrap().contains("mona"));
}

#[tokio::test]
async fn while_somebody_has_the_lock_whoever_logs_in_or_out_writes_all_the_same() {
    for ends in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("logins.json");
        let store = FileStore::new(folder.path().join("logins")).adopting(&file);
        legacy(&file, "r1");
        let lock = hold_lock(folder.path());
        let found = store.read(&mona()).await.unwrap().unwrap();
        let mut record = if ends { found.record.clone() } else { login("a9") };
        if ends {
            record.status = Status::ended(EndReason::LoggedOut, SystemTime::now());
            record.write = RandomId::random();
        }
        let swap = store.compare_and_set(&mona(), Some(found.revision), &record).await.unwrap();
        assert!(matches!(swap, Swap::Done(_)));
        assert_eq!(store.read(&mona()).await.unwrap().unwrap().record, record);
        // What it replaces leaves the old file as soon as it can.
        assert!(fs::read_to_string(&file).unwrap().contains("mona"));
        drop(lock);
        assert_eq!(store.read(&mona()).await.unwrap().unwrap().record, record);
        let left = fs::read_to_string(&file).unwrap();
        assert!(!left.contains("mona") && left.contains("noah"), "{left}");
    }
}

#[tokio::test]
async fn a_refresh_waits_for_the_lock_and_tells_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logins.json");
    let store = FileStore::new(folder.path().join("logins")).adopting(&file);
    let store = store.waiting_for_locks(Duration::ZERO);
    legacy(&file, "r1");
    let _lock = hold_lock(folder.path());
    let found = store.read(&mona()).await.unwrap().unwrap();
    let record = leased(found.record);
    let error = store.compare_and_set(&mona(), Some(found.revision), &record).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Busy);
    let text = error.to_string().replace(&folder.path().display().to_string(), "F");
    insta::assert_snapshot!(text, @"a program that uses the former token file holds the lock file F/logins.json.lock for too long: end it, or log in again");
}

#[tokio::test]
async fn whoever_waits_for_the_lock_keeps_nobody_elses_login_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logins.json");
    let store = FileStore::new(folder.path().join("logins")).adopting(&file);
    let api = server("https://api.example.com");
    let _ = put(&store, &api.account("olga"), &login("olga")).await.unwrap();
    legacy(&file, "r1");
    let lock = hold_lock(folder.path());
    // As many as there are turns.
    let waiting = ["mona", "noah"].map(|account| {
        let (store, key) = (store.clone(), api.account(account));
        tokio::spawn(async move {
            let found = store.read(&key).await.unwrap().unwrap();
            store.compare_and_set(&key, Some(found.revision), &leased(found.record)).await.unwrap()
        })
    });
    for _ in 0..8 {
        assert_eq!(token(&store, &api.account("olga")).await.as_deref(), Some("olga"));
    }
    assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
    drop(lock);
    for waiting in waiting {
        assert_eq!(waiting.await.unwrap(), Swap::Conflict, "it has moved");
    }
    assert_eq!(token(&store, &mona()).await.as_deref(), Some("a-r1"));
    assert!(!fs::read_to_string(&file).unwrap().contains("noah"));
}
