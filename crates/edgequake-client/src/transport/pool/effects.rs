//! [`Effects`]: what is to be done when the pool's lock has been given back.
//!
//! Nothing under the lock wakes a request, opens a connection, logs or counts: any of these may come back to the pool. The task that closes
//! unused connections is spawned under it, and waits for it like anybody else.

use std::sync::Arc;

use super::super::connection::Connection;
use super::super::stats::RetireReason;

/// Whether a connection can take a request.
pub(in super::super) trait Usable {
    fn is_usable(&self) -> bool;

    /// Whether it can take its first request.
    fn is_usable_at_first(&self) -> bool {
        self.is_usable()
    }
}

/// What connections are made of, so that the rules can be tested without any.
pub(in super::super) trait Kinds {
    /// Which runtime drives a connection.
    type Runtime: Clone;
    /// Takes one request at a time.
    type Http1: Usable;
    /// Takes many.
    type Http2: Usable + Clone;
    /// Hears when there is a connection for a request.
    type Waiter;

    fn is_same(one: &Self::Runtime, other: &Self::Runtime) -> bool;
}

/// Which [`Room`](super::room::Room); no other ever has the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in super::super) struct RoomId(pub(super) u64);

/// A connection that can take a request.
pub(in super::super) enum Sender<K: Kinds> {
    Http1(K::Http1),
    Http2(K::Http2),
}

/// A connection for one request, which has to be given back.
pub(in super::super) struct Handed<K: Kinds> {
    pub(super) room: RoomId,
    pub(super) sender: Sender<K>,
    pub(super) connection: Arc<Connection>,
    /// Whether it had a request before.
    pub(super) reused: bool,
}

/// What follows from a change; mostly nothing, which costs nothing.
pub(super) struct Effects<K: Kinds>(Option<Box<Lists<K>>>);

/// All that may follow.
pub(super) struct Lists<K: Kinds> {
    /// Requests that have waited, and what they get.
    pub(super) granted: Vec<(K::Waiter, Handed<K>)>,
    /// Requests that have waited in vain.
    pub(super) failed: Vec<K::Waiter>,
    /// Where connections are to be opened.
    pub(super) connect: Vec<(RoomId, K::Runtime)>,
    /// Connections that take no more requests.
    pub(super) retired: Vec<(Arc<Connection>, RetireReason)>,
    /// Retired ones on which nothing is under way any more.
    pub(super) ended: Vec<Arc<Connection>>,
}

impl<K: Kinds> Default for Lists<K> {
    fn default() -> Self {
        Self {
            granted: Vec::new(),
            failed: Vec::new(),
            connect: Vec::new(),
            retired: Vec::new(),
            ended: Vec::new(),
        }
    }
}

impl<K: Kinds> Effects<K> {
    pub(super) fn none() -> Self {
        Self(None)
    }

    pub(super) fn lists(&mut self) -> &mut Lists<K> {
        self.0.get_or_insert_default()
    }

    /// `None` where nothing follows.
    pub(super) fn into_lists(self) -> Option<Lists<K>> {
        self.0.map(|lists| *lists)
    }

    pub(super) fn retire(&mut self, connection: Arc<Connection>, reason: RetireReason) {
        self.lists().retired.push((connection, reason));
    }

    pub(super) fn end(&mut self, connection: Arc<Connection>) {
        self.lists().ended.push(connection);
    }
}
