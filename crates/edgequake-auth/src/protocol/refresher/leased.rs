//! What a [`Refresher`] does with the lease: takes it, waits for whoever had it before, prolongs it, and says when to send.

use std::time::Duration;

use edgequake_types::Secret;

use super::super::settle::Presented;
use super::super::step::{Present, Step, Urgency};
use super::super::{Held, Limits, elapsed, wall, watched};
use super::Refresher;
use crate::clock::Now;
use crate::store::fingerprint;
use crate::store::{Intent, Lease, RandomId, Record, Version};

/// A lease of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Mine {
    pub(super) fence: u64,
    /// From before it was written, so that it is over here before it is over for others.
    pub(super) since: Now,
    /// Nothing is sent before this moment of the monotonic clock.
    pub(super) quiet_until: Option<Duration>,
}

impl Refresher {
    /// The lease of this refresh, if it has one. Without it, one of the same holder is from an earlier refresh.
    pub(super) fn in_hand(&self, record: &Record) -> Option<(&Mine, Lease)> {
        let lease = record.lease.as_ref().filter(|lease| lease.holder == self.me)?;
        let mine = self.mine.as_ref().filter(|mine| mine.fence == record.fence)?;
        Some((mine, lease.believed()))
    }

    /// How long whoever had the lease before may still be at its exchange, once nobody else has it; until then, as an error, how long
    /// that may take.
    pub(super) fn after_others(&mut self, record: &Record, now: Now) -> Result<Option<Duration>, Duration> {
        let Some(lease) = record.lease.as_ref().map(Lease::believed) else { return Ok(None) };
        let margin = self.margin(&lease);
        let expired = lease.exchange.saturating_add(margin);
        if lease.holder == self.me {
            // The exchange of that refresh is over, but it may have ended while it waited for whoever had the lease before.
            let alone = record.intent_of_lease().is_some_and(|intent| !intent.inherited);
            return Ok(Some(expired).filter(|_| !alone));
        }
        let wait = watched::remaining(&mut self.seen, record, &lease, margin, now);
        let lives = self.seen.is_some_and(|seen| seen.changed);
        match wait {
            Some(_) if !lives && watched::is_long_over(record, &lease, margin, now) => Ok(Some(expired)),
            None => Ok(Some(expired)),
            Some(wait) => Err(wait),
        }
    }

    /// Whether somebody was overtaken whose exchange may still be under way.
    pub(super) fn is_quiet(&self, now: Now) -> bool {
        let until = self.mine.as_ref().and_then(|mine| mine.quiet_until);
        until.is_some_and(|until| until > now.mono)
    }

    /// Somebody else has the lease.
    pub(super) fn wait(&self, time: Duration) -> Step {
        if self.urgency == Urgency::Early { Step::Skip } else { Step::Wait(time) }
    }

    /// What to allow for between us and the holder of a lease.
    fn margin(&self, lease: &Lease) -> Duration {
        self.limits.margin.max(lease.margin)
    }

    /// The lease is ours: wait until the one before can no longer be at it, prolong it, or send.
    pub(super) fn with_lease(
        &self,
        mine: &Mine,
        record: &Record,
        lease: &Lease,
        token: Secret,
        (spends, intends): (Option<Version>, Option<Version>),
        now: Now,
    ) -> Step {
        let quiet = mine.quiet_until.and_then(|until| until.checked_sub(now.mono));
        if let Some(wait) = quiet.filter(|wait| !wait.is_zero()) {
            return Step::Wait(wait);
        }
        let intended = record.intent.as_ref().filter(|intent| intent.holder == self.me);
        if intends.is_some() && intended.map(|intent| intent.tokens) != intends {
            return Step::Write(Box::new(self.take(record, intends, None, now)));
        }
        let left = lease.length.saturating_sub(elapsed(mine.since, now));
        if left < self.limits.exchange {
            let mut renewed = record.clone();
            let renewals = lease.renewals.saturating_add(1);
            renewed.lease = Some(Lease { renewals, since: Some(wall(now)), ..lease.clone() });
            if let Some(intent) = renewed.intent.as_mut().filter(|_| record.intent_of_lease().is_some()) {
                intent.since = wall(now);
            }
            renewed.write = RandomId::random();
            return Step::Write(Box::new(renewed));
        }
        let given = spends.is_none().then(|| fingerprint(&token));
        // Whether somebody may have sent it before our own intent.
        let unsettled = match given {
            Some(_) => self.doubtful,
            None => {
                self.predecessor.is_some() || record.intent.as_ref().is_some_and(|intent| intent.inherited)
            }
        };
        let session = if given.is_some() { RandomId::random() } else { record.session };
        let began_with = given.or(record.began_with);
        let what = Presented { session, version: spends, holder: self.me, unsettled, given, began_with };
        Step::Present(Present { token, what })
    }

    /// A record with a lease and an intent of ours; without an intent, `mark` stands for what is to be presented.
    pub(super) fn take(
        &self,
        record: &Record,
        intends: Option<Version>,
        mark: Option<Version>,
        now: Now,
    ) -> Record {
        let mut taken = record.clone();
        taken.fence = record.fence.saturating_add(1);
        taken.lease = Some(self.lease(record, now));
        if let Some(tokens) = intends {
            let mut before = record.intent.as_ref();
            let given = tokens.as_given().is_some_and(|given| record.doubtful.contains(&given));
            let inherited = given || before.take_if(|intent| intent.tokens == tokens).is_some();
            taken.doubt(before.map(|intent| intent.tokens).and_then(Version::as_given));
            taken.intent = Some(Intent { tokens, holder: self.me, since: wall(now), inherited });
        } else {
            taken.doubt(mark.and_then(Version::as_given));
        }
        taken.write = RandomId::random();
        taken
    }

    /// Others wait for our exchange, and for that of whoever had the lease before, if we waited for it, too.
    pub(super) fn lease(&self, record: &Record, now: Now) -> Lease {
        let Limits { exchange, margin } = self.limits;
        let (length, since) = (self.limits.lease(), Some(wall(now)));
        let mut lease = Lease { holder: self.me, renewals: 0, length, exchange, margin, since };
        let before = record.lease.as_ref().map(Lease::believed);
        if let Some(before) = before.filter(|_| self.predecessor.is_some()) {
            lease.exchange = exchange.max(before.exchange);
            lease.margin = margin.max(before.margin);
        }
        lease
    }

    /// What was to be written is. `since` is from before it was written.
    pub(crate) fn written(&mut self, record: &Record, since: Now) {
        let ours = record.lease.as_ref().is_some_and(|lease| lease.holder == self.me);
        if !ours {
            return;
        }
        let known = self.mine.take().filter(|mine| mine.fence == record.fence);
        let quiet_until = match known {
            Some(mine) => mine.quiet_until,
            None => self.predecessor.map(|exchange| since.mono.saturating_add(exchange)),
        };
        self.mine = Some(Mine { fence: record.fence, since, quiet_until });
        if let Some(token) = &self.given
            && record.tokens().and_then(|tokens| tokens.refresh_token.as_ref()) == Some(token)
        {
            self.held = Held::of(record);
            self.given = None;
        }
    }
}
