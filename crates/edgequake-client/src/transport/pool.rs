//! [`Pool`]: connections that are kept for the next request.
//!
//! A request takes the connection that was used last, or waits for one to be opened or given back, in order; when its answer has been
//! read, it gives it back. There is one short lock, and nothing is waited for under it. Which request gets which connection is decided
//! by [`Origin`], without I/O; here is what follows from it. A connection is driven by the runtime that its request was made on, and is used by
//! that one only: another one might be driven while this one is not.

mod effects;
mod lent;
mod opening;
mod origin;
mod room;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use http::HeaderValue;
use http::uri::{Authority, Scheme, Uri};
use hyper::client::conn::{http1, http2};
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::background;
use super::connection::Connection;
use super::connector::Connector;
use super::error::{RuntimeGone, TransportError};
use super::stats::{ConnectionStats, Counters, RetireReason};
use super::upload::Upload;
use crate::clock;
use crate::fault::Marked;
pub(super) use effects::Sender;
use effects::{Effects, Handed, Kinds, Lists, RoomId, Usable};
pub(super) use lent::{Lent, Ticket};
use origin::{Origin, Taken};
use room::Reaper;
pub(super) use room::Rules;

pub(super) type Http1 = http1::SendRequest<Upload>;
pub(super) type Http2 = http2::SendRequest<Upload>;

/// How many origins are remembered that have no connection.
const ORIGINS: usize = 16;

/// Connections as they are in fact.
pub(super) struct Real;

impl Kinds for Real {
    type Runtime = Handle;
    type Http1 = Http1;
    type Http2 = Http2;
    type Waiter = oneshot::Sender<Result<Lent, Marked>>;

    fn is_same(one: &Handle, other: &Handle) -> bool {
        one.id() == other.id()
    }
}

impl Usable for Http1 {
    fn is_usable(&self) -> bool {
        self.is_ready()
    }

    /// It is ready once it has been driven, and takes one request before that.
    fn is_usable_at_first(&self) -> bool {
        !self.is_closed()
    }
}

impl Usable for Http2 {
    fn is_usable(&self) -> bool {
        !self.is_closed()
    }
}

/// All connections of a transport and its clones.
pub(super) struct Pool {
    state: Mutex<State>,
    rules: Rules,
    connector: Arc<Connector>,
    counters: Arc<Counters>,
    /// Closed with the pool, for the tasks that belong to it.
    closing: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    // Few: a client speaks to one origin.
    places: Vec<Place>,
    /// How many places and rooms were made.
    made: u64,
}

/// An origin and its connections.
struct Place {
    id: u64,
    scheme: Scheme,
    authority: Authority,
    origin: Origin<Real>,
}

/// Which room of which place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    place: u64,
    room: RoomId,
}

/// A connection for a request, or a place in the queue for one.
pub(super) enum Found {
    Now(Lent),
    Later(Ticket),
}

impl Pool {
    pub(super) fn new(rules: Rules, connector: Connector) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            rules,
            connector: Arc::new(connector),
            counters: Arc::default(),
            closing: watch::Sender::new(()),
        })
    }

    #[cfg(feature = "websocket")]
    pub(super) fn connector(&self) -> &Connector {
        &self.connector
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock leaves the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn stats(&self) -> ConnectionStats {
        let waiting: usize = self.lock().places.iter().map(|place| place.origin.waiting()).sum();
        self.counters.read(waiting as u64)
    }

    /// A connection to the origin of `uri`.
    pub(super) fn take(self: &Arc<Self>, uri: &Uri) -> Result<Found, TransportError> {
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(TransportError::Uri);
        };
        let runtime = clock::runtime().map_err(TransportError::NoRuntime)?;
        let mut effects = Effects::none();
        let (id, taken, waiter) = {
            let mut state = self.lock();
            let State { places, made } = &mut *state;
            let known = places.iter().position(|place| place.is(scheme, authority));
            let number = known.unwrap_or_else(|| {
                *made += 1;
                let protocol = self.connector.protocol(scheme);
                add(places, Place::new(*made, scheme, authority, Origin::new(protocol)))
            });
            // It was found, or added.
            let Some(Place { id, origin, .. }) = places.get_mut(number) else {
                return Err(TransportError::Uri);
            };
            let mut receiver = None;
            let waiter = || {
                let (waiter, granted) = oneshot::channel();
                receiver = Some(granted);
                waiter
            };
            let room = || {
                *made += 1;
                RoomId(*made)
            };
            let taken = origin.take(&runtime, room, waiter, (&self.rules, Instant::now()), &mut effects);
            (*id, taken, receiver)
        };
        let found = match (taken, waiter) {
            (Taken::Now(handed), _) => Found::Now(self.lend(id, handed)),
            (Taken::Later(number), Some(granted)) => {
                Found::Later(Ticket::new(Arc::clone(self), id, number, granted))
            }
            // Whoever waits was given something to wait with.
            (Taken::Later(_), None) => return Err(TransportError::connect(RuntimeGone)),
        };
        self.run(id, effects);
        Ok(found)
    }

    fn lend(self: &Arc<Self>, place: u64, handed: Handed<Real>) -> Lent {
        let Handed { room, sender, connection, reused } = handed;
        if reused {
            Counters::add(&self.counters.reused);
            connection.note_reuse();
        }
        Lent::new(Arc::clone(self), Spot { place, room }, connection, sender, reused)
    }

    /// Changes an origin, and does what follows.
    fn change<T>(
        self: &Arc<Self>,
        place: u64,
        change: impl FnOnce(&mut Origin<Real>, (&Rules, Instant), &mut Effects<Real>) -> T,
    ) -> Option<T> {
        let mut effects = Effects::none();
        let result = {
            let mut state = self.lock();
            let place = state.places.iter_mut().find(|known| known.id == place)?;
            change(&mut place.origin, (&self.rules, Instant::now()), &mut effects)
        };
        self.run(place, effects);
        Some(result)
    }

    fn run(self: &Arc<Self>, place: u64, effects: Effects<Real>) {
        // Those who have failed are told why by whoever caused it.
        let Some(Lists { granted, failed: _, connect, retired, ended }) = effects.into_lists() else {
            return;
        };
        for (connection, reason) in retired {
            connection.retire(reason);
        }
        for connection in ended {
            connection.end();
        }
        for (room, runtime) in connect {
            self.open(Spot { place, room }, &runtime);
        }
        for (waiter, handed) in granted {
            // Who has just gone gives it back by being gone.
            drop(waiter.send(Ok(self.lend(place, handed))));
        }
    }

    /// Where connections of a place go.
    fn uri(&self, place: u64) -> Uri {
        let state = self.lock();
        let place = state.places.iter().find(|known| known.id == place);
        let parts = place.map(|place| {
            let builder = Uri::builder().scheme(place.scheme.clone()).authority(place.authority.clone());
            builder.path_and_query("/").build()
        });
        // Scheme and authority come from a URI.
        parts.and_then(Result::ok).unwrap_or_default()
    }

    /// Makes sure that somebody closes in time what has just been given back to a room.
    fn watch(self: &Arc<Self>, spot: Spot, origin: &mut Origin<Real>, now: Instant) {
        let Some(room) = origin.room(spot.room) else { return };
        if room.reaper.as_ref().is_some_and(Reaper::is_gone) {
            room.next_look = None;
        }
        if room.is_unwatched(&self.rules) {
            let reaper = background::spawn(&room.runtime, reap(Arc::downgrade(self), spot));
            room.reaper = Some(Reaper::new(reaper.abort_handle()));
            room.next_look = Some(now);
        }
    }

    /// Gives a connection that speaks HTTP/2 no more requests.
    pub(super) fn retire(self: &Arc<Self>, spot: Spot, connection: &Connection, reason: RetireReason) {
        let is_there = self.change(spot.place, |origin, now, effects| {
            origin.retire(spot.room, connection, reason, now, effects)
        });
        if is_there != Some(true) {
            connection.retire(reason);
            connection.end();
        }
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// Adds a place; forgets those that are empty if there are many.
fn add(places: &mut Vec<Place>, place: Place) -> usize {
    if places.len() >= ORIGINS {
        places.retain(|place| !place.origin.is_empty());
    }
    places.push(place);
    places.len() - 1
}

impl Place {
    fn new(id: u64, scheme: &Scheme, authority: &Authority, origin: Origin<Real>) -> Self {
        Self { id, scheme: scheme.clone(), authority: authority.clone(), origin }
    }

    /// Whether it is that of such URIs. Nearly all spell it alike.
    fn is(&self, scheme: &Scheme, authority: &Authority) -> bool {
        self.scheme == *scheme
            && (self.authority.as_str() == authority.as_str() || self.authority == *authority)
    }
}

/// The value of `Host`.
pub(super) fn host(scheme: &Scheme, authority: &Authority) -> HeaderValue {
    let default_port = if *scheme == Scheme::HTTPS { 443 } else { 80 };
    let host = match authority.port_u16() {
        Some(port) if port != default_port => format!("{}:{port}", authority.host()),
        _ => authority.host().to_owned(),
    };
    // A host of a URI is always a field value.
    HeaderValue::try_from(host).unwrap_or_else(|_| HeaderValue::from_static(""))
}

async fn reap(pool: Weak<Pool>, spot: Spot) {
    loop {
        let next = pool.upgrade().and_then(|pool| {
            let pruned = pool.change(spot.place, |origin, now, effects| {
                let next = origin.prune(spot.room, now, effects);
                // Under the same lock, so that whoever keeps a connection from here on starts another task.
                if next.is_none()
                    && let Some(room) = origin.room(spot.room)
                {
                    room.reaper = None;
                }
                next
            });
            pruned.flatten()
        });
        let Some(next) = next else { return };
        tokio::time::sleep_until(next).await;
    }
}
