//! [`TraceLayer`]: spans for `tracing`.
//!
//! One [operation](TraceLayer::operation) span stands outside everything, one [attempt](TraceLayer::attempt) span inside the
//! retries, so that attempts are its children. No header, no URL and no body ever gets into a span. The fields are fixed:
//!
//! | field | of | what |
//! |---|---|---|
//! | `method` | operation | the method |
//! | `operation` | operation | the path as the protocol writes it, with `{document_id}` for an id |
//! | `status` | both | the status, once there is an answer |
//! | `attempts` | operation | how many requests were sent, if that is more than one |
//! | `fault` | both | why there is no answer, or no whole one: see [`fault_name`] |
//! | `bytes` | both | how long the body of the answer was, as far as it was read, after decompression |
//!
//! A span ends with the body of its answer. Events tell of the way: `answered` or `failed`, and after an answer `read` or `broke off`;
//! `dropped` if nobody waited for the answer, or read its body to the end. They are of level DEBUG, but for what an operation and its attempt
//! both say: an operation's `answered` and the end of an attempt's body are of level TRACE. Errors are boxed, and else unchanged. Where
//! nobody subscribes, nothing is measured.
//!
//! ```
//! use edgequake_client::layers::trace::TraceLayer;
//! use http::{Request, Response};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let transport = service_fn(async |_: Request<()>| Ok::<_, std::io::Error>(Response::new(String::new())));
//! let stack = ServiceBuilder::new().layer(TraceLayer::operation()).service(transport);
//! assert!(stack.oneshot(Request::get("/health").body(())?).await?.status().is_success());
//! # Ok(())
//! # }
//! ```

mod fault;
mod body;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Method, Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;
use tracing::Span;
use tracing::field::Empty;

use super::retry::{Attempts, Retried};
use crate::boxed::BoxError;
use crate::fault::find;
use crate::policy::Policy;
pub use body::TracedBody;
pub use fault::fault_name;

/// The target of all events here.
const TARGET: &str = module_path!();

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
    S::Error: Into<BoxError>,
{
    type Response = Response<TracedBody<R>>;
    type Error = BoxError;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let running = match self.kind {
            Kind::Operation => {
                let operation = request.extensions().get::<Policy>().map_or("", |policy| policy.operation);
                Running::operation(request.method(), operation)
            }
            Kind::Attempt => Running::attempt(),
        };
        let future = running.span.in_scope(|| self.inner.call(request));
        ResponseFuture { running, future }
    }
}

/// A span whose answer has not come yet. That it never will is told when this is dropped.
pub(crate) struct Running {
    span: Span,
    kind: Kind,
    finished: bool,
}

impl Running {
    pub(crate) fn operation(method: &Method, operation: &'static str) -> Self {
        let span = tracing::info_span!(
            "edgequake",
            method = %method,
            operation,
            status = Empty,
            attempts = Empty,
            fault = Empty,
            bytes = Empty,
        );
        Self { span, kind: Kind::Operation, finished: false }
    }

    pub(crate) fn attempt() -> Self {
        let span = tracing::debug_span!("attempt", status = Empty, fault = Empty, bytes = Empty);
        Self { span, kind: Kind::Attempt, finished: false }
    }

    #[cfg(feature = "client")]
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// Tells what came of it.
    pub(crate) fn finish<R>(&mut self, result: Result<&Response<R>, &BoxError>) {
        self.finished = true;
        let span = &self.span;
        span.in_scope(|| match result {
            Ok(answer) => {
                span.record("status", answer.status().as_u16());
                if let Some(Attempts(attempts)) = answer.extensions().get() {
                    span.record("attempts", attempts);
                }
                match self.kind {
                    Kind::Operation => tracing::trace!("answered"),
                    Kind::Attempt => tracing::debug!("answered"),
                }
            }
            Err(error) if !span.is_disabled() => {
                span.record("fault", fault_name(&**error));
                if let Some(retried) = find::<Retried>(&**error) {
                    span.record("attempts", retried.attempts);
                }
                tracing::debug!("failed");
            }
            Err(_) => tracing::debug!("failed"),
        });
    }

    /// The body of its answer, with which the span ends.
    pub(crate) fn body<R>(&self, body: R) -> TracedBody<R> {
        TracedBody::new(body, self.kind, &self.span)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.finished {
            self.span.record("fault", "dropped");
            self.span.in_scope(|| tracing::debug!("dropped"));
        }
    }
}

pin_project! {
    /// The future of [`Traced`].
    pub struct ResponseFuture<F> {
        // Dropped first, as it tells what is dropped.
        running: Running,
        #[pin]
        future: F,
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<TracedBody<R>>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let result = ready!(this.running.span.in_scope(|| this.future.poll(cx))).map_err(Into::into);
        this.running.finish(result.as_ref());
        Poll::Ready(result.map(|answer| answer.map(|body| this.running.body(body))))
    }
}
