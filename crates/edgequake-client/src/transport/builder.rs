//! [`HttpTransportBuilder`]: what a transport may be told.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;

use super::client_certificate::ClientCertificate;
use super::connector::{Connector, KeepAlive};
use super::dial::Dialer;
use super::origin_tls::OriginTls;
use super::pool::{Pool, Rules};
use super::proxy::Proxies;
use super::proxy_tls::ProxyTls;
use super::resolver::{Resolve, System};
use super::service::HttpTransport;
use super::tls::{self, Certificate, TlsError};

/// More than any connection needs; clocks can still add it up.
const YEAR: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Less makes no sense between two questions to a server.
const SHORT: Duration = Duration::from_millis(1);

/// Options of an [`HttpTransport`].
///
/// ```
/// use std::time::Duration;
/// use edgequake_client::transport::{HttpTransport, Proxies};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let transport = HttpTransport::builder()
///     .connect_timeout(Duration::from_secs(5))
///     .proxies(Proxies::none())
///     .tls(false)
///     .build()?;
/// # drop(transport);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct HttpTransportBuilder {
    connect_timeout: Option<Duration>,
    rules: Rules,
    keep_alive: KeepAlive,
    tcp_keepalive: Option<Duration>,
    tcp_user_timeout: Option<Duration>,
    resolver: Arc<dyn Resolve>,
    proxies: Option<Proxies>,
    certificates: Vec<Certificate>,
    client_certificate: Option<ClientCertificate>,
    /// One of the user's own.
    tls_config: Option<ClientConfig>,
    http2: bool,
    tls: bool,
}

/// Why a transport could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportBuildError {
    /// There is no trust store, or a certificate is invalid.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl HttpTransportBuilder {
    /// How long a connection may take to be made: name resolution, TCP, proxy and TLS together; default 10 s. What fails by it was
    /// surely not sent. The attempt timeout covers it too.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = Some(limit);
        self
    }

    /// How long an unused connection is kept; default 60 s. One that has been unused for longer is never used again.
    #[must_use]
    pub fn idle_connection(mut self, limit: Duration) -> Self {
        self.rules.idle_limit = limit;
        self
    }

    /// How many unused connections are kept for an origin, on each Tokio runtime; default 32. The one unused for the longest time goes first.
    #[must_use]
    pub fn idle_connections(mut self, count: usize) -> Self {
        self.rules.idle_count = count;
        self
    }

    /// How old a connection may be when a request is given it; no limit by default. What is under way on it goes on.
    ///
    /// Names are resolved for new connections only, so this is how soon a client follows a server that moves to another address.
    #[must_use]
    pub fn max_lifetime(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.rules.lifetime = limit.into();
        self
    }

    /// How many connections there may be to one origin (scheme, host and port), at least one; no limit by default.
    ///
    /// Further requests wait for one in the order in which they came, within their limits of time: when those end first, the error is
    /// [`ConnectionLimitReached`](super::ConnectionLimitReached), and the request was surely not sent. A connection that speaks HTTP/2 serves many requests at a
    /// time. One that is retired with requests still under way does not count.
    ///
    /// ```
    /// use edgequake_client::{Client, HttpTransport};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let transport = HttpTransport::builder().max_connections(20);
    /// let client = Client::builder().base_url("http://localhost:8080").transport(transport).build()?;
    /// # drop(client);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn max_connections(mut self, count: usize) -> Self {
        self.rules.connections = Some(count.max(1));
        self
    }

    /// How long the server may be silent on an HTTP/2 connection, used or unused, before it is sent a PING; default 10 s. `None` sends
    /// none.
    #[must_use]
    pub fn http2_keep_alive_interval(mut self, interval: impl Into<Option<Duration>>) -> Self {
        self.keep_alive.interval = interval.into().map(|interval| interval.clamp(SHORT, YEAR));
        self
    }

    /// How long the server may take to answer a PING; default 10 s. A connection without an answer is closed, and what was under
    /// way on it fails as interrupted.
    #[must_use]
    pub fn http2_keep_alive_timeout(mut self, timeout: Duration) -> Self {
        self.keep_alive.timeout = timeout.clamp(SHORT, YEAR);
        self
    }

    /// How long a peer may be silent before TCP probes it, and how long between the probes, of which three may be lost; default 15 s.
    /// `None` never probes. Systems count whole seconds. Where there is a [`tcp_user_timeout`](Self::tcp_user_timeout), on Linux and Android,
    /// that decides instead of the number of probes: by default a peer that answers none is given up after about 30 s.
    #[must_use]
    pub fn tcp_keepalive(mut self, time: impl Into<Option<Duration>>) -> Self {
        self.tcp_keepalive =
            time.into().map(|time| time.clamp(Duration::from_secs(1), Duration::from_secs(32_767)));
        self
    }

    /// How long what was sent may stay unacknowledged before TCP gives the connection up; default 30 s. `None` leaves that to the
    /// system, which takes about a quarter of an hour. Linux and Android only.
    #[must_use]
    pub fn tcp_user_timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.tcp_user_timeout =
            limit.into().map(|limit| limit.clamp(SHORT, Duration::from_secs(24 * 60 * 60)));
        self
    }

    /// Which proxies to use; by default those of the environment.
    #[must_use]
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = Some(proxies);
        self
    }

    /// Trusts one more certificate authority, besides the platform's.
    #[doc(alias = "add_root_certificate")]
    #[must_use]
    pub fn certificate(mut self, certificate: Certificate) -> Self {
        self.certificates.push(certificate);
        self
    }

    /// Shows this certificate to servers that demand one; by default there is none.
    #[doc(alias = "identity")]
    #[doc(alias = "mtls")]
    #[must_use]
    pub fn client_certificate(mut self, certificate: ClientCertificate) -> Self {
        self.client_certificate = Some(certificate);
        self
    }

    /// Sets TLS up by a configuration of your own, for servers and for proxies that are spoken to in TLS. The platform's trust store is not
    /// read then. What is offered by ALPN follows from [`http2`](Self::http2), whatever the configuration says. Certificates belong into the
    /// configuration; [`build`](Self::build) refuses others beside it.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use edgequake_client::HttpTransport;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let provider = Arc::new(rustls::crypto::ring::default_provider());
    /// let config = rustls::ClientConfig::builder_with_provider(provider)
    ///     .with_protocol_versions(&[&rustls::version::TLS13])?
    ///     .with_root_certificates(rustls::RootCertStore::empty())
    ///     .with_no_client_auth();
    /// let transport = HttpTransport::builder().tls_config(config).build()?;
    /// # drop(transport);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "rustls-config")]
    #[cfg_attr(docsrs, doc(cfg(feature = "rustls-config")))]
    #[must_use]
    pub fn tls_config(mut self, config: ClientConfig) -> Self {
        self.tls_config = Some(config);
        self
    }

    /// Whether HTTP/2 is offered; default true.
    #[must_use]
    pub fn http2(mut self, http2: bool) -> Self {
        self.http2 = http2;
        self
    }

    /// Whether the trust store is read when the transport is built; default true. Without it only plain `http` works, which is enough for
    /// loopback and for machines that have no trust store. For a proxy that is spoken to in TLS it is read all the same, when the first
    /// connection through it is made; where that fails, so does the request, as one that no connection could be made for.
    #[must_use]
    pub fn tls(mut self, tls: bool) -> Self {
        self.tls = tls;
        self
    }

    /// Builds the transport. Reads the platform's trust store from disk, some milliseconds, unless [`tls`](Self::tls) says otherwise; spawns
    /// nothing. The trust store is read once for all transports of the process, but for those that are given certificates besides.
    ///
    /// # Errors
    ///
    /// [`TransportBuildError`] when there is no trust store, or a certificate cannot be read.
    pub fn build(self) -> Result<HttpTransport, TransportBuildError> {
        let proxies = self.proxies.unwrap_or_else(Proxies::from_env);
        let (tls, to_proxy) = match self.tls_config {
            Some(_) if self.client_certificate.is_some() || !self.certificates.is_empty() => {
                return Err(TlsError::OwnConfig.into());
            }
            Some(config) => (config.clone(), ProxyTls::by(config)),
            None if self.tls => {
                let config = tls::config(Some(self.certificates))?;
                (config.clone(), ProxyTls::by(config))
            }
            None => (tls::config(None)?, ProxyTls::trusting(self.certificates)),
        };
        let tls = (OriginTls::new(tls, self.client_certificate, self.http2), to_proxy);
        let dialer = Dialer {
            resolver: self.resolver,
            keepalive: self.tcp_keepalive,
            user_timeout: self.tcp_user_timeout,
        };
        let limit = self.connect_timeout;
        let connector = Connector::new(dialer, proxies.clone(), tls, self.http2, limit, self.keep_alive);
        Ok(HttpTransport::over(Pool::new(self.rules, connector), proxies))
    }
}

impl HttpTransport {
    /// A transport with the default options.
    ///
    /// # Errors
    ///
    /// Those of [`HttpTransportBuilder::build`].
    pub fn new() -> Result<Self, TransportBuildError> {
        Self::builder().build()
    }

    /// Options first.
    pub fn builder() -> HttpTransportBuilder {
        HttpTransportBuilder {
            connect_timeout: Some(Duration::from_secs(10)),
            rules: Rules {
                idle_limit: Duration::from_secs(60),
                idle_count: 32,
                lifetime: None,
                connections: None,
            },
            keep_alive: KeepAlive {
                interval: Some(Duration::from_secs(10)),
                timeout: Duration::from_secs(10),
            },
            tcp_keepalive: Some(Duration::from_secs(15)),
            tcp_user_timeout: Some(Duration::from_secs(30)),
            resolver: Arc::new(System),
            proxies: None,
            certificates: Vec::new(),
            client_certificate: None,
            tls_config: None,
            http2: true,
            tls: true,
        }
    }
}
