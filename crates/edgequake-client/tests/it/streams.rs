//! Event streams: typed events, failures inside, silence, and what happens when they are dropped.

use std::time::Duration;

use edgequake_client::types::query::{QueryEvent, StreamQuery};
use edgequake_client::{Client, ErrorKind, EventStream};

use crate::server::{Act, STREAM_HEAD, Server, answer, event_stream, json};

async fn open(client: &Client) -> Result<EventStream<QueryEvent>, edgequake_client::Error> {
    client.query().stream(StreamQuery::new("?")).await
}

/// All that comes out of a stream, a line each.
async fn read(body: &[u8]) -> Vec<String> {
    let body = body.to_vec();
    let server = Server::start(move |_, _| event_stream(&body)).await;
    let mut events = open(&server.client()).await.unwrap();
    let mut lines = Vec::new();
    while let Some(event) = events.next().await {
        lines.push(match event {
            Ok(QueryEvent::Token { content, .. }) => format!("token {content:?}"),
            Ok(QueryEvent::Done { .. }) => "done".to_owned(),
            Ok(QueryEvent::Context { sources, .. }) => format!("context {}", sources.len()),
            Ok(other) => format!("{other:?}"),
            Err(error) => format!("error {:?} {:?} {:?}", error.kind(), error.code(), error.message()),
        });
    }
    assert!(events.next().await.is_none());
    lines
}

#[tokio::test]
async fn a_whole_answer() {
    let body =
        b"data: {\"type\":\"context\",\"sources\":[],\"query_mode\":\"mix\",\"retrieval_time_ms\":14}\n\n\
        data: {\"type\":\"token\",\"content\":\"Nine\"}\n\n: keep-alive\n\n\
        data: {\"type\":\"token\",\"content\":\" lives\"}\n\n\
        data: {\"type\":\"done\",\"stats\":{\"total_time_ms\":234}}\n\n";
    assert_eq!(read(body).await, ["context 0", "token \"Nine\"", "token \" lives\"", "done"]);
}

#[tokio::test]
async fn a_failure_inside_the_stream_is_an_error_and_the_end() {
    for (failure, error) in [
        (
            r#"{"type":"error","message":"M","code":"PROVIDER_CONFIG_ERROR"}"#,
            r#"error Stream Some("PROVIDER_CONFIG_ERROR") Some("M")"#,
        ),
        (r#"{"error":"M"}"#, r#"error Stream Some("M") Some("M")"#),
        (r#"{"error":{"message":"M"}}"#, r#"error Stream None Some("M")"#),
    ] {
        let body = format!(
            "data: {{\"type\":\"token\",\"content\":\"x\"}}\n\ndata: {failure}\n\ndata: {{\"type\":\"done\"}}\n\n"
        );
        assert_eq!(read(body.as_bytes()).await, ["token \"x\"", error], "{failure}");
        // The connection may end right after it.
        let body = format!("data: {{\"type\":\"token\",\"content\":\"x\"}}\n\ndata: {failure}");
        assert_eq!(read(body.as_bytes()).await, ["token \"x\"", error], "{failure}");
    }
    let named = b"data: {\"type\":\"token\",\"content\":\"x\"}\n\nevent: error\ndata: out of memory\n\n";
    assert_eq!(read(named).await, ["token \"x\"", r#"error Stream None Some("out of memory")"#]);
}

#[tokio::test]
async fn a_stream_without_its_last_event_is_no_success() {
    let cut = read(b"data: {\"type\":\"token\",\"content\":\"x\"}\n\n").await;
    assert_eq!(cut, ["token \"x\"", "error Stream None None"]);
    let within = read(b"data: {\"type\":\"token\",\"content\":\"x\"}\n\ndata: {\"type\":\"do").await;
    assert_eq!(within, ["token \"x\"", "error Stream None None"]);
    assert_eq!(read(b"").await, ["error Stream None None"]);
}

#[tokio::test]
async fn the_last_event_may_lack_its_empty_line() {
    assert_eq!(
        read(b"data: {\"type\":\"token\",\"content\":\"x\"}\n\ndata: {\"type\":\"done\"}").await,
        ["token \"x\"", "done"]
    );
}

#[tokio::test]
async fn raw_text_of_the_first_servers() {
    assert_eq!(
        read(b"data:  Nine\n\ndata:\n\ndata:  lives \n\n").await,
        ["token \" Nine\"", "token \"\"", "token \" lives \""]
    );
}

#[tokio::test]
async fn probes_marks_nulls_and_unknown_kinds_do_no_harm() {
    let body = b": ping\n\ndata:\n\ndata: {}\n\nevent: ping\n\nretry: 500\nfoo: bar\n\n\
        data: {\"type\":\"context\",\"sources\":null}\n\ndata: {\"type\":\"token\",\"content\":\"x\"}\n\n\
        data: {\"type\":\"done\",\"stats\":null}\n\ndata: [DONE]\n\ndata: after\n\n";
    assert_eq!(read(body).await, ["context 0", "token \"x\"", "done"]);
    let unknown =
        read(b"data: {\"type\":\"stage\",\"name\":\"reading\"}\n\ndata: {\"type\":\"done\"}\n\n").await;
    assert!(unknown[0].starts_with("Unknown") && unknown[0].contains("reading"), "{unknown:?}");
}

#[tokio::test]
async fn refusals_before_the_stream_are_read_like_any_other() {
    let server = Server::answers([json(
        429,
        r#"{"error":"rate_limit_exceeded","message":"slow down","retryable":false}"#,
    )])
    .await;
    let error = open(&server.client()).await.unwrap_err();
    assert_eq!((error.is_rate_limited(), error.message()), (true, Some("slow down")));

    let server = Server::answers([json(200, r#"{"code":"X","message":"no stream here"}"#)]).await;
    let error = open(&server.client()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stream);
    insta::assert_snapshot!(error, @"/api/v1/query/stream: 200 OK: no stream here [X]; the answer is of type application/json, not text/event-stream");

    let server = Server::answers([answer(401, &[], b"")]).await;
    assert!(open(&server.client()).await.unwrap_err().is_unauthorized());
}

fn token(text: &str) -> Vec<u8> {
    format!("data: {{\"type\":\"token\",\"content\":\"{text}\"}}\n\n").into_bytes()
}

#[tokio::test]
async fn a_long_stream_outlives_every_total_limit() {
    let pause = Duration::from_millis(30);
    let server = Server::start(move |_, _| {
        let mut pieces = vec![(Duration::ZERO, STREAM_HEAD.to_vec())];
        pieces.extend((0..10).map(|n| (pause, token(&n.to_string()))));
        pieces.push((pause, b"data: {\"type\":\"done\"}\n\n".to_vec()));
        Act::Pieces(pieces)
    })
    .await;
    let client = server.builder().timeout(Duration::from_millis(100)).build().unwrap();
    let mut events = open(&client).await.unwrap();
    let mut tokens = 0;
    while let Some(event) = events.next().await {
        tokens += usize::from(matches!(event.unwrap(), QueryEvent::Token { .. }));
    }
    assert_eq!(tokens, 10);
}

#[tokio::test]
async fn a_connection_that_is_lost_after_the_last_event_harms_nobody() {
    let server = Server::start(|_, _| {
        let body = [
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 9999\r\n\r\n".as_slice(),
            &token("a"),
            b"data: {\"type\":\"done\"}\n\n",
        ];
        Act::SendAndClose(body.concat())
    })
    .await;
    let mut events = open(&server.client()).await.unwrap();
    assert!(events.next().await.unwrap().is_ok());
    assert!(matches!(events.next().await, Some(Ok(QueryEvent::Done { .. }))));
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn silence_ends_a_stream_and_comments_do_not_count_as_silence() {
    let server = Server::start(|_, _| {
        let mut pieces = vec![(Duration::ZERO, [STREAM_HEAD, &token("a")].concat())];
        pieces.extend((0..6).map(|_| (Duration::from_millis(60), b": keep-alive\n\n".to_vec())));
        pieces.push((Duration::from_millis(60), token("b")));
        pieces.push((Duration::from_secs(3600), Vec::new()));
        Act::Pieces(pieces)
    })
    .await;
    let client = server.builder().idle_timeout(Duration::from_millis(250)).build().unwrap();
    let mut events = open(&client).await.unwrap();
    assert!(events.next().await.unwrap().is_ok());
    assert!(events.next().await.unwrap().is_ok());
    let error = events.next().await.unwrap().unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn dropping_a_stream_closes_its_connection() {
    let server = Server::start(|_, _| {
        Act::Pieces(vec![
            (Duration::ZERO, [STREAM_HEAD, &token("a")].concat()),
            (Duration::from_secs(3600), token("b")),
        ])
    })
    .await;
    let mut events = open(&server.client()).await.unwrap();
    events.next().await.unwrap().unwrap();
    drop(events);
    server.wait_for_closed(1).await;
}
