//! [`HttpService`]: what a layer of one's own wraps.

use std::task::{Context, Poll};

use http::{Request, Response};
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;
use tower_service::Service;

use crate::body::{RequestBody, ResponseBody};
use crate::boxed::{BoxError, BoxFuture};

/// The service that a layer of your own wraps, and has to give back: the part of a client's stack below it. A clone is cheap.
///
/// ```
/// use edgequake_client::body::{RequestBody, ResponseBody};
/// use edgequake_client::stack::HttpService;
/// use http::{Request, Response};
/// use tower::{ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), edgequake_client::BoxError> {
/// let below = HttpService::new(service_fn(async |_: Request<RequestBody>| {
///     Ok::<_, std::io::Error>(Response::new(ResponseBody::default()))
/// }));
/// let answer = below.oneshot(Request::get("/health").body(RequestBody::empty())?).await?;
/// assert_eq!(answer.status(), 200);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct HttpService(BoxCloneSyncService<Request<RequestBody>, Response<ResponseBody>, BoxError>);

impl HttpService {
    /// Makes one of any service of these requests and answers.
    pub fn new<S>(service: S) -> Self
    where
        S: Service<
                Request<RequestBody>,
                Response = Response<ResponseBody>,
                Error: Into<BoxError>,
                Future: Send,
            > + Clone
            + Send
            + Sync
            + 'static,
    {
        Self(BoxCloneSyncService::new(service.map_err(Into::into)))
    }
}

impl Service<Request<RequestBody>> for HttpService {
    type Response = Response<ResponseBody>;
    type Error = BoxError;
    type Future = BoxFuture<Result<Response<ResponseBody>, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        self.0.call(request)
    }
}
