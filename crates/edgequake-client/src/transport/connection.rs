//! [`Connection`]: what is known of a connection, shared by the pool, the requests on it and the task that drives it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::HeaderValue;
use tokio::time::Instant;

use super::stats::{Counters, RetireReason};

/// The target of the events about connections.
pub(super) const TARGET: &str = "edgequake_client::transport";

/// What is spoken over a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        }
    }
}

/// Stands for the stream limit of a server whose SETTINGS have not come yet. No server can say this number: theirs have 32 bits,
/// and where `usize` has no more, nobody counts streams so finely.
pub(super) const NOT_SAID: usize = usize::MAX - 1;

/// No reason yet.
const IN_USE: u8 = u8::MAX;

pub(super) struct Connection {
    pub(super) id: u64,
    pub(super) protocol: Protocol,
    pub(super) opened: Instant,
    /// Whether a proxy at its other end forwards requests: such a connection is used once.
    pub(super) forwarding: bool,
    /// What requests on it say in `Host`.
    pub(super) host: HeaderValue,
    counters: Arc<Counters>,
    /// Why it takes no more requests.
    reason: AtomicU8,
    /// How many streams the server allows at a time.
    streams: AtomicUsize,
    /// When something last came over it, in microseconds after it was opened. HTTP/2 only.
    heard: AtomicU64,
    /// Whether it is cut at its end: what it waits for may never come.
    stuck: AtomicBool,
    /// Whether the task that drove it is gone without having ended it.
    abandoned: AtomicBool,
    /// Wakes the task that drives it, until the server's SETTINGS have come.
    driver: Mutex<Option<Waker>>,
    /// Whether the task that holds the socket is there.
    is_driven: AtomicBool,
    is_cut: AtomicBool,
    /// Wakes the task that holds the socket when it is cut.
    holder: Mutex<Option<Waker>>,
}

impl Connection {
    pub(super) fn new(id: u64, protocol: Protocol, forwarding: bool, counters: Arc<Counters>) -> Self {
        Self {
            id,
            protocol,
            opened: Instant::now(),
            forwarding,
            host: HeaderValue::from_static(""),
            counters,
            reason: AtomicU8::new(IN_USE),
            streams: AtomicUsize::new(NOT_SAID),
            heard: AtomicU64::new(0),
            stuck: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
            driver: Mutex::default(),
            is_driven: AtomicBool::new(false),
            is_cut: AtomicBool::new(false),
            holder: Mutex::default(),
        }
    }

    /// Says where it goes, for `Host`.
    pub(super) fn to(mut self, host: HeaderValue) -> Self {
        self.host = host;
        self
    }

    /// Notes why it takes no more requests, unless that is known already. One that is silent would not hear a farewell, and a leftover of
    /// an upload may wait for the server for ever: such a connection is cut at its end, whatever was noted first.
    pub(super) fn retire(&self, reason: RetireReason) {
        if matches!(reason, RetireReason::TimedOut | RetireReason::Upload) {
            self.stuck.store(true, Ordering::Release);
        }
        let noted =
            self.reason.compare_exchange(IN_USE, reason as u8, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if noted {
            self.counters.retire(reason);
            tracing::debug!(target: TARGET, connection = self.id, reason = reason.as_str(), "connection retired");
        }
    }

    /// A request is given it that is not its first.
    pub(super) fn note_reuse(&self) {
        tracing::debug!(target: TARGET, connection = self.id, "connection reused");
    }

    /// It is retired, and no request is under way on it any more.
    pub(super) fn end(&self) {
        if self.stuck.load(Ordering::Acquire) {
            self.cut();
        }
    }

    /// It is closed, for this reason if none was known before.
    pub(super) fn close(&self, reason: RetireReason) {
        self.retire(reason);
        Counters::add(&self.counters.closed);
        let age = u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(target: TARGET, connection = self.id, age_ms = age, "connection closed");
    }

    /// How many streams the server allows at a time, once that is known.
    pub(super) fn streams(&self) -> Option<usize> {
        Some(self.streams.load(Ordering::Acquire)).filter(|streams| *streams != NOT_SAID)
    }

    /// Notes what the server allows; whether that is news.
    pub(super) fn allow(&self, streams: usize) -> bool {
        streams != NOT_SAID && self.streams.swap(streams, Ordering::AcqRel) != streams
    }

    /// Notes that something came over it.
    pub(super) fn hear(&self) {
        let since = u64::try_from(self.opened.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.heard.store(since, Ordering::Relaxed);
    }

    /// When something last came over it.
    pub(super) fn heard(&self) -> Instant {
        self.opened + Duration::from_micros(self.heard.load(Ordering::Relaxed))
    }

    /// The task that drives it is gone, with its runtime.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Release);
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Acquire)
    }

    /// What ends when it is cut, for the first task that asks: that one holds the socket.
    pub(super) fn until_cut(self: &Arc<Self>) -> Option<Uncut> {
        let is_first = !self.is_driven.swap(true, Ordering::AcqRel);
        is_first.then(|| Uncut { connection: Arc::clone(self), known: None })
    }

    /// Closes it without a farewell, whatever is under way on it.
    pub(super) fn cut(&self) {
        self.is_cut.store(true, Ordering::Release);
        let waker = lock(&self.holder).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Wakes the task that drives it, to look for the server's SETTINGS.
    pub(super) fn wake_driver(&self) {
        let waker = lock(&self.driver).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn wake_by(&self, waker: &Waker) {
        *lock(&self.driver) = Some(waker.clone());
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("id", &self.id)
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Tells whether a connection is cut.
pub(super) struct Uncut {
    connection: Arc<Connection>,
    /// Who is woken.
    known: Option<Waker>,
}

impl Uncut {
    /// It is asked whenever anything happens on the connection, nearly always by the same task.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.known.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            self.known = Some(cx.waker().clone());
            *lock(&self.connection.holder) = Some(cx.waker().clone());
        }
        // After that, so that one of both sees the other.
        if self.connection.is_cut.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Uncut {
    fn drop(&mut self) {
        let waker = lock(&self.connection.holder).take();
        drop(waker);
    }
}

/// The task of a connection that holds the socket. It ends when that is cut.
pub(super) struct Cuttable<F> {
    pub(super) uncut: Option<Uncut>,
    pub(super) task: F,
}

impl<F: Future + Unpin> Future for Cuttable<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(uncut) = &mut self.uncut
            && uncut.poll(cx).is_ready()
        {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.task).poll(cx).map(Some)
    }
}
