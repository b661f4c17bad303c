//! [`TransportError`]: how a request failed on the way, before its answer's head was there.

use std::time::Duration;

use crate::boxed::BoxError;
use crate::fault::{Fault, NoRuntime};

/// What went wrong between the request and the head of its answer. [`Fault`](crate::fault::Fault) tells whether the server could
/// have executed it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No connection could be made.
    #[error("no connection could be made")]
    Connect(#[source] BoxError),
    /// There may be no more connections to this server, and none became free in time: a [`ConnectionLimitReached`] is inside.
    #[error("no connection became free in time")]
    Limit(#[source] BoxError),
    /// The request could not be sent over a connection, or no answer came back over it.
    #[error("the exchange over a connection failed")]
    Exchange(#[source] BoxError),
    /// The request's URI names no scheme and host.
    #[error("the request's URI has no scheme and host")]
    Uri,
    /// The request was made outside of a Tokio runtime, or on one without timers.
    #[error("{0}")]
    NoRuntime(#[source] NoRuntime),
}

/// As many connections to a server were in use as there may be, until the time of the request was up. Nothing was sent.
///
/// See [`HttpTransportBuilder::max_connections`](super::HttpTransportBuilder::max_connections).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no connection became free within {} ms: at most {limit} may be open to this server", waited.as_millis())]
#[non_exhaustive]
pub struct ConnectionLimitReached {
    /// How many connections there may be.
    pub limit: usize,
    /// How long the request waited for one of them.
    pub waited: Duration,
}

/// The runtime that drove a connection, or was opening it, is gone.
#[derive(Debug, thiserror::Error)]
#[error("the Tokio runtime that drove the connection was shut down")]
pub(super) struct RuntimeGone;

impl TransportError {
    /// Marks what went wrong while a connection was made: nothing was sent.
    pub(super) fn connect(error: impl Into<BoxError>) -> Self {
        Self::Connect(Fault::Connect.mark(error).into())
    }
}
