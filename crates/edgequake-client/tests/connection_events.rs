//! What is logged of connections. A program of its own: the subscriber is that of the whole process.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

#[path = "support/log.rs"]
mod log;

use edgequake_client::transport::{HttpTransport, Proxies};
use edgequake_client::types::documents::ListDocuments;
use edgequake_client::{Client, RetryConfig};
use edgequake_devserver::DevServer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;

use log::Log;

#[tokio::test]
async fn connections_are_told_from_their_opening_to_their_end() {
    let log = Log::default();
    let output = tracing_subscriber::fmt::layer().with_ansi(false).without_time().with_writer(log.clone());
    let filter: Targets = "edgequake_client::transport=debug".parse().unwrap();
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(output).with(filter))
        .unwrap();

    let server = DevServer::builder().master_key("k1").start().await.unwrap();
    let client = |url: &str| {
        let transport = HttpTransport::builder().proxies(Proxies::none()).max_lifetime(None).build().unwrap();
        let builder = Client::builder().base_url(url).api_key("k1").retry(RetryConfig::none());
        (builder.build_on(transport.clone()).unwrap(), transport)
    };
    let (first, transport) = client(server.url());
    for _ in 0..2 {
        first.documents().list(ListDocuments::new()).await.unwrap();
    }
    // Given up before it is read.
    drop(first.documents().list(ListDocuments::new()).raw().await.unwrap());
    while transport.connection_stats().open > 0 {
        tokio::task::yield_now().await;
    }
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let refusing = format!("http://{}", unused.local_addr().unwrap());
    drop(unused);
    client(&refusing).0.documents().list(ListDocuments::new()).await.unwrap_err();

    let text = log.take();
    let text = text.replace(server.url(), "[server]").replace(&refusing, "[nobody]");
    let masked = |word: &str| match word.split_once('=') {
        Some((name @ ("took_ms" | "age_ms"), _)) => format!("{name}=[n]"),
        _ => word.to_owned(),
    };
    let lines = text.lines().map(|line| line.split(' ').map(masked).collect::<Vec<_>>().join(" ") + "\n");
    insta::assert_snapshot!(lines.collect::<String>(), @r#"
    DEBUG edgequake_client::transport: connecting connection=1 server="[server]"
    DEBUG edgequake_client::transport: connected connection=1 protocol="HTTP/1.1" took_ms=[n]
    DEBUG edgequake_client::transport: connection reused connection=1
    DEBUG edgequake_client::transport: connection reused connection=1
    DEBUG edgequake_client::transport: connection retired connection=1 reason="dropped"
    DEBUG edgequake_client::transport: connection closed connection=1 age_ms=[n]
    DEBUG edgequake_client::transport: connecting connection=2 server="[nobody]"
    DEBUG edgequake_client::transport: not connected connection=2 error=Connection refused (os error 111)
    "#);
}
