mod failed_writes;

use std::collections::HashMap;
use std::sync::{Condvar, Mutex};

use zeroize::Zeroizing;

use super::vault::VaultError;
use super::*;

/// A keyring in memory that can be broken, or can wait for somebody who never comes.
#[derive(Debug, Default)]
struct Mock {
    entries: Mutex<HashMap<String, Vec<u8>>>,
    /// What entries were asked for, by service and name: what a keyring shows without being unlocked.
    names: Mutex<Vec<String>>,
    broken: Mutex<bool>,
    /// Somebody says no to each call.
    denied: Mutex<bool>,
    /// What an entry takes at most, in bytes.
    room: Mutex<Option<usize>>,
    /// How many calls it answers before it breaks.
    left: Mutex<Option<usize>>,
    locked: (Mutex<bool>, Condvar),
}

impl Mock {
    fn name(&self, service: &str, user: &str) {
        self.names.lock().unwrap().push(format!("{service}: {user}"));
    }

    fn reach(&self) -> Result<(), VaultError> {
        let locked = self.locked.0.lock().unwrap();
        drop(self.locked.1.wait_while(locked, |locked| *locked).unwrap());
        if *self.denied.lock().unwrap() {
            return Err(VaultError::Denied("user canceled".into()));
        }
        if let Some(left) = &mut *self.left.lock().unwrap() {
            match left.checked_sub(1) {
                Some(less) => *left = less,
                None => return Err(VaultError::Unavailable("no such bus".into())),
            }
        }
        if *self.broken.lock().unwrap() { Err(VaultError::Unavailable("no such bus".into())) } else { Ok(()) }
    }

    fn lock(&self, locked: bool) {
        *self.locked.0.lock().unwrap() = locked;
        self.locked.1.notify_all();
    }
}

impl Vault for Arc<Mock> {
    fn get(&self, service: &str, user: &str) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        self.name(service, user);
        self.reach()?;
        let entries = self.entries.lock().unwrap();
        entries.get(user).cloned().map(Zeroizing::new).ok_or(VaultError::NoEntry)
    }

    fn set(&self, service: &str, user: &str, secret: &[u8]) -> Result<(), VaultError> {
        self.name(service, user);
        self.reach()?;
        if self.room.lock().unwrap().is_some_and(|room| secret.len() > room) {
            return Err(VaultError::TooLarge);
        }
        self.entries.lock().unwrap().insert(user.to_owned(), secret.to_vec());
        Ok(())
    }

    fn delete(&self, service: &str, user: &str) -> Result<(), VaultError> {
        self.name(service, user);
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

/// Stores over one keyring in memory, as processes of one user have them.
pub(crate) fn in_memory(folder: &tempfile::TempDir) -> impl Fn() -> KeyringStore {
    let mock = Arc::new(Mock::default());
    move || store(&mock, folder)
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
async fn no_entry_is_named_by_a_token() {
    let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
    let store = store(&mock, &folder);
    *mock.room.lock().unwrap() = Some(2_560);
    // One that fits, one that is split, one that was begun with a token in hand and is being refreshed, and the end.
    let _ = put(&store, &login("s3cr3t-1")).await.unwrap();
    let _ = put(&store, &login(&format!("s3cr3t-{}", "x".repeat(6000)))).await.unwrap();
    let mut record = login("s3cr3t-3");
    record.began_with = Some(crate::store::fingerprint(&"s3cr3t-0".into()));
    let (holder, since) = (crate::RandomId::random(), std::time::SystemTime::now());
    let tokens = record.tokens().unwrap().version;
    record.intent = Some(crate::Intent { tokens, holder, since, inherited: false });
    let _ = put(&store, &record).await.unwrap();
    record.status = Status::Ended { reason: super::super::EndReason::LoggedOut, at: since };
    let _ = put(&store, &record).await.unwrap();
    let names = mock.names.lock().unwrap().join("\n");
    assert!(names.contains("part 3") && names.lines().count() > 8, "{names}");
    assert!(names.lines().all(|name| name.starts_with("edgequake: ") && name.contains("mona")), "{names}");
    assert!(!names.contains("s3cr3t") && !files(&folder).contains("s3cr3t"), "{names}");
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
async fn a_login_writes_over_an_entry_that_is_damaged() {
    let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
    let store = store(&mock, &folder);
    for content in [&b"s3cr3t"[..], b"\xff\xfe", b"{\"parts\":65}", b"{\"parts\":2}", b"[]"] {
        let _ = put(&store, &login("a1")).await.unwrap();
        let name = mock.entries.lock().unwrap().keys().next().unwrap().clone();
        mock.entries.lock().unwrap().insert(name, content.to_vec());
        let record = store.read(&mona()).await.unwrap().unwrap().record;
        assert!(record.tokens().unwrap().access_token.is_none(), "a login without tokens");
        let record = login("a2");
        assert!(matches!(put(&store, &record).await.unwrap(), Swap::Done(_)));
        assert_eq!(store.read(&mona()).await.unwrap().unwrap().record, record);
        assert_eq!(mock.entries.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_save_that_is_repeated_while_it_is_written_keeps_its_entry() {
    let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
    let record = login("a1");
    let save = || {
        let (store, mut record) = (store(&mock, &folder), record.clone());
        record.write = crate::RandomId::random();
        tokio::spawn(async move { store.compare_and_set(&mona(), None, &record).await })
    };
    mock.lock(true);
    let (first, second) = (save(), save());
    // Both have found no record, and write their entry.
    while mock.names.lock().unwrap().len() < 2 {
        tokio::task::yield_now().await;
    }
    mock.lock(false);
    let _ = (first.await.unwrap().unwrap(), second.await.unwrap().unwrap());
    let stored = store(&mock, &folder).read(&mona()).await.unwrap().unwrap().record;
    assert_eq!(stored.tokens(), record.tokens());
}

#[tokio::test]
async fn what_a_failed_write_leaves_is_removed() {
    for length in [10, 6_000] {
        let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
        *mock.room.lock().unwrap() = Some(2_560);
        let store = store(&mock, &folder);
        let tokens = "a".repeat(length);
        // The folder of the records is a file.
        std::fs::write(folder.path().join("records"), "").unwrap();
        assert!(store.compare_and_set(&mona(), None, &login(&tokens)).await.is_err());
        std::fs::remove_file(folder.path().join("records")).unwrap();
        // A keyring that fails after so many calls: at once, or somewhere in a login that is split.
        for calls in 0..12 {
            *mock.left.lock().unwrap() = Some(calls);
            let failed = put(&store, &login(&tokens)).await.is_err();
            *mock.left.lock().unwrap() = None;
            let _ = put(&store, &login("a2")).await.unwrap();
            assert_eq!(mock.entries.lock().unwrap().len(), 1, "{length}, {calls} calls, failed: {failed}");
        }
    }
}

#[tokio::test]
async fn what_a_save_that_was_given_up_leaves_is_removed() {
    let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
    let store = store(&mock, &folder);
    mock.lock(true);
    let mut save = {
        let store = store.clone();
        tokio::spawn(async move { store.compare_and_set(&mona(), None, &login("a1")).await })
    };
    while mock.names.lock().unwrap().is_empty() {
        tokio::select! { biased; _ = &mut save => panic!("waits for the keyring"), () = tokio::task::yield_now() => {} }
    }
    save.abort();
    assert!(save.await.unwrap_err().is_cancelled());
    mock.lock(false);
    let _ = put(&store, &login("a2")).await.unwrap();
    assert_eq!(mock.entries.lock().unwrap().len(), 1);
}

#[test]
fn runtimes_without_timers_and_none_make_nothing_panic() {
    let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
    let store = store(&mock, &folder);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let _ = runtime.block_on(put(&store, &login("a1"))).unwrap();
    assert!(runtime.block_on(store.read(&mona())).unwrap().is_some());
    let error = without_runtime(store.read(&mona())).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    insta::assert_snapshot!(std::error::Error::source(&error).unwrap(), @"credentials need a Tokio runtime");
}

/// Waits by parking the thread.
fn without_runtime<T>(work: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let (mut cx, mut work) = (std::task::Context::from_waker(&waker), std::pin::pin!(work));
    loop {
        match work.as_mut().poll(&mut cx) {
            std::task::Poll::Ready(value) => return value,
            std::task::Poll::Pending => std::thread::park(),
        }
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

#[tokio::test]
async fn large_logins_are_split_and_leave_nothing_behind() {
    // Windows' keyring takes 2,560 bytes.
    for length in [100, 2_400, 2_560, 4_000, 60_000] {
        let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
        *mock.room.lock().unwrap() = Some(2_560);
        let store = store(&mock, &folder);
        let record = login(&"a".repeat(length));
        assert!(matches!(put(&store, &record).await.unwrap(), Swap::Done(_)), "{length}");
        assert_eq!(store.read(&mona()).await.unwrap().unwrap().record, record);
        assert_eq!(mock.entries.lock().unwrap().len() > 1, length > 1_200, "{length}");
        let _ = put(&store, &login("next")).await.unwrap();
        assert_eq!(mock.entries.lock().unwrap().len(), 1, "{length}: of former tokens nothing is left");
    }
}

#[tokio::test]
async fn what_no_keyring_takes_is_told_as_too_large() {
    let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
    let store = store(&mock, &folder);
    let _ = put(&store, &login("kept")).await.unwrap();
    *mock.room.lock().unwrap() = Some(2_560);
    let error = put(&store, &login(&"a".repeat(200_000))).await.unwrap_err();
    insta::assert_snapshot!(error, @"the tokens are too large for the keyring: keep logins in a file");
    *mock.room.lock().unwrap() = Some(1);
    let error = put(&store, &login("b")).await.unwrap_err();
    insta::assert_snapshot!(error, @"the tokens are too large for the keyring: keep logins in a file");
    *mock.room.lock().unwrap() = None;
    let tokens = store.read(&mona()).await.unwrap().unwrap().record;
    assert_eq!(tokens.tokens().unwrap().access_token.as_ref().unwrap().expose(), "kept");
}

#[tokio::test]
async fn a_part_that_is_gone_is_a_login_without_tokens() {
    let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
    *mock.room.lock().unwrap() = Some(2_560);
    let store = store(&mock, &folder);
    let _ = put(&store, &login(&"a".repeat(4_000))).await.unwrap();
    mock.entries.lock().unwrap().retain(|name, _| !name.ends_with("part 2"));
    let record = store.read(&mona()).await.unwrap().unwrap().record;
    assert!(record.tokens().unwrap().access_token.is_none());
}

#[tokio::test]
async fn a_denial_is_told_and_a_keyring_that_comes_later_is_found() {
    let (mock, folder) = (Arc::new(Mock::default()), tempfile::tempdir().unwrap());
    let store = store(&mock, &folder);
    *mock.denied.lock().unwrap() = true;
    let error = put(&store, &login("a")).await.unwrap_err();
    insta::assert_snapshot!(error, @"the keyring is locked or access to it was denied: unlock it or allow this program to use it, or keep logins in a file");
    *mock.denied.lock().unwrap() = false;
    *mock.broken.lock().unwrap() = true;
    assert_eq!(put(&store, &login("a")).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
    *mock.broken.lock().unwrap() = false;
    assert!(matches!(put(&store, &login("a")).await.unwrap(), Swap::Done(_)));
}
