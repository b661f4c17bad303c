//! Uploads that go on after their answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use edgequake_client::body::RequestBody;
use edgequake_client::transport::RetireReason;
use futures_util::StreamExt;
use http::Method;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::http2_server::{Http2, Script};
use crate::server::{answer, once, plain};

/// A body that never comes to its end, and tells when it is dropped.
fn endless() -> (RequestBody, Arc<Notify>) {
    body(0)
}

/// As [`endless`], after so many pieces of 16 KiB.
fn body(pieces: usize) -> (RequestBody, Arc<Notify>) {
    struct Told(Arc<Notify>);
    impl Drop for Told {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let dropped = Arc::new(Notify::new());
    let told = Told(Arc::clone(&dropped));
    let first =
        futures_util::stream::iter((0..pieces).map(|_| Ok(Frame::data(vec![b'x'; 16 * 1024].into()))));
    let waiting = futures_util::stream::once(async move {
        let _told = told;
        std::future::pending::<()>().await;
        Ok::<_, std::io::Error>(Frame::data(Bytes::new()))
    });
    (RequestBody::once(StreamBody::new(first.chain(waiting))), dropped)
}

/// A server that answers each request once its head is there, keeps the connection, and tells when the client closes it.
async fn hasty() -> (String, tokio::sync::watch::Receiver<usize>, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (closing, closed) = tokio::sync::watch::channel(0);
    let task = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.read_exact(&mut [0; 16]).await.unwrap();
            stream.write_all(&answer(403, &[], b"{}")).await.unwrap();
            let mut rest = [0; 1024];
            while stream.read(&mut rest).await.is_ok_and(|length| length > 0) {}
            closing.send_modify(|count| *count += 1);
        }
    });
    (url, closed, task)
}

#[tokio::test]
async fn an_upload_that_its_server_did_not_wait_for_ends_after_a_while_or_with_the_client() {
    for with_client in [false, true] {
        let (url, mut closed, _task) = hasty().await;
        let idle = if with_client { Duration::from_secs(600) } else { Duration::from_millis(50) };
        let (client, transport) = once(&url, plain().idle_connection(idle));
        let (body, dropped) = endless();
        let answer = client.request(Method::POST, "/x").body(body).await.unwrap();
        assert_eq!(answer.status(), 403);
        drop(answer.into_body().collect().await.unwrap());
        if with_client {
            drop((client, transport));
        } else {
            dropped.notified().await;
            let stats = transport.connection_stats();
            assert_eq!(stats.retired(RetireReason::Upload), 1, "{stats:?}");
        }
        closed.wait_for(|count| *count == 1).await.unwrap();
    }
}

#[tokio::test]
async fn with_http_2_it_ends_as_well() {
    // The server grants no more than the window that a connection begins with, 64 KiB: what is beyond it stays for ever.
    for (pieces, lifetime) in [(0, None), (64, None), (0, Some(Duration::ZERO)), (64, Some(Duration::ZERO))] {
        for with_client in [false, true] {
            let server = Http2::start(&[Script::Early]).await;
            let idle = if with_client { Duration::from_secs(600) } else { Duration::from_millis(50) };
            let transport = server.authority.trusted().idle_connection(idle).max_lifetime(lifetime);
            let (client, transport) = once(&server.url, transport);
            let (body, dropped) = body(pieces);
            let answer = client.request(Method::POST, "/x").body(body).await.unwrap();
            assert_eq!(answer.status(), 200);
            drop(answer.into_body().collect().await.unwrap());
            if with_client {
                drop((client, transport));
            }
            dropped.notified().await;
            server.ended.clone().wait_for(|count| *count == 1).await.unwrap();
        }
    }
}
