//! TLS with a certificate made at the start, and HTTP/2.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use edgequake_devserver::{DevServer, Fault};
use http::{Request, Version};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

async fn connect(server: &DevServer, protocol: &str) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(server.authority().unwrap().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let stream = TcpStream::connect(server.addr()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

fn live() -> Request<Full<Bytes>> {
    Request::get("https://localhost/live").body(Full::default()).unwrap()
}

async fn http2(server: &DevServer) -> http2::SendRequest<Full<Bytes>> {
    let stream = TokioIo::new(connect(server, "h2").await);
    let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    tokio::spawn(connection);
    sender
}

#[tokio::test]
async fn both_versions_are_spoken_over_tls() {
    let server = DevServer::builder().tls().start().await.unwrap();
    assert!(server.url().starts_with("https://127.0.0.1:"));
    let response = http2(&server).await.send_request(live()).await.unwrap();
    assert_eq!((response.status().as_u16(), response.version()), (200, Version::HTTP_2));
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "OK");

    let stream = TokioIo::new(connect(&server, "http/1.1").await);
    let (mut sender, connection) = http1::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("/live").header("host", "localhost").body(Full::<Bytes>::default()).unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!((response.status().as_u16(), response.version()), (200, Version::HTTP_11));
    server.shutdown().await;
}

#[tokio::test]
async fn a_connection_falls_silent_with_all_of_its_requests() {
    let server = DevServer::builder().tls().start().await.unwrap();
    let mut silent = http2(&server).await;
    assert_eq!(silent.send_request(live()).await.unwrap().status(), 200);
    server.faults().add(Fault::silence().times(1)).unwrap();
    let first = tokio::spawn(silent.send_request(live()));
    while server.faults().active().iter().any(|fault| fault.hits == 0) {
        tokio::task::yield_now().await;
    }
    let second = tokio::spawn(silent.send_request(live()));
    // Another connection is served meanwhile.
    assert_eq!(http2(&server).await.send_request(live()).await.unwrap().status(), 200);
    assert!(!first.is_finished() && !second.is_finished());
    drop(server);
    for request in [first, second] {
        let ended = tokio::time::timeout(Duration::from_secs(10), request).await.unwrap().unwrap();
        assert!(ended.is_err());
    }
}

#[tokio::test]
async fn a_silent_connection_ends_once_the_client_closes_its_side() {
    let server = DevServer::builder().tls().start().await.unwrap();
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    server.faults().add(Fault::silence()).unwrap();
    let stream = TokioIo::new(connect(&server, "h2").await);
    let (mut sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = tokio::spawn(async move { sender.send_request(live()).await });
    assert!(tasks() > before);
    let ended = async {
        while server.faults().active()[0].hits == 0 {
            tokio::task::yield_now().await;
        }
        request.abort();
        connection.abort();
        while tasks() > before {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ended).await.unwrap();
}

#[tokio::test]
async fn faults_of_bodies_and_connections_are_seen_over_http_2() {
    let server = DevServer::builder().tls().start().await.unwrap();
    server.faults().add(Fault::truncate(1).times(1)).unwrap();
    let mut sender = http2(&server).await;
    let body = sender.send_request(live()).await.unwrap().into_body();
    assert!(body.collect().await.is_err());
    assert_eq!(sender.send_request(live()).await.unwrap().status(), 200, "only the stream was reset");
    server.faults().add(Fault::reset().times(1)).unwrap();
    assert!(sender.send_request(live()).await.is_err());
    assert!(sender.send_request(live()).await.is_err(), "the connection is gone");
    assert_eq!(http2(&server).await.send_request(live()).await.unwrap().status(), 200);
}
