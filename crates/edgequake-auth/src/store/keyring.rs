//! [`KeyringStore`]: logins in the keyring of the operating system.

mod vault;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use edgequake_types::Origin;

use self::vault::{SystemVault, Vault, VaultError};
use super::file::format::Logins;
use super::lock::ProcessLock;
use super::{StoreError, StoreErrorKind, StoreLock, StoredLogin, TokenStore};

/// The name under which the entries appear in the keyring.
const SERVICE: &str = "edgequake";

/// Logins in the keyring: Keychain on macOS, Credential Manager on Windows, Secret Service (GNOME Keyring, KWallet)
/// elsewhere. One entry per origin, which holds all its users.
///
/// A keyring that does not exist or does not answer is an error of its own kind, never an empty store: a container or
/// an SSH session usually has none. There, name a [`FileStore`](crate::FileStore), directly or by a
/// [`FallbackStore`](crate::FallbackStore). Each call runs on a thread of its own and has a time limit, since a keyring may
/// wait for somebody to unlock it.
///
/// Keyrings have no locks, so a lock file keeps processes from refreshing the same login at once: by default
/// `edgequake-keyring.lock` in `XDG_RUNTIME_DIR`, else in the folder for temporary files.
///
/// ```no_run
/// use edgequake_auth::{FallbackStore, FileStore, KeyringStore};
///
/// let store = FallbackStore::new(KeyringStore::new(), FileStore::new("/home/mona/.config/edgequake/logins.json"));
/// ```
#[derive(Clone)]
pub struct KeyringStore {
    vault: Arc<dyn Vault>,
    limit: Duration,
    lock: ProcessLock,
    /// The one call at a time; a thread that hangs keeps it, so that threads do not pile up.
    queue: Arc<tokio::sync::Mutex<()>>,
}

impl KeyringStore {
    /// The keyring of the user who runs this process. Nothing is opened yet.
    pub fn new() -> Self {
        Self::over(SystemVault)
    }

    fn over(vault: impl Vault) -> Self {
        let folder = std::env::var_os("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        Self {
            vault: Arc::new(vault),
            limit: Duration::from_secs(8),
            lock: ProcessLock::new(folder.join("edgequake-keyring.lock")),
            queue: Arc::default(),
        }
    }

    /// The time limit of one call of the keyring: 8 seconds.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The file that keeps processes apart.
    #[must_use]
    pub fn lock_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.lock = ProcessLock::new(path.into());
        self
    }

    /// Runs `work` on a thread that the runtime does not wait for when it shuts down.
    async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Vault) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let called = async {
            let turn = Arc::clone(&self.queue).lock_owned().await;
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
        tokio::time::timeout(self.limit, called).await.unwrap_or_else(|_| {
            let text = "the keyring does not answer; it may be waiting for somebody to unlock it";
            Err(StoreError::new(StoreErrorKind::Busy, text))
        })
    }

    async fn change(
        &self,
        origin: String,
        change: impl FnOnce(&mut Logins) + Send + 'static,
    ) -> Result<(), StoreError> {
        let lock = self.lock.clone();
        self.call(move |vault| {
            // Where no lock file can be made, the one thread per process has to do.
            let _lock = match lock.borrow_or_take() {
                Ok(lock) => Some(lock),
                Err(error) if error.kind() == StoreErrorKind::Unavailable => None,
                Err(error) => return Err(error),
            };
            let mut logins = read(vault, &origin)?;
            change(&mut logins);
            write(vault, &origin, &logins)
        })
        .await
    }
}

fn read(vault: &dyn Vault, origin: &str) -> Result<Logins, StoreError> {
    let text = match vault.get(SERVICE, origin) {
        Ok(text) => text,
        Err(VaultError::NoEntry) => return Ok(Logins::default()),
        Err(VaultError::Unavailable(cause)) => return Err(no_keyring(cause)),
        Err(VaultError::Unreadable) => return Err(corrupt(origin, &"is not text")),
    };
    Logins::parse(text.expose()).map_err(|error| corrupt(origin, &error))
}

fn write(vault: &dyn Vault, origin: &str, logins: &Logins) -> Result<(), StoreError> {
    let written = if logins.is_empty() {
        vault.delete(SERVICE, origin)
    } else {
        let text =
            logins.render().map_err(|error| unavailable("the logins cannot be written as JSON", error))?;
        vault.set(SERVICE, origin, &text)
    };
    match written {
        Ok(()) | Err(VaultError::NoEntry) => Ok(()),
        Err(VaultError::Unavailable(cause)) => Err(no_keyring(cause)),
        Err(VaultError::Unreadable) => Err(corrupt(origin, &"is not text")),
    }
}

fn no_keyring(cause: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
    let text = "the keyring is unavailable: start a keyring service (on Linux a Secret Service such as gnome-keyring, in a \
                session with D-Bus), or keep logins in a file";
    StoreError::new(StoreErrorKind::Unavailable, text).with_source(cause)
}

fn corrupt(origin: &str, what: &dyn fmt::Display) -> StoreError {
    let text =
        format!("the keyring's entry for {origin} {what}; it is left as it is: remove it, then log in again");
    StoreError::new(StoreErrorKind::Corrupt, text)
}

fn unavailable(text: &'static str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, text).with_source(cause)
}

impl Default for KeyringStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for KeyringStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyringStore")
            .field("service", &SERVICE)
            .field("lock", &self.lock)
            .finish_non_exhaustive()
    }
}

impl TokenStore for KeyringStore {
    async fn lock(&self, _: &Origin, limit: Duration) -> Result<StoreLock, StoreError> {
        self.lock.lock(limit).await
    }

    async fn load(&self, origin: &Origin, user: Option<&str>) -> Result<Option<StoredLogin>, StoreError> {
        let (origin, user) = (origin.to_string(), user.map(str::to_owned));
        self.call(move |vault| Ok(read(vault, &origin)?.find(&origin, user.as_deref()))).await
    }

    async fn save(&self, origin: &Origin, login: &StoredLogin) -> Result<(), StoreError> {
        let (origin, login) = (origin.to_string(), login.clone());
        self.change(origin.clone(), move |logins| logins.put(origin, login)).await
    }

    async fn clear(&self, origin: &Origin, user: &str) -> Result<(), StoreError> {
        let (origin, user) = (origin.to_string(), user.to_owned());
        self.change(origin.clone(), move |logins| logins.remove(&origin, &user)).await
    }
}

#[cfg(test)]
mod tests;
