//! [`Wire`]: what a grid runs over, in front of a scripted server: plain HTTP/1.1, and HTTP/1.1 and HTTP/2 over TLS.
//!
//! The server is scripted because a grid holds every outcome against each wire, also those that the dev server does not produce: a
//! head that is cut, and a connection that is closed without a word.

use bytes::Bytes;
use edgequake_client::{Client, ClientBuilder};
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::server::Server;
use crate::tls_server::{Authority, TlsFront};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    Plain,
    Tls,
    Http2,
}

impl Wire {
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::Tls, Self::Http2];

    /// Puts this before the server.
    pub(crate) async fn before(self, server: &Server) -> Front {
        let authority = Authority::new();
        let identity = authority.issue(&["localhost"]);
        match self {
            Self::Plain => Front::Plain(server.url.clone()),
            Self::Tls => Front::Tls(TlsFront::start(identity, &server.url).await, authority),
            Self::Http2 => {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
                let target = server.url.trim_start_matches("http://").to_owned();
                let acceptor = identity.acceptor(&["h2"]);
                let mut tasks = JoinSet::new();
                tasks.spawn(async move {
                    let mut connections = JoinSet::new();
                    loop {
                        let (stream, _) = listener.accept().await.unwrap();
                        let (acceptor, target) = (acceptor.clone(), target.clone());
                        connections.spawn(async move {
                            let Ok(stream) = acceptor.accept(stream).await else { return };
                            let service =
                                hyper::service::service_fn(move |request| pass_on(request, target.clone()));
                            let http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                            // The client may leave at any time.
                            let _ = http2.serve_connection(TokioIo::new(stream), service).await;
                        });
                    }
                });
                Front::Http2 { url, authority, _tasks: tasks }
            }
        }
    }
}

/// What stands before a server, until it is dropped.
pub(crate) enum Front {
    Plain(String),
    Tls(TlsFront, Authority),
    Http2 { url: String, authority: Authority, _tasks: JoinSet<()> },
}

impl Front {
    /// A client that trusts it.
    pub(crate) fn builder(&self) -> ClientBuilder {
        let (url, authority) = match self {
            Self::Plain(url) => return Client::builder().base_url(url),
            Self::Tls(front, authority) => (front.url(), authority),
            Self::Http2 { url, authority, .. } => (url.clone(), authority),
        };
        Client::builder().base_url(&url).transport(authority.trusted())
    }
}

/// Asks the server over a connection of its own. Where the server gives no whole answer, the stream is reset.
async fn pass_on(request: Request<Incoming>, target: String) -> Result<Response<Incoming>, hyper::Error> {
    let (mut parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    parts.version = http::Version::HTTP_11;
    let host = parts.uri.authority().unwrap().as_str().parse().unwrap();
    parts.headers.insert(header::HOST, host);
    parts.uri = parts.uri.path_and_query().unwrap().as_str().parse().unwrap();
    let stream = TcpStream::connect(target).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    sender.send_request(Request::from_parts(parts, Full::new(body))).await
}
