//! [`Server`]: a scripted HTTP/1.1 server, for what the dev server does not do. It shows requests byte for byte, with their
//! credentials and the connection that they came over; it answers endpoints of a user's own; its answers may be compressed, chunked
//! wrongly or without an end, and it closes connections without a word or a reset. Whatever can be ordered of the dev server is.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use edgequake_client::layers::retry::RetryConfig;
use edgequake_client::transport::{HttpTransport, HttpTransportBuilder, Proxies};
use edgequake_client::types::documents::ListDocuments;
use edgequake_client::{Client, ClientBuilder, Error};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// Request line and headers, lines ended by LF.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// Which connection it came over, from 0.
    pub(crate) connection: usize,
}

impl Received {
    /// Method and target: `GET /health`.
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1")
    }

    pub(crate) fn path(&self) -> &str {
        self.line().split(' ').nth(1).unwrap_or_default()
    }

    /// The value of a header, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// Head and body for a snapshot; the port is made constant.
    pub(crate) fn text(&self) -> String {
        let host = self.header("host").unwrap_or_default().to_owned();
        let port = host.rsplit(':').next().unwrap_or_default();
        let head = self.head.replace(&host, &host.replace(port, "PORT"));
        format!("{head}\n{}", String::from_utf8_lossy(&self.body))
    }
}

/// What to do about a request.
#[derive(Clone)]
pub(crate) enum Act {
    /// Send these bytes and go on with the connection.
    Send(Vec<u8>),
    /// Send these bytes, then close.
    SendAndClose(Vec<u8>),
    /// Close without a byte.
    Close,
    /// Never answer.
    Hang,
    /// Send these bytes once the test says so.
    Held(Vec<u8>, Arc<Notify>),
}

type Script = dyn Fn(usize, &Received) -> Act + Send + Sync;

pub(crate) struct Server {
    pub(crate) url: String,
    log: Arc<Mutex<Vec<Received>>>,
    count: watch::Receiver<usize>,
    closed: watch::Receiver<usize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Serves by a script, which is told the number of the request, from 0.
    pub(crate) async fn start(script: impl Fn(usize, &Received) -> Act + Send + Sync + 'static) -> Self {
        Self::start_on("127.0.0.1:0", script).await
    }

    pub(crate) async fn start_on(
        address: &str,
        script: impl Fn(usize, &Received) -> Act + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let log = Arc::new(Mutex::new(Vec::new()));
        let (counted, count) = watch::channel(0);
        let (closing, closed) = watch::channel(0);
        let script: Arc<Script> = Arc::new(script);
        let shared = Arc::clone(&log);
        let (counted, closing) = (Arc::new(counted), Arc::new(closing));
        let task = tokio::spawn(async move {
            let mut connection = 0;
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (log, script) = (Arc::clone(&shared), Arc::clone(&script));
                let (counted, closing) = (Arc::clone(&counted), Arc::clone(&closing));
                tokio::spawn(async move {
                    serve(stream, connection, log, script, &counted).await;
                    closing.send_modify(|count| *count += 1);
                });
                connection += 1;
            }
        });
        Self { url, log, count, closed, task }
    }

    /// A server that gives these answers in turn, the last one for ever.
    pub(crate) async fn answers(answers: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let answers: Vec<Vec<u8>> = answers.into_iter().collect();
        Self::start(move |n, _| Act::Send(answers[n.min(answers.len() - 1)].clone())).await
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.received().iter().map(|request| request.line().to_owned()).collect()
    }

    /// The only request.
    pub(crate) fn only(&self) -> Received {
        let [one] = <[Received; 1]>::try_from(self.received()).expect("one request");
        one
    }

    /// Waits for this many requests in all.
    pub(crate) async fn wait_for(&self, requests: usize) {
        self.count.clone().wait_for(|count| *count >= requests).await.unwrap();
    }

    /// Waits until this many connections have been closed by the client.
    pub(crate) async fn wait_for_closed(&self, connections: usize) {
        self.closed.clone().wait_for(|count| *count >= connections).await.unwrap();
    }

    /// How many connections have been closed by the client.
    pub(crate) fn closed(&self) -> usize {
        *self.closed.borrow()
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder().base_url(&self.url)
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().api_key("k1").build().unwrap()
    }
}

async fn serve(
    mut stream: TcpStream,
    connection: usize,
    log: Arc<Mutex<Vec<Received>>>,
    script: Arc<Script>,
    counted: &watch::Sender<usize>,
) {
    let mut buffer = Vec::new();
    loop {
        let Some((head, body)) = read_request(&mut stream, &mut buffer).await else { return };
        let received = Received { head, body, connection };
        let number = {
            let mut log = log.lock().unwrap();
            log.push(received.clone());
            log.len() - 1
        };
        counted.send_modify(|count| *count = number + 1);
        match script(number, &received) {
            Act::Send(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Act::SendAndClose(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                return;
            }
            Act::Close => return,
            Act::Hang => {
                // Until the client gives up.
                let _ = stream.read(&mut [0; 1]).await;
                return;
            }
            Act::Held(bytes, go) => {
                go.notified().await;
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer.drain(..end).collect()).unwrap().replace("\r\n", "\n");
    let lower = head.to_ascii_lowercase();
    if lower.contains("transfer-encoding: chunked") {
        return Some((head, read_chunked(stream, buffer).await?));
    }
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
    let body = take(stream, buffer, length.unwrap_or(0)).await?;
    Some((head, body))
}

async fn take(stream: &mut TcpStream, buffer: &mut Vec<u8>, length: usize) -> Option<Vec<u8>> {
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    Some(buffer.drain(..length).collect())
}

async fn read_chunked(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = buffer.windows(2).position(|window| window == b"\r\n") {
                break at;
            }
            if stream.read_buf(buffer).await.ok()? == 0 {
                return None;
            }
        };
        let size = String::from_utf8(take(stream, buffer, end + 2).await?).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let chunk = take(stream, buffer, size + 2).await?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
}

/// An answer with a JSON body.
pub(crate) fn json(status: u16, body: &str) -> Vec<u8> {
    answer(status, &[("content-type", "application/json")], body.as_bytes())
}

/// An answer with these headers and this body.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        bytes.push_str(&format!("{name}: {value}\r\n"));
    }
    bytes.push_str("\r\n");
    let mut bytes = bytes.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// The head of an event stream whose end is the end of the connection.
pub(crate) const STREAM_HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

/// An event stream of these bytes.
pub(crate) fn event_stream(body: &[u8]) -> Act {
    Act::SendAndClose([STREAM_HEAD, body].concat())
}

/// An empty page of documents.
pub(crate) const LIST: &str = r#"{"documents":[]}"#;

/// The shortest call.
pub(crate) async fn list(client: &Client) -> Result<(), Error> {
    client.documents().list(ListDocuments::new()).await.map(drop)
}

/// A client over a transport that can be asked for its numbers.
pub(crate) fn over(url: &str, transport: HttpTransportBuilder) -> (Client, HttpTransport) {
    let transport = transport.build().unwrap();
    let retry = RetryConfig::default().base(Duration::from_millis(1));
    let client = Client::builder().base_url(url).api_key("k1").retry(retry);
    (client.build_on(transport.clone()).unwrap(), transport)
}

/// As [`over`], with no other attempt.
pub(crate) fn once(url: &str, transport: HttpTransportBuilder) -> (Client, HttpTransport) {
    let transport = transport.build().unwrap();
    let client = Client::builder().base_url(url).api_key("k1").retry(RetryConfig::none());
    (client.build_on(transport.clone()).unwrap(), transport)
}

/// A transport without TLS.
pub(crate) fn plain() -> HttpTransportBuilder {
    HttpTransport::builder().proxies(Proxies::none()).tls(false)
}
