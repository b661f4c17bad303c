//! [`FallbackStore`]: another store where the first one does not exist.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use super::{LoginKey, Record, Revision, ServerKey, StoreError, StoreErrorKind, Stored, Swap, TokenStore};
use crate::boxed::BoxFuture;

/// Uses the first store, or the second where the first is unavailable: a keyring on a desktop, a file on a server.
///
/// The choice is made once, by the first use; a warning tells when it falls on the second store. A store that was in use
/// and then fails is not left for the other, which may hold an older login; its failure is an error.
///
/// ```
/// use edgequake_auth::{FallbackStore, FileStore, MemoryStore, Record, ServerKey, StoredTokens, TokenStore};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// // Nothing can be written below a device.
/// let store = FallbackStore::new(FileStore::new("/dev/null/logins"), MemoryStore::new());
/// let mona = ServerKey::new("https://api.example.com".parse().unwrap(), "").account("mona");
/// let record = Record::new(StoredTokens::new(Some("a1".into()), None), std::time::SystemTime::now());
/// let _ = store.compare_and_set(&mona, None, &record).await?;
/// assert!(store.read(&mona).await?.is_some());
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

    /// The store in use. Finds out by reading, which changes nothing.
    async fn choose(&self, server: &ServerKey) -> &dyn TokenStore {
        let (first, second) = &*self.stores;
        let probe = async {
            let Err(error) = first.latest(server).await else { return false };
            let missing = error.kind() == StoreErrorKind::Unavailable;
            if missing {
                tracing::warn!(error = &error as &dyn std::error::Error, store = ?second, "using another token store");
            }
            missing
        };
        if *self.second.get_or_init(|| probe).await { second } else { first }
    }
}

impl<A: TokenStore, B: TokenStore> TokenStore for FallbackStore<A, B> {
    fn read<'a>(&'a self, key: &'a LoginKey) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        Box::pin(async move { self.choose(key.server()).await.read(key).await })
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a LoginKey,
        expected: Option<Revision>,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(async move { self.choose(key.server()).await.compare_and_set(key, expected, record).await })
    }

    fn latest<'a>(&'a self, server: &'a ServerKey) -> BoxFuture<'a, Result<Option<String>, StoreError>> {
        Box::pin(async move { self.choose(server).await.latest(server).await })
    }

    fn poll_interval(&self) -> Duration {
        let (first, second) = &*self.stores;
        if self.second.get() == Some(&true) { second.poll_interval() } else { first.poll_interval() }
    }
}
