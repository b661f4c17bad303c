//! Servers that demand a certificate of the client, TLS set up by the user, and ports that speak something else.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use edgequake_client::layers::retry::RetryConfig;
use edgequake_client::transport::HttpTransportBuilder;
use edgequake_client::types::documents::UploadText;
use edgequake_client::{Client, ClientCertificate, ErrorKind};
use edgequake_devserver::DevServer;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::version::{TLS12, TLS13};

use crate::server::{LIST, Server, json, list, over};
use crate::tls_server::{Authority, Identity, TlsFront};

type Shown = Arc<Mutex<Vec<CertificateDer<'static>>>>;

/// A front that demands a certificate of this authority, and remembers those that it was shown.
async fn demanding(
    own: Identity,
    clients: &Authority,
    version: &'static rustls::SupportedProtocolVersion,
    server: &Server,
) -> (TlsFront, Shown) {
    let shown = Shown::default();
    let log = Arc::clone(&shown);
    let acceptor = own.demanding(clients, version);
    let front = TlsFront::start_with(acceptor, &server.url, move |certificate| {
        log.lock().unwrap().push(certificate.clone());
    });
    (front.await, shown)
}

fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

fn client(url: &str, transport: HttpTransportBuilder) -> Client {
    let retry = RetryConfig::default().base(Duration::from_millis(1));
    Client::builder().base_url(url).api_key("k1").retry(retry).transport(transport).build().unwrap()
}

#[tokio::test]
async fn a_server_that_demands_a_certificate_gets_one_or_is_told_as_that() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let server = Server::answers([json(200, LIST)]).await;
    let own = clients.issue(&["client"]).pem();
    let certificate = ClientCertificate::from_pem(own.0.as_bytes(), own.1.as_bytes()).unwrap();
    let foreign = Authority::new().issue(&["client"]).pem();
    let foreign = ClientCertificate::from_pem(foreign.0.as_bytes(), foreign.1.as_bytes()).unwrap();
    let mut texts = Vec::new();
    for version in [&TLS12, &TLS13] {
        let identity = authority.issue(&["localhost"]);
        let (front, shown) = demanding(identity, &clients, version, &server).await;
        let with = client(&front.url(), authority.trusted().client_certificate(certificate.clone()));
        list(&with).await.unwrap();
        assert_eq!(*shown.lock().unwrap(), [der(&own.0)]);

        let served = server.received().len();
        for transport in [authority.trusted(), authority.trusted().client_certificate(foreign.clone())] {
            let client = client(&front.url(), transport);
            let error = client.documents().upload_text(UploadText::new("x")).await.unwrap_err();
            assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 1), "{error:?}");
            assert!(!error.is_retryable(), "{error:?}");
            texts.push(format!("{version:?}: {}", error.to_string().replace(&front.url(), "[server]")));
        }
        assert_eq!(server.received().len(), served);
    }
    insta::assert_snapshot!(texts.join("\n"), @"
    TLSv1_2: /api/v1/documents: no connection could be made to [server]; the server demands a client certificate: give one to the transport (client_certificate)
    TLSv1_2: /api/v1/documents: no connection could be made to [server]; the server refused the client certificate: it does not know its issuer
    TLSv1_3: /api/v1/documents: no connection could be made to [server]; the server demands a client certificate: give one to the transport (client_certificate)
    TLSv1_3: /api/v1/documents: no connection could be made to [server]; the server refused the client certificate: it does not know its issuer
    ");
}

#[tokio::test]
async fn a_certificate_that_is_rotated_is_shown_from_the_next_connection_on() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let server = Server::answers([json(200, LIST)]).await;
    let (front, shown) = demanding(authority.issue(&["localhost"]), &clients, &TLS13, &server).await;
    let folder = tempfile::tempdir().unwrap();
    // As a mounted secret is: files in a folder that is swapped by its link.
    let write = |version: &str| {
        let (certificate, key) = clients.issue(&["client"]).pem();
        let data = folder.path().join(version);
        std::fs::create_dir(&data).unwrap();
        std::fs::write(data.join("tls.crt"), &certificate).unwrap();
        std::fs::write(data.join("tls.key"), key).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(version, folder.path().join("link")).unwrap();
        std::fs::rename(folder.path().join("link"), folder.path().join("data")).unwrap();
        der(&certificate)
    };
    let first = write("1");
    let file = |name| folder.path().join("data").join(name);
    let own = ClientCertificate::from_files(file("tls.crt"), file("tls.key")).unwrap();
    // Every call opens a connection.
    let transport = authority.trusted().client_certificate(own).max_lifetime(Duration::ZERO);
    let client = client(&front.url(), transport);
    list(&client).await.unwrap();
    list(&client).await.unwrap();
    let second = write("2");
    list(&client).await.unwrap();
    assert_eq!(*shown.lock().unwrap(), [first.clone(), first, second]);
}

#[cfg(feature = "rustls-config")]
#[tokio::test]
async fn tls_can_be_set_up_as_a_whole() {
    use edgequake_client::transport::{Certificate, TlsError, TransportBuildError};

    let (authority, clients) = (Authority::new(), Authority::new());
    let server = Server::answers([json(200, LIST)]).await;
    let (front, shown) = demanding(authority.issue(&["localhost"]), &clients, &TLS13, &server).await;
    let (certificate, key) = clients.issue(&["client"]).pem();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(der(authority.pem())).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(
            vec![der(&certificate)],
            rustls::pki_types::PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
        )
        .unwrap();
    let transport = || {
        edgequake_client::HttpTransport::builder()
            .proxies(edgequake_client::Proxies::none())
            .tls_config(config.clone())
    };
    list(&client(&front.url(), transport())).await.unwrap();
    assert_eq!(*shown.lock().unwrap(), [der(&certificate)]);

    let root = Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    let own = ClientCertificate::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap();
    for transport in [transport().certificate(root), transport().client_certificate(own)] {
        let error = transport.build().unwrap_err();
        assert!(matches!(error, TransportBuildError::Tls(TlsError::OwnConfig)), "{error}");
    }
}

#[tokio::test]
async fn a_port_that_speaks_something_else_is_told_at_once() {
    let authority = Authority::new();
    let server = DevServer::builder().master_key("k1").start().await.unwrap();
    let plain = server.url().replace("http", "https");
    let front = TlsFront::start(authority.issue(&["localhost"]), server.url()).await;
    let mut texts = Vec::new();
    for url in [plain, front.url().replace("https", "http")] {
        let (client, _) = over(&url, authority.trusted());
        let error = client.documents().upload_text(UploadText::new("x")).await.unwrap_err();
        assert_eq!(error.attempts(), 1, "{error:?}");
        texts.push(format!("{:?} {}", error.kind(), error.to_string().replace(&url, "[server]")));
    }
    insta::assert_snapshot!(texts.join("\n"), @"
    Connect /api/v1/documents: no connection could be made to [server]; the server answered without TLS: is the scheme of the base URL right?
    Other /api/v1/documents: the request failed: the exchange over a connection failed; what came back is not HTTP: is the scheme of the base URL right?
    ");
}
