//! The layer that records answers: against the dev server, and against answers that are hard to record.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use edgequake_client::record::RecordLayer;
use edgequake_client::types::api_keys::CreateApiKey;
use edgequake_client::types::documents::{ListDocuments, UploadText};
use edgequake_client::types::query::StreamQuery;
use edgequake_client::types::session::Role;
use edgequake_client::{Client, ClientBuilder};
use edgequake_devserver::DevServer;
use futures_util::StreamExt;

use crate::dev::{answer, order, ordering, page};

/// A folder that is not there yet, a layer for it, and a client with it.
fn recording(url: impl AsRef<str>) -> (tempfile::TempDir, RecordLayer, ClientBuilder) {
    let directory = tempfile::tempdir().unwrap();
    let record = RecordLayer::new(directory.path().join("samples"));
    let builder = Client::builder().base_url(url.as_ref()).attempt_layer(record.clone());
    (directory, record, builder)
}

/// All files by name.
fn files(directory: &tempfile::TempDir) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory.path().join("samples")).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        files.insert(name, fs::read_to_string(&path).unwrap());
    }
    files
}

fn names(directory: &tempfile::TempDir) -> Vec<String> {
    files(directory).into_keys().collect()
}

#[tokio::test]
async fn a_session_is_recorded_without_any_of_its_secrets() {
    let server = DevServer::builder()
        .user("mona", "mona@corp.test", "s3cr3t-password", Role::User)
        .start()
        .await
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let record = RecordLayer::new(directory.path().join("samples")).requests(true);
    let client = Client::builder().base_url(server.url()).attempt_layer(record.clone()).build().unwrap();
    let session = client.login("mona", "s3cr3t-password").await.unwrap();
    let key =
        session.api_keys().create(CreateApiKey::new().name("ci").scopes(["*".to_owned()])).await.unwrap();
    let with_key = Client::builder().base_url(server.url()).api_key(key.api_key.clone());
    let with_key = with_key.attempt_layer(record.clone()).build().unwrap();
    let echo = UploadText::new(format!("{} and s3cr3t-password", key.api_key.expose())).title("Bridges");
    let uploaded = with_key.documents().upload_text(echo).await.unwrap();
    with_key.documents().get(uploaded.document_id.unwrap()).await.unwrap();
    session.documents().list(ListDocuments::new()).await.unwrap();
    assert!(session.documents().get("none").await.is_err());
    let _ = session.logout().await.unwrap();

    let stats = record.flush().await;
    assert_eq!(stats.failed, 0);
    let files = files(&directory);
    assert_eq!(files.len() as u64, stats.written + 1, "{files:?}");
    for name in [
        "post-auth-login-200-1.json",
        "post-auth-login-request-1.json",
        "post-api-keys-201-1.json",
        "post-documents-request-1.json",
        "get-documents-document_id-404-1.json",
        "post-auth-logout-204-1.txt",
    ] {
        assert!(files.contains_key(name), "{name} in {:?}", files.keys());
    }
    // The request of an upload that has the key in its text was sent with that key.
    assert_eq!(files["post-documents-request-1.json"].matches("[redacted]").count(), 2);
    for (name, text) in &files {
        for secret in ["s3cr3t", key.api_key.expose(), "eyJ"] {
            assert!(!text.contains(secret), "{secret} in {name}: {text}");
        }
    }
    assert!(files["post-auth-login-200-1.json"].contains("\"username\": \"mona\""));
    assert!(files["manifest.tsv"].contains(
        "get-documents-document_id-404-1.json\tGET /api/v1/documents/{document_id}\trecorded\t404\n"
    ));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let folder = directory.path().join("samples");
        assert_eq!((mode(&folder), mode(&folder.join("manifest.tsv"))), (0o700, 0o600));
    }
}

#[tokio::test]
async fn a_credential_that_an_answer_repeats_is_taken_out() {
    let server = ordering([
        answer(200, r#"{"status":"healthy","version":"k3y-in-header","x":["k3y-in-header!"]}"#).times(1),
        page(400, "text/plain", "not with this key: k3y-in-header").times(1),
    ])
    .await;
    let (directory, record, builder) = recording(server.url());
    let client = builder.api_key("k3y-in-header").build().unwrap();
    client.health().get().await.unwrap();
    assert!(client.documents().list(ListDocuments::new()).await.is_err());
    assert_eq!(record.flush().await.written, 2);
    for (name, text) in files(&directory) {
        assert!(!text.contains("k3y"), "{name}: {text}");
    }
}

#[tokio::test]
async fn streams_are_recorded_up_to_where_they_are_read() {
    let server = DevServer::builder().auth(false).start().await.unwrap();
    let (directory, record, builder) = recording(server.url());
    let client = builder.build().unwrap();
    let ask = || client.query().stream(StreamQuery::new("When was the bridge built?"));
    let whole: Vec<_> = ask().await.unwrap().collect().await;
    assert!(whole.iter().all(Result::is_ok) && whole.len() > 2);
    let mut given_up = ask().await.unwrap();
    given_up.next().await.unwrap().unwrap();
    drop(given_up);
    let stats = record.flush().await;
    assert_eq!((stats.written, stats.skipped, stats.failed), (2, 0, 0));
    let files = files(&directory);
    let (first, second) = (&files["post-query-stream-200-1.sse"], &files["post-query-stream-200-2.sse"]);
    assert_eq!(first.matches("data: ").count(), whole.len());
    assert!(
        second.contains("data: ") && second.ends_with("\n\n") && first.starts_with(second.as_str()),
        "{second}"
    );
    assert!(files["manifest.tsv"].contains("given up before its end"));
}

#[tokio::test]
async fn what_is_too_long_too_much_or_no_text_is_skipped() {
    let long = format!(r#"{{"status":"healthy","version":"{}"}}"#, "v".repeat(2000));
    let server = ordering([
        answer(200, &long).times(1),
        answer(200, r#"{"status":"healthy","version":"1"}"#).times(1),
        answer(200, r#"{"status":"healthy","version":"2"}"#).times(1),
        answer(200, r#"{"status":"healthy","version":"3"}"#).times(1),
        page(500, "application/json", r#"{"password":"s3cr3t"#).times(1),
        page(500, "application/octet-stream", "\u{0}\u{1}").times(1),
    ])
    .await;
    let directory = tempfile::tempdir().unwrap();
    let record = RecordLayer::new(directory.path().join("samples")).body_limit(1000).per_operation(2);
    let client = Client::builder().base_url(server.url()).attempt_layer(record.clone()).build().unwrap();
    for _ in 0..4 {
        client.health().get().await.unwrap();
    }
    for _ in 0..2 {
        client
            .send(edgequake_client::types::session::Me::new())
            .retry(edgequake_client::types::Retry::Never)
            .await
            .unwrap_err();
    }
    let stats = record.flush().await;
    assert_eq!((stats.written, stats.skipped, stats.failed), (2, 4, 0));
    assert_eq!(names(&directory), ["get-health-200-1.json", "get-health-200-2.json", "manifest.tsv"]);

    // A folder that is full takes nothing more, and another layer goes on where one ended.
    let folder = directory.path().join("samples");
    for (limit, written) in [(10, 0), (1000, 1)] {
        order(&server, answer(200, r#"{"status":"healthy","version":"4"}"#).times(1));
        let again = RecordLayer::new(&folder).folder_limit(limit);
        let client = Client::builder().base_url(server.url()).attempt_layer(again.clone()).build().unwrap();
        client.health().get().await.unwrap();
        assert_eq!(again.flush().await.written, written);
    }
    assert!(folder.join("get-health-200-3.json").exists());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_fails_no_call() {
    let server = DevServer::builder().auth(false).start().await.unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let record = RecordLayer::new(file.path().join("samples"));
    let client = Client::builder().base_url(server.url()).attempt_layer(record.clone()).build().unwrap();
    for _ in 0..3 {
        client.health().get().await.unwrap();
    }
    let stats = record.flush().await;
    assert_eq!((stats.written, stats.failed), (0, 3));
    assert!(format!("{record:?}").contains("failed: 3"), "{record:?}");
}

/// Whoever never records anything has no thread, and nothing waits for one that is gone.
#[tokio::test]
async fn flush_without_samples_is_at_once() {
    let record = RecordLayer::new("nowhere");
    assert_eq!(record.flush().await, record.stats());
    assert!(!Path::new("nowhere").exists());
}

/// It stands in any stack: bodies of requests and answers are whatever they are there.
#[tokio::test]
async fn in_a_stack_of_ones_own() {
    use bytes::Bytes;
    use http::{Request, Response};
    use http_body_util::{BodyExt, Full};
    use tower::{ServiceBuilder, ServiceExt, service_fn};

    let directory = tempfile::tempdir().unwrap();
    let record = RecordLayer::new(directory.path().join("samples")).requests(true);
    let below = service_fn(async |_: Request<Full<Bytes>>| {
        let body = Full::new(Bytes::from_static(br#"{"access_token":"s3cr3t-a","note":"for s3cr3t-p"}"#));
        let answer = Response::builder().header("content-type", "application/json");
        answer.header("set-cookie", "eq_refresh=s3cr3t-c; Path=/api/v1/auth").body(body)
    });
    let stack = ServiceBuilder::new().layer(record.clone()).service(below);
    for (content_type, body) in [
        ("application/json", r#"{"username":"mona","password":"s3cr3t-p"}"#),
        ("application/x-www-form-urlencoded", "username=mona&password=s3cr3t-p"),
    ] {
        let request =
            Request::post("http://eq.test/prefix/api/v1/auth/login").header("content-type", content_type);
        let request =
            request.header("cookie", "a=1; eq_refresh=\"s3cr3t-old\"").body(Full::from(body)).unwrap();
        stack.clone().oneshot(request).await.unwrap().into_body().collect().await.unwrap();
    }
    let stats = record.flush().await;
    assert_eq!((stats.written, stats.skipped), (4, 0));
    let files = files(&directory);
    assert_eq!(files["post-auth-login-request-2.form"], "username=mona&password=%5Bredacted%5D");
    assert!(files["post-auth-login-200-1.json"].contains("for [redacted]"));
    assert!(files.values().all(|text| !text.contains("s3cr3t")), "{files:?}");
}
