//! Base URLs, paths and queries, as the server sees them.

use std::time::Duration;

use edgequake_auth::{AuthContext, Authorization, CredentialsError};
use edgequake_client::types::documents::{GetDocument, ListDocuments};
use edgequake_client::{Client, ErrorKind};

use crate::server::{Act, Server, json};

async fn documents() -> Server {
    Server::start(|_, _| Act::Send(json(200, r#"{"documents":[],"id":"d","status":"completed"}"#))).await
}

#[tokio::test]
async fn a_prefix_stays_and_slashes_are_single() {
    for (suffix, line) in [
        ("/eq", "GET /eq/api/v1/documents"),
        ("/eq/", "GET /eq/api/v1/documents"),
        ("/", "GET /api/v1/documents"),
        ("//", "GET /api/v1/documents"),
        ("/eq//", "GET /eq/api/v1/documents"),
    ] {
        let server = documents().await;
        let client = Client::builder().base_url(format!("{}{suffix}", server.url)).build().unwrap();
        client.documents().list(ListDocuments::new()).await.unwrap();
        assert_eq!(server.only().line(), line);
    }
}

#[tokio::test]
async fn an_id_is_one_segment_whatever_is_in_it() {
    let server = documents().await;
    for id in ["a/b?c#d%41 e+f", "Nguyễn Văn", "東京/大阪", "C# & R&D"] {
        server.client().send(GetDocument::new(id)).await.unwrap();
    }
    insta::assert_snapshot!(server.lines().join("\n"), @"
    GET /api/v1/documents/a%2Fb%3Fc%23d%2541%20e+f
    GET /api/v1/documents/Nguy%E1%BB%85n%20V%C4%83n
    GET /api/v1/documents/%E6%9D%B1%E4%BA%AC%2F%E5%A4%A7%E9%98%AA
    GET /api/v1/documents/C%23%20&%20R&D
    ");
    let error = server.client().send(GetDocument::new("..")).await.unwrap_err();
    insta::assert_snapshot!(crate::errors::chain(&error), @"
    /api/v1/documents/{document_id}: the request cannot be written: the path parameter `document_id` must not be blank, `.` or `..`: no encoding keeps such a segment in a URL
    ");
    assert_eq!(server.received().len(), 4);
}

#[tokio::test]
async fn an_ipv6_address_connects_with_brackets_in_the_host_header() {
    let server = Server::start_on("[::1]:0", |_, _| Act::Send(json(200, r#"{"documents":[]}"#))).await;
    server.client().documents().list(ListDocuments::new()).await.unwrap();
    assert!(server.only().header("host").unwrap().starts_with("[::1]:"));
}

#[tokio::test]
async fn localhost_connects_whichever_family_listens() {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let server = Server::start_on(address, |_, _| Act::Send(json(200, r#"{"documents":[]}"#))).await;
        let port = server.url.rsplit(':').next().unwrap();
        let client = Client::builder().base_url(format!("http://localhost:{port}")).build().unwrap();
        let listed = client.documents().list(ListDocuments::new()).timeout(Duration::from_secs(1)).await;
        assert!(listed.is_ok(), "{address}: {listed:?}");
    }
}

#[tokio::test]
async fn plain_http_to_another_machine_is_refused_before_a_credential_is_asked_for() {
    let login =
        Client::builder().base_url("http://eq.example.com").login("mona", "s3cr3t-p").build().unwrap_err();
    insta::assert_snapshot!(crate::errors::chain(&login), @"
    the client is misconfigured: http://eq.example.com would get the password over plain http: use https, or set allow_http(true) (EDGEQUAKE_ALLOW_HTTP=true) if the network is trusted
    ");

    #[derive(Debug)]
    struct Unasked;

    impl edgequake_auth::Credentials for Unasked {
        async fn authorize(&self, _: &AuthContext) -> Result<Authorization, CredentialsError> {
            panic!("asked for a credential");
        }
    }

    let client = Client::builder().base_url("http://eq.example.com").credentials(Unasked).build().unwrap();
    let error = client.documents().list(ListDocuments::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Insecure);
    insta::assert_snapshot!(crate::errors::chain(&error), @"
    /api/v1/documents: refused to send credentials to http://eq.example.com over plain http, where anyone on the network can read them: use https, or set allow_http(true) (EDGEQUAKE_ALLOW_HTTP=true) if the network is trusted
    ");
}
