//! [`Room`]: the connections to an origin that one runtime drives.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::super::connection::Connection;
use super::super::stats::RetireReason;
use super::effects::{Effects, Handed, Kinds, RoomId, Sender, Usable};

/// The shortest pause between two looks at what is unused.
const PAUSE: Duration = Duration::from_millis(1);

/// The shortest limit for what is unused that is looked after while everything is in use.
const SHORT: Duration = Duration::from_secs(1);

/// What holds for all connections of a pool.
#[derive(Debug, Clone)]
pub(in super::super) struct Rules {
    /// How long a connection may be unused.
    pub(in super::super) idle_limit: Duration,
    /// How many unused ones are kept for an origin and a runtime.
    pub(in super::super) idle_count: usize,
    /// How old one may be.
    pub(in super::super) lifetime: Option<Duration>,
    /// How many there may be to an origin.
    pub(in super::super) connections: Option<usize>,
}

impl Rules {
    pub(super) fn is_old(&self, connection: &Connection, now: Instant) -> bool {
        let age = now.saturating_duration_since(connection.opened);
        self.lifetime.is_some_and(|lifetime| age >= lifetime)
    }

    /// Why a connection that is unused `since` then may not be used again. The request that it was opened for gets it at that very moment,
    /// however short its life may be.
    fn refuse(
        &self,
        (connection, used): (&Connection, bool),
        since: Instant,
        now: Instant,
    ) -> Option<RetireReason> {
        if now.saturating_duration_since(since) > self.idle_limit {
            Some(RetireReason::Idle)
        } else {
            let is_new = !used && since == now;
            (!is_new && self.is_old(connection, now)).then_some(RetireReason::Lifetime)
        }
    }

    /// When one that is unused `since` then may not be used any more; of one that is in use, when it is too old.
    fn end(&self, connection: &Connection, since: Option<Instant>) -> Option<Instant> {
        let end = self.lifetime.and_then(|lifetime| connection.opened.checked_add(lifetime));
        // A little later, so that it is over by then.
        let idle = self.idle_limit.saturating_add(PAUSE);
        since.and_then(|since| since.checked_add(idle)).into_iter().chain(end).min()
    }
}

pub(super) struct Room<K: Kinds> {
    pub(super) id: RoomId,
    pub(super) runtime: K::Runtime,
    /// HTTP/1.1, the one used last at the end.
    pub(super) idle: Vec<Idle<K::Http1>>,
    /// HTTP/2, whether they are in use or not.
    pub(super) shared: Vec<Shared<K::Http2>>,
    /// HTTP/2 with requests under way, and open to no others.
    pub(super) retired: Vec<Shared<K::Http2>>,
    /// How many are being opened.
    pub(super) connecting: usize,
    /// HTTP/1.1, in use.
    pub(super) lent: usize,
    /// How many requests wait for one.
    pub(super) waiting: usize,
    /// Set while something is kept that may become too old.
    pub(super) reaper: Option<Reaper>,
    /// When that looks again.
    pub(super) next_look: Option<Instant>,
}

/// The task that closes what is unused for too long. It ends with its room, so that nothing sleeps on for connections that are gone.
pub(super) struct Reaper(AbortHandle);

impl Reaper {
    pub(super) fn new(task: AbortHandle) -> Self {
        Self(task)
    }

    /// It may have gone with the runtime that it ran on.
    pub(super) fn is_gone(&self) -> bool {
        self.0.is_finished()
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A connection that speaks HTTP/1.1 and is not in use.
pub(super) struct Idle<S> {
    pub(super) sender: S,
    pub(super) connection: Arc<Connection>,
    pub(super) used: bool,
    pub(super) since: Instant,
}

/// A connection that speaks HTTP/2.
pub(super) struct Shared<S> {
    pub(super) sender: S,
    pub(super) connection: Arc<Connection>,
    pub(super) used: bool,
    pub(super) in_use: usize,
    /// When it was last given a request, or one ended.
    pub(super) since: Instant,
}

impl<S: Usable> Idle<S> {
    fn is_usable(&self) -> bool {
        if self.used { self.sender.is_usable() } else { self.sender.is_usable_at_first() }
    }
}

impl<S: Usable> Shared<S> {
    /// Whether another request may go onto it. Until the server's SETTINGS have come, that is one.
    pub(super) fn has_stream(&self) -> bool {
        self.sender.is_usable() && self.in_use < self.connection.streams().map_or(1, |streams| streams.max(1))
    }
}

impl<K: Kinds> Room<K> {
    pub(super) fn new(id: RoomId, runtime: K::Runtime) -> Self {
        Self {
            id,
            runtime,
            idle: Vec::new(),
            shared: Vec::new(),
            retired: Vec::new(),
            connecting: 0,
            lent: 0,
            waiting: 0,
            reaper: None,
            next_look: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        let kept = self.idle.len() + self.shared.len() + self.retired.len();
        kept + self.connecting + self.lent + self.waiting == 0
    }

    /// How many of its connections count towards the limit.
    pub(super) fn counted(&self) -> usize {
        self.idle.len() + self.shared.len() + self.connecting + self.lent
    }

    /// Whether a connection is open whose server has not yet said how many streams it allows.
    pub(super) fn is_settling(&self) -> bool {
        self.shared.iter().any(|shared| shared.connection.streams().is_none() && shared.sender.is_usable())
    }

    /// A connection for a request, if one can be used at once.
    pub(super) fn take(
        &mut self,
        rules: &Rules,
        now: Instant,
        effects: &mut Effects<K>,
    ) -> Option<Handed<K>> {
        if !self.shared.is_empty() {
            self.refresh(rules, now, effects);
        }
        if let Some(shared) = self.shared.iter_mut().find(|shared| shared.has_stream()) {
            shared.in_use += 1;
            shared.since = now;
            return Some(Handed {
                room: self.id,
                sender: Sender::Http2(shared.sender.clone()),
                connection: Arc::clone(&shared.connection),
                reused: std::mem::replace(&mut shared.used, true),
            });
        }
        // The one used last is the least likely to have been closed by the server.
        while let Some(idle) = self.idle.pop() {
            let is_usable = idle.is_usable();
            let Idle { sender, connection, used, since } = idle;
            if let Some(reason) = rules.refuse((&connection, used), since, now) {
                effects.retire(connection, reason);
            } else if is_usable {
                self.lent += 1;
                return Some(Handed {
                    room: self.id,
                    sender: Sender::Http1(sender),
                    connection,
                    reused: used,
                });
            }
        }
        None
    }

    /// Takes out what may not be used any more of the connections that speak HTTP/2.
    fn refresh(&mut self, rules: &Rules, now: Instant, effects: &mut Effects<K>) {
        let mut number = 0;
        while let Some(shared) = self.shared.get(number) {
            let reason = match shared.in_use {
                0 => rules.refuse((&shared.connection, shared.used), shared.since, now),
                _ => rules.is_old(&shared.connection, now).then_some(RetireReason::Lifetime),
            };
            // One that is closed for a reason of its own says so itself.
            if reason.is_some() || !shared.sender.is_usable() {
                self.retire(number, reason, effects);
            } else {
                number += 1;
            }
        }
    }

    /// Gives no more requests to one that speaks HTTP/2; it stays until those under way are over.
    pub(super) fn retire(&mut self, number: usize, reason: Option<RetireReason>, effects: &mut Effects<K>) {
        let shared = self.shared.remove(number);
        if let Some(reason) = reason {
            effects.retire(Arc::clone(&shared.connection), reason);
        }
        if shared.in_use > 0 {
            self.retired.push(shared);
        } else {
            effects.end(shared.connection);
        }
    }

    /// Closes what may not be used any more; when to look again, if anything is left that ends by time.
    pub(super) fn prune(&mut self, rules: &Rules, now: Instant, effects: &mut Effects<K>) -> Option<Instant> {
        self.idle.retain(|idle| {
            let reason = rules.refuse((&idle.connection, idle.used), idle.since, now);
            if let Some(reason) = reason {
                effects.retire(Arc::clone(&idle.connection), reason);
            }
            reason.is_none() && idle.is_usable()
        });
        self.refresh(rules, now, effects);
        let idle = self.idle.iter().filter_map(|idle| rules.end(&idle.connection, Some(idle.since)));
        // What is given back later ends later still, so that whoever looks now need not be replaced. For a limit so short that looking would
        // never end, somebody begins to when there is something to look at.
        let is_in_use = self.lent > 0 || self.shared.iter().any(|shared| shared.in_use > 0);
        let stays = is_in_use && rules.idle_limit >= SHORT;
        let later = stays.then(|| now.checked_add(rules.idle_limit)).flatten();
        let next = idle.chain(self.shared_ends(rules)).chain(later).min();
        self.next_look = next.map(|next| next.max(now + PAUSE));
        self.next_look
    }

    /// When each that speaks HTTP/2 may not be used any more. While it is in use, its time as an unused one has not begun.
    fn shared_ends(&self, rules: &Rules) -> impl Iterator<Item = Instant> {
        let since = |shared: &Shared<K::Http2>| (shared.in_use == 0).then_some(shared.since);
        self.shared.iter().filter_map(move |shared| rules.end(&shared.connection, since(shared)))
    }

    /// Whether something that has just been given back ends before anybody looks.
    pub(super) fn is_unwatched(&self, rules: &Rules) -> bool {
        let newest = self.idle.last().and_then(|idle| rules.end(&idle.connection, Some(idle.since)));
        let end = newest.into_iter().chain(self.shared_ends(rules)).min();
        end.is_some_and(|end| self.next_look.is_none_or(|look| end < look))
    }

    /// Closes the one that is unused for the longest time; whether there was one.
    pub(super) fn displace(&mut self, effects: &mut Effects<K>) -> bool {
        if !self.idle.is_empty() {
            effects.retire(self.idle.remove(0).connection, RetireReason::Displaced);
            return true;
        }
        match self.shared.iter().position(|shared| shared.in_use == 0) {
            Some(number) => {
                self.retire(number, Some(RetireReason::Displaced), effects);
                true
            }
            None => false,
        }
    }
}
