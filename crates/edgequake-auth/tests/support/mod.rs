//! A server on loopback with single-use refresh tokens, a transport that reaches it, and a way to run a test of this binary
//! in a process of its own. Plain blocking sockets: what is tested is on the other side.
#![allow(clippy::unwrap_used, dead_code, reason = "test support, shared by tests that each use a part of it")]

pub(crate) mod http1;

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use edgequake_auth::{
    AuthContext, BoxFuture, FileStore, Jwt, LoginKey, Record, ServerKey, StoredTokens, Swap, TokenStore as _,
    TokenTransport, TransportError, TransportErrorKind,
};
use http::{Request, Response};
use serde_json::{Value, json};

/// What the server knows.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// The number of the refresh token that works, once.
    pub(crate) current: u64,
    pub(crate) expires_in: u64,
    pub(crate) refreshes: u64,
    pub(crate) refused: u64,
    pub(crate) logins: u64,
}

/// A server; it ends with the process.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) session: Arc<Mutex<Session>>,
}

impl Server {
    pub(crate) fn start(expires_in: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let session = Arc::new(Mutex::new(Session { expires_in, ..Session::default() }));
        let server = Self { address, session };
        std::thread::spawn({
            let server = server.clone();
            move || {
                for stream in listener.incoming().flatten() {
                    let server = server.clone();
                    std::thread::spawn(move || server.serve(stream).unwrap());
                }
            }
        });
        server
    }

    fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let (head, body) = http1::receive(&stream)?;
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let (status, answer) = {
            let mut session = self.session.lock().unwrap();
            match head.split(' ').nth(1) {
                Some("/api/v1/auth/login") => {
                    session.logins += 1;
                    (200, session.issue())
                }
                Some("/api/v1/auth/refresh") if body["refresh_token"] == format!("r{}", session.current) => {
                    session.refreshes += 1;
                    (200, session.issue())
                }
                Some("/api/v1/auth/refresh") => {
                    session.refused += 1;
                    (401, json!({"code": "UNAUTHORIZED", "message": "token_reuse"}))
                }
                _ => (404, Value::Null),
            }
        };
        let answer = answer.to_string();
        write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{answer}", answer.len())
    }

    pub(crate) fn origin(&self) -> edgequake_types::Origin {
        format!("http://{}", self.address).parse().unwrap()
    }
}

impl Session {
    fn issue(&mut self) -> Value {
        self.current += 1;
        json!({
            "access_token": format!("a{}", self.current), "expires_in": self.expires_in,
            "refresh_token": format!("r{}", self.current),
        })
    }
}

/// One connection per request.
#[derive(Debug)]
pub(crate) struct Loopback(pub(crate) SocketAddr);

impl TokenTransport for Loopback {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'static, Result<Response<Bytes>, TransportError>> {
        let address = self.0;
        Box::pin(async move {
            let exchange = move || http1::post(address, "a test", &request, || {});
            let answer = tokio::task::spawn_blocking(exchange).await.unwrap();
            answer.map_err(|error| TransportError::new(TransportErrorKind::Interrupted).with_source(error))
        })
    }
}

/// Set in a process that was started by [`run`]: the address of the server and the token file.
const CHILD: &str = "EDGEQUAKE_AUTH_TEST_CHILD";

/// Starts this binary again, to run only the test named `test`, which finds its orders by [`orders`].
pub(crate) fn run(test: &str, server: &Server, file: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(CHILD, format!("{}|{}", server.address, file.display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What the child is to work with; `None` when the test harness runs it as an ordinary test.
pub(crate) fn orders() -> Option<(SocketAddr, FileStore)> {
    let orders = std::env::var(CHILD).ok()?;
    let (address, file) = orders.split_once('|').unwrap();
    Some((address.parse().unwrap(), FileStore::new(file)))
}

/// The provider of a child: no password, so that a lost refresh token shows.
pub(crate) fn provider(address: SocketAddr, store: FileStore) -> (Jwt, AuthContext) {
    let origin: edgequake_types::Origin = format!("http://{address}").parse().unwrap();
    // Short, so that whoever is killed delays the next one by a second at most.
    let builder = Jwt::builder(origin.clone(), Loopback(address)).timeout(Duration::from_millis(300));
    let jwt = builder.store(store).build().unwrap();
    (jwt, AuthContext::new(origin))
}

/// The login that the children share.
pub(crate) fn key(server: &Server) -> LoginKey {
    ServerKey::from(server.origin()).account("mona")
}

/// Puts a session into the store, as a login would.
pub(crate) async fn put(
    store: &FileStore,
    server: &Server,
    access: &str,
    refresh: &str,
    expires_at: SystemTime,
) {
    let key = key(server);
    let present = store.read(&key).await.unwrap().map(|stored| stored.revision);
    let tokens = StoredTokens::new(Some(access.into()), Some(refresh.into())).expires_at(Some(expires_at));
    let record = Record::new(tokens, SystemTime::now());
    assert!(matches!(store.compare_and_set(&key, present, &record).await.unwrap(), Swap::Done(_)));
}

/// A runtime as a small program has it.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}
