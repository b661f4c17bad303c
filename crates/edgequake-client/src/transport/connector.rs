//! [`ProxyConnector`]: opens connections, directly or through a proxy.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower::ServiceExt;
use tower_service::Service;

use super::proxy::Proxies;
use super::resolver::Resolver;
use super::tunnel::{self, TunnelError};
use crate::{BoxError, BoxFuture};

/// Opens a connection to a destination: with TLS only to a proxy that asks for it, since TLS to the destination is made by
/// the connector around this one.
#[derive(Debug, Clone)]
pub(crate) struct ProxyConnector {
    direct: HttpConnector<Resolver>,
    // Speaks TLS to `https` proxies.
    to_proxy: HttpsConnector<HttpConnector<Resolver>>,
    proxies: Proxies,
}

impl ProxyConnector {
    pub(super) fn new(proxies: Proxies, tls: ClientConfig, connect_timeout: Option<Duration>) -> Self {
        let mut direct = HttpConnector::new_with_resolver(Resolver::new());
        direct.enforce_http(false);
        direct.set_nodelay(true);
        direct.set_keepalive(Some(Duration::from_secs(60)));
        direct.set_connect_timeout(connect_timeout);
        let to_proxy = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(direct.clone());
        Self { direct, to_proxy, proxies }
    }

    async fn through(self, proxy: Intercept, destination: Uri) -> Result<ProxyStream, BoxError> {
        let connecting = self.to_proxy.oneshot(proxy.uri().clone());
        let stream = connecting.await.map_err(|error| TunnelError::unreachable(proxy.uri(), error))?;
        if destination.scheme_str() != Some("https") {
            return Ok(ProxyStream { stream, forwarding: true });
        }
        let mut stream = TokioIo::new(stream);
        tunnel::open(&mut stream, proxy.uri(), proxy.basic_auth(), &destination).await?;
        Ok(ProxyStream { stream: stream.into_inner(), forwarding: false })
    }
}

impl Service<Uri> for ProxyConnector {
    type Response = ProxyStream;
    type Error = BoxError;
    type Future = BoxFuture<Result<ProxyStream, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.direct.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        match self.proxies.intercept(&destination) {
            Some(proxy) => Box::pin(self.clone().through(proxy, destination)),
            None => {
                let connecting = self.direct.call(destination);
                Box::pin(async move {
                    let stream = MaybeHttpsStream::Http(connecting.await?);
                    Ok(ProxyStream { stream, forwarding: false })
                })
            }
        }
    }
}

/// A connection, and whether a proxy at its other end forwards requests: those name the whole URI (RFC 9112, 3.2.2).
pub(crate) struct ProxyStream {
    stream: MaybeHttpsStream<TokioIo<TcpStream>>,
    forwarding: bool,
}

impl Connection for ProxyStream {
    fn connected(&self) -> Connected {
        let connected = match &self.stream {
            MaybeHttpsStream::Http(stream) => stream.connected(),
            MaybeHttpsStream::Https(stream) => stream.inner().get_ref().0.connected(),
        };
        connected.proxy(self.forwarding)
    }
}

impl Read for ProxyStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl Write for ProxyStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }
}
