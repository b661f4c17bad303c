//! Logins of version 0.1: each is taken over once, whoever is killed or waits meanwhile.

use super::*;

#[tokio::test]
async fn logins_of_version_0_1_move_here_once() {
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
    // Once: what became of it since is not undone, and 0.1 finds it no more.
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

/// A token file of version 0.1 with Mona's login and Noah's.
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
    // What a program of version 0.1 has saved there since is its own.
    legacy(&file, "r9");
    assert_eq!(store().read(&mona()).await.unwrap().unwrap().record, record);
    assert!(left().contains("mona"), "{}", left());
}

#[tokio::test]
async fn a_program_of_version_0_1_that_holds_its_lock_delays_no_read() {
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

#[tokio::test]
async fn whoever_waits_for_the_lock_of_version_0_1_keeps_nobody_elses_login_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("logins.json");
    let store = FileStore::new(folder.path().join("logins")).adopting(&file);
    let api = server("https://api.example.com");
    let _ = put(&store, &api.account("olga"), &login("olga")).await.unwrap();
    legacy(&file, "r1");
    let lock = fs::File::create(folder.path().join("logins.json.lock")).unwrap();
    lock.lock().unwrap();
    // As many as there are turns.
    let waiting = ["mona", "noah"].map(|account| {
        let (store, key) = (store.clone(), api.account(account));
        tokio::spawn(async move { token(&store, &key).await })
    });
    for _ in 0..8 {
        assert_eq!(token(&store, &api.account("olga")).await.as_deref(), Some("olga"));
    }
    assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
    drop(lock);
    let [mona, noah] = waiting;
    assert_eq!((mona.await.unwrap().as_deref(), noah.await.unwrap().as_deref()), (Some("a-r1"), Some("a2")));
}
