//! [`AttemptTimeoutLayer`]: how long one attempt may take up to the head of its answer.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::{TimedOut, TimeoutScope};
use crate::boxed::BoxError;
use crate::clock::{self, Timer};
use crate::fault::NoRuntime;
use crate::policy::Policy;

/// Limits each attempt, up to the head of its answer.
///
/// Stands inside the auth layer, so that waiting for a credential is not charged to the attempt, and inside the retry, which may
/// follow it with another one. The body has an [idle limit](super::IdleTimeoutLayer) of its own. Its own error is [`TimedOut`]
/// with the scope `Attempt`; others pass.
///
/// ```
/// use std::time::Duration;
/// use edgequake_client::layers::timeout::AttemptTimeoutLayer;
/// use http::{Request, Response};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let silent = service_fn(async |_: Request<()>| {
///     std::future::pending::<Result<Response<()>, std::io::Error>>().await
/// });
/// let limit = AttemptTimeoutLayer::new(Some(Duration::from_secs(30)));
/// let error = ServiceBuilder::new().layer(limit).service(silent).oneshot(Request::new(())).await.unwrap_err();
/// assert_eq!(error.to_string(), "no answer came within 30000 ms");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct AttemptTimeoutLayer {
    limit: Option<Duration>,
}

impl AttemptTimeoutLayer {
    /// Limits attempts to this time; `None` for no limit. A request's [`Policy`] may say otherwise.
    pub fn new(limit: Option<Duration>) -> Self {
        Self { limit }
    }
}

impl<S> Layer<S> for AttemptTimeoutLayer {
    type Service = AttemptTimeout<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AttemptTimeout { inner, limit: self.limit }
    }
}

/// The service of [`AttemptTimeoutLayer`].
#[derive(Debug, Clone)]
pub struct AttemptTimeout<S> {
    inner: S,
    limit: Option<Duration>,
}

impl<S, B, R> Service<Request<B>> for AttemptTimeout<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<BoxError>,
{
    type Response = Response<R>;
    type Error = BoxError;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let own = request.extensions().get::<Policy>().and_then(|policy| policy.attempt_timeout);
        let limit = own.unwrap_or(self.limit);
        let timer = limit.map(clock::sleep).transpose();
        if let Ok(Some(timer)) = &timer {
            // What is below may want to know, such as a pool whose connections requests wait for.
            Policy::in_request(&mut request).attempt_deadline = Some(timer.deadline());
        }
        let (timer, no_runtime) = timer.map_or_else(|error| (None, Some(error)), |timer| (timer, None));
        let future = self.inner.call(request);
        ResponseFuture { future, timer, no_runtime, limit: limit.unwrap_or_default() }
    }
}

pin_project! {
    /// The future of [`AttemptTimeout`].
    pub struct ResponseFuture<F> {
        #[pin]
        future: F,
        #[pin]
        timer: Option<Timer>,
        no_runtime: Option<NoRuntime>,
        limit: Duration,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<R>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(error) = this.no_runtime.take() {
            return Poll::Ready(Err(error.into()));
        }
        // An answer that is there counts, even if the time is up as well.
        if let Poll::Ready(result) = this.future.poll(cx) {
            return Poll::Ready(result.map_err(Into::into));
        }
        match this.timer.as_pin_mut().map(|timer| timer.poll(cx)) {
            Some(Poll::Ready(passed)) => Poll::Ready(Err(match passed {
                Ok(()) => TimedOut { scope: TimeoutScope::Attempt, limit: *this.limit }.into(),
                Err(error) => error.into(),
            })),
            _ => Poll::Pending,
        }
    }
}
