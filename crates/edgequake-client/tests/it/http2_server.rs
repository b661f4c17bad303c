//! [`Http2`]: a scripted server of HTTP/2 over TLS, for what the dev server does not do: it resets single streams for any reason, goes away
//! with any last stream, and limits the streams of a connection.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use edgequake_client::Client;
use edgequake_client::layers::retry::RetryConfig;
use h2::server::SendResponse;
use h2::{Ping, Reason};
use http::{Method, Request, Response};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};

use crate::tls_server::Authority;

/// What becomes of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Script {
    /// Every request is answered.
    Serve,
    /// No request is answered.
    Silence,
    /// Every request is answered at once, whatever becomes of its body.
    Early,
    /// The first request is answered once [`Http2::release`] says so; the server takes no others, and says so at once.
    Leave,
    /// The first stream is reset for this reason, without an answer.
    Reset(Reason),
    /// The answer to the first stream is begun, then reset.
    ResetInside,
    /// The connection goes away for this reason at the first request, with this as the last stream that was looked at.
    GoAway(u32, Reason),
}

pub(crate) struct Http2 {
    pub(crate) url: String,
    pub(crate) authority: Authority,
    /// The requests that were answered, with their bodies, and the number of the connection.
    served: Arc<Mutex<Vec<(Method, Bytes, usize)>>>,
    /// How many connections have ended.
    pub(crate) ended: watch::Receiver<usize>,
    handshakes: Arc<AtomicUsize>,
    /// How many requests have come, answered or not.
    pub(crate) asked: watch::Receiver<usize>,
    /// Lets the server answer what it holds back.
    pub(crate) release: Arc<Notify>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Http2 {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Http2 {
    /// One script per connection, the last one for all that follow.
    pub(crate) async fn start(scripts: &'static [Script]) -> Self {
        Self::start_with(scripts, None).await
    }

    /// One that allows so many streams on a connection.
    pub(crate) async fn start_with(scripts: &'static [Script], streams: Option<u32>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let authority = Authority::new();
        let acceptor = authority.issue(&["localhost"]).acceptor(&["h2"]);
        let served = Arc::default();
        let log = Arc::clone(&served);
        let (ending, ended) = watch::channel(0);
        let ending = Arc::new(ending);
        let handshakes = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&handshakes);
        let (asking, asked) = watch::channel(0);
        let asking = Arc::new(asking);
        let release = Arc::new(Notify::new());
        let held = Arc::clone(&release);
        let task = tokio::spawn(async move {
            for connection in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (acceptor, log, ending) = (acceptor.clone(), Arc::clone(&log), Arc::clone(&ending));
                let (counted, asking, held) = (Arc::clone(&counted), Arc::clone(&asking), Arc::clone(&held));
                let script = scripts[connection.min(scripts.len() - 1)];
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    counted.fetch_add(1, Ordering::Relaxed);
                    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
                    match script {
                        Script::GoAway(last, reason) => go_away(stream, last, reason).await,
                        _ => serve(stream, script, log, (connection, streams), (&asking, held)).await,
                    }
                    ending.send_modify(|count| *count += 1);
                });
            }
        });
        Self { url, authority, served, ended, handshakes, asked, release, task }
    }

    pub(crate) fn client(&self) -> Client {
        let brief = RetryConfig::default().base(Duration::from_millis(1));
        let builder = Client::builder().base_url(&self.url).api_key("k1").retry(brief);
        builder.transport(self.authority.trusted()).build().unwrap()
    }

    /// How many TLS handshakes were finished.
    pub(crate) fn handshakes(&self) -> usize {
        self.handshakes.load(Ordering::Relaxed)
    }

    pub(crate) fn served(&self) -> Vec<(Method, Bytes, usize)> {
        self.served.lock().unwrap().clone()
    }
}

async fn serve<T: AsyncRead + AsyncWrite + Unpin>(
    stream: T,
    script: Script,
    log: Arc<Mutex<Vec<(Method, Bytes, usize)>>>,
    (number, streams): (usize, Option<u32>),
    (asking, release): (&watch::Sender<usize>, Arc<Notify>),
) {
    let mut builder = h2::server::Builder::new();
    if let Some(streams) = streams {
        builder.max_concurrent_streams(streams);
    }
    // A client that goes away in the middle of it is the client's matter.
    let Ok(mut connection) = builder.handshake(stream).await else { return };
    let mut first = true;
    let mut held = Vec::new();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        asking.send_modify(|count| *count += 1);
        match script {
            Script::Silence => held.push(respond),
            Script::Early => {
                let json = Bytes::from_static(b"{}");
                let mut body = respond.send_response(Response::new(()), false).unwrap();
                body.send_data(json, true).unwrap();
                tokio::spawn(read(request));
            }
            Script::Leave if first => {
                connection.graceful_shutdown();
                let (log, release) = (Arc::clone(&log), Arc::clone(&release));
                tokio::spawn(async move {
                    let (method, body) = read(request).await;
                    release.notified().await;
                    log.lock().unwrap().push((method, body, number));
                    answer(respond);
                });
            }
            Script::Reset(reason) if first => respond.send_reset(reason),
            Script::ResetInside if first => {
                let mut body = respond.send_response(Response::new(()), false).unwrap();
                body.send_data(Bytes::from_static(b"{\"documents\""), false).unwrap();
                // The beginning goes out before the reset, which would drop it: it is on its way when the client answers a PING.
                let mut ping = connection.ping_pong().unwrap();
                tokio::select! {
                    biased;
                    _ = connection.accept() => {}
                    pong = ping.ping(Ping::opaque()) => drop(pong.unwrap()),
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
        let Ok(data) = data else { break };
        bytes.extend_from_slice(&data);
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
