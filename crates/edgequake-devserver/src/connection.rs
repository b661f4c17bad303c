//! Serves one connection.

use std::convert::Infallible;
use std::pin::pin;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tower_service::Service;

use crate::effects::Disconnect;
use crate::link::{Link, Linked};
use crate::service::{BackendService, ResponseBody};

/// Why a request gets no response.
#[derive(Debug, thiserror::Error)]
#[error("a fault ends the connection")]
struct Disconnected;

/// Serves the requests of a connection until either side closes it. Once `stopping` is true, the request in progress is
/// the last one.
pub(crate) async fn serve(stream: TcpStream, service: BackendService, mut stopping: watch::Receiver<bool>) {
    // Small packets, such as the tokens of a stream, must not be delayed.
    let _ = stream.set_nodelay(true);
    let link = Link::default();
    let stream = TokioIo::new(Linked::new(stream, link.clone()));
    let answer = service_fn(move |request| answer(service.clone(), link.clone(), request));
    // No limit on idle connections: with paused time, hours may pass between two requests of a test.
    let connection = hyper::server::conn::http1::Builder::new()
        .header_read_timeout(None)
        .serve_connection(stream, answer)
        .with_upgrades();
    let mut connection = pin!(connection);
    // A client that disconnects is not an error, and a server that is gone stops.
    tokio::select! {
        _ = &mut connection => return,
        _ = stopping.wait_for(|stopping| *stopping) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

async fn answer(
    mut service: BackendService,
    link: Link,
    mut request: Request<Incoming>,
) -> Result<Response<ResponseBody>, Disconnected> {
    request.extensions_mut().insert(link);
    let answered: Result<_, Infallible> = service.call(request).await;
    let Ok(response) = answered;
    if response.extensions().get::<Disconnect>().is_some() { Err(Disconnected) } else { Ok(response) }
}
