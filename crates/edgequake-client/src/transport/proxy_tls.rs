//! [`ProxyTls`]: TLS to proxies. It is set up when the first of them is spoken to, so that a proxy of the environment that no request
//! needs takes no trust store.

use std::sync::Arc;

use rustls::ClientConfig;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;

use super::error::RuntimeGone;
use super::tls::{self, Certificate};
use crate::boxed::BoxError;
use crate::fault::Fault;

#[derive(Clone)]
pub(super) struct ProxyTls {
    certificates: Arc<[Certificate]>,
    connector: Arc<OnceCell<TlsConnector>>,
}

impl ProxyTls {
    /// By a configuration that is there already.
    pub(super) fn by(config: ClientConfig) -> Self {
        let connector = OnceCell::new_with(Some(connector(config)));
        Self { certificates: Arc::default(), connector: Arc::new(connector) }
    }

    /// By the platform's trust store, which is yet to be read, and these certificates.
    pub(super) fn trusting(certificates: Vec<Certificate>) -> Self {
        Self { certificates: certificates.into(), connector: Arc::default() }
    }

    pub(super) async fn connector(&self) -> Result<&TlsConnector, BoxError> {
        let reading = async || {
            let certificates = self.certificates.to_vec();
            // It is read from disk.
            match tokio::task::spawn_blocking(move || tls::config(Some(certificates))).await {
                Ok(Ok(config)) => Ok(connector(config)),
                // Another try is in vain.
                Ok(Err(error)) => Err(Fault::Proxy.mark(error).into()),
                Err(_) => Err(RuntimeGone.into()),
            }
        };
        self.connector.get_or_try_init(reading).await
    }
}

/// Proxies are asked in HTTP/1.1, without ALPN.
fn connector(mut config: ClientConfig) -> TlsConnector {
    config.alpn_protocols.clear();
    TlsConnector::from(Arc::new(config))
}
