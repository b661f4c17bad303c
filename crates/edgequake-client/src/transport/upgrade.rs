//! [`send`]: a request that turns its connection into something else, on a connection of its own.
//!
//! It is opened as any other, by the same rules of name, proxy and TLS, but for HTTP/1.1 alone, and through a proxy in a tunnel, which does
//! not have to understand what comes. It is neither counted nor limited with those of the pool.

use std::sync::Arc;

use http::header::HOST;
use http::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::runtime::Handle;

use super::error::TransportError;
use super::exchange::{TransportBody, to_origin_form};
use super::pool::{Pool, host};
use crate::body::RequestBody;
use crate::fault::NoRuntime;

/// In the extensions of a request: it asks for another protocol.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnConnection;

/// Sends the request. Where the server switches protocols, the connection is in the extensions of the answer.
pub(super) async fn send(
    pool: Arc<Pool>,
    mut request: Request<RequestBody>,
) -> Result<Response<TransportBody>, TransportError> {
    let runtime = Handle::try_current().map_err(|_| TransportError::NoRuntime(NoRuntime::ABSENT))?;
    let (Some(scheme), Some(authority)) = (request.uri().scheme(), request.uri().authority()) else {
        return Err(TransportError::Uri);
    };
    let host = host(scheme, authority);
    let connected = pool.connector().connect_alone(request.uri()).await.map_err(TransportError::connect)?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(connected.stream)).await;
    let (mut sender, connection) = handshake.map_err(TransportError::connect)?;
    // Ends when the answer is read, or the connection is handed over.
    runtime.spawn(connection.with_upgrades());
    to_origin_form(request.uri_mut());
    request.headers_mut().entry(HOST).or_insert(host);
    let answer =
        sender.send_request(request).await.map_err(|error| TransportError::Exchange(error.into()))?;
    Ok(answer.map(TransportBody::alone))
}
