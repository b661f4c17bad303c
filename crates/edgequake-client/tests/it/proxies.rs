//! Proxies: what they get to see, and what is said when they refuse. `eq.test` exists behind the proxy only.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use edgequake_client::layers::retry::RetryConfig;
use edgequake_client::transport::{HttpTransport, HttpTransportBuilder, Proxies};
use edgequake_client::types::documents::ListDocuments;
use edgequake_client::{Client, ClientBuilder, Error, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::server::{Act, Server, answer, json};
use crate::tls_server::{Authority, TlsFront};

const EMPTY: &str = r#"{"documents":[]}"#;

/// How a proxy answers CONNECT.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    /// In one piece.
    Open,
    /// Byte by byte.
    Slowly,
    /// With this head, and the end.
    Refuse(&'static str),
}

/// A proxy that passes every tunnel on to one server, whatever its destination is called.
pub(crate) struct Tunnels {
    pub(crate) url: String,
    /// The heads of the requests.
    asked: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Tunnels {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Tunnels {
    pub(crate) async fn start(target: u16, reply: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = listener.local_addr().unwrap().to_string();
        let asked = Arc::default();
        let log = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                tokio::spawn(tunnel(stream, target, reply, Arc::clone(&log)));
            }
        });
        Self { url, asked, task }
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Trusts the authority, and goes through this proxy with a user and a password.
    pub(crate) fn transport(&self, authority: &Authority) -> HttpTransportBuilder {
        authority.trusted().proxies(through(&self.url))
    }
}

pub(crate) fn through(address: &str) -> Proxies {
    Proxies::all(&format!("http://user:P%40ss%3Aw%25rd@{address}"), "").unwrap()
}

async fn tunnel(mut stream: TcpStream, target: u16, reply: Answer, log: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    log.lock().unwrap().push(String::from_utf8(head).unwrap().replace("\r\n", "\n"));
    let opened = "HTTP/1.1 200 Connection established\r\nProxy-Agent: p\r\n\r\n";
    match reply {
        Answer::Open => stream.write_all(opened.as_bytes()).await.unwrap(),
        Answer::Slowly => {
            stream.set_nodelay(true).unwrap();
            for byte in opened.bytes() {
                stream.write_u8(byte).await.unwrap();
                tokio::task::yield_now().await;
            }
        }
        Answer::Refuse(head) => {
            stream.write_all(head.as_bytes()).await.unwrap();
            return;
        }
    }
    let mut server = TcpStream::connect(("127.0.0.1", target)).await.unwrap();
    let _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
}

fn brief(base: &str, transport: HttpTransportBuilder) -> ClientBuilder {
    let retry = RetryConfig::default().base(Duration::from_millis(1));
    Client::builder().base_url(base).api_key("k1").retry(retry).transport(transport)
}

async fn list(client: &Client) -> Result<(), Error> {
    client.documents().list(ListDocuments::new()).await.map(drop)
}

#[tokio::test]
async fn a_tunnel_shows_the_proxy_where_to_and_nothing_of_ours() {
    for reply in [Answer::Open, Answer::Slowly] {
        let server = Server::answers([json(200, EMPTY)]).await;
        let authority = Authority::new();
        let front = TlsFront::start(authority.issue(&["eq.test"]), &server.url).await;
        let proxy = Tunnels::start(front.port, reply).await;
        let client = brief("https://eq.test", proxy.transport(&authority)).build().unwrap();
        list(&client).await.unwrap();
        list(&client).await.unwrap();

        let [asked] = &proxy.asked()[..] else { panic!("one tunnel for both calls") };
        assert_eq!(
            asked,
            "CONNECT eq.test:443 HTTP/1.1\nHost: eq.test:443\n\
             Proxy-Authorization: Basic dXNlcjpQQHNzOnclcmQ=\n\n"
        );
        for request in server.received() {
            assert_eq!(request.line(), "GET /api/v1/documents");
            assert_eq!(request.header("host"), Some("eq.test"));
            assert_eq!(request.header("authorization"), Some("Bearer k1"));
            assert_eq!(request.header("proxy-authorization"), None);
        }
    }
}

#[tokio::test]
async fn a_retry_takes_the_tunnel_there_is_and_a_new_one_only_when_it_must() {
    let server = Server::start(|n, _| match n {
        0 => Act::Send(answer(503, &[("retry-after", "0")], b"")),
        1 => Act::SendAndClose(answer(503, &[("connection", "close")], b"")),
        _ => Act::Send(json(200, EMPTY)),
    })
    .await;
    let authority = Authority::new();
    let front = TlsFront::start(authority.issue(&["eq.test"]), &server.url).await;
    let proxy = Tunnels::start(front.port, Answer::Open).await;
    let client = brief("https://eq.test", proxy.transport(&authority)).build().unwrap();
    list(&client).await.unwrap();
    assert_eq!(server.received().iter().map(|request| request.connection).collect::<Vec<_>>(), [0, 0, 1]);
    assert_eq!(proxy.asked().len(), 2);
}

#[tokio::test]
async fn a_certificate_is_held_against_the_destination_and_not_the_proxy() {
    let server = Server::answers([json(200, EMPTY)]).await;
    let authority = Authority::new();
    let front = TlsFront::start(authority.issue(&["localhost", "127.0.0.1"]), &server.url).await;
    let proxy = Tunnels::start(front.port, Answer::Open).await;
    let client = brief("https://eq.test", proxy.transport(&authority)).build().unwrap();
    let error = list(&client).await.unwrap_err();
    assert!(error.to_string().contains("it is for another host"), "{error}");
    assert_eq!((proxy.asked().len(), server.received().len()), (1, 0));
}

#[tokio::test]
async fn a_refusal_names_the_proxy_and_what_it_said_and_is_repeated_only_where_it_may_pass() {
    let mut texts = Vec::new();
    for (reply, attempts) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n", 1),
        ("HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\nfilter", 1),
        ("HTTP/1.1 503 Service Unavailable\r\n\r\n", 4),
        ("", 4),
    ] {
        let proxy = Tunnels::start(0, Answer::Refuse(reply)).await;
        let client = brief("https://eq.test", proxy.transport(&Authority::new())).build().unwrap();
        let error = list(&client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{error:?}");
        assert_eq!((error.attempts(), proxy.asked().len()), (attempts, attempts as usize), "{error:?}");
        assert_eq!(error.is_retryable(), attempts > 1, "{error:?}");
        let text = crate::errors::chain(&error).replace(&proxy.url, "PROXY");
        let shown = format!("{text} {error:?}");
        assert!(!shown.contains("P@ss") && !shown.contains("P%40ss") && !shown.contains("dXNl"), "{shown}");
        texts.push(text.lines().next_back().unwrap().to_owned());
    }
    insta::assert_snapshot!(texts.join("\n"), @"
    /api/v1/documents: no connection could be made to https://eq.test: the proxy http://PROXY requires a user and a password, or rejects those in its URL (407)
    /api/v1/documents: no connection could be made to https://eq.test: the proxy http://PROXY opened no tunnel to eq.test:443: it answered 403 Forbidden
    /api/v1/documents: no connection could be made to https://eq.test: the proxy http://PROXY opened no tunnel to eq.test:443: it answered 503 Service Unavailable; 4 attempts
    /api/v1/documents: no connection could be made to https://eq.test: the proxy http://PROXY closed the connection before it answered; 4 attempts
    ");
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = unused.local_addr().unwrap().to_string();
    drop(unused);
    for base in ["https://eq.test", "http://eq.test"] {
        let transport = Authority::new().trusted().proxies(through(&address));
        let client = brief(base, transport).allow_http(true).retry(RetryConfig::none()).build().unwrap();
        let error = list(&client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        let text = crate::errors::chain(&error);
        assert!(text.contains(&format!("the proxy http://{address} cannot be reached")), "{text}");
    }
}

#[tokio::test]
async fn plain_http_is_forwarded_with_the_whole_address_and_the_proxys_own_credentials() {
    let proxy = Server::answers([json(200, EMPTY)]).await;
    let address = proxy.url.trim_start_matches("http://");
    let transport = || HttpTransport::builder().proxies(through(address));
    let refused = brief("http://eq.test:8080/eq", transport()).build().unwrap();
    assert_eq!(list(&refused).await.unwrap_err().kind(), ErrorKind::Insecure);
    assert!(proxy.received().is_empty());

    let client = brief("http://eq.test:8080/eq", transport()).allow_http(true).build().unwrap();
    list(&client).await.unwrap();
    let request = proxy.only();
    assert_eq!(request.line(), "GET http://eq.test:8080/eq/api/v1/documents");
    assert_eq!(request.header("host"), Some("eq.test:8080"));
    assert_eq!(request.header("proxy-authorization"), Some("Basic dXNlcjpQQHNzOnclcmQ="));
    assert_eq!(request.header("authorization"), Some("Bearer k1"));
}

#[tokio::test]
async fn a_proxy_that_closes_without_saying_so_loses_no_request() {
    let proxy = Server::start(|_, _| Act::SendAndClose(json(200, EMPTY))).await;
    let transport = HttpTransport::builder().proxies(through(proxy.url.trim_start_matches("http://")));
    let client = brief("http://eq.test", transport).allow_http(true).build().unwrap();
    for _ in 0..20 {
        list(&client).await.unwrap();
    }
    let connections: Vec<_> = proxy.received().iter().map(|request| request.connection).collect();
    assert_eq!(connections, (0..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn no_connection_to_a_forwarding_proxy_is_used_twice() {
    // It keeps its connections open; that it will is nothing to rely on.
    let proxy = Server::answers([json(200, EMPTY)]).await;
    let transport = HttpTransport::builder().proxies(through(proxy.url.trim_start_matches("http://")));
    let client = brief("http://eq.test", transport).allow_http(true).build().unwrap();
    for _ in 0..3 {
        list(&client).await.unwrap();
    }
    let connections: Vec<_> = proxy.received().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 1, 2]);
    proxy.wait_for_closed(3).await;
}

#[tokio::test]
async fn a_proxy_that_wants_a_password_for_plain_http_says_so() {
    let proxy = Server::answers([answer(407, &[("proxy-authenticate", "Basic")], b"")]).await;
    let proxies = Proxies::all(&proxy.url, "").unwrap();
    let client = brief("http://eq.test", HttpTransport::builder().proxies(proxies)).allow_http(true);
    let error = list(&client.build().unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Status, 1));
    insta::assert_snapshot!(error, @"/api/v1/documents: 407 Proxy Authentication Required [HTTP_407]; a proxy requires a user and a password: put them in its URL");
}

#[tokio::test]
async fn this_machine_is_reached_without_a_proxy() {
    let (proxy, server) =
        (Server::answers([json(200, EMPTY)]).await, Server::answers([json(200, EMPTY)]).await);
    let address = proxy.url.trim_start_matches("http://");
    let client = brief(&server.url, HttpTransport::builder().proxies(through(address))).build().unwrap();
    list(&client).await.unwrap();
    assert_eq!(server.only().line(), "GET /api/v1/documents");
    assert_eq!(server.only().header("proxy-authorization"), None);
    assert!(proxy.received().is_empty());
}

#[tokio::test]
async fn a_proxy_that_speaks_tls_is_trusted_like_any_server() {
    let proxy = Server::answers([json(200, EMPTY)]).await;
    let authority = Authority::new();
    let front = TlsFront::start(authority.issue(&["localhost"]), &proxy.url).await;
    let proxies = || Proxies::all(&front.url(), "").unwrap();
    let trusting = authority.trusted().proxies(proxies());
    let client = brief("http://eq.test", trusting).allow_http(true).build().unwrap();
    list(&client).await.unwrap();
    assert_eq!(proxy.only().line(), "GET http://eq.test/api/v1/documents");

    let strange = Authority::new().trusted().proxies(proxies());
    let client = brief("http://eq.test", strange).allow_http(true).build().unwrap();
    let error = list(&client).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 1), "{error:?}");
    assert_eq!(proxy.received().len(), 1);
    let text = error.to_string();
    assert!(text.contains(&format!("the proxy {} cannot be reached", front.url())), "{text}");
    assert!(text.contains("; the proxy's certificate was refused: its issuer is unknown"), "{text}");
    assert!(!text.contains("the server"), "{text}");

    // A certificate for another host, and no TLS at its other end.
    let elsewhere = TlsFront::start(authority.issue(&["proxy.test"]), &proxy.url).await;
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", plain.local_addr().unwrap());
    let answering = tokio::spawn(async move {
        let (mut stream, _) = plain.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream
    });
    for (url, said) in [
        (
            elsewhere.url(),
            "the proxy's certificate was refused: it is for another host than that of the proxy's URL",
        ),
        (url, "the proxy answered without TLS: is the scheme of the proxy's URL right?"),
    ] {
        let transport = authority.trusted().proxies(Proxies::all(&url, "").unwrap());
        let error = list(&brief("https://eq.test", transport).build().unwrap()).await.unwrap_err();
        assert!(error.to_string().ends_with(said), "{error}");
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 1), "{error:?}");
    }
    drop(answering.await.unwrap());
}
