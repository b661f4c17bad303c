//! SOCKS proxies, and proxy variables that a request does not need. `eq.test` exists behind the proxy only.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use edgequake_client::layers::retry::RetryConfig;
use edgequake_client::transport::{HttpTransport, HttpTransportBuilder, Proxies, ProxyError};
use edgequake_client::types::documents::UploadText;
use edgequake_client::{Client, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::server::{LIST, Server, json, list};
use crate::tls_server::{Authority, TlsFront};

/// A SOCKS5 proxy that wants a login and leads every tunnel to one server, whatever its destination is called.
pub(crate) struct Socks {
    address: String,
    /// Logins and destinations, one tunnel after the other.
    asked: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Socks {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Socks {
    /// Replies so to each tunnel in turn (RFC 1928, 6), and by the last one to all that follow.
    pub(crate) async fn start(target: u16, replies: &'static [u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::default();
        let log: Arc<Mutex<Vec<String>>> = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            for number in 0.. {
                let Ok((stream, _)) = listener.accept().await else { return };
                let reply = replies[number.min(replies.len() - 1)];
                tokio::spawn(serve(stream, target, reply, Arc::clone(&log)));
            }
        });
        Self { address, asked, task }
    }

    pub(crate) fn proxies(&self, scheme: &str, login: &str) -> Proxies {
        Proxies::all(&format!("{scheme}://{login}@{}", self.address), "").unwrap()
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn text(stream: &mut TcpStream) -> String {
    let mut bytes = vec![0; usize::from(stream.read_u8().await.unwrap())];
    stream.read_exact(&mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

async fn serve(mut stream: TcpStream, target: u16, reply: u8, log: Arc<Mutex<Vec<String>>>) {
    assert_eq!(stream.read_u8().await.unwrap(), 5);
    let mut methods = vec![0; usize::from(stream.read_u8().await.unwrap())];
    stream.read_exact(&mut methods).await.unwrap();
    if !methods.contains(&2) {
        stream.write_all(&[5, 0xFF]).await.unwrap();
        return;
    }
    stream.write_all(&[5, 2]).await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), 1);
    let login = (text(&mut stream).await, text(&mut stream).await);
    let is_right = (login.0.as_str(), login.1.as_str()) == ("user", "P@ss:w%rd");
    stream.write_all(&[1, u8::from(!is_right)]).await.unwrap();
    if !is_right {
        return;
    }
    let mut head = [0; 4];
    stream.read_exact(&mut head).await.unwrap();
    let host = match head {
        [5, 1, 0, 1] => std::net::Ipv4Addr::from(stream.read_u32().await.unwrap()).to_string(),
        [5, 1, 0, 3] => text(&mut stream).await,
        [5, 1, 0, 4] => std::net::Ipv6Addr::from(stream.read_u128().await.unwrap()).to_string(),
        other => panic!("{other:?}"),
    };
    let port = stream.read_u16().await.unwrap();
    log.lock().unwrap().push(format!("{host} {port}"));
    stream.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
    if reply != 0 {
        return;
    }
    let mut server = TcpStream::connect(("127.0.0.1", target)).await.unwrap();
    let _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
}

pub(crate) const LOGIN: &str = "user:P%40ss%3Aw%25rd";

fn client(base: &str, transport: HttpTransportBuilder) -> Client {
    let retry = RetryConfig::default().base(Duration::from_millis(1));
    let client = Client::builder().base_url(base).api_key("k1").retry(retry).transport(transport);
    client.allow_http(true).build().unwrap()
}

#[tokio::test]
async fn tls_goes_through_a_socks_proxy_by_name_or_by_address() {
    let server = Server::answers([json(200, LIST)]).await;
    let authority = Authority::new();
    let front = TlsFront::start(authority.issue(&["eq.test", "192.0.2.1", "2001:db8::1"]), &server.url).await;
    let proxy = Socks::start(front.port, &[0]).await;
    for (scheme, base) in [
        ("socks5h", "https://eq.test"),
        ("socks5h", "https://192.0.2.1:8443"),
        ("socks5", "https://192.0.2.1"),
        ("socks5", "https://[2001:db8::1]:5"),
    ] {
        let client = client(base, authority.trusted().proxies(proxy.proxies(scheme, LOGIN)));
        list(&client).await.unwrap();
        list(&client).await.unwrap();
    }
    assert_eq!(proxy.asked(), ["eq.test 443", "192.0.2.1 8443", "192.0.2.1 443", "2001:db8::1 5"]);
}

#[tokio::test]
async fn plain_http_through_a_socks_proxy_is_a_request_to_the_server_itself() {
    let server = Server::answers([json(200, LIST)]).await;
    let port = server.url.rsplit(':').next().unwrap().parse().unwrap();
    let proxy = Socks::start(port, &[0]).await;
    let transport = HttpTransport::builder().tls(false).proxies(proxy.proxies("socks5h", LOGIN));
    let client = client("http://eq.test:81", transport);
    list(&client).await.unwrap();
    list(&client).await.unwrap();
    assert_eq!(proxy.asked(), ["eq.test 81"], "one tunnel for both");
    for request in server.received() {
        assert_eq!((request.line(), request.header("host")), ("GET /api/v1/documents", Some("eq.test:81")));
        assert_eq!(request.header("proxy-authorization"), None);
        assert_eq!(request.connection, 0);
    }
}

#[tokio::test]
async fn what_a_socks_proxy_refuses_was_not_sent_and_is_tried_again_if_that_may_help() {
    let server = Server::answers([json(200, r#"{"document_id":"d","status":"pending"}"#)]).await;
    let port = server.url.rsplit(':').next().unwrap().parse().unwrap();
    let upload = |transport| async move {
        client("http://eq.test", transport).documents().upload_text(UploadText::new("x")).await
    };
    let over = |proxies| HttpTransport::builder().tls(false).proxies(proxies);

    let proxy = Socks::start(port, &[4, 1, 0]).await;
    upload(over(proxy.proxies("socks5h", LOGIN))).await.unwrap();
    assert_eq!((proxy.asked().len(), server.received().len()), (3, 1));

    let mut texts = Vec::new();
    let refusing = Socks::start(port, &[2]).await;
    for (login, proxy) in [(LOGIN, &refusing), ("user:wr0ng", &proxy), ("", &proxy)] {
        let transport = match login {
            "" => over(Proxies::all(&format!("socks5h://{}", proxy.address), "").unwrap()),
            login => over(proxy.proxies("socks5h", login)),
        };
        let error = upload(transport).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 1), "{error:?}");
        assert!(!error.is_retryable() && !format!("{error:?}").contains("wr0ng"), "{error:?}");
        texts.push(error.to_string().replace(&proxy.address, "[proxy]"));
    }
    assert_eq!(server.received().len(), 1);
    insta::assert_snapshot!(texts.join("\n"), @"
    /api/v1/documents: no connection could be made to http://eq.test: the proxy socks5h://[proxy] opened no tunnel to eq.test:80: its rules do not allow it
    /api/v1/documents: no connection could be made to http://eq.test: the proxy socks5h://[proxy] requires a user and a password, or rejects those in its URL
    /api/v1/documents: no connection could be made to http://eq.test: the proxy socks5h://[proxy] requires a user and a password, or rejects those in its URL
    ");
}

/// In the environment of a child process, where the server listens.
const CHILD: &str = "EDGEQUAKE_TEST_PROXY_URL";

#[tokio::test]
async fn a_variable_that_a_request_does_not_need_stops_nothing() {
    if let Ok(url) = std::env::var(CHILD) {
        // This process is the child below, with proxies that cannot be used.
        let here = client(&url, HttpTransport::builder().tls(false));
        list(&here).await.unwrap();
        let elsewhere = client("http://eq.test", HttpTransport::builder().tls(false));
        let error = list(&elsewhere).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connect, 1), "{error:?}");
        assert!(error.find::<ProxyError>().is_some());
        println!("told: {error}");
        return;
    }
    let server = Server::answers([json(200, LIST)]).await;
    for (proxy, said) in [
        (
            "socks4://127.0.0.1:1080",
            "ALL_PROXY must be an http, https, socks5 or socks5h proxy: socks4 is not supported",
        ),
        (
            "::bad::",
            "ALL_PROXY must be a proxy like http://user:password@host:port, or host:port; unset it to use none",
        ),
    ] {
        let mut command = std::process::Command::new(std::env::current_exe().unwrap());
        command.args([
            "--exact",
            "socks::a_variable_that_a_request_does_not_need_stops_nothing",
            "--nocapture",
        ]);
        for name in
            ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "all_proxy", "NO_PROXY", "no_proxy"]
        {
            command.env_remove(name);
        }
        command.env(CHILD, &server.url).env("ALL_PROXY", proxy);
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        assert!(text.contains(said), "{text}");
    }
    assert_eq!(server.received().len(), 2);
}
