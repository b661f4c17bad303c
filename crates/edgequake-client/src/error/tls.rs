//! What to say when TLS with the server fails.

use rustls::{AlertDescription, CertificateError, Error as TlsError, InvalidMessage};

/// What is wrong and what to do about it, where that is known.
pub(super) fn note(error: &TlsError) -> Option<&'static str> {
    use CertificateError as Reason;
    let reason = match error {
        TlsError::InvalidCertificate(reason) => reason,
        TlsError::NoCertificatesPresented => return Some("the server showed no certificate"),
        TlsError::InvalidMessage(InvalidMessage::InvalidContentType) => {
            return Some("the server answered without TLS: is the scheme of the base URL right?");
        }
        TlsError::AlertReceived(alert) => return refusal(*alert),
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

/// What a server means that accepts no connection from us.
fn refusal(alert: AlertDescription) -> Option<&'static str> {
    Some(match alert {
        AlertDescription::CertificateRequired => {
            "the server demands a client certificate: give one to the transport (client_certificate)"
        }
        AlertDescription::HandshakeFailure => {
            "the server refused TLS: it may demand a client certificate (client_certificate), or a cipher that is not offered"
        }
        AlertDescription::UnknownCA => {
            "the server refused the client certificate: it does not know its issuer"
        }
        AlertDescription::CertificateExpired => "the server refused the client certificate: it has expired",
        AlertDescription::CertificateRevoked => {
            "the server refused the client certificate: it has been revoked"
        }
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::AccessDenied => "the server refused the client certificate",
        AlertDescription::ProtocolVersion => "the server refused TLS: it speaks no version of 1.2 or 1.3",
        AlertDescription::UnrecognisedName => {
            "the server refused TLS: it does not know the host of the base URL"
        }
        _ => return None,
    })
}
