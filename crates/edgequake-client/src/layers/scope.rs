//! [`ScopeLayer`]: tenant, workspace and user headers on every attempt.
//!
//! Stands inside both retries and the auth layer, right before the guard, so that retries copy no headers. It sets headers
//! that the request does not carry yet, changes no errors and adds no waiting. What a request's
//! [`Policy`] carries in `headers` wins over the layer's own scope.
//!
//! ```
//! use edgequake_client::layers::scope::{ScopeHeaders, ScopeLayer};
//! use edgequake_types::WorkspaceId;
//! use http::{Request, Response};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let echo = service_fn(async |request: Request<()>| {
//!     Ok::<_, std::io::Error>(Response::new(request.headers()["x-workspace-id"].clone()))
//! });
//! let scope = ScopeHeaders::new().workspace(&WorkspaceId::new("default")?);
//! let stack = ServiceBuilder::new().layer(ScopeLayer::new(scope)).service(echo);
//!
//! let answer = stack.oneshot(Request::get("/api/v1/documents").body(())?).await?;
//! assert_eq!(answer.body(), "default");
//! # Ok(())
//! # }
//! ```

use std::sync::Arc;
use std::task::{Context, Poll};

use edgequake_types::{TenantId, UserId, WorkspaceId};
use http::header::{Entry, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::policy::Policy;

/// `X-Tenant-ID`: the tenant a request is made in.
pub const X_TENANT_ID: HeaderName = HeaderName::from_static("x-tenant-id");
/// `X-Workspace-ID`: the workspace a request is made in.
pub const X_WORKSPACE_ID: HeaderName = HeaderName::from_static("x-workspace-id");
/// `X-User-ID`: the user a request is made for. Newer servers replace it by the authenticated one.
pub const X_USER_ID: HeaderName = HeaderName::from_static("x-user-id");

/// The headers that say in which tenant and workspace a request is made.
#[derive(Debug, Clone, Default)]
pub struct ScopeHeaders(HeaderMap);

impl ScopeHeaders {
    /// No scope: the server uses its default one, and lists come back empty.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the tenant.
    #[must_use]
    pub fn tenant(self, tenant: &TenantId) -> Self {
        self.set(X_TENANT_ID, tenant.into())
    }

    /// Sets the workspace.
    #[must_use]
    pub fn workspace(self, workspace: &WorkspaceId) -> Self {
        self.set(X_WORKSPACE_ID, workspace.into())
    }

    /// Sets the user. Only servers with authentication off read it.
    #[must_use]
    pub fn user(self, user: &UserId) -> Self {
        self.set(X_USER_ID, user.into())
    }

    fn set(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.insert(name, value);
        self
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.0
    }

    /// The tenant, if one is set.
    pub fn tenant_id(&self) -> Option<TenantId> {
        TenantId::opaque(self.0.get(X_TENANT_ID)?.to_str().ok()?).ok()
    }

    /// The workspace, if one is set.
    pub fn workspace_id(&self) -> Option<WorkspaceId> {
        WorkspaceId::opaque(self.0.get(X_WORKSPACE_ID)?.to_str().ok()?).ok()
    }
}

/// Adds the headers of a scope.
#[derive(Debug, Clone)]
pub struct ScopeLayer {
    scope: Arc<ScopeHeaders>,
}

impl ScopeLayer {
    /// Puts every request that names no scope of its own into this one.
    pub fn new(scope: ScopeHeaders) -> Self {
        Self { scope: Arc::new(scope) }
    }
}

impl<S> Layer<S> for ScopeLayer {
    type Service = Scoped<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Scoped { inner, scope: Arc::clone(&self.scope) }
    }
}

/// The service of [`ScopeLayer`].
#[derive(Debug, Clone)]
pub struct Scoped<S> {
    inner: S,
    scope: Arc<ScopeHeaders>,
}

impl<S, B, R> Service<Request<B>> for Scoped<S>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let attached = request.extensions().get::<Policy>().map(|policy| Arc::clone(&policy.headers));
        if let Some(headers) = attached {
            add_missing(request.headers_mut(), &headers);
        }
        add_missing(request.headers_mut(), self.scope.headers());
        self.inner.call(request)
    }
}

/// As [`add_missing`], for a map that has hardly any.
#[cfg(feature = "client")]
pub(crate) fn fill(headers: &mut HeaderMap, wanted: &HeaderMap) {
    for (name, value) in wanted {
        headers.append(name, value.clone());
    }
    if headers.keys_len() < headers.len() {
        // A name has come twice, and the first counts.
        let first = headers.keys().filter_map(|name| Some((name.clone(), headers.get(name)?.clone())));
        *headers = first.collect();
    }
}

/// Adds what a request does not carry yet.
pub(crate) fn add_missing(headers: &mut HeaderMap, wanted: &HeaderMap) {
    for (name, value) in wanted {
        if let Entry::Vacant(vacant) = headers.entry(name) {
            vacant.insert(value.clone());
        }
    }
}
