//! [`Fault`]: what went wrong on the way, found in a chain of errors.
//!
//! The one bit that decides whether a retry is safe: could the server have executed the request?

use std::error::Error as StdError;
use std::io;

#[cfg(feature = "client")]
use crate::transport::{TransportError, TunnelError};

/// How a request failed without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// No connection could be made: name not found, refused, unreachable. Surely not executed.
    Connect,
    /// A connection was made, but the server's certificate was refused. Surely not executed, and another try is in vain.
    Certificate,
    /// The proxy refuses to make a connection for us. Surely not executed, and another try is in vain.
    Proxy,
    /// The connection was gone before the request was written, or the server said that it did not take it. Surely not executed.
    NotSent,
    /// The connection was lost after that. Perhaps executed.
    Interrupted,
}

impl Fault {
    /// Looks for the fault in an error and its sources; `None` if it is not about the transport at all.
    pub fn of(error: &(dyn StdError + 'static)) -> Option<Self> {
        let mut connecting = false;
        let mut fault = None;
        for cause in Causes::of(error) {
            match of_transport(cause, connecting) {
                Told::Fault(fault) => return Some(fault),
                Told::Stage { connecting: stage } => connecting |= stage,
                Told::Nothing => {
                    if let Some(fault_here) = of_cause(cause) {
                        // Further in is nearer to the truth: a cause may turn "interrupted" into "surely not sent".
                        fault = Some(if fault == Some(Self::NotSent) { Self::NotSent } else { fault_here });
                    }
                }
            }
        }
        if connecting { Some(Self::Connect) } else { fault }
    }

    /// Whether the server surely has not executed the request.
    pub fn is_unsent(self) -> bool {
        self != Self::Interrupted
    }

    /// Whether the same request may fare better at another time.
    pub fn is_transient(self) -> bool {
        !matches!(self, Self::Certificate | Self::Proxy)
    }
}

/// What an error of the built-in transport tells.
#[cfg_attr(not(feature = "client"), allow(dead_code, reason = "there is no such transport then"))]
enum Told {
    Fault(Fault),
    /// Whether a connection was being made; what went wrong with it is further in.
    Stage {
        connecting: bool,
    },
    Nothing,
}

#[cfg(feature = "client")]
fn of_transport(cause: &(dyn StdError + 'static), connecting: bool) -> Told {
    if cause.downcast_ref::<TunnelError>().is_some_and(TunnelError::is_final) {
        return Told::Fault(Fault::Proxy);
    }
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        // Certificates are looked at before anything is sent; other errors of TLS may come at any time.
        return Told::Fault(match (refuses_certificate(error), connecting) {
            (true, _) => Fault::Certificate,
            (false, true) => Fault::Connect,
            (false, false) => Fault::Interrupted,
        });
    }
    if let Some(error) = cause.downcast_ref::<TransportError>() {
        return Told::Stage { connecting: matches!(error, TransportError::Connect(_)) };
    }
    // Also that of hyper-util, which stacks of one's own are built on.
    match cause.downcast_ref::<hyper_util::client::legacy::Error>() {
        Some(error) => Told::Stage { connecting: error.is_connect() },
        None => Told::Nothing,
    }
}

#[cfg(not(feature = "client"))]
fn of_transport(_: &(dyn StdError + 'static), _: bool) -> Told {
    Told::Nothing
}

fn of_cause(cause: &(dyn StdError + 'static)) -> Option<Fault> {
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        // hyper reports "canceled" and "closed" for requests that it hands back unsent.
        return if error.is_canceled() || error.is_closed() {
            Some(Fault::NotSent)
        } else if error.is_user() || error.is_parse() {
            None
        } else {
            Some(Fault::Interrupted)
        };
    }
    if let Some(error) = cause.downcast_ref::<h2::Error>() {
        // RFC 9113, 8.7: a refused stream, and one above the last id of a GOAWAY, was not processed.
        let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        let gone = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
        return Some(if error.is_remote() && (refused || gone) {
            Fault::NotSent
        } else {
            Fault::Interrupted
        });
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

/// Whether TLS failed since the server's certificate is not good enough.
#[cfg(feature = "client")]
fn refuses_certificate(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)
}

/// An error and all its causes. `io::Error` hides what it wraps from `source`, so it is opened here.
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
        self.next = match wrapped {
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

    #[cfg(feature = "client")]
    #[test]
    fn a_certificate_is_found_inside_io_errors() {
        let tls = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::NoCertificatesPresented);
        assert_eq!(Fault::of(&Wrapped(tls.into())), Some(Fault::Certificate));
    }
}
