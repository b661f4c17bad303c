//! The way to Redis over TLS.

use edgequake_auth::store::contract;
use edgequake_auth::{StoreErrorKind, Swap, TokenStore as _};
use edgequake_redis::RedisStore;

use crate::certificates::Authority;
use crate::server::{Server, login, mona, run};

#[tokio::test]
#[ignore = "needs Redis: cargo xtask redis"]
async fn tls_with_certificates_on_both_sides() {
    let authority = Authority::new();
    let (folder, (certificate, key)) = (tempfile::tempdir().unwrap(), authority.issue("localhost"));
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("ca"), authority.pem()).unwrap();
    std::fs::write(path("cert"), certificate).unwrap();
    std::fs::write(path("key"), key).unwrap();
    // Redis names no port that it chose itself; one that was free a moment ago will do.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (port, files) = (port.to_string(), [path("ca"), path("cert"), path("key")]);
    let [ca, certificate, key] = files.each_ref().map(String::as_str);
    let options = [
        "--tls-port",
        &port,
        "--tls-ca-cert-file",
        ca,
        "--tls-cert-file",
        certificate,
        "--tls-key-file",
        key,
    ];
    let server = Server::start(&options).await;

    let url = format!("rediss://localhost:{port}");
    let builder = || RedisStore::builder(&url).root_certificates(authority.pem());
    let (certificate, key) = authority.issue("client");
    contract::check(|| builder().client_certificate(certificate.clone(), key.clone()).build().unwrap()).await;
    // Without its certificate a client is refused, and so is a server that nobody vouches for.
    for store in [builder(), RedisStore::builder(&url), RedisStore::builder(format!("{url}/#insecure"))] {
        let error = store.build().unwrap().read(&mona()).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
    }
    assert!(run::<String>(&server.url(), &["PING"]).await.is_ok());
    assert!(matches!(
        server.store().compare_and_set(&mona(), None, &login("a1")).await.unwrap(),
        Swap::Done(_)
    ));
}

#[test]
fn certificates_that_cannot_be_used_are_told_at_once() {
    let authority = Authority::new();
    let ((one, key), (_, other)) = (authority.issue("one"), authority.issue("other"));
    let builder = || RedisStore::builder("rediss://h");
    let mut table = String::new();
    for builder in [
        builder().root_certificates("s3cr3t"),
        builder().root_certificates("-----BEGIN CERTIFICATE-----\ns3cr3t\n-----END CERTIFICATE-----\n"),
        builder().client_certificate("s3cr3t", key.clone()),
        builder().client_certificate(one.clone(), "s3cr3t"),
        builder().client_certificate(one.clone(), other),
    ] {
        let error = builder.build().unwrap_err();
        assert!(!format!("{error:?}").contains("s3cr3t"));
        table += &format!("{error}\n");
    }
    builder().root_certificates(authority.pem()).client_certificate(one, key).build().unwrap();
    insta::assert_snapshot!(table, @r"
    the root certificates for Redis must be PEM text with BEGIN CERTIFICATE
    the root certificates for Redis must be PEM text with BEGIN CERTIFICATE
    the client certificate for Redis must be a chain of certificates and the private key of the first one, as PEM texts
    the client certificate for Redis must be a chain of certificates and the private key of the first one, as PEM texts
    the client certificate for Redis must be a chain of certificates and the private key of the first one, as PEM texts
    ");
}

/// The peer need not be a Redis: it only has to be asked for a handshake.
#[tokio::test]
async fn what_the_process_has_installed_stays_as_it_is() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let peer = tokio::spawn(async move {
        use tokio::io::AsyncReadExt as _;
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0; 3];
        stream.read_exact(&mut hello).await.unwrap();
        hello
    });
    let store = RedisStore::builder(format!("rediss://127.0.0.1:{port}"))
        .root_certificates(Authority::new().pem())
        .build()
        .unwrap();
    store.read(&mona()).await.unwrap_err();
    assert_eq!(peer.await.unwrap()[0], 0x16, "a handshake has begun");
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}
