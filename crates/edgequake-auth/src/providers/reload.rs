//! A key that lives in a file: read when first needed, and once more after the server refused it.
//!
//! Shared by the key file and the `.env` file. Reading happens on a blocking thread, never on a runtime thread.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::static_key::StaticKey;
use super::turn::Turn;
use crate::authorization::{Authorization, Generation};
use crate::credentials::Recourse;
use crate::error::CredentialsError;

type Read = dyn Fn() -> Result<Found, CredentialsError> + Send + Sync;

/// A key that was read.
pub(crate) struct Found {
    pub(crate) key: StaticKey,
    /// Whether reading again can give another one.
    pub(crate) again: bool,
}

/// The last good key, and how to read it again. Clones share both.
#[derive(Clone)]
pub(crate) struct ReloadingKey {
    read: Arc<Read>,
    slot: Arc<Mutex<Slot>>,
    /// A pipe gives its content to one reader.
    turn: Turn<()>,
}

#[derive(Default)]
struct Slot {
    key: Option<StaticKey>,
    refused: bool,
    /// There is nothing more to be had.
    once: bool,
}

impl ReloadingKey {
    pub(crate) fn new(
        first: Option<StaticKey>,
        read: impl Fn() -> Result<Found, CredentialsError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            read: Arc::new(read),
            slot: Arc::new(Mutex::new(Slot { key: first, refused: false, once: false })),
            turn: Turn::default(),
        }
    }

    pub(crate) fn ready(&self) -> Option<Authorization> {
        let slot = self.slot();
        slot.key.as_ref().filter(|_| !slot.refused).map(|key| key.authorization().clone())
    }

    pub(crate) async fn authorize(&self) -> Result<Authorization, CredentialsError> {
        if let Some(authorization) = self.ready() {
            return Ok(authorization);
        }
        let (mine, failure) = self.turn.wait(&()).await;
        if let Some(authorization) = self.ready() {
            return Ok(authorization);
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        let read = Arc::clone(&self.read);
        let result = crate::blocking::run("reading the key", move || {
            let result = read();
            mine.end((), &result);
            result
        })
        .await
        .and_then(|result| result);
        self.settle(result)
    }

    /// An unreadable file keeps the last good key; an unchanged key keeps its generation.
    fn settle(&self, result: Result<Found, CredentialsError>) -> Result<Authorization, CredentialsError> {
        let mut slot = self.slot();
        slot.refused = false;
        let result = result.map(|found| {
            slot.once = !found.again;
            found.key
        });
        match (result, &slot.key) {
            (Ok(new), Some(old)) if new.same_key(old) => Ok(old.authorization().clone()),
            (Ok(new), _) => {
                let authorization = new.authorization().clone();
                slot.key = Some(new);
                Ok(authorization)
            }
            (Err(error), Some(old)) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "cannot read the key again, keeping the last one"
                );
                Ok(old.authorization().clone())
            }
            (Err(error), None) => Err(error),
        }
    }

    pub(crate) fn rejected(&self, used: Generation) -> Recourse {
        let mut slot = self.slot();
        match &slot.key {
            Some(key) if key.authorization().generation() == used && !slot.once => {
                slot.refused = true;
                Recourse::Retry
            }
            Some(key) if used != Generation::NONE && used < key.authorization().generation() => {
                Recourse::Retry
            }
            _ => Recourse::None,
        }
    }

    fn slot(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
