//! HTTP/2, which TLS agrees on by ALPN: what a server may do to a stream or a connection, and what is repeated then.

use std::time::Duration;

use edgequake_client::types::documents::{ListDocuments, UploadText};
use edgequake_client::{Client, Error, ErrorKind};
use h2::Reason;
use http::Method;

use crate::http2_server::{Http2, Script};
use crate::tls_server::Authority;

async fn list(client: &Client) -> Result<(), Error> {
    client.documents().list(ListDocuments::new()).await.map(drop)
}

async fn upload(client: &Client) -> Result<(), Error> {
    client.documents().upload_text(UploadText::new("x")).await.map(drop)
}

#[tokio::test]
async fn many_calls_at_once_share_the_connection_that_is_open() {
    let server = Http2::start(&[Script::Serve]).await;
    let client = server.client();
    list(&client).await.unwrap();
    for result in futures_util::future::join_all((0..50).map(|_| upload(&client))).await {
        result.unwrap();
    }
    let served = server.served();
    assert_eq!(served.len(), 51);
    assert!(served.iter().all(|(_, _, connection)| *connection == 0));
}

#[tokio::test]
async fn after_a_cold_start_with_many_calls_at_once_one_connection_is_left() {
    let server = Http2::start(&[Script::Serve]).await;
    let client = server.client();
    let burst = || async {
        for result in futures_util::future::join_all((0..20).map(|_| upload(&client))).await {
            result.unwrap();
        }
    };
    burst().await;
    assert_eq!(server.served().len(), 20);
    // Those that had to open a connection did not wait for each other; from then on all share the last one.
    burst().await;
    let served = server.served();
    let mut later: Vec<_> = served[20..].iter().map(|(_, _, connection)| *connection).collect();
    later.dedup();
    assert_eq!((served.len(), later.len()), (40, 1), "{later:?}");
}

#[tokio::test]
async fn a_connection_that_is_unused_for_too_long_is_closed() {
    let server = Http2::start(&[Script::Serve]).await;
    let transport = server.authority.trusted().idle_connection(Duration::from_millis(20));
    let client = Client::builder().base_url(&server.url).api_key("k1").transport(transport).build().unwrap();
    for round in 1..=2 {
        list(&client).await.unwrap();
        server.ended.clone().wait_for(|count| *count >= round).await.unwrap();
    }
    let connections: Vec<_> = server.served().iter().map(|(_, _, connection)| *connection).collect();
    assert_eq!(connections, [0, 1]);
}

#[tokio::test]
async fn what_the_server_has_not_looked_at_is_sent_again_whatever_the_method() {
    for scripts in [
        &[Script::GoAway(0, Reason::NO_ERROR), Script::Serve],
        &[Script::Reset(Reason::REFUSED_STREAM), Script::Serve],
    ] {
        let server = Http2::start(scripts).await;
        upload(&server.client()).await.unwrap();
        let [(method, body, connection)] = &server.served()[..] else { panic!("served once") };
        assert_eq!((method, &body[..]), (&Method::POST, &br#"{"content":"x"}"#[..]));
        // A refused stream says nothing about its connection, which goes on.
        assert_eq!(*connection, usize::from(matches!(scripts[0], Script::GoAway(..))));

        let server = Http2::start(scripts).await;
        list(&server.client()).await.unwrap();
        assert_eq!(server.served().len(), 1);
    }
}

#[tokio::test]
async fn what_the_server_may_have_begun_is_sent_again_only_where_that_is_safe() {
    for first in [
        // It went away with our stream still open.
        Script::GoAway(1, Reason::NO_ERROR),
        Script::GoAway(0, Reason::INTERNAL_ERROR),
        Script::Reset(Reason::INTERNAL_ERROR),
        Script::Reset(Reason::CANCEL),
    ] {
        let scripts: &'static [Script] = Box::leak(Box::new([first, Script::Serve]));
        let server = Http2::start(scripts).await;
        let error = upload(&server.client()).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Interrupted, 1), "{first:?}: {error:?}");
        assert!(server.served().is_empty(), "{first:?}");

        let server = Http2::start(scripts).await;
        list(&server.client()).await.unwrap_or_else(|error| panic!("{first:?}: {error:?}"));
        assert_eq!(server.served().len(), 1, "{first:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_reset_inside_is_cut() {
    let server = Http2::start(&[Script::ResetInside]).await;
    let error = list(&server.client()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Body, "{error:?}");
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_server_that_offers_no_http2_is_spoken_to_in_http_1() {
    let plain = crate::server::Server::answers([crate::server::json(200, r#"{"documents":[]}"#)]).await;
    let authority = Authority::new();
    let front = crate::tls_server::TlsFront::start(authority.issue(&["localhost"]), &plain.url).await;
    for http2 in [true, false] {
        let transport = authority.trusted().http2(http2);
        let client = Client::builder().base_url(front.url()).transport(transport).build().unwrap();
        list(&client).await.unwrap();
    }
    assert!(
        plain.received().iter().all(|request| request.head.starts_with("GET /api/v1/documents HTTP/1.1"))
    );
}
