//! [`IdleTimeoutLayer`]: how long a body may pause.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::{TimedOut, TimeoutScope};
use crate::boxed::BoxError;
use crate::clock::{self, Timer};

/// Limits the pause between two pieces of an answer's body.
///
/// Stands right outside the transport. It changes nothing until the head is there; then a body from which nothing comes for
/// the limit ends with [`TimedOut`] of the scope `Idle`. Anything counts, also the comments that keep an event stream alive. The
/// server sends one every 15 seconds, so limits for streams are best well above that.
///
/// ```
/// use std::time::Duration;
/// use edgequake_client::body::ResponseBody;
/// use edgequake_client::layers::timeout::IdleTimeoutLayer;
/// use http::{Request, Response};
/// use http_body_util::BodyExt;
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let transport = service_fn(async |_: Request<()>| {
///     Ok::<_, std::io::Error>(Response::new(ResponseBody::from(bytes::Bytes::from("text"))))
/// });
/// let stack = ServiceBuilder::new().layer(IdleTimeoutLayer::new(Some(Duration::from_secs(60)))).service(transport);
/// let answer = stack.oneshot(Request::new(())).await?;
/// assert_eq!(answer.into_body().collect().await?.to_bytes(), "text");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct IdleTimeoutLayer {
    limit: Option<Duration>,
}

impl IdleTimeoutLayer {
    /// Limits pauses to this time; `None` for no limit.
    pub fn new(limit: Option<Duration>) -> Self {
        Self { limit }
    }
}

impl<S> Layer<S> for IdleTimeoutLayer {
    type Service = IdleTimeout<S>;

    fn layer(&self, inner: S) -> Self::Service {
        IdleTimeout { inner, limit: self.limit }
    }
}

/// The service of [`IdleTimeoutLayer`].
#[derive(Debug, Clone)]
pub struct IdleTimeout<S> {
    inner: S,
    limit: Option<Duration>,
}

impl<S, B, R> Service<Request<B>> for IdleTimeout<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = Response<IdleBody<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ResponseFuture { future: self.inner.call(request), limit: self.limit }
    }
}

pin_project! {
    /// The future of [`IdleTimeout`].
    pub struct ResponseFuture<F> {
        #[pin]
        future: F,
        limit: Option<Duration>,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<IdleBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.future.poll(cx))?;
        let limit = *this.limit;
        Poll::Ready(Ok(answer.map(|body| IdleBody::new(body, limit))))
    }
}

pin_project! {
    /// A body whose pauses are limited.
    #[derive(Debug)]
    pub struct IdleBody<B> {
        #[pin]
        body: B,
        // Allocated when the body first has to wait, so that a body that does not is small.
        timer: Option<Pin<Box<Timer>>>,
        limit: Option<Duration>,
        // Whether the timer runs for the present pause.
        waiting: bool,
    }
}

impl<B> IdleBody<B> {
    pub(crate) fn new(body: B, limit: Option<Duration>) -> Self {
        Self { body, timer: None, limit, waiting: false }
    }
}

impl<B> Body for IdleBody<B>
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
            *this.waiting = false;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let Some(limit) = *this.limit else { return Poll::Pending };
        if !*this.waiting {
            *this.waiting = true;
            // Unlike a deadline, a span has no length that is too long.
            match (clock::sleep(limit), this.timer.as_mut()) {
                (Ok(pause), Some(timer)) => timer.set(pause),
                (Ok(pause), None) => *this.timer = Some(Box::pin(pause)),
                (Err(error), _) => return Poll::Ready(Some(Err(error.into()))),
            }
        }
        match this.timer.as_mut().map(|timer| timer.as_mut().poll(cx)) {
            Some(Poll::Ready(passed)) => Poll::Ready(Some(Err(match passed {
                Ok(()) => TimedOut { scope: TimeoutScope::Idle, limit }.into(),
                Err(error) => error.into(),
            }))),
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
