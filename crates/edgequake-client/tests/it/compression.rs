//! Answers that come compressed, through the whole stack.

use std::io::Write;

use edgequake_client::ErrorKind;
use edgequake_client::types::documents::{GetDocument, ListDocuments};
use edgequake_client::types::query::StreamQuery;

use crate::dev;
use crate::server::{Act, STREAM_HEAD, Server, answer, json};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn compressed(status: u16, text: &[u8]) -> Vec<u8> {
    answer(status, &[("content-type", "application/json"), ("content-encoding", "gzip")], &gzip(text))
}

const EMPTY: &[u8] = br#"{"documents":[]}"#;

#[tokio::test]
async fn successes_and_errors_are_decoded_unasked() {
    let server = Server::answers([
        compressed(200, EMPTY),
        compressed(404, br#"{"code":"NOT_FOUND","message":"no such document"}"#),
    ])
    .await;
    let client = server.client();
    assert!(client.documents().list(ListDocuments::new()).await.unwrap().documents.is_empty());
    let error = client.send(GetDocument::new("d-1")).await.unwrap_err();
    assert_eq!((error.message(), error.code()), (Some("no such document"), Some("NOT_FOUND")));
    assert!(server.received().iter().all(|request| request.header("accept-encoding").is_none()));
}

#[tokio::test]
async fn a_wait_named_in_a_compressed_body_is_kept() {
    let busy = br#"{"error":"rate_limit_exceeded","message":"slow down","retry_after_seconds":90}"#;
    let server = Server::answers([compressed(429, busy)]).await;
    let error = server.client().documents().list(ListDocuments::new()).await.unwrap_err();
    assert_eq!(error.retry_after().unwrap().as_secs(), 90);
    assert_eq!(server.received().len(), 1, "a wait of 90 s is not begun");
}

#[tokio::test]
async fn the_answer_to_a_login_is_decoded_too() {
    let server = Server::start(|_, request| match request.path() {
        "/api/v1/auth/login" => Act::Send(compressed(
            200,
            br#"{"access_token":"a1","refresh_token":"r1","token_type":"bearer","expires_in":3600}"#,
        )),
        _ if request.header("authorization") == Some("Bearer a1") => Act::Send(compressed(200, EMPTY)),
        _ => Act::Send(json(401, r#"{"error":"unauthorized","message":"Authentication required"}"#)),
    })
    .await;
    let client = server.builder().login("mona", "p1").build().unwrap();
    client.documents().list(ListDocuments::new()).await.unwrap();
    assert_eq!(server.lines(), ["POST /api/v1/auth/login", "GET /api/v1/documents"]);
}

#[tokio::test]
async fn compression_is_asked_for_when_the_builder_says_so_but_never_for_streams() {
    let server = dev::ordering([dev::answer(404, "").on("StreamQuery")]).await;
    let client = dev::builder(&server).compression(true).build().unwrap();
    client.documents().list(ListDocuments::new()).await.unwrap();
    client.query().stream(StreamQuery::new("?")).await.unwrap_err();
    let asked = server.recorder().requests();
    let expected = if cfg!(feature = "brotli") { "br, gzip" } else { "gzip" };
    assert_eq!(dev::header(&asked[0], "accept-encoding"), Some(expected));
    assert_eq!(dev::header(&asked[1], "accept-encoding"), Some("identity"));
}

#[tokio::test]
async fn a_stream_that_comes_compressed_all_the_same_is_read() {
    let head = String::from_utf8(STREAM_HEAD.to_vec()).unwrap();
    let head = head.trim_end().to_owned() + "\r\ncontent-encoding: gzip\r\n\r\n";
    let events =
        b"data: {\"type\":\"token\",\"content\":\"x\"}\n\ndata: {\"type\":\"done\",\"stats\":null}\n\n";
    let bytes = [head.as_bytes(), &gzip(events)].concat();
    let server = Server::start(move |_, _| Act::SendAndClose(bytes.clone())).await;
    let mut stream = server.client().query().stream(StreamQuery::new("?")).await.unwrap();
    let mut count = 0;
    while let Some(event) = stream.next().await {
        event.unwrap();
        count += 1;
    }
    assert_eq!(count, 2);
}

#[tokio::test]
async fn a_small_body_that_grows_large_is_left_at_the_limit() {
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 70_000);
    let coded = [("content-type", "application/json"), ("content-encoding", "gzip")];
    let server = Server::answers([answer(500, &coded, &bomb), answer(200, &coded, &bomb)]).await;
    let client = server.builder().answer_limit(1 << 20).build().unwrap();
    let error = client.documents().list(ListDocuments::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Server);
    assert!(error.to_string().len() < 1_200);
    let error = client.documents().list(ListDocuments::new()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Body);
    insta::assert_snapshot!(error, @"/api/v1/documents: the answer was cut short; the answer is longer than 1048576 bytes");
}

#[tokio::test]
async fn what_cannot_be_decoded_says_so() {
    let cut = gzip(EMPTY)[..20].to_vec();
    let coded = |coding| [("content-type", "application/json"), ("content-encoding", coding)];
    let server = Server::answers([
        answer(200, &coded("gzip"), &cut),
        answer(200, &coded("gzip"), EMPTY),
        answer(500, &coded("gzip"), EMPTY),
        answer(200, &coded("zstd"), b"\x28\xb5\x2f\xfd"),
    ])
    .await;
    let mut texts = Vec::new();
    for _ in 0..4 {
        let error = server.client().documents().list(ListDocuments::new()).await.unwrap_err();
        texts.push(format!("{:?}\n{}", error.kind(), crate::errors::chain(&error)));
    }
    insta::assert_snapshot!(texts.join("\n\n"), @"
    Body
    /api/v1/documents: the answer was cut short
    unexpected end of file

    Body
    /api/v1/documents: the answer was cut short
    Invalid gzip header

    Server
    /api/v1/documents: 500 Internal Server Error [INTERNAL_ERROR]

    Decode
    /api/v1/documents: the answer cannot be read: the JSON text cannot be read; the answer is encoded with zstd, which this client does not decode
    a text that is not UTF-8
    ");
}
