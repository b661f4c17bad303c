//! [`Refresher`]: from a look at the record to the moment a token may be sent.

mod leased;
#[cfg(test)]
mod inspection;
#[cfg(test)]
mod tests;

use std::time::Duration;

use edgequake_types::Secret;

use self::leased::Mine;
use super::settle::Presented;
use super::step::{Step, Urgency};
use super::watched::Seen;
use super::{Held, Limits, elapsed, is_good, wall};
use crate::clock::Now;
use crate::store::fingerprint;
use crate::store::{EndReason, Intent, RandomId, Record, Status, StoredTokens, Version};

/// One process that wants an access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refresher {
    me: RandomId,
    limits: Limits,
    urgency: Urgency,
    /// What this process has in hand.
    held: Option<Held>,
    /// The tokens whose access token the server refused.
    refused: Option<Version>,
    /// A refresh token that is in no record: the program's, or that of a record that was removed.
    given: Option<Secret>,
    /// The hash of the token that is or was `given`, where the record has no name: of such a record only one's own session is used,
    /// since nobody knows whose any other is.
    unnamed: Option<Option<RandomId>>,
    /// The hash of the token in hand, if this provider has sent it without hearing of it. The record may not tell it any more.
    doubted: Option<RandomId>,
    /// Whether the `given` token was doubtful when the lease was taken.
    doubtful: bool,
    /// Whether the session in the store is used before the `given` token, which may be spent.
    passed_over: bool,
    /// Whether there is a password to log in with.
    password: bool,
    mine: Option<Mine>,
    seen: Option<Seen>,
    /// How long whoever had the lease before may still be at its exchange, margin included.
    predecessor: Option<Duration>,
}

impl std::hash::Hash for Refresher {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.me, self.urgency, self.held, self.refused, self.password).hash(state);
        (self.given.is_some(), self.unnamed, self.doubted, self.doubtful, self.passed_over).hash(state);
        (&self.mine, &self.seen, self.predecessor).hash(state);
    }
}

impl Refresher {
    /// `me` is the same for all refreshes of one provider, of which there is one at a time.
    pub(crate) fn new(me: RandomId, limits: Limits, urgency: Urgency) -> Self {
        Self {
            me,
            limits,
            urgency,
            held: None,
            refused: None,
            given: None,
            unnamed: None,
            doubted: None,
            doubtful: false,
            passed_over: false,
            password: false,
            mine: None,
            seen: None,
            predecessor: None,
        }
    }

    /// What is in hand: tokens of a record, and whether their access token was refused.
    pub(crate) fn held(mut self, held: Option<Held>, refused: bool) -> Self {
        self.refused = held.filter(|_| refused).map(|held| held.version);
        self.held = held;
        self
    }

    /// A refresh token in hand.
    pub(crate) fn given(mut self, token: Option<Secret>) -> Self {
        self.given = token;
        self
    }

    /// Whether the record belongs to no account, so that sessions of anybody may be in it.
    pub(crate) fn unnamed(mut self, unnamed: bool) -> Self {
        self.unnamed = unnamed.then(|| self.given.as_ref().map(fingerprint));
        self
    }

    /// The token in hand, by its hash, if it may be spent.
    pub(crate) fn doubting(mut self, token: Option<RandomId>) -> Self {
        self.doubted = token;
        self
    }

    /// Whether there is a password.
    pub(crate) fn password(mut self, there_is: bool) -> Self {
        self.password = there_is;
        self
    }

    /// A lease that earlier refreshes of this provider have watched already.
    pub(crate) fn watching(mut self, seen: Option<Seen>) -> Self {
        self.seen = seen;
        self
    }

    /// The lease that is watched, for the next refresh.
    pub(crate) fn seen(&self) -> Option<Seen> {
        self.seen
    }

    /// Whether somebody else was overtaken.
    pub(crate) fn took_over(&self) -> bool {
        self.predecessor.is_some()
    }

    /// Whether our lease is over, by one of our clocks.
    pub(crate) fn has_outlived_its_lease(&self, now: Now) -> bool {
        self.mine.as_ref().is_some_and(|mine| elapsed(mine.since, now) > self.limits.lease())
    }

    /// What was about to be presented, if that is given up. Nothing while others have to wait for whoever was overtaken.
    pub(crate) fn withdrawn(&self, record: &Record) -> Option<Presented> {
        let intent = record.intent_of_lease().filter(|intent| intent.holder == self.me);
        let intended = intent.map(|intent| intent.tokens);
        let given = intended.map_or_else(|| self.unplaced().map(fingerprint), Version::as_given);
        let unsettled = match given {
            Some(_) => self.doubtful,
            None => intent.is_some_and(|intent| intent.inherited),
        };
        let version = intended.filter(|_| given.is_none());
        let (session, began_with) = (record.session, given.or(record.began_with));
        let what = Presented { session, version, holder: self.me, unsettled, given, began_with };
        (!self.took_over()).then_some(what)
    }

    /// A token that the program gave was refused: it is not tried again.
    pub(crate) fn forget_given(&mut self) {
        self.given = None;
    }

    /// What to do about the record that was just read, or written.
    pub(crate) fn next(&mut self, record: Option<&Record>, now: Now) -> Step {
        if record.is_some_and(|record| self.was_given_before(record)) {
            self.given = None;
        }
        // What was better than the given token may not be any more, until something is about to be sent.
        self.passed_over &= record.is_some_and(|record| self.in_hand(record).is_some());
        let Some(record) = record else {
            return match &self.given {
                Some(token) => {
                    let token = token.clone();
                    self.begin(None, token, now)
                }
                None if self.password => Step::LogIn,
                None => Step::NoLogin,
            };
        };
        match &record.status {
            Status::Ended { reason, .. } => self.after_the_end(record, *reason, now),
            Status::Active(tokens) => self.with_tokens(record, tokens, now),
        }
    }

    fn after_the_end(&mut self, record: &Record, reason: EndReason, now: Now) -> Step {
        let mine = self.held.is_some_and(|held| held.session == record.session);
        if mine && reason == EndReason::LoggedOut {
            return Step::Ended(reason);
        }
        match &self.given {
            // A session that was in a record ends with it, also if another took its place first.
            Some(token) if self.held.is_none() => {
                let token = token.clone();
                self.begin(Some(record), token, now)
            }
            _ if self.password => Step::LogIn,
            _ if mine => Step::Ended(reason),
            _ => Step::NoLogin,
        }
    }

    fn with_tokens(&mut self, record: &Record, tokens: &StoredTokens, now: Now) -> Step {
        if self.held.is_none() && self.given.is_some() && self.given == tokens.refresh_token {
            // It was put there by an earlier refresh, or by somebody who was given the same one.
            self.held = Held::of(record);
            self.given = None;
        }
        let unplaced = self.unplaced().cloned();
        if unplaced.is_none() && self.is_somebody_elses(record) {
            return match (self.password, self.held) {
                (true, _) => Step::LogIn,
                (false, Some(_)) => Step::Replaced,
                (false, None) => Step::NoLogin,
            };
        }
        let ours = self.held == Held::of(record);
        let good = is_good(tokens, now) && self.refused != Some(tokens.version);
        if good && !ours && unplaced.is_none() {
            return Step::Adopt;
        }
        let Some(token) = unplaced.clone().or_else(|| tokens.refresh_token.clone()) else {
            return match (self.password, ours) {
                (true, _) => Step::LogIn,
                (false, true) => Step::Ended(EndReason::Refused),
                (false, false) => Step::NoLogin,
            };
        };
        // The program's own token is in no record, so none of the record's is spent by it. An intent for it must not take the place of
        // one that says more: then it is only told to be doubtful.
        let spends = unplaced.is_none().then_some(tokens.version);
        let mark = unplaced.as_ref().map(|token| Version::of_given(fingerprint(token)));
        let is_unknown = match mark.and_then(Version::as_given) {
            Some(given) => record.may_be_spent(given),
            None => record.is_unsettled(),
        };
        let intends = spends.or(mark.filter(|_| !record.is_unsettled()));
        if let Some((mine, lease)) = self.in_hand(record) {
            return self.with_lease(mine, record, &lease, token, (spends, intends), now);
        }
        let doubtful = is_unknown || self.is_doubted(mark);
        let usable = good || tokens.refresh_token.is_some();
        let instead = usable && self.urgency == Urgency::Needed && !self.is_somebody_elses(record);
        if doubtful && unplaced.is_some() && instead {
            // The account has another session, which is better than a token that may be spent, or than a wait for who is at it.
            self.passed_over = true;
            return self.with_tokens(record, tokens, now);
        }
        let expired = match self.after_others(record, now) {
            Ok(expired) => expired,
            Err(time) => return self.wait(time),
        };
        if doubtful && let Some(instead) = self.instead_of_what_may_be_spent() {
            return instead;
        }
        (self.predecessor, self.doubtful) = (expired, doubtful && unplaced.is_some());
        Step::Write(Box::new(self.take(record, intends, mark, now)))
    }

    /// The given token, if it is what to go by.
    fn unplaced(&self) -> Option<&Secret> {
        self.given.as_ref().filter(|_| self.held.is_none() && !self.passed_over)
    }

    /// Whether the session, or one before it, began with the very token that the program gives. It is spent.
    fn was_given_before(&self, record: &Record) -> bool {
        let given = self.given.as_ref().filter(|_| self.held.is_none());
        given.map(fingerprint).is_some_and(|given| {
            let before = record.tokens().is_none_or(|tokens| tokens.refresh_token != self.given);
            before && (record.began_with == Some(given) || record.spent.contains(&given))
        })
    }

    /// Whether it is the session of nobody knows whom.
    fn is_somebody_elses(&self, record: &Record) -> bool {
        let held = self.held.is_some_and(|held| held.session == record.session);
        self.unnamed.is_some_and(|given| !held && (given.is_none() || given != record.began_with))
    }

    /// What to do while nobody knows whether the token still works. Nothing if it is the last resort.
    fn instead_of_what_may_be_spent(&self) -> Option<Step> {
        match (self.urgency, self.password) {
            (Urgency::Early, _) | (Urgency::Asked, false) => Some(Step::Skip),
            (Urgency::Asked | Urgency::Needed, true) => Some(Step::LogIn),
            (Urgency::Needed, false) => None,
        }
    }

    /// Whether this provider has sent a given token without hearing of it.
    fn is_doubted(&self, mark: Option<Version>) -> bool {
        mark.is_some_and(|mark| mark.as_given() == self.doubted)
    }

    /// A session from a token in hand, to be exchanged at once.
    fn begin(&mut self, record: Option<&Record>, token: Secret, now: Now) -> Step {
        let hash = fingerprint(&token);
        let own = record.is_some_and(|record| self.in_hand(record).is_some());
        // With a lease of ours, what the record tells is an intent of ours.
        let is_told = || self.doubted == Some(hash) || record.is_some_and(|record| record.may_be_spent(hash));
        let may_be_spent = if own { self.doubtful } else { is_told() };
        if may_be_spent && let Some(instead) = self.instead_of_what_may_be_spent() {
            return instead;
        }
        if !own {
            // Whoever exchanges a token of its program keeps the lease when the session beside it ends. For that of another nobody waits.
            let of_it = |intent: &Intent| intent.tokens == Version::of_given(hash);
            let at_it = |record: &&Record| may_be_spent && record.intent_of_lease().is_none_or(of_it);
            self.predecessor = match record.filter(at_it) {
                Some(record) if record.lease.is_some() => match self.after_others(record, now) {
                    Ok(expired) => expired,
                    Err(time) => return self.wait(time),
                },
                _ => self.predecessor.filter(|_| self.is_quiet(now)),
            };
        }
        let tokens = StoredTokens::new(None, Some(token));
        let version = Some(tokens.version);
        let mut begun = Record::after(record, tokens, wall(now));
        begun.doubtful.retain(|doubtful| *doubtful != hash);
        begun.began_with = Some(hash);
        begun.lease = record.and_then(|record| record.lease.clone());
        if let Some(held) = self.held {
            // Somebody removed the record, which is no logout: the session goes on.
            (begun.session, begun.began_with) = (held.session, held.began_with.or(Some(hash)));
        }
        let mut begun = self.take(&begun, version, None, now);
        if let Some(intent) = &mut begun.intent {
            intent.inherited = may_be_spent;
        }
        Step::Write(Box::new(begun))
    }
}
