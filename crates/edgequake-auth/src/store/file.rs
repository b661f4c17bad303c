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

use self::folder::RecordFolder;
use self::legacy::{Legacy, Read};
use super::turns::{self, Turns};
use super::{LoginKey, Record, Revision, ServerKey, StoreError, Stored, Swap, TokenStore, recency};
use crate::boxed::BoxFuture;

/// How long a program of version 0.1 may need for its refresh, at the most that is waited for here: less than a provider waits for its
/// store, so that its user is told what to do.
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
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    legacy: Option<Legacy>,
}

impl FileStore {
    /// A store in the folder at `path`, which is made when something is first written. Nothing is read yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let turns = Turns::new(format!("the token folder {}", path.display()));
        Self { shared: Arc::new(Shared { path, legacy: None }), turns }
    }

    /// Takes over the logins of a token file in the former format, a single JSON file: each moves here when it is first asked for.
    #[must_use]
    pub fn adopting(self, file: impl Into<PathBuf>) -> Self {
        let path = self.shared.path.clone();
        let legacy = Some(Legacy::new(file.into()));
        Self { shared: Arc::new(Shared { path, legacy }), turns: self.turns }
    }

    /// Reads. While a program of version 0.1 has the lock of the old file, and the login is there, it is waited for, in nobody's turn.
    async fn read_once_unlocked(&self, key: &LoginKey) -> Result<Option<Stored>, StoreError> {
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let (shared, key) = (Arc::clone(&self.shared), key.clone());
            match (self.turns.run("a read", move || shared.read(&key)).await?, &self.shared.legacy) {
                (Read::Is(stored), _) => return Ok(stored.map(|stored| *stored)),
                (Read::Locked, Some(legacy)) if begun.elapsed() >= LOCK_LIMIT => {
                    return Err(legacy.is_held_for_too_long());
                }
                (Read::Locked, _) => turns::pause(pause).await?,
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
    fn folder(&self, key: &LoginKey) -> RecordFolder {
        RecordFolder::new(self.path.join(names::of_login(key)))
    }

    fn read(&self, key: &LoginKey) -> Result<Read, StoreError> {
        let folder = self.folder(key);
        if let Some(stored) = folder.read(key)? {
            if let Some(legacy) = &self.legacy {
                legacy.finish(key, &stored.record);
            }
            return Ok(Read::Is(Some(Box::new(stored))));
        }
        match &self.legacy {
            Some(legacy) => legacy.adopt(key, &folder),
            None => Ok(Read::Is(None)),
        }
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
        Box::pin(self.read_once_unlocked(key))
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a LoginKey,
        expected: Option<Revision>,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        let (shared, key, record) = (Arc::clone(&self.shared), key.clone(), record.clone());
        Box::pin(self.turns.run("a write", move || {
            let swap = shared.folder(&key).compare_and_set(&key, expected, &record)?;
            prune::prune(&shared.path);
            Ok(swap)
        }))
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
