//! Event streams: typed events, failures inside, silence, and what happens when they are dropped.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use bytes::Bytes;
use edgequake_client::body::{RequestBody, ResponseBody};
use edgequake_client::types::query::{QueryEvent, QueryMode, StreamQuery};
use edgequake_client::{Client, ClientBuilder, ErrorKind, EventStream};
use edgequake_devserver::{DevServer, Fault};
use futures_util::{StreamExt, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;

use crate::dev;

async fn open(client: &Client) -> Result<EventStream<QueryEvent>, edgequake_client::Error> {
    client.query().stream(StreamQuery::new("?")).await
}

/// A server that answers with a stream of these bytes.
async fn streaming(body: &[u8]) -> DevServer {
    dev::ordering([dev::page(200, "text/event-stream", std::str::from_utf8(body).unwrap())]).await
}

/// All that comes out of a stream, a line each.
async fn read(body: &[u8]) -> Vec<String> {
    let server = streaming(body).await;
    let mut events = open(&dev::client(&server)).await.unwrap();
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

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_kept_alive_after_the_final_event_is_not_waited_for() {
    // Comments every 15 s, or one after the other without end.
    for pause in [Duration::from_secs(15), Duration::from_millis(1)] {
        let transport = tower::service_fn(move |_: Request<RequestBody>| {
            let done = "data: {\"type\":\"token\",\"content\":\"x\"}\n\ndata: {\"type\":\"done\"}\n\n";
            let comments = stream::unfold((), move |()| async move {
                tokio::time::sleep(pause).await;
                Some((": keep-alive\n\n", ()))
            });
            let frames = stream::once(async move { done }).chain(comments);
            let frames = frames.map(|text| Ok::<_, Infallible>(Frame::data(Bytes::from(text))));
            let answer = Response::builder().header("content-type", "text/event-stream");
            std::future::ready(answer.body(ResponseBody::new(StreamBody::new(Box::pin(frames)))))
        });
        let client = Client::builder().idle_timeout(None).build_on(transport).unwrap();
        let begun = tokio::time::Instant::now();
        assert_eq!(open(&client).await.unwrap().into_events().await.unwrap().len(), 2);
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    }
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
    let limited = r#"{"error":"rate_limit_exceeded","message":"slow down","retryable":false}"#;
    let server = dev::ordering([dev::answer(429, limited)]).await;
    let error = open(&dev::client(&server)).await.unwrap_err();
    assert_eq!((error.is_rate_limited(), error.message()), (true, Some("slow down")));

    let server = dev::ordering([dev::answer(200, r#"{"code":"X","message":"no stream here"}"#)]).await;
    let error = open(&dev::client(&server)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stream);
    let text = error.to_string().replace(server.url(), "[origin]");
    insta::assert_snapshot!(text, @"/api/v1/query/stream: 200 OK: no stream here [X]; [origin] answered 200 OK with application/json, not text/event-stream; request r-1");

    let server = DevServer::builder().start().await.unwrap();
    assert!(open(&dev::client(&server)).await.unwrap_err().is_unauthorized());
}

#[tokio::test]
async fn a_stream_whose_first_event_is_of_no_known_kind_is_no_text() {
    let body = b"data: {\"sources\":[]}\n\ndata: {\"type\":\"token\",\"content\":\"x\"}\n\n\
        data: {\"type\":\"error\",\"message\":\"M\",\"code\":\"C\"}\n\n";
    let lines = read(body).await;
    assert!(lines[0].starts_with("Unknown") && lines.len() == 3, "{lines:?}");
    assert_eq!(lines[1..], ["token \"x\"", r#"error Stream Some("C") Some("M")"#]);
    assert_eq!(read(b"data: {\"message\":\"M\"}\n\n").await, [r#"error Stream None Some("M")"#]);
    for cut in ["{", "{\"ty", "{\"type\":\"to", "{\"type\":\"token\",\"content\":\"x"] {
        let lines = read(format!("data: {cut}").as_bytes()).await;
        assert_eq!(lines, ["error Stream None None"], "{cut}");
        let lines = read(format!("data: {cut}\n\n").as_bytes()).await;
        assert_eq!(lines, ["error Decode None None"], "{cut}");
    }
    // A failure in the middle of raw text.
    let lines = read(b"data: Nine\n\ndata: {\"type\":\"error\",\"message\":\"M\"}\n\n").await;
    assert_eq!(lines, ["token \"Nine\"", r#"error Stream None Some("M")"#]);
}

const WHOLE: &[u8] = b"data: {\"type\":\"context\",\"sources\":[{\"source_type\":\"chunk\",\"id\":\"c\"}],\"query_mode\":\"mix\"}\n\n\
    data: {\"type\":\"thinking\",\"content\":\"hm\"}\n\n\
    data: {\"type\":\"token\",\"content\":\"Nine\"}\n\ndata: {\"type\":\"token\",\"content\":\" lives\"}\n\n\
    data: {\"type\":\"done\",\"stats\":{\"total_time_ms\":234},\"llm_model\":\"m\"}\n\n";

#[tokio::test]
async fn a_stream_is_read_whole_or_is_an_error() {
    let server = streaming(WHOLE).await;
    assert_eq!(open(&dev::client(&server)).await.unwrap().text().await.unwrap(), "Nine lives");
    let answer = open(&dev::client(&server)).await.unwrap().answer().await.unwrap();
    assert_eq!((answer.answer.as_str(), answer.sources.len()), ("Nine lives", 1));
    assert_eq!(answer.mode, Some(QueryMode::Mix));
    assert_eq!((answer.stats.total_time_ms, answer.stats.llm_model.as_deref()), (Some(234), Some("m")));
    assert_eq!(open(&dev::client(&server)).await.unwrap().into_events().await.unwrap().len(), 5);

    // The text that the server checked takes the place of the pieces.
    let checked = [&WHOLE[..WHOLE.len() - 3], b",\"answer\":\"Nine.\"}\n\n"].concat();
    let server = streaming(&checked).await;
    assert_eq!(open(&dev::client(&server)).await.unwrap().text().await.unwrap(), "Nine.");

    // Raw text ends with its body.
    let server = streaming(b"data: Nine\n\ndata:  lives\n\n").await;
    assert_eq!(open(&dev::client(&server)).await.unwrap().text().await.unwrap(), "Nine lives");

    // Cut anywhere, it is no answer.
    let end = WHOLE.windows(4).rposition(|window| window == b"done").unwrap();
    for cut in (0..end).step_by(7) {
        let server = streaming(&WHOLE[..cut]).await;
        let error = open(&dev::client(&server)).await.unwrap().text().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Stream, "{cut}: {error:?}");
        let error = open(&dev::client(&server)).await.unwrap().into_events().await.unwrap_err();
        assert_eq!(error.operation(), "/api/v1/query/stream");
    }
    let failing = [&WHOLE[..end - 15], b"data: {\"type\":\"error\",\"message\":\"M\"}\n\n"].concat();
    let server = streaming(&failing).await;
    let error = open(&dev::client(&server)).await.unwrap().answer().await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Stream, Some("M")));
}

#[tokio::test]
async fn a_stream_has_limits_that_can_be_set() {
    let endless = |piece: &'static [u8]| {
        tower::service_fn(move |_: Request<RequestBody>| {
            let pieces = futures_util::stream::repeat_with(move || {
                Ok::<_, Infallible>(Frame::data(Bytes::from_static(piece)))
            });
            let answer = Response::builder().header("content-type", "text/event-stream");
            std::future::ready(Ok::<_, Infallible>(
                answer.body(ResponseBody::new(StreamBody::new(pieces))).unwrap(),
            ))
        })
    };
    let token = b"data: {\"type\":\"token\",\"content\":\"0123456789\"}\n\n";
    let client = Client::from_service("http://127.0.0.1:1", endless(token)).unwrap();
    // All before the limit is good, wherever a piece ends.
    let mut events = client.query().stream("?").stream_limit(10 * token.len() as u64 + 3).await.unwrap();
    for _ in 0..10 {
        assert!(matches!(events.next().await, Some(Ok(QueryEvent::Token { .. }))));
    }
    let error = events.next().await.unwrap().unwrap_err();
    insta::assert_snapshot!(error, @"/api/v1/query/stream: the stream failed; the stream is longer than 473 bytes: its limit can be set per call");
    assert!(events.next().await.is_none());
    // By default there is one, and none if it is taken away.
    let long = format!("data: {{\"type\":\"thinking\",\"content\":\"{}\"}}\n\n", "x".repeat(8 << 20));
    let client = Client::from_service("http://127.0.0.1:1", endless(long.leak().as_bytes())).unwrap();
    let error = client.query().stream("?").await.unwrap().text().await.unwrap_err();
    assert!(error.to_string().contains("longer than 268435456 bytes"), "{error}");
    let builder = Client::builder().base_url("http://127.0.0.1:1").stream_limit(1_000).event_limit(100);
    let client = builder.build_on(endless(token)).unwrap();
    assert_eq!(
        client.query().stream("?").await.unwrap().into_events().await.unwrap_err().kind(),
        ErrorKind::Stream
    );
    let mut events = client.query().stream("?").stream_limit(None).await.unwrap();
    for _ in 0..1_000 {
        events.next().await.unwrap().unwrap();
    }

    // One event.
    let client = Client::from_service("http://127.0.0.1:1", endless(b"data: 0123456789")).unwrap();
    let mut events = client.query().stream("?").event_limit(1_000).await.unwrap();
    let error = events.next().await.unwrap().unwrap_err();
    insta::assert_snapshot!(crate::errors::chain(&error), @"
    /api/v1/query/stream: the stream failed
    an event of the stream is longer than 1000 bytes
    ");
    let error = client.query().stream("?").await.unwrap().text().await.unwrap_err();
    assert!(crate::errors::chain(&error).contains("16777216"), "{error:?}");
}

/// A server whose answers are streams of a few tokens, one every so often.
async fn answering(delay: Duration) -> DevServer {
    DevServer::builder().auth(false).token_delay(delay).start().await.unwrap()
}

fn in_default(builder: ClientBuilder) -> Client {
    builder.tenant_id("default").workspace_id("default").build().unwrap()
}

#[tokio::test]
async fn a_long_stream_outlives_every_total_limit() {
    let server = answering(Duration::from_millis(30)).await;
    let client = in_default(dev::builder(&server).timeout(Duration::from_millis(100)));
    let begun = Instant::now();
    let mut events = open(&client).await.unwrap();
    let mut last = None;
    while let Some(event) = events.next().await {
        last = Some(event.unwrap());
    }
    assert!(matches!(last, Some(QueryEvent::Done { .. })), "{last:?}");
    assert!(begun.elapsed() > Duration::from_millis(100), "too short to say anything");
}

#[tokio::test]
async fn a_connection_that_is_lost_after_the_last_event_harms_nobody() {
    let server = answering(Duration::ZERO).await;
    let client = in_default(dev::builder(&server));
    let mut events = open(&client).await.unwrap();
    let mut count = 0;
    while let Some(event) = events.next().await {
        event.unwrap();
        count += 1;
    }
    let cut = server.faults().add(Fault::cut_stream(count)).unwrap();
    let mut events = open(&client).await.unwrap();
    let mut last = None;
    while let Some(event) = events.next().await {
        last = Some(event.unwrap());
    }
    assert!(matches!(last, Some(QueryEvent::Done { .. })), "{last:?}");
    assert_eq!(server.faults().hits(cut), 1);
}

#[tokio::test(start_paused = true)]
async fn silence_ends_a_stream_and_comments_do_not_count_as_silence() {
    let token = |text: &str| format!("data: {{\"type\":\"token\",\"content\":\"{text}\"}}\n\n");
    // In the same process, so that time passes only while nobody has anything to do.
    let transport = tower::service_fn(move |_: Request<RequestBody>| {
        let mut pieces = vec![token("a")];
        pieces.extend((0..6).map(|_| ": keep-alive\n\n".to_owned()));
        pieces.push(token("b"));
        let pieces = stream::iter(pieces).then(|piece| async move {
            tokio::time::sleep(Duration::from_millis(60)).await;
            Ok::<_, Infallible>(Frame::data(Bytes::from(piece)))
        });
        let body = ResponseBody::new(StreamBody::new(pieces.chain(stream::pending())));
        let answer = Response::builder().header("content-type", "text/event-stream");
        std::future::ready(answer.body(body))
    });
    let client = Client::builder().idle_timeout(Duration::from_millis(250)).build_on(transport).unwrap();
    let mut events = open(&client).await.unwrap();
    assert!(events.next().await.unwrap().is_ok());
    assert!(events.next().await.unwrap().is_ok());
    let error = events.next().await.unwrap().unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_stream_that_falls_silent_on_its_connection_ends_as_well() {
    let server = answering(Duration::ZERO).await;
    dev::order(&server, Fault::silent_stream(1));
    let client = in_default(dev::builder(&server).idle_timeout(Duration::from_millis(100)));
    let mut events = open(&client).await.unwrap();
    assert!(events.next().await.unwrap().is_ok());
    assert!(events.next().await.unwrap().unwrap_err().is_timeout());
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn dropping_a_stream_closes_its_connection() {
    let server = answering(Duration::ZERO).await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    dev::order(&server, Fault::silent_stream(1));
    let client = in_default(dev::builder(&server));
    let mut events = open(&client).await.unwrap();
    events.next().await.unwrap().unwrap();
    assert!(tasks() > before);
    drop(events);
    // The tasks of the connection end on both sides.
    let ended = async {
        while tasks() > before {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), ended).await.unwrap();
}
