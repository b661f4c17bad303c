//! HTTP/2, which TLS agrees on by ALPN: what a server may do to a stream or a connection, and what is repeated then.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use edgequake_client::layers::retry::RetryConfig;
use edgequake_client::types::documents::{ListDocuments, UploadText};
use edgequake_client::{Client, Error, ErrorKind};
use h2::Reason;
use h2::server::SendResponse;
use http::{Method, Request, Response};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::tls_server::Authority;

/// What becomes of a connection.
#[derive(Debug, Clone, Copy)]
enum Script {
    /// Every request is answered.
    Serve,
    /// The first stream is reset for this reason, without an answer.
    Reset(Reason),
    /// The answer to the first stream is begun, then reset.
    ResetInside,
    /// The connection goes away for this reason at the first request, with this as the last stream that was looked at.
    GoAway(u32, Reason),
}

struct Http2 {
    url: String,
    authority: Authority,
    /// The requests that were answered, with their bodies, and the number of the connection.
    served: Arc<Mutex<Vec<(Method, Bytes, usize)>>>,
    /// How many connections have ended.
    ended: watch::Receiver<usize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Http2 {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Http2 {
    /// One script per connection, the last one for all that follow.
    async fn start(scripts: &'static [Script]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let authority = Authority::new();
        let acceptor = authority.issue(&["localhost"]).acceptor(&["h2"]);
        let served = Arc::default();
        let log = Arc::clone(&served);
        let (ending, ended) = watch::channel(0);
        let ending = Arc::new(ending);
        let task = tokio::spawn(async move {
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (acceptor, log, ending) = (acceptor.clone(), Arc::clone(&log), Arc::clone(&ending));
                let script = scripts[connection.min(scripts.len() - 1)];
                tokio::spawn(async move {
                    let stream = acceptor.accept(stream).await.unwrap();
                    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
                    match script {
                        Script::GoAway(last, reason) => go_away(stream, last, reason).await,
                        _ => serve(stream, script, log, connection).await,
                    }
                    ending.send_modify(|count| *count += 1);
                });
            }
        });
        Self { url, authority, served, ended, task }
    }

    fn client(&self) -> Client {
        let brief = RetryConfig::default().base(Duration::from_millis(1));
        let builder = Client::builder().base_url(&self.url).api_key("k1").retry(brief);
        builder.transport(self.authority.trusted()).build().unwrap()
    }

    fn served(&self) -> Vec<(Method, Bytes, usize)> {
        self.served.lock().unwrap().clone()
    }
}

async fn serve<T: AsyncRead + AsyncWrite + Unpin>(
    stream: T,
    script: Script,
    log: Arc<Mutex<Vec<(Method, Bytes, usize)>>>,
    number: usize,
) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    let mut first = true;
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        match script {
            Script::Reset(reason) if first => respond.send_reset(reason),
            Script::ResetInside if first => {
                let mut body = respond.send_response(Response::new(()), false).unwrap();
                body.send_data(Bytes::from_static(b"{\"documents\""), false).unwrap();
                // The beginning goes out before the reset, which would drop it.
                tokio::select! {
                    biased;
                    _ = connection.accept() => {}
                    () = tokio::time::sleep(Duration::from_millis(50)) => {}
                }
                body.send_reset(Reason::INTERNAL_ERROR);
            }
            _ => {
                // Beside the connection, which only goes on while it is asked for the next request.
                let log = Arc::clone(&log);
                tokio::spawn(async move {
                    let (method, body) = read(request).await;
                    log.lock().unwrap().push((method, body, number));
                    answer(respond);
                });
            }
        }
        first = false;
    }
}

async fn read(request: Request<h2::RecvStream>) -> (Method, Bytes) {
    let (parts, mut body) = request.into_parts();
    let mut bytes = Vec::new();
    while let Some(data) = body.data().await {
        bytes.extend_from_slice(&data.unwrap());
    }
    (parts.method, bytes.into())
}

fn answer(mut respond: SendResponse<Bytes>) {
    let mut body = respond.send_response(Response::new(()), false).unwrap();
    let json = r#"{"documents":[],"document_id":"d","status":"pending"}"#;
    body.send_data(Bytes::from_static(json.as_bytes()), true).unwrap();
}

/// Frames by hand (RFC 9113, 4.1), since no server that behaves says that it has not looked at what it has read.
async fn go_away<T: AsyncRead + AsyncWrite + Unpin>(mut stream: T, last: u32, reason: Reason) {
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    const HEADERS: u8 = 1;
    stream.write_all(&SETTINGS).await.unwrap();
    stream.read_exact(&mut [0; b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len()]).await.unwrap();
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        stream.read_exact(&mut vec![0; length as usize]).await.unwrap();
        if head[3] == HEADERS {
            break;
        }
    }
    let payload = [last.to_be_bytes(), u32::from(reason).to_be_bytes()].concat();
    stream.write_all(&[&[0, 0, 8, 7, 0, 0, 0, 0, 0], &payload[..]].concat()).await.unwrap();
    stream.shutdown().await.unwrap();
}

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
