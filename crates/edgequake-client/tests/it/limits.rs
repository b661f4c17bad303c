//! Limits of connections: how many there are, how old they are, how long they take to be made, and how many files may be open.

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use edgequake_client::transport::{HttpTransport, Proxies, RetireReason, TooManyOpenFiles};
use edgequake_client::types::documents::{ListDocuments, UploadText};
use edgequake_client::{ConnectionLimitReached, ErrorKind};
use futures_util::future::join_all;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::server::{Act, LIST, Server, json, list, once, over, plain};

#[tokio::test]
async fn no_more_connections_are_open_than_allowed_and_others_wait_in_order() {
    let gates: Vec<Arc<Notify>> = (0..40).map(|_| Arc::default()).collect();
    let held = gates.clone();
    let server = Server::start(move |n, _| Act::Held(json(200, LIST), Arc::clone(&held[n]))).await;
    let (client, transport) = once(&server.url, plain().max_connections(4));
    let calls: Vec<_> = (0..40)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move {
                let list = ListDocuments::new().document_pattern(number.to_string());
                client.documents().list(list).await.map(drop)
            })
        })
        .collect();
    for (number, gate) in gates.iter().enumerate() {
        server.wait_for((number + 4).min(40)).await;
        let stats = transport.connection_stats();
        assert!(
            stats.opened == 4 && stats.open == 4 && stats.waiting as usize <= 36_usize.saturating_sub(number),
            "{stats:?}"
        );
        gate.notify_one();
    }
    for call in calls {
        call.await.unwrap().unwrap();
    }
    let asked: Vec<_> =
        server.lines().iter().map(|line| line.rsplit('=').next().unwrap().to_owned()).collect();
    // The first four go at once, whichever connection is there first.
    let later: Vec<_> = (4..40).map(|number| number.to_string()).collect();
    assert_eq!(asked[4..], later);
    assert_eq!(transport.connection_stats().reused, 36);
}

#[tokio::test]
async fn who_waits_in_vain_for_a_connection_was_not_sent() {
    let server = Server::start(|_, _| Act::Hang).await;
    let (client, transport) = once(&server.url, plain().max_connections(1));
    let held = tokio::spawn({
        let client = client.clone();
        async move { list(&client).await }
    });
    server.wait_for(1).await;
    let upload = client.documents().upload_text(UploadText::new("x"));
    let error = upload.timeout(Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSent, "{error:?}");
    assert!(error.is_timeout() && error.is_retryable());
    let reached = error.find::<ConnectionLimitReached>().unwrap();
    assert!(reached.limit == 1 && reached.waited >= Duration::from_millis(50), "{reached:?}");
    let text = error.to_string().replace(&reached.waited.as_millis().to_string(), "[n]");
    insta::assert_snapshot!(text, @"/api/v1/documents: no connection became free within [n] ms: at most 1 may be open to this server; allow more connections (max_connections), or more time");
    assert_eq!(transport.connection_stats().waiting, 0);
    held.abort();
    drop(held.await);
    // The limit of an attempt ends the wait, too.
    let attempt = client.documents().list(ListDocuments::new()).attempt_timeout(Duration::from_millis(20));
    drop(attempt.await);
    assert_eq!(server.received().iter().filter(|request| request.line().starts_with("POST")).count(), 0);
}

/// A listener that takes connections and says nothing.
async fn mute() -> (String, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let task = tokio::spawn(async move {
        let mut taken = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            taken.push(stream);
        }
    });
    (address, task)
}

#[tokio::test]
async fn one_limit_covers_tls_and_proxies_and_what_it_ends_was_not_sent() {
    let (address, _task) = mute().await;
    let port = address.rsplit(':').next().unwrap();
    let quick = |proxies| {
        let transport = HttpTransport::builder().proxies(proxies);
        transport.connect_timeout(Duration::from_millis(100))
    };
    let direct = once(&format!("https://127.0.0.1:{port}"), quick(Proxies::none())).0;
    let proxied = once("https://eq.test", quick(Proxies::all(&format!("http://{address}"), "").unwrap())).0;
    let secured = once("https://eq.test", quick(Proxies::all(&format!("https://{address}"), "").unwrap())).0;
    let mut texts = Vec::new();
    for client in [direct, proxied, secured] {
        let call = client.documents().upload_text(UploadText::new("x"));
        let error = tokio::time::timeout(Duration::from_secs(20), call).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
        assert!(error.is_timeout() && error.is_retryable());
        texts.push(error.to_string().replace(&address, "[address]"));
    }
    insta::assert_snapshot!(texts.join("\n"), @"
    /api/v1/documents: no connection could be made to https://[address]; the TLS handshake was not finished within 100 ms
    /api/v1/documents: no connection could be made to https://eq.test; the proxy opened no tunnel within 100 ms
    /api/v1/documents: no connection could be made to https://eq.test; the proxy opened no tunnel within 100 ms
    ");
}

#[tokio::test]
async fn a_call_whose_time_is_up_before_there_is_a_connection_was_not_sent() {
    let (address, _task) = mute().await;
    let (client, _) = once(&format!("https://{address}"), HttpTransport::builder().proxies(Proxies::none()));
    for attempt in [false, true] {
        let call = client.documents().upload_text(UploadText::new("x"));
        let limit = Duration::from_millis(50);
        let call = if attempt { call.attempt_timeout(limit) } else { call.timeout(limit) };
        let error = call.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
        assert!(error.is_timeout() && error.to_string().contains("no connection was made within"), "{error}");
    }
}

#[tokio::test]
async fn a_connection_that_is_too_old_takes_no_more_requests() {
    let server = Server::answers([json(200, LIST)]).await;
    let (client, transport) = once(&server.url, plain().max_lifetime(Duration::ZERO));
    for _ in 0..3 {
        list(&client).await.unwrap();
    }
    server.wait_for_closed(3).await;
    let stats = transport.connection_stats();
    assert_eq!((stats.opened, stats.reused, stats.retired(RetireReason::Lifetime)), (3, 0, 3));
}

#[tokio::test]
async fn too_many_open_files_are_told_as_that() {
    const VARIABLE: &str = "EDGEQUAKE_TEST_FEW_FILES";
    if std::env::var_os(VARIABLE).is_none() {
        let name = "limits::too_many_open_files_are_told_as_that";
        let own = std::env::current_exe().unwrap();
        let script = format!("ulimit -n 40 && exec '{}' --exact {name} --nocapture", own.display());
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &script]).env(VARIABLE, "1");
        let output = tokio::task::spawn_blocking(move || shell.output()).await.unwrap().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        return;
    }
    let server = Server::start(|_, _| Act::Hang).await;
    let (client, _) = once(&server.url, plain());
    let calls: Vec<_> = (0..60)
        .map(|_| {
            client
                .documents()
                .list(ListDocuments::new())
                .attempt_timeout(Duration::from_secs(2))
                .into_future()
        })
        .collect();
    let errors: Vec<_> = join_all(calls).await.into_iter().map(Result::unwrap_err).collect();
    let error = errors.iter().find(|error| error.kind() == ErrorKind::Connect).unwrap();
    let told = error.find::<TooManyOpenFiles>().unwrap();
    assert_eq!(told.limit, Some(40));
    assert_eq!(
        error.to_string().replace(&server.url, "[origin]"),
        "/api/v1/documents: no connection could be made to [origin]; too many files are open: this process may have 40: \
         raise the limit (ulimit -n), or limit the connections (max_connections)"
    );
    assert!(error.is_retryable());
}

#[tokio::test]
async fn whatever_fails_before_a_connection_is_there_is_tried_again_whatever_the_method() {
    let (address, _task) = mute().await;
    let transport =
        HttpTransport::builder().proxies(Proxies::none()).connect_timeout(Duration::from_millis(20));
    let (client, transport) = over(&format!("https://{address}"), transport);
    let call = client.documents().upload_text(UploadText::new("x"));
    let error = call.await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 4), "{error:?}");
    assert_eq!(transport.connection_stats().failed, 4);
}
