//! How those who share a login refresh it without losing it: pure functions over the [`Record`] in the store.
//!
//! Nothing here reads a clock, waits, sends or writes. [`Refresher::next`] says what to do about the record that was just
//! read, [`settle`] what to write about the answer of the server. The provider does it, and so does the model that is checked
//! over all interleavings. The docs of [`store`](crate::store) tell the whole way.

mod watched;
mod step;
mod refresher;
pub(crate) mod settle;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(crate) use self::refresher::Refresher;
pub(crate) use self::step::{Present, Step, Urgency};
pub(crate) use self::watched::Seen;
use crate::clock::Now;
use crate::store::{Intent, RandomId, Record, StoredTokens, Version};

/// The session and the tokens of it that a process has in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Held {
    pub(crate) session: RandomId,
    pub(crate) version: Version,
    /// The hash of the token that a program began the session with. The record may be removed.
    pub(crate) began_with: Option<RandomId>,
}

impl Held {
    /// What the tokens of a record are.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        let Record { session, began_with, .. } = *record;
        record.tokens().map(|tokens| Self { session, version: tokens.version, began_with })
    }
}

impl Record {
    /// The intent that was written with the lease; whoever has it may have left another one by an earlier refresh.
    pub(crate) fn intent_of_lease(&self) -> Option<&Intent> {
        let lease = self.lease.as_ref()?;
        let together = |intent: &&Intent| {
            intent.holder == lease.holder && lease.since.is_none_or(|since| since == intent.since)
        };
        self.intent.as_ref().filter(together)
    }
}

/// How long things may take, so that they fit each other: exchange < lease < what others wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Limits {
    /// One request to the server, from before it is sent until its answer is there.
    pub(crate) exchange: Duration,
    /// What clocks may differ by while a lease lasts, and what a step may take that has no limit of its own.
    pub(crate) margin: Duration,
}

impl Limits {
    /// Nobody has longer ones, and no record is believed that claims so.
    pub(crate) const LONGEST: Self =
        Self { exchange: Duration::from_secs(600), margin: Duration::from_secs(300) };

    /// Without a margin it follows from the exchange.
    pub(crate) fn new(exchange: Duration, margin: Option<Duration>) -> Self {
        let usual = || (exchange / 6).clamp(Duration::from_millis(50), Duration::from_secs(5));
        let margin = margin.unwrap_or_else(usual).min(Self::LONGEST.margin);
        Self { exchange: exchange.min(Self::LONGEST.exchange), margin }
    }

    /// A holder has time for the exchange of whoever held the lease before, and for one of its own.
    pub(crate) fn lease(self) -> Duration {
        self.exchange.saturating_mul(2).saturating_add(self.margin)
    }

    /// The longest that a holder that stands still delays others: its lease, and the exchange that it may have begun at the end.
    pub(crate) fn delay(self) -> Duration {
        self.lease().saturating_add(self.exchange).saturating_add(self.margin.saturating_mul(2))
    }
}

/// What the wall clock shows.
fn wall(now: Now) -> SystemTime {
    UNIX_EPOCH.checked_add(now.wall).unwrap_or(UNIX_EPOCH)
}

/// Whether tokens will still be taken in a second.
pub(crate) fn is_good(tokens: &StoredTokens, now: Now) -> bool {
    let soon = UNIX_EPOCH.checked_add(now.wall.saturating_add(Duration::from_secs(1)));
    let over = |at| soon.is_none_or(|soon| at < soon);
    tokens.access_token.is_some() && !tokens.expires_at.is_some_and(over)
}

/// The larger advance of the two clocks: one may have been set, the other may have stood still.
pub(crate) fn elapsed(since: Now, now: Now) -> Duration {
    now.wall.saturating_sub(since.wall).max(now.mono.saturating_sub(since.mono))
}

#[cfg(test)]
mod model;
