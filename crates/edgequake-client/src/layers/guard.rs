//! [`GuardLayer`]: nothing leaves for a foreign or an insecure place.
//!
//! Stands innermost, right before the transport: whoever set a header (`Host` is one) or changed the URI further out, the guard looks last.
//! It refuses with [`OriginViolation`] and passes every other error through. The [auth layer](super::auth) makes the same
//! check first, so that no credential is even asked for.
//!
//! ```
//! use edgequake_client::layers::guard::{GuardLayer, TrustedOrigin};
//! use http::{Request, Response};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let transport = service_fn(async |_: Request<()>| Ok::<_, std::io::Error>(Response::new(())));
//! let trusted = TrustedOrigin::new("https://eq.example.com".parse()?);
//! let stack = ServiceBuilder::new().layer(GuardLayer::new(trusted)).service(transport);
//!
//! let here = Request::get("https://eq.example.com/health").body(())?;
//! assert!(stack.clone().oneshot(here).await.is_ok());
//! let elsewhere = Request::get("https://evil.example.com/health").body(())?;
//! assert!(stack.oneshot(elsewhere).await.is_err());
//! # Ok(())
//! # }
//! ```

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use edgequake_types::Origin;
use http::header::{HOST, HeaderMap};
use http::uri::{Authority, Scheme};
use http::{Request, Response, Uri};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::boxed::BoxError;

/// The origin that credentials belong to, and whether plain `http` is good enough for it.
///
/// Plain `http` is fine on loopback. Elsewhere everyone on the way can read the credential, so it takes an explicit
/// [`allow_http`](Self::allow_http).
#[derive(Debug, Clone)]
pub struct TrustedOrigin {
    origin: Arc<Origin>,
    /// The origin as requests usually spell it.
    usual: Arc<(Scheme, Box<str>)>,
    secure_enough: bool,
}

/// Why a request was refused on this side.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginViolation {
    /// The request goes to another scheme, host or port than the configured one, or says so in `Host`.
    #[error("refused to send to an origin other than {expected}, which the credentials belong to")]
    #[non_exhaustive]
    Foreign {
        /// The configured origin.
        expected: Origin,
    },
    /// The configured origin is plain `http` and not on this machine.
    #[error(
        "refused to send credentials to {origin} over plain http, where anyone on the network can read them: use https, or set allow_http(true) (EDGEQUAKE_ALLOW_HTTP=true) if the network is trusted"
    )]
    #[non_exhaustive]
    Insecure {
        /// The configured origin.
        origin: Origin,
    },
}

impl TrustedOrigin {
    /// Trusts this origin, over `https` or on loopback.
    pub fn new(origin: Origin) -> Self {
        let secure_enough = origin.is_secure() || origin.is_loopback();
        let scheme = if origin.is_secure() { Scheme::HTTPS } else { Scheme::HTTP };
        let text = origin.to_string();
        let authority = text.split_once("://").map_or(text.as_str(), |(_, authority)| authority);
        let usual = Arc::new((scheme, authority.into()));
        Self { origin: Arc::new(origin), usual, secure_enough }
    }

    /// Allows plain `http` beyond loopback, for networks that are secured otherwise. Off by default.
    #[must_use]
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.secure_enough = allow || self.origin.is_secure() || self.origin.is_loopback();
        self
    }

    /// The origin.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Whether `uri` spells the origin as it is kept, which spares taking its authority apart.
    fn is_usual(&self, uri: &Uri) -> bool {
        let (scheme, authority) = &*self.usual;
        uri.scheme() == Some(scheme) && uri.authority().is_some_and(|found| found.as_str() == &**authority)
    }

    /// Whether a request may carry credentials: [`check`](Self::check), also of what it says in `Host`, since proxies and gateways go by
    /// that.
    ///
    /// # Errors
    ///
    /// [`OriginViolation`], which names the trusted origin and nothing of the request.
    pub fn check_request<B>(&self, request: &Request<B>) -> Result<(), OriginViolation> {
        self.check(request.uri())?;
        self.check_hosts(request.headers())
    }

    /// Whether nothing but the origin is named as a `Host`.
    pub(crate) fn check_hosts(&self, headers: &HeaderMap) -> Result<(), OriginViolation> {
        for host in headers.get_all(HOST) {
            if !self.covers_host(host.as_bytes()) {
                return Err(OriginViolation::Foreign { expected: (*self.origin).clone() });
            }
        }
        Ok(())
    }

    /// Whether a `Host` names the origin, in any spelling.
    fn covers_host(&self, host: &[u8]) -> bool {
        let uri =
            Authority::try_from(host).ok().filter(|host| !host.as_str().contains('@')).and_then(|host| {
                Uri::builder().scheme(self.usual.0.clone()).authority(host).path_and_query("/").build().ok()
            });
        uri.is_some_and(|uri| self.origin.covers(&uri))
    }

    /// Whether a request to `uri` may carry credentials.
    ///
    /// # Errors
    ///
    /// [`OriginViolation`], which names the trusted origin and never the URI.
    pub fn check(&self, uri: &Uri) -> Result<(), OriginViolation> {
        if !self.is_usual(uri) && !self.origin.covers(uri) {
            return Err(OriginViolation::Foreign { expected: (*self.origin).clone() });
        }
        if !self.secure_enough {
            return Err(OriginViolation::Insecure { origin: (*self.origin).clone() });
        }
        Ok(())
    }
}

/// Lets requests to the trusted origin pass, and no others.
#[derive(Debug, Clone)]
pub struct GuardLayer {
    trusted: TrustedOrigin,
}

impl GuardLayer {
    /// Guards this origin.
    pub fn new(trusted: TrustedOrigin) -> Self {
        Self { trusted }
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Guard { inner, trusted: self.trusted.clone() }
    }
}

/// The service of [`GuardLayer`].
#[derive(Debug, Clone)]
pub struct Guard<S> {
    inner: S,
    trusted: TrustedOrigin,
}

impl<S, B, R> Service<Request<B>> for Guard<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<BoxError>,
{
    type Response = Response<R>;
    type Error = BoxError;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match self.trusted.check_request(&request) {
            Ok(()) => ResponseFuture { state: State::Sent { future: self.inner.call(request) } },
            Err(violation) => ResponseFuture { state: State::Refused { violation: Some(violation) } },
        }
    }
}

pin_project! {
    /// The future of [`Guard`].
    pub struct ResponseFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        Sent { #[pin] future: F },
        Refused { violation: Option<OriginViolation> },
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: Into<BoxError>,
{
    type Output = Result<Response<R>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Sent { future } => Poll::Ready(ready!(future.poll(cx)).map_err(Into::into)),
            StateProj::Refused { violation } => match violation.take() {
                Some(violation) => Poll::Ready(Err(violation.into())),
                None => Poll::Pending,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_spelling_and_every_other_one_of_the_same_origin_pass() {
        for (origin, uri, same) in [
            ("https://eq.test", "https://eq.test/x", true),
            ("https://eq.test", "https://EQ.test:443/x", true),
            ("https://eq.test:443", "https://eq.test/x", true),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/x", true),
            ("http://127.0.0.1:8080", "https://127.0.0.1:8080/x", false),
            ("http://127.0.0.1:8080", "http://127.0.0.1/x", false),
            ("https://eq.test", "https://eq.test@evil.test/x", false),
        ] {
            let trusted = TrustedOrigin::new(origin.parse().unwrap());
            assert_eq!(trusted.check(&uri.parse().unwrap()).is_ok(), same, "{uri}");
        }
    }

    #[test]
    fn a_host_of_somebody_else_is_refused() {
        for (origin, host, same) in [
            ("https://eq.test", "eq.test", true),
            ("https://eq.test", "EQ.test:443", true),
            ("http://127.0.0.1:8080", "127.0.0.1:8080", true),
            ("http://[::1]:8080", "[::1]:8080", true),
            ("http://127.0.0.1:8080", "127.0.0.1", false),
            ("https://eq.test", "evil.test", false),
            ("https://eq.test", "evil.test@eq.test", false),
            ("https://eq.test", "eq.test/x", false),
            ("https://eq.test", "", false),
        ] {
            let trusted = TrustedOrigin::new(origin.parse().unwrap());
            let request = Request::get(format!("{origin}/x")).header(HOST, host).body(()).unwrap();
            assert_eq!(trusted.check_request(&request).is_ok(), same, "{origin} {host}");
        }
    }
}
