//! [`World`]: what goes on around an [`Origin`], without any I/O.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::super::super::connection::Protocol;
use super::super::room::Shared;
use super::super::*;

/// A connection without a wire.
#[derive(Debug, Clone, Default)]
pub(super) struct Wire(Arc<AtomicBool>);

impl Wire {
    fn close(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Usable for Wire {
    fn is_usable(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

pub(super) struct Fake;

impl Kinds for Fake {
    type Runtime = u8;
    type Http1 = Wire;
    type Http2 = Wire;
    type Waiter = u64;

    fn is_same(one: &u8, other: &u8) -> bool {
        one == other
    }
}

/// A connection as the world has it.
pub(super) struct Live {
    room: RoomId,
    wire: Wire,
    connection: Arc<Connection>,
}

pub(super) struct World {
    pub(super) origin: Origin<Fake>,
    pub(super) rules: Rules,
    pub(super) now: Instant,
    pub(super) counters: Arc<Counters>,
    pub(super) made: u64,
    pub(super) requests: u64,
    /// Connections that are being opened.
    pub(super) connecting: VecDeque<RoomId>,
    pub(super) live: Vec<Live>,
    /// Requests that have a connection.
    pub(super) lent: Vec<Handed<Fake>>,
    /// Requests that wait, with the number of their place in the queue, in order.
    pub(super) waiting: Vec<(u64, u8, u64)>,
    pub(super) runtimes: Vec<(RoomId, u8)>,
    pub(super) failed: usize,
}

impl World {
    pub(super) fn new(rules: Rules, protocol: Option<Protocol>) -> Self {
        Self {
            origin: Origin::new(protocol),
            rules,
            now: Instant::now(),
            counters: Arc::default(),
            made: 0,
            requests: 0,
            connecting: VecDeque::new(),
            live: Vec::new(),
            lent: Vec::new(),
            waiting: Vec::new(),
            runtimes: Vec::new(),
            failed: 0,
        }
    }

    pub(super) fn change(
        &mut self,
        change: impl FnOnce(&mut Origin<Fake>, (&Rules, Instant), &mut Effects<Fake>),
    ) {
        let mut effects = Effects::none();
        change(&mut self.origin, (&self.rules, self.now), &mut effects);
        self.follow(effects);
    }

    fn follow(&mut self, effects: Effects<Fake>) {
        let Lists { granted, failed, connect, retired, ended } = effects.into_lists().unwrap_or_default();
        for (connection, reason) in &retired {
            connection.retire(*reason);
        }
        // A sender that is dropped closes its connection.
        let kept: Vec<_> = self
            .origin
            .rooms()
            .flat_map(|room| {
                let idle = room.idle.iter().map(|idle| idle.connection.id);
                idle.chain(room.shared.iter().chain(&room.retired).map(|shared| shared.connection.id))
                    .collect::<Vec<_>>()
            })
            .collect();
        for connection in ended {
            assert!(!kept.contains(&connection.id), "what has ended is not kept");
            connection.end();
        }
        // They fail with the connection that they counted on, before any other is served.
        for waiter in failed {
            self.failed += 1;
            self.waiting.retain(|(request, ..)| *request != waiter);
        }
        let mut before = None;
        for (waiter, handed) in granted {
            let place = self.waiting.iter().position(|(request, ..)| *request == waiter);
            let (_, runtime, number) = self.waiting.remove(place.expect("it waited"));
            let first = self.waiting.iter().find(|(_, other, _)| *other == runtime);
            assert!(first.is_none_or(|(.., other)| *other > number), "nobody of a runtime is overtaken");
            assert!(
                before.is_none_or(|before| before < number) || self.rules.connections.is_none(),
                "in order"
            );
            before = Some(number);
            self.hand(runtime, handed);
        }
        for (room, runtime) in connect {
            self.connecting.push_back(room);
            self.runtimes.push((room, runtime));
        }
    }

    /// A request is given a connection.
    fn hand(&mut self, runtime: u8, handed: Handed<Fake>) {
        let (Sender::Http1(wire) | Sender::Http2(wire)) = &handed.sender;
        assert!(wire.is_usable(), "what is given can be used");
        assert!(
            self.runtimes.contains(&(handed.room, runtime)),
            "and is driven by the runtime of the request"
        );
        let age = self.now.duration_since(handed.connection.opened);
        assert!(
            self.rules.lifetime.is_none_or(|lifetime| age < lifetime || age.is_zero()),
            "and is not too old, unless it was opened for the request"
        );
        let streams = self.streams(&handed.connection) + 1;
        let most = match handed.connection.protocol {
            Protocol::Http1 => 1,
            Protocol::Http2 => handed.connection.streams().map_or(1, |streams| streams.max(1)),
        };
        assert!(streams <= most, "and has a stream left");
        self.lent.push(handed);
    }

    fn streams(&self, connection: &Connection) -> usize {
        self.lent.iter().filter(|lent| lent.connection.id == connection.id).count()
    }

    pub(super) fn take(&mut self, runtime: u8) {
        let (mut effects, request) = (Effects::none(), self.requests);
        self.requests += 1;
        self.made += 1;
        let made = self.made;
        let room = || RoomId(made);
        let waiter = || request;
        match self.origin.take(&runtime, room, waiter, (&self.rules, self.now), &mut effects) {
            Taken::Now(handed) => self.hand(runtime, handed),
            Taken::Later(number) => self.waiting.push((request, runtime, number)),
        }
        self.follow(effects);
    }

    /// The connection that is being opened for the longest time is there.
    pub(super) fn connected(&mut self, protocol: Protocol, streams: Option<usize>) {
        let Some(room) = self.connecting.pop_front() else { return };
        self.made += 1;
        let mut connection = Connection::new(self.made, protocol, false, Arc::clone(&self.counters));
        connection.opened = self.now;
        let (wire, connection) = (Wire::default(), Arc::new(connection));
        self.live.push(Live { room, wire: wire.clone(), connection: Arc::clone(&connection) });
        let number = self.live.len() - 1;
        self.change(|origin, now, effects| match protocol {
            Protocol::Http1 => origin.opened_http1(room, wire, connection, now, effects),
            Protocol::Http2 => origin.opened_http2(room, wire, connection, now, effects),
        });
        if let Some(streams) = streams {
            self.settle(number, streams);
        }
    }

    pub(super) fn settle(&mut self, number: usize, streams: usize) {
        let Some(live) = self.live.get(number) else { return };
        if live.connection.allow(streams) {
            self.change(|origin, (rules, now), effects| origin.settled(streams, rules, now, effects));
        }
    }

    pub(super) fn refuse(&mut self, runtime_gone: bool) {
        let Some(room) = self.connecting.pop_front() else { return };
        self.change(|origin, now, effects| origin.failed(room, runtime_gone, now, effects));
    }

    /// A request is over; whether its connection is good for another.
    pub(super) fn end(&mut self, number: usize, good: bool) {
        if number >= self.lent.len() {
            return;
        }
        let Handed { room, sender, connection, .. } = self.lent.swap_remove(number);
        self.change(|origin, now, effects| match sender {
            Sender::Http1(wire) if good => origin.give_back(room, wire, (connection, true), now, effects),
            Sender::Http1(_) => origin.discard(room, now.0, now.1, effects),
            Sender::Http2(_) => {
                if !good {
                    origin.retire(room, &connection, RetireReason::TimedOut, now, effects);
                }
                origin.release(room, &connection, now, effects);
            }
        });
    }

    /// A request is given up before it was sent.
    pub(super) fn return_unused(&mut self, number: usize) {
        if number >= self.lent.len() {
            return;
        }
        let Handed { room, sender, connection, reused } = self.lent.swap_remove(number);
        self.change(|origin, now, effects| match sender {
            Sender::Http1(wire) => origin.give_back(room, wire, (connection, reused), now, effects),
            Sender::Http2(_) => origin.release(room, &connection, now, effects),
        });
    }

    /// A server closes a connection; whether the pool hears of it, or will see.
    pub(super) fn close(&mut self, number: usize, heard: bool) {
        if number >= self.live.len() {
            return;
        }
        self.live[number].wire.close();
        if heard {
            let Live { room, connection, .. } = self.live.swap_remove(number);
            self.change(|origin, now, effects| origin.ended(room, &connection, now, effects));
        }
    }

    pub(super) fn leave(&mut self, number: usize) {
        if number < self.waiting.len() {
            let (_, _, place) = self.waiting.remove(number);
            self.change(|origin, now, effects| assert!(origin.leave(place, now, effects)));
        }
    }

    /// Lets the time pass, and looks after what is unused as the pool's task does. How often it looked.
    pub(super) fn reap_for(&mut self, time: Duration) -> usize {
        let end = self.now + time;
        for looks in 0..100_000 {
            let next = self.origin.rooms().filter_map(|room| {
                let at_once = room.is_unwatched(&self.rules).then_some(self.now);
                Some((at_once.or(room.next_look)?.max(self.now), room.id))
            });
            let Some((at, room)) = next.min().filter(|(at, _)| *at <= end) else {
                self.now = end;
                return looks;
            };
            self.now = at;
            self.change(|origin, now, effects| {
                origin.prune(room, now, effects);
            });
        }
        panic!("it looks all the time");
    }

    pub(super) fn check(&self) {
        let counted: usize = self.origin.rooms().map(|room| room.counted()).sum();
        if let Some(most) = self.rules.connections {
            assert!(counted <= most, "{counted} of {most} connections");
        }
        assert_eq!(self.origin.waiting(), self.waiting.len());
        let connecting: usize = self.origin.rooms().map(|room| room.connecting).sum();
        assert_eq!(connecting, self.connecting.len());
        let http1 = self.lent.iter().filter(|lent| matches!(lent.sender, Sender::Http1(_))).count();
        assert_eq!(self.origin.rooms().map(|room| room.lent).sum::<usize>(), http1);
        let next = self.waiting.first().map(|(_, runtime, _)| *runtime);
        for room in self.origin.rooms() {
            let runtime = room.runtime;
            assert_eq!(room.waiting, self.waiting.iter().filter(|(_, other, _)| *other == runtime).count());
            assert!(room.idle.len() <= self.rules.idle_count);
            // Whoever waits is waited for, or there may be no more connections.
            let is_full = self.rules.connections.is_some_and(|most| counted >= most);
            // Or a connection is closed, which the pool is about to hear.
            let unheard = self.live.iter().any(|live| live.room == room.id && !live.wire.is_usable());
            assert!(
                room.waiting == 0 || room.connecting > 0 || room.is_settling() || is_full || unheard,
                "somebody is stuck"
            );
            assert!(
                next != Some(runtime) || !room.shared.iter().any(Shared::has_stream),
                "whoever is next does not wait beside a stream"
            );
            assert!(room.waiting == 0 || room.idle.is_empty(), "nobody waits beside an unused connection");
        }
    }

    /// Everything that is under way comes to an end.
    pub(super) fn finish(&mut self) {
        for _ in 0..10_000 {
            if self.connecting.is_empty() && self.lent.is_empty() {
                break;
            }
            self.connected(Protocol::Http1, None);
            self.end(0, true);
            self.check();
        }
        // Of those whose server never said how many streams it allows, some end by their PINGs.
        while !self.live.is_empty() {
            self.close(0, true);
            for _ in 0..1_000 {
                self.connected(Protocol::Http1, None);
                self.end(0, true);
            }
            self.check();
            if self.waiting.is_empty() && self.lent.is_empty() {
                break;
            }
        }
        assert!(self.waiting.is_empty() && self.lent.is_empty(), "everyone was served");
    }
}
