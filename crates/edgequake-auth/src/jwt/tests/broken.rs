//! A store that can be made to fail, and short ways to look into one.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use super::rig::{ORIGIN, Rig, USER};
use crate::{
    BoxFuture, Jwt, LoginKey, MemoryStore, Record, Revision, ServerKey, StoreError, StoreErrorKind, Stored,
    StoredTokens, Swap, TokenStore,
};

pub(super) fn server() -> ServerKey {
    ServerKey::new(ORIGIN.parse().unwrap(), "")
}

pub(super) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A store whose operations can be made to fail, and that writes down what was done.
#[derive(Debug, Clone, Default)]
pub(super) struct Broken {
    pub(super) inner: MemoryStore,
    pub(super) faults: Arc<Mutex<Faults>>,
}

#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) read: Option<StoreErrorKind>,
    pub(super) write: Option<StoreErrorKind>,
    /// Only writes that bring new tokens fail.
    pub(super) save: Option<StoreErrorKind>,
    /// Writes happen, and the first answer to each is lost.
    pub(super) lose_answers: bool,
    /// Writes can be read, and are told as failures, since they may not be durable: all of them, or those that bring new tokens.
    pub(super) not_durable: bool,
    pub(super) save_not_durable: bool,
    /// The next write finds that another process has refreshed right before it.
    pub(super) overtaken: bool,
    /// The next write makes all reads after it fail.
    pub(super) read_after_write: Option<StoreErrorKind>,
    pub(super) hang: bool,
    /// Each write takes so long.
    pub(super) slow: Duration,
    /// It holds less than it had confirmed.
    pub(super) went_back: bool,
    pub(super) written: Vec<Record>,
    pub(super) reads: usize,
}

pub(super) fn fail(kind: Option<StoreErrorKind>) -> Result<(), StoreError> {
    kind.map_or(Ok(()), |kind| Err(StoreError::new(kind, "the disk is on fire")))
}

impl Broken {
    pub(super) fn set(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.faults.lock().unwrap());
    }

    /// What another process does that refreshes.
    async fn overtake(&self, key: &LoginKey) -> Result<(), StoreError> {
        let stored = self.inner.read(key).await?.unwrap();
        let mut record = stored.record;
        let tokens = record.tokens().unwrap();
        let next = |token: &Option<edgequake_types::Secret>| {
            token.as_ref().map(|token| format!("{}-next", token.expose()).into())
        };
        let mut successor = StoredTokens::new(next(&tokens.access_token), next(&tokens.refresh_token));
        successor.version = tokens.version.next();
        record.status = crate::Status::Active(successor);
        record.write = crate::RandomId::random();
        let swap = self.inner.compare_and_set(key, Some(stored.revision), &record).await?;
        assert!(matches!(swap, Swap::Done(_)));
        Ok(())
    }
}

impl TokenStore for Broken {
    fn read<'a>(&'a self, key: &'a LoginKey) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        Box::pin(async move {
            let (kind, hang) = {
                let mut faults = self.faults.lock().unwrap();
                faults.reads += 1;
                (faults.read.or(faults.went_back.then_some(StoreErrorKind::WentBack)), faults.hang)
            };
            if hang {
                std::future::pending::<()>().await;
            }
            fail(kind)?;
            self.inner.read(key).await
        })
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a LoginKey,
        expected: Option<Revision>,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(async move {
            let slow = self.faults.lock().unwrap().slow;
            tokio::time::sleep(slow).await;
            if std::mem::take(&mut self.faults.lock().unwrap().overtaken) {
                self.overtake(key).await?;
            }
            {
                let mut faults = self.faults.lock().unwrap();
                faults.read = faults.read_after_write.take().or(faults.read);
            }
            let before = self.inner.read(key).await?;
            let lost = std::mem::take(&mut self.faults.lock().unwrap().went_back);
            let left = before.as_ref().map(|stored| stored.revision);
            let expected = if lost && expected.is_none() { left } else { expected };
            let before = before.map(|stored| stored.record.status);
            let (write, save, lose) = {
                let mut faults = self.faults.lock().unwrap();
                let first = faults.written.iter().all(|written| written.write != record.write);
                // Of tokens that are new, or of a session whose tokens never became durable.
                let brings = before.as_ref() != Some(&record.status) || record.intent.is_none();
                faults.written.push(record.clone());
                let lose = faults.not_durable || (faults.lose_answers && first);
                (faults.write, faults.save, lose || (faults.save_not_durable && brings))
            };
            fail(write)?;
            fail(save.filter(|_| before.as_ref() != Some(&record.status)))?;
            let swap = self.inner.compare_and_set(key, expected, record).await?;
            fail(lose.then_some(StoreErrorKind::Unavailable))?;
            Ok(swap)
        })
    }

    fn latest<'a>(&'a self, server: &'a ServerKey) -> BoxFuture<'a, Result<Option<String>, StoreError>> {
        Box::pin(async move {
            if self.faults.lock().unwrap().hang {
                std::future::pending::<()>().await;
            }
            fail(self.faults.lock().unwrap().read)?;
            self.inner.latest(server).await
        })
    }
}

/// What is stored for the user, whoever that is by name.
pub(super) async fn record(store: &impl TokenStore) -> Option<Record> {
    let account = store.latest(&server()).await.unwrap()?;
    Some(store.read(&server().account(account)).await.unwrap()?.record)
}

/// The tokens that are stored.
pub(super) async fn stored(store: &impl TokenStore) -> Option<(String, Option<String>)> {
    let record = record(store).await?;
    let tokens = record.tokens()?;
    let text = |token: &edgequake_types::Secret| token.expose().to_owned();
    Some((
        tokens.access_token.as_ref().map(text).unwrap_or_default(),
        tokens.refresh_token.as_ref().map(text),
    ))
}

pub(super) fn pair(access: &str, refresh: &str) -> Option<(String, Option<String>)> {
    Some((access.to_owned(), Some(refresh.to_owned())))
}

/// Puts a session into the store, as a program elsewhere that logs in would.
pub(super) async fn put(
    store: &impl TokenStore,
    access: &str,
    refresh: Option<&str>,
    expires_at: Option<SystemTime>,
) {
    put_for(store, USER, access, refresh, expires_at).await;
}

pub(super) async fn put_for(
    store: &impl TokenStore,
    account: &str,
    access: &str,
    refresh: Option<&str>,
    expires_at: Option<SystemTime>,
) {
    let key = server().account(account);
    let present = store.read(&key).await.unwrap().map(|stored| stored.revision);
    let tokens = StoredTokens::new(Some(access.into()), refresh.map(Into::into)).expires_at(expires_at);
    let record = Record::new(tokens, SystemTime::now());
    assert!(matches!(store.compare_and_set(&key, present, &record).await.unwrap(), Swap::Done(_)));
}

/// Long ago.
pub(super) fn past() -> Option<SystemTime> {
    Some(SystemTime::UNIX_EPOCH)
}

pub(super) fn share(rig: &Rig, store: &MemoryStore) -> Jwt {
    rig.builder().store(store.clone()).build().unwrap()
}
