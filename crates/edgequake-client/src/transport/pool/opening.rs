//! Opens connections for a [`Pool`], and drives them until they end.
//!
//! A connection is opened by a task of its own on the runtime that will drive it, so that a request that is given up in the meantime
//! takes nothing from those that wait with it.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use edgequake_types::Origin;
use http::HeaderValue;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::super::background::{self, Background};
use super::super::connection::{Connection, Cuttable, NOT_SAID, Protocol, TARGET};
use super::super::connector::{Connected, Connector, Stream};
use super::super::error::RuntimeGone;
use super::super::heard::Heard;
use super::super::stats::{Counters, RetireReason};
use super::super::upload::Upload;
use super::{Http1, Http2, Pool, Spot};
use crate::fault::{Fault, Marked};

/// The number of the next connection of the process, so that those of two transports are told apart in logs.
static NEXT: AtomicU64 = AtomicU64::new(1);

impl Pool {
    /// Begins to open a connection.
    pub(super) fn open(self: &Arc<Self>, spot: Spot, runtime: &Handle) {
        let mut opening = Opening { pool: Arc::downgrade(self), spot, is_over: false };
        let connector = Arc::clone(&self.connector);
        let uri = self.uri(spot.place);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let counters = Arc::clone(&self.counters);
        let mut closing = self.closing.subscribe();
        let task = async move {
            let began = Instant::now();
            // Scheme, host and port.
            let server = Origin::of(&uri).map(|origin| origin.to_string()).unwrap_or_default();
            tracing::debug!(target: TARGET, connection = id, server, "connecting");
            let mut gone = pin!(closing.changed());
            let mut connecting = pin!(connect(&connector, &uri, id, counters));
            let opened = poll_fn(|cx| match gone.as_mut().poll(cx) {
                Poll::Ready(_) => Poll::Ready(None),
                Poll::Pending => connecting.as_mut().poll(cx).map(Some),
            });
            // Nobody wants it any more.
            let Some(opened) = opened.await else { return };
            match opened {
                Ok(opened) => {
                    let protocol = opened.connection.protocol.as_str();
                    let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                    tracing::debug!(target: TARGET, connection = id, protocol, took_ms = took, "connected");
                    opening.succeed(opened);
                }
                Err(failure) => {
                    tracing::debug!(target: TARGET, connection = id, error = %failure, "not connected");
                    opening.fail(&failure, false);
                }
            }
        };
        background::spawn(runtime, task);
    }
}

/// A connection that was opened.
struct Opened {
    connection: Arc<Connection>,
    sender: Sender,
}

enum Sender {
    Http1(Http1, Box<Http1Connection>),
    Http2(Http2, Box<Http2Connection>),
}

type Http1Connection = http1::Connection<TokioIo<Stream>, Upload>;
type Http2Connection = http2::Connection<Heard<TokioIo<Stream>>, Upload, Background>;

async fn connect(
    connector: &Connector,
    uri: &http::Uri,
    id: u64,
    counters: Arc<Counters>,
) -> Result<Opened, Marked> {
    let Connected { stream, http2, forwarding } =
        connector.connect(uri).await.map_err(|error| Fault::Connect.mark(error))?;
    let failed = |error: hyper::Error| Fault::Connect.mark(error);
    let host = uri.scheme().zip(uri.authority()).map(|(scheme, authority)| super::host(scheme, authority));
    let host = host.unwrap_or_else(|| HeaderValue::from_static(""));
    let protocol = if http2 { Protocol::Http2 } else { Protocol::Http1 };
    let connection = Arc::new(Connection::new(id, protocol, forwarding, counters).to(host));
    let stream = TokioIo::new(stream);
    let sender = if http2 {
        let mut builder = http2::Builder::new(Background::new(Arc::clone(&connection)));
        builder
            .timer(TokioTimer::new())
            .initial_max_send_streams(NOT_SAID)
            .keep_alive_interval(connector.keep_alive.interval)
            .keep_alive_timeout(connector.keep_alive.timeout)
            .keep_alive_while_idle(true);
        let stream = Heard::new(stream, Arc::clone(&connection));
        let (sender, driven) = builder.handshake(stream).await.map_err(failed)?;
        Sender::Http2(sender, Box::new(driven))
    } else {
        let (sender, driven) = http1::handshake(stream).await.map_err(failed)?;
        Sender::Http1(sender, Box::new(driven))
    };
    Ok(Opened { connection, sender })
}

/// A connection that is being opened. Whatever becomes of its task, those who wait for it hear of it.
struct Opening {
    pool: Weak<Pool>,
    spot: Spot,
    is_over: bool,
}

impl Opening {
    fn succeed(&mut self, opened: Opened) {
        self.is_over = true;
        let Some(pool) = self.pool.upgrade() else { return };
        let Opened { connection, sender } = opened;
        Counters::add(&pool.counters.opened);
        let (spot, room) = (self.spot, self.spot.room);
        let guard =
            Driven { pool: Weak::clone(&self.pool), spot, connection: Arc::clone(&connection), ended: None };
        let runtime = Handle::current();
        match sender {
            Sender::Http1(sender, driven) => {
                let driven = Cuttable { uncut: connection.until_cut(), task: driven };
                background::spawn(&runtime, DriveHttp1 { guard, driven });
                pool.change(spot.place, |origin, now, effects| {
                    origin.opened_http1(room, sender, connection, now, effects);
                    pool.watch(spot, origin, now.1);
                });
            }
            Sender::Http2(sender, driven) => {
                let silence = pool.connector.keep_alive.silence();
                background::spawn(&runtime, DriveHttp2 { guard, driven, silence });
                pool.change(spot.place, |origin, now, effects| {
                    origin.opened_http2(room, sender, connection, now, effects);
                    pool.watch(spot, origin, now.1);
                });
            }
        }
    }

    fn fail(&mut self, failure: &Marked, runtime_gone: bool) {
        self.is_over = true;
        let Some(pool) = self.pool.upgrade() else { return };
        Counters::add(&pool.counters.failed);
        let failed = pool.change(self.spot.place, |origin, now, effects| {
            origin.failed(self.spot.room, runtime_gone, now, effects);
            std::mem::take(&mut effects.lists().failed)
        });
        for waiter in failed.into_iter().flatten() {
            // Who has gone needs no telling.
            drop(waiter.send(Err(failure.clone())));
        }
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        if !self.is_over {
            self.fail(&Fault::Connect.mark(RuntimeGone), true);
        }
    }
}

/// What the end of a connection's task tells the pool.
struct Driven {
    pool: Weak<Pool>,
    spot: Spot,
    connection: Arc<Connection>,
    /// Why it ended; `None` if the task was dropped.
    ended: Option<RetireReason>,
}

impl Drop for Driven {
    fn drop(&mut self) {
        if self.ended.is_none() {
            self.connection.abandon();
        }
        self.connection.close(self.ended.unwrap_or(RetireReason::Runtime));
        if let Some(pool) = self.pool.upgrade() {
            pool.change(self.spot.place, |origin, now, effects| {
                origin.ended(self.spot.room, &self.connection, now, effects);
            });
        }
    }
}

/// Drives a connection. The guard comes first: requests see that the task was dropped before they see that it is gone.
struct DriveHttp1 {
    guard: Driven,
    driven: Cuttable<Box<Http1Connection>>,
}

impl Future for DriveHttp1 {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // What ends the connection is told to the request on it.
        let ended = std::task::ready!(Pin::new(&mut self.driven).poll(cx));
        let failed = matches!(ended, Some(Err(_)));
        self.guard.ended = Some(if failed { RetireReason::Failed } else { RetireReason::Closed });
        Poll::Ready(())
    }
}

/// Drives a connection, and tells the pool how many streams the server allows.
struct DriveHttp2 {
    guard: Driven,
    driven: Box<Http2Connection>,
    /// For how long a server that lives is silent at most.
    silence: Option<Duration>,
}

impl DriveHttp2 {
    fn reason(&self, ended: &hyper::Result<()>) -> RetireReason {
        let silent_for = self.guard.connection.heard().elapsed();
        let is_silent = self.silence.is_some_and(|silence| silent_for >= silence);
        match ended {
            _ if is_silent => RetireReason::Silent,
            Err(error) if error.is_timeout() => RetireReason::Silent,
            Err(_) => RetireReason::Failed,
            Ok(()) => RetireReason::Closed,
        }
    }
}

impl Future for DriveHttp2 {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let connection = &this.guard.connection;
        if connection.streams().is_none() {
            connection.wake_by(cx.waker());
        }
        if let Poll::Ready(ended) = Pin::new(&mut this.driven).poll(cx) {
            // What ends the connection is told to the requests on it.
            this.guard.ended = Some(this.reason(&ended));
            return Poll::Ready(());
        }
        let streams = this.driven.current_max_send_streams();
        if this.guard.connection.allow(streams)
            && let Some(pool) = this.guard.pool.upgrade()
        {
            pool.change(this.guard.spot.place, |origin, (rules, now), effects| {
                origin.settled(streams, rules, now, effects);
            });
        }
        Poll::Pending
    }
}
