//! [`FileStore`]: logins in one file, shared by processes.

mod disk;
pub(crate) mod format;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use edgequake_types::Origin;

use super::lock::ProcessLock;
use super::{StoreError, StoreLock, StoredLogin, TokenStore};

/// Logins of any number of origins and users in one JSON file.
///
/// * The file is readable by its owner only (mode 0600) from its first instant, and is made so if it was not; a folder
///   that has to be made gets mode 0700. On Windows the folder's own permissions apply.
/// * It is replaced in one step, after the new content has reached the disk: whoever reads sees the old logins or
///   the new ones, also after a crash.
/// * A file beside it, `<name>.lock`, keeps other processes out during a refresh (an advisory lock, which the system
///   releases if its holder dies).
/// * A file that is damaged, newer than this version, or something else altogether is an error and is left alone.
///
/// The tokens are in the file as clear text, as with every tool that works without a keyring.
///
/// ```
/// use edgequake_auth::{FileStore, StoredLogin, TokenStore};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("edgequake/logins.json");
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let store = FileStore::new(&path);
/// let origin = "https://api.example.com".parse().unwrap();
/// store.save(&origin, &StoredLogin::new("mona", "a1")).await?;
///
/// let later = FileStore::new(&path);
/// assert_eq!(later.load(&origin, None).await?.unwrap().user, "mona");
/// # Ok::<(), edgequake_auth::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct FileStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    lock: ProcessLock,
    /// One write at a time, whoever holds the lock.
    write: Mutex<()>,
}

impl FileStore {
    /// A store in the file at `path`. Nothing is read or made yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let lock = ProcessLock::new(disk::beside(&path, "", ".lock"));
        Self { shared: Arc::new(Shared { path, lock, write: Mutex::new(()) }) }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = Arc::clone(&self.shared);
        super::blocking("the token file", move || work(&shared)).await
    }

    /// Reads, changes and replaces the file, under the lock that the caller holds or one of its own.
    async fn change(
        &self,
        change: impl FnOnce(&mut format::Logins) + Send + 'static,
    ) -> Result<(), StoreError> {
        self.blocking(move |shared| {
            let _one = shared.write.lock().unwrap_or_else(PoisonError::into_inner);
            let _lock = shared.lock.borrow_or_take()?;
            let mut logins = disk::read(&shared.path)?;
            change(&mut logins);
            disk::replace(&shared.path, &logins)
        })
        .await
    }
}

impl TokenStore for FileStore {
    async fn lock(&self, _: &Origin, limit: Duration) -> Result<StoreLock, StoreError> {
        self.shared.lock.lock(limit).await
    }

    async fn load(&self, origin: &Origin, user: Option<&str>) -> Result<Option<StoredLogin>, StoreError> {
        let (origin, user) = (origin.to_string(), user.map(str::to_owned));
        self.blocking(move |shared| Ok(disk::read(&shared.path)?.find(&origin, user.as_deref()))).await
    }

    async fn save(&self, origin: &Origin, login: &StoredLogin) -> Result<(), StoreError> {
        let (origin, login) = (origin.to_string(), login.clone());
        self.change(move |logins| logins.put(origin, login)).await
    }

    async fn clear(&self, origin: &Origin, user: &str) -> Result<(), StoreError> {
        let (origin, user) = (origin.to_string(), user.to_owned());
        self.change(move |logins| logins.remove(&origin, &user)).await
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
