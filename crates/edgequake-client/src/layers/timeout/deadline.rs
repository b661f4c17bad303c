//! [`DeadlineLayer`]: how long the whole operation may take.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

use super::{TimedOut, TimeoutScope};
use crate::boxed::BoxError;
use crate::clock::{self, Timer};
use crate::fault::NoRuntime;
use crate::layers::at_once::AtOnce;
use crate::policy::Policy;

/// Limits the whole operation: readiness, waiting for a credential, every attempt, the waits in between, and the body.
///
/// Stands outside everything but the operation's span. It answers `Ready` itself, because a service that never becomes ready has
/// to obey the deadline too, and writes the deadline into the request's [`Policy`], so that the retry layer never sleeps past it.
/// Its own error is [`TimedOut`] with the scope `Total`; others pass. Streams are best sent without one.
///
/// ```
/// use std::time::Duration;
/// use edgequake_client::layers::timeout::DeadlineLayer;
/// use http::{Request, Response};
/// use http_body_util::Empty;
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let silent = service_fn(async |_: Request<()>| {
///     std::future::pending::<Result<Response<Empty<&'static [u8]>>, std::io::Error>>().await
/// });
/// let limit = DeadlineLayer::new(Some(Duration::from_secs(120)));
/// let error = ServiceBuilder::new().layer(limit).service(silent).oneshot(Request::new(())).await.unwrap_err();
/// assert_eq!(error.to_string(), "the operation was not finished within 120000 ms");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct DeadlineLayer {
    limit: Option<Duration>,
}

impl DeadlineLayer {
    /// Limits operations to this time; `None` for no limit. A request's [`Policy`] may say otherwise.
    pub fn new(limit: Option<Duration>) -> Self {
        Self { limit }
    }
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = Deadline<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Deadline { inner, limit: self.limit }
    }
}

/// The service of [`DeadlineLayer`].
#[derive(Debug, Clone)]
pub struct Deadline<S> {
    inner: S,
    limit: Option<Duration>,
}

impl<S, B, R> Service<Request<B>> for Deadline<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    S::Error: Into<BoxError>,
{
    type Response = Response<DeadlineBody<R>>;
    type Error = BoxError;
    type Future = ResponseFuture<S, Request<B>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let end = begin(Policy::in_request(&mut request), self.limit, Instant::now());
        match end.map(|(deadline, _)| clock::sleep_until(deadline)).transpose() {
            Ok(timer) => ResponseFuture { future: AtOnce::new(&mut self.inner, request), timer, end },
            Err(error) => ResponseFuture { future: AtOnce::refused(error), timer: None, end },
        }
    }
}

/// Begins an operation: notes in its policy when it is given up, and how long that is.
pub(crate) fn begin(
    policy: &mut Policy,
    default: Option<Duration>,
    now: Instant,
) -> Option<(Instant, Duration)> {
    let limit = policy.timeout.unwrap_or(default);
    // A limit beyond what the clock can express is no limit.
    let left = |limit: Duration| limit.saturating_sub(policy.spent);
    let end = limit.and_then(|limit| Some((now.checked_add(left(limit))?, limit)));
    (policy.deadline, policy.limit) = end.unzip();
    end
}

pin_project! {
    /// The future of [`Deadline`].
    pub struct ResponseFuture<S, Q>
    where
        S: Service<Q>,
    {
        #[pin]
        future: AtOnce<S, Q>,
        #[pin]
        timer: Option<Timer>,
        end: Option<(Instant, Duration)>,
    }
}

/// The error of a deadline that has passed, or that nobody can tell the passing of.
pub(crate) fn over(passed: Result<(), NoRuntime>, end: &Option<(Instant, Duration)>) -> BoxError {
    let limit = end.map(|(_, limit)| limit).unwrap_or_default();
    match passed {
        Ok(()) => TimedOut { scope: TimeoutScope::Total, limit }.into(),
        Err(error) => error.into(),
    }
}

impl<S, Q, R> Future for ResponseFuture<S, Q>
where
    S: Service<Q, Response = Response<R>>,
    S::Error: Into<BoxError>,
{
    type Output = Result<Response<DeadlineBody<R>>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(result) = this.future.poll(cx) {
            let end = *this.end;
            return Poll::Ready(result.map(|answer| answer.map(|body| DeadlineBody::new(body, end))));
        }
        match this.timer.as_pin_mut().map(|timer| timer.poll(cx)) {
            Some(Poll::Ready(passed)) => Poll::Ready(Err(over(passed, this.end))),
            _ => Poll::Pending,
        }
    }
}

pin_project! {
    /// A body that must be read before the operation's deadline.
    #[derive(Debug)]
    pub struct DeadlineBody<B> {
        #[pin]
        body: B,
        // Made when the body first has to wait: most are there with their head.
        timer: Option<Pin<Box<Timer>>>,
        end: Option<(Instant, Duration)>,
    }
}

impl<B> DeadlineBody<B> {
    pub(crate) fn new(body: B, end: Option<(Instant, Duration)>) -> Self {
        Self { body, timer: None, end }
    }
}

impl<B> Body for DeadlineBody<B>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    type Data = B::Data;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, BoxError>>> {
        let this = self.project();
        if let Poll::Ready(frame) = this.body.poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        if let (None, Some((deadline, _))) = (&this.timer, *this.end) {
            match clock::sleep_until(deadline) {
                Ok(timer) => *this.timer = Some(Box::pin(timer)),
                Err(error) => return Poll::Ready(Some(Err(error.into()))),
            }
        }
        match this.timer.as_mut().map(|timer| timer.as_mut().poll(cx)) {
            Some(Poll::Ready(passed)) => Poll::Ready(Some(Err(over(passed, this.end)))),
            _ => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
