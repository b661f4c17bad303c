//! One request and its answer over a connection of the [pool](super::pool).

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::HOST;
use http::uri::Uri;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::runtime::Handle;

use super::Shared;
use super::background::{self, Background};
use super::connector::Connected;
use super::error::TransportError;
use super::pool::{Found, PlaceId, Pool, Sender};
use crate::body::RequestBody;
use crate::boxed::BoxError;

/// Sends a request, over a kept connection if there is one. A request that such a connection did not take is sent over the next
/// one, since it certainly was not executed.
pub(super) async fn send(
    shared: Arc<Shared>,
    mut request: Request<RequestBody>,
) -> Result<Response<TransportBody>, TransportError> {
    let uri = request.uri().clone();
    let names_host = request.headers().contains_key(HOST);
    loop {
        let Found { place, host, sender } = shared.pool.take(&uri).ok_or(TransportError::Uri)?;
        let kept = sender.is_some();
        let (sender, forwarding) = match sender {
            Some(sender) => (sender, false),
            // Rare and large: boxed, or every request would carry its room.
            None => Box::pin(connect(&shared, place, uri.clone())).await?,
        };
        let mut refused = match sender {
            Sender::Http1(mut sender) => {
                if !forwarding {
                    to_origin_form(request.uri_mut());
                }
                if !names_host {
                    request.headers_mut().insert(HOST, host);
                }
                match sender.try_send_request(request).await {
                    Ok(answer) => {
                        // There are proxies that close after each answer without saying so; a POST on such a connection
                        // would be lost, so those that forward are used once.
                        let lease =
                            (!forwarding).then(|| Lease { pool: Arc::clone(&shared.pool), place, sender });
                        return Ok(answer.map(|incoming| TransportBody::new(incoming, lease)));
                    }
                    Err(refused) => refused,
                }
            }
            Sender::Http2(mut sender) => match Box::pin(sender.try_send_request(request)).await {
                Ok(answer) => return Ok(answer.map(|incoming| TransportBody::new(incoming, None))),
                Err(refused) => refused,
            },
        };
        match refused.take_message().filter(|_| kept) {
            Some(unsent) => {
                request = unsent;
                request.uri_mut().clone_from(&uri);
                if !names_host {
                    request.headers_mut().remove(HOST);
                }
            }
            None => return Err(TransportError::Exchange(refused.into_error().into())),
        }
    }
}

/// Opens a connection; whether a proxy at its other end forwards requests.
async fn connect(shared: &Shared, place: PlaceId, uri: Uri) -> Result<(Sender, bool), TransportError> {
    let Connected { stream, http2, forwarding } =
        shared.connector.connect(&uri).await.map_err(TransportError::connect)?;
    let stream = TokioIo::new(stream);
    let runtime = Handle::try_current().map_err(TransportError::connect)?;
    let failed = |error: hyper::Error| TransportError::connect(error);
    if http2 {
        let (sender, connection) = http2::Builder::new(Background)
            .timer(TokioTimer::new())
            .handshake(stream)
            .await
            .map_err(failed)?;
        // What ends the connection is told to the requests on it.
        background::spawn(&runtime, async { drop(connection.await) });
        shared.pool.share(place, &sender);
        return Ok((Sender::Http2(sender), false));
    }
    let (sender, connection) = http1::handshake(stream).await.map_err(failed)?;
    background::spawn(&runtime, async { drop(connection.await) });
    Ok((Sender::Http1(sender), forwarding))
}

/// Path and query only, as a server wants them (RFC 9112, 3.2.1).
fn to_origin_form(uri: &mut Uri) {
    let path = uri.path_and_query().cloned();
    let mut parts = http::uri::Parts::default();
    parts.path_and_query = Some(path.unwrap_or_else(|| http::uri::PathAndQuery::from_static("/")));
    // Path and query alone always make a URI.
    *uri = Uri::from_parts(parts).unwrap_or_default();
}

/// A connection on loan to an answer's body.
#[derive(Debug)]
struct Lease {
    pool: Arc<Pool>,
    place: PlaceId,
    sender: http1::SendRequest<RequestBody>,
}

/// The body of an answer. When it has been read to its end, its connection is kept for the next request; when it is dropped
/// before, the connection is closed, or with HTTP/2 the stream.
#[derive(Debug)]
pub struct TransportBody {
    incoming: Incoming,
    lease: Option<Lease>,
}

impl TransportBody {
    fn new(incoming: Incoming, lease: Option<Lease>) -> Self {
        let mut body = Self { incoming, lease };
        body.end_lease_if_read();
        body
    }

    fn end_lease_if_read(&mut self) {
        if self.incoming.is_end_stream() {
            self.end_lease();
        }
    }

    fn end_lease(&mut self) {
        if let Some(Lease { pool, place, sender }) = self.lease.take() {
            pool.give_back(place, sender);
        }
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
            None => self.end_lease(),
            Some(Ok(_)) => self.end_lease_if_read(),
            Some(Err(_)) => self.lease = None,
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
