//! Serves one connection.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;

use axum::Router;
use axum::response::IntoResponse;
use http::header::{CONNECTION, HeaderValue, ORIGIN};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;
use tower_service::Service;

use crate::admin;
use crate::app::App;
use crate::body::drain;
use crate::effects::Unanswered;
use crate::error::Refusal;
use crate::guard::{self, Guard};
use crate::link::{Link, Linked};
use crate::log::LoggedRequest;
use crate::service::{BackendService, ResponseBody, omit_length};
#[cfg(feature = "websocket")]
use crate::socket::Closing;

/// Why a request gets no response.
#[derive(Debug, thiserror::Error)]
#[error("a fault ends the connection")]
struct Disconnected;

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) app: Arc<App>,
    pub(crate) service: BackendService,
    pub(crate) admin: Router,
    pub(crate) guard: Guard,
    #[cfg(feature = "tls")]
    pub(crate) acceptor: Option<tokio_rustls::TlsAcceptor>,
}

/// Serves the requests of a connection until either side closes it. Once `stopping` is true, the request in progress is
/// the last one.
pub(crate) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
    stopping: watch::Receiver<bool>,
) {
    // Small packets, such as the tokens of a stream, must not be delayed.
    let _ = stream.set_nodelay(true);
    let link = Link::default();
    let stream = Linked::new(stream, link.clone());
    #[cfg(feature = "tls")]
    if let Some(acceptor) = &shared.acceptor {
        // A client that does not trust the certificate hangs up.
        let Ok(stream) = acceptor.accept(stream).await else { return };
        return run(stream, peer, link, shared, stopping).await;
    }
    run(stream, peer, link, shared, stopping).await;
}

async fn run(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    peer: SocketAddr,
    link: Link,
    shared: Arc<Shared>,
    mut stopping: watch::Receiver<bool>,
) {
    #[cfg(feature = "websocket")]
    let closing = Closing(stopping.clone());
    let own_link = link.clone();
    let answer = service_fn(move |request: Request<Incoming>| {
        #[cfg(feature = "websocket")]
        let request = {
            let mut request = request;
            request.extensions_mut().insert(closing.clone());
            request
        };
        answer(Arc::clone(&shared), link.clone(), peer, request)
    });
    let builder = builder();
    #[cfg(feature = "tls")]
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), answer);
    #[cfg(not(feature = "tls"))]
    let connection = builder.serve_connection(TokioIo::new(stream), answer).with_upgrades();
    let mut connection = pin!(connection);
    // A client that disconnects is not an error, and a server that is gone stops.
    tokio::select! {
        _ = &mut connection => return,
        _ = stopping.wait_for(|stopping| *stopping) => {}
    }
    // Nothing is in progress on a connection that a fault has silenced.
    if own_link.is_silent() {
        return;
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// HTTP/1.1 and HTTP/2, with and without TLS. There is no limit on idle connections: with paused time, hours may pass
/// between two requests of a test.
#[cfg(feature = "tls")]
fn builder() -> hyper_util::server::conn::auto::Builder<hyper_util::rt::TokioExecutor> {
    let mut builder = hyper_util::server::conn::auto::Builder::new(hyper_util::rt::TokioExecutor::new());
    builder.http1().header_read_timeout(None);
    builder
}

/// HTTP/1.1. There is no limit on idle connections: with paused time, hours may pass between two requests of a test.
#[cfg(not(feature = "tls"))]
fn builder() -> hyper::server::conn::http1::Builder {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder.header_read_timeout(None);
    builder
}

async fn answer(
    shared: Arc<Shared>,
    link: Link,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Disconnected> {
    let (mut parts, mut body) = request.into_parts();
    parts.extensions.insert(link);
    let started = Instant::now();
    let tell = |seen: LoggedRequest, status: StatusCode| {
        shared.app.tell(&LoggedRequest { status, duration: started.elapsed(), ..seen });
    };
    if let Err(message) = shared.guard.check(&parts) {
        let mut response = Refusal::text(StatusCode::FORBIDDEN, message).into_response("");
        if !drain(&parts, &mut body).await {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        tell(shared.app.seen(&parts), response.status());
        return Ok(response.map(ResponseBody));
    }
    let origin = parts.headers.get(ORIGIN).cloned();
    let mut response = if let Some(headers) = guard::preflight(&parts) {
        let mut response = StatusCode::NO_CONTENT.into_response();
        *response.headers_mut() = headers;
        tell(shared.app.seen(&parts), response.status());
        response.map(ResponseBody)
    } else if is_admin(parts.uri.path()) && peer.ip().to_canonical().is_loopback() {
        let seen = shared.app.seen(&parts);
        let Ok(response) = shared.admin.clone().call(Request::from_parts(parts, body)).await;
        tell(seen, response.status());
        response.map(ResponseBody)
    } else {
        // This tells of the request itself.
        let Ok(response) = shared.service.clone().call(Request::from_parts(parts, body)).await;
        if response.extensions().get::<Unanswered>().is_some() {
            return Err(Disconnected);
        }
        response
    };
    omit_length(&mut response);
    if let Some(origin) = origin {
        guard::share(response.headers_mut(), origin);
    }
    Ok(response)
}

fn is_admin(path: &str) -> bool {
    path.strip_prefix(admin::PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
