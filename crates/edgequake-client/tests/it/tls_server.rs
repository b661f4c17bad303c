//! [`Authority`] and [`TlsFront`]: certificates made in the test, and TLS on loopback in front of a scripted server.
//!
//! The dev server makes one good certificate of its own. Here certificates are wrong as well: expired, for another name, of another
//! authority; and a front may ask for the client's, or end a handshake half-way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use edgequake_client::transport::{Certificate, HttpTransport, HttpTransportBuilder, Proxies};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A certificate authority of the test's own.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let (mut params, key) = params(&[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// A transport that trusts it, besides the platform's.
    pub(crate) fn trusted(&self) -> HttpTransportBuilder {
        let certificate = Certificate::from_pem(self.pem.as_bytes()).unwrap();
        HttpTransport::builder().proxies(Proxies::none()).certificate(certificate)
    }

    /// A server's certificate for these names.
    pub(crate) fn issue(&self, names: &[&str]) -> Identity {
        self.issue_with(names, |_| {})
    }

    pub(crate) fn issue_with(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let (mut params, key) = params(names);
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity { certificate, key }
    }
}

fn params(names: &[&str]) -> (CertificateParams, KeyPair) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    // Authorities are told apart by their names before their keys are looked at.
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    params.distinguished_name.push(DnType::CommonName, format!("test {number}"));
    (params, KeyPair::generate().unwrap())
}

/// A server's certificate and its key.
pub(crate) struct Identity {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

impl Identity {
    pub(crate) fn self_signed(names: &[&str]) -> Self {
        let (params, key) = params(names);
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate, key }
    }

    /// Certificate and key as PEM text, for servers in another process.
    pub(crate) fn pem(&self) -> (String, String) {
        (self.certificate.pem(), self.key.serialize_pem())
    }

    /// Accepts TLS of this version from clients with a certificate of this authority, and of no others.
    pub(crate) fn demanding(
        self,
        clients: &Authority,
        version: &'static rustls::SupportedProtocolVersion,
    ) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(clients.pem.as_bytes()).unwrap()).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_client_cert_verifier(verifier.unwrap())
            .with_single_cert(vec![self.certificate.into()], self.key.into())
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    /// Accepts TLS, and offers these protocols by ALPN.
    pub(crate) fn acceptor(self, protocols: &[&str]) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.into()], self.key.into())
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// Takes TLS off, and passes the bytes on to a server that speaks none.
pub(crate) struct TlsFront {
    pub(crate) port: u16,
    connections: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl TlsFront {
    /// Stands in front of the server at `url`, which is `http://ADDRESS`.
    pub(crate) async fn start(identity: Identity, url: &str) -> Self {
        Self::start_with(identity.acceptor(&["http/1.1"]), url, |_| {}).await
    }

    /// As [`start`](Self::start); shows the certificate of each client that has one.
    pub(crate) async fn start_with(
        acceptor: TlsAcceptor,
        url: &str,
        show: impl Fn(&CertificateDer<'static>) + Send + Sync + 'static,
    ) -> Self {
        let show = Arc::new(show);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = url.trim_start_matches("http://").to_owned();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                counted.fetch_add(1, Ordering::Relaxed);
                let (acceptor, target, show) = (acceptor.clone(), target.clone(), Arc::clone(&show));
                tokio::spawn(async move {
                    let mut stream = match acceptor.accept(stream).into_fallible().await {
                        Ok(stream) => stream,
                        // Read to the end: closed before that, the connection may be reset, and what was said about it lost.
                        Err((_, mut stream)) => {
                            let _ = stream.shutdown().await;
                            let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
                            return;
                        }
                    };
                    stream.get_ref().1.peer_certificates().into_iter().flatten().take(1).for_each(&*show);
                    let mut server = TcpStream::connect(target).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
                });
            }
        });
        Self { port, connections, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// How many connections were made, those included on which TLS failed.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}
