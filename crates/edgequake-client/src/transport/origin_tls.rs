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

impl OriginTls {
    pub(super) fn new(config: ClientConfig, certificate: Option<ClientCertificate>) -> Self {
        let connector = TlsConnector::from(Arc::new(config.clone()));
        // No version yet, where there are any.
        Self { config, certificate, in_use: Mutex::new((u64::MAX, connector)) }
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
