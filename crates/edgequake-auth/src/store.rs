//! [`TokenStore`]: where a login survives the process.

mod error;
mod fallback;
pub(crate) mod file;
#[cfg(feature = "keyring")]
mod keyring;
mod lock;
mod memory;
mod permissions;

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::time::{Duration, SystemTime};

use edgequake_types::{Origin, Secret};

use crate::boxed::BoxFuture;

pub use error::{StoreError, StoreErrorKind};
pub use fallback::FallbackStore;
pub use file::FileStore;
#[cfg(feature = "keyring")]
pub use keyring::KeyringStore;
pub use memory::MemoryStore;

/// A login as it is kept: who, with which tokens, until when.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredLogin {
    /// The name or e-mail address the user logged in with; empty when only tokens are known.
    pub user: String,
    /// The access token.
    pub access_token: Secret,
    /// The refresh token, if there is one.
    pub refresh_token: Option<Secret>,
    /// When the access token expires, as an absolute time, so that it means the same after a restart; `None` when
    /// unknown.
    pub expires_at: Option<SystemTime>,
}

impl StoredLogin {
    /// A login with an access token of unknown lifetime and nothing else.
    pub fn new(user: impl Into<String>, access_token: impl Into<Secret>) -> Self {
        Self { user: user.into(), access_token: access_token.into(), refresh_token: None, expires_at: None }
    }
}

/// Keeps logins, by origin and user.
///
/// A login belongs to the origin it came from and goes nowhere else. Reading and writing are each atomic; a caller who
/// does both holds the [`lock`](Self::lock) meanwhile. All futures are safe to drop.
///
/// ```
/// use edgequake_auth::{MemoryStore, StoredLogin, TokenStore};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let store = MemoryStore::new();
/// let origin = "https://api.example.com".parse().unwrap();
/// store.save(&origin, &StoredLogin::new("mona", "a1")).await?;
///
/// assert_eq!(store.load(&origin, Some("mona")).await?.unwrap().access_token.expose(), "a1");
/// let elsewhere = "https://other.example.com".parse().unwrap();
/// assert!(store.load(&elsewhere, None).await?.is_none());
/// # Ok::<(), edgequake_auth::StoreError>(())
/// # }).unwrap();
/// ```
pub trait TokenStore: fmt::Debug + Send + Sync + 'static {
    /// Keeps others who share the store from refreshing the same login, until the result is dropped. The default locks
    /// nothing, which is right for a store that nobody shares.
    ///
    /// # Errors
    ///
    /// [`Busy`](StoreErrorKind::Busy) when somebody else still holds it after `limit`.
    fn lock(
        &self,
        origin: &Origin,
        limit: Duration,
    ) -> impl Future<Output = Result<StoreLock, StoreError>> + Send {
        let _ = (origin, limit);
        async { Ok(StoreLock::none()) }
    }

    /// The login of `user` at `origin`; with `None` the one that was saved last. `Ok(None)` means that there is none,
    /// and only that: a store that cannot be read is an error.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn load(
        &self,
        origin: &Origin,
        user: Option<&str>,
    ) -> impl Future<Output = Result<Option<StoredLogin>, StoreError>> + Send;

    /// Keeps a login in place of an older one of the same user. Durable when the future is done.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn save(
        &self,
        origin: &Origin,
        login: &StoredLogin,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Forgets a login. It is no error if there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError`]
    fn clear(&self, origin: &Origin, user: &str) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// Held as long as nobody else may refresh; released on drop.
pub struct StoreLock(Option<Box<dyn Any + Send>>);

impl StoreLock {
    /// Nothing is locked.
    pub fn none() -> Self {
        Self(None)
    }

    /// Released when `guard` is dropped.
    pub fn held(guard: impl Any + Send) -> Self {
        Self(Some(Box::new(guard)))
    }
}

impl fmt::Debug for StoreLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreLock").field("held", &self.0.is_some()).finish()
    }
}

/// The twin of [`TokenStore`] that works behind a pointer.
pub(crate) trait DynStore: fmt::Debug + Send + Sync {
    fn lock<'a>(
        &'a self,
        origin: &'a Origin,
        limit: Duration,
    ) -> BoxFuture<'a, Result<StoreLock, StoreError>>;
    fn load<'a>(
        &'a self,
        origin: &'a Origin,
        user: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Option<StoredLogin>, StoreError>>;
    fn save<'a>(
        &'a self,
        origin: &'a Origin,
        login: &'a StoredLogin,
    ) -> BoxFuture<'a, Result<(), StoreError>>;
    fn clear<'a>(&'a self, origin: &'a Origin, user: &'a str) -> BoxFuture<'a, Result<(), StoreError>>;
}

impl<S: TokenStore> DynStore for S {
    fn lock<'a>(
        &'a self,
        origin: &'a Origin,
        limit: Duration,
    ) -> BoxFuture<'a, Result<StoreLock, StoreError>> {
        Box::pin(TokenStore::lock(self, origin, limit))
    }

    fn load<'a>(
        &'a self,
        origin: &'a Origin,
        user: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Option<StoredLogin>, StoreError>> {
        Box::pin(TokenStore::load(self, origin, user))
    }

    fn save<'a>(
        &'a self,
        origin: &'a Origin,
        login: &'a StoredLogin,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(TokenStore::save(self, origin, login))
    }

    fn clear<'a>(&'a self, origin: &'a Origin, user: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(TokenStore::clear(self, origin, user))
    }
}

/// Runs `work` on a blocking thread. `what` names the store in the error.
async fn blocking<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match crate::blocking::run(what, work).await {
        Ok(result) => result,
        Err(lost) => {
            Err(StoreError::new(StoreErrorKind::Unavailable, format!("the work on {what} was lost"))
                .with_source(lost))
        }
    }
}
