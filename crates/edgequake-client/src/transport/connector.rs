//! [`Connector`]: opens connections, directly or through a proxy, with TLS where it is asked for.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper_util::client::proxy::matcher::Intercept;
use rustls::InvalidMessage;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

use super::connection::Protocol;
use super::dial::{self, Dialer};
use super::origin_tls::{HTTP2, OriginTls};
use super::proxy::{self, Proxies};
use super::proxy_tls::ProxyTls;
use super::socks::{self, Destination};
use super::steps::{Step, Steps};
use super::tunnel::{self, Reason, TunnelError};
use crate::boxed::BoxError;
use crate::fault::Fault;

/// How HTTP/2 connections are kept alive.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeepAlive {
    /// How long a server may be silent before it is sent a PING.
    pub(super) interval: Option<Duration>,
    /// How long it may take to answer that.
    pub(super) timeout: Duration,
}

impl KeepAlive {
    /// For how long a server that lives is silent at most.
    pub(super) fn silence(self) -> Option<Duration> {
        self.interval?.checked_add(self.timeout)
    }
}

/// Opens connections.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) keep_alive: KeepAlive,
    dialer: Dialer,
    /// For name, TCP, proxy and TLS together.
    limit: Option<Duration>,
    http2: bool,
    proxies: Proxies,
    to_origin: Arc<OriginTls>,
    /// The same for HTTP/1.1 alone.
    #[cfg(feature = "websocket")]
    to_origin_http1: Arc<OriginTls>,
    to_proxy: ProxyTls,
    /// Whether a proxy is only asked for tunnels.
    tunnels: bool,
}

/// A connection that requests can be sent on.
pub(super) struct Connected {
    pub(super) stream: Stream,
    /// Whether it speaks HTTP/2; HTTP/1.1 otherwise.
    pub(super) http2: bool,
    /// Whether an HTTP proxy at its other end forwards requests: those name the whole URI (RFC 9112, 3.2.2).
    pub(super) forwarding: bool,
}

impl Connector {
    pub(super) fn new(
        dialer: Dialer,
        proxies: Proxies,
        (to_origin, to_proxy): (OriginTls, ProxyTls),
        http2: bool,
        limit: Option<Duration>,
        keep_alive: KeepAlive,
    ) -> Self {
        Self {
            keep_alive,
            dialer,
            limit,
            http2,
            proxies,
            #[cfg(feature = "websocket")]
            to_origin_http1: Arc::new(to_origin.for_http1()),
            to_origin: Arc::new(to_origin),
            to_proxy,
            tunnels: false,
        }
    }

    /// Opens a connection of its own to `uri`, within the limit, for HTTP/1.1 and what may follow it.
    #[cfg(feature = "websocket")]
    pub(super) async fn connect_alone(&self, uri: &Uri) -> Result<Connected, BoxError> {
        let to_origin = Arc::clone(&self.to_origin_http1);
        Self { to_origin, tunnels: true, ..self.clone() }.connect(uri).await
    }

    /// What is spoken to servers of this scheme, where that does not depend on the server.
    pub(super) fn protocol(&self, scheme: &Scheme) -> Option<Protocol> {
        (*scheme != Scheme::HTTPS || !self.http2).then_some(Protocol::Http1)
    }

    /// Opens a connection for requests to `uri`, within the limit.
    pub(super) async fn connect(&self, uri: &Uri) -> Result<Connected, BoxError> {
        let steps = Steps::default();
        let connecting = self.connect_in_steps(uri, &steps);
        match self.limit {
            Some(limit) => {
                tokio::time::timeout(limit, connecting).await.map_err(|_| steps.timed_out(limit))?
            }
            None => connecting.await,
        }
    }

    async fn connect_in_steps(&self, uri: &Uri, steps: &Steps) -> Result<Connected, BoxError> {
        let proxy = self.proxies.intercept(uri).map_err(|error| Fault::Proxy.mark(error))?;
        let (stream, forwarding) = match proxy {
            None => (Stream::Left(self.dialer.dial(uri, steps).await?), false),
            Some(proxy) => {
                let stream = self.through(proxy, uri, steps).await?;
                (stream, !self.tunnels && !is_secure(uri) && !proxy::is_socks(proxy))
            }
        };
        if !is_secure(uri) {
            return Ok(Connected { stream, http2: false, forwarding });
        }
        steps.begin(Step::Tls);
        let to_origin = self.to_origin.connector().await;
        let stream = handshake(&to_origin, Box::new(stream), uri).await?;
        let http2 = stream.get_ref().1.alpn_protocol() == Some(HTTP2);
        Ok(Connected { stream: Stream::Right(Box::new(stream)), http2, forwarding: false })
    }

    async fn to_proxy(&self, proxy: &Uri, steps: &Steps) -> Result<Stream, BoxError> {
        let tls = if is_secure(proxy) { Some(self.to_proxy.connector().await?) } else { None };
        let stream = self.dialer.dial(proxy, steps).await?;
        let Some(tls) = tls else { return Ok(Stream::Left(stream)) };
        steps.begin(Step::Proxy);
        Ok(Stream::Right(Box::new(handshake(tls, Box::new(stream), proxy).await?)))
    }

    /// A connection to the host of `uri` through a proxy, or to the proxy where that forwards requests.
    async fn through(&self, proxy: &Intercept, uri: &Uri, steps: &Steps) -> Result<Stream, BoxError> {
        if proxy::is_socks(proxy) {
            let destinations = self.destinations(proxy, uri, steps).await?;
            // Each address over a connection of its own: a proxy may take long to find out that one is dead.
            let attempt = |destination| self.through_socks(proxy, destination, steps);
            let is_last = |error: &TunnelError| !error.is_of_destination();
            let raced =
                dial::race(destinations.into_iter(), attempt, TunnelError::most_telling, is_last).await;
            let opened = raced.unwrap_or_else(|| Err(TunnelError::new(proxy.uri(), Reason::NoAddress)));
            return opened.map_err(TunnelError::marked);
        }
        let mut stream = self.to_proxy(proxy.uri(), steps).await.map_err(unreachable(proxy))?;
        steps.begin(Step::Proxy);
        if self.tunnels || is_secure(uri) {
            let opened = tunnel::open(&mut stream, proxy.uri(), proxy.basic_auth(), uri).await;
            opened.map_err(TunnelError::marked)?;
        }
        Ok(stream)
    }

    /// What a SOCKS proxy is told of the host of `uri`: its name, or its addresses in the order in which they are tried.
    async fn destinations(
        &self,
        proxy: &Intercept,
        uri: &Uri,
        steps: &Steps,
    ) -> Result<Vec<Destination>, BoxError> {
        let (host, port) = dial::host_and_port(uri);
        let addresses = match host.parse() {
            Ok(address) => vec![address],
            Err(_) if proxy.uri().scheme_str() == Some("socks5") => self.dialer.resolve(uri, steps).await?,
            Err(_) => return Ok(vec![Destination::Name(host.to_owned(), port)]),
        };
        Ok(addresses.into_iter().map(|address| Destination::Address(address, port)).collect())
    }

    async fn through_socks(
        &self,
        proxy: &Intercept,
        destination: Destination,
        steps: &Steps,
    ) -> Result<Stream, TunnelError> {
        let mut stream = self.to_proxy(proxy.uri(), steps).await.map_err(unreachable(proxy))?;
        steps.begin(Step::Proxy);
        socks::open(&mut stream, proxy.uri(), proxy.raw_auth(), &destination).await?;
        Ok(stream)
    }
}

fn unreachable(proxy: &Intercept) -> impl Fn(BoxError) -> TunnelError {
    move |error| TunnelError::unreachable(proxy.uri(), error)
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
    let (host, _) = dial::host_and_port(uri);
    let name = ServerName::try_from(host.to_owned())?;
    let connected = tls.connect(name, stream).await;
    connected
        .map_err(|error| if speaks_no_tls(&error) { Fault::Tls.mark(error).into() } else { error.into() })
}

/// Whether what the other end says first is no TLS: nothing of ours was sent.
fn speaks_no_tls(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    matches!(inner, Some(rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType)))
}

/// What TLS runs over: a connection, or a tunnel in another TLS connection. One type for both, so that TLS is compiled once.
type BoxedIo = Box<dyn Io>;

pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A connection, without TLS or with it.
pub(super) type Stream = Either<TcpStream, Box<TlsStream<BoxedIo>>>;

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Mutex;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::super::resolver::Resolve;
    use super::super::tls;
    use super::*;
    use crate::boxed::BoxFuture;

    /// Knows these addresses of every name, or never answers.
    #[derive(Debug)]
    struct Knows(Option<Vec<IpAddr>>);

    impl Resolve for Knows {
        fn resolve(&self, _: String) -> BoxFuture<io::Result<Vec<IpAddr>>> {
            match self.0.clone() {
                Some(addresses) => Box::pin(async { Ok(addresses) }),
                None => Box::pin(std::future::pending()),
            }
        }
    }

    fn connector(resolver: Knows, limit: Duration) -> Connector {
        let dialer = Dialer { resolver: Arc::new(resolver), keepalive: None, user_timeout: None };
        let keep_alive = KeepAlive { interval: None, timeout: Duration::ZERO };
        Connector::new(
            dialer,
            Proxies::none(),
            (OriginTls::new(tls::config(None).unwrap(), None, true), ProxyTls::trusting(Vec::new())),
            true,
            Some(limit),
            keep_alive,
        )
    }

    async fn failure(connector: &Connector, uri: &str) -> String {
        match connector.connect(&uri.parse().unwrap()).await {
            Ok(_) => panic!("{uri}: connected"),
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_limit_covers_the_resolution_of_the_name() {
        let connector = connector(Knows(None), Duration::from_secs(10));
        let began = tokio::time::Instant::now();
        let text = failure(&connector, "http://eq.test/").await;
        assert_eq!(text, "the name of the host was not resolved within 10000 ms");
        assert_eq!(began.elapsed().as_secs(), 10);
    }

    #[tokio::test]
    async fn the_next_address_is_tried_after_one_that_refuses() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://eq.test:{}/", listener.local_addr().unwrap().port());
        // Nothing listens on the first two.
        let addresses = ["::1", "127.0.0.2", "127.0.0.1"].map(|address| address.parse().unwrap());
        let connector = connector(Knows(Some(addresses.to_vec())), Duration::from_secs(10));
        let connected = connector.connect(&uri.parse().unwrap()).await.unwrap();
        assert!(!connected.http2 && !connected.forwarding);
        let nowhere = self::connector(Knows(Some(Vec::new())), Duration::from_secs(10));
        assert_eq!(failure(&nowhere, &uri).await, "the name has no address");
    }

    /// A SOCKS proxy that supports no IPv6, swallows the request for an address that ends with 1, and opens a tunnel to any other. Gives its
    /// port, and what it was asked for.
    async fn socks() -> (u16, Arc<Mutex<Vec<IpAddr>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, asked) = (listener.local_addr().unwrap().port(), Arc::<Mutex<Vec<IpAddr>>>::default());
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut held = Vec::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.read_exact(&mut [0; 3]).await.unwrap();
                stream.write_all(&[5, 0]).await.unwrap();
                let mut head = [0; 4];
                stream.read_exact(&mut head).await.unwrap();
                let address = match head[3] {
                    1 => IpAddr::V4(stream.read_u32().await.unwrap().into()),
                    _ => IpAddr::V6(stream.read_u128().await.unwrap().into()),
                };
                log.lock().unwrap().push(address);
                let reply = match address {
                    IpAddr::V6(_) => 8,
                    IpAddr::V4(address) if address.octets()[3] == 1 => {
                        held.push(stream);
                        continue;
                    }
                    IpAddr::V4(_) => 0,
                };
                stream.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
                held.push(stream);
            }
        });
        (port, asked)
    }

    #[tokio::test]
    async fn a_socks_proxy_is_asked_for_one_address_after_the_other() {
        let (port, asked) = socks().await;
        let through = |list: &[&str], limit| {
            let addresses: Vec<IpAddr> = list.iter().map(|address| address.parse().unwrap()).collect();
            let mut connector = connector(Knows(Some(addresses.clone())), limit);
            connector.proxies = Proxies::all(&format!("socks5://127.0.0.1:{port}"), "").unwrap();
            (connector, addresses)
        };
        // Far above what any of it takes.
        let limit = Duration::from_secs(600);
        let uri: Uri = "http://eq.test/".parse().unwrap();
        let (connector, addresses) = through(&["2001:db8::1", "192.0.2.1", "192.0.2.2"], limit);
        connector.connect(&uri).await.unwrap();
        assert_eq!(*asked.lock().unwrap(), addresses);
        // The limit is one for all: it is over for both as soon as it is.
        let (connector, _) = through(&["192.0.2.1", "192.0.3.1"], limit);
        let connecting = tokio::spawn(async move { failure(&connector, "http://eq.test/").await });
        while asked.lock().unwrap().len() < 5 {
            tokio::task::yield_now().await;
        }
        tokio::time::pause();
        tokio::time::advance(limit).await;
        assert_eq!(connecting.await.unwrap(), "the proxy opened no tunnel within 600000 ms");
        tokio::time::resume();
        let (connector, _) = through(&["2001:db8::1", "2001:db8::2"], limit);
        let refused = failure(&connector, "http://eq.test/").await;
        assert!(refused.ends_with("to [2001:db8::1]:80: it supports no addresses of that kind"), "{refused}");
    }

    #[test]
    fn http_2_is_spoken_where_tls_agrees_on_it() {
        let mut connector = connector(Knows(None), Duration::ZERO);
        assert_eq!(connector.protocol(&Scheme::HTTP), Some(Protocol::Http1));
        assert_eq!(connector.protocol(&Scheme::HTTPS), None);
        connector.http2 = false;
        assert_eq!(connector.protocol(&Scheme::HTTPS), Some(Protocol::Http1));
    }
}
