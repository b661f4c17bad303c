//! [`MemoryStore`]: logins that several providers of one process share.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{LoginKey, Record, Revision, ServerKey, StoreError, Stored, Swap, TokenStore, recency};
use crate::boxed::BoxFuture;

/// Logins in memory, gone with the process. Clones share them.
///
/// ```
/// use edgequake_auth::{MemoryStore, ServerKey, TokenStore};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let store = MemoryStore::new();
/// let server = ServerKey::new("https://api.example.com".parse().unwrap(), "");
/// assert_eq!(store.latest(&server).await?, None);
/// # Ok::<(), edgequake_auth::StoreError>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore {
    records: Arc<Mutex<HashMap<LoginKey, Stored>>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn records(&self) -> MutexGuard<'_, HashMap<LoginKey, Stored>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let records = self.records();
        let servers: Vec<_> = records.keys().map(|key| key.server().to_string()).collect();
        f.debug_struct("MemoryStore").field("servers", &servers).finish()
    }
}

impl TokenStore for MemoryStore {
    fn read<'a>(&'a self, key: &'a LoginKey) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        Box::pin(async { Ok(self.records().get(key).cloned()) })
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a LoginKey,
        expected: Option<Revision>,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(async move {
            let mut records = self.records();
            let present = records.get(key).map(|stored| stored.revision);
            if present != expected {
                return Ok(Swap::Conflict);
            }
            let revision = Revision(present.map_or(1, |revision| revision.0.saturating_add(1)));
            records.insert(key.clone(), Stored { record: record.clone(), revision });
            Ok(Swap::Done(revision))
        })
    }

    fn latest<'a>(&'a self, server: &'a ServerKey) -> BoxFuture<'a, Result<Option<String>, StoreError>> {
        Box::pin(async move {
            let records = self.records();
            let is_meant = |key: &LoginKey| key.server() == server && !key.account().is_empty();
            let mut here = records.iter().filter(|(key, _)| is_meant(key)).collect::<Vec<_>>();
            here.sort_by_key(|(_, stored)| recency(&stored.record));
            Ok(here.pop().map(|(key, _)| key.account().to_owned()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_contract_holds() {
        let store = MemoryStore::new();
        super::super::contract::check(|| store.clone()).await;
    }
}
