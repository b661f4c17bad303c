//! What each process does in one step.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::server::Token;
use super::share::{Share, Without, second_of, secret, session_by, session_of, token_in, token_of};
use super::world::{Answer, At, Sending, World, kept};
use crate::clock::Now;
use crate::protocol::settle::{self, Logout, Save};
use crate::protocol::step::Present;
use crate::protocol::{Held, Refresher, Step, Urgency, is_good};
use crate::store::{EndReason, RandomId, Record, Status, fingerprint};

impl Share {
    /// A record as this variant of the protocol writes it.
    fn write(&self, world: &mut World, record: &Arc<Record>) {
        let ended = matches!(record.status, Status::Ended { .. });
        let forgotten = ended && self.without == Some(Without::Memory);
        world.put((!forgotten).then(|| Arc::clone(record)));
    }

    pub(super) fn go(&self, world: &mut World, index: usize) -> Option<()> {
        let now = self.clock(world, index);
        let at = std::mem::replace(&mut world.holders[index].at, At::Done);
        let next = match at {
            At::Idle => {
                let holder = &mut world.holders[index];
                let seen = holder.refresher.as_ref().and_then(Refresher::seen);
                let rests = self.without != Some(Without::Rest);
                let urgency = if rests { self.urgency(holder) } else { Urgency::Needed };
                let known = holder.held.filter(|_| self.without != Some(Without::Refusal));
                let refresher = Refresher::new(holder.id, self.limits(), urgency)
                    .watching(seen)
                    .held(known, holder.refused)
                    .given(holder.given.filter(|_| holder.held.is_none()).map(secret))
                    .doubting(holder.doubted.filter(|_| self.without != Some(Without::Doubting)))
                    .password(self.password);
                holder.refresher = Some(refresher);
                // A look that is old by the time of the write is found out by the write.
                self.decide(world, index, None, now)?
            }
            At::Looking => self.decide(world, index, None, now)?,
            At::Deciding(own) => self.decide(world, index, Some(own), now)?,
            At::Writing(record, since) => {
                self.write(world, &record);
                world.holders[index].refresher.as_mut()?.written(&record, since);
                At::Deciding(record)
            }
            At::Checked(sending) => {
                let holder = &mut world.holders[index];
                if holder.given == Some(sending.token) {
                    holder.doubted = Some(fingerprint(&secret(sending.token)));
                }
                At::Sent(sending, world.now, None)
            }
            At::Sent(sending, sent, answer) => {
                let answer = match answer {
                    Some(answer) => answer,
                    None if world.now > sent => Answer::Unknown,
                    None => return None,
                };
                world.holders[index].at = At::Sent(sending, sent, None);
                return self.hear(world, index, answer);
            }
            At::Answered(sending, answer) => self.answered(world, index, sending, answer, now),
            At::Saving(_, _, record) => {
                self.write(world, &record);
                self.hold(world, index, &record);
                At::Done
            }
            At::Settling(sending, answer, record) => {
                self.write(world, &record);
                let given = sending.what.version.is_none();
                match answer {
                    Answer::Refused if given => self.forget_given(world, index)?,
                    Answer::Refused if self.password => At::Looking,
                    _ => At::Done,
                }
            }
            At::Done | At::Dead => return None,
        };
        world.holders[index].at = next;
        Some(())
    }

    /// Tokens are in hand now.
    fn hold(&self, world: &mut World, index: usize, record: &Record) {
        let holder = &mut world.holders[index];
        (holder.held, holder.refused, holder.given) = (Held::of(record), false, None);
        holder.left = false;
    }

    fn forget_given(&self, world: &mut World, index: usize) -> Option<At> {
        world.holders[index].given = None;
        world.holders[index].refresher.as_mut()?.forget_given();
        Some(At::Looking)
    }

    /// About what is there, or what the process itself has written, also if it is there no more.
    fn decide(&self, world: &mut World, index: usize, own: Option<Arc<Record>>, now: Now) -> Option<At> {
        let view = own.or_else(|| world.record.clone());
        let (held, me) = (world.holders[index].held, world.holders[index].id);
        let mut seen = view.clone();
        if let (Some(Without::Intent), Some(record)) = (self.without, &mut seen) {
            Arc::make_mut(record).intent.take_if(|intent| intent.holder != me);
        }
        if let (Some(Without::Doubting), Some(record)) = (self.without, &mut seen) {
            Arc::make_mut(record).doubtful.clear();
        }
        if let (Some(Without::Adopt), Some(record)) = (self.without, &mut seen)
            && let Status::Active(tokens) = &mut Arc::make_mut(record).status
        {
            tokens.expires_at = Some(UNIX_EPOCH);
        }
        let mut step = world.holders[index].refresher.as_mut()?.next(seen.as_deref(), now);
        if let (Some(Without::Adopt), Step::Write(record)) = (self.without, &mut step)
            && let (Status::Active(tokens), Some(before)) =
                (&mut record.status, view.as_deref().and_then(Record::tokens))
        {
            tokens.expires_at = before.expires_at;
        }
        let tokens = view.as_deref().and_then(Record::tokens);
        let good = tokens.is_some_and(|tokens| is_good(tokens, now));
        let there = view.as_deref().and_then(Held::of);
        Some(match step {
            Step::Adopt => {
                world.seen.adopted_refused |= world.holders[index].refused && there == held;
                self.hold(world, index, view.as_deref()?);
                At::Done
            }
            Step::Skip | Step::Ended(_) | Step::Replaced | Step::NoLogin => At::Done,
            Step::Wait(_) => {
                let ours = view.as_deref()?.lease.as_ref()?.holder == me;
                let given = world.holders[index].refresher.as_ref()?.is_given();
                let loadable = good && there != held && !given;
                let early = self.urgency(&world.holders[index]) == Urgency::Early;
                world.seen.waited_with_good_token |= !ours && (loadable || early);
                At::Looking
            }
            // What it has written was replaced meanwhile, which is found out by the write.
            Step::Write(_) if view != world.record => At::Looking,
            Step::Write(record) => At::Writing(Arc::new(self.named(*record, view.as_deref(), me)), now),
            Step::Present(Present { token, mut what }) => {
                let doubted = world.holders[index].doubted;
                world.seen.sent_again_unmarked |= !what.unsettled && doubted == Some(fingerprint(&token));
                let token = token_in(&token)?;
                if what.version.is_none() {
                    what.session = session_by(token, me);
                }
                let works = self.urgency(&world.holders[index]) != Urgency::Needed;
                world.seen.unknown_sent_early |= works && good && what.unsettled;
                world.seen.two_at_once |= self.somebody_else_is_at(world, index, token);
                At::Checked(Sending { token, what })
            }
            Step::LogIn => {
                world.seen.logged_in_after_logout |=
                    world.logged_out.is_some() && held.map(|held| held.session) == world.logged_out;
                self.log_in(world, index);
                At::Done
            }
        })
    }

    /// Numbers are not drawn here: a session that begins with a token of the program is named after both.
    fn named(&self, record: Record, before: Option<&Record>, me: RandomId) -> Record {
        let mut record = kept(record);
        let begun = before.is_none_or(|before| before.session != record.session);
        if let Some(token) = record.tokens().and_then(token_of).filter(|_| begun) {
            record.session = session_by(token, me);
            let version = self.tokens(token, 1).version;
            if let Status::Active(tokens) = &mut record.status {
                tokens.version = version;
            }
            if let Some(intent) = &mut record.intent {
                intent.tokens = version;
            }
        }
        record
    }

    /// Whether another process exchanges the same token, under a lease that lasts.
    fn somebody_else_is_at(&self, world: &World, index: usize, token: Token) -> bool {
        let lease = self.limits().lease().as_secs();
        let others = world.holders.iter().enumerate().filter(|(other, _)| *other != index);
        others.filter(|(_, holder)| holder.exchanges().is_some_and(|sending| sending.token == token)).any(
            |(other, holder)| {
                let since = holder.refresher.as_ref().and_then(Refresher::lease_since);
                let lasts = |since| u64::from(world.second(other)) <= second_of(since) + lease;
                // Where clocks are further apart than they may be, this holds for those who send right after their check.
                let prompt = |since| match holder.at {
                    At::Sent(_, sent, _) => u64::from(sent) <= second_of(since) && world.now <= sent + 1,
                    _ => false,
                };
                since.is_some_and(|since| lasts(since) && (self.budget.day == 0 || prompt(since)))
            },
        )
    }

    pub(super) fn log_in(&self, world: &mut World, index: usize) {
        let now = self.clock(world, index);
        let token = world.server.begin();
        let record = settle::login(world.record.as_deref(), session_of(token), &self.tokens(token, 1), now);
        let record = Arc::new(kept(record));
        self.write(world, &record);
        self.hold(world, index, &record);
        world.holders[index].at = At::Done;
    }

    /// The answer is there, or will not be. Nothing happens between that and the look at the record that could not happen before.
    pub(super) fn hear(&self, world: &mut World, index: usize, answer: Answer) -> Option<()> {
        let now = self.clock(world, index);
        if let Answer::Successor(token) = answer {
            Self::owe(world, index, token);
        }
        let At::Sent(sending, ..) = std::mem::replace(&mut world.holders[index].at, At::Done) else {
            return None;
        };
        world.holders[index].at = self.answered(world, index, sending, answer, now);
        Some(())
    }

    fn answered(&self, world: &mut World, index: usize, sending: Sending, answer: Answer, now: Now) -> At {
        let is_known = match answer {
            Answer::Successor(_) | Answer::Refused => true,
            Answer::NotExecuted => !sending.what.unsettled,
            Answer::Unknown => false,
        };
        if is_known && world.holders[index].given == Some(sending.token) {
            world.holders[index].doubted = None;
        }
        let record = world.record.clone();
        let (record, what) = (record.as_deref(), &sending.what);
        let settled = match answer {
            Answer::Successor(_) if self.without == Some(Without::Saving) => return At::Done,
            Answer::Successor(token) => {
                let counter = what.version.map_or(1, |version| version.counter + 1);
                let tokens = self.tokens(token, counter);
                let mut what = what.clone();
                if let (Some(Without::Version), Some(held)) = (self.without, record.and_then(Held::of)) {
                    what.version = Some(held.version);
                }
                return match settle::success(record, &what, &tokens, now) {
                    Save::Write(saved) => At::Saving(sending, token, Arc::new(kept(*saved))),
                    // The successor is not needed: it is revoked, or another one is in use.
                    Save::Superseded | Save::OtherSession | Save::Ended(_) => At::Looking,
                };
            }
            Answer::Refused => settle::refused(record, what, now),
            Answer::NotExecuted if self.without == Some(Without::Doubt) => {
                let mut sure = what.clone();
                sure.unsettled = false;
                settle::not_executed(record, &sure)
            }
            Answer::NotExecuted => settle::not_executed(record, what),
            Answer::Unknown => settle::unknown(record, what),
        };
        match settled {
            Some(settled) => At::Settling(sending, answer, Arc::new(kept(settled))),
            // Others have changed the record.
            None if answer == Answer::Refused => self.forget_given(world, index).unwrap_or(At::Done),
            None => At::Done,
        }
    }

    pub(super) fn log_out(&self, world: &mut World, index: usize) -> Option<()> {
        let session = world.holders[index].held?.session;
        let now = self.clock(world, index);
        let Logout::Write(record, tokens) = settle::logout(world.record.as_deref(), Some(session), now)
        else {
            return None;
        };
        debug_assert!(matches!(record.status, Status::Ended { reason: EndReason::LoggedOut, .. }));
        self.write(world, &Arc::new(kept(*record)));
        world.logged_out = Some(session);
        world.server.end(token_of(&tokens)?);
        (world.holders[index].at, world.holders[index].left) = (At::Done, true);
        Some(())
    }
}
