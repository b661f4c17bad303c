//! The processes, the store and the server, and the steps they take.

use std::time::{Duration, UNIX_EPOCH};

use stateright::{Model, Property};

use super::promises;
use crate::clock::Now;
use crate::protocol::refresher::Present;
use crate::protocol::settle::{self, Logout, Save};
use crate::protocol::{Held, Limits, Refresher, Step, Urgency, is_good};
use crate::store::{RandomId, Record, Status, StoredTokens, Version};

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
    /// About to put the second in the place of the first, decided at this second of its clock.
    Writing(Option<Record>, Record, u8),
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
    LogOut(usize),
    LogIn(usize),
}

impl World {
    fn clock(&self, holder: usize) -> Now {
        let seconds = Duration::from_secs(u64::from(self.now + self.holders[holder].ahead));
        Now { wall: seconds + Duration::from_secs(1000), mono: seconds }
    }

    fn second(&self, holder: usize) -> u8 {
        self.now + self.holders[holder].ahead
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

impl Share {
    /// A record as this variant of the protocol writes it. Ids of writes are all the same here: what is compared is the whole.
    fn written(&self, mut record: Record) -> Option<Record> {
        record.write = RandomId::from_number(0);
        let ended = matches!(record.status, Status::Ended { .. });
        (self.without != Some(Without::Memory) || !ended).then_some(record)
    }

    fn tokens(&self, number: u8, counter: u64) -> StoredTokens {
        let mut tokens = StoredTokens::new(Some(format!("a{number}").into()), Some(token(number)));
        tokens.version = Version { counter, nonce: RandomId::from_number(number.into()) };
        if self.lenient {
            tokens.expires_at = Some(UNIX_EPOCH);
        }
        tokens
    }

    fn go(&self, world: &mut World, index: usize) -> Option<()> {
        let now = world.clock(index);
        let second = world.second(index);
        let at = std::mem::replace(&mut world.holders[index].at, At::Done);
        let next = match at {
            At::Idle => {
                let urgency = if self.early { Urgency::Early } else { Urgency::Needed };
                let me = RandomId::from_number(100 + index as u128);
                let refresher = Refresher::new(me, self.limits(), urgency)
                    .held(world.holders[index].held, false)
                    .password(self.password);
                world.holders[index].refresher = Some(refresher);
                // A look that is old by the time of the write is found out by the write.
                let view = world.record.clone();
                self.decide(world, index, view, now, second)?
            }
            At::Waiting(until) if second < until => return None,
            At::Looking | At::Waiting(_) => {
                let view = world.record.clone();
                self.decide(world, index, view, now, second)?
            }
            At::Deciding(view) => self.decide(world, index, view, now, second)?,
            At::Writing(expected, record, since) => {
                if world.swap(&expected, record.clone()) {
                    let since = Now {
                        wall: Duration::from_secs(u64::from(since) + 1000),
                        mono: Duration::from_secs(since.into()),
                    };
                    world.holders[index].refresher.as_mut()?.written(&record, since);
                    At::Deciding(Some(record))
                } else {
                    At::Looking
                }
            }
            At::Checked(present) => At::Sent(present, world.now, None),
            At::Sent(present, sent, answer) => match answer {
                Some(answer) => At::Answered(present, answer),
                None if world.now > sent => At::Answered(present, Answer::Unknown),
                None => return None,
            },
            At::Answered(present, answer) => self.answered(world, present, answer, now),
            At::Saving(present, tokens, expected, record) => {
                if world.swap(&expected, record) {
                    world.holders[index].held = world.record.as_ref().and_then(Held::of);
                    At::Done
                } else {
                    let number = tokens.version.nonce.to_string();
                    let number = u8::from_str_radix(number.trim_start_matches('0'), 16).ok()?;
                    At::Answered(present, Answer::Successor(number))
                }
            }
            At::Settling(present, answer, expected, record) => {
                let expected_now = world.record == expected;
                if expected_now {
                    world.record = self.written(record);
                    if answer == Answer::Refused && self.password { At::Looking } else { At::Done }
                } else {
                    At::Answered(present, answer)
                }
            }
            At::Done if world.budget.again > 0 => {
                world.budget.again -= 1;
                At::Idle
            }
            At::Done | At::Dead => return None,
        };
        world.holders[index].at = next;
        Some(())
    }

    fn decide(
        &self,
        world: &mut World,
        index: usize,
        view: Option<Record>,
        now: Now,
        second: u8,
    ) -> Option<At> {
        let held = world.holders[index].held;
        let mut seen = view.clone();
        if let (Some(Without::Intent), Some(record)) = (self.without, &mut seen) {
            let me = RandomId::from_number(100 + index as u128);
            record.intent.take_if(|intent| intent.holder != me);
        }
        let step = world.holders[index].refresher.as_mut()?.next(seen.as_ref(), now);
        let tokens = view.as_ref().and_then(Record::tokens);
        let good = tokens.is_some_and(|tokens| is_good(tokens, now));
        Some(match step {
            Step::Adopt => {
                world.holders[index].held = Held::of(view.as_ref()?);
                At::Done
            }
            Step::Skip | Step::Ended(_) | Step::NoLogin => At::Done,
            Step::Wait(wait) => {
                let ours = view.as_ref().and_then(Held::of) == held;
                let lease_ours =
                    view.as_ref()?.lease.as_ref()?.holder == RandomId::from_number(100 + index as u128);
                world.seen.waited_with_good_token |= good && !ours && !lease_ours;
                world.seen.waited_with_good_token |= self.early && !lease_ours;
                At::Waiting(second + u8::try_from(wait.as_secs().max(1)).ok()?)
            }
            Step::Write(record) => {
                let mut record = *record;
                record.write = RandomId::from_number(0);
                At::Writing(view, record, second)
            }
            Step::Present(present) => {
                world.seen.unknown_sent_early |= self.early && good && present.what.unsettled;
                world.seen.knowingly |= present.what.unsettled;
                world.seen.two_at_once |= self.somebody_else_is_at(world, index, &present);
                At::Checked(present)
            }
            Step::LogIn => {
                let session = RandomId::from_number(50 + index as u128);
                world.seen.logged_in_after_logout |=
                    world.logged_out.is_some() && held.map(|held| held.session) == world.logged_out;
                self.log_in(world, index, session, now);
                At::Done
            }
        })
    }

    /// Whether another process exchanges the same token, under a lease that lasts.
    fn somebody_else_is_at(&self, world: &World, index: usize, token: &Present) -> bool {
        let lease = self.limits().lease().as_secs();
        let others = world.holders.iter().enumerate().filter(|(other, _)| *other != index);
        others
            .filter(|(_, holder)| holder.exchanges().is_some_and(|present| present.token == token.token))
            .any(|(other, holder)| {
                let since = holder.refresher.as_ref().and_then(Refresher::lease_since);
                since.is_some_and(|since| u64::from(world.second(other)) <= since.mono.as_secs() + lease)
            })
    }

    fn log_in(&self, world: &mut World, index: usize, session: RandomId, now: Now) {
        let number = world.server.issue();
        world.server.sessions.push(Session { id: session, current: number, previous: None, over: false });
        let tokens = self.tokens(number, 1);
        let record = settle::login(world.record.as_ref(), session, &tokens, now);
        world.record = self.written(record);
        world.holders[index].held = world.record.as_ref().and_then(Held::of);
    }

    fn answered(&self, world: &World, present: Present, answer: Answer, now: Now) -> At {
        let record = world.record.clone();
        let settled = match answer {
            Answer::Successor(number) => {
                let counter = present.what.version.map_or(1, |version| version.counter + 1);
                let tokens = self.tokens(number, counter);
                let mut what = present.what.clone();
                if let (Some(Without::Version), Some(held)) =
                    (self.without, record.as_ref().and_then(Held::of))
                {
                    what.version = Some(held.version);
                }
                return match settle::success(record.as_ref(), &what, &tokens, now) {
                    Save::Write(saved) => {
                        let mut saved = *saved;
                        saved.write = RandomId::from_number(0);
                        At::Saving(present, tokens, record, saved)
                    }
                    // The successor is not needed: it is revoked, or another one is in use.
                    Save::Superseded | Save::OtherSession | Save::Ended(_) => At::Looking,
                };
            }
            Answer::Refused => settle::refused(record.as_ref(), &present.what, now),
            Answer::Unknown => settle::unknown(record.as_ref(), &present.what),
        };
        match settled {
            Some(mut settled) => {
                settled.write = RandomId::from_number(0);
                At::Settling(present, answer, record, settled)
            }
            None if answer == Answer::Refused => At::Looking,
            None => At::Done,
        }
    }

    /// The server takes the token that was sent.
    fn serve(&self, world: &mut World, index: usize) -> Option<()> {
        let At::Sent(present, sent, None) = world.holders[index].at.clone() else { return None };
        let lease = self.limits().lease().as_secs();
        // Later than the lease allows, by a true clock: the process, or the network, stood still in between.
        let begun = world.holders[index].refresher.as_ref()?.lease_since()?.mono.as_secs();
        let ahead = u64::from(world.holders[index].ahead);
        world.seen.late |= u64::from(world.now) + ahead > begun + lease;
        let server = &mut world.server;
        let next = server.issued + 1;
        let session = server.sessions.iter_mut().find(|session| session.id == present.what.session)?;
        let answer = if session.over {
            Answer::Refused
        } else if present.token == token(session.current) {
            (session.previous, session.current) = (Some(session.current), next);
            server.issued = next;
            Answer::Successor(next)
        } else if self.lenient && session.previous.map(token).as_ref() == Some(&present.token) {
            Answer::Successor(session.current)
        } else {
            session.over = true;
            world.seen.reuse = true;
            Answer::Refused
        };
        world.holders[index].at = At::Sent(present, sent, Some(answer));
        Some(())
    }

    fn log_out(&self, world: &mut World, index: usize) -> Option<()> {
        let session = world.holders[index].held?.session;
        let Logout::Write(record, _) =
            settle::logout(world.record.as_ref(), Some(session), world.clock(index))
        else {
            return None;
        };
        world.record = self.written(*record);
        world.logged_out = Some(session);
        for known in &mut world.server.sessions {
            known.over |= known.id == session;
        }
        world.holders[index].at = At::Done;
        Some(())
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
        let holder = Holder { ahead: 0, held, refresher: None, at: At::Idle };
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
            let first = index == 0
                || world.holders[index - 1].refresher.is_some()
                || world.holders[index - 1].at == At::Dead;
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
                world.holders[index] = Holder { ahead: 0, held: None, refresher: None, at: At::Dead };
            }
            Action::Drift(index) => {
                world.budget.drift -= 1;
                world.holders[index].ahead += 1;
            }
            Action::LogOut(index) => {
                world.budget.logout -= 1;
                self.log_out(&mut world, index)?;
            }
            Action::LogIn(index) => {
                world.budget.login -= 1;
                let now = world.clock(index);
                self.log_in(&mut world, index, RandomId::from_number(60), now);
                world.holders[index].at = At::Done;
            }
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        promises::all()
    }
}
