//! The dev server with one user, and logins at it.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use edgequake_auth::{
    BoxFuture, FileStore, Jwt, JwtBuilder, LoginKey, ServerKey, TokenStore as _, TokenTransport,
    TransportError, TransportErrorKind,
};
use edgequake_devserver::{DevServer, Role, SessionId};
use http::{Request, Response};

use crate::http1;

pub(crate) const PASSWORD: &str = "correct horse";

/// An access token of a second is never good for long enough, so each request for a credential is a refresh.
pub(crate) async fn start() -> DevServer {
    start_with(Duration::from_secs(1)).await
}

/// One whose access tokens live so long.
pub(crate) async fn start_with(lifetime: Duration) -> DevServer {
    let server = DevServer::builder().user("mona", "mona@corp.test", PASSWORD, Role::User);
    server.token_lifetime(lifetime).start().await.unwrap()
}

/// The login that all share.
pub(crate) fn key(server: &DevServer) -> LoginKey {
    let origin: edgequake_types::Origin = server.url().parse().unwrap();
    ServerKey::from(origin).account("mona")
}

/// A provider of Mona's login in a store, who goes by the name `agent` and has no password.
pub(crate) fn provider(address: SocketAddr, agent: &str, store: &FileStore) -> JwtBuilder {
    latest(address, agent, store).account("mona")
}

/// One of the login that began last, whosever it is.
pub(crate) fn latest(address: SocketAddr, agent: &str, store: &FileStore) -> JwtBuilder {
    let origin = format!("http://{address}").parse().unwrap();
    Jwt::builder(origin, Plain { address, agent: agent.to_owned() }).store(store.clone())
}

/// Puts a session into the store, as somebody at a terminal would.
pub(crate) async fn log_in(server: &DevServer, store: &FileStore) -> SessionId {
    let jwt = provider(server.addr(), "login", store).login("mona", PASSWORD).build().unwrap();
    jwt.login().await.unwrap();
    let stored = store.read(&key(server)).await.unwrap().unwrap();
    let token = stored.record.tokens().unwrap().refresh_token.clone().unwrap();
    server.session_of(token.expose()).unwrap()
}

/// One connection per request, on the thread that asks.
#[derive(Debug)]
struct Plain {
    address: SocketAddr,
    agent: String,
}

impl TokenTransport for Plain {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'static, Result<Response<Bytes>, TransportError>> {
        let answer = http1::post(self.address, &self.agent, &request, || {});
        let answer =
            answer.map_err(|error| TransportError::new(TransportErrorKind::Interrupted).with_source(error));
        Box::pin(async { answer })
    }
}
