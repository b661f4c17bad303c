//! Answers that are taken piece by piece: how long they may take, and what is no answer of their kind.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use edgequake_client::body::{RequestBody, ResponseBody};
use edgequake_client::types::documents::ListDocuments;
use edgequake_client::types::{Download, Lines, operation};
use edgequake_client::{Client, ClientBuilder, ErrorKind};
use futures_util::{StreamExt, stream};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::StreamBody;

use crate::dev;

/// Follows numbers.
#[operation(GET "/plugins/numbers" -> Lines<u64>, Required, Safe, None, new(), crate = edgequake_client::types)]
struct WatchNumbers {}

/// Gives a file out.
#[operation(GET "/plugins/file" -> Download, Required, Safe, None, new(), crate = edgequake_client::types)]
struct GetFile {}

/// A client in the same process whose answers come piece by piece, in twice the time that a call may take.
fn slow(content_type: &'static str, builder: ClientBuilder) -> Client {
    let transport = tower::service_fn(move |request: Request<RequestBody>| {
        if content_type == "application/x-ndjson" {
            assert_eq!(request.headers()["accept-encoding"], "identity");
        }
        let pieces = stream::iter(0..20).then(|number| async move {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Ok::<_, Infallible>(Frame::data(Bytes::from(format!("{number}\n"))))
        });
        let answer = Response::builder().header("content-type", content_type);
        std::future::ready(answer.body(ResponseBody::new(StreamBody::new(pieces))))
    });
    builder.build_on(transport).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_a_call_does_not_cut_a_stream() {
    let limit = Duration::from_millis(100);
    let client = slow("application/x-ndjson", Client::builder().timeout(limit));
    let mut numbers = client.send(WatchNumbers::new()).await.unwrap();
    let mut sum = 0;
    while let Some(number) = numbers.next().await {
        sum += number.unwrap();
    }
    assert_eq!(sum, 190);

    let client = slow("application/octet-stream", Client::builder().timeout(limit));
    let mut file = client.send(GetFile::new()).await.unwrap();
    let mut length = 0;
    while let Some(piece) = file.next().await {
        length += piece.unwrap().len();
    }
    assert_eq!(length, 50);

    // A limit of the call's own holds.
    let client = slow("application/octet-stream", Client::builder());
    let mut file = client.send(GetFile::new()).timeout(limit).await.unwrap();
    let mut last = None;
    while let Some(piece) = file.next().await {
        last = Some(piece);
    }
    assert!(matches!(last.unwrap().unwrap_err().kind(), ErrorKind::Timeout(_)));
}

fn answering(content_type: &'static str, body: impl Into<Bytes>) -> Client {
    let body = body.into();
    let transport = tower::service_fn(move |_: Request<RequestBody>| {
        let answer = Response::builder().header("content-type", content_type);
        std::future::ready(answer.body(ResponseBody::from(body.clone())))
    });
    Client::from_service("http://127.0.0.1:1", transport).unwrap()
}

#[tokio::test]
async fn lines_are_limited_and_their_number_is_not() {
    // More than a line may have, in one piece, in lines that are short.
    let many = "1\n".repeat(9 * 1024 * 1024);
    let mut numbers = answering("application/x-ndjson", many).send(WatchNumbers::new()).await.unwrap();
    let mut count = 0;
    while let Some(number) = numbers.next().await {
        count += number.unwrap();
    }
    assert_eq!(count, 9 * 1024 * 1024);

    // All lines together have one, too, however they are cut into pieces.
    let client = answering("application/x-ndjson", "12\n34\n56\n78\n");
    let mut numbers = client.send(WatchNumbers::new()).stream_limit(7).await.unwrap();
    assert_eq!((numbers.next().await.unwrap().unwrap(), numbers.next().await.unwrap().unwrap()), (12, 34));
    let error = numbers.next().await.unwrap().unwrap_err();
    insta::assert_snapshot!(error, @"/plugins/numbers: the stream failed; the stream is longer than 7 bytes: its limit can be set per call");
    assert!(numbers.next().await.is_none());
    let mut numbers = client.send(WatchNumbers::new()).event_limit(1).await.unwrap();
    let error = numbers.next().await.unwrap().unwrap_err();
    insta::assert_snapshot!(error, @"/plugins/numbers: the stream failed; a line is longer than 1 bytes");

    let one = "1".repeat(17 * 1024 * 1024);
    let mut numbers = answering("application/x-ndjson", one).send(WatchNumbers::new()).await.unwrap();
    let error = numbers.next().await.unwrap().unwrap_err();
    insta::assert_snapshot!(error, @"/plugins/numbers: the stream failed; a line is longer than 16777216 bytes");
    assert!(numbers.next().await.is_none());
}

#[tokio::test]
async fn a_decoded_answer_is_limited_to_32_mib_unless_the_call_says_otherwise() {
    let padded = |bytes: usize| {
        let mut body = br#"{"documents":[]"#.to_vec();
        body.resize(bytes - 1, b' ');
        body.push(b'}');
        answering("application/json", body)
    };
    let list = ListDocuments::new;
    padded(32 << 20).documents().list(list()).await.unwrap();
    let client = padded((32 << 20) + 1);
    let error = client.documents().list(list()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Body);
    insta::assert_snapshot!(error, @"/api/v1/documents: the answer was cut short; the answer is longer than 33554432 bytes");
    client.documents().list(list()).answer_limit(33 << 20).await.unwrap();
}

#[tokio::test]
async fn a_web_page_is_no_stream() {
    let (html, page) = ("Text/HTML; charset=utf-8", "<html>log in</html>");
    let error = answering(html, page).send(WatchNumbers::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stream);
    assert!(error.to_string().contains("not application/x-ndjson"), "{error}");
    let server = dev::ordering([dev::page(200, html, page)]).await;
    let error = dev::client(&server).query().stream("?").await.unwrap_err();
    assert!(error.to_string().contains("not text/event-stream"), "{error}");
}
