//! [`Fault`]: what went wrong on the way, found in a chain of errors.
//!
//! The one bit that decides whether a retry is safe: could the server have executed the request?

#[cfg(feature = "client")]
mod libraries;

use std::error::Error as StdError;
use std::sync::Arc;
use std::{fmt, io};

use crate::boxed::BoxError;

/// How a request failed without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// No connection could be made: name not found, refused, unreachable. The call was not executed.
    Connect,
    /// A connection was made, but the server's certificate was refused. Certainly not executed, and another try is in vain.
    Certificate,
    /// TLS is not to be had: the server speaks none there, or refuses us, as one does that demands a certificate of the client's. Certainly
    /// not executed, and another try is in vain.
    Tls,
    /// The proxy refuses to make a connection for us. Certainly not executed, and another try is in vain.
    Proxy,
    /// The connection was gone before the request was written, no connection became free in time, or the server said that it did not take
    /// the request. The call was not executed.
    NotSent,
    /// The connection was lost after that. The call may have been executed.
    Interrupted,
}

impl Fault {
    /// Marks an error as being this fault, where it happens: a transport of your own says so whether a request was sent, and layers
    /// further out can tell. The mark prints as the error does, and is not seen otherwise. A wrapper that passes its `source` on to what it
    /// wraps, such as thiserror's `transparent`, hides a mark inside: mark the outermost error then.
    ///
    /// ```
    /// use edgequake_client::fault::Fault;
    ///
    /// let error = Fault::NotSent.mark("the queue is full");
    /// assert_eq!(error.to_string(), "the queue is full");
    /// assert_eq!(Fault::of(&error), Some(Fault::NotSent));
    /// ```
    pub fn mark(self, error: impl Into<BoxError>) -> Marked {
        Marked { fault: self, error: error.into().into() }
    }

    /// Looks for the fault in an error and its sources; `None` if it is not about the transport at all.
    ///
    /// A [mark](Self::mark) decides. Of several, the innermost is nearest to the truth, unless one says [`Interrupted`](Self::Interrupted):
    /// what may have been executed is never taken for unsent. Without a mark, errors of the system are known, and with the feature
    /// `client` those of hyper, h2, hyper-util and rustls; a certificate that is refused tells more than that there is no connection.
    /// An error of the request's own body says nothing about the way.
    pub fn of(error: &(dyn StdError + 'static)) -> Option<Self> {
        let (mut marked, mut found) = (None, None);
        for cause in Causes::of(error) {
            if let Some(mark) = cause.downcast_ref::<Marked>() {
                marked = marked.filter(|mark| *mark == Self::Interrupted).or(Some(mark.fault));
            } else if is_of_body(cause) {
                break;
            } else if is_connecting(cause) {
                marked = marked.or(Some(Self::Connect));
            } else if let Some(fault) = of_cause(cause) {
                found = match (found, fault) {
                    // Certainly not sent, whatever that led to.
                    (Some(Self::NotSent), _) => found,
                    (_, fault) => Some(fault),
                };
                if matches!(fault, Self::Certificate | Self::Tls)
                    && marked.is_none_or(|mark| mark == Self::Connect)
                {
                    return Some(fault);
                }
            }
        }
        marked.or(found)
    }

    /// Whether the server certainly has not executed the request.
    pub fn is_unsent(self) -> bool {
        self != Self::Interrupted
    }

    /// Whether the same request may fare better at another time.
    pub fn is_transient(self) -> bool {
        !matches!(self, Self::Certificate | Self::Tls | Self::Proxy)
    }
}

/// An error that is known to be a [`Fault`]: see [`Fault::mark`]. A clone shares the error.
#[derive(Debug, Clone)]
pub struct Marked {
    fault: Fault,
    error: Arc<dyn StdError + Send + Sync>,
}

/// Connections and limits of time need a [Tokio](tokio) runtime, with timers and sockets (`enable_all`), and there is none: the call is
/// polled outside of one, or it was shut down meanwhile.
///
/// That a runtime was built without timers or sockets, or was shut down just now, Tokio tells by a panic alone. It is caught here, but the
/// panic hook of the program runs first and prints by default; a program that is compiled with `panic = "abort"` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", .why.text())]
#[non_exhaustive]
pub struct NoRuntime {
    why: Missing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// There is none.
    Absent,
    /// It was built without timers, or without sockets.
    Bare,
    /// It was shut down while something waited.
    Gone,
}

impl Missing {
    fn text(self) -> &'static str {
        match self {
            Self::Absent => {
                "there is no Tokio runtime here: await calls within one, such as in a `main` with `#[tokio::main]`"
            }
            Self::Bare => {
                "the Tokio runtime here has no timers or no sockets: build it with `enable_all`, or use `#[tokio::main]`"
            }
            Self::Gone => "the Tokio runtime was shut down before the call was over",
        }
    }
}

impl NoRuntime {
    pub(crate) const ABSENT: Self = Self { why: Missing::Absent };
    pub(crate) const BARE: Self = Self { why: Missing::Bare };
    pub(crate) const GONE: Self = Self { why: Missing::Gone };

    /// Whether the call had begun.
    #[cfg(feature = "client")]
    pub(crate) fn is_gone(self) -> bool {
        self == Self::GONE
    }
}

impl fmt::Display for Marked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl StdError for Marked {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}

/// Whether a library says that a connection was being made, which counts as a mark.
fn is_connecting(cause: &(dyn StdError + 'static)) -> bool {
    #[cfg(feature = "client")]
    return libraries::is_connecting(cause);
    #[cfg(not(feature = "client"))]
    return cause.is::<std::convert::Infallible>();
}

/// Whether a library says that the caller failed, such as a body that breaks off: what caused that is the caller's own.
fn is_of_body(cause: &(dyn StdError + 'static)) -> bool {
    #[cfg(feature = "client")]
    return libraries::is_of_body(cause);
    #[cfg(not(feature = "client"))]
    return cause.is::<std::convert::Infallible>();
}

/// What an error tells by itself.
fn of_cause(cause: &(dyn StdError + 'static)) -> Option<Fault> {
    #[cfg(feature = "client")]
    if let Some(fault) = libraries::fault_of(cause) {
        return fault;
    }
    let error = cause.downcast_ref::<io::Error>()?;
    match error.kind() {
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::AddrNotAvailable => Some(Fault::Connect),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof
        | io::ErrorKind::NotConnected
        | io::ErrorKind::TimedOut => Some(Fault::Interrupted),
        _ => None,
    }
}

/// An error and all its causes. `io::Error` and [`Marked`] hide what they wrap from `source`, so they are
/// opened here.
pub(crate) struct Causes<'a> {
    next: Option<&'a (dyn StdError + 'static)>,
}

impl<'a> Causes<'a> {
    pub(crate) fn of(error: &'a (dyn StdError + 'static)) -> Self {
        Self { next: Some(error) }
    }
}

impl<'a> Iterator for Causes<'a> {
    type Item = &'a (dyn StdError + 'static);

    fn next(&mut self) -> Option<Self::Item> {
        let current = self.next?;
        let wrapped = current.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let marked = current.downcast_ref::<Marked>().map(|marked| &*marked.error);
        self.next = match wrapped.or(marked) {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => current.source(),
        };
        Some(current)
    }
}

/// The first cause of type `T`.
pub(crate) fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    Causes::of(error).find_map(|cause| cause.downcast_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("wrapped")]
    struct Wrapped(#[source] Box<dyn StdError + Send + Sync>);

    #[test]
    fn a_reset_is_found_below_any_wrapping() {
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        let error = Wrapped(Box::new(io::Error::other(Wrapped(Box::new(Wrapped(reset.into()))))));
        assert_eq!(Fault::of(&error), Some(Fault::Interrupted));
    }

    #[test]
    fn refused_connections_were_not_sent_and_other_errors_are_no_fault() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(Fault::of(&Wrapped(refused.into())), Some(Fault::Connect));
        assert_eq!(Fault::of(&Wrapped("a user's own".into())), None);
        assert_eq!(Fault::of(&io::Error::from(io::ErrorKind::NotFound)), None);
    }

    #[test]
    fn a_mark_decides_and_of_several_the_innermost_that_is_no_risk() {
        let reset = || io::Error::from(io::ErrorKind::ConnectionReset);
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        for (error, fault) in [
            (Fault::NotSent.mark(reset()), Fault::NotSent),
            (Fault::NotSent.mark(Wrapped(reset().into())), Fault::NotSent),
            (Fault::Interrupted.mark(refused()), Fault::Interrupted),
            (Fault::Connect.mark(Wrapped(Fault::Proxy.mark("no").into())), Fault::Proxy),
            (Fault::Interrupted.mark(Wrapped(Fault::Connect.mark("second host").into())), Fault::Interrupted),
            (Fault::NotSent.mark(Fault::Interrupted.mark("lost")), Fault::Interrupted),
        ] {
            assert_eq!(Fault::of(&error), Some(fault), "{error:?}");
            assert_eq!(Fault::of(&Wrapped(io::Error::other(error).into())), Some(fault));
        }
    }

    #[cfg(feature = "client")]
    #[test]
    fn a_certificate_refines_a_connection_that_was_not_made_and_no_other_mark() {
        let refused = || rustls::Error::NoCertificatesPresented;
        assert_eq!(Fault::of(&Fault::Connect.mark(refused())), Some(Fault::Certificate));
        assert_eq!(Fault::of(&Fault::Interrupted.mark(refused())), Some(Fault::Interrupted));
        assert_eq!(Fault::of(&Fault::NotSent.mark(Wrapped(refused().into()))), Some(Fault::NotSent));
    }

    #[cfg(feature = "client")]
    #[test]
    fn a_certificate_is_found_inside_io_errors() {
        let tls = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::NoCertificatesPresented);
        assert_eq!(Fault::of(&Wrapped(tls.into())), Some(Fault::Certificate));
    }
}
