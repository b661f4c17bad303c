//! How errors read: one line that says what is wrong and what to do, and causes that do not say it again.

use std::io;

use edgequake_auth::{CredentialsErrorKind, FileStore};
use edgequake_client::{Client, Error, ErrorKind, FileUploadError, RetryConfig};

use crate::dev;
use crate::errors::chain;

/// The URL of a port that nobody listens on.
fn dead() -> String {
    format!("http://{}", std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap())
}

async fn me(client: Client) -> Error {
    client.auth().me().await.unwrap_err()
}

#[tokio::test]
async fn a_login_that_fails_for_the_network_or_the_server_is_told_as_a_call() {
    let url = dead();
    let client = Client::builder().base_url(url.as_str()).login("mona", "pw").retry(RetryConfig::none());
    let error = me(client.build().unwrap()).await;
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.is_retryable());
    assert_eq!(error.credentials().unwrap().kind(), CredentialsErrorKind::Unavailable);
    let mut texts = vec![error.to_string().replace(&url, "[origin]")];
    for (status, kind) in [
        (429, ErrorKind::RateLimited),
        (500, ErrorKind::Server),
        (503, ErrorKind::Unavailable),
        (408, ErrorKind::Status),
    ] {
        let server = dev::ordering([dev::answer(status, "{}").retry_after("7")]).await;
        let client = dev::builder(&server).login("mona", "pw").retry(RetryConfig::none());
        let error = me(client.build().unwrap()).await;
        assert_eq!((error.kind(), error.status().unwrap().as_u16()), (kind, status));
        assert!(error.is_retryable() && error.retry_after().unwrap().as_secs() == 7, "{error:?}");
        texts.push(error.to_string());
    }
    insta::assert_snapshot!(texts.join("\n"), @"
    /api/v1/auth/me: the login could not be sent to [origin]; nothing listens there: is the server running?
    /api/v1/auth/me: the server limits the rate of login requests; wait, then try again (429 Too Many Requests); retry after 7 s
    /api/v1/auth/me: the server could not answer the login (500 Internal Server Error); retry after 7 s
    /api/v1/auth/me: the server could not answer the login (503 Service Unavailable); retry after 7 s
    /api/v1/auth/me: the server could not answer the login (408 Request Timeout); retry after 7 s
    ");
}

#[tokio::test]
async fn a_login_at_a_web_server_says_to_check_the_base_url() {
    let mut texts = Vec::new();
    for status in [200, 404, 405, 502] {
        let page = dev::page(status, "text/html; charset=utf-8", "<html><title>Welcome</title></html>");
        let server = dev::ordering([page]).await;
        let error = dev::builder(&server).build().unwrap().login("mona", "pw").await.unwrap_err();
        texts.push(error.to_string().replace(server.url(), "[origin]"));
    }
    insta::assert_snapshot!(texts.join("\n"), @"
    /api/v1/auth/login: [origin] answered the login with 200 OK, text/html; charset=utf-8 (\"Welcome\"), which is not a login answer: check the base URL and any proxy in front of the server
    /api/v1/auth/login: the server answered the login with 404 Not Found, with a web page, perhaps from a proxy: check the base URL (Welcome)
    /api/v1/auth/login: the server answered the login with 405 Method Not Allowed, with a web page, perhaps from a proxy: check the base URL (Welcome)
    /api/v1/auth/login: the server could not answer the login (502 Bad Gateway), with a web page, perhaps from a proxy: check the base URL (Welcome)
    ");
}

#[tokio::test]
async fn a_wrong_password_is_not_taken_for_a_missing_credential() {
    let refused = dev::answer(401, r#"{"code":"UNAUTHORIZED","message":"Invalid credentials"}"#);
    let server = dev::ordering([refused]).await;
    let client = dev::client(&server);
    let login = client.auth().login("mona", "pw").await.unwrap_err();
    let refresh = client.auth().refresh("r").await.unwrap_err();
    insta::assert_snapshot!(format!("{login}\n{refresh}"), @"
    /api/v1/auth/login: 401 Unauthorized: Invalid credentials [UNAUTHORIZED]; request r-1
    /api/v1/auth/refresh: 401 Unauthorized: Invalid credentials [UNAUTHORIZED]; request r-1
    ");
}

#[tokio::test]
async fn a_file_or_store_that_cannot_be_used_is_told_with_its_cause() {
    let client = Client::builder().base_url(dead()).build().unwrap();
    let error = client.documents().upload_file("no/such/report.md").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert!(error.find::<FileUploadError>().is_some());
    assert_eq!(error.find::<io::Error>().unwrap().kind(), io::ErrorKind::NotFound);
    insta::assert_snapshot!(chain(&error), @"/api/v1/documents/upload: the request cannot be written: cannot read no/such/report.md: No such file or directory (os error 2)");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").unwrap();
    let client = Client::builder().base_url(dead()).token_store(FileStore::new(file.join("logins")));
    let error = me(client.stored_login("mona").build().unwrap()).await;
    assert_eq!(error.kind(), ErrorKind::Credentials);
    let text = chain(&error).replace(&folder.path().display().to_string(), "[folder]");
    let (begin, rest) = text.split_once("logins/").unwrap();
    let (_, end) = rest.split_once(": ").unwrap();
    insta::assert_snapshot!(format!("{begin}logins/[login]: {end}"), @"/api/v1/auth/me: the stored login cannot be used: cannot read the token folder [folder]/file/logins/[login]: not a directory; something on the way is no folder: choose another one");
}

#[tokio::test]
async fn what_main_prints_of_an_error_is_its_line_and_its_causes() {
    let url = dead();
    let client = Client::builder().base_url(url.as_str()).retry(RetryConfig::none()).build().unwrap();
    let error = me(client).await;
    insta::assert_snapshot!(format!("{error:?}").replace(&url, "[origin]"), @"
    /api/v1/auth/me: no connection could be made to [origin]; nothing listens there: is the server running?

    Caused by:
        Connection refused (os error 111)
    ");
    assert!(format!("{error:#?}").starts_with("Error {\n    kind: Connect,\n"), "{error:#?}");
    insta::assert_snapshot!(format!("{:?}", edgequake_auth::StaticKey::new("").unwrap_err()), @"the API key is empty; give a key, or leave it out");
}

#[tokio::test]
async fn a_client_shows_where_it_goes_and_whose_session_it_has() {
    let client =
        Client::builder().base_url("http://localhost:8080/eq").login("mona", "pw").workspace_id("default");
    insta::assert_snapshot!(format!("{:?}", client.build().unwrap()), @r#"Client { base_url: http://localhost:8080/eq, scope: {"x-workspace-id": "default"}, credentials: Jwt { server: http://localhost:8080/eq, user: Some("mona"), phase: Idle, .. }, .. }"#);
}
