//! What `tracing_subscriber::fmt::init()` shows of a client's work, with and without `RUST_LOG=edgequake=debug`.
//!
//! A program of its own: whether an event is looked at is remembered for the whole process, and other tests log nowhere.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "support/log.rs"]
mod log;

use edgequake_client::Client;
use edgequake_client::types::documents::ListDocuments;
use edgequake_devserver::{DevServer, Role};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;

use log::Log;

/// What is warned of while a login cannot be stored.
#[cfg(target_os = "linux")]
async fn without_a_place_to_store(path: &std::path::Path) -> Vec<String> {
    let log = Log::default();
    let output = tracing_subscriber::fmt::layer().with_ansi(false).without_time().with_writer(log.clone());
    let filter: Targets = "edgequake_auth=warn".parse().unwrap();
    let subscriber = tracing_subscriber::registry().with(output).with(filter);
    let _guard = tracing::subscriber::set_default(subscriber);

    let server = DevServer::builder().user("mona", "mona@corp.test", "s3cr3t", Role::User).start().await;
    let server = server.unwrap();
    let store = edgequake_auth::FileStore::new(path);
    let client = Client::builder().base_url(server.url()).token_store(store).login("mona", "s3cr3t");
    let client = client.build().unwrap();
    client.documents().list(ListDocuments::new()).await.unwrap();
    for _ in 0..3 {
        server.expire_access_tokens();
        client.documents().list(ListDocuments::new()).await.unwrap();
    }
    let text = log.take();
    text.lines().map(str::to_owned).collect()
}

/// A login, a call, a call with a refresh, and one that fails, as logged with this filter.
async fn session(filter: &str) -> String {
    let log = Log::default();
    let output = tracing_subscriber::fmt::layer().with_ansi(false).without_time().with_writer(log.clone());
    let subscriber = tracing_subscriber::registry().with(output).with(filter.parse::<Targets>().unwrap());
    let _guard = tracing::subscriber::set_default(subscriber);

    let server = DevServer::builder().user("mona", "mona@corp.test", "s3cr3t", Role::User).start().await;
    let server = server.unwrap();
    let visitor = Client::builder().base_url(server.url()).build().unwrap();
    let client = visitor.login("mona", "s3cr3t").await.unwrap();
    client.documents().list(ListDocuments::new()).await.unwrap();
    server.expire_access_tokens();
    client.documents().list(ListDocuments::new()).await.unwrap();
    client.documents().get("no-such-document").await.unwrap_err();
    assert_eq!(server.stats().refreshes, 1);

    let text = log.take();
    let masked = |word: &str| if word.starts_with("took=") { "took=[time]" } else { word }.to_owned();
    let lines = text.lines().map(|line| line.split(' ').map(masked).collect::<Vec<_>>().join(" ") + "\n");
    lines.collect::<String>().replace(server.url(), "[server]")
}

#[tokio::test]
async fn info_is_silent_while_all_is_well_and_debug_tells_logins_refreshes_and_calls_and_a_broken_store_is_told_once()
 {
    assert_eq!(session("info").await, "");
    insta::assert_snapshot!(session("info,edgequake=debug,edgequake_client::transport=info").await, @r#"
    DEBUG edgequake_client::client::builder::source: credential chosen source="none"
    DEBUG edgequake_auth::jwt::login: login begun cause="asked" server=[server]
    DEBUG attempt{status=200}: edgequake_client::layers::trace: answered
    DEBUG edgequake_auth::jwt::login: logged in cause="asked" took=[time] server=[server]
    DEBUG edgequake{method=GET operation="/api/v1/documents"}:attempt{status=200}: edgequake_client::layers::trace: answered
    DEBUG edgequake{method=GET operation="/api/v1/documents" status=200 bytes=199}: edgequake_client::layers::trace: read
    DEBUG edgequake{method=GET operation="/api/v1/documents"}:attempt{status=401}: edgequake_client::layers::trace: answered
    DEBUG edgequake{method=GET operation="/api/v1/documents"}: edgequake_client::layers::unauthorized: credential refused, asking for another one used=Generation(5)
    DEBUG edgequake_auth::jwt::refresh: access token wanted cause="refused" server=[server]
    DEBUG attempt{status=200}: edgequake_client::layers::trace: answered
    DEBUG edgequake_auth::jwt::refresh: access token refreshed cause="refused" lifetime_s=86400.0 took=[time] server=[server]
    DEBUG edgequake{method=GET operation="/api/v1/documents"}:attempt{status=200}: edgequake_client::layers::trace: answered
    DEBUG edgequake{method=GET operation="/api/v1/documents" status=200 bytes=199}: edgequake_client::layers::trace: read
    DEBUG edgequake{method=GET operation="/api/v1/documents/{document_id}"}:attempt{status=404}: edgequake_client::layers::trace: answered
    DEBUG edgequake{method=GET operation="/api/v1/documents/{document_id}" status=404 bytes=366}: edgequake_client::layers::trace: read
    "#);

    #[cfg(target_os = "linux")]
    {
        // Not even root makes a folder there.
        let lines = without_a_place_to_store(std::path::Path::new("/proc/no-such-folder/logins")).await;
        assert_eq!(lines.len(), 1, "{lines:#?}");
        assert!(lines[0].contains("WARN") && lines[0].contains("choose another folder"), "{lines:#?}");
    }
}
