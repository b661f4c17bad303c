//! A store that can be made to fail, and short ways to look into one.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use edgequake_types::Origin;

use super::rig::{ORIGIN, Rig};
use crate::{Jwt, MemoryStore, StoreError, StoreErrorKind, StoredLogin, TokenStore};

pub(super) fn origin() -> Origin {
    ORIGIN.parse().unwrap()
}

pub(super) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A store whose operations can be made to fail, and that writes down what was done.
#[derive(Debug, Clone, Default)]
pub(super) struct Broken {
    pub(super) inner: MemoryStore,
    pub(super) faults: Arc<Mutex<Faults>>,
}

#[derive(Debug, Default)]
pub(super) struct Faults {
    pub(super) load: Option<StoreErrorKind>,
    pub(super) save: Option<StoreErrorKind>,
    pub(super) clear: Option<StoreErrorKind>,
    pub(super) hang: bool,
    pub(super) saved: Vec<StoredLogin>,
}

pub(super) fn fail(kind: Option<StoreErrorKind>) -> Result<(), StoreError> {
    kind.map_or(Ok(()), |kind| Err(StoreError::new(kind, "the disk is on fire")))
}

impl Broken {
    pub(super) fn set(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.faults.lock().unwrap());
    }
}

impl TokenStore for Broken {
    async fn load(&self, origin: &Origin, user: Option<&str>) -> Result<Option<StoredLogin>, StoreError> {
        let (kind, hang) = {
            let faults = self.faults.lock().unwrap();
            (faults.load, faults.hang)
        };
        if hang {
            std::future::pending::<()>().await;
        }
        fail(kind)?;
        self.inner.load(origin, user).await
    }

    async fn save(&self, origin: &Origin, login: &StoredLogin) -> Result<(), StoreError> {
        self.faults.lock().unwrap().saved.push(login.clone());
        fail(self.faults.lock().unwrap().save)?;
        self.inner.save(origin, login).await
    }

    async fn clear(&self, origin: &Origin, user: &str) -> Result<(), StoreError> {
        fail(self.faults.lock().unwrap().clear)?;
        self.inner.clear(origin, user).await
    }
}

pub(super) async fn stored(store: &impl TokenStore) -> Option<(String, Option<String>)> {
    let login = store.load(&origin(), None).await.unwrap()?;
    Some((login.access_token.expose().to_owned(), login.refresh_token.map(|token| token.expose().to_owned())))
}

pub(super) fn pair(access: &str, refresh: &str) -> Option<(String, Option<String>)> {
    Some((access.to_owned(), Some(refresh.to_owned())))
}

pub(super) fn share(rig: &Rig, store: &MemoryStore) -> Jwt {
    rig.builder().store(store.clone()).build().unwrap()
}
