//! [`ErrorBodyLayer`]: what the body of an answer says about another attempt.
//!
//! Some servers tell the wait in the body only. Stands right inside the transient retry, which does not read bodies: it reads
//! the body of a 408, 429, 502, 503 or 504, up to 64 KiB and 5 s, puts a [`RetryHint`] into the extensions, and hands on the
//! answer with the same bytes. Its connection is free for the next attempt then. All other answers, and all errors, pass
//! untouched.
//!
//! ```
//! use std::time::Duration;
//! use edgequake_client::body::ResponseBody;
//! use edgequake_client::layers::error_body::ErrorBodyLayer;
//! use edgequake_client::layers::retry::RetryHint;
//! use http::{Request, Response, StatusCode};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let busy = service_fn(async |_: Request<()>| {
//!     let body = bytes::Bytes::from(r#"{"error":"rate_limit_exceeded","retry_after_seconds":2}"#);
//!     let mut answer = Response::new(ResponseBody::from(body));
//!     *answer.status_mut() = StatusCode::TOO_MANY_REQUESTS;
//!     Ok::<_, std::io::Error>(answer)
//! });
//! let answer = ServiceBuilder::new().layer(ErrorBodyLayer::new()).service(busy).oneshot(Request::new(())).await?;
//! assert_eq!(RetryHint::of(&answer).after, Some(Duration::from_secs(2)));
//! # Ok(())
//! # }
//! ```

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use edgequake_auth::wait_in_body;
use edgequake_types::ErrorBody;
use http::{Request, Response};
use http_body::Body;
use http_body_util::BodyExt;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::retry::{Outcome, RetryHint};
use crate::boxed::BoxFuture;
use crate::clock;

/// How much of an error's body is read, in bytes.
pub(crate) const ERROR_BODY_LIMIT: usize = 64 * 1024;

/// How long an error's body may take; it is not worth more.
const PATIENCE: Duration = Duration::from_secs(5);

/// What comes of an error's body within the limits of bytes and time. `None` if it broke off, or stopped, where it says nothing yet:
/// the status speaks for itself then.
pub(crate) async fn read_error_body<R>(body: &mut R) -> Option<Bytes>
where
    R: Body<Data = Bytes> + Unpin,
{
    let (read, whole) = read_within(body, PATIENCE).await;
    // The beginning of a text says something, that of an object does not.
    let says_something = whole || !matches!(read.trim_ascii_start().first(), None | Some(b'{' | b'['));
    says_something.then_some(read)
}

/// Reads a body to its end, or to the limit of bytes, for so long at most. False where it broke off, or its time was over.
pub(crate) async fn read_within<R>(body: &mut R, patience: Duration) -> (Bytes, bool)
where
    R: Body<Data = Bytes> + Unpin,
{
    let mut read = BytesMut::new();
    let reading = async {
        while read.len() <= ERROR_BODY_LIMIT {
            match body.frame().await {
                Some(Ok(frame)) => read.extend_from_slice(&frame.into_data().unwrap_or_default()),
                Some(Err(_)) => return false,
                None => return true,
            }
        }
        true
    };
    // Timers need a runtime; without one, the limits of whoever sends the request are all there is.
    let whole = match clock::runtime() {
        Ok(_) => clock::timeout(patience, reading).await.ok().flatten().unwrap_or(false),
        Err(_) => reading.await,
    };
    read.truncate(ERROR_BODY_LIMIT);
    (read.freeze(), whole)
}

/// Reads the retry hint of answers that may be followed by another attempt.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct ErrorBodyLayer {}

impl ErrorBodyLayer {
    /// The layer; it has no options.
    pub fn new() -> Self {
        Self {}
    }
}

impl<S> Layer<S> for ErrorBodyLayer {
    type Service = ErrorBodyReader<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ErrorBodyReader { inner }
    }
}

/// The service of [`ErrorBodyLayer`].
#[derive(Debug, Clone)]
pub struct ErrorBodyReader<S> {
    inner: S,
}

impl<S, B, R> Service<Request<B>> for ErrorBodyReader<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body<Data = Bytes> + From<Bytes> + Unpin + Send + 'static,
    R::Error: Send,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ResponseFuture { state: State::Waiting { future: self.inner.call(request) } }
    }
}

pin_project! {
    /// The future of [`ErrorBodyReader`].
    pub struct ResponseFuture<F, R> {
        #[pin]
        state: State<F, R>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, R> {
        Waiting { #[pin] future: F },
        Reading { future: BoxFuture<Response<R>> },
    }
}

impl<F, R, E> Future for ResponseFuture<F, R>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body<Data = Bytes> + From<Bytes> + Unpin + Send + 'static,
    R::Error: Send,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Waiting { future } => {
                    let answer = ready!(future.poll(cx))?;
                    if !Outcome::may_pass(answer.status()) {
                        return Poll::Ready(Ok(answer));
                    }
                    this.state.set(State::Reading { future: Box::pin(read_hint(answer)) });
                }
                StateProj::Reading { future } => return future.as_mut().poll(cx).map(Ok),
            }
        }
    }
}

async fn read_hint<R>(answer: Response<R>) -> Response<R>
where
    R: Body<Data = Bytes> + From<Bytes> + Unpin,
{
    let (mut parts, mut body) = answer.into_parts();
    let bytes = read_error_body(&mut body).await.unwrap_or_default();
    let said = ErrorBody::read(parts.status, &bytes);
    let after = wait_in_body(&said);
    parts.extensions.insert(RetryHint { after, retryable: said.retryable });
    Response::from_parts(parts, R::from(bytes))
}
