//! Calls that start together over TLS with HTTP/2: how many connections they take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use bytes::Bytes;
use edgequake_client::Client;
use edgequake_client::transport::{Certificate, HttpTransport, Proxies};
use edgequake_client::types::documents::ListDocuments;
use http::Response;
use http_body_util::Full;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::Result;
use crate::server::EMPTY_PAGE;

/// How many requests the server allows at a time on a connection.
const STREAMS: u32 = 200;

/// Starts so many calls at once, with no connection there, and tells how many the server has accepted.
pub(crate) async fn run(calls: u32) -> Result<Value> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate()?;
    let trusted = Certificate::from_pem(authority.self_signed(&key)?.pem().as_bytes())?;
    let acceptor = acceptor(&Issuer::new(authority, key))?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let accepted = Arc::new(AtomicU32::new(0));
    tokio::spawn(serve(listener, acceptor, Arc::clone(&accepted)));
    let transport = HttpTransport::builder().proxies(Proxies::none()).certificate(trusted);
    let client = Client::builder()
        .base_url(format!("https://{address}"))
        .api_key("eq_key")
        .transport(transport)
        .build()?;
    let mut started = JoinSet::new();
    for _ in 0..calls {
        started.spawn(client.documents().list(ListDocuments::new()).into_future());
    }
    let mut failed = 0;
    while let Some(call) = started.join_next().await {
        failed += u32::from(call?.is_err());
    }
    Ok(json!({ "handshakes": accepted.load(Relaxed), "failed": failed }))
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
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, accepted: Arc<AtomicU32>) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let (acceptor, accepted) = (acceptor.clone(), Arc::clone(&accepted));
        tokio::spawn(async move {
            let stream = acceptor.accept(stream).await?;
            accepted.fetch_add(1, Relaxed);
            let service = service_fn(async |_| {
                // Nobody is done before all have begun.
                tokio::time::sleep(Duration::from_millis(20)).await;
                Ok::<_, std::convert::Infallible>(Response::new(Full::new(Bytes::from_static(
                    EMPTY_PAGE.as_bytes(),
                ))))
            });
            let mut server = http2::Builder::new(TokioExecutor::new());
            let server = server.max_concurrent_streams(STREAMS);
            server.serve_connection(TokioIo::new(stream), service).await?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        });
    }
}
