//! [`SharedConnector`]: the finished connector behind one pointer.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper_rustls::HttpsConnector;
use tower::ServiceExt;
use tower::util::Oneshot;
use tower_service::Service;

use super::connector::ProxyConnector;
use crate::BoxError;

/// A connector that costs nothing to clone: hyper's client clones it with every request, and asks it for a connection rarely.
#[derive(Debug, Clone)]
pub(super) struct SharedConnector(Arc<HttpsConnector<ProxyConnector>>);

impl SharedConnector {
    pub(super) fn new(connector: HttpsConnector<ProxyConnector>) -> Self {
        Self(Arc::new(connector))
    }
}

impl Service<Uri> for SharedConnector {
    type Response = <HttpsConnector<ProxyConnector> as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = Oneshot<HttpsConnector<ProxyConnector>, Uri>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        // The clone that connects is asked.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, destination: Uri) -> Self::Future {
        HttpsConnector::clone(&self.0).oneshot(destination)
    }
}
