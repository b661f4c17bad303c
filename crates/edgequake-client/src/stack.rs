//! The order of the layers. This is the only place that knows it, because the order is the security property.
//!
//! | | layer | why here |
//! |---|---|---|
//! | 1 | operation span | everything below happens in it |
//! | 2 | total deadline | bounds readiness, logins, all attempts and the waits between them |
//! | | *your own layers, once per operation* | see one request, whatever becomes of it |
//! | 3 | transient retry | every attempt passes 4 to 10 anew |
//! | | error body | reads the wait that a 429 or 503 tells in its body only |
//! | 4 | replay after 401 | not counted as an attempt of 3 |
//! | 5 | auth header | inside both retries: no attempt goes out with an old credential |
//! | 6 | attempt timeout | inside 5: a slow login is not charged to the attempt |
//! | 7 | scope headers | inside the retries, so that those copy no headers |
//! | | *your own layers, once per attempt* | see the request as it goes out |
//! | 8 | attempt span | what the transport does |
//! | | trace context | inside the span that it tells the server of |
//! | | decompression | all further out read plain bodies; after the idle timer, which watches the wire |
//! | 9 | guard | looks last, whoever set a header before |
//! | | idle timer | on the body as it comes from the wire |
//! | 10 | transport | pooled hyper client over TLS and proxies |
//!
//! A client without layers of its own asks them in the same order, but on a [shorter way](direct).

mod http_service;
mod own;
mod boxing;
mod direct;
pub(crate) mod once;
pub(crate) mod erased;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use edgequake_auth::SharedCredentials;
use http::{Request, Response};
use http_body::Body;
use tower::ServiceBuilder;
use tower_layer::Layer;
use tower_service::Service;

use crate::body::{RequestBody, ResponseBody};
use crate::boxed::BoxError;
use crate::layers::auth::AuthLayer;
#[cfg(feature = "compression")]
use crate::layers::decompression::DecompressionLayer;
use crate::layers::guard::{GuardLayer, TrustedOrigin};
use crate::layers::retry::{RetryBudget, RetryConfig, RetryLayer};
use crate::layers::timeout::{DeadlineLayer, IdleTimeoutLayer};
use crate::layers::trace::TraceLayer;
use crate::layers::trace_context::TraceContextLayer;
use crate::transport::HttpTransport;
use boxing::Boxing;
use direct::{Attempt, Between, Custom, Direct};
use erased::ErasedService;
pub use http_service::HttpService;
use own::Own;

/// What the stack is built from, besides transport and credentials.
#[derive(Clone)]
pub(crate) struct StackOptions {
    pub(crate) trusted: TrustedOrigin,
    pub(crate) timeout: Option<Duration>,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) idle_timeout: Option<Duration>,
    #[cfg(feature = "compression")]
    pub(crate) compression: bool,
    pub(crate) retry: RetryConfig,
    pub(crate) budget: RetryBudget,
    pub(crate) trace_context: Option<TraceContextLayer>,
    pub(crate) per_operation: Vec<Arc<dyn StackLayer>>,
    pub(crate) per_attempt: Vec<Arc<dyn StackLayer>>,
}

/// A layer of your own for a client's stack. Implemented for every [`Layer`] that takes an [`HttpService`] and gives a service of the
/// same requests and answers back.
pub trait StackLayer: Send + Sync + 'static {
    /// Wraps what is below.
    fn wrap(&self, inner: HttpService) -> HttpService;
}

impl<L> StackLayer for L
where
    L: Layer<HttpService> + Send + Sync + 'static,
    L::Service: Service<Request<RequestBody>, Response = Response<ResponseBody>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
{
    fn wrap(&self, inner: HttpService) -> HttpService {
        HttpService::new(self.layer(inner))
    }
}

/// The whole stack: layers 1 to 10, or [`Direct`], which does the same.
pub(crate) fn build<T, R>(
    transport: T,
    options: &StackOptions,
    credentials: SharedCredentials,
) -> ErasedService
where
    T: Service<Request<RequestBody>, Response = Response<R>> + Clone + Send + Sync + 'static,
    T::Error: Into<BoxError>,
    T::Future: Send,
    R: Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    let below = below_attempt(transport.clone(), options);
    let between = Between {
        timeout: options.timeout,
        retry: RetryLayer::new(options.retry.clone()).budget(options.budget.clone()),
        auth: AuthLayer::new(credentials.clone(), options.trusted.clone()),
        credentials,
        attempt_timeout: options.attempt_timeout,
    };
    if options.per_operation.is_empty() && options.per_attempt.is_empty() {
        let attempt = Attempt {
            trace_context: options.trace_context.clone().unwrap_or_else(TraceContextLayer::none),
            #[cfg(feature = "compression")]
            compression: options.compression,
            idle_timeout: options.idle_timeout,
        };
        let below = HttpService::new(Boxing(below));
        return match (&transport as &dyn Any).downcast_ref::<HttpTransport>() {
            Some(http) => ErasedService::direct(Direct::new(between, attempt, http.clone(), below)),
            None => ErasedService::direct(Direct::new(between, attempt, Custom(transport), below)),
        };
    }
    let operation = TraceLayer::operation();
    let attempts = between.layer(with_own_layers(Boxing(below), &options.per_attempt), None);
    let deadline =
        DeadlineLayer::new(options.timeout).layer(with_own_layers(attempts, &options.per_operation));
    ErasedService::new(operation.layer(deadline))
}

fn with_own_layers<S>(inner: S, layers: &[Arc<dyn StackLayer>]) -> Own<S>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>, Error = BoxError, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static,
{
    if layers.is_empty() {
        return Own::Plain(inner);
    }
    let inner = HttpService::new(inner);
    Own::Layered(layers.iter().fold(inner, |inner, layer| layer.wrap(inner)))
}

/// Layers 8 to 10.
fn below_attempt<T, R>(
    transport: T,
    options: &StackOptions,
) -> impl Service<
    Request<RequestBody>,
    Response = Response<impl Body<Data = Bytes, Error = BoxError> + Send + use<T, R>>,
    Error = BoxError,
    Future: Send,
>
+ Clone
+ Send
+ Sync
+ 'static
+ use<T, R>
where
    T: Service<Request<RequestBody>, Response = Response<R>> + Clone + Send + Sync + 'static,
    T::Error: Into<BoxError>,
    T::Future: Send,
    R: Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    let guarded = ServiceBuilder::new()
        .layer(GuardLayer::new(options.trusted.clone()))
        .layer(IdleTimeoutLayer::new(options.idle_timeout))
        .service(transport);
    #[cfg(feature = "compression")]
    let guarded = DecompressionLayer::new().ask(options.compression).layer(guarded);
    ServiceBuilder::new()
        .layer(TraceLayer::attempt())
        .layer(options.trace_context.clone().unwrap_or_else(TraceContextLayer::none))
        .service(guarded)
}

/// The short way for logins: no auth, no retry, but the same guard and transport, and the user's own layers.
pub(crate) fn token_stack<T, R>(transport: T, options: &StackOptions) -> ErasedService
where
    T: Service<Request<RequestBody>, Response = Response<R>> + Clone + Send + Sync + 'static,
    T::Error: Into<BoxError>,
    T::Future: Send,
    R: Body<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    let below = once::OnceLayer.layer(Boxing(below_attempt(transport, options)));
    let attempt = with_own_layers(below, &options.per_attempt);
    ErasedService::new(with_own_layers(attempt, &options.per_operation))
}
