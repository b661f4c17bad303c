//! The processes, the record that they share, and how far each has come.
//!
//! What no decision and no promise depends on is left out, so that worlds that differ in nothing else are the same: times that
//! are only told to people, ids of writes, what a process is about to write over something that is there no more, and who of
//! processes that are alike is which.

use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::server::{Server, Token};
use super::share::{Budget, began_by, process, renamed, token_of};
use crate::clock::Now;
use crate::protocol::settle::Presented;
use crate::protocol::{Held, Refresher};
use crate::store::{RandomId, Record, Status};

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) now: u8,
    pub(super) record: Option<Arc<Record>>,
    pub(super) server: Server,
    pub(super) holders: Vec<Holder>,
    pub(super) budget: Budget,
    pub(super) logged_out: Option<RandomId>,
    pub(super) seen: Seen,
}

/// What must not happen, and has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Seen {
    pub(super) reused: bool,
    pub(super) two_at_once: bool,
    pub(super) unknown_sent_early: bool,
    pub(super) waited_with_good_token: bool,
    pub(super) adopted_refused: bool,
    pub(super) logged_in_after_logout: bool,
    pub(super) sent_again_unmarked: bool,
}

/// One process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Holder {
    pub(super) id: RandomId,
    /// How far its clocks run ahead.
    pub(super) ahead: u8,
    /// How many hours its wall clock was set forward.
    pub(super) set_by: i8,
    pub(super) held: Option<Held>,
    /// Whether the access token in hand was refused.
    pub(super) refused: bool,
    /// The refresh token that its program gave it.
    pub(super) given: Option<Token>,
    /// The hash of the token that its program gave it, once it was sent and nobody knows with what result.
    pub(super) doubted: Option<RandomId>,
    /// A successor that it was given by the server and that is nowhere else.
    pub(super) owes: Option<Owed>,
    pub(super) refresher: Option<Refresher>,
    /// It has logged out, so that it needs no token by itself.
    pub(super) left: bool,
    pub(super) at: At,
}

impl Holder {
    pub(super) fn new(held: Option<Held>) -> Self {
        Self {
            id: process(0),
            ahead: 0,
            set_by: 0,
            held,
            refused: false,
            given: None,
            doubted: None,
            owes: None,
            refresher: None,
            left: false,
            at: At::Idle,
        }
    }

    /// What it is about to send, or has sent, or whose successor it is about to save.
    pub(super) fn exchanges(&self) -> Option<&Sending> {
        match &self.at {
            At::Checked(sending) | At::Sent(sending, ..) | At::Saving(sending, ..) => Some(sending),
            At::Answered(sending, Answer::Successor(_)) => Some(sending),
            _ => None,
        }
    }
}

/// A successor that is in no record yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Owed {
    pub(super) token: Token,
    /// Of which session it is, unless it begins one.
    pub(super) session: Option<RandomId>,
}

/// A token on its way to the server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Sending {
    pub(super) token: Token,
    pub(super) what: Presented,
}

/// Where a process is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum At {
    Idle,
    /// About to read, for the first time, or because others hold the lease or have changed the record.
    Looking,
    /// Has written this.
    Deciding(Arc<Record>),
    /// About to put this in the place of the record that is there, decided at this moment of its clocks.
    Writing(Arc<Record>, Now),
    /// Has checked its lease, and is about to send.
    Checked(Sending),
    /// Sent at this second; the server's answer, once it has done its work.
    Sent(Sending, u8, Option<Answer>),
    /// Knows the answer, or that there will be none, and is about to read the record that it has to be written to.
    Answered(Sending, Answer),
    /// About to put this, which has the successor, in the place of the record that is there.
    Saving(Sending, Token, Arc<Record>),
    /// About to put what is known of the token in the place of the record that is there.
    Settling(Sending, Answer, Arc<Record>),
    /// Has a token, or has been told why not.
    Done,
    Dead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Answer {
    Successor(Token),
    Refused,
    NotExecuted,
    Unknown,
}

impl World {
    pub(super) fn second(&self, holder: usize) -> u8 {
        self.now + self.holders[holder].ahead
    }

    /// Whether a token is stored, or on its way to be.
    pub(super) fn has(&self, token: Token) -> bool {
        let stored = self.record.as_deref().and_then(Record::tokens).and_then(token_of);
        let comes = |holder: &Holder| match &holder.at {
            At::Sent(_, _, Some(answer)) | At::Answered(_, answer) => *answer == Answer::Successor(token),
            At::Saving(_, successor, _) => *successor == token,
            _ => holder.owes.is_some_and(|owed| owed.token == token),
        };
        stored == Some(token) || self.holders.iter().any(comes)
    }

    /// Puts a record in place of what is there. Whoever has read that one and is about to write will find that it is gone.
    pub(super) fn put(&mut self, record: Option<Arc<Record>>) {
        for holder in &mut self.holders {
            let at = std::mem::replace(&mut holder.at, At::Done);
            holder.at = match at {
                At::Writing(..) => At::Looking,
                At::Saving(sending, token, _) => At::Answered(sending, Answer::Successor(token)),
                At::Settling(sending, answer, _) => At::Answered(sending, answer),
                other => other,
            };
        }
        self.record = record;
    }

    /// Forgets what nobody asks for any more.
    pub(super) fn forget(&mut self) {
        let stored = self.record.as_deref().and_then(Record::tokens).and_then(token_of);
        let session = self.record.as_deref().map(|record| record.session);
        for holder in &mut self.holders {
            // Until it is stored, or is no longer the newest, or its session is over or was replaced.
            holder.owes = holder.owes.filter(|owed| {
                let replaced = session.is_some() && owed.session.is_some() && owed.session != session;
                Some(owed.token) != stored && self.server.is_newest(owed.token) && !replaced
            });
        }
        let budget = self.budget;
        if budget.again + budget.refused > 0 {
            return;
        }
        for holder in self.holders.iter_mut().filter(|holder| holder.at == At::Done) {
            holder.refresher = None;
            (holder.refused, holder.given, holder.doubted) = (false, None, None);
            if budget.logout == 0 {
                holder.held = None;
                if budget.login == 0 {
                    (holder.ahead, holder.set_by) = (0, 0);
                }
            }
        }
    }

    /// The same world, with processes in an order that does not depend on who was first. They have no names of their own.
    pub(super) fn alike(&self) -> Self {
        let sketches: Vec<_> = (0..self.holders.len()).map(|index| self.sketch(index)).collect();
        let twins = sketches.iter().enumerate().any(|(index, sketch)| sketches[..index].contains(sketch));
        let looks = |index| if twins { self.looks(index) } else { 0 };
        let mut order: Vec<_> =
            sketches.iter().enumerate().map(|(index, sketch)| (sketch, looks(index), index)).collect();
        order.sort_unstable();
        let mut world = self.clone();
        if order.iter().enumerate().all(|(place, (.., index))| place == *index) {
            return world;
        }
        world.holders = order.iter().map(|(.., index)| self.holders[*index].clone()).collect();
        let order: Vec<_> = order.into_iter().map(|(.., index)| index).collect();
        let names = move |id: RandomId| {
            let place = order.iter().position(|index| process(*index) == id);
            place.map_or(id, process)
        };
        world.rename(&names);
        world
    }

    /// What tells most processes apart at little cost.
    fn sketch(&self, index: usize) -> (u8, u8, i8, bool, bool) {
        let Holder { id, ahead, set_by, at, .. } = &self.holders[index];
        let at = match at {
            At::Idle => 0,
            At::Looking => 1,
            At::Deciding(_) => 2,
            At::Writing(..) => 3,
            At::Checked(_) => 4,
            At::Sent(..) => 5,
            At::Answered(..) => 6,
            At::Saving(..) => 7,
            At::Settling(..) => 8,
            At::Done => 9,
            At::Dead => 10,
        };
        let record = self.record.as_deref();
        let leads = record.and_then(|record| record.lease.as_ref()).is_some_and(|lease| lease.holder == *id);
        let intends =
            record.and_then(|record| record.intent.as_ref()).is_some_and(|intent| intent.holder == *id);
        (at, *ahead, *set_by, leads, intends)
    }

    /// What there is to see of a process without its name.
    fn looks(&self, index: usize) -> u64 {
        let mut holder = self.holders[index].clone();
        let me = holder.id;
        let names = move |id| process(usize::from(id != me));
        holder.rename(&names);
        let sessions = [self.logged_out, self.record.as_deref().map(|record| record.session)];
        let began = sessions.map(|session| session.is_some_and(|session| began_by(session, me)));
        hasher().hash_one((holder, began))
    }

    fn rename(&mut self, names: &dyn Fn(RandomId) -> RandomId) {
        for holder in &mut self.holders {
            holder.rename(names);
        }
        if let Some(record) = &mut self.record {
            record.rename(names);
        }
        if let Some(session) = &mut self.logged_out {
            *session = renamed(*session, names);
        }
    }
}

/// The same in every run.
fn hasher() -> std::hash::BuildHasherDefault<std::hash::DefaultHasher> {
    std::hash::BuildHasherDefault::default()
}

/// What ids of processes are in.
trait Named {
    fn rename(&mut self, names: &dyn Fn(RandomId) -> RandomId);
}

impl Named for Holder {
    fn rename(&mut self, names: &dyn Fn(RandomId) -> RandomId) {
        self.id = names(self.id);
        if let Some(held) = &mut self.held {
            held.session = renamed(held.session, names);
        }
        if let Some(refresher) = &mut self.refresher {
            refresher.rename(names, |session| renamed(session, names));
        }
        if let Some(Owed { session: Some(session), .. }) = &mut self.owes {
            *session = renamed(*session, names);
        }
        match &mut self.at {
            At::Deciding(record) | At::Writing(record, _) => record.rename(names),
            At::Checked(sending) | At::Sent(sending, ..) | At::Answered(sending, _) => sending.rename(names),
            At::Saving(sending, _, record) | At::Settling(sending, _, record) => {
                sending.rename(names);
                record.rename(names);
            }
            At::Idle | At::Looking | At::Done | At::Dead => {}
        }
    }
}

impl Named for Sending {
    fn rename(&mut self, names: &dyn Fn(RandomId) -> RandomId) {
        self.what.holder = names(self.what.holder);
        self.what.session = renamed(self.what.session, names);
    }
}

impl Named for Arc<Record> {
    fn rename(&mut self, names: &dyn Fn(RandomId) -> RandomId) {
        let session = renamed(self.session, names);
        let leads = self.lease.as_ref().is_some_and(|lease| names(lease.holder) != lease.holder);
        let intends = self.intent.as_ref().is_some_and(|intent| names(intent.holder) != intent.holder);
        if session == self.session && !leads && !intends {
            return;
        }
        let record = Arc::make_mut(self);
        record.session = session;
        if let Some(lease) = &mut record.lease {
            lease.holder = names(lease.holder);
        }
        if let Some(intent) = &mut record.intent {
            intent.holder = names(intent.holder);
        }
    }
}

/// A record as it is kept here: without what no decision depends on. When an intent was written tells something of its lease only.
pub(super) fn kept(mut record: Record) -> Record {
    record.write = RandomId::from_number(0);
    record.started = UNIX_EPOCH;
    let holder = record.lease.as_ref().map(|lease| lease.holder);
    if let Some(intent) = record.intent.as_mut().filter(|intent| Some(intent.holder) != holder) {
        intent.since = UNIX_EPOCH;
    }
    if let Status::Ended { reason, .. } = record.status {
        record.status = Status::ended(reason, UNIX_EPOCH);
    }
    record
}
