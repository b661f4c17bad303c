//! The grid of bodies: what each kind of body does when an answer or its absence asks for another attempt. The dev server does not tell
//! whether a body arrived byte for byte, and does not cut the head of an answer.

use std::sync::Arc;

use bytes::Bytes;
use edgequake_auth::{AuthContext, Authorization, Credentials, CredentialsError, Generation, Recourse};
use edgequake_client::Client;
use edgequake_client::body::RequestBody;
use edgequake_client::layers::retry::RetryConfig;
use edgequake_client::types::Retry;
use http::Method;
use http_body_util::{Full, StreamBody};
use tokio::sync::Notify;

use crate::fronts::{Front, Wire};
use crate::server::{Act, Server, answer};

const CONTENT: &[u8] = b"the same in every attempt";

/// Credentials that always have another one.
#[derive(Debug)]
struct Renewed;

impl Credentials for Renewed {
    async fn authorize(&self, _: &AuthContext) -> Result<Authorization, CredentialsError> {
        Authorization::new(http::header::AUTHORIZATION, "Bearer k", Generation::next())
    }

    fn rejected(&self, _: Generation) -> Recourse {
        Recourse::Retry
    }
}

/// The kinds of body, whether each can be had again, and what arrives.
fn kinds() -> Vec<(&'static str, RequestBody, bool, &'static [u8])> {
    let pieces = || {
        let frames = CONTENT
            .chunks(7)
            .map(|piece| Ok::<_, std::io::Error>(http_body::Frame::data(Bytes::from_static(piece))));
        StreamBody::new(futures_util::stream::iter(frames.collect::<Vec<_>>()))
    };
    vec![
        ("empty", RequestBody::empty(), true, b""),
        ("bytes", Bytes::from_static(CONTENT).into(), true, CONTENT),
        (
            "factory",
            RequestBody::factory(Some(CONTENT.len() as u64), || Full::new(Bytes::from_static(CONTENT))),
            true,
            CONTENT,
        ),
        ("factory of unknown length", RequestBody::factory(None, pieces), true, CONTENT),
        ("stream", RequestBody::once(pieces()), false, CONTENT),
    ]
}

fn client(front: &Front) -> Client {
    let retry = RetryConfig::default().base(std::time::Duration::from_millis(1));
    front.builder().credentials(Renewed).retry(retry).build().unwrap()
}

#[tokio::test]
async fn whatever_asks_for_another_attempt_gets_the_same_body_or_none() {
    type MakeAct = fn() -> Act;
    let refusals: [(&str, MakeAct); 6] = [
        ("401", || Act::Send(answer(401, &[], b""))),
        ("429", || Act::Send(answer(429, &[("retry-after", "0")], b""))),
        ("503", || Act::Send(answer(503, &[("retry-after", "0")], b""))),
        ("closed without an answer", || Act::Close),
        ("closed within the head", || Act::SendAndClose(b"HTTP/1.1 200".to_vec())),
        ("closed and announced", || Act::SendAndClose(answer(503, &[("connection", "close")], b""))),
    ];
    for ((refusal, act), wire) in refusals.into_iter().flat_map(|row| Wire::ALL.map(|wire| (row, wire))) {
        for (kind, body, again, content) in kinds() {
            let case = format!("{kind}, {refusal}, {wire:?}");
            let server =
                Server::start(move |n, _| if n == 0 { act() } else { Act::Send(answer(200, &[], b"")) })
                    .await;
            let front = wire.before(&server).await;
            let client = client(&front);
            let call = client.request(Method::PUT, "/x").retry(Retry::Safe).body(body);
            let outcome = call.await.map(|answer| answer.status().as_u16());
            let received = server.received();
            assert_eq!(received.len(), if again { 2 } else { 1 }, "{case}");
            assert!(received.iter().all(|request| request.body == content), "{case}");
            assert_eq!(outcome.as_ref().is_ok_and(|status| *status == 200), again, "{case}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_before_the_body_was_sent_is_the_answer() {
    // The body waits for a word that never comes; the server does not wait for the body.
    let never = Arc::new(Notify::new());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0; 16];
        stream.read_exact(&mut head).await.unwrap();
        stream.write_all(&answer(403, &[("connection", "close")], b"{}")).await.unwrap();
        stream
    });
    let waiting = futures_util::stream::once(async move {
        never.notified().await;
        Ok::<_, std::io::Error>(http_body::Frame::data(Bytes::new()))
    });
    let client = Client::builder().base_url(&url).api_key("k1").build().unwrap();
    let body = RequestBody::once(StreamBody::new(waiting));
    assert_eq!(client.request(Method::POST, "/x").body(body).await.unwrap().status(), 403);
    drop(served.await.unwrap());
}

#[tokio::test]
async fn a_body_that_breaks_off_was_begun_whatever_it_says() {
    let server = Server::answers([answer(200, &[], b"{}")]).await;
    let made = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = Arc::clone(&made);
    let broken = move || {
        counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let piece = Ok(http_body::Frame::data(Bytes::from_static(&[b'x'; 70_000])));
        // An error that would tell of a connection that was never made, were it one of the transport's.
        let refused = Err(std::io::Error::from(std::io::ErrorKind::ConnectionRefused));
        StreamBody::new(futures_util::stream::iter([piece, refused]))
    };
    let call = server.client().request(Method::POST, "/x").body(RequestBody::factory(None, broken));
    let error = call.retry(Retry::Refused).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (edgequake_client::ErrorKind::Other, 1), "{error}");
    assert_eq!(made.load(std::sync::atomic::Ordering::Relaxed), 1);
}
