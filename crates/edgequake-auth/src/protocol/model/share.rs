//! What is explored: how many processes, how they begin, what may happen to them, and what is taken away.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use super::server::{Server, Token};
use super::world::{Holder, Seen, World};
use crate::clock::Now;
use crate::protocol::{Held, Limits};
use crate::store::{RandomId, Record, StoredTokens, Version};

#[derive(Clone, Debug)]
pub(super) struct Share {
    pub(super) holders: usize,
    pub(super) budget: Budget,
    pub(super) start: Start,
    pub(super) password: bool,
    /// The server gives the successor again to who shows its predecessor, and access tokens expire at once.
    pub(super) lenient: bool,
    /// So many seconds are looked at. It takes six until a process that died is overtaken.
    pub(super) seconds: u8,
    pub(super) without: Option<Without>,
}

/// How it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// Everybody holds the tokens of the record, and the access token has expired.
    Expired,
    /// It still works, and is renewed early.
    Early,
    /// It still works, and the programs ask for another.
    Asked,
    /// By the clock it still works, and the server has refused it.
    Refused,
    /// It has expired, and only the first process has it; the others start with nothing in hand.
    Fresh,
    /// By the clock it still works. The first process was refused with it, and the others start with nothing in hand.
    RefusedAndFresh,
    /// There is no record. Each process was given the same refresh token by its program.
    Given,
    /// The first process holds the tokens of the record, which have expired. The others were given a token of another session.
    GivenBeside,
}

/// A part of the protocol that is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Without {
    /// Nothing is written before a token is sent.
    Intent,
    /// A successor is saved whatever is there.
    Version,
    /// Clocks are taken to agree.
    Margin,
    /// Time is told by the wall clock alone.
    Monotonic,
    /// What has ended is removed.
    Memory,
    /// A successor is used, and not saved.
    Saving,
    /// A save that has failed is not tried again.
    SavingAgain,
    /// What was surely not executed settles an intent, also one that began as somebody else's.
    Doubt,
    /// A process forgets that it has sent the token that its program gave it, and so does the record once other intents are in it.
    Doubting,
    /// A process whose access token was refused forgets which one it was.
    Refusal,
    /// A token that may be spent is sent again however good the access token is.
    Rest,
    /// Good tokens of others are not taken from the store.
    Adopt,
}

/// How often each accident may happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Budget {
    pub(super) crash: u8,
    pub(super) lost_answer: u8,
    /// A request that surely was not executed: 429, or a connection that was refused.
    pub(super) not_executed: u8,
    pub(super) failed_save: u8,
    pub(super) drift: u8,
    /// The wall clock of a process is set an hour forward or back, and its monotonic one goes on.
    pub(super) jump: u8,
    /// The same by a day, which is further than clocks may be apart.
    pub(super) day: u8,
    pub(super) logout: u8,
    pub(super) login: u8,
    /// How often a process that is done begins again, since its token has expired or is about to.
    pub(super) again: u8,
    /// How often a process that is done begins again, since its access token was refused.
    pub(super) refused: u8,
}

impl Budget {
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            crash: self.crash + other.crash,
            lost_answer: self.lost_answer + other.lost_answer,
            not_executed: self.not_executed + other.not_executed,
            failed_save: self.failed_save + other.failed_save,
            drift: self.drift + other.drift,
            jump: self.jump + other.jump,
            day: self.day + other.day,
            logout: self.logout + other.logout,
            login: self.login + other.login,
            again: self.again + other.again,
            refused: self.refused + other.refused,
        }
    }
}

/// The process that is `index`-th at the beginning.
pub(super) fn process(index: usize) -> RandomId {
    RandomId::from_number(100 + index as u128)
}

/// The session in the store that begins with a login.
pub(super) fn session_of(token: Token) -> RandomId {
    RandomId::from_number(1000 + token.session() as u128)
}

/// The session in the store that a process begins with a token of its program.
pub(super) fn session_by(token: Token, process: RandomId) -> RandomId {
    RandomId::from_number(process.number() * BY + token.session() as u128)
}

/// More than there are numbers of sessions.
const BY: u128 = 1_000_000;

/// Whether a process began a session with a token of its program.
pub(super) fn began_by(session: RandomId, process: RandomId) -> bool {
    session.number() / BY == process.number()
}

/// The same session if processes are called otherwise.
pub(super) fn renamed(session: RandomId, names: &dyn Fn(RandomId) -> RandomId) -> RandomId {
    match session.number() / BY {
        0 => session,
        process => {
            let process = names(RandomId::from_number(process));
            RandomId::from_number(process.number() * BY + session.number() % BY)
        }
    }
}

impl Share {
    pub(super) fn new(holders: usize, budget: Budget) -> Self {
        let (start, seconds) = (Start::Expired, 7);
        Self { holders, budget, start, password: false, lenient: false, seconds, without: None }
    }

    pub(super) fn limits(&self) -> Limits {
        let second = Duration::from_secs(1);
        let margin = if self.without == Some(Without::Margin) { Duration::ZERO } else { second };
        Limits { exchange: second, margin }
    }

    /// Tokens that came with this refresh token. Access tokens never expire, or have always been expired.
    pub(super) fn tokens(&self, token: Token, counter: u64) -> StoredTokens {
        let refresh = Some(secret(token));
        let mut tokens = StoredTokens::new(Some("a".into()), refresh);
        tokens.version = Version { counter, nonce: RandomId::from_number(token.0.into()) };
        tokens.expires_at = self.lenient.then_some(UNIX_EPOCH);
        tokens
    }

    pub(super) fn clock(&self, world: &World, holder: usize) -> Now {
        let seconds = Duration::from_secs(u64::from(world.second(holder)));
        // All clocks show whole hours at the beginning, so that it can be told what they showed then.
        let hours = u64::try_from(EPOCH_HOURS + i64::from(world.holders[holder].set_by)).unwrap_or_default();
        let wall = seconds + Duration::from_secs(hours * HOUR);
        Now { wall, mono: if self.without == Some(Without::Monotonic) { wall } else { seconds } }
    }

    pub(super) fn beginning(&self) -> World {
        let mut server = Server::default();
        let token = server.begin();
        let good =
            matches!(self.start, Start::Early | Start::Asked | Start::Refused | Start::RefusedAndFresh);
        let mut tokens = self.tokens(token, 1);
        tokens.expires_at = (!good).then_some(UNIX_EPOCH);
        let mut record = Record::new(tokens, UNIX_EPOCH);
        (record.session, record.write) = (session_of(token), RandomId::from_number(0));
        let held = Held::of(&record);
        let all = Holder::new(held);
        let fresh = Holder::new(None);
        let (first, others) = match self.start {
            Start::Expired | Start::Early | Start::Asked => (all.clone(), all),
            Start::Refused => (Holder { refused: true, ..all.clone() }, Holder { refused: true, ..all }),
            Start::Fresh => (all, fresh),
            Start::RefusedAndFresh => (Holder { refused: true, ..all }, fresh),
            Start::Given => {
                let given = Holder { given: Some(token), ..fresh };
                (given.clone(), given)
            }
            Start::GivenBeside => (all, Holder { given: Some(server.begin()), ..fresh }),
        };
        let mut holders = vec![others; self.holders];
        holders[0] = first;
        for (index, holder) in holders.iter_mut().enumerate() {
            holder.id = process(index);
        }
        World {
            now: 0,
            record: (self.start != Start::Given).then(|| Arc::new(record)),
            server,
            holders,
            budget: self.budget,
            logged_out: None,
            seen: Seen::default(),
        }
    }
}

pub(super) fn secret(token: Token) -> edgequake_types::Secret {
    format!("r{}", token.0).into()
}

/// The token in a record.
pub(super) fn token_of(tokens: &StoredTokens) -> Option<Token> {
    tokens.refresh_token.as_ref().and_then(token_in)
}

pub(super) fn token_in(secret: &edgequake_types::Secret) -> Option<Token> {
    secret.expose().strip_prefix('r')?.parse().ok().map(Token)
}

/// The second, since the beginning, that a process saw at a moment of its clocks.
pub(super) fn second_of(now: Now) -> u64 {
    now.mono.as_secs() % HOUR
}

const HOUR: u64 = 3600;
/// What wall clocks show at the beginning, in hours.
const EPOCH_HOURS: i64 = 50;
