//! The suite over the stores of this crate, and over stores that are wrong, which it finds out.

use std::sync::Arc;

use super::*;
use crate::boxed::BoxFuture;
use crate::store::{LoginKey, Record, Revision, ServerKey, StoreError, Stored, Swap};
use crate::{FallbackStore, FileStore, MemoryStore};

#[tokio::test]
async fn sessions_hold_in_memory() {
    let store = MemoryStore::new();
    sessions(|| store.clone()).await;
}

#[tokio::test]
async fn sessions_hold_in_files() {
    let folder = tempfile::tempdir().unwrap();
    sessions(|| FileStore::new(folder.path())).await;
}

#[tokio::test]
async fn sessions_hold_behind_pointers_and_in_a_fallback() {
    let folder = tempfile::tempdir().unwrap();
    let open = || FallbackStore::new(FileStore::new(folder.path()), MemoryStore::new());
    sessions(|| Arc::new(open()) as Arc<dyn TokenStore>).await;
}

#[cfg(feature = "keyring")]
#[tokio::test]
async fn sessions_hold_in_a_keyring() {
    let folder = tempfile::tempdir().unwrap();
    sessions(crate::store::keyring::tests::in_memory(&folder)).await;
}

/// How a store is wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wrong {
    /// It takes every write, whatever was seen.
    TakesAll,
    /// It says that a write is done, and forgets it.
    Forgets(Call),
    /// Whoever opens it anew finds another one.
    Apart,
}

#[derive(Debug, Clone)]
struct WrongStore(MemoryStore, Wrong);

impl TokenStore for WrongStore {
    fn read<'a>(&'a self, key: &'a LoginKey) -> BoxFuture<'a, Result<Option<Stored>, StoreError>> {
        self.0.read(key)
    }

    fn compare_and_set<'a>(
        &'a self,
        key: &'a LoginKey,
        expected: Option<Revision>,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Swap, StoreError>> {
        Box::pin(async move {
            let present = self.0.read(key).await?.map(|stored| stored.revision);
            match self.1 {
                Wrong::TakesAll => self.0.compare_and_set(key, present, record).await,
                // Not the first one, which the suite begins with.
                Wrong::Forgets(call) if present.is_some() && call.is(record) => Ok(Swap::Done(Revision(99))),
                _ => self.0.compare_and_set(key, expected, record).await,
            }
        })
    }

    fn latest<'a>(&'a self, server: &'a ServerKey) -> BoxFuture<'a, Result<Option<String>, StoreError>> {
        self.0.latest(server)
    }
}

async fn over(wrong: Wrong) {
    let store = MemoryStore::new();
    sessions(|| {
        let inner = if wrong == Wrong::Apart { MemoryStore::new() } else { store.clone() };
        WrongStore(inner, wrong)
    })
    .await;
}

#[tokio::test]
#[should_panic(expected = "a token: the refresh was refused")]
async fn a_store_that_takes_every_write_is_found_out() {
    over(Wrong::TakesAll).await;
}

#[tokio::test]
#[should_panic(expected = "a token: the refresh was refused")]
async fn a_store_that_forgets_successors_is_found_out() {
    over(Wrong::Forgets(Call::Save)).await;
}

#[tokio::test]
#[should_panic(expected = "so its refresh token is not used")]
async fn a_store_that_forgets_leases_is_found_out() {
    over(Wrong::Forgets(Call::Lease)).await;
}

#[tokio::test]
#[should_panic(expected = "a write whose answer was lost is known")]
async fn a_store_that_forgets_logouts_is_found_out() {
    over(Wrong::Forgets(Call::End)).await;
}

#[tokio::test]
#[should_panic(expected = "a token: there is no login")]
async fn a_store_that_is_another_one_each_time_is_found_out() {
    over(Wrong::Apart).await;
}
