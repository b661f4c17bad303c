//! What to say when TLS with the server, or with a proxy, fails.

use rustls::{AlertDescription, CertificateError, Error as TlsError, InvalidMessage};

/// Who is at the other end of the handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    Server,
    /// A proxy that is spoken to in TLS itself; tunnels lead to the server.
    Proxy,
}

impl Peer {
    fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Proxy => "proxy",
        }
    }

    fn url(self) -> &'static str {
        match self {
            Self::Server => "the base URL",
            Self::Proxy => "the proxy's URL",
        }
    }

    /// What to do about a client certificate that is demanded.
    fn client_certificate(self) -> &'static str {
        match self {
            Self::Server => "give one to the transport (client_certificate)",
            Self::Proxy => "proxies are shown none",
        }
    }
}

/// What is wrong and what to do about it, where that is known.
pub(super) fn note(error: &TlsError, peer: Peer) -> Option<String> {
    use CertificateError as Reason;
    let (name, url) = (peer.name(), peer.url());
    let reason = match error {
        TlsError::InvalidCertificate(reason) => reason,
        TlsError::NoCertificatesPresented => return Some(format!("the {name} showed no certificate")),
        TlsError::InvalidMessage(InvalidMessage::InvalidContentType) => {
            return Some(format!("the {name} answered without TLS: is the scheme of {url} right?"));
        }
        TlsError::AlertReceived(alert) => return refusal(*alert, peer),
        _ => return None,
    };
    let why = match reason {
        Reason::UnknownIssuer => {
            ": its issuer is unknown; if that is your own authority, give its certificate to the transport, or name its file in SSL_CERT_FILE"
        }
        Reason::Expired | Reason::ExpiredContext { .. } => {
            ": it has expired, or this machine's clock is wrong"
        }
        Reason::NotValidYet | Reason::NotValidYetContext { .. } => {
            ": it is not valid yet, or this machine's clock is wrong"
        }
        Reason::NotValidForName | Reason::NotValidForNameContext { .. } => {
            return Some(format!(
                "the {name}'s certificate was refused: it is for another host than that of {url}"
            ));
        }
        Reason::Revoked => ": it has been revoked",
        _ => "",
    };
    Some(format!("the {name}'s certificate was refused{why}"))
}

/// What the other end means that accepts no connection from us.
fn refusal(alert: AlertDescription, peer: Peer) -> Option<String> {
    let (name, url, remedy) = (peer.name(), peer.url(), peer.client_certificate());
    let why = match alert {
        AlertDescription::CertificateRequired => {
            return Some(format!("the {name} demands a client certificate: {remedy}"));
        }
        AlertDescription::HandshakeFailure if peer == Peer::Server => {
            return Some(format!(
                "the {name} refused TLS: it may demand a client certificate (client_certificate), or a cipher that is not offered"
            ));
        }
        AlertDescription::HandshakeFailure => {
            return Some(format!(
                "the {name} refused TLS: it may demand a client certificate, of which {remedy}, or a cipher that is not offered"
            ));
        }
        AlertDescription::ProtocolVersion => {
            return Some(format!("the {name} refused TLS: it speaks no version of 1.2 or 1.3"));
        }
        AlertDescription::UnrecognisedName => {
            return Some(format!("the {name} refused TLS: it does not know the host of {url}"));
        }
        AlertDescription::UnknownCA => ": it does not know its issuer",
        AlertDescription::CertificateExpired => ": it has expired",
        AlertDescription::CertificateRevoked => ": it has been revoked",
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateUnknown
        | AlertDescription::AccessDenied => "",
        _ => return None,
    };
    Some(format!("the {name} refused the client certificate{why}"))
}
