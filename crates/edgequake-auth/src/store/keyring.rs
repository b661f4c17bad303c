//! [`KeyringStore`]: the tokens in the keyring of the operating system, the rest of a record in a folder.

mod entry;
mod vault;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::entry::{Entry, SERVICE};
use self::vault::{SystemVault, Vault};
use super::per_process::PerProcess;
use super::turns::in_time;
use super::{
    FileStore, LoginKey, Record, Revision, ServerKey, Status, StoreError, StoreErrorKind, Stored, Swap,
    TokenStore, Version,
};
use crate::boxed::BoxFuture;

/// Tokens in the keyring: Keychain on macOS, Credential Manager on Windows, Secret Service (GNOME Keyring, KWallet)
/// elsewhere.
///
/// A keyring has no way to change an entry only from what was seen. So each version of a login's tokens is an entry of its
/// own, written and read back before the record points to it, and removed once the record points to the next one. The record
/// itself, which holds no secret, is in a folder; see [`FileStore`] for what that takes.
///
/// A keyring that does not exist or does not answer is an error of its own kind, never an empty store: a container or
/// an SSH session usually has none. There, name a [`FileStore`], directly or by a [`FallbackStore`](crate::FallbackStore).
/// Each call runs on a thread of its own and has a time limit, since a keyring may wait for somebody to unlock it.
///
/// ```no_run
/// use edgequake_auth::{FallbackStore, FileStore, KeyringStore};
///
/// let state = "/home/mona/.local/state/edgequake";
/// let store = FallbackStore::new(
///     KeyringStore::new(format!("{state}/keyring")),
///     FileStore::new(format!("{state}/logins")),
/// );
/// ```
#[derive(Clone)]
pub struct KeyringStore {
    vault: Arc<dyn Vault>,
    /// The folder of the records.
    path: PathBuf,
    records: Arc<dyn TokenStore>,
    limit: Duration,
    /// The one call at a time; a thread that hangs keeps it, so that threads do not pile up.
    queue: Arc<PerProcess<Arc<tokio::sync::Mutex<()>>>>,
    /// Entries that no record may point to any more, or ever: those that were written, and those that another is to take the place
    /// of, since a write may fail or be given up.
    unsettled: Arc<Mutex<Vec<(LoginKey, Version)>>>,
}

impl KeyringStore {
    /// The keyring of the user who runs this process, with the records in the folder at `path`. Nothing is opened yet. Everyone
    /// who shares the logins has to name the same folder.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::over(SystemVault::default(), path.into())
    }

    fn over(vault: impl Vault, path: PathBuf) -> Self {
        let records = FileStore::new(&path);
        Self::with_records(vault, path, records)
    }

    fn with_records(vault: impl Vault, path: PathBuf, records: impl TokenStore) -> Self {
        Self {
            vault: Arc::new(vault),
            path,
            records: Arc::new(records),
            limit: Duration::from_secs(8),
            queue: Arc::new(PerProcess::new(Arc::default)),
            unsettled: Arc::default(),
        }
    }

    /// The time limit of one call of the keyring: 8 seconds.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs `work` on a thread that the runtime does not wait for when it shuts down.
    async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Vault) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let called = async {
            let turn = self.queue.get().lock_owned().await;
            let vault = Arc::clone(&self.vault);
            let (done, answer) = tokio::sync::oneshot::channel();
            let thread = std::thread::Builder::new().name("edgequake-keyring".to_owned()).spawn(move || {
                let result = work(&*vault);
                drop(turn);
                done.send(result).ok();
            });
            match thread {
                Ok(_) => {
                    answer.await.unwrap_or_else(|lost| Err(unavailable("the keyring call panicked", lost)))
                }
                Err(error) => Err(unavailable("cannot start a thread for the keyring", error)),
            }
        };
        let late = || {
            let text = "the keyring does not answer; it may be waiting for somebody to unlock it";
            StoreError::new(StoreErrorKind::Busy, text)
        };
        in_time(self.limit, called, late).await?
    }

    /// Puts the tokens of a record back into it; whether they were there.
    async fn fill(&self, key: &LoginKey, mut record: Record) -> Result<(Record, bool), StoreError> {
        if let Status::Active(tokens) = &mut record.status {
            let name = entry_name(key, tokens.version);
            let Some(entry) = self.call(move |vault| entry::read(vault, &name)).await? else {
                return Ok((record, false));
            };
            (tokens.access_token, tokens.refresh_token) = (entry.access_token, entry.refresh_token);
        }
        Ok((record, true))
    }

    async fn swap(
        &self,
        key: &LoginKey,
        expected: Option<Revision>,
        record: &Record,
    ) -> Result<Swap, StoreError> {
        let before = self.records.read(key).await?;
        if before.as_ref().map(|stored| stored.revision) != expected {
            return Ok(Swap::Conflict);
        }
        let before = before.and_then(|stored| version_of(&stored.record));
        let after = version_of(record);
        let listed = self.unsettled_of(key);
        let is_repeated = after.is_some_and(|after| listed.contains(&after));
        if let Some(before) = before.filter(|before| Some(*before) != after && !listed.contains(before)) {
            // From here on this may happen without anybody hearing of it.
            self.unsettled().push((key.clone(), before));
        }
        // These were begun earlier, so they cannot replace what this write replaces.
        let unneeded = self.unsettled_of(key);
        let swap = if after == before {
            self.records.compare_and_set(key, expected, &bare(record)).await
        } else {
            self.write_and_point(key, expected, record).await
        };
        if let Ok(Swap::Done(_)) = swap {
            for version in unneeded {
                self.settle(key, version, Some(version) == after).await;
            }
            if let Some(after) = after {
                self.settle(key, after, true).await;
            }
        } else if let Ok(stored) = self.records.read(key).await {
            let present = stored.and_then(|stored| version_of(&stored.record));
            // It may have happened, or may happen yet.
            if let Some(before) = before.filter(|before| present != Some(*before)) {
                self.settle(key, before, false).await;
            }
            // Of a save that is repeated the earlier one may have won, or may win yet.
            if let Some(after) = after.filter(|after| Some(*after) != before && !is_repeated) {
                self.settle(key, after, present == Some(after)).await;
            }
        }
        swap
    }

    /// The entry first, so that whoever finds the record finds it.
    async fn write_and_point(
        &self,
        key: &LoginKey,
        expected: Option<Revision>,
        record: &Record,
    ) -> Result<Swap, StoreError> {
        if let Some(tokens) = record.tokens() {
            let entry = Entry {
                access_token: tokens.access_token.clone(),
                refresh_token: tokens.refresh_token.clone(),
            };
            let name = entry_name(key, tokens.version);
            self.unsettled().push((key.clone(), tokens.version));
            self.call(move |vault| entry::write(vault, &name, &entry)).await?;
        }
        self.records.compare_and_set(key, expected, &bare(record)).await
    }

    /// Removes the entry of this version, unless it is in use. One that cannot be removed is tried again after the next write.
    async fn settle(&self, key: &LoginKey, version: Version, in_use: bool) {
        let name = entry_name(key, version);
        if in_use || self.call(move |vault| entry::remove(vault, &name)).await.is_ok() {
            self.unsettled().retain(|(owner, listed)| owner != key || *listed != version);
        }
    }

    fn unsettled_of(&self, key: &LoginKey) -> Vec<Version> {
        self.unsettled().iter().filter(|(owner, _)| owner == key).map(|(_, version)| *version).collect()
    }

    fn unsettled(&self) -> MutexGuard<'_, Vec<(LoginKey, Version)>> {
        self.unsettled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn version_of(record: &Record) -> Option<Version> {
    record.tokens().map(|tokens| tokens.version)
}

/// The record without the tokens themselves.
fn bare(record: &Record) -> Record {
    let mut bare = record.clone();
    if let Status::Active(tokens) = &mut bare.status {
        (tokens.access_token, tokens.refresh_token) = (None, None);
    }
    bare
}

/// The name of an entry: whose, and which version of the tokens.
fn entry_name(key: &LoginKey, version: Version) -> String {
    format!("{} {} {}", key.server(), key.account(), version.nonce)
}

fn unavailable(text: &'static str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, text).with_source(cause)
}

impl fmt::Debug for KeyringStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyringStore")
            .field("service", &SERVICE)
            .field("records", &self.path)
            .finish_non_exhaustive()
    }
}

impl TokenStore for KeyringStore {
    fn read<'a>(&'a self, key: &'a LoginKey) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        Box::pin(async move {
            let mut seen = None;
            loop {
                let Some(stored) = self.records.read(key).await? else { return Ok(None) };
                let (record, found) = self.fill(key, stored.record).await?;
                // An entry that is gone was replaced meanwhile, or removed by somebody if the record is still the same.
                if found || seen == Some(stored.revision) {
                    return Ok(Some(Stored::new(record, stored.revision)));
                }
                seen = Some(stored.revision);
            }
        })
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a LoginKey,
        expected: Option<Revision>,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(self.swap(key, expected, record))
    }

    /// Also finds out whether there is a keyring.
    fn latest<'a>(&'a self, server: &'a ServerKey) -> BoxFuture<'a, Result<Option<String>, StoreError>> {
        Box::pin(async move {
            self.call(|vault| entry::read(vault, "presence").map(drop)).await?;
            self.records.latest(server).await
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;
