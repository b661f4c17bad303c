//! The processes, the store and the server, what may happen to them, and where it begins.

mod steps;

use std::time::{Duration, UNIX_EPOCH};

use stateright::{Model, Property};

use super::promises;
use crate::clock::Now;
use crate::protocol::refresher::Present;
use crate::protocol::{Held, Limits, Refresher};
use crate::store::{RandomId, Record, StoredTokens};

/// What is explored.
#[derive(Clone, Debug)]
pub(super) struct Share {
    pub(super) holders: usize,
    pub(super) budget: Budget,
    pub(super) password: bool,
    /// The access token in the store still works.
    pub(super) early: bool,
    /// The server gives the successor again to who shows its predecessor, and access tokens expire at once.
    pub(super) lenient: bool,
    /// So many seconds are looked at. It takes six until a process that died is overtaken.
    pub(super) seconds: u8,
    pub(super) without: Option<Without>,
}

impl Share {
    pub(super) fn new(holders: usize, budget: Budget) -> Self {
        Self { holders, budget, password: false, early: false, lenient: false, seconds: 7, without: None }
    }

    fn limits(&self) -> Limits {
        let second = Duration::from_secs(1);
        let margin = if self.without == Some(Without::Margin) { Duration::ZERO } else { second };
        Limits { exchange: second, margin }
    }
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
}

/// How often each accident may happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Budget {
    pub(super) crash: u8,
    pub(super) lost_answer: u8,
    pub(super) failed_save: u8,
    pub(super) drift: u8,
    /// The wall clock of a process is set an hour forward or back, and its monotonic one goes on.
    pub(super) jump: u8,
    pub(super) logout: u8,
    pub(super) login: u8,
    /// How often a process that is done begins again.
    pub(super) again: u8,
}

impl Budget {
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            crash: self.crash + other.crash,
            lost_answer: self.lost_answer + other.lost_answer,
            failed_save: self.failed_save + other.failed_save,
            drift: self.drift + other.drift,
            jump: self.jump + other.jump,
            logout: self.logout + other.logout,
            login: self.login + other.login,
            again: self.again + other.again,
        }
    }
}

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    now: u8,
    pub(super) record: Option<Record>,
    pub(super) server: Server,
    pub(super) holders: Vec<Holder>,
    budget: Budget,
    pub(super) budget_spent_on_crash: u8,
    pub(super) logged_out: Option<RandomId>,
    pub(super) seen: Seen,
}

/// What has happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Seen {
    pub(super) reuse: bool,
    pub(super) late: bool,
    pub(super) knowingly: bool,
    pub(super) two_at_once: bool,
    pub(super) unknown_sent_early: bool,
    pub(super) waited_with_good_token: bool,
    pub(super) logged_in_after_logout: bool,
}

/// A server of the newest kind: a token works once, and one that is shown again ends its session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Server {
    sessions: Vec<Session>,
    issued: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Session {
    id: RandomId,
    /// The token that works.
    current: u8,
    /// The one before.
    previous: Option<u8>,
    over: bool,
}

impl Server {
    /// Whether the refresh token would be taken, or its session is over anyway.
    pub(super) fn works(&self, session: RandomId, tokens: &StoredTokens) -> bool {
        self.sessions.iter().any(|known| {
            let works = tokens.refresh_token.as_ref() == Some(&token(known.current));
            known.id == session && (known.over || works)
        })
    }

    fn issue(&mut self) -> u8 {
        self.issued += 1;
        self.issued
    }
}

fn token(number: u8) -> edgequake_types::Secret {
    format!("r{number}").into()
}

/// One process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Holder {
    /// How far its clocks run ahead.
    ahead: u8,
    /// How many hours its wall clock was set forward.
    set_by: i8,
    held: Option<Held>,
    refresher: Option<Refresher>,
    pub(super) at: At,
}

impl Holder {
    /// The token that it is about to send, or has sent, or whose successor it is about to save.
    fn exchanges(&self) -> Option<&Present> {
        match &self.at {
            At::Checked(present) | At::Sent(present, ..) | At::Saving(present, ..) => Some(present),
            At::Answered(present, Answer::Successor(_)) => Some(present),
            _ => None,
        }
    }
}

/// Where a process is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum At {
    Idle,
    /// About to read.
    Looking,
    /// Has written this.
    Deciding(Option<Record>),
    /// Waits for somebody else until this second of its clock.
    Waiting(u8),
    /// About to put the second in the place of the first, decided at this moment of its clocks.
    Writing(Option<Record>, Record, Now),
    /// Has checked its lease, and is about to send.
    Checked(Present),
    /// Sent at this second; the server's answer, once it has done its work.
    Sent(Present, u8, Option<Answer>),
    /// Has the answer, or knows that there will be none.
    Answered(Present, Answer),
    /// About to save a successor over what was read.
    Saving(Present, StoredTokens, Option<Record>, Record),
    /// About to write what is known of the token over what was read.
    Settling(Present, Answer, Option<Record>, Record),
    /// Has a token, or has been told why not.
    Done,
    Dead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Answer {
    Successor(u8),
    Refused,
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Action {
    Tick,
    /// The next step of a process.
    Go(usize),
    /// The server does its work.
    Serve(usize),
    LoseAnswer(usize),
    FailSave(usize),
    Crash(usize),
    Drift(usize),
    /// By so many hours.
    Jump(usize, i8),
    LogOut(usize),
    LogIn(usize),
}

impl Share {
    fn clock(&self, world: &World, holder: usize) -> Now {
        let seconds = Duration::from_secs(u64::from(world.second(holder)));
        // All clocks show whole hours at the beginning, so that it can be told what they showed then.
        let hours = u64::try_from(EPOCH_HOURS + i64::from(world.holders[holder].set_by)).unwrap_or_default();
        let wall = seconds + Duration::from_secs(hours * HOUR);
        Now { wall, mono: if self.without == Some(Without::Monotonic) { wall } else { seconds } }
    }
}

/// The second, since the beginning, that a process saw at a moment of its clocks.
fn second_of(now: Now) -> u64 {
    now.mono.as_secs() % HOUR
}

const HOUR: u64 = 3600;
/// What wall clocks show at the beginning, in hours.
const EPOCH_HOURS: i64 = 10;

impl World {
    fn second(&self, holder: usize) -> u8 {
        self.now + self.holders[holder].ahead
    }

    /// Forgets what nobody asks a process any more that is done, so that worlds are the same that differ in nothing else.
    fn forget(&mut self) {
        let budget = self.budget;
        if budget.again > 0 {
            return;
        }
        for holder in self.holders.iter_mut().filter(|holder| holder.at == At::Done) {
            holder.refresher = None;
            if budget.logout == 0 {
                holder.held = None;
                if budget.login == 0 {
                    (holder.ahead, holder.set_by) = (0, 0);
                }
            }
        }
    }

    /// Puts a record in place of what was expected.
    fn swap(&mut self, expected: &Option<Record>, record: Record) -> bool {
        if self.record != *expected {
            return false;
        }
        self.record = Some(record);
        true
    }
}

impl Model for Share {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let session = RandomId::from_number(1);
        let expires_at = if self.early { None } else { Some(UNIX_EPOCH) };
        let tokens = self.tokens(0, 1).expires_at(expires_at);
        let mut record = Record::new(tokens, UNIX_EPOCH);
        record.session = session;
        record.write = RandomId::from_number(0);
        let held = Held::of(&record);
        let holder = Holder { ahead: 0, set_by: 0, held, refresher: None, at: At::Idle };
        vec![World {
            now: 0,
            record: Some(record),
            server: Server {
                sessions: vec![Session { id: session, current: 0, previous: None, over: false }],
                issued: 0,
            },
            holders: vec![holder; self.holders],
            budget: self.budget,
            budget_spent_on_crash: 0,
            logged_out: None,
            seen: Seen::default(),
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        let busy = |holder: &Holder| !matches!(holder.at, At::Done | At::Dead | At::Idle);
        if world.now < self.seconds && world.holders.iter().any(busy) {
            actions.push(Action::Tick);
        }
        for (index, holder) in world.holders.iter().enumerate() {
            if matches!(holder.at, At::Dead) {
                continue;
            }
            // They are all alike, so they may as well begin in their order.
            let first = index == 0 || world.holders[index - 1].at != At::Idle;
            if holder.at != At::Idle || first {
                actions.push(Action::Go(index));
            }
            if matches!(holder.at, At::Sent(_, _, None)) {
                actions.push(Action::Serve(index));
            }
            if matches!(holder.at, At::Sent(..)) && world.budget.lost_answer > 0 {
                actions.push(Action::LoseAnswer(index));
            }
            if matches!(holder.at, At::Saving(..)) && world.budget.failed_save > 0 {
                actions.push(Action::FailSave(index));
            }
            if busy(holder) && world.budget.crash > 0 {
                actions.push(Action::Crash(index));
            }
            if busy(holder) && world.budget.drift > 0 {
                actions.push(Action::Drift(index));
            }
            if busy(holder) && world.budget.jump > 0 {
                actions.extend([-1, 1].map(|hours| Action::Jump(index, hours)));
            }
            if matches!(holder.at, At::Idle | At::Done) && world.budget.logout > 0 {
                actions.push(Action::LogOut(index));
            }
            if matches!(holder.at, At::Idle | At::Done) && world.budget.login > 0 {
                actions.push(Action::LogIn(index));
            }
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut world = world.clone();
        match action {
            Action::Tick => world.now += 1,
            Action::Go(index) => self.go(&mut world, index)?,
            Action::Serve(index) => self.serve(&mut world, index)?,
            Action::LoseAnswer(index) => {
                let At::Sent(present, ..) = world.holders[index].at.clone() else { return None };
                world.budget.lost_answer -= 1;
                world.holders[index].at = At::Answered(present, Answer::Unknown);
            }
            Action::FailSave(index) => {
                // It is tried again.
                let At::Saving(present, tokens, ..) = world.holders[index].at.clone() else { return None };
                world.budget.failed_save -= 1;
                let number = tokens.version.nonce.to_string();
                let number = u8::from_str_radix(number.trim_start_matches('0'), 16).ok()?;
                world.holders[index].at = At::Answered(present, Answer::Successor(number));
            }
            Action::Crash(index) => {
                world.budget.crash -= 1;
                world.budget_spent_on_crash += 1;
                world.holders[index] =
                    Holder { ahead: 0, set_by: 0, held: None, refresher: None, at: At::Dead };
            }
            Action::Drift(index) => {
                world.budget.drift -= 1;
                world.holders[index].ahead += 1;
            }
            Action::Jump(index, hours) => {
                world.budget.jump -= 1;
                world.holders[index].set_by += hours;
            }
            Action::LogOut(index) => {
                world.budget.logout -= 1;
                self.log_out(&mut world, index)?;
            }
            Action::LogIn(index) => {
                world.budget.login -= 1;
                let now = self.clock(&world, index);
                self.log_in(&mut world, index, RandomId::from_number(60), now);
                world.holders[index].at = At::Done;
            }
        }
        world.forget();
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        promises::all()
    }
}
