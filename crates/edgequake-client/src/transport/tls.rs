//! TLS: rustls with the platform's trust store. There is no switch that turns certificate checks off.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;

use crate::boxed::BoxError;

/// A certificate of an authority to trust besides the platform's.
///
/// ```no_run
/// use edgequake_client::{Certificate, Client, HttpTransport};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let authority = Certificate::from_pem(&std::fs::read("/etc/ssl/corp-ca.pem")?)?;
/// let transport = HttpTransport::builder().certificate(authority);
/// let client = Client::builder().base_url("https://eq.corp.example").transport(transport).build()?;
/// # drop(client);
/// # Ok(())
/// # }
/// ```
#[doc(alias = "root_certificate")]
#[doc(alias = "self-signed")]
#[doc(alias = "ca")]
#[derive(Debug, Clone)]
pub struct Certificate(Vec<CertificateDer<'static>>);

/// Why TLS could not be set up. Never shows a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The text has no certificate.
    #[error("no certificate found: expected PEM text with BEGIN CERTIFICATE")]
    NoCertificate,
    /// The PEM text is damaged.
    #[error("the PEM text of a certificate or key is damaged")]
    Pem(#[source] BoxError),
    /// A certificate is damaged, or the platform has no trust store.
    #[error(
        "the trust store cannot be set up: install the platform's CA certificates or name a file in SSL_CERT_FILE"
    )]
    Roots(#[source] BoxError),
    /// The text has no private key.
    #[error("no private key found: expected PEM text with BEGIN PRIVATE KEY, and not encrypted")]
    NoKey,
    /// A client certificate and its key do not belong together, or are of a kind that is not supported.
    #[error(
        "the client certificate cannot be used: is the key its own, and of a common kind (RSA, ECDSA, Ed25519)?"
    )]
    ClientCertificate(#[source] BoxError),
    /// A file of a client certificate cannot be read.
    #[error("{} cannot be read", path.display())]
    #[non_exhaustive]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Certificates were given beside a configuration of one's own, which says all about them.
    #[error("certificates belong into the rustls::ClientConfig that was given as tls_config: add them there")]
    OwnConfig,
}

impl Certificate {
    /// Reads one certificate or a bundle from PEM text.
    ///
    /// # Errors
    ///
    /// [`TlsError::NoCertificate`] when there is none, [`TlsError::Pem`] when one is damaged.
    pub fn from_pem(pem: &[u8]) -> Result<Self, TlsError> {
        certificates(pem).map(Self)
    }
}

/// The certificates in a PEM text, at least one.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|damaged| TlsError::Pem(damaged.into()))?;
    if certificates.is_empty() { Err(TlsError::NoCertificate) } else { Ok(certificates) }
}

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
compile_error!("TLS needs a provider: enable the feature `ring` or `aws-lc-rs` of edgequake-client");

/// The provider named by the crate's features; `aws-lc-rs` wins where both are on, since someone asked for it.
pub(super) fn provider() -> Arc<CryptoProvider> {
    #[cfg(feature = "aws-lc-rs")]
    use rustls::crypto::aws_lc_rs::default_provider;
    #[cfg(not(feature = "aws-lc-rs"))]
    use rustls::crypto::ring::default_provider;
    Arc::new(default_provider())
}

fn roots(error: rustls::Error) -> TlsError {
    TlsError::Roots(error.into())
}

/// The configuration for this process. `None` reads no trust store and trusts nobody.
pub(super) fn config(trust: Option<Vec<Certificate>>) -> Result<ClientConfig, TlsError> {
    let provider = provider();
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(roots)?;
    let Some(certificates) = trust else {
        return Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    };
    let verifier = if certificates.is_empty() {
        platform(provider)?
    } else {
        let extra = certificates.into_iter().flat_map(|certificate| certificate.0);
        Arc::new(Verifier::new_with_extra_roots(extra, provider).map_err(roots)?)
    };
    // "Dangerous" is rustls' word for any verifier but its own; this one is the platform's.
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// The platform's trust store alone, which takes some milliseconds to read: once for all transports of the process. Where it cannot be
/// read, the next transport tries again.
fn platform(provider: Arc<CryptoProvider>) -> Result<Arc<Verifier>, TlsError> {
    static READ: OnceLock<Arc<Verifier>> = OnceLock::new();
    if let Some(read) = READ.get() {
        return Ok(Arc::clone(read));
    }
    let read = Arc::new(Verifier::new(provider).map_err(roots)?);
    Ok(Arc::clone(READ.get_or_init(|| read)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_certificate_is_refused() {
        assert!(matches!(Certificate::from_pem(b"hello"), Err(TlsError::NoCertificate)));
        let damaged = b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
        assert!(matches!(Certificate::from_pem(damaged), Err(TlsError::Pem(_))));
    }

    #[test]
    fn a_bundle_is_read_whole() {
        let pem: String = (0..2)
            .map(|_| rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem())
            .collect();
        assert_eq!(Certificate::from_pem(pem.as_bytes()).unwrap().0.len(), 2);
    }
}
