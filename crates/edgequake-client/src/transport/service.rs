//! [`HttpTransport`] as a service, and the future of its answers.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::PROXY_AUTHORIZATION;
use http::{Request, Response};
use tokio::time::Instant;
use tower_service::Service;

use super::error::TransportError;
use super::exchange::{self, Times, TransportBody};
use super::pool::Pool;
use super::proxy::Proxies;
use super::stats::ConnectionStats;
#[cfg(feature = "websocket")]
use super::upgrade::{self, OwnConnection};
use crate::body::RequestBody;
use crate::boxed::BoxFuture;

/// A pooled HTTP client, as a service.
#[derive(Debug, Clone)]
pub struct HttpTransport {
    // One pointer: every layer of a stack holds a clone of what is below it.
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    pool: Arc<Pool>,
    proxies: Proxies,
}

impl HttpTransport {
    pub(super) fn over(pool: Arc<Pool>, proxies: Proxies) -> Self {
        Self { shared: Arc::new(Shared { pool, proxies }) }
    }

    /// Sends a request that has time until `whole`, and this attempt at it until `attempt`, up to the head of the answer.
    pub(crate) fn exchange(
        &self,
        request: Request<RequestBody>,
        whole: Option<Instant>,
        attempt: Option<Instant>,
    ) -> ResponseFuture {
        self.send(request, Times::new(whole, attempt))
    }

    fn send(&self, mut request: Request<RequestBody>, times: Times) -> ResponseFuture {
        if let Some(authorization) = self.shared.proxies.forward_authorization(request.uri()) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        #[cfg(feature = "websocket")]
        if request.extensions().get::<OwnConnection>().is_some() {
            return ResponseFuture(Box::pin(upgrade::send(Arc::clone(&self.shared.pool), request)));
        }
        ResponseFuture(exchange::send(Arc::clone(&self.shared.pool), request, times))
    }

    /// What has become of the connections of this transport and its clones, in numbers.
    pub fn connection_stats(&self) -> ConnectionStats {
        self.shared.pool.stats()
    }
}

impl Service<Request<RequestBody>> for HttpTransport {
    type Response = Response<TransportBody>;
    type Error = TransportError;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let times = Times::of(&request);
        self.send(request, times)
    }
}

/// The future of [`HttpTransport`]. Dropping it closes the connection, or with HTTP/2 the stream.
pub struct ResponseFuture(BoxFuture<Result<Response<TransportBody>, TransportError>>);

impl Future for ResponseFuture {
    type Output = Result<Response<TransportBody>, TransportError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
