//! What the model of the protocol sees of a [`Refresher`], and changes of it.

use super::Refresher;
use crate::clock::Now;
use crate::store::RandomId;

impl Refresher {
    /// Since when there is a lease of ours.
    pub(in crate::protocol) fn lease_since(&self) -> Option<Now> {
        self.mine.as_ref().map(|mine| mine.since)
    }

    /// Whether there is a token of the program that is in no record yet.
    pub(in crate::protocol) fn is_given(&self) -> bool {
        self.given.is_some()
    }

    /// The same process under another name.
    pub(in crate::protocol) fn rename(
        &mut self,
        names: &dyn Fn(RandomId) -> RandomId,
        sessions: impl Fn(RandomId) -> RandomId,
    ) {
        self.me = names(self.me);
        if let Some(held) = &mut self.held {
            held.session = sessions(held.session);
        }
        if let Some(seen) = &mut self.seen {
            (seen.holder, seen.session) = (names(seen.holder), sessions(seen.session));
        }
    }
}
