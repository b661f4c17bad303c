//! [`Tls`]: the way to Redis over rustls with ring, named explicitly: what the process has installed is neither asked nor changed.

use std::io;
use std::sync::{Arc, OnceLock};

use edgequake_types::Secret;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::error::RedisStoreError;

/// Whom to trust, and what to show. Clones share the configuration that is made of it.
#[derive(Clone)]
pub(crate) struct Tls {
    /// Those of the platform if there are none.
    roots: Option<RootCertStore>,
    client: Option<Arc<Identity>>,
    /// Made when it is first needed: the platform's trust store is read for it.
    config: Arc<OnceLock<Arc<ClientConfig>>>,
}

struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Tls {
    /// From PEM texts.
    pub(crate) fn new(
        roots: Option<Vec<u8>>,
        client: Option<(Vec<u8>, Secret)>,
    ) -> Result<Self, RedisStoreError> {
        let roots = roots.map(|pem| authorities(&pem)).transpose()?;
        let client = client.map(|(chain, key)| Identity::new(&chain, &key)).transpose()?;
        Ok(Self { roots, client: client.map(Arc::new), config: Arc::default() })
    }

    /// A connection whose other side has proven to be `host`.
    pub(crate) async fn connect(&self, host: &str, port: u16) -> io::Result<TlsStream<TcpStream>> {
        let invalid = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
        let name = ServerName::try_from(host.to_owned()).map_err(invalid)?;
        let config = match self.config.get() {
            Some(config) => Arc::clone(config),
            None => {
                let tls = self.clone();
                tokio::task::spawn_blocking(move || tls.config()).await.map_err(io::Error::other)??
            }
        };
        TlsConnector::from(config).connect(name, reach(host, port).await?).await
    }

    /// Blocks when it is made.
    fn config(&self) -> io::Result<Arc<ClientConfig>> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let made = self.make_config().map_err(io::Error::other)?;
        Ok(Arc::clone(self.config.get_or_init(|| Arc::new(made))))
    }

    fn make_config(&self) -> Result<ClientConfig, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let builder: rustls::ConfigBuilder<ClientConfig, WantsClientCert> = match &self.roots {
            Some(roots) => builder.with_root_certificates(roots.clone()),
            None => {
                let verifier = rustls_platform_verifier::Verifier::new(provider)?;
                // "Dangerous" is rustls' word for any verifier but its own; this one is the platform's.
                builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
            }
        };
        match &self.client {
            Some(identity) => builder.with_client_auth_cert(identity.chain.clone(), identity.key.clone_key()),
            None => Ok(builder.with_no_client_auth()),
        }
    }
}

impl Identity {
    fn new(chain: &[u8], key: &Secret) -> Result<Self, RedisStoreError> {
        let invalid = |_| RedisStoreError::InvalidClientCertificate;
        let chain: Vec<_> =
            CertificateDer::pem_slice_iter(chain).collect::<Result<_, _>>().map_err(invalid)?;
        let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes()).map_err(invalid)?;
        // Also where the key does not belong to the certificate, which else only the first connection would tell.
        let provider = rustls::crypto::ring::default_provider();
        rustls::sign::CertifiedKey::from_der(chain.clone(), key.clone_key(), &provider)
            .map_err(|_| RedisStoreError::InvalidClientCertificate)?;
        Ok(Self { chain, key })
    }
}

fn authorities(pem: &[u8]) -> Result<RootCertStore, RedisStoreError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| RedisStoreError::InvalidRootCertificates)?;
        roots.add(certificate).map_err(|_| RedisStoreError::InvalidRootCertificates)?;
    }
    if roots.is_empty() { Err(RedisStoreError::InvalidRootCertificates) } else { Ok(roots) }
}

/// Tries all addresses of `host` at once: one that does not answer must not cost the time of those that would.
async fn reach(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut tries = JoinSet::new();
    for address in tokio::net::lookup_host((host, port)).await? {
        tries.spawn(TcpStream::connect(address));
    }
    let mut failure = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    while let Some(tried) = tries.join_next().await {
        match tried.map_err(io::Error::other).flatten() {
            Ok(stream) => {
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Err(error) => failure = error,
        }
    }
    Err(failure)
}
