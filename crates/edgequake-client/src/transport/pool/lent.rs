//! [`Lent`]: a connection while a request has it. [`Ticket`]: a place in the queue for one.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::super::background;
use super::super::connection::Connection;
use super::super::error::{ConnectionLimitReached, RuntimeGone, TransportError};
use super::super::stats::RetireReason;
use super::super::steps::ConnectTimedOut;
use super::effects::Sender;
use super::{Http1, Pool, Real, Spot};
use crate::clock;
use crate::fault::{Fault, Marked};

/// For how long nothing has come over a connection when a request on it that is given up speaks against it.
const SILENCE: Duration = Duration::from_secs(1);

/// How long an upload may go on after its answer.
const UPLOAD_LIMIT: Duration = Duration::from_secs(10);

/// A connection while a request has it. It is kept for others when [`end`](Self::end) is called, and dropped else.
pub(in super::super) struct Lent {
    pool: Arc<Pool>,
    spot: Spot,
    connection: Arc<Connection>,
    /// `None` once it has been given back.
    sender: Option<Sender<Real>>,
    reused: bool,
    /// Whether a request was given to it.
    given: bool,
    /// When the request was sent, with HTTP/2.
    sent: Option<Instant>,
    /// When the time of the request is up.
    until: Option<Instant>,
    /// Whether the exchange has failed, so that the connection tells by itself what has become of it.
    failed: bool,
}

impl Lent {
    pub(super) fn new(
        pool: Arc<Pool>,
        spot: Spot,
        connection: Arc<Connection>,
        sender: Sender<Real>,
        reused: bool,
    ) -> Self {
        Self {
            pool,
            spot,
            connection,
            sender: Some(sender),
            reused,
            given: false,
            sent: None,
            until: None,
            failed: false,
        }
    }

    pub(in super::super) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(in super::super) fn is_reused(&self) -> bool {
        self.reused
    }

    /// Takes a request that has time until then.
    pub(in super::super) fn sender(&mut self, until: Option<Instant>) -> Option<&mut Sender<Real>> {
        self.until = until;
        self.given = true;
        if matches!(self.sender, Some(Sender::Http2(_))) {
            self.sent = Some(Instant::now());
        }
        self.sender.as_mut()
    }

    /// The answer has begun, and the request has time until then for the rest.
    pub(in super::super) fn answered(&mut self, until: Option<Instant>) {
        self.until = until;
    }

    /// The request got no answer, or not all of it, for a reason that the connection tells by itself.
    pub(in super::super) fn fail(&mut self) {
        self.failed = true;
    }

    /// The answer has been read, or there is none to read. `upload` is told where the request's body may go on.
    pub(in super::super) fn end(mut self, upload: Option<oneshot::Sender<Infallible>>) {
        let Some(sender) = self.sender.take() else { return };
        match sender {
            Sender::Http1(sender) => self.end_http1(sender),
            Sender::Http2(_) => {
                if let Some(upload) = upload.filter(|upload| !upload.is_closed()) {
                    self.end_upload(upload);
                }
                self.release();
            }
        }
    }

    fn end_http1(&self, sender: Http1) {
        if self.connection.forwarding {
            // There are proxies that close after each answer without saying so; a POST on such a connection would be lost.
            self.connection.retire(RetireReason::Single);
            drop(sender);
            self.discard();
        } else if sender.is_ready() {
            give_back(&self.pool, self.spot, sender, (Arc::clone(&self.connection), true));
        } else {
            self.wait_for_end(sender);
        }
    }

    /// Waits until a connection is ready for another request: soon, or when the upload is over that its server did not wait for.
    fn wait_for_end(&self, mut sender: Http1) {
        if sender.is_closed() {
            return self.discard();
        }
        let connection = Some(Arc::clone(&self.connection));
        let guard = Discarded { pool: Arc::downgrade(&self.pool), spot: self.spot, connection };
        let Some(runtime) = self.runtime() else { return drop(guard) };
        let limit = self.pool.rules.idle_limit.min(UPLOAD_LIMIT);
        let closing = self.pool.closing.subscribe();
        let waiting = async move {
            let mut guard = guard;
            let ended = unless(closing, limit, sender.ready()).await.is_some_and(|ready| ready.is_ok());
            if ended && let (Some(pool), Some(connection)) = (guard.pool.upgrade(), guard.connection.take()) {
                give_back(&pool, guard.spot, sender, (connection, true));
            } else if !sender.is_closed()
                && let Some(connection) = &guard.connection
            {
                connection.retire(RetireReason::Upload);
            }
        };
        background::spawn(&runtime, waiting);
    }

    /// Ends an upload that its server did not wait for, after a while or with the client.
    fn end_upload(&self, mut upload: oneshot::Sender<Infallible>) {
        let Some(runtime) = self.runtime() else { return };
        let limit = self.pool.rules.idle_limit.min(UPLOAD_LIMIT);
        let closing = self.pool.closing.subscribe();
        let (pool, spot) = (Arc::downgrade(&self.pool), self.spot);
        let connection = Arc::clone(&self.connection);
        let ending = async move {
            let is_over = unless(closing, limit, upload.closed()).await.is_some();
            if is_over {
                return;
            }
            drop(upload);
            // What was read from the body already may wait for the server for ever: the connection ends with its last request.
            match pool.upgrade() {
                Some(pool) => pool.retire(spot, &connection, RetireReason::Upload),
                None => connection.cut(),
            }
        };
        background::spawn(&runtime, ending);
    }

    /// The runtime that drives the connection. The answer may have been read on another one.
    fn runtime(&self) -> Option<Handle> {
        let runtime = self.pool.change(self.spot.place, |origin, _, _| {
            origin.room(self.spot.room).map(|room| room.runtime.clone())
        });
        runtime.flatten()
    }

    fn discard(&self) {
        self.pool.change(self.spot.place, |origin, (rules, now), effects| {
            origin.discard(self.spot.room, rules, now, effects);
        });
    }

    fn release(&self) {
        self.pool.change(self.spot.place, |origin, now, effects| {
            origin.release(self.spot.room, &self.connection, now, effects);
            self.pool.watch(self.spot, origin, now.1);
        });
    }

    /// Whether what was given up speaks against the connection.
    fn is_suspect(&self) -> bool {
        let now = Instant::now();
        let is_up = self.until.is_some_and(|until| until <= now);
        is_up
            || self.sent.is_some_and(|sent| {
                now.saturating_duration_since(sent.max(self.connection.heard())) >= SILENCE
            })
    }
}

/// What comes of a future, unless the client is gone before that, or it takes too long.
async fn unless<F: Future>(mut gone: watch::Receiver<()>, limit: Duration, future: F) -> Option<F::Output> {
    let mut gone = pin!(gone.changed());
    let mut future = pin!(tokio::time::timeout(limit, future));
    poll_fn(|cx| match gone.as_mut().poll(cx) {
        Poll::Ready(_) => Poll::Ready(None),
        Poll::Pending => future.as_mut().poll(cx).map(Result::ok),
    })
    .await
}

/// Keeps a connection for others; whether it has had a request.
fn give_back(pool: &Arc<Pool>, spot: Spot, sender: Http1, connection: (Arc<Connection>, bool)) {
    pool.change(spot.place, |origin, now, effects| {
        origin.give_back(spot.room, sender, connection, now, effects);
        pool.watch(spot, origin, now.1);
    });
}

/// A request that was given up, or has failed: with HTTP/1.1 its connection is of no use any more. One that was given up before it
/// was sent leaves its connection to others.
impl Drop for Lent {
    fn drop(&mut self) {
        let Some(sender) = self.sender.take() else { return };
        match sender {
            Sender::Http1(sender) if !self.given => {
                give_back(&self.pool, self.spot, sender, (Arc::clone(&self.connection), self.reused));
            }
            Sender::Http1(sender) => {
                if !self.failed {
                    let reason =
                        if self.is_suspect() { RetireReason::TimedOut } else { RetireReason::Dropped };
                    self.connection.retire(reason);
                    self.connection.cut();
                }
                drop(sender);
                self.discard();
            }
            Sender::Http2(_) => {
                if !self.failed && self.is_suspect() {
                    self.pool.retire(self.spot, &self.connection, RetireReason::TimedOut);
                }
                self.release();
            }
        }
    }
}

/// A connection that speaks HTTP/1.1, on its way back; if it does not arrive, it is gone.
struct Discarded {
    pool: std::sync::Weak<Pool>,
    spot: Spot,
    connection: Option<Arc<Connection>>,
}

impl Drop for Discarded {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        connection.cut();
        if let Some(pool) = self.pool.upgrade() {
            pool.change(self.spot.place, |origin, (rules, now), effects| {
                origin.discard(self.spot.room, rules, now, effects);
            });
        }
    }
}

/// A place in the queue for a connection. Dropping it leaves the queue.
pub(in super::super) struct Ticket {
    pool: Arc<Pool>,
    place: u64,
    number: u64,
    granted: Option<oneshot::Receiver<Result<Lent, Marked>>>,
}

impl Ticket {
    pub(super) fn new(
        pool: Arc<Pool>,
        place: u64,
        number: u64,
        granted: oneshot::Receiver<Result<Lent, Marked>>,
    ) -> Self {
        Self { pool, place, number, granted: Some(granted) }
    }

    /// Waits for a connection until the time of the request is up.
    pub(in super::super) async fn wait(mut self, until: Option<Instant>) -> Result<Lent, TransportError> {
        let began = Instant::now();
        let Some(mut granted) = self.granted.take() else { return Err(TransportError::connect(RuntimeGone)) };
        let mut timer = pin!(until.map(clock::sleep_until).transpose().map_err(TransportError::NoRuntime)?);
        let outcome = poll_fn(|cx| {
            if let Poll::Ready(granted) = Pin::new(&mut granted).poll(cx) {
                return Poll::Ready(Ok(granted.ok()));
            }
            match timer.as_mut().as_pin_mut().map(|timer| timer.poll(cx)) {
                Some(Poll::Ready(passed)) => Poll::Ready(passed.map(|()| None)),
                // A timer further out may have gone off first.
                _ if until.is_some_and(|until| until <= Instant::now()) => Poll::Ready(Ok(None)),
                _ => Poll::Pending,
            }
        });
        match outcome.await.map_err(TransportError::NoRuntime)? {
            Some(Ok(lent)) => Ok(lent),
            Some(Err(failure)) => Err(TransportError::Connect(failure.into())),
            None => Err(self.timed_out(began.elapsed())),
        }
    }

    fn timed_out(&self, waited: Duration) -> TransportError {
        let full = self.pool.change(self.place, |origin, (rules, _), _| origin.is_full(rules));
        match self.pool.rules.connections.filter(|_| full == Some(true)) {
            Some(limit) => {
                let reached = ConnectionLimitReached { limit, waited };
                TransportError::Limit(Fault::NotSent.mark(reached).into())
            }
            None => TransportError::connect(ConnectTimedOut::waited(waited)),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // Whoever was given a connection is not in the queue any more.
        self.pool.change(self.place, |origin, now, effects| origin.leave(self.number, now, effects));
    }
}
