//! Leases of others: what is believed of them, and when they are over.

use std::time::{Duration, UNIX_EPOCH};

use super::Limits;
use crate::clock::Now;
use crate::store::{Lease, RandomId, Record};

/// How far wall clocks may be apart, where only they tell that a lease is over: an hour of daylight saving, at either end.
const CLOCKS_APART: Duration = Duration::from_secs(2 * 3600);

/// A lease of somebody else's, unchanged since a moment of the monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Seen {
    pub(super) session: RandomId,
    pub(super) holder: RandomId,
    fence: u64,
    renewals: u64,
    since: Duration,
    /// This process has seen it appear, or change, so whoever holds it lives.
    pub(super) changed: bool,
}

impl Lease {
    /// What is believed of it: the record may be damaged, or written by somebody who means no good.
    pub(super) fn believed(&self) -> Self {
        let Limits { exchange, margin } = Limits::LONGEST;
        Self {
            length: self.length.min(Limits::LONGEST.lease()),
            exchange: self.exchange.min(exchange),
            margin: self.margin.min(margin),
            ..*self
        }
    }
}

/// How long a lease may still last; `None` once it has stood unchanged for too long. `seen` is what was seen of it so far.
pub(super) fn remaining(
    seen: &mut Option<Seen>,
    record: &Record,
    lease: &Lease,
    margin: Duration,
    now: Now,
) -> Option<Duration> {
    let present = Seen {
        session: record.session,
        holder: lease.holder,
        fence: record.fence,
        renewals: lease.renewals,
        since: now.mono,
        changed: seen.is_some(),
    };
    let same = seen.filter(|seen| Seen { since: now.mono, changed: present.changed, ..*seen } == present);
    let since = seen.insert(same.unwrap_or(present)).since;
    let over = since.saturating_add(lease.length).saturating_add(margin);
    over.checked_sub(now.mono).filter(|wait| !wait.is_zero())
}

/// Whether a lease, and the exchange that may have begun at its end, are over by what the record says, as long as the clocks are no
/// further apart than they may be. Processes that live shorter than a lease cannot see it stand still. It may be wrong, so it spares
/// the wait for the lease only, not that for the exchange.
pub(super) fn is_long_over(record: &Record, lease: &Lease, margin: Duration, now: Now) -> bool {
    let intent = record.intent.as_ref().filter(|intent| intent.holder == lease.holder);
    let since = lease.since.or(intent.map(|intent| intent.since));
    // A clock that is behind the beginning of the session tells nothing.
    let since = since.filter(|since| *since >= record.started);
    let since = since.and_then(|since| since.duration_since(UNIX_EPOCH).ok());
    let age = since.and_then(|since| now.wall.checked_sub(since));
    let over = lease.length.saturating_add(lease.exchange).saturating_add(margin.saturating_mul(2));
    age.is_some_and(|age| age > over.saturating_add(CLOCKS_APART))
}
