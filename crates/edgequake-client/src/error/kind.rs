//! [`ErrorKind`]: one kind per thing to do about it.

use std::fmt;

use edgequake_types::Origin;
use http::StatusCode;

use crate::layers::timeout::TimeoutScope;

/// What kind of failure an [`Error`](super::Error) is.
///
/// ```no_run
/// use edgequake_client::{Client, Error, ErrorKind};
/// use edgequake_client::types::query::Query;
///
/// async fn ask(client: &Client, question: &str) -> Result<Option<String>, Error> {
///     match client.query().execute(Query::new(question)).await {
///         Ok(answer) => Ok(Some(answer.answer)),
///         Err(error) => match error.kind() {
///             // Nothing was executed: another server, or another time.
///             ErrorKind::Connect | ErrorKind::NotSent => Ok(None),
///             ErrorKind::RateLimited | ErrorKind::Unavailable => Ok(None),
///             ErrorKind::Unauthorized { configured: false, .. } => panic!("set EDGEQUAKE_API_KEY"),
///             _ => Err(error),
///         },
///     }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client is misconfigured: base URL, key, proxy, trust store. Nothing was sent.
    Config,
    /// The request cannot be written: a path parameter that is empty, say. Nothing was sent.
    Request,
    /// No credential could be had, and somebody has to act: login refused, account locked, session expired, a token store that cannot
    /// be used, a base URL where something else answers. [`Error::credentials`](super::Error::credentials) says which. A login or
    /// refresh that failed for reasons of the network or the server is told as a call that does: [`Connect`](Self::Connect),
    /// [`Timeout`](Self::Timeout), [`RateLimited`](Self::RateLimited), [`Unavailable`](Self::Unavailable) and so on.
    Credentials,
    /// Refused on this side: plain `http` to another machine.
    Insecure,
    /// Refused on this side: another origin than the configured one.
    ForeignOrigin,
    /// 401.
    #[non_exhaustive]
    Unauthorized {
        /// Whether the request carried a credential at all.
        configured: bool,
        /// Whether it was sent a second time with another one.
        replayed: bool,
    },
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// 409.
    Conflict,
    /// 410: it was there, and has expired.
    Gone,
    /// 413, or a 400 that says so.
    TooLarge,
    /// 415.
    UnsupportedMediaType,
    /// 400 or 422: a field is missing or wrong.
    Invalid,
    /// 423: the account is locked.
    Locked,
    /// 429.
    RateLimited,
    /// 501.
    NotImplemented,
    /// 503.
    Unavailable,
    /// Any other 5xx.
    Server,
    /// Any other status that is not a success.
    Status,
    /// A redirect, which is not followed: the base URL should name the place it points to.
    Redirect,
    /// No connection: name, address, certificate. The call was not executed.
    Connect,
    /// The connection was gone before the request was written, or no connection became free in time, of which there is a limit. The call was
    /// not executed.
    NotSent,
    /// The connection was lost after that. The call may have been executed.
    Interrupted,
    /// A failure of another kind on the way: of a layer or transport of your own, or an answer that is not HTTP. The call may have been executed.
    Other,
    /// A limit of time was reached. The call may have been executed.
    Timeout(TimeoutScope),
    /// The answer's body was cut, or is longer than it may be, which another try does not change. Executed.
    Body,
    /// The answer is a success and cannot be read. Executed. The source names the field.
    Decode,
    /// The server reported a failure inside a stream, or the stream ended before its last event.
    Stream,
    /// A list cannot be walked in full: the server repeats its pages, says without end that there is more, or the list shrank meanwhile. The
    /// source is a [`PageError`](edgequake_types::PageError).
    Paging,
    /// The document was uploaded, and its processing failed, in part or as a whole, or was cancelled:
    /// [`Error::processing`](super::Error::processing) says which document and why.
    Processing,
}

impl ErrorKind {
    /// A 401: whether the request carried a credential at all, and whether it was sent a second time with another one.
    pub const fn unauthorized(configured: bool, replayed: bool) -> Self {
        Self::Unauthorized { configured, replayed }
    }

    /// The status that a kind stands for.
    pub(super) fn status(self) -> Option<StatusCode> {
        Some(match self {
            Self::Invalid => StatusCode::BAD_REQUEST,
            Self::Unauthorized { .. } => StatusCode::UNAUTHORIZED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Gone => StatusCode::GONE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Locked => StatusCode::LOCKED,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Server => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotImplemented => StatusCode::NOT_IMPLEMENTED,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            _ => return None,
        })
    }

    /// Writes what happened, for errors without a status, and where.
    pub(super) fn write(self, f: &mut impl fmt::Write, server: Option<&Origin>) -> fmt::Result {
        let Some(server) = server else { return f.write_str(self.text()) };
        match self {
            Self::Connect => write!(f, "no connection could be made to {server}"),
            Self::NotSent => write!(f, "the connection to {server} was gone before the request was sent"),
            Self::Interrupted => write!(f, "the connection to {server} was lost before the answer came"),
            Self::Timeout(TimeoutScope::Total) => write!(f, "the operation took too long at {server}"),
            Self::Timeout(TimeoutScope::Attempt) => write!(f, "no answer came from {server} in time"),
            _ => f.write_str(self.text()),
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Config => "the client is misconfigured",
            Self::Request => "the request cannot be written",
            Self::Credentials => "there is no credential to send",
            Self::Insecure | Self::ForeignOrigin => "refused to send the request",
            Self::Connect => "no connection could be made",
            Self::NotSent => "the connection was gone before the request was sent",
            Self::Interrupted => "the connection was lost before the answer came",
            Self::Timeout(TimeoutScope::Total) => "the operation took too long",
            Self::Timeout(TimeoutScope::Attempt) => "no answer came in time",
            Self::Timeout(_) => "the answer stopped coming",
            Self::Body => "the answer was cut short",
            Self::Decode => "the answer cannot be read",
            Self::Stream => "the stream failed",
            Self::Paging => "the list cannot be read in full",
            Self::Processing => "processing a document failed",
            _ => "the request failed",
        }
    }
}
