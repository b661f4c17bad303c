use std::collections::HashMap;
use std::sync::{Condvar, Mutex};

use edgequake_types::Secret;

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

fn api() -> Origin {
    "https://api.example.com".parse().unwrap()
}

fn store(mock: &Arc<Mock>, folder: &tempfile::TempDir) -> KeyringStore {
    KeyringStore::over(Arc::clone(mock)).lock_file(folder.path().join("lock"))
}

#[tokio::test]
async fn logins_of_an_origin_share_an_entry_that_goes_with_the_last_of_them() {
    let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
    let store = store(&mock, &folder);
    assert!(store.load(&api(), None).await.unwrap().is_none());
    store.save(&api(), &StoredLogin::new("mona", "a1")).await.unwrap();
    store.save(&api(), &StoredLogin::new("noah", "a2")).await.unwrap();
    assert_eq!(store.load(&api(), None).await.unwrap().unwrap().user, "noah");
    assert_eq!(store.load(&api(), Some("mona")).await.unwrap().unwrap().access_token.expose(), "a1");
    assert_eq!(mock.entries.lock().unwrap().len(), 1);
    store.clear(&api(), "noah").await.unwrap();
    store.clear(&api(), "mona").await.unwrap();
    store.clear(&api(), "mona").await.unwrap();
    assert!(mock.entries.lock().unwrap().is_empty());
}

#[tokio::test]
async fn no_entry_is_logged_out_and_a_broken_keyring_is_an_error() {
    let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
    let store = store(&mock, &folder);
    store.save(&api(), &StoredLogin::new("mona", "a1")).await.unwrap();
    *mock.broken.lock().unwrap() = true;
    for error in [
        store.load(&api(), None).await.unwrap_err(),
        store.save(&api(), &StoredLogin::new("mona", "a2")).await.unwrap_err(),
        store.clear(&api(), "mona").await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert!(error.to_string().contains("keep logins in a file"), "{error}");
    }
    *mock.broken.lock().unwrap() = false;
    assert_eq!(store.load(&api(), None).await.unwrap().unwrap().access_token.expose(), "a1");
}

#[tokio::test]
async fn a_foreign_entry_is_left_alone() {
    let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
    let store = store(&mock, &folder);
    for content in [&b"s3cr3t"[..], b"\xff\xfe"] {
        mock.entries.lock().unwrap().insert(api().to_string(), content.to_vec());
        let error = store.save(&api(), &StoredLogin::new("mona", "a1")).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt);
        assert!(!format!("{error} {error:?}").contains("s3cr3t"));
        assert_eq!(mock.entries.lock().unwrap()[&api().to_string()], content);
    }
}

#[tokio::test]
async fn a_keyring_that_waits_for_its_user_ends_by_the_time_limit_and_blocks_nobody() {
    let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
    let patient = store(&mock, &folder).time_limit(Duration::from_secs(60));
    patient.save(&api(), &StoredLogin::new("mona", "a1")).await.unwrap();
    let store = patient.clone().time_limit(Duration::from_millis(20));
    mock.lock(true);
    // On a runtime with one thread: if the call blocked it, this task could not run meanwhile.
    let other = tokio::spawn(async { tokio::task::yield_now().await });
    for _ in 0..3 {
        let error = store.load(&api(), None).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Busy);
    }
    assert!(other.is_finished());
    mock.lock(false);
    assert!(patient.load(&api(), None).await.unwrap().is_some());
}

#[tokio::test]
async fn debug_shows_no_login() {
    let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
    let store = store(&mock, &folder);
    store.save(&api(), &StoredLogin::new("mona", "s3cr3t-a")).await.unwrap();
    let shown = format!("{store:?}");
    assert!(shown.contains("edgequake") && !shown.contains("s3cr3t"), "{shown}");
}
