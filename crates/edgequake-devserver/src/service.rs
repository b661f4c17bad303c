//! [`BackendService`]: the whole API as a tower service, for a stack, a router or a listener of your own.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::body::Body as AxumBody;
use axum::routing::future::RouteFuture;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::app::App;
use crate::routes;

/// The error of a body.
type BoxError = Box<dyn StdError + Send + Sync>;

/// The whole API as a [`tower` service](Service), on the state of a [`Backend`](crate::Backend), which
/// [`service`](crate::Backend::service) gives.
///
/// It is always ready and never fails: a request that is refused gets a response that says so. Clones are cheap and share the
/// state. It needs a Tokio runtime.
///
/// As a part of a server of your own:
///
/// ```
/// use edgequake_devserver::DevServer;
/// use http::Request;
/// use tower::ServiceExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let backend = DevServer::builder().build()?;
/// let app = axum::Router::new()
///     .route("/metrics", axum::routing::get(|| async { "up 1" }))
///     .fallback_service(backend.service());
///
/// let request = Request::get("/live").body(String::new())?;
/// assert_eq!(app.oneshot(request).await?.status(), 200);
/// assert_eq!(backend.stats().requests, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct BackendService(Router);

impl BackendService {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self(routes::router(app))
    }
}

impl fmt::Debug for BackendService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackendService").finish_non_exhaustive()
    }
}

impl<B> Service<Request<B>> for BackendService
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        <Router as Service<Request<B>>>::poll_ready(&mut self.0, cx)
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        ResponseFuture { future: self.0.call(request) }
    }
}

/// Takes away the length that the router declares of a body that cannot be there (RFC 9110, 8.6).
pub(crate) fn omit_length<B>(response: &mut Response<B>) {
    if response.status().is_informational() || response.status() == StatusCode::NO_CONTENT {
        response.headers_mut().remove(CONTENT_LENGTH);
    }
}

pin_project! {
    /// The response of a [`BackendService`], once it is there.
    pub struct ResponseFuture {
        #[pin]
        future: RouteFuture<Infallible>,
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response<ResponseBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut response = ready!(self.project().future.poll(cx))?;
        omit_length(&mut response);
        Poll::Ready(Ok(response.map(ResponseBody)))
    }
}

/// The body of a response: complete at once, or the events of a stream as they are written.
pub struct ResponseBody(pub(crate) AxumBody);

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.0).poll_frame(cx).map_err(Into::into)
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
