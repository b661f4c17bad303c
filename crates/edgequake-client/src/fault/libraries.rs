//! What errors of the libraries tell that stacks are built on: hyper, h2, hyper-util and rustls.

use std::error::Error as StdError;

use rustls::AlertDescription;

use super::Fault;

/// Whether hyper-util's client was making a connection; what went wrong with it is further in.
pub(super) fn is_connecting(cause: &(dyn StdError + 'static)) -> bool {
    cause.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(|error| error.is_connect())
}

/// Whether hyper says that the caller's body failed, or was given up.
pub(super) fn is_of_body(cause: &(dyn StdError + 'static)) -> bool {
    cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_user)
}

/// What the error tells; `None` if it is none of these libraries'.
pub(super) fn fault_of(cause: &(dyn StdError + 'static)) -> Option<Option<Fault>> {
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        // Certificates are looked at before anything is sent; other errors of TLS may come at any time.
        return Some(Some(match error {
            rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
                Fault::Certificate
            }
            rustls::Error::AlertReceived(alert) if refuses_client(*alert) => Fault::Tls,
            _ => Fault::Interrupted,
        }));
    }
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        // hyper reports "canceled" and "closed" for requests that it hands back unsent.
        return Some(if error.is_canceled() || error.is_closed() {
            Some(Fault::NotSent)
        } else if error.is_parse() {
            None
        } else {
            Some(Fault::Interrupted)
        });
    }
    let error = cause.downcast_ref::<h2::Error>()?;
    // RFC 9113, 8.7: a refused stream, and one above the last id of a GOAWAY, was not processed.
    let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    let gone = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
    Some(Some(if error.is_remote() && (refused || gone) { Fault::NotSent } else { Fault::Interrupted }))
}

/// Whether a server says that it accepts no connection from us. With TLS 1.3 it says so after we have finished our part of the handshake, and
/// sent a request that it does not read (RFC 8446, 4.4.2.4 and 6.2).
fn refuses_client(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::HandshakeFailure
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateRequired
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            | AlertDescription::ProtocolVersion
            | AlertDescription::InsufficientSecurity
            | AlertDescription::UnrecognisedName
    )
}
