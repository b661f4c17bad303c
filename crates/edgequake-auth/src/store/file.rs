//! [`FileStore`]: logins in a folder, shared by processes.

mod advice;
mod list;
mod names;
mod permissions;
mod publish;
mod sync;
mod folder;
mod prune;
pub(crate) mod legacy;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use self::folder::{Above, RecordFolder};
use self::legacy::{Found, Legacy};
use super::turns::{self, Turns};
use super::{LoginKey, Record, Revision, ServerKey, StoreError, Stored, Swap, TokenStore, recency};
use crate::boxed::BoxFuture;

/// The revision of a login that is still in a token file of the former format. In folders they begin at 1.
const UNMOVED: Revision = Revision(0);
/// How long a program that uses the former format may need for its refresh, at the most that is waited for here: less than a provider
/// waits for its store, so that its user is told what to do.
const LOCK_LIMIT: Duration = Duration::from_secs(8);
/// Pauses between two tries; there is no event for the release of an advisory lock.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Logins of any number of servers and accounts, each in a folder of its own below one folder.
///
/// * Files are readable by their owner only (mode 0600 in folders of mode 0700) from their first instant. On Windows the
///   permissions of the folder apply.
/// * A change is a complete new file under the next number, which appears in one step and only if nobody else was first. The
///   highest number counts; what it replaces is emptied. Whoever reads sees one state or the other, also after a crash.
/// * No lock is held, except while a login is taken over with [`adopting`](Self::adopting), so a process that is stopped holds up
///   nobody. It takes a file system with hard links, or one that
///   can rename without replacing; on any other the first write says so.
/// * A disk or network share that hangs holds two threads at most. Whoever waits is told [`Busy`](super::StoreErrorKind::Busy)
///   after 9 seconds; a write that was begun may happen later.
/// * A file that is damaged, newer than this version, or something else altogether is an error and is left alone.
///
/// Who logs in and out where is in [`TokenStore`]'s hands. A login that has ended is removed after 30 days.
///
/// The tokens are in the files as clear text, as with every tool that works without a keyring.
///
/// ```
/// use edgequake_auth::{FileStore, Record, ServerKey, StoredTokens, TokenStore};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("edgequake/logins");
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let store = FileStore::new(&path);
/// let server = ServerKey::new("https://api.example.com".parse().unwrap(), "");
/// let record = Record::new(StoredTokens::new(Some("a1".into()), None), std::time::SystemTime::now());
/// let _ = store.compare_and_set(&server.account("mona"), None, &record).await?;
///
/// let later = FileStore::new(&path);
/// assert_eq!(later.latest(&server).await?.as_deref(), Some("mona"));
/// # Ok::<(), edgequake_auth::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct FileStore {
    shared: Arc<Shared>,
    turns: Turns,
    lock_limit: Duration,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    above: Arc<Above>,
    legacy: Option<Legacy>,
}

impl FileStore {
    /// A store in the folder at `path`, which is made when something is first written. Nothing is read yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let turns = Turns::new(format!("the token folder {}", path.display()));
        Self { shared: Arc::new(Shared::new(path, None)), turns, lock_limit: LOCK_LIMIT }
    }

    /// Takes over the logins of a token file in the former format, a single JSON file: each moves here when it is first asked for.
    ///
    /// While a program that uses the former format holds the lock beside that file, a login is read where it is, and whoever logs in or
    /// out writes here. A refresh waits for the lock, up to 8 seconds.
    #[must_use]
    pub fn adopting(self, file: impl Into<PathBuf>) -> Self {
        let path = self.shared.path.clone();
        Self { shared: Arc::new(Shared::new(path, Some(Legacy::new(file.into())))), ..self }
    }

    /// Another limit than 8 seconds.
    #[cfg(test)]
    fn waiting_for_locks(mut self, limit: Duration) -> Self {
        self.lock_limit = limit;
        self
    }

    /// Writes. While a program that uses the former format has the lock of the old file, where the login is that is to be refreshed, it
    /// is waited for, in nobody's turn.
    async fn write_once_unlocked(
        &self,
        key: &LoginKey,
        expected: Option<Revision>,
        record: &Record,
    ) -> Result<Swap, StoreError> {
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let (shared, key, record) = (Arc::clone(&self.shared), key.clone(), record.clone());
            let swap = self.turns.run("a write", move || shared.compare_and_set(&key, expected, &record));
            match (swap.await?, &self.shared.legacy) {
                (Some(swap), _) => return Ok(swap),
                (None, Some(legacy)) if begun.elapsed() >= self.lock_limit => {
                    return Err(legacy.is_held_for_too_long());
                }
                (None, _) => turns::pause(pause).await?,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }
}

impl Shared {
    fn new(path: PathBuf, legacy: Option<Legacy>) -> Self {
        Self { path, above: Arc::default(), legacy }
    }

    fn folder(&self, key: &LoginKey) -> RecordFolder {
        RecordFolder::of_store(self.path.join(names::of_login(key)), &self.above)
    }

    fn read(&self, key: &LoginKey) -> Result<Option<Stored>, StoreError> {
        let folder = self.folder(key);
        if let Some(stored) = folder.read(key)? {
            if let Some(legacy) = &self.legacy {
                legacy.finish(key, &stored.record);
            }
            return Ok(Some(stored));
        }
        let Some(legacy) = &self.legacy else { return Ok(None) };
        Ok(match legacy.adopt(key, &folder)? {
            Found::Nowhere => None,
            Found::Here(stored) => Some(*stored),
            Found::There(record) => Some(Stored::new(*record, UNMOVED)),
        })
    }

    /// Nothing while a login has to move first and somebody has the lock of the old file.
    fn compare_and_set(
        &self,
        key: &LoginKey,
        expected: Option<Revision>,
        record: &Record,
    ) -> Result<Option<Swap>, StoreError> {
        let folder = self.folder(key);
        let swap = match &self.legacy {
            // Whoever refreshes it has to be alone with its token.
            Some(legacy) if expected == Some(UNMOVED) && record.lease.is_some() => {
                return match legacy.adopt(key, &folder)? {
                    Found::There(_) => Ok(None),
                    Found::Here(_) | Found::Nowhere => Ok(Some(Swap::Conflict)),
                };
            }
            // Another login, or the end of this one, needs nothing of it.
            Some(legacy) if expected == Some(UNMOVED) => {
                let there = legacy.find(key).ok().flatten();
                let swap = folder.compare_and_set(key, None, record)?;
                if let (Swap::Done(_), Some(there)) = (swap, there) {
                    legacy.is_replaced(key, there.session);
                }
                swap
            }
            _ => folder.compare_and_set(key, expected, record)?,
        };
        prune::prune(&self.path);
        Ok(Some(swap))
    }

    fn latest(&self, server: &ServerKey) -> Result<Option<String>, StoreError> {
        let (mut found, mut failed) = (Vec::new(), None);
        for folder in folder::all(&self.path)? {
            match folder.peek() {
                Ok(Some((key, record))) if key.server() == server && !key.account().is_empty() => {
                    found.push((key, record));
                }
                Ok(_) => {}
                // It may be another server's, or another user's.
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            Some(error) if found.is_empty() => return Err(error),
            Some(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "one of the stored logins cannot be read"
                );
            }
            None => {}
        }
        found.sort_by_key(|(_, record)| recency(record));
        let latest = found.pop();
        match (&self.legacy, latest) {
            (_, Some((key, record))) if record.tokens().is_some() => Ok(Some(key.account().to_owned())),
            (Some(legacy), ended) => {
                let account = legacy.latest(server)?;
                Ok(account.or_else(|| ended.map(|(key, _)| key.account().to_owned())))
            }
            (None, ended) => Ok(ended.map(|(key, _)| key.account().to_owned())),
        }
    }
}

impl TokenStore for FileStore {
    fn read<'a>(&'a self, key: &'a LoginKey) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        let (shared, key) = (Arc::clone(&self.shared), key.clone());
        Box::pin(self.turns.run("a read", move || shared.read(&key)))
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a LoginKey,
        expected: Option<Revision>,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(self.write_once_unlocked(key, expected, record))
    }

    fn latest<'a>(&'a self, server: &'a ServerKey) -> BoxFuture<'a, Result<Option<String>, StoreError>> {
        let (shared, server) = (Arc::clone(&self.shared), server.clone());
        Box::pin(self.turns.run("a search for the latest login", move || shared.latest(&server)))
    }
}

/// Leaves what a writer leaves that is killed before its file has a name.
#[cfg(test)]
pub(crate) fn leave_temporary(store: &FileStore, key: &LoginKey, record: &Record) {
    store.shared.folder(key).leave_temporary(key, record);
}

#[cfg(test)]
mod tests;
