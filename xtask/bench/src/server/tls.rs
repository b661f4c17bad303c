//! TLS under an authority of its own, with HTTP/2 and HTTP/1.1.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::server::TlsStream;

use crate::Result;

/// How many requests the server allows at a time on a connection.
const STREAMS: u32 = 200;

/// The first byte of a handshake.
const HANDSHAKE: u8 = 22;

/// What accepts connections.
#[derive(Clone)]
pub(super) struct Tls(TlsAcceptor);

impl Tls {
    /// Writes the certificate to trust into a file.
    pub(super) fn new(file: &Path) -> Result<Self> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate()?;
        std::fs::write(file, authority.self_signed(&key)?.pem())?;
        acceptor(&Issuer::new(authority, key)).map(Self)
    }

    /// Whether a connection begins as TLS does.
    pub(super) async fn begins(stream: &TcpStream) -> Result<bool> {
        let mut first = [0];
        Ok(stream.peek(&mut first).await? == 1 && first[0] == HANDSHAKE)
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>> {
        Ok(self.0.accept(stream).await?)
    }
}

fn acceptor(issuer: &Issuer<'_, KeyPair>) -> Result<TlsAcceptor> {
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])?.signed_by(&key, issuer)?;
    let private = PrivateKeyDer::try_from(key.serialize_der())?;
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Serves by the protocol that was agreed on.
pub(super) async fn serve<S, B>(stream: TlsStream<TcpStream>, service: S) -> Result<()>
where
    S: Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let stream = TokioIo::new(stream);
    if http2 {
        let mut server = http2::Builder::new(TokioExecutor::new());
        server.max_concurrent_streams(STREAMS).serve_connection(stream, service).await?;
    } else {
        http1::Builder::new().serve_connection(stream, service).await?;
    }
    Ok(())
}
