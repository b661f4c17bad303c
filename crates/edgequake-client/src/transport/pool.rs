//! [`Pool`]: connections that are kept for the next request.
//!
//! A request takes the connection that was used last, or opens one; when its answer has been read, it gives it back. There is one
//! short lock, nothing is waited for under it, and nobody queues: as many connections are open as there are requests under way. A
//! connection that speaks HTTP/2 is shared by all requests to its origin. A connection is driven by the runtime that opened it, and
//! is used by that one only: another one might be driven while this one is not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use http::HeaderValue;
use http::uri::{Authority, Scheme, Uri};
use hyper::client::conn::{http1, http2};
use tokio::runtime::{Handle, Id};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::background;
use crate::body::RequestBody;

/// A connection that can take a request.
#[derive(Debug)]
pub(super) enum Sender {
    /// Takes one request at a time.
    Http1(http1::SendRequest<RequestBody>),
    /// Takes many.
    Http2(http2::SendRequest<RequestBody>),
}

/// All connections of a transport and its clones.
#[derive(Debug)]
pub(super) struct Pool {
    state: Mutex<State>,
    idle_limit: Duration,
    idle_count: usize,
}

#[derive(Debug, Default)]
struct State {
    // Few: a client speaks to one origin. A place is never taken away, so that its number stays valid.
    places: Vec<Place>,
    /// How often a place was made.
    made: u64,
    reaper: Option<AbortHandle>,
}

/// Which place in the pool, and for whom: it may be given to others once it is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PlaceId {
    number: usize,
    made: u64,
}

/// The connections to one origin.
#[derive(Debug)]
struct Place {
    id: PlaceId,
    scheme: Scheme,
    authority: Authority,
    /// Whose connections these are.
    runtime: Option<Id>,
    host: HeaderValue,
    idle: Vec<Unused<http1::SendRequest<RequestBody>>>,
    shared: Option<Unused<http2::SendRequest<RequestBody>>>,
}

/// A connection and when it was last asked for, or given back.
#[derive(Debug)]
struct Unused<S> {
    sender: S,
    since: Instant,
}

impl<S> Unused<S> {
    fn from_now(sender: S) -> Self {
        Self { sender, since: Instant::now() }
    }
}

/// Where in the pool the connections to an origin are, and what their requests say in `Host`.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) place: PlaceId,
    pub(super) host: HeaderValue,
    /// A connection that can be used at once.
    pub(super) sender: Option<Sender>,
}

impl Pool {
    pub(super) fn new(idle_limit: Duration, idle_count: usize) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), idle_limit, idle_count })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock leaves the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection to the origin of `uri`, if one is at hand; `None` for a URI without an origin.
    pub(super) fn take(&self, uri: &Uri) -> Option<Found> {
        let (scheme, authority) = (uri.scheme()?, uri.authority()?);
        let runtime = current();
        let mut state = self.lock();
        let here = |place: &Place| place.scheme == *scheme && place.authority == *authority;
        let known = state.places.iter().position(|place| place.runtime == runtime && here(place));
        let number = known.unwrap_or_else(|| state.place_for(runtime, scheme, authority));
        let place = state.places.get_mut(number)?;
        Some(Found { place: place.id, host: place.host.clone(), sender: place.take() })
    }

    /// Keeps a connection that has given its answer. One that is not ready yet is waited for elsewhere.
    pub(super) fn give_back(self: &Arc<Self>, place: PlaceId, sender: http1::SendRequest<RequestBody>) {
        if sender.is_ready() {
            self.keep(place, sender);
        } else if !sender.is_closed()
            && let Ok(runtime) = Handle::try_current()
        {
            let pool = Arc::downgrade(self);
            let keeping = async move {
                let mut sender = sender;
                if sender.ready().await.is_ok()
                    && let Some(pool) = pool.upgrade()
                {
                    pool.keep(place, sender);
                }
            };
            background::spawn(&runtime, keeping);
        }
    }

    fn keep(self: &Arc<Self>, place: PlaceId, sender: http1::SendRequest<RequestBody>) {
        let mut state = self.lock();
        if let Some(place) = state.own(place)
            && place.idle.len() < self.idle_count
        {
            place.idle.push(Unused::from_now(sender));
            self.watch(&mut state);
        }
    }

    /// Lets all requests to an origin use this connection.
    pub(super) fn share(self: &Arc<Self>, place: PlaceId, sender: &http2::SendRequest<RequestBody>) {
        let mut state = self.lock();
        if let Some(place) = state.own(place) {
            place.shared = Some(Unused::from_now(sender.clone()));
            self.watch(&mut state);
        }
    }

    /// Makes sure that somebody closes what has been unused for too long.
    fn watch(self: &Arc<Self>, state: &mut State) {
        // The watcher may have gone with the runtime that it ran on.
        if state.reaper.as_ref().is_some_and(|reaper| !reaper.is_finished()) {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            let reaper = background::spawn(&runtime, reap(Arc::downgrade(self), self.idle_limit));
            state.reaper = Some(reaper.abort_handle());
        }
    }

    /// Closes what has been unused for too long; whether anything is left.
    fn prune(&self) -> bool {
        let mut state = self.lock();
        for place in &mut state.places {
            place.idle.retain(|idle| !idle.sender.is_closed() && idle.since.elapsed() < self.idle_limit);
            // What is under way on it goes on: the connection ends with the last of its requests.
            place
                .shared
                .take_if(|shared| shared.sender.is_closed() || shared.since.elapsed() >= self.idle_limit);
        }
        let left = state.places.iter().any(|place| !place.idle.is_empty() || place.shared.is_some());
        if !left {
            state.reaper = None;
        }
        left
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if let Some(reaper) = self.lock().reaper.take() {
            reaper.abort();
        }
    }
}

/// The runtime that is current.
fn current() -> Option<Id> {
    Handle::try_current().ok().map(|runtime| runtime.id())
}

impl State {
    /// A place for the connections of a runtime: one whose connections are all gone, such as with their runtime, or a new one.
    fn place_for(&mut self, runtime: Option<Id>, scheme: &Scheme, authority: &Authority) -> usize {
        let is_left = |place: &mut Place| {
            place.idle.retain(|idle| !idle.sender.is_closed());
            place.shared.take_if(|shared| shared.sender.is_closed());
            place.idle.is_empty() && place.shared.is_none()
        };
        let number = self.places.iter_mut().position(is_left).unwrap_or(self.places.len());
        self.made += 1;
        let id = PlaceId { number, made: self.made };
        let new = Place::new(id, runtime, scheme, authority);
        match self.places.get_mut(number) {
            // What is given back to its former owner's place is dropped.
            Some(left) => *left = new,
            None => self.places.push(new),
        }
        number
    }

    /// The place, unless it is somebody else's by now, or this is not its runtime.
    fn own(&mut self, id: PlaceId) -> Option<&mut Place> {
        let runtime = current();
        self.places.get_mut(id.number).filter(|place| place.id == id && place.runtime == runtime)
    }
}

impl Place {
    fn new(id: PlaceId, runtime: Option<Id>, scheme: &Scheme, authority: &Authority) -> Self {
        let default_port = if *scheme == Scheme::HTTPS { 443 } else { 80 };
        let host = match authority.port_u16() {
            Some(port) if port != default_port => format!("{}:{port}", authority.host()),
            _ => authority.host().to_owned(),
        };
        Self {
            id,
            scheme: scheme.clone(),
            authority: authority.clone(),
            runtime,
            // A host of a URI is always a field value.
            host: HeaderValue::try_from(host).unwrap_or_else(|_| HeaderValue::from_static("")),
            idle: Vec::new(),
            shared: None,
        }
    }

    fn take(&mut self) -> Option<Sender> {
        if let Some(shared) = self.shared.as_mut().filter(|shared| !shared.sender.is_closed()) {
            shared.since = Instant::now();
            return Some(Sender::Http2(shared.sender.clone()));
        }
        // The one used last is the least likely to have been closed by the server.
        while let Some(Unused { sender, .. }) = self.idle.pop() {
            if sender.is_ready() {
                return Some(Sender::Http1(sender));
            }
        }
        None
    }
}

async fn reap(pool: Weak<Pool>, idle_limit: Duration) {
    loop {
        tokio::time::sleep(idle_limit).await;
        if !pool.upgrade().is_some_and(|pool| pool.prune()) {
            return;
        }
    }
}
