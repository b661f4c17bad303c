//! [`OriginTls`]: TLS to servers, with the client certificate as it is now.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::sign::SingleCertAndKey;
use tokio_rustls::TlsConnector;

use super::client_certificate::ClientCertificate;

pub(super) struct OriginTls {
    config: ClientConfig,
    certificate: Option<ClientCertificate>,
    /// What is in use, and which version of the certificate it is made with.
    in_use: Mutex<(u64, TlsConnector)>,
}

pub(super) const HTTP2: &[u8] = b"h2";

impl OriginTls {
    /// What is offered by ALPN follows from `http2`, whatever the configuration says.
    pub(super) fn new(mut config: ClientConfig, certificate: Option<ClientCertificate>, http2: bool) -> Self {
        config.alpn_protocols = if http2 { vec![HTTP2.to_vec(), b"http/1.1".to_vec()] } else { Vec::new() };
        let connector = TlsConnector::from(Arc::new(config.clone()));
        // No version yet, where there are any.
        Self { config, certificate, in_use: Mutex::new((u64::MAX, connector)) }
    }

    /// The same for connections that speak HTTP/1.1 whatever the server offers.
    #[cfg(feature = "websocket")]
    pub(super) fn for_http1(&self) -> Self {
        Self::new(self.config.clone(), self.certificate.clone(), false)
    }

    pub(super) async fn connector(&self) -> TlsConnector {
        let current = match &self.certificate {
            Some(certificate) => Some(certificate.current().await),
            None => None,
        };
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((version, key)) = current
            && in_use.0 != version
        {
            let mut config = self.config.clone();
            config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(key));
            // A session that is resumed would be that of the former certificate.
            config.resumption = Resumption::default();
            *in_use = (version, TlsConnector::from(Arc::new(config)));
        }
        in_use.1.clone()
    }
}

impl fmt::Debug for OriginTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OriginTls").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}
