//! [`Origin`]: which request gets which connection, and when one is opened.
//!
//! A state machine without I/O. Each change ends with [`Origin::work`], which serves those who wait, in order, and opens as many
//! connections as they need: with HTTP/1.1 one for each; with HTTP/2 as many as the server's stream limit demands; one alone where
//! it is not known yet which of both the server speaks.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::time::Instant;

use super::super::connection::{Connection, Protocol};
use super::super::stats::RetireReason;
use super::effects::{Effects, Handed, Kinds, RoomId};
use super::room::{Idle, Room, Rules, Shared};

pub(in super::super) struct Origin<K: Kinds> {
    rooms: Vec<Room<K>>,
    /// Who waits, in order. Whoever waits in a room finds nothing in it that could be used.
    waiting: VecDeque<Waiting<K>>,
    /// What the server speaks, as far as that is known.
    protocol: Option<Protocol>,
    /// How many streams it allowed last.
    streams: Option<usize>,
    served: u64,
}

struct Waiting<K: Kinds> {
    number: u64,
    room: RoomId,
    waiter: K::Waiter,
}

/// What becomes of a request.
pub(super) enum Taken<K: Kinds> {
    Now(Handed<K>),
    /// It waits, under this number.
    Later(u64),
}

impl<K: Kinds> Origin<K> {
    pub(super) fn new(protocol: Option<Protocol>) -> Self {
        Self { rooms: Vec::new(), waiting: VecDeque::new(), protocol, streams: None, served: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rooms.iter().all(Room::is_empty)
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// A connection for a request that is made on `runtime`; or it waits, with what `waiter` makes.
    pub(super) fn take(
        &mut self,
        runtime: &K::Runtime,
        new_room: impl FnOnce() -> RoomId,
        waiter: impl FnOnce() -> K::Waiter,
        (rules, now): (&Rules, Instant),
        effects: &mut Effects<K>,
    ) -> Taken<K> {
        let known = self.rooms.iter().position(|room| K::is_same(&room.runtime, runtime));
        let number = known.unwrap_or_else(|| {
            self.rooms.retain(|room| !room.is_empty());
            self.rooms.push(Room::new(new_room(), runtime.clone()));
            self.rooms.len() - 1
        });
        let number_of_wait = self.served;
        if let Some(room) = self.rooms.get_mut(number) {
            // Nobody overtakes: where there may be no more connections, also not those who wait on another runtime.
            let is_next = room.waiting == 0 && (rules.connections.is_none() || self.waiting.is_empty());
            if is_next && let Some(handed) = room.take(rules, now, effects) {
                return Taken::Now(handed);
            }
            room.waiting += 1;
            self.served += 1;
            self.waiting.push_back(Waiting { number: number_of_wait, room: room.id, waiter: waiter() });
        }
        self.work(rules, now, effects);
        Taken::Later(number_of_wait)
    }

    /// Whoever waits under this number does so no more, and holds up nobody behind it. Whether it was there.
    pub(super) fn leave(
        &mut self,
        number: u64,
        (rules, now): (&Rules, Instant),
        effects: &mut Effects<K>,
    ) -> bool {
        let Ok(place) = self.waiting.binary_search_by_key(&number, |waiting| waiting.number) else {
            return false;
        };
        if let Some(gone) = self.waiting.remove(place)
            && let Some(room) = self.room(gone.room)
        {
            room.waiting -= 1;
        }
        self.work(rules, now, effects);
        self.tidy();
        true
    }

    /// Whether there may be no more connections, so that requests wait for one of those that are there.
    pub(super) fn is_full(&self, rules: &Rules) -> bool {
        rules.connections.is_some_and(|most| self.counted() >= most)
            && self.rooms.iter().all(|room| room.connecting == 0)
    }

    /// A connection was opened.
    pub(super) fn opened_http1(
        &mut self,
        id: RoomId,
        sender: K::Http1,
        connection: Arc<Connection>,
        (rules, now): (&Rules, Instant),
        effects: &mut Effects<K>,
    ) {
        self.protocol = Some(Protocol::Http1);
        if let Some(room) = self.room(id) {
            room.connecting -= 1;
            room.idle.push(Idle { sender, connection, used: false, since: now });
        }
        self.work(rules, now, effects);
        self.trim(id, rules, effects);
    }

    /// A connection was opened.
    pub(super) fn opened_http2(
        &mut self,
        id: RoomId,
        sender: K::Http2,
        connection: Arc<Connection>,
        (rules, now): (&Rules, Instant),
        effects: &mut Effects<K>,
    ) {
        self.protocol = Some(Protocol::Http2);
        if let Some(room) = self.room(id) {
            room.connecting -= 1;
            room.shared.push(Shared { sender, connection, used: false, in_use: 0, since: now });
        }
        self.work(rules, now, effects);
    }

    /// The server has said how many streams it allows.
    pub(super) fn settled(&mut self, streams: usize, rules: &Rules, now: Instant, effects: &mut Effects<K>) {
        self.streams = Some(streams);
        self.work(rules, now, effects);
    }

    /// A connection could not be opened. Those fail who counted on it; all of the room if its runtime is gone.
    pub(super) fn failed(
        &mut self,
        id: RoomId,
        runtime_gone: bool,
        (rules, now): (&Rules, Instant),
        effects: &mut Effects<K>,
    ) {
        let capacity = self.capacity();
        let Some(room) = self.room(id) else { return };
        room.connecting -= 1;
        let left = if room.is_settling() { usize::MAX } else { room.connecting.saturating_mul(capacity) };
        let uncovered = room.waiting.saturating_sub(left).min(capacity);
        let failing = if runtime_gone { room.waiting } else { uncovered };
        room.waiting -= failing;
        for _ in 0..failing {
            let first = self.waiting.iter().position(|waiting| waiting.room == id);
            let gone = first.and_then(|first| self.waiting.remove(first));
            effects.lists().failed.extend(gone.map(|gone| gone.waiter));
        }
        self.work(rules, now, effects);
        self.tidy();
    }

    /// A connection can take another request, or its first one where it was not `used`.
    pub(super) fn give_back(
        &mut self,
        id: RoomId,
        sender: K::Http1,
        (connection, used): (Arc<Connection>, bool),
        (rules, now): (&Rules, Instant),
        effects: &mut Effects<K>,
    ) {
        if let Some(room) = self.room(id) {
            room.lent -= 1;
            if rules.is_old(&connection, now) {
                effects.retire(connection, RetireReason::Lifetime);
            } else {
                room.idle.push(Idle { sender, connection, used, since: now });
            }
        }
        self.work(rules, now, effects);
        self.trim(id, rules, effects);
        self.tidy();
    }

    /// A connection that speaks HTTP/1.1 will take no other request.
    pub(super) fn discard(&mut self, id: RoomId, rules: &Rules, now: Instant, effects: &mut Effects<K>) {
        if let Some(room) = self.room(id) {
            room.lent -= 1;
        }
        self.work(rules, now, effects);
        self.tidy();
    }

    /// A request on a connection that speaks HTTP/2 is over.
    pub(super) fn release(
        &mut self,
        id: RoomId,
        connection: &Connection,
        (rules, now): (&Rules, Instant),
        effects: &mut Effects<K>,
    ) {
        let Some(room) = self.room(id) else { return };
        if let Some(number) = room.shared.iter().position(|shared| shared.connection.id == connection.id)
            && let Some(shared) = room.shared.get_mut(number)
        {
            shared.in_use -= 1;
            shared.since = now;
            if shared.in_use == 0 && rules.is_old(connection, now) {
                room.retire(number, Some(RetireReason::Lifetime), effects);
            }
        } else if let Some(number) =
            room.retired.iter().position(|retired| retired.connection.id == connection.id)
            && let Some(retired) = room.retired.get_mut(number)
        {
            retired.in_use -= 1;
            if retired.in_use == 0 {
                effects.end(room.retired.swap_remove(number).connection);
            }
        }
        self.work(rules, now, effects);
    }

    /// A connection that speaks HTTP/2 is to take no more requests. Whether it is still there: one that was retired before is gone from here
    /// with its last request.
    pub(super) fn retire(
        &mut self,
        id: RoomId,
        connection: &Connection,
        reason: RetireReason,
        (rules, now): (&Rules, Instant),
        effects: &mut Effects<K>,
    ) -> bool {
        let Some(room) = self.room(id) else { return false };
        let is_it = |shared: &Shared<K::Http2>| shared.connection.id == connection.id;
        if let Some(number) = room.shared.iter().position(is_it) {
            room.retire(number, Some(reason), effects);
        } else if let Some(retired) = room.retired.iter().find(|retired| is_it(retired)) {
            effects.retire(Arc::clone(&retired.connection), reason);
        } else {
            return false;
        }
        self.work(rules, now, effects);
        true
    }

    /// A connection is closed. One that a request has is given back by that.
    pub(super) fn ended(
        &mut self,
        id: RoomId,
        connection: &Connection,
        (rules, now): (&Rules, Instant),
        effects: &mut Effects<K>,
    ) {
        let Some(room) = self.room(id) else { return };
        room.idle.retain(|idle| idle.connection.id != connection.id);
        room.shared.retain(|shared| shared.connection.id != connection.id);
        room.retired.retain(|retired| retired.connection.id != connection.id);
        self.work(rules, now, effects);
        self.tidy();
    }

    /// Closes what may not be used any more of a room; when to look again.
    pub(super) fn prune(
        &mut self,
        id: RoomId,
        (rules, now): (&Rules, Instant),
        effects: &mut Effects<K>,
    ) -> Option<Instant> {
        let next = self.room(id)?.prune(rules, now, effects);
        self.work(rules, now, effects);
        self.tidy();
        next
    }

    pub(super) fn room(&mut self, id: RoomId) -> Option<&mut Room<K>> {
        self.rooms.iter_mut().find(|room| room.id == id)
    }

    #[cfg(test)]
    pub(super) fn rooms(&self) -> impl Iterator<Item = &Room<K>> {
        self.rooms.iter()
    }

    fn tidy(&mut self) {
        self.rooms.retain(|room| !room.is_empty());
    }

    /// No more are kept than allowed: the one that is unused for the longest time goes.
    fn trim(&mut self, id: RoomId, rules: &Rules, effects: &mut Effects<K>) {
        if let Some(room) = self.room(id)
            && room.idle.len() > rules.idle_count
        {
            effects.retire(room.idle.remove(0).connection, RetireReason::Surplus);
            self.tidy();
        }
    }

    fn counted(&self) -> usize {
        self.rooms.iter().map(Room::counted).sum()
    }

    /// How many of those who wait can count on one connection that is being opened.
    fn capacity(&self) -> usize {
        match self.protocol {
            // Nobody knows; it will serve one at least.
            None => usize::MAX,
            Some(Protocol::Http1) => 1,
            Some(Protocol::Http2) => self.streams.map_or(usize::MAX, |streams| streams.max(1)),
        }
    }

    /// Serves those who wait, and opens connections for them.
    fn work(&mut self, rules: &Rules, now: Instant, effects: &mut Effects<K>) {
        let capacity = self.capacity();
        // How many of those who wait were passed over, in each room, since they can count on a connection that is being opened.
        let mut covered: Vec<(RoomId, usize)> = Vec::new();
        let mut place = 0;
        while let Some(waiting) = self.waiting.get(place) {
            let id = waiting.room;
            let Some(room) = self.rooms.iter_mut().find(|room| room.id == id) else {
                // A room in which somebody waits is not empty, and stays.
                self.waiting.remove(place);
                continue;
            };
            if let Some(handed) = room.take(rules, now, effects) {
                room.waiting -= 1;
                let served = self.waiting.remove(place);
                effects.lists().granted.extend(served.map(|waiting| (waiting.waiter, handed)));
                continue;
            }
            let before = covered.iter().find(|(known, _)| *known == id).map_or(0, |(_, count)| *count);
            let coming =
                if room.is_settling() { usize::MAX } else { room.connecting.saturating_mul(capacity) };
            let alone = self.rooms.iter().filter(|room| room.waiting > 0).count() == 1;
            let served = if before < coming {
                // The others of the room that can count on it are passed over at once where nobody else is in between.
                if alone { coming - before } else { 1 }
            } else if self.open(id, rules, effects) {
                continue;
            } else {
                return;
            };
            match covered.iter_mut().find(|(known, _)| *known == id) {
                Some((_, count)) => *count = before.saturating_add(served),
                None => covered.push((id, served)),
            }
            place = place.saturating_add(served);
        }
    }

    /// Begins to open a connection for a room, at the cost of an unused one elsewhere where there may be no more; whether it may.
    fn open(&mut self, id: RoomId, rules: &Rules, effects: &mut Effects<K>) -> bool {
        let is_full = |origin: &Self| rules.connections.is_some_and(|most| origin.counted() >= most);
        while is_full(self) {
            let mut others = self.rooms.iter_mut().filter(|room| room.id != id);
            if !others.any(|room| room.displace(effects)) {
                return false;
            }
        }
        let Some(room) = self.room(id) else { return false };
        room.connecting += 1;
        let runtime = room.runtime.clone();
        effects.lists().connect.push((id, runtime));
        true
    }
}
