//! [`MemoryStore`]: logins that several providers of one process share.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use edgequake_types::Origin;

use super::{StoreError, StoreErrorKind, StoreLock, StoredLogin, TokenStore};

/// Logins in memory, gone with the process. Clones share them.
#[derive(Clone, Default)]
pub struct MemoryStore {
    /// The logins of an origin, the last saved one at the end.
    logins: Arc<Mutex<HashMap<Origin, Vec<StoredLogin>>>>,
    lock: Arc<tokio::sync::Mutex<()>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn logins(&self) -> MutexGuard<'_, HashMap<Origin, Vec<StoredLogin>>> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let logins = self.logins();
        let origins: Vec<_> = logins.keys().map(ToString::to_string).collect();
        f.debug_struct("MemoryStore").field("origins", &origins).finish()
    }
}

impl TokenStore for MemoryStore {
    async fn lock(&self, _: &Origin, limit: Duration) -> Result<StoreLock, StoreError> {
        match tokio::time::timeout(limit, Arc::clone(&self.lock).lock_owned()).await {
            Ok(guard) => Ok(StoreLock::held(guard)),
            Err(_) => Err(StoreError::new(
                StoreErrorKind::Busy,
                "another refresh has held the memory store's lock for too long",
            )),
        }
    }

    async fn load(&self, origin: &Origin, user: Option<&str>) -> Result<Option<StoredLogin>, StoreError> {
        let logins = self.logins();
        let all = logins.get(origin).map(Vec::as_slice).unwrap_or_default();
        Ok(all.iter().rev().find(|login| user.is_none_or(|user| login.user == user)).cloned())
    }

    async fn save(&self, origin: &Origin, login: &StoredLogin) -> Result<(), StoreError> {
        let mut logins = self.logins();
        let all = logins.entry(origin.clone()).or_default();
        all.retain(|old| old.user != login.user);
        all.push(login.clone());
        Ok(())
    }

    async fn clear(&self, origin: &Origin, user: &str) -> Result<(), StoreError> {
        if let Some(all) = self.logins().get_mut(origin) {
            all.retain(|login| login.user != user);
        }
        Ok(())
    }
}
