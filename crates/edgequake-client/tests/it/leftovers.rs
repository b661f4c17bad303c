//! Uploads that go on after their answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use edgequake_client::body::RequestBody;
use edgequake_client::transport::RetireReason;
use http::Method;
use http_body_util::{BodyExt, StreamBody};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::http2_server::{Http2, Script};
use crate::server::{answer, once, plain};

/// A body that never comes to its end, and tells when it is dropped.
fn endless() -> (RequestBody, Arc<Notify>) {
    struct Told(Arc<Notify>);
    impl Drop for Told {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let dropped = Arc::new(Notify::new());
    let told = Told(Arc::clone(&dropped));
    let waiting = futures_util::stream::once(async move {
        let _told = told;
        std::future::pending::<()>().await;
        Ok::<_, std::io::Error>(http_body::Frame::data(Bytes::new()))
    });
    (RequestBody::once(StreamBody::new(waiting)), dropped)
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
    for with_client in [false, true] {
        let server = Http2::start(&[Script::Early]).await;
        let idle = if with_client { Duration::from_secs(600) } else { Duration::from_millis(50) };
        let (client, transport) = once(&server.url, server.authority.trusted().idle_connection(idle));
        let (body, dropped) = endless();
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
