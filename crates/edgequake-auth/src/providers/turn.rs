//! [`Turn`]: one reader of a source at a time, whose failure is that of all who waited for it meanwhile.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::error::CredentialsError;

/// Whose turn it is. Clones share it. `K` tells apart what is asked for.
#[derive(Debug)]
pub(crate) struct Turn<K> {
    queue: Arc<tokio::sync::Mutex<()>>,
    last: Arc<Mutex<Last<K>>>,
}

#[derive(Debug)]
struct Last<K> {
    /// How many have had their turn.
    ended: u64,
    failure: Option<(K, CredentialsError)>,
}

/// The turn of one, until it is dropped.
pub(crate) struct Mine<K> {
    turn: Turn<K>,
    _place: OwnedMutexGuard<()>,
}

impl<K> Clone for Turn<K> {
    fn clone(&self) -> Self {
        Self { queue: Arc::clone(&self.queue), last: Arc::clone(&self.last) }
    }
}

impl<K> Default for Turn<K> {
    fn default() -> Self {
        Self { queue: Arc::default(), last: Arc::new(Mutex::new(Last { ended: 0, failure: None })) }
    }
}

impl<K: PartialEq> Turn<K> {
    /// Waits for a turn to ask for `what`. Gives beside it the failure of the one before, if that came while this one waited: it is not worth
    /// another try.
    pub(crate) async fn wait(&self, what: &K) -> (Mine<K>, Option<CredentialsError>) {
        let before = self.last().ended;
        let place = Arc::clone(&self.queue).lock_owned().await;
        let failure = {
            let last = self.last();
            let same = last.failure.as_ref().filter(|(asked, _)| last.ended > before && asked == what);
            same.map(|(_, failure)| failure.clone())
        };
        (Mine { turn: self.clone(), _place: place }, failure)
    }
}

impl<K> Turn<K> {
    fn last(&self) -> MutexGuard<'_, Last<K>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K> Mine<K> {
    /// Tells those who wait what came of it.
    pub(crate) fn end<T>(self, what: K, result: &Result<T, CredentialsError>) {
        let mut last = self.turn.last();
        last.ended += 1;
        last.failure = result.as_ref().err().map(|failure| (what, failure.clone()));
    }
}
