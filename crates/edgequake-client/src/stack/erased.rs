//! [`ErasedService`]: the finished stack behind one pointer, so that the client has one type whatever layers were put in.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::boxing;
use crate::body::{RequestBody, ResponseBody};
use crate::boxed::{BoxError, BoxFuture};
use crate::layers::at_once::AtOnce;

/// A cloneable service that is called by reference: each call takes a clone of the inner service and waits for its
/// readiness inside its own future. There is no worker behind it, so nothing ties it to a runtime.
#[derive(Clone)]
pub(crate) struct ErasedService(Arc<dyn Erased>);

trait Erased: Send + Sync {
    fn call(&self, request: Request<RequestBody>) -> BoxFuture<Result<Response<ResponseBody>, BoxError>>;
}

struct Inner<S>(S);

impl<S, R> Erased for Inner<S>
where
    S: Service<Request<RequestBody>, Response = Response<R>> + Clone + Send + Sync + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    R: Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    fn call(&self, request: Request<RequestBody>) -> BoxFuture<Result<Response<ResponseBody>, BoxError>> {
        Box::pin(boxing::ResponseFuture { future: AtOnce::new(&mut self.0.clone(), request) })
    }
}

impl ErasedService {
    pub(crate) fn new<S, R>(service: S) -> Self
    where
        S: Service<Request<RequestBody>, Response = Response<R>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
        R: Body<Data = Bytes> + Send + 'static,
        R::Error: Into<BoxError>,
    {
        Self(Arc::new(Inner(service)))
    }

    pub(crate) fn call(
        &self,
        request: Request<RequestBody>,
    ) -> BoxFuture<Result<Response<ResponseBody>, BoxError>> {
        self.0.call(request)
    }
}

impl fmt::Debug for ErasedService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ErasedService")
    }
}
