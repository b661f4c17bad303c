//! One request and its answer over a connection of the [pool](super::pool).

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{Entry, HOST};
use http::uri::Uri;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::connection::Protocol;
use super::error::{RuntimeGone, TransportError};
use super::pool::{Found, Lent, Pool, Sender};
use super::upload::Upload;
use crate::body::RequestBody;
use crate::boxed::{BoxError, BoxFuture};
use crate::fault::Fault;
use crate::policy::Policy;

/// When the time of a request is up.
#[derive(Clone, Copy)]
pub(super) struct Times {
    /// Of all of it.
    whole: Option<Instant>,
    /// Of this attempt, up to the head of the answer.
    head: Option<Instant>,
}

impl Times {
    pub(super) fn new(whole: Option<Instant>, attempt: Option<Instant>) -> Self {
        Self { whole, head: attempt.into_iter().chain(whole).min() }
    }

    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let policy = request.extensions().get::<Policy>();
        let whole = policy.and_then(|policy| policy.deadline);
        Self::new(whole, policy.and_then(|policy| policy.attempt_deadline))
    }
}

/// Sends a request, over a kept connection if there is one. A request that such a connection did not take is sent over the next
/// one, since it certainly was not executed.
pub(super) fn send(
    pool: Arc<Pool>,
    request: Request<RequestBody>,
    times: Times,
) -> BoxFuture<Result<Response<TransportBody>, TransportError>> {
    // What it was before it was written for a connection.
    let (mut uri, mut names_host) = (None, true);
    // Captured as it is sent: a future that had it as a parameter would hold it twice.
    let mut request = request.map(Upload::new);
    Box::pin(async move {
        loop {
            let mut lent = match pool.take(request.uri())? {
                Found::Now(lent) => lent,
                // Rare and large: boxed, or every request would carry its room.
                Found::Later(ticket) => Box::pin(ticket.wait(times.head)).await?,
            };
            if lent.connection().protocol == Protocol::Http1 {
                if !lent.connection().forwarding {
                    uri = Some(to_origin_form(request.uri_mut()));
                }
                if let Entry::Vacant(vacant) = request.headers_mut().entry(HOST) {
                    vacant.insert(lent.connection().host.clone());
                    names_host = false;
                }
            }
            let mut upload = None;
            let outcome = match lent.sender(times.head) {
                Some(Sender::Http1(sender)) => sender.try_send_request(request).await,
                Some(Sender::Http2(sender)) => {
                    upload = request.body_mut().stoppable();
                    Box::pin(sender.try_send_request(request)).await
                }
                None => return Err(TransportError::connect(RuntimeGone)),
            };
            let mut refused = match outcome {
                Ok(answer) => {
                    lent.answered(times.whole);
                    return Ok(answer.map(|incoming| TransportBody::new(incoming, lent, upload)));
                }
                Err(refused) => refused,
            };
            lent.fail();
            match refused.take_message().filter(|_| lent.is_reused()) {
                Some(unsent) => {
                    request = unsent;
                    request.body_mut().again();
                    if let Some(uri) = uri.take() {
                        *request.uri_mut() = uri;
                    }
                    if !names_host {
                        request.headers_mut().remove(HOST);
                    }
                }
                None => {
                    let gone = refused.error().is_user() && lent.connection().is_abandoned();
                    let error: BoxError = refused.into_error().into();
                    // hyper takes it for a mistake of the caller's.
                    let error = if gone { Fault::Interrupted.mark(RuntimeGone).into() } else { error };
                    return Err(TransportError::Exchange(error));
                }
            }
        }
    })
}

/// Path and query only, as a server wants them (RFC 9112, 3.2.1). Gives the whole URI back.
pub(super) fn to_origin_form(uri: &mut Uri) -> Uri {
    let path = uri.path_and_query().cloned();
    let path = path.unwrap_or_else(|| http::uri::PathAndQuery::from_static("/"));
    std::mem::replace(uri, Uri::from(path))
}

/// The body of an answer. When it has been read to its end, its connection is kept for the next request; when it is dropped
/// before, the connection is closed, or with HTTP/2 the stream.
pub struct TransportBody {
    incoming: Incoming,
    /// The connection, until it is given back.
    lent: Option<Lent>,
    /// Ends the request's body when it is dropped, where that goes on.
    upload: Option<oneshot::Sender<Infallible>>,
}

impl TransportBody {
    fn new(incoming: Incoming, lent: Lent, upload: Option<oneshot::Sender<Infallible>>) -> Self {
        let mut body = Self { incoming, lent: Some(lent), upload };
        body.end_if_read();
        body
    }

    /// Of a connection that is not one of the pool.
    #[cfg(feature = "websocket")]
    pub(super) fn alone(incoming: Incoming) -> Self {
        Self { incoming, lent: None, upload: None }
    }

    fn end_if_read(&mut self) {
        if self.incoming.is_end_stream() {
            self.end();
        }
    }

    fn end(&mut self) {
        if let Some(lent) = self.lent.take() {
            lent.end(self.upload.take());
        }
    }

    /// The connection has failed, and tells by itself what has become of it.
    fn fail(&mut self) {
        if let Some(mut lent) = self.lent.take() {
            lent.fail();
        }
    }
}

impl std::fmt::Debug for TransportBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TransportBody").field("incoming", &self.incoming).finish_non_exhaustive()
    }
}

impl Body for TransportBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.incoming).poll_frame(cx));
        match &frame {
            // A body of unknown length is over when nothing more comes.
            None => self.end(),
            Some(Ok(_)) => self.end_if_read(),
            Some(Err(_)) => self.fail(),
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
