//! [`Claims`]: each content is uploaded by one file of a run.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::digest::Digest;

/// Which contents were taken, and which are on their way.
#[derive(Default)]
pub(super) struct Claims(Mutex<State>);

#[derive(Default)]
struct State {
    taken: HashSet<Digest>,
    /// Each with what tells when that is over.
    under_way: HashMap<Digest, watch::Receiver<()>>,
}

impl Claims {
    /// The right to upload some content; `None` if it was taken. Waits while another file with the same content is being uploaded, for that
    /// may fail.
    pub(super) async fn claim(&self, digest: Digest) -> Option<Claim<'_>> {
        loop {
            let mut other = {
                let mut state = self.lock();
                if state.taken.contains(&digest) {
                    return None;
                }
                match state.under_way.get(&digest) {
                    Some(other) => other.clone(),
                    None => {
                        let (over, told) = watch::channel(());
                        state.under_way.insert(digest, told);
                        return Some(Claim { claims: self, digest, taken: false, _over: over });
                    }
                }
            };
            // An error says that the claim is gone.
            let _ = other.changed().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to upload some content, given back where that fails.
pub(super) struct Claim<'a> {
    claims: &'a Claims,
    digest: Digest,
    taken: bool,
    /// Dropped after the claim was given back.
    _over: watch::Sender<()>,
}

impl Claim<'_> {
    /// The server has the content.
    pub(super) fn keep(mut self) {
        self.taken = true;
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut state = self.claims.lock();
        state.under_way.remove(&self.digest);
        if self.taken {
            state.taken.insert(self.digest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_second_waits_for_what_becomes_of_the_first() {
        let claims = Claims::default();
        let first = claims.claim([1; 32]).await.unwrap();
        let (second, ()) = tokio::join!(claims.claim([1; 32]), async { drop(first) });
        let (third, ()) = tokio::join!(claims.claim([1; 32]), async { second.unwrap().keep() });
        assert!(third.is_none());
        assert!(claims.claim([2; 32]).await.is_some());
    }
}
