//! [`TokenTransport`]: how the one request of a login or refresh is sent. This crate has no HTTP client.

use std::error::Error as StdError;
use std::fmt;

use bytes::Bytes;
use http::{Request, Response};

use crate::boxed::BoxFuture;

/// Sends the requests of the JWT provider: login, refresh, logout.
///
/// The request's URI is a path from the root of the API, such as `/api/v1/auth/login`; the transport puts the
/// base URL in front, path prefix included. It must not add credentials, follow redirects or repeat a request that
/// may have been executed: refresh tokens are single use. The returned future does not borrow, since it
/// outlives the caller that started it.
///
/// ```
/// use bytes::Bytes;
/// use edgequake_auth::{BoxFuture, TokenTransport, TransportError};
/// use http::{Request, Response};
///
/// /// A server that lets everybody in.
/// #[derive(Debug)]
/// struct Generous;
///
/// impl TokenTransport for Generous {
///     fn send(
///         &self,
///         request: Request<Bytes>,
///     ) -> BoxFuture<'static, Result<Response<Bytes>, TransportError>> {
///         assert_eq!(request.uri().path(), "/api/v1/auth/login");
///         Box::pin(async {
///             Ok(Response::new(Bytes::from_static(br#"{"access_token":"a1","expires_in":3600}"#)))
///         })
///     }
/// }
/// ```
pub trait TokenTransport: fmt::Debug + Send + Sync + 'static {
    /// Sends the request and reads the whole answer, whatever its status. The body is at most some kilobytes; a
    /// transport should refuse more than it is willing to hold.
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'static, Result<Response<Bytes>, TransportError>>;
}

/// How a request failed without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The server certainly did not see the request: no address, no connection, TLS refused.
    NotSent,
    /// The connection broke after the request was at least partly written. The server may have executed it.
    Interrupted,
    /// No answer in time. The server may have executed it.
    TimedOut,
    /// Not sent, because it would have gone over plain `http` to another machine.
    Insecure,
    /// Not sent, because it would have gone to another origin.
    ForeignOrigin,
}

/// A request that got no answer. [`kind`](Self::kind) says whether the server may have executed it.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl TransportError {
    /// A failure without a cause to show.
    pub fn new(kind: TransportErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What happened.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransportErrorKind::NotSent => "the request could not be sent",
            TransportErrorKind::Interrupted => "the connection broke before the answer was there",
            TransportErrorKind::TimedOut => "there was no answer in time",
            TransportErrorKind::Insecure => "plain http to another machine is not allowed",
            TransportErrorKind::ForeignOrigin => "the request would have gone to another origin",
        })
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
