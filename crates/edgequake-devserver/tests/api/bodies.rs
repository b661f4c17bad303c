//! Bodies of requests: how large they may be, and what becomes of those that are refused.

use std::time::Duration;

use edgequake_devserver::{Backend, Fault};
use edgequake_types::Endpoint;
use edgequake_types::documents::{NamedFile, UploadFile, UploadFiles, UploadText};
use futures_util::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;

use crate::documents::default_workspace;
use crate::support::with_users;

/// A client that reads only after it has sent everything sees the refusal.
#[tokio::test]
async fn a_refusal_arrives_before_the_connection_ends() {
    let server = with_users().start().await.unwrap();
    for (path, length, status) in [
        ("/api/v1/documents", 3_000_000, "401"),
        ("/api/v1/nowhere", 3_000_000, "404"),
        // More than the limit: the rest is read after the response.
        ("/api/v1/auth/login", 13_000_000, "413"),
    ] {
        let mut stream = tokio::net::TcpStream::connect(server.addr()).await.unwrap();
        let body = vec![b'x'; length];
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             connection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&body).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
}

/// Whoever may not upload need not send megabytes to hear of it.
#[tokio::test]
async fn a_large_body_is_refused_before_it_is_sent() {
    let server = with_users().start().await.unwrap();
    let mut stream = tokio::net::TcpStream::connect(server.addr()).await.unwrap();
    let head =
        "POST /api/v1/documents/upload HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9000000\r\n\r\nx";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    // Reading on for the rest would take longer.
    let read = tokio::time::timeout(Duration::from_secs(4), stream.read_to_string(&mut answer));
    read.await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("connection: close"), "{answer}");
}

/// A client that was told to go on sends all of it, and sees why it is refused.
#[tokio::test]
async fn a_refusal_midway_arrives_although_the_client_had_waited() {
    let server = with_users().auth(false).start().await.unwrap();
    let mut stream = tokio::net::TcpStream::connect(server.addr()).await.unwrap();
    let mut body = b"--b\r\nX: y\r\n\r\n".to_vec();
    body.resize(900_000, b'x');
    let head = format!(
        "POST /api/v1/documents/upload HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n\
         content-type: multipart/form-data; boundary=b\r\nx-tenant-id: default\r\n\
         x-workspace-id: default\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let goes_on = b"HTTP/1.1 100 Continue\r\n\r\n";
    let mut told = vec![0; goes_on.len()];
    stream.read_exact(&mut told).await.unwrap();
    assert_eq!(told, goes_on);
    stream.write_all(&body).await.unwrap();
    // The connection stays usable, for nothing of the body is left in it.
    stream.write_all(b"GET /live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    assert!(answers.starts_with("HTTP/1.1 400") && answers.contains("HTTP/1.1 200"), "{answers}");
}

#[tokio::test]
async fn a_file_may_be_larger_than_other_bodies() {
    let backend = edgequake_devserver::DevServer::builder().auth(false).build().unwrap();
    // What is processed is of no interest here.
    backend.faults().add(Fault::hang_processing("preprocessing")).unwrap();
    for (mebibytes, status) in [(11, 202), (50, 413)] {
        let upload = UploadFile::from_bytes("large.txt", vec![b'x'; mebibytes << 20]);
        assert_eq!(status_of(&backend, &upload).await, status, "{mebibytes} MiB");
        // Several files share the limit.
        let half = |name: &str| NamedFile::from_bytes(name, vec![name.as_bytes()[0]; mebibytes << 19]);
        let upload = UploadFiles::new([half("a.txt"), half("b.txt")]);
        assert_eq!(status_of(&backend, &upload).await, status, "{mebibytes} MiB in two files");
    }
    assert_eq!(backend.stats().uploads, 3);
}

/// Sends an upload whose length is not known before it ends.
async fn status_of(backend: &Backend, upload: &impl Endpoint) -> u16 {
    let (mut parts, body) = upload.to_request().unwrap().into_parts();
    for name in ["x-tenant-id", "x-workspace-id"] {
        parts.headers.insert(name, "default".parse().unwrap());
    }
    parts.headers.remove("content-length");
    let body = http_body_util::StreamBody::new(
        futures_util::stream::iter(
            body.bytes().unwrap().chunks(60_000).map(bytes::Bytes::copy_from_slice).collect::<Vec<_>>(),
        )
        .map(|piece| Ok::<_, std::convert::Infallible>(http_body::Frame::data(piece))),
    );
    let answer = backend.service().oneshot(http::Request::from_parts(parts, body)).await.unwrap();
    answer.status().as_u16()
}

#[tokio::test]
async fn a_body_of_more_than_10_mib_is_rejected() {
    let (_server, api) = default_workspace(with_users()).await;
    let answer = api.send(&UploadText::new("x".repeat(10 * 1024 * 1024))).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (413, "text/plain; charset=utf-8"));
}
