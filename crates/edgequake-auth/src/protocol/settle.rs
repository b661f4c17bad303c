//! What becomes of the record once the server has answered, or has not.

use crate::clock::Now;
use crate::store::{EndReason, Intent, RandomId, Record, Status, StoredTokens, Version};

use super::wall;

/// The token that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Presented {
    pub(crate) session: RandomId,
    /// Which tokens of the session; `None` for a token that is in no record.
    pub(crate) version: Option<Version>,
    pub(crate) holder: RandomId,
    /// Somebody may have sent it before.
    pub(crate) unsettled: bool,
    /// The hash of a token that the program gave.
    pub(crate) given: Option<RandomId>,
    /// The hash of the token that a program began the session with.
    pub(crate) began_with: Option<RandomId>,
}

/// What to do with a successor.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Save {
    /// Put this in the place of the record that was read.
    Write(Box<Record>),
    /// Somebody else's tokens of the same session are there: use those.
    Superseded,
    /// Another session is there: revoke the successor, and use that one.
    OtherSession,
    /// The session has ended meanwhile: revoke the successor.
    Ended(EndReason),
}

/// The server gave a successor, whose version is that after the one sent. Saving it takes the version that was sent to be
/// there still, and no lease.
pub(crate) fn success(record: Option<&Record>, sent: &Presented, tokens: &StoredTokens, now: Now) -> Save {
    let Some(record) = record else {
        // Somebody removed the record, which is no logout.
        let mut again = Record::new(tokens.clone(), wall(now));
        (again.session, again.began_with) = (sent.session, sent.began_with);
        return Save::Write(Box::new(again));
    };
    let Some(version) = sent.version else {
        // A token of the program's own begins a session of its own, unless that is there already.
        return match record.session == sent.session {
            true => Save::Superseded,
            // It was there, as an earlier try has written without saying so, and another session took its place.
            false if sent.given.is_some_and(|given| record.spent.contains(&given)) => Save::OtherSession,
            false => {
                let mut begun = login(Some(record), sent.session, tokens, now);
                begun.began_with = sent.began_with;
                begun.doubtful.retain(|hash| Some(*hash) != sent.given);
                Save::Write(Box::new(begun))
            }
        };
    };
    match &record.status {
        _ if record.session != sent.session => Save::OtherSession,
        Status::Ended { reason, .. } => Save::Ended(*reason),
        Status::Active(present) if present.version != version => Save::Superseded,
        Status::Active(present) => {
            let mut tokens = tokens.clone();
            tokens.refresh_token = tokens.refresh_token.or_else(|| present.refresh_token.clone());
            let mut saved = record.clone();
            saved.status = Status::Active(tokens);
            Save::Write(Box::new(settled(saved).with_exchange_of_given(record)))
        }
    }
}

/// The server refused the token for good. `None` if that says nothing about what is in the store now: somebody else has
/// changed it, or has taken over and may have been given the successor.
pub(crate) fn refused(record: Option<&Record>, sent: &Presented, now: Now) -> Option<Record> {
    let record = own_lease(record, sent)?;
    match sent.version {
        None => Some(settled(record.clone()).with_intent_of_others(record, sent)),
        Some(_) => {
            let mut ended = record.clone();
            (ended.status, ended.user) = (Status::Ended { reason: EndReason::Refused, at: wall(now) }, None);
            Some(settled(ended))
        }
    }
}

/// The request was surely not executed. A token that somebody may have sent before is no better known for it.
pub(crate) fn not_executed(record: Option<&Record>, sent: &Presented) -> Option<Record> {
    let record = own_lease(record, sent)?;
    let settled = settled(record.clone());
    Some(match sent.version {
        _ if sent.unsettled => settled.with_intent_of(record),
        None => settled.with_intent_of_others(record, sent),
        Some(_) => settled,
    })
}

/// The request may have been executed: the intent stays, and others need not wait for us.
pub(crate) fn unknown(record: Option<&Record>, sent: &Presented) -> Option<Record> {
    let record = own_lease(record, sent)?;
    Some(settled(record.clone()).with_intent_of(record))
}

/// A login: a new session, whatever there was.
pub(crate) fn login(record: Option<&Record>, session: RandomId, tokens: &StoredTokens, now: Now) -> Record {
    let mut begun = Record::after(record, tokens.clone(), wall(now));
    begun.session = session;
    begun
}

/// What a logout finds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Logout {
    /// Put this in the place of the record; these tokens are to be revoked.
    Write(Box<Record>, StoredTokens),
    /// Another session is there, which is not touched.
    OtherSession,
    /// The session has ended already.
    Ended,
    /// Nothing is stored.
    Nothing,
}

/// Somebody logs out of `session`, or of whatever there is if none was loaded.
pub(crate) fn logout(record: Option<&Record>, session: Option<RandomId>, now: Now) -> Logout {
    let Some(record) = record else { return Logout::Nothing };
    if session.is_some_and(|session| session != record.session) {
        return Logout::OtherSession;
    }
    match &record.status {
        Status::Ended { .. } => Logout::Ended,
        Status::Active(tokens) => {
            let mut ended = record.clone();
            (ended.status, ended.user) =
                (Status::Ended { reason: EndReason::LoggedOut, at: wall(now) }, None);
            Logout::Write(Box::new(settled(ended).with_exchange_of_given(record)), tokens.clone())
        }
    }
}

/// The record, if nobody has taken over since.
fn own_lease<'a>(record: Option<&'a Record>, sent: &Presented) -> Option<&'a Record> {
    let same = |record: &&Record| {
        let unchanged = match sent.version {
            Some(version) => record.tokens().is_some_and(|tokens| tokens.version == version),
            None => true,
        };
        let ours = record.lease.as_ref().is_some_and(|lease| lease.holder == sent.holder);
        (record.session == sent.session || sent.version.is_none()) && unchanged && ours
    };
    record.filter(same)
}

fn settled(mut record: Record) -> Record {
    (record.lease, record.intent) = (None, None);
    record.write = RandomId::random();
    record
}

impl Record {
    /// Keeps what is not known of its token as unknown as before.
    fn with_intent_of(mut self, before: &Self) -> Self {
        self.intent = before.intent.clone();
        self
    }

    /// What is not known of a token that a program gave stays so, and whoever is at it keeps its lease, whatever becomes of the
    /// session beside it.
    fn with_exchange_of_given(mut self, before: &Self) -> Self {
        let given = |intent: &&Intent| intent.tokens.as_given().is_some();
        self.intent = before.intent.as_ref().filter(given).cloned();
        // Such a token may be marked as doubtful only, beside an intent that says more. Those of the session never are.
        let of_session = before.intent_of_lease().is_some_and(|intent| !given(&intent));
        self.lease = before.lease.clone().filter(|_| !of_session);
        self
    }

    /// The same, but what was given is known now.
    fn with_intent_of_others(mut self, before: &Self, sent: &Presented) -> Self {
        let of_others =
            |intent: &&Intent| intent.tokens.as_given().is_none_or(|given| Some(given) != sent.given);
        self.intent = before.intent.as_ref().filter(of_others).cloned();
        self.doubtful.retain(|hash| Some(*hash) != sent.given);
        self
    }
}
