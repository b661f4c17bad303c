//! [`Link`]: the connection of a request, which a fault can silence or reset.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

const SILENT: u8 = 1;
const RESET: u8 = 2;

/// How long a connection is read on after its last response, so that a client that is still sending sees the response.
const LINGER: Duration = Duration::from_secs(1);

/// The state of a connection, shared by its requests.
#[derive(Debug, Clone, Default)]
pub(crate) struct Link(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// [`SILENT`], [`RESET`], or 0.
    state: AtomicU8,
    /// Whether data may be unread when the connection ends.
    lingers: AtomicBool,
    /// Whoever waits for the socket.
    wakers: Mutex<Vec<Waker>>,
}

impl Link {
    /// From now on nothing is read or written, and the connection stays open until the client closes its side.
    pub(crate) fn silence(&self) {
        self.change(SILENT);
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.0.state.load(Ordering::Acquire) == SILENT
    }

    /// Ends the connection with a reset.
    pub(crate) fn reset(&self) {
        self.change(RESET);
    }

    /// Reads on for a moment when the connection ends.
    pub(crate) fn linger(&self) {
        self.0.lingers.store(true, Ordering::Relaxed);
    }

    fn change(&self, state: u8) {
        self.0.state.store(state, Ordering::Release);
        let wakers = std::mem::take(&mut *self.0.wakers.lock().unwrap_or_else(PoisonError::into_inner));
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Remembers who waits, so that a change of the state wakes it.
    fn remember(&self, context: &Context<'_>) {
        let mut wakers = self.0.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        if !wakers.iter().any(|waker| waker.will_wake(context.waker())) {
            wakers.push(context.waker().clone());
        }
    }
}

/// A socket whose [`Link`] can silence or reset it.
#[derive(Debug)]
pub(crate) struct Linked {
    stream: TcpStream,
    link: Link,
    lingering: Option<Pin<Box<Sleep>>>,
}

impl Linked {
    pub(crate) fn new(stream: TcpStream, link: Link) -> Self {
        Self { stream, link, lingering: None }
    }

    /// Whether the socket may be used: pending while it is silent, an error once it is reset or the client is gone.
    fn poll_open(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.link.remember(context);
        match self.link.0.state.load(Ordering::Acquire) {
            SILENT => self.poll_closed(context).map(|()| Err(io::ErrorKind::ConnectionAborted.into())),
            RESET => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            _ => Poll::Ready(Ok(())),
        }
    }

    /// Waits until the client has closed its side. What it has sent stays unread.
    fn poll_closed(&self, context: &mut Context<'_>) -> Poll<()> {
        while std::task::ready!(self.stream.poll_read_ready(context)).is_ok() {
            // It is ready, so that this does not wait.
            match self.stream.ready(Interest::READABLE).now_or_never() {
                Some(Ok(ready)) if !ready.is_read_closed() => {}
                Some(_) => break,
                None => continue,
            }
            // Data has come. What is ready after this is more of it, or the end.
            let _ = self.stream.try_io(Interest::READABLE, || Err::<(), _>(io::ErrorKind::WouldBlock.into()));
        }
        Poll::Ready(())
    }
}

impl Drop for Linked {
    fn drop(&mut self) {
        if self.link.0.state.load(Ordering::Acquire) == RESET {
            // Closing the socket then resets the connection. It may be closed already.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Linked {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        std::task::ready!(self.poll_open(context))?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Linked {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        std::task::ready!(self.poll_open(context))?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        std::task::ready!(self.poll_open(context))?;
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.poll_open(context))?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(self.poll_open(context))?;
        std::task::ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        if !self.link.0.lingers.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        let this = &mut *self;
        let lingering = this.lingering.get_or_insert_with(|| Box::pin(sleep(LINGER)));
        let mut discarded = [0; 8192];
        loop {
            if lingering.as_mut().poll(context).is_ready() {
                return Poll::Ready(Ok(()));
            }
            let mut buffer = ReadBuf::new(&mut discarded);
            std::task::ready!(Pin::new(&mut this.stream).poll_read(context, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
