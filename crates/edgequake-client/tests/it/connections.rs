//! Connections that go silent, and that are shared.

use std::time::Duration;

use edgequake_client::ErrorKind;
use edgequake_client::body::RequestBody;
use edgequake_client::transport::RetireReason;
use edgequake_client::types::documents::{ListDocuments, UploadText};
use futures_util::future::join_all;
use http::Request;
use tower::ServiceExt;

use crate::http2_server::{Http2, Script};
use crate::relay::Relay;
use crate::server::{Act, LIST, Server, json, list, once, over, plain};
use crate::tls_server::{Authority, TlsFront};

#[tokio::test]
async fn a_request_that_timed_out_takes_its_connection_out_of_use() {
    let server = Http2::start(&[Script::Serve]).await;
    let relay = Relay::start(&server.url).await;
    let transport = server.authority.trusted().http2_keep_alive_interval(None);
    let (client, transport) = over(&relay.url(), transport);
    list(&client).await.unwrap();
    relay.go_silent();
    let call = client.documents().list(ListDocuments::new()).attempt_timeout(Duration::from_millis(100));
    let (_, head) = call.with_head().await.unwrap();
    assert_eq!(relay.connections(), 2);
    drop(head);
    let stats = transport.connection_stats();
    assert_eq!((stats.opened, stats.retired(RetireReason::TimedOut)), (2, 1));
    // Nothing is under way on it any more.
    relay.wait_for_closed(1).await;
    list(&client).await.unwrap();
    assert_eq!(transport.connection_stats().opened, 2);
}

#[tokio::test]
async fn the_limit_of_the_whole_call_speaks_against_its_connection_as_well() {
    let server = Http2::start(&[Script::Serve]).await;
    let relay = Relay::start(&server.url).await;
    let (client, _) = over(&relay.url(), server.authority.trusted().http2_keep_alive_interval(None));
    list(&client).await.unwrap();
    relay.go_silent();
    let call = client.documents().list(ListDocuments::new()).timeout(Duration::from_millis(100));
    let error = call.await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    list(&client).await.unwrap();
    assert_eq!(relay.connections(), 2);
}

#[tokio::test]
async fn a_caller_who_loses_patience_over_a_silent_connection_speaks_against_it() {
    let server = Http2::start(&[Script::Serve]).await;
    let relay = Relay::start(&server.url).await;
    let (client, transport) = over(&relay.url(), server.authority.trusted().http2_keep_alive_interval(None));
    list(&client).await.unwrap();
    // Given up at once: that says nothing.
    let asked = *server.asked.borrow();
    let call = tokio::spawn({
        let client = client.clone();
        async move { list(&client).await }
    });
    server.asked.clone().wait_for(|count| *count > asked).await.unwrap();
    call.abort();
    drop(call.await);
    list(&client).await.unwrap();
    assert_eq!(transport.connection_stats().opened, 1);

    relay.go_silent();
    // Nothing happens any more, so that the clock goes on as fast as it is looked at.
    tokio::time::pause();
    tokio::time::timeout(Duration::from_secs(2), list(&client)).await.unwrap_err();
    tokio::time::resume();
    list(&client).await.unwrap();
    assert_eq!(transport.connection_stats().retired(RetireReason::TimedOut), 1);
}

#[tokio::test]
async fn a_ping_without_an_answer_ends_a_connection_used_or_unused() {
    let server = Http2::start(&[Script::Serve, Script::Silence, Script::Serve]).await;
    let relay = Relay::start(&server.url).await;
    let transport = server
        .authority
        .trusted()
        .http2_keep_alive_interval(Duration::from_millis(50))
        .http2_keep_alive_timeout(Duration::from_millis(50));
    let (client, transport) = over(&relay.url(), transport);
    list(&client).await.unwrap();
    // Unused.
    relay.go_silent();
    relay.wait_for_closed(1).await;
    assert_eq!(transport.connection_stats().retired(RetireReason::Silent), 1);

    // With a request under way, that may have been executed.
    let upload = tokio::spawn({
        let client = client.clone();
        async move { client.documents().upload_text(UploadText::new("x")).await }
    });
    server.asked.clone().wait_for(|count| *count >= 2).await.unwrap();
    relay.go_silent();
    let error = upload.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Interrupted, 1), "{error:?}");
    list(&client).await.unwrap();
    let stats = transport.connection_stats();
    assert_eq!((stats.opened, stats.open, stats.retired(RetireReason::Silent)), (3, 1, 2));
}

#[tokio::test]
async fn a_server_that_answers_pings_may_take_its_time() {
    let server = Http2::start(&[Script::Silence]).await;
    let transport = server
        .authority
        .trusted()
        .http2_keep_alive_interval(Duration::from_millis(10))
        .http2_keep_alive_timeout(Duration::from_secs(1));
    let (client, transport) = once(&server.url, transport);
    let call = client.documents().list(ListDocuments::new()).attempt_timeout(Duration::from_secs(2));
    let error = call.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(edgequake_client::TimeoutScope::Attempt), "{error:?}");
    assert_eq!(transport.connection_stats().retired(RetireReason::Silent), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_calls_that_start_together_share_handshakes() {
    let server = Http2::start_with(&[Script::Serve], Some(200)).await;
    let (client, transport) = once(&server.url, server.authority.trusted());
    for result in join_all((0..1_000).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { list(&client).await })
    }))
    .await
    {
        result.unwrap().unwrap();
    }
    assert!(server.handshakes() <= 5, "{} handshakes", server.handshakes());
    assert_eq!(server.served().len(), 1_000);
    let stats = transport.connection_stats();
    assert_eq!((stats.opened as usize, stats.waiting), (server.handshakes(), 0));
}

#[tokio::test]
async fn another_connection_is_opened_when_the_first_has_no_stream_left() {
    let server = Http2::start_with(&[Script::Silence, Script::Serve], Some(1)).await;
    let (client, _) = once(&server.url, server.authority.trusted());
    let held = tokio::spawn({
        let client = client.clone();
        async move { list(&client).await }
    });
    server.asked.clone().wait_for(|count| *count == 1).await.unwrap();
    list(&client).await.unwrap();
    assert_eq!(server.handshakes(), 2);
    held.abort();
}

#[tokio::test]
async fn a_connection_that_the_server_leaves_finishes_what_is_under_way_and_loses_nothing() {
    let server = Http2::start(&[Script::Leave, Script::Serve]).await;
    let (client, transport) = once(&server.url, server.authority.trusted());
    let upload = tokio::spawn({
        let client = client.clone();
        async move { client.documents().upload_text(UploadText::new("x")).await }
    });
    server.asked.clone().wait_for(|count| *count == 1).await.unwrap();
    // Each goes to where it is taken, at one attempt: to the first connection until the server's farewell has come.
    while server.handshakes() == 1 {
        list(&client).await.unwrap();
    }
    server.release.notify_one();
    upload.await.unwrap().unwrap();
    server.ended.clone().wait_for(|count| *count == 1).await.unwrap();
    let served = server.served();
    let (_, body, connection) = served.last().unwrap();
    assert_eq!((&body[..], *connection), (&br#"{"content":"x"}"#[..], 0));
    list(&client).await.unwrap();
    let stats = transport.connection_stats();
    assert_eq!((stats.opened, stats.open, stats.retired(RetireReason::Closed)), (2, 1, 1), "{stats:?}");
}

#[tokio::test]
async fn whoever_gives_up_takes_nothing_from_those_who_wait_for_the_same_handshake() {
    let server = Http2::start(&[Script::Serve]).await;
    let (client, _) = once(&server.url, server.authority.trusted());
    let mut first = Box::pin(list(&client));
    assert!(futures_util::poll!(&mut first).is_pending());
    let mut second = Box::pin(list(&client));
    assert!(futures_util::poll!(&mut second).is_pending());
    drop(first);
    second.await.unwrap();
    assert_eq!(server.handshakes(), 1);
}

#[tokio::test]
async fn a_connection_that_came_too_late_for_its_request_is_kept_for_others() {
    for limit in [false, true] {
        let server = Server::answers([json(200, LIST)]).await;
        let transport = if limit { plain().max_connections(1) } else { plain() };
        let (client, transport) = once(&server.url, transport);
        let mut first = Box::pin(list(&client));
        assert!(futures_util::poll!(&mut first).is_pending());
        while transport.connection_stats().opened == 0 {
            tokio::task::yield_now().await;
        }
        // It has been given the connection, and is not awaited any more.
        drop(first);
        list(&client).await.unwrap();
        let stats = transport.connection_stats();
        assert_eq!((stats.opened, stats.open, stats.reused), (1, 1, 0), "{stats:?}");
    }
}

#[tokio::test]
async fn a_server_of_http_1_over_tls_serves_many_at_once() {
    let plain = Server::start(|_, _| Act::Send(json(200, LIST))).await;
    let authority = Authority::new();
    let front = TlsFront::start(authority.issue(&["localhost"]), &plain.url).await;
    let (client, transport) = once(&front.url(), authority.trusted());
    // An answer keeps its connection until it has been read.
    let answers = join_all((0..10).map(|_| client.documents().list(ListDocuments::new()).raw())).await;
    assert!(answers.iter().all(Result::is_ok));
    assert!(transport.connection_stats().opened <= 10);
}

#[tokio::test]
async fn a_transport_says_by_itself_what_it_has_retired() {
    let server = Server::answers([json(200, LIST)]).await;
    let transport = plain().build().unwrap();
    let request = || Request::get(format!("{}/x", server.url)).body(RequestBody::empty()).unwrap();
    // Not read.
    drop(transport.clone().oneshot(request()).await.unwrap());
    let stats = transport.connection_stats();
    let retired: Vec<_> = stats.all_retired().collect();
    assert_eq!((stats.opened, &retired[..]), (1, &[(RetireReason::Dropped, 1)][..]));
    server.wait_for_closed(1).await;
}
