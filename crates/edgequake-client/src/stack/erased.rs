//! [`ErasedService`]: the finished stack behind one pointer, so that the client has one type whatever layers were put in.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use tower_service::Service;

use super::boxing;
use super::direct::{Attempted, Direct, Sending};
use crate::body::RequestBody;
use crate::boxed::{BoxError, BoxFuture};
use crate::layers::at_once::AtOnce;
use crate::policy::Policy;

/// A cloneable service that is called by reference: each call takes a clone of the inner service and waits for its
/// readiness inside its own future. There is no worker behind it, so nothing ties it to a runtime.
#[derive(Clone)]
pub(crate) struct ErasedService(Arc<dyn Erased>);

trait Erased: Send + Sync {
    /// A request that comes without a policy may carry one.
    fn call(&self, request: Request<RequestBody>, policy: Option<Policy>) -> BoxFuture<Attempted>;
}

impl<T: Sending> Erased for Direct<T> {
    fn call(&self, mut request: Request<RequestBody>, policy: Option<Policy>) -> BoxFuture<Attempted> {
        let policy = policy.or_else(|| request.extensions_mut().remove());
        let policy = policy.unwrap_or_else(|| Policy::for_method(request.method()));
        Direct::call(self, request, policy)
    }
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
    fn call(&self, mut request: Request<RequestBody>, policy: Option<Policy>) -> BoxFuture<Attempted> {
        if let Some(policy) = policy {
            request.extensions_mut().insert(policy);
        }
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

    /// A stack that is called as it is.
    pub(super) fn direct(direct: Direct<impl Sending>) -> Self {
        Self(Arc::new(direct))
    }

    /// Sends a request, under the policy that it carries.
    pub(crate) fn call(&self, request: Request<RequestBody>) -> BoxFuture<Attempted> {
        self.0.call(request, None)
    }

    /// Sends a request under a policy.
    pub(crate) fn send(&self, request: Request<RequestBody>, policy: Policy) -> BoxFuture<Attempted> {
        self.0.call(request, Some(policy))
    }
}

impl fmt::Debug for ErasedService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ErasedService")
    }
}
