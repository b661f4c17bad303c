//! [`TransportError`]: how a request failed on the way, before its answer's head was there.

use crate::boxed::BoxError;
use crate::fault::Fault;

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
    Exchange(#[source] BoxError),
    /// The request's URI names no scheme and host.
    #[error("the request's URI has no scheme and host")]
    Uri,
}

impl TransportError {
    /// Marks what went wrong while a connection was made: nothing was sent.
    pub(super) fn connect(error: impl Into<BoxError>) -> Self {
        Self::Connect(Fault::Connect.mark(error).into())
    }
}
