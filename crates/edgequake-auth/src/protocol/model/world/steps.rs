//! What each process, and the server, does in one step.

use std::time::UNIX_EPOCH;

use super::{Answer, At, Session, Share, Without, World, second_of, token};
use crate::clock::Now;
use crate::protocol::refresher::Present;
use crate::protocol::settle::{self, Logout, Save};
use crate::protocol::{Held, Refresher, Step, Urgency, is_good};
use crate::store::{RandomId, Record, Status, StoredTokens, Version};

impl Share {
    /// A record as this variant of the protocol writes it. Ids of writes are all the same here: what is compared is the whole.
    fn written(&self, mut record: Record) -> Option<Record> {
        record.write = RandomId::from_number(0);
        let ended = matches!(record.status, Status::Ended { .. });
        (self.without != Some(Without::Memory) || !ended).then_some(record)
    }

    pub(super) fn tokens(&self, number: u8, counter: u64) -> StoredTokens {
        let mut tokens = StoredTokens::new(Some(format!("a{number}").into()), Some(token(number)));
        tokens.version = Version { counter, nonce: RandomId::from_number(number.into()) };
        if self.lenient {
            tokens.expires_at = Some(UNIX_EPOCH);
        }
        tokens
    }

    pub(super) fn go(&self, world: &mut World, index: usize) -> Option<()> {
        let now = self.clock(world, index);
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
                At::Writing(view, record, now)
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
                since.is_some_and(|since| u64::from(world.second(other)) <= second_of(since) + lease)
            })
    }

    pub(super) fn log_in(&self, world: &mut World, index: usize, session: RandomId, now: Now) {
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
    pub(super) fn serve(&self, world: &mut World, index: usize) -> Option<()> {
        let At::Sent(present, sent, None) = world.holders[index].at.clone() else { return None };
        let lease = self.limits().lease().as_secs();
        // Later than the lease allows, by a true clock: the process, or the network, stood still in between.
        let begun = second_of(world.holders[index].refresher.as_ref()?.lease_since()?);
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

    pub(super) fn log_out(&self, world: &mut World, index: usize) -> Option<()> {
        let session = world.holders[index].held?.session;
        let Logout::Write(record, _) =
            settle::logout(world.record.as_ref(), Some(session), self.clock(world, index))
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
