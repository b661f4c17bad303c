//! A client with one connection and no second try, so that each request is one that the server sees.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use edgequake_types::session::Login;
use edgequake_types::{Decode, Endpoint};
use http::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long a client waits. It is far more than an answer takes.
const PATIENCE: Duration = Duration::from_secs(5);

/// How a request ended.
#[derive(Debug)]
pub(crate) enum Outcome<A> {
    Answer(A),
    /// A refusal: its status, whether a wait is told, and its body.
    Refused(u16, Option<String>, String),
    /// The connection ended before the whole answer was there.
    Ended,
    /// Nothing came for so long that the client gave up.
    Silent,
}

pub(crate) struct Connection {
    addr: SocketAddr,
    headers: HeaderMap,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    pub(crate) fn new(addr: SocketAddr) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::try_from(addr.to_string()).unwrap());
        for name in ["x-tenant-id", "x-workspace-id"] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("default"));
        }
        Self { addr, headers, sender: None }
    }

    pub(crate) fn bearer(mut self, token: &str) -> Self {
        self.headers.insert(AUTHORIZATION, HeaderValue::try_from(format!("Bearer {token}")).unwrap());
        self
    }

    pub(crate) async fn login(&mut self, user: &str, password: &str) -> String {
        let Outcome::Answer(login) = self.ask(&Login::new(user, password)).await else { panic!("no login") };
        login.access_token.expose().to_owned()
    }

    /// A connection that is there; a new one if the last has ended.
    async fn sender(&mut self) -> SendRequest<Full<Bytes>> {
        if let Some(mut sender) = self.sender.take()
            && sender.ready().await.is_ok()
        {
            return sender;
        }
        let stream = TcpStream::connect(self.addr).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    pub(crate) async fn ask<E: Endpoint>(&mut self, endpoint: &E) -> Outcome<E::Response>
    where
        E::Response: Decode,
    {
        match self.text(endpoint).await {
            Outcome::Answer(response) => {
                let (parts, body) = response.into_parts();
                Outcome::Answer(E::Response::decode(&parts, body.into()).unwrap())
            }
            Outcome::Refused(status, wait, body) => Outcome::Refused(status, wait, body),
            Outcome::Ended => Outcome::Ended,
            Outcome::Silent => Outcome::Silent,
        }
    }

    /// Sends an operation, and reads its answer as text.
    pub(crate) async fn text<E: Endpoint>(&mut self, endpoint: &E) -> Outcome<Response<String>> {
        let mut sender = self.sender().await;
        let (mut parts, body) = endpoint.to_request().unwrap().into_parts();
        parts.headers.extend(self.headers.clone());
        let request = Request::from_parts(parts, Full::new(body.bytes().unwrap()));
        let exchange = async {
            let (parts, body) = sender.send_request(request).await?.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok::<_, hyper::Error>(Response::from_parts(parts, String::from_utf8(body.to_vec()).unwrap()))
        };
        let Ok(exchanged) = tokio::time::timeout(PATIENCE, exchange).await else { return Outcome::Silent };
        let Ok(response) = exchanged else { return Outcome::Ended };
        self.sender = Some(sender);
        if response.status().is_success() {
            return Outcome::Answer(response);
        }
        let wait = response.headers().get("retry-after").map(|wait| wait.to_str().unwrap().to_owned());
        Outcome::Refused(response.status().as_u16(), wait, response.into_body())
    }
}
