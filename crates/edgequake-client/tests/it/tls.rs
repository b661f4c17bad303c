//! TLS on loopback: who is trusted, and what is said about a certificate that is not. The certificates are those of the test, which the
//! dev server does not take.

use std::process::Stdio;

use edgequake_client::layers::retry::RetryConfig;
use edgequake_client::transport::{Certificate, HttpTransport, HttpTransportBuilder, Proxies};
use edgequake_client::types::Retry;
use edgequake_client::types::documents::{ListDocuments, UploadText};
use edgequake_client::{Client, Error, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::server::{Server, json};
use crate::tls_server::{Authority, Identity, TlsFront};

async fn documents() -> Server {
    Server::answers([json(200, r#"{"documents":[],"document_id":"d","status":"pending"}"#)]).await
}

fn client(url: &str, transport: HttpTransportBuilder) -> Client {
    Client::builder().base_url(url).api_key("k1").transport(transport).build().unwrap()
}

async fn list(url: &str, transport: HttpTransportBuilder) -> Result<(), Error> {
    client(url, transport).documents().list(ListDocuments::new()).await.map(drop)
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_once_it_is_added() {
    let (server, authority) = (documents().await, Authority::new());
    let front = TlsFront::start(authority.issue(&["localhost"]), &server.url).await;
    let client = client(&front.url(), authority.trusted());
    client.documents().list(ListDocuments::new()).await.unwrap();
    client.documents().upload_text(UploadText::new("x")).await.unwrap();
    assert_eq!(server.received()[0].header("host").unwrap(), format!("localhost:{}", front.port));
    assert_eq!(server.received()[0].header("authorization"), Some("Bearer k1"));
    assert_eq!(front.connections(), 1, "the connection is kept");
}

/// The error of a call to a server with this certificate, after one attempt.
async fn refused(identity: Identity, trusted: &Authority) -> String {
    let server = documents().await;
    let front = TlsFront::start(identity, &server.url).await;
    let client = client(&front.url(), trusted.trusted());
    let error = client.documents().list(ListDocuments::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
    assert!(!error.is_retryable(), "{error:?}");
    assert_eq!((error.attempts(), front.connections()), (1, 1), "{error:?}");
    assert!(server.received().is_empty());
    error.to_string().replace(&front.url(), "[server]")
}

#[tokio::test]
async fn each_certificate_that_is_refused_says_why() {
    let authority = Authority::new();
    let date = rcgen::date_time_ymd;
    let mut texts = Vec::new();
    for (name, identity) in [
        ("another host", authority.issue(&["eq.test"])),
        ("expired", authority.issue_with(&["localhost"], |params| params.not_after = date(2020, 1, 1))),
        ("not yet", authority.issue_with(&["localhost"], |params| params.not_before = date(2090, 1, 1))),
        ("another authority", Authority::new().issue(&["localhost"])),
        ("self-signed", Identity::self_signed(&["localhost"])),
    ] {
        texts.push(format!("{name}: {}", refused(identity, &authority).await));
    }
    insta::assert_snapshot!(texts.join("\n"), @"
    another host: /api/v1/documents: no connection could be made to [server]; the server's certificate was refused: it is for another host than that of the base URL
    expired: /api/v1/documents: no connection could be made to [server]; the server's certificate was refused: it has expired, or this machine's clock is wrong
    not yet: /api/v1/documents: no connection could be made to [server]; the server's certificate was refused: it is not valid yet, or this machine's clock is wrong
    another authority: /api/v1/documents: no connection could be made to [server]; the server's certificate was refused: its issuer is unknown; if that is your own authority, give its certificate to the transport, or name its file in SSL_CERT_FILE
    self-signed: /api/v1/documents: no connection could be made to [server]; the server's certificate was refused: its issuer is unknown; if that is your own authority, give its certificate to the transport, or name its file in SSL_CERT_FILE
    ");
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_told_apart_from_a_bad_certificate() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let answering = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    };
    let transport = Authority::new().trusted();
    let client =
        Client::builder().base_url(&url).retry(RetryConfig::none()).transport(transport).build().unwrap();
    let (error, ()) = tokio::join!(client.documents().list(ListDocuments::new()).into_future(), answering);
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    let text = error.to_string().replace(&url, "[server]");
    insta::assert_snapshot!(text, @"/api/v1/documents: no connection could be made to [server]; the server answered without TLS: is the scheme of the base URL right?");
}

/// In the environment of a child process, where it listens.
const CHILD: &str = "EDGEQUAKE_TEST_TLS_URL";

#[tokio::test]
async fn the_file_of_the_environment_and_the_authority_of_the_builder_are_both_trusted() {
    let added = std::env::var("EDGEQUAKE_TEST_TLS_ADDED").ok();
    if let Ok(url) = std::env::var(CHILD) {
        // This process is the child below: its variables are read as any process reads its own.
        let mut transport = HttpTransport::builder().proxies(Proxies::none());
        if let Some(pem) = added {
            let pem = std::fs::read(pem).unwrap();
            transport =
                transport.certificate(edgequake_client::transport::Certificate::from_pem(&pem).unwrap());
        }
        list(&url, transport).await.unwrap();
        return;
    }

    let (server, file, added) = (documents().await, Authority::new(), Authority::new());
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, authority: &Authority| {
        let path = folder.path().join(name);
        std::fs::write(&path, authority.pem()).unwrap();
        path
    };
    let (file_path, added_path) = (path("file.pem", &file), path("added.pem", &added));
    let first = TlsFront::start(file.issue(&["localhost"]), &server.url).await;
    let second = TlsFront::start(added.issue(&["localhost"]), &server.url).await;
    let child = async |url: String, with_added: bool| {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args([
            "--exact",
            "tls::the_file_of_the_environment_and_the_authority_of_the_builder_are_both_trusted",
        ]);
        command.env(CHILD, url).env("SSL_CERT_FILE", &file_path).env_remove("SSL_CERT_DIR");
        if with_added {
            command.env("EDGEQUAKE_TEST_TLS_ADDED", &added_path);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("running 1 test"), "{text}");
        (output.status.success(), text + &String::from_utf8_lossy(&output.stderr))
    };
    for (front, with_added, trusted) in
        [(&first, false, true), (&first, true, true), (&second, true, true), (&second, false, false)]
    {
        let (success, text) = child(front.url(), with_added).await;
        assert_eq!(success, trusted, "{text}");
        assert_eq!(text.contains("its issuer is unknown"), !trusted, "{text}");
    }
    assert_eq!(server.received().len(), 3);
}

#[test]
fn the_trust_store_is_read_once_for_all_clients_of_a_process_and_again_where_it_could_not_be() {
    const CHILD: &str = "EDGEQUAKE_TEST_TLS_READ_ONCE";
    let build = |certificate: Option<Certificate>| {
        let transport = HttpTransport::builder().proxies(Proxies::none());
        let transport = certificate.into_iter().fold(transport, |transport, one| transport.certificate(one));
        Client::builder().base_url("https://eq.test").transport(transport).build().is_ok()
    };
    let authority = || rcgen::generate_simple_self_signed(["eq.test".to_owned()]).unwrap().cert.pem();
    if let Ok(file) = std::env::var(CHILD) {
        // This process is the child below, whose trust store comes and goes.
        let added = || Some(Certificate::from_pem(authority().as_bytes()).unwrap());
        let before = build(None);
        std::fs::write(&file, authority()).unwrap();
        let there = build(None);
        std::fs::write(&file, "").unwrap();
        println!("<{before} {there} {} {}>", build(None), build(added()));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.pem");
    std::fs::write(&file, "").unwrap();
    let name =
        "tls::the_trust_store_is_read_once_for_all_clients_of_a_process_and_again_where_it_could_not_be";
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", name, "--nocapture"]);
    command.env(CHILD, &file).env("SSL_CERT_FILE", &file).env_remove("SSL_CERT_DIR");
    let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
    // On systems that tell whom to trust for each server, there is nothing to read.
    let expected = if cfg!(any(target_os = "macos", windows)) { "<true " } else { "<false true true true>" };
    assert!(text.contains(expected), "{text}");
}

#[tokio::test]
async fn a_proxy_that_no_request_needs_takes_no_trust_store() {
    const CHILD: &str = "EDGEQUAKE_TEST_TLS_NO_STORE";
    if let Ok(url) = std::env::var(CHILD) {
        // This process is the child below, on a machine without a trust store.
        let client = Client::builder().base_url(&url).allow_http(true).build().unwrap();
        let error = client.documents().list(ListDocuments::new()).retry(Retry::Never).await.unwrap_err();
        println!("<{error}>");
        return;
    }

    let folder = tempfile::tempdir().unwrap();
    let none = folder.path().join("none.pem");
    std::fs::write(&none, "").unwrap();
    let shown = async |url: &str, variables: &[(&str, &str)]| {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "tls::a_proxy_that_no_request_needs_takes_no_trust_store", "--nocapture"]);
        for name in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"] {
            command.env_remove(name).env_remove(name.to_lowercase());
        }
        command.env(CHILD, url).env("SSL_CERT_FILE", &none).env_remove("SSL_CERT_DIR");
        command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let told = text.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
        told.map(|(told, _)| told.to_owned()).unwrap_or_else(|| panic!("{text}"))
    };
    let secure = "https://p.test:1";
    let texts = [
        shown("http://127.0.0.1:1", &[("HTTPS_PROXY", secure)]).await,
        shown("http://127.0.0.1:1", &[("HTTP_PROXY", secure), ("NO_PROXY", "*")]).await,
        shown("http://eq.test", &[("HTTP_PROXY", secure)]).await,
    ];
    insta::assert_snapshot!(texts.join("\n"), @"
    /api/v1/documents: no connection could be made to http://127.0.0.1:1; nothing listens there: is the server running?
    /api/v1/documents: no connection could be made to http://127.0.0.1:1; nothing listens there: is the server running?
    /api/v1/documents: no connection could be made to http://eq.test: the proxy https://p.test:1 cannot be reached; the trust store cannot be set up: install the platform's CA certificates or name a file in SSL_CERT_FILE
    ");
}
