//! [`HttpTransport`]: the innermost service, a pooled hyper client over TLS and proxies.
//!
//! It sends what it is given: no redirects, no retries but of requests that were never written, no headers of its own. Connections
//! are HTTP/1.1 or, where the server offers it by ALPN, HTTP/2. Cheap to clone; all clones share one pool. The connections of a pool
//! live in the runtime that opened them: a transport that moves to another runtime opens new ones there.

mod background;
mod connector;
mod error;
mod exchange;
mod pool;
mod proxy;
mod resolver;
mod tls;
mod tunnel;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::PROXY_AUTHORIZATION;
use http::{Request, Response};
use tower_service::Service;

pub use error::TransportError;
pub use exchange::TransportBody;
pub use proxy::{Proxies, ProxyError};
pub(crate) use resolver::Unresolved;
pub use tls::{Certificate, TlsError};
pub(crate) use tunnel::TunnelError;

use crate::body::RequestBody;
use crate::boxed::BoxFuture;
use connector::Connector;
use pool::Pool;

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
    idle_connection: Duration,
    idle_connections: usize,
    proxies: Option<Proxies>,
    certificates: Vec<Certificate>,
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
    /// A proxy variable is not a URL.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
}

impl HttpTransportBuilder {
    /// How long a connection may take to be made, name resolution apart; default 10 s. The attempt timeout covers all of it.
    #[must_use]
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = Some(limit);
        self
    }

    /// How long an unused connection is kept; default 60 s.
    #[must_use]
    pub fn idle_connection(mut self, limit: Duration) -> Self {
        self.idle_connection = limit;
        self
    }

    /// How many unused connections are kept; default 32.
    #[must_use]
    pub fn idle_connections(mut self, count: usize) -> Self {
        self.idle_connections = count;
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

    /// Whether HTTP/2 is offered; default true.
    #[must_use]
    pub fn http2(mut self, http2: bool) -> Self {
        self.http2 = http2;
        self
    }

    /// Whether the trust store is read; default true. Without it only plain `http` works, which is enough for loopback and for
    /// machines that have no trust store. It is read in any case for a proxy that is spoken to in TLS.
    #[must_use]
    pub fn tls(mut self, tls: bool) -> Self {
        self.tls = tls;
        self
    }

    /// Builds the transport. Reads the platform's trust store from disk, some milliseconds; spawns nothing.
    ///
    /// # Errors
    ///
    /// [`TransportBuildError`] when there is no trust store, a certificate cannot be read, or a proxy variable is not a URL.
    pub fn build(self) -> Result<HttpTransport, TransportBuildError> {
        let proxies = match self.proxies {
            Some(proxies) => proxies,
            None => Proxies::from_env()?,
        };
        let tls = self.tls || proxies.are_secure();
        let tls = tls::config(tls.then_some(self.certificates))?;
        let connector = Connector::new(proxies.clone(), tls, self.http2, self.connect_timeout);
        let pool = Pool::new(self.idle_connection, self.idle_connections);
        Ok(HttpTransport { shared: Arc::new(Shared { pool, connector, proxies }) })
    }
}

/// A pooled HTTP client, as a service.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    // One pointer: every layer of a stack holds a clone of what is below it.
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    pool: Arc<Pool>,
    connector: Connector,
    proxies: Proxies,
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
            idle_connection: Duration::from_secs(60),
            idle_connections: 32,
            proxies: None,
            certificates: Vec::new(),
            http2: true,
            tls: true,
        }
    }
}

impl Service<Request<RequestBody>> for HttpTransport {
    type Response = Response<TransportBody>;
    type Error = TransportError;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<RequestBody>) -> Self::Future {
        if let Some(authorization) = self.shared.proxies.forward_authorization(request.uri()) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization);
        }
        ResponseFuture(Box::pin(exchange::send(Arc::clone(&self.shared), request)))
    }
}

/// The future of [`HttpTransport`]. Dropping it closes the connection, or with HTTP/2 the stream.
pub struct ResponseFuture(BoxFuture<Result<Response<TransportBody>, TransportError>>);

impl Future for ResponseFuture {
    type Output = Result<Response<TransportBody>, TransportError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
