//! [`TraceLayer`]: spans for `tracing`.
//!
//! One [operation](TraceLayer::operation) span stands outside everything, one [attempt](TraceLayer::attempt) span inside the
//! retries, so that attempts are its children. Their fields are fixed: method, the operation's path *template*, status, and on an
//! operation the number of attempts. No header, no URL and no body ever gets into a span. At the end of each there is an event of
//! level DEBUG, `answered` or `failed`. Errors pass through.
//!
//! ```
//! use edgequake_client::layers::trace::TraceLayer;
//! use http::{Request, Response};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let transport = service_fn(async |_: Request<()>| Ok::<_, std::io::Error>(Response::new(())));
//! let stack = ServiceBuilder::new().layer(TraceLayer::operation()).service(transport);
//! assert!(stack.oneshot(Request::get("/health").body(())?).await?.status().is_success());
//! # Ok(())
//! # }
//! ```

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;
use tracing::Span;
use tracing::field::Empty;

use super::retry::Attempts;
use crate::policy::Policy;

/// Opens a span for each request.
#[derive(Debug, Clone)]
pub struct TraceLayer {
    kind: Kind,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Operation,
    Attempt,
}

impl TraceLayer {
    /// A span of level INFO named `edgequake`, for the whole operation.
    pub fn operation() -> Self {
        Self { kind: Kind::Operation }
    }

    /// A span of level DEBUG named `attempt`, for each attempt.
    pub fn attempt() -> Self {
        Self { kind: Kind::Attempt }
    }
}

impl<S> Layer<S> for TraceLayer {
    type Service = Traced<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Traced { inner, kind: self.kind }
    }
}

/// The service of [`TraceLayer`].
#[derive(Debug, Clone)]
pub struct Traced<S> {
    inner: S,
    kind: Kind,
}

impl<S, B, R> Service<Request<B>> for Traced<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let span = self.kind.span(&request);
        let future = span.in_scope(|| self.inner.call(request));
        ResponseFuture { future, span }
    }
}

impl Kind {
    fn span<B>(self, request: &Request<B>) -> Span {
        match self {
            Self::Operation => {
                let operation = request.extensions().get::<Policy>().map_or("", |policy| policy.operation);
                tracing::info_span!("edgequake", method = %request.method(), operation, status = Empty, attempts = Empty)
            }
            Self::Attempt => tracing::debug_span!("attempt", status = Empty),
        }
    }
}

pin_project! {
    /// The future of [`Traced`].
    pub struct ResponseFuture<F> {
        #[pin]
        future: F,
        span: Span,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let entered = this.span.enter();
        let result = ready!(this.future.poll(cx));
        if let Ok(answer) = &result {
            this.span.record("status", answer.status().as_u16());
            if let Some(Attempts(attempts)) = answer.extensions().get() {
                this.span.record("attempts", attempts);
            }
        }
        tracing::debug!("{}", if result.is_ok() { "answered" } else { "failed" });
        drop(entered);
        Poll::Ready(result)
    }
}
