//! [`FallbackStore`]: another store where the first one does not exist.

use std::sync::Arc;
use std::time::Duration;

use edgequake_types::Origin;
use tokio::sync::OnceCell;

use super::{StoreError, StoreErrorKind, StoreLock, StoredLogin, TokenStore};

/// Uses the first store, or the second where the first is unavailable: a keyring on a desktop, a file on a server.
///
/// The choice is made once, by the first use; a warning tells when it falls on the second store. A store that was in use
/// and then fails is not left for the other, which may hold an older login; its failure is an error.
///
/// ```
/// use edgequake_auth::{FallbackStore, FileStore, MemoryStore, StoredLogin, TokenStore};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// // Nothing can be written below a device.
/// let store = FallbackStore::new(FileStore::new("/dev/null/logins.json"), MemoryStore::new());
/// let origin = "https://api.example.com".parse().unwrap();
/// store.save(&origin, &StoredLogin::new("mona", "a1")).await?;
/// assert!(store.load(&origin, Some("mona")).await?.is_some());
/// # Ok::<(), edgequake_auth::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct FallbackStore<A, B> {
    stores: Arc<(A, B)>,
    /// Whether the second store is in use.
    second: Arc<OnceCell<bool>>,
}

impl<A: TokenStore, B: TokenStore> FallbackStore<A, B> {
    /// Uses `first` if it is available, else `second`.
    pub fn new(first: A, second: B) -> Self {
        Self { stores: Arc::new((first, second)), second: Arc::default() }
    }

    /// Finds out by reading, which changes nothing.
    async fn second(&self, origin: &Origin) -> bool {
        let probe = async {
            let Err(error) = probe(&self.stores.0, origin).await else { return false };
            let missing = error.kind() == StoreErrorKind::Unavailable;
            if missing {
                tracing::warn!(error = &error as &dyn std::error::Error, store = ?self.stores.1, "using another token store");
            }
            missing
        };
        *self.second.get_or_init(|| probe).await
    }
}

async fn probe(store: &impl TokenStore, origin: &Origin) -> Result<(), StoreError> {
    drop(store.lock(origin, Duration::from_secs(1)).await.or_else(|error| match error.kind() {
        StoreErrorKind::Busy => Ok(StoreLock::none()),
        _ => Err(error),
    })?);
    store.load(origin, None).await.map(drop)
}

impl<A: TokenStore, B: TokenStore> TokenStore for FallbackStore<A, B> {
    async fn lock(&self, origin: &Origin, limit: Duration) -> Result<StoreLock, StoreError> {
        if self.second(origin).await {
            self.stores.1.lock(origin, limit).await
        } else {
            self.stores.0.lock(origin, limit).await
        }
    }

    async fn load(&self, origin: &Origin, user: Option<&str>) -> Result<Option<StoredLogin>, StoreError> {
        if self.second(origin).await {
            self.stores.1.load(origin, user).await
        } else {
            self.stores.0.load(origin, user).await
        }
    }

    async fn save(&self, origin: &Origin, login: &StoredLogin) -> Result<(), StoreError> {
        if self.second(origin).await {
            self.stores.1.save(origin, login).await
        } else {
            self.stores.0.save(origin, login).await
        }
    }

    async fn clear(&self, origin: &Origin, user: &str) -> Result<(), StoreError> {
        if self.second(origin).await {
            self.stores.1.clear(origin, user).await
        } else {
            self.stores.0.clear(origin, user).await
        }
    }
}
