//! [`Identity`]: a certificate that is made at the start, by an authority of its own.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// A host that is to be in the certificate is no name, or there is no randomness.
    #[error("the certificate cannot be made")]
    Certificate(#[from] rcgen::Error),
    /// The library refuses the configuration.
    #[error("the certificate cannot be used")]
    Config(#[from] rustls::Error),
}

/// What a server proves its names by.
pub(crate) struct Identity {
    pub(crate) acceptor: TlsAcceptor,
    /// The certificate of the authority, in PEM, for clients to trust.
    pub(crate) authority: String,
}

impl Identity {
    /// Makes a certificate for loopback and for these hosts. It offers HTTP/2 and HTTP/1.1.
    pub(crate) fn new(hosts: &[String]) -> Result<Self, TlsError> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, "edgequake-devserver authority");
        let key = KeyPair::generate()?;
        let pem = authority.self_signed(&key)?.pem();
        let issuer = Issuer::new(authority, key);

        let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
        names.extend_from_slice(hosts);
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, "edgequake-devserver");
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &issuer)?;

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.into()], key.into())?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), authority: pem })
    }
}
