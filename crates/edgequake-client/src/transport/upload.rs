//! [`Upload`]: the body of a request, which can be ended while the server no longer waits for it.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::oneshot;

use crate::body::RequestBody;
use crate::boxed::BoxError;

/// The body of a request on its way over a connection.
pub(super) struct Upload {
    body: RequestBody,
    /// Ends when the body is to end. Dropped with the body, which tells that it is over.
    stop: Option<oneshot::Receiver<Infallible>>,
}

/// The server has answered, and nobody reads the rest of the request.
#[derive(Debug, thiserror::Error)]
#[error("the upload was given up: the server had answered before it was over")]
struct Stopped;

impl Upload {
    pub(super) fn new(body: RequestBody) -> Self {
        Self { body, stop: None }
    }

    /// It goes over another connection, since the one before did not take it.
    pub(super) fn again(&mut self) {
        self.stop = None;
    }

    /// What ends the body when it is dropped, and knows when the body is over; `None` for a body that is over at once.
    pub(super) fn stoppable(&mut self) -> Option<oneshot::Sender<Infallible>> {
        self.stop = None;
        if self.body.is_end_stream() {
            return None;
        }
        let (sender, stop) = oneshot::channel();
        self.stop = Some(stop);
        Some(sender)
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(stop) = &mut self.stop
            && Pin::new(stop).poll(cx).is_ready()
        {
            return Poll::Ready(Some(Err(Stopped.into())));
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
