//! Progress over a WebSocket, by every way to a server: TLS, tunnels of HTTP proxies, and SOCKS5. `eq.test` exists behind the proxies only.

use std::time::Duration;

use edgequake_client::transport::{HttpTransport, HttpTransportBuilder};
use edgequake_client::types::documents::UploadText;
use edgequake_client::types::progress::ProgressEvent;
use edgequake_client::types::{TenantId, WorkspaceId};
use edgequake_client::{Client, ErrorKind, ProgressStream, ProgressUpdate};
use edgequake_devserver::DevServer;

use crate::proxies::{Answer, Tunnels, through};
use crate::socks::{LOGIN, Socks};
use crate::tls_server::{Authority, TlsFront};

/// A server on which a document is processed for an hour.
async fn server() -> DevServer {
    let builder = DevServer::builder().processing_delay(Duration::from_secs(3600));
    builder.master_key("k1").allow_host("eq.test").start().await.unwrap()
}

fn client(base: &str, transport: HttpTransportBuilder) -> Client {
    Client::builder()
        .base_url(base)
        .allow_http(true)
        .api_key("k1")
        .tenant_id(TenantId::server_default())
        .workspace_id(WorkspaceId::server_default())
        .transport(transport)
        .build()
        .unwrap()
}

/// Follows a task by this way and cancels it, so that something goes to and fro. The calls go there directly.
async fn converse(server: &DevServer, way: &Client) {
    let direct = client(server.url(), HttpTransport::builder());
    let text = format!("The bridge has {} arches.", server.stats().uploads);
    let task = direct.documents().upload_text(UploadText::new(text)).await.unwrap().task_id.unwrap();
    let mut progress = way.task_progress(task.clone());
    assert_eq!(event(&mut progress).await.name(), "Connected");
    progress.status();
    loop {
        match event(&mut progress).await {
            ProgressEvent::StatusSnapshot(status) => break assert!(status.is_busy),
            // It may have begun since.
            ProgressEvent::StageTransition(_) => {}
            other => panic!("{other:?}"),
        }
    }
    progress.cancel(task);
    loop {
        match event(&mut progress).await {
            ProgressEvent::StageTransition(it) if it.stage == "cancelled" => break,
            ProgressEvent::StageTransition(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn event(stream: &mut ProgressStream) -> ProgressEvent {
    match stream.next().await.unwrap().unwrap() {
        ProgressUpdate::Event(event) => event,
        other => panic!("{other:?}"),
    }
}

/// TLS in front of a server, by these protocols, for `eq.test` and this machine.
async fn tls(authority: &Authority, protocols: &[&str], server: &DevServer) -> TlsFront {
    let acceptor = authority.issue(&["eq.test", "localhost"]).acceptor(protocols);
    TlsFront::start_with(acceptor, server.url(), |_| {}).await
}

fn port(server: &DevServer) -> u16 {
    server.addr().port()
}

#[tokio::test]
async fn progress_goes_through_tls_by_http_1_whatever_the_server_would_speak() {
    let (server, authority) = (server().await, Authority::new());
    for protocols in [&["http/1.1"][..], &["h2", "http/1.1"], &[]] {
        let front = tls(&authority, protocols, &server).await;
        converse(&server, &client(&front.url(), authority.trusted())).await;
        assert_eq!(front.connections(), 1, "{protocols:?}");
    }
}

#[tokio::test]
async fn progress_over_tls_goes_to_a_server_with_a_good_certificate_only() {
    let (server, authority) = (server().await, Authority::new());
    for identity in [authority.issue(&["eq.test"]), Authority::new().issue(&["localhost"])] {
        let front = TlsFront::start(identity, server.url()).await;
        let mut progress = client(&front.url(), authority.trusted()).progress();
        let error = progress.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
        assert!(error.to_string().contains("certificate was refused") && !error.is_retryable(), "{error:?}");
        // Another try would not help.
        assert!(progress.next().await.is_none());
    }
    assert!(server.request_log().is_empty());
}

#[tokio::test]
async fn progress_goes_through_the_tunnel_of_an_http_proxy_with_tls_and_without() {
    let (server, authority) = (server().await, Authority::new());
    let front = tls(&authority, &["h2", "http/1.1"], &server).await;
    for reply in [Answer::Open, Answer::Slowly] {
        let proxy = Tunnels::start(front.port, reply).await;
        converse(&server, &client("https://eq.test", proxy.transport(&authority))).await;
        let [asked] = &proxy.asked()[..] else { panic!("one tunnel") };
        assert_eq!(
            asked,
            "CONNECT eq.test:443 HTTP/1.1\nHost: eq.test:443\n\
             Proxy-Authorization: Basic dXNlcjpQQHNzOnclcmQ=\n\n"
        );
    }
    // Also without TLS: a proxy that forwards requests would not understand what follows.
    let proxy = Tunnels::start(port(&server), Answer::Open).await;
    let transport = HttpTransport::builder().tls(false).proxies(through(&proxy.url));
    converse(&server, &client("http://eq.test:81", transport)).await;
    assert!(proxy.asked()[0].starts_with("CONNECT eq.test:81 HTTP/1.1\n"), "{:?}", proxy.asked());
}

#[tokio::test]
async fn a_proxy_that_refuses_the_tunnel_of_progress_is_named() {
    let (server, authority) = (server().await, Authority::new());
    let head = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
    let proxy = Tunnels::start(port(&server), Answer::Refuse(head)).await;
    let mut progress = client("https://eq.test", proxy.transport(&authority)).progress();
    let error = progress.next().await.unwrap().unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&proxy.url) && text.contains("403"), "{text}");
    assert!(!format!("{error:?}").contains("P@ss") && !text.contains("k1"), "{error:?}");
    assert!(!error.is_retryable() && progress.next().await.is_none());
}

#[tokio::test]
async fn progress_goes_through_socks_5_with_tls_and_without() {
    let (server, authority) = (server().await, Authority::new());
    let front = tls(&authority, &["h2", "http/1.1"], &server).await;
    let proxy = Socks::start(front.port, &[0]).await;
    let transport = authority.trusted().proxies(proxy.proxies("socks5h", LOGIN));
    converse(&server, &client("https://eq.test", transport)).await;
    assert_eq!(proxy.asked(), ["eq.test 443"]);

    let proxy = Socks::start(port(&server), &[0]).await;
    let transport = HttpTransport::builder().tls(false).proxies(proxy.proxies("socks5h", LOGIN));
    converse(&server, &client("http://eq.test:81", transport)).await;
    let transport = HttpTransport::builder().tls(false).proxies(proxy.proxies("socks5", LOGIN));
    converse(&server, &client("http://192.0.2.1", transport)).await;
    assert_eq!(proxy.asked(), ["eq.test 81", "192.0.2.1 80"]);

    // A login that is wrong ends it.
    let transport = HttpTransport::builder().tls(false).proxies(proxy.proxies("socks5h", "user:wrong"));
    let mut progress = client("http://eq.test", transport).progress();
    let error = progress.next().await.unwrap().unwrap_err();
    assert!(!error.is_retryable() && !format!("{error:?}").contains("wrong"), "{error:?}");
    assert!(progress.next().await.is_none());
}
