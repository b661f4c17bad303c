//! What to say when TLS with the server fails.

use rustls::{CertificateError, Error as TlsError, InvalidMessage};

/// What is wrong and what to do about it, where that is known.
pub(super) fn note(error: &TlsError) -> Option<&'static str> {
    use CertificateError as Reason;
    let reason = match error {
        TlsError::InvalidCertificate(reason) => reason,
        TlsError::NoCertificatesPresented => return Some("the server showed no certificate"),
        TlsError::InvalidMessage(InvalidMessage::InvalidContentType) => {
            return Some("the server answered without TLS: is the scheme of the base URL right?");
        }
        _ => return None,
    };
    Some(match reason {
        Reason::UnknownIssuer => {
            "the server's certificate was refused: its issuer is unknown; if that is your own authority, give its certificate to the transport, or name its file in SSL_CERT_FILE"
        }
        Reason::Expired | Reason::ExpiredContext { .. } => {
            "the server's certificate was refused: it has expired, or this machine's clock is wrong"
        }
        Reason::NotValidYet | Reason::NotValidYetContext { .. } => {
            "the server's certificate was refused: it is not valid yet, or this machine's clock is wrong"
        }
        Reason::NotValidForName | Reason::NotValidForNameContext { .. } => {
            "the server's certificate was refused: it is for another host than that of the base URL"
        }
        Reason::Revoked => "the server's certificate was refused: it has been revoked",
        _ => "the server's certificate was refused",
    })
}
