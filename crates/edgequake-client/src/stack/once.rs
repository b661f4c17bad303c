//! [`OnceLayer`]: what may go out once goes out once, whatever the layers around it do.
//!
//! Refresh tokens are single use. A layer of the user's own that repeats requests, such as a retry, would spend one twice; the
//! server takes that for theft and ends the session. So the exchanges of logins carry a mark that is used up by the first
//! attempt, and a second one fails before anything is sent.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use crate::boxed::{BoxError, BoxFuture};

/// On a request that may be sent once. Clones of the request share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Once(Arc<AtomicBool>);

/// A layer of the user's own has sent an exchange twice.
#[derive(Debug)]
pub(crate) struct SentTwice;

impl fmt::Display for SentTwice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a layer tried to send a login, refresh or logout again: let it pass requests to /api/v1/auth/ on once")
    }
}

impl std::error::Error for SentTwice {}

/// Stands right above the transport.
#[derive(Debug, Clone, Copy)]
pub(super) struct OnceLayer;

impl<S> Layer<S> for OnceLayer {
    type Service = SendOnce<S>;

    fn layer(&self, inner: S) -> SendOnce<S> {
        SendOnce { inner }
    }
}

#[derive(Debug, Clone)]
pub(super) struct SendOnce<S> {
    inner: S,
}

impl<S, B> Service<Request<B>> for SendOnce<S>
where
    S: Service<Request<B>, Error = BoxError, Future: Send + 'static>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let once = request.extensions().get::<Once>();
        if once.is_some_and(|once| once.0.swap(true, Ordering::AcqRel)) {
            return Box::pin(async { Err(SentTwice.into()) });
        }
        Box::pin(self.inner.call(request))
    }
}
