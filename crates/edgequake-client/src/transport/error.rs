//! [`TransportError`]: how a request failed on the way, before its answer's head was there.

use crate::BoxError;

/// What went wrong between the request and the head of its answer. [`Fault`](crate::fault::Fault) tells whether the server could
/// have executed it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No connection could be made.
    #[error("no connection could be made")]
    Connect(#[source] BoxError),
    /// The request could not be sent over a connection, or no answer came back over it.
    #[error("the exchange over a connection failed")]
    Exchange(#[source] hyper::Error),
    /// The request's URI names no scheme and host.
    #[error("the request's URI has no scheme and host")]
    Uri,
}
