//! What may happen next.

use stateright::{Model, Property};

use super::promises;
use super::server::{Served, Token};
use super::share::{Share, Start, Without, second_of, token_of};
use super::world::{Answer, At, Holder, Owed, Seen, World};
use crate::protocol::{Refresher, Urgency};
use crate::store::Record;

/// In hours.
const DAY: i8 = 24;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Action {
    Tick,
    /// The next step of a process.
    Go(usize),
    /// The server does its work.
    Serve(usize),
    LoseAnswer(usize),
    /// The request surely does not arrive.
    Hold(usize),
    FailSave(usize),
    Crash(usize),
    Drift(usize),
    /// By so many hours.
    Jump(usize, i8),
    LogOut(usize),
    LogIn(usize),
    /// A process that is done needs a token again.
    Again(usize),
    /// The server refuses the access token that a process has.
    Refuse(usize),
}

impl Model for Share {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![self.beginning()]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        if world.seen != Seen::default() {
            // It has been found.
            return;
        }
        let busy = |holder: &Holder| !matches!(holder.at, At::Done | At::Dead | At::Idle);
        if world.now < self.seconds && world.holders.iter().any(busy) {
            actions.push(Action::Tick);
        }
        let budget = world.budget;
        for (index, holder) in world.holders.iter().enumerate() {
            let mut may = |left: u8, action| {
                if left > 0 {
                    actions.push(action);
                }
            };
            let at_rest = matches!(holder.at, At::Idle | At::Done);
            match &holder.at {
                At::Dead => continue,
                At::Done => {
                    may(if holder.left { 0 } else { budget.again }, Action::Again(index));
                    may(
                        if holder.left || holder.held.is_none() { 0 } else { budget.refused },
                        Action::Refuse(index),
                    );
                }
                _ => may(1, Action::Go(index)),
            }
            match &holder.at {
                At::Sent(_, _, answer) => {
                    may(u8::from(answer.is_none()), Action::Serve(index));
                    may(if answer.is_none() { budget.not_executed } else { 0 }, Action::Hold(index));
                    may(budget.lost_answer, Action::LoseAnswer(index));
                }
                At::Saving(..) => may(budget.failed_save, Action::FailSave(index)),
                _ => {}
            }
            if at_rest {
                may(budget.logout, Action::LogOut(index));
                may(budget.login, Action::LogIn(index));
            } else {
                may(budget.crash, Action::Crash(index));
                may(budget.drift, Action::Drift(index));
                may(budget.jump, Action::Jump(index, -1));
                may(budget.jump, Action::Jump(index, 1));
                may(budget.day, Action::Jump(index, -DAY));
                may(budget.day, Action::Jump(index, DAY));
            }
        }
    }

    fn next_state(&self, world: &World, action: Action) -> Option<World> {
        let mut next = world.clone();
        let world = &mut next;
        match action {
            Action::Tick => world.now += 1,
            Action::Go(index) => self.go(world, index)?,
            Action::Serve(index) => self.serve(world, index)?,
            Action::LoseAnswer(index) => {
                world.budget.lost_answer -= 1;
                self.hear(world, index, Answer::Unknown)?;
            }
            Action::Hold(index) => {
                world.budget.not_executed -= 1;
                self.hear(world, index, Answer::NotExecuted)?;
            }
            Action::FailSave(index) => {
                world.budget.failed_save -= 1;
                let holder = &mut world.holders[index];
                let At::Saving(sending, token, _) = &holder.at else { return None };
                let again = At::Answered(sending.clone(), Answer::Successor(*token));
                holder.at = if self.without == Some(Without::SavingAgain) { At::Done } else { again };
            }
            Action::Crash(index) => {
                world.budget.crash -= 1;
                let id = world.holders[index].id;
                world.holders[index] = Holder { id, at: At::Dead, ..Holder::new(None) };
            }
            Action::Drift(index) => {
                world.budget.drift -= 1;
                world.holders[index].ahead += 1;
            }
            Action::Jump(index, hours) => {
                match hours.abs() {
                    DAY => world.budget.day -= 1,
                    _ => world.budget.jump -= 1,
                }
                world.holders[index].set_by += hours;
            }
            Action::LogOut(index) => {
                world.budget.logout -= 1;
                self.log_out(world, index)?;
            }
            Action::LogIn(index) => {
                world.budget.login -= 1;
                self.log_in(world, index);
            }
            Action::Again(index) => {
                world.budget.again -= 1;
                world.holders[index].at = At::Idle;
            }
            Action::Refuse(index) => {
                world.budget.refused -= 1;
                let holder = &mut world.holders[index];
                (holder.at, holder.refused) = (At::Idle, true);
            }
        }
        next.forget();
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        promises::all()
    }
}

impl Share {
    /// The server takes the token that was sent.
    fn serve(&self, world: &mut World, index: usize) -> Option<()> {
        let At::Sent(sending, _, answer @ None) = &mut world.holders[index].at else { return None };
        let token = sending.token;
        let unsettled = sending.what.unsettled;
        *answer = Some(Answer::Refused);
        // Later than the lease allows, by a true clock: the process, or the network, stood still in between.
        let begun = world.holders[index].refresher.as_ref().and_then(Refresher::lease_since)?;
        let lasts = second_of(begun) + self.limits().lease().as_secs();
        let late = u64::from(world.second(index)) > lasts;
        // A session that nobody finds in the store any more, or whose newest token nobody has, is nobody's loss.
        let stored = world.record.as_deref().and_then(Record::tokens).and_then(token_of);
        let used = stored.is_some_and(|stored| stored.session() == token.session());
        let used = used && world.server.newest(token).is_some_and(|newest| world.has(newest));
        let served = world.server.take(token, late || unsettled, self.lenient);
        world.seen.reused |= used && served == Served::Reused { excused: false };
        if let (Served::Successor(token), At::Sent(_, _, answer)) = (served, &mut world.holders[index].at) {
            *answer = Some(Answer::Successor(token));
        }
        Some(())
    }

    pub(super) fn owe(world: &mut World, index: usize, token: Token) {
        let holder = &mut world.holders[index];
        let what = holder.exchanges().map(|sending| &sending.what);
        let session = what.filter(|what| what.version.is_some()).map(|what| what.session);
        holder.owes = Some(Owed { token, session });
    }

    /// How much a process needs an access token.
    pub(super) fn urgency(&self, holder: &Holder) -> Urgency {
        match self.start {
            _ if holder.refused => Urgency::Needed,
            Start::Early => Urgency::Early,
            Start::Asked => Urgency::Asked,
            _ => Urgency::Needed,
        }
    }
}
