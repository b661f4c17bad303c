//! [`Between`]: the layers between an operation and its attempts, as they are, and as they go on from an attempt that was made.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use edgequake_auth::SharedCredentials;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower::ServiceExt as _;
use tower_layer::Layer;
use tower_service::Service;

use crate::body::{RequestBody, ResponseBody};
use crate::boxed::BoxError;
use crate::layers::auth::AuthLayer;
use crate::layers::error_body::ErrorBodyLayer;
use crate::layers::retry::RetryLayer;
use crate::layers::scope::{ScopeHeaders, ScopeLayer};
use crate::layers::timeout::AttemptTimeoutLayer;
use crate::layers::unauthorized::{ReadBody, UnauthorizedLayer};

/// What comes of an attempt, or of an operation.
pub(in super::super) type Attempted = Result<Response<ResponseBody>, BoxError>;

/// What the layers are made of.
#[derive(Clone)]
pub(in super::super) struct Between {
    pub(in super::super) timeout: Option<Duration>,
    pub(in super::super) retry: RetryLayer,
    pub(in super::super) credentials: SharedCredentials,
    pub(in super::super) auth: AuthLayer,
    pub(in super::super) attempt_timeout: Option<Duration>,
}

impl Between {
    /// Layers 3 to 7 over what is below. With `first`, that is what their first attempt comes to, and it is not made.
    pub(in super::super) fn layer<S>(
        &self,
        below: S,
        first: Option<Attempted>,
    ) -> impl Service<Request<RequestBody>, Response = Response<ResponseBody>, Error = BoxError, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
    + use<S>
    where
        S: Service<Request<RequestBody>, Response = Response<ResponseBody>, Error = BoxError, Future: Send>
            + Clone
            + Send
            + Sync
            + 'static,
    {
        let scoped = ScopeLayer::new(ScopeHeaders::new()).layer(below);
        let attempt = self.auth.layer(AttemptTimeoutLayer::new(self.attempt_timeout).layer(scoped));
        let attempt = Resumed { first: first.map(|first| Arc::new(Mutex::new(Some(first)))), inner: attempt };
        let replayed = UnauthorizedLayer::new(self.credentials.clone()).layer(attempt).map_response(whole);
        self.retry.layer(ErrorBodyLayer::new().layer(replayed))
    }
}

/// Puts what was read of a refused answer back.
fn whole(mut answer: Response<ResponseBody>) -> Response<ResponseBody> {
    match answer.extensions_mut().remove::<ReadBody>() {
        Some(ReadBody(read)) => answer.map(|_| read.into()),
        None => answer,
    }
}

/// What was attempted already, as the first answer of a service.
#[derive(Clone)]
struct Resumed<S> {
    first: Option<Arc<Mutex<Option<Attempted>>>>,
    inner: S,
}

impl<S> Service<Request<RequestBody>> for Resumed<S>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>, Error = BoxError>,
{
    type Response = Response<ResponseBody>;
    type Error = BoxError;
    type Future = ResumedFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let first = self.first.as_ref().and_then(|first| lock(first).take());
        match first {
            Some(first) => ResumedFuture::Known { first: Some(first) },
            None => ResumedFuture::Made { future: self.inner.call(request) },
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pin_project! {
    /// The future of [`Resumed`].
    #[project = ResumedProj]
    enum ResumedFuture<F> {
        Known { first: Option<Attempted> },
        Made { #[pin] future: F },
    }
}

impl<F: Future<Output = Attempted>> Future for ResumedFuture<F> {
    type Output = Attempted;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Attempted> {
        match self.project() {
            ResumedProj::Known { first } => first.take().map_or(Poll::Pending, Poll::Ready),
            ResumedProj::Made { future } => future.poll(cx),
        }
    }
}
