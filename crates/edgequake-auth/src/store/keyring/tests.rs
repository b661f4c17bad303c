use std::collections::HashMap;
use std::sync::{Condvar, Mutex};

use super::*;

/// A keyring in memory that can be broken, or can wait for somebody who never comes.
#[derive(Debug, Default)]
struct Mock {
    entries: Mutex<HashMap<String, Vec<u8>>>,
    broken: Mutex<bool>,
    locked: (Mutex<bool>, Condvar),
}

impl Mock {
    fn reach(&self) -> Result<(), VaultError> {
        let locked = self.locked.0.lock().unwrap();
        drop(self.locked.1.wait_while(locked, |locked| *locked).unwrap());
        if *self.broken.lock().unwrap() { Err(VaultError::Unavailable("no such bus".into())) } else { Ok(()) }
    }

    fn lock(&self, locked: bool) {
        *self.locked.0.lock().unwrap() = locked;
        self.locked.1.notify_all();
    }
}

impl Vault for Arc<Mock> {
    fn get(&self, _: &str, user: &str) -> Result<Secret, VaultError> {
        self.reach()?;
        let entries = self.entries.lock().unwrap();
        let bytes = entries.get(user).ok_or(VaultError::NoEntry)?;
        String::from_utf8(bytes.clone()).map(Secret::new).map_err(|_| VaultError::Unreadable)
    }

    fn set(&self, _: &str, user: &str, secret: &[u8]) -> Result<(), VaultError> {
        self.reach()?;
        self.entries.lock().unwrap().insert(user.to_owned(), secret.to_vec());
        Ok(())
    }

    fn delete(&self, _: &str, user: &str) -> Result<(), VaultError> {
        self.reach()?;
        self.entries.lock().unwrap().remove(user).map(drop).ok_or(VaultError::NoEntry)
    }
}

fn mona() -> LoginKey {
    ServerKey::new("https://api.example.com".parse().unwrap(), "").account("mona")
}

fn store(mock: &Arc<Mock>, folder: &tempfile::TempDir) -> KeyringStore {
    KeyringStore::over(Arc::clone(mock), folder.path().join("records"))
}

fn login(access: &str) -> Record {
    let tokens = super::super::StoredTokens::new(Some(access.into()), Some(format!("r-{access}").into()));
    Record::new(tokens, std::time::SystemTime::now())
}

async fn put(store: &KeyringStore, record: &Record) -> Result<Swap, StoreError> {
    let present = store.read(&mona()).await?.map(|stored| stored.revision);
    store.compare_and_set(&mona(), present, record).await
}

/// Everything in the files.
fn files(folder: &tempfile::TempDir) -> String {
    let mut text = String::new();
    for login in std::fs::read_dir(folder.path().join("records")).unwrap() {
        for file in std::fs::read_dir(login.unwrap().path()).unwrap() {
            text.push_str(&std::fs::read_to_string(file.unwrap().path()).unwrap());
        }
    }
    text
}

#[tokio::test]
async fn each_version_is_an_entry_and_the_files_hold_no_token() {
    let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
    let store = store(&mock, &folder);
    assert!(store.latest(mona().server()).await.unwrap().is_none());
    for n in 1..4 {
        let record = login(&format!("s3cr3t-{n}"));
        let _ = put(&store, &record).await.unwrap();
        assert_eq!(store.read(&mona()).await.unwrap().unwrap().record, record);
        assert_eq!(mock.entries.lock().unwrap().len(), 1);
    }
    assert_eq!(store.latest(mona().server()).await.unwrap().as_deref(), Some("mona"));
    assert!(!files(&folder).contains("s3cr3t"));
    // Of two writers one wins, and the entry of the other is gone.
    assert_eq!(
        store.compare_and_set(&mona(), Some(Revision(2)), &login("late")).await.unwrap(),
        Swap::Conflict
    );
    assert_eq!(mock.entries.lock().unwrap().len(), 1);
    // The end of a login takes its entry away.
    let mut ended = store.read(&mona()).await.unwrap().unwrap().record;
    let at = std::time::SystemTime::now();
    ended.status = Status::Ended { reason: super::super::EndReason::LoggedOut, at };
    let _ = put(&store, &ended).await.unwrap();
    assert!(mock.entries.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_entry_that_was_removed_is_a_login_without_tokens() {
    let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
    let store = store(&mock, &folder);
    let _ = put(&store, &login("a1")).await.unwrap();
    mock.entries.lock().unwrap().clear();
    let record = store.read(&mona()).await.unwrap().unwrap().record;
    assert!(
        record.tokens().is_some_and(|tokens| tokens.access_token.is_none() && tokens.refresh_token.is_none())
    );
    let _ = put(&store, &login("a2")).await.unwrap();
    assert_eq!(mock.entries.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_broken_keyring_is_an_error() {
    let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
    let store = store(&mock, &folder);
    let record = login("a1");
    let _ = put(&store, &record).await.unwrap();
    *mock.broken.lock().unwrap() = true;
    for error in [
        store.read(&mona()).await.unwrap_err(),
        store.latest(mona().server()).await.unwrap_err(),
        store.compare_and_set(&mona(), Some(Revision(1)), &login("a2")).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert!(error.to_string().contains("keep logins in a file"), "{error}");
    }
    *mock.broken.lock().unwrap() = false;
    assert_eq!(store.read(&mona()).await.unwrap().unwrap().record, record);
}

#[tokio::test]
async fn an_entry_that_is_damaged_is_told_without_showing_it() {
    let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
    let store = store(&mock, &folder);
    let _ = put(&store, &login("a1")).await.unwrap();
    let name = mock.entries.lock().unwrap().keys().next().unwrap().clone();
    for content in [&b"s3cr3t"[..], b"\xff\xfe"] {
        mock.entries.lock().unwrap().insert(name.clone(), content.to_vec());
        let error = store.read(&mona()).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt);
        assert!(!format!("{error} {error:?}").contains("s3cr3t"));
    }
}

#[tokio::test]
async fn a_keyring_that_waits_for_its_user_ends_by_the_time_limit_and_blocks_nobody() {
    let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
    let patient = store(&mock, &folder).time_limit(Duration::from_secs(60));
    let _ = put(&patient, &login("a1")).await.unwrap();
    let store = patient.clone().time_limit(Duration::from_millis(20));
    mock.lock(true);
    // On a runtime with one thread: if the call blocked it, this task could not run meanwhile.
    let other = tokio::spawn(async { tokio::task::yield_now().await });
    for _ in 0..3 {
        let error = store.read(&mona()).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Busy);
    }
    assert!(other.is_finished());
    mock.lock(false);
    assert!(patient.read(&mona()).await.unwrap().is_some());
}

#[tokio::test]
async fn debug_shows_no_login() {
    let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
    let store = store(&mock, &folder);
    let _ = put(&store, &login("s3cr3t-a")).await.unwrap();
    let shown = format!("{store:?}");
    assert!(shown.contains("edgequake") && !shown.contains("s3cr3t"), "{shown}");
}

#[tokio::test]
async fn the_contract_holds() {
    let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
    super::super::contract::check(|| store(&mock, &folder)).await;
}
