//! [`Connector`]: opens connections, directly or through a proxy, with TLS where it is asked for.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::proxy::matcher::Intercept;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;
use tower::ServiceExt;

use super::proxy::Proxies;
use super::resolver::Resolver;
use super::tunnel::{self, TunnelError};
use crate::boxed::BoxError;

const HTTP2: &[u8] = b"h2";

/// Opens connections.
#[derive(Clone)]
pub(super) struct Connector {
    tcp: HttpConnector<Resolver>,
    proxies: Proxies,
    to_origin: TlsConnector,
    to_proxy: TlsConnector,
}

/// A connection that requests can be sent on.
pub(super) struct Connected {
    pub(super) stream: Stream,
    /// Whether it speaks HTTP/2; HTTP/1.1 otherwise.
    pub(super) http2: bool,
    /// Whether a proxy at its other end forwards requests: those name the whole URI (RFC 9112, 3.2.2).
    pub(super) forwarding: bool,
}

impl Connector {
    pub(super) fn new(
        proxies: Proxies,
        mut tls: ClientConfig,
        http2: bool,
        connect_timeout: Option<Duration>,
    ) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Resolver::new());
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(Duration::from_secs(60)));
        tcp.set_connect_timeout(connect_timeout);
        let to_proxy = TlsConnector::from(Arc::new(tls.clone()));
        if http2 {
            tls.alpn_protocols = vec![HTTP2.to_vec(), b"http/1.1".to_vec()];
        }
        Self { tcp, proxies, to_origin: TlsConnector::from(Arc::new(tls)), to_proxy }
    }

    /// Opens a connection for requests to `uri`.
    pub(super) async fn connect(&self, uri: &Uri) -> Result<Connected, BoxError> {
        let proxy = self.proxies.intercept(uri);
        let stream = match &proxy {
            None => Stream::Left(self.dial(uri).await?),
            Some(proxy) => self
                .to_proxy(proxy.uri())
                .await
                .map_err(|error| TunnelError::unreachable(proxy.uri(), error))?,
        };
        if !is_secure(uri) {
            return Ok(Connected { stream, http2: false, forwarding: proxy.is_some() });
        }
        let stream = self.secured(stream, proxy.as_ref(), uri).await?;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(HTTP2);
        Ok(Connected { stream: Stream::Right(Box::new(stream)), http2, forwarding: false })
    }

    async fn dial(&self, uri: &Uri) -> Result<TcpStream, BoxError> {
        Ok(self.tcp.clone().oneshot(uri.clone()).await?.into_inner())
    }

    async fn to_proxy(&self, proxy: &Uri) -> Result<Stream, BoxError> {
        let stream = self.dial(proxy).await?;
        if !is_secure(proxy) {
            return Ok(Stream::Left(stream));
        }
        Ok(Stream::Right(Box::new(handshake(&self.to_proxy, Box::new(stream), proxy).await?)))
    }

    /// TLS to the host of `uri`, through a tunnel where there is a proxy.
    async fn secured(
        &self,
        mut stream: Stream,
        proxy: Option<&Intercept>,
        uri: &Uri,
    ) -> Result<TlsStream<BoxedIo>, BoxError> {
        if let Some(proxy) = proxy {
            let opened = tunnel::open(&mut stream, proxy.uri(), proxy.basic_auth(), uri).await;
            opened.map_err(TunnelError::marked)?;
        }
        handshake(&self.to_origin, Box::new(stream), uri).await
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("proxies", &self.proxies).finish_non_exhaustive()
    }
}

fn is_secure(uri: &Uri) -> bool {
    uri.scheme_str() == Some("https")
}

async fn handshake(tls: &TlsConnector, stream: BoxedIo, uri: &Uri) -> Result<TlsStream<BoxedIo>, BoxError> {
    let host = uri.host().unwrap_or_default();
    // An IPv6 address has brackets in a URI and none in a certificate.
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let name = ServerName::try_from(host.to_owned())?;
    Ok(tls.connect(name, stream).await?)
}

/// What TLS runs over: a connection, or a tunnel in another TLS connection. One type for both, so that TLS is compiled once.
type BoxedIo = Box<dyn Io>;

pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A connection, without TLS or with it.
pub(super) type Stream = Either<TcpStream, Box<TlsStream<BoxedIo>>>;
