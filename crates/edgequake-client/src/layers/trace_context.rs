//! [`TraceContextLayer`]: passes the trace that a call belongs to on to the server, in `traceparent` and `tracestate`
//! ([W3C Trace Context](https://www.w3.org/TR/trace-context/)).
//!
//! `tracing` itself knows no trace ids; a bridge such as `tracing-opentelemetry` keeps them beside its spans, in types that change with
//! its versions. So the layer takes a function that writes the headers of the current span, and works with any of them. It must stand inside
//! the attempt span, so that what the server reports hangs below the attempt that caused it: [`ClientBuilder::trace_context`] puts it there.
//!
//! ```
//! use edgequake_client::Client;
//! use edgequake_client::layers::trace_context::TraceContextLayer;
//! use http::{HeaderMap, HeaderName, HeaderValue};
//! use opentelemetry::propagation::Injector;
//! use tracing_opentelemetry::OpenTelemetrySpanExt;
//!
//! // What `opentelemetry_http::HeaderInjector` does.
//! struct Headers<'a>(&'a mut HeaderMap);
//!
//! impl Injector for Headers<'_> {
//!     fn set(&mut self, name: &str, value: String) {
//!         if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
//!             self.0.insert(name, value);
//!         }
//!     }
//! }
//!
//! # fn main() -> Result<(), edgequake_client::Error> {
//! let trace_context = TraceContextLayer::new(|headers| {
//!     let context = tracing::Span::current().context();
//!     opentelemetry::global::get_text_map_propagator(|propagator| {
//!         propagator.inject_context(&context, &mut Headers(headers));
//!     });
//! });
//! let client = Client::builder().trace_context(trace_context).build()?;
//! # drop(client);
//! # Ok(())
//! # }
//! ```
//!
//! [`ClientBuilder::trace_context`]: crate::ClientBuilder::trace_context

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::HeaderMap;
use http::{HeaderName, Request};
use tower_layer::Layer;
use tower_service::Service;

/// What is passed on, and nothing else, whatever the function writes.
const PASSED_ON: [HeaderName; 3] = [
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    HeaderName::from_static("baggage"),
];

type Write = dyn Fn(&mut HeaderMap) + Send + Sync;

/// Writes `traceparent`, `tracestate` and `baggage` of the current span. A call that brings its own `traceparent` keeps it, and none of the
/// three is added.
#[derive(Clone)]
pub struct TraceContextLayer {
    /// `None` writes nothing.
    write: Option<Arc<Write>>,
}

impl TraceContextLayer {
    /// With the function that writes the headers of the current span. It gets an empty map and sees nothing of the request. It runs for
    /// each attempt, and must not block; if it writes nothing, nothing is passed on.
    pub fn new(write: impl Fn(&mut HeaderMap) + Send + Sync + 'static) -> Self {
        Self { write: Some(Arc::new(write)) }
    }

    /// One that passes nothing on, so that a stack is of one type with it and without.
    #[cfg(feature = "client")]
    pub(crate) fn none() -> Self {
        Self { write: None }
    }

    /// Whether it writes anything.
    #[cfg(feature = "client")]
    pub(crate) fn is_on(&self) -> bool {
        self.write.is_some()
    }

    /// Adds what belongs to the current span.
    pub(crate) fn pass_on(&self, headers: &mut HeaderMap) {
        let [traceparent, ..] = &PASSED_ON;
        if let Some(write) = &self.write
            && !headers.contains_key(traceparent)
        {
            let mut written = HeaderMap::new();
            write(&mut written);
            for name in &PASSED_ON {
                if let Some(value) = written.remove(name) {
                    headers.insert(name, value);
                }
            }
        }
    }
}

impl fmt::Debug for TraceContextLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceContextLayer").finish_non_exhaustive()
    }
}

impl<S> Layer<S> for TraceContextLayer {
    type Service = TraceContext<S>;

    fn layer(&self, inner: S) -> Self::Service {
        TraceContext { inner, layer: self.clone() }
    }
}

/// The service of [`TraceContextLayer`].
#[derive(Debug, Clone)]
pub struct TraceContext<S> {
    inner: S,
    layer: TraceContextLayer,
}

impl<S, B> Service<Request<B>> for TraceContext<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        self.layer.pass_on(request.headers_mut());
        self.inner.call(request)
    }
}
