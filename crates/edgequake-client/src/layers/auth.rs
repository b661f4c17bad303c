//! [`AuthLayer`]: one credential on each request.
//!
//! Stands inside every retry, so that each attempt is authorized anew, and outside the attempt timeout, so that a slow login
//! is not charged to the attempt. It checks the [trusted origin](super::guard::TrustedOrigin) before it asks for a credential,
//! answers `Ready` itself and takes the inner service's readiness only once the credential is there, so that no permit is held
//! during a login. Its own errors are [`OriginViolation`](super::guard::OriginViolation) and [`CredentialsError`]; others pass.
//!
//! On a 401 it notes in the answer's extensions which credential was used ([`Rejected`]); the
//! [unauthorized layer](super::unauthorized) reads it there.
//!
//! ```
//! use edgequake_auth::{SharedCredentials, StaticKey};
//! use edgequake_client::layers::auth::AuthLayer;
//! use edgequake_client::layers::guard::TrustedOrigin;
//! use http::{Request, Response};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let echo = service_fn(async |request: Request<()>| {
//!     Ok::<_, std::io::Error>(Response::new(request.headers()["authorization"].clone()))
//! });
//! let trusted = TrustedOrigin::new("https://eq.example.com".parse()?);
//! let credentials = SharedCredentials::from(StaticKey::new("eq_key")?);
//! let stack = ServiceBuilder::new().layer(AuthLayer::new(credentials, trusted)).service(echo);
//!
//! let answer = stack.oneshot(Request::get("https://eq.example.com/api/v1/tasks").body(())?).await?;
//! assert_eq!(answer.body(), "Bearer eq_key");
//! # Ok(())
//! # }
//! ```

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use edgequake_auth::{AuthContext, Authorization, CredentialsError, Generation, SharedCredentials};
use edgequake_types::Auth;
use http::{Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::at_once::AtOnce;
use super::guard::TrustedOrigin;
use crate::boxed::{BoxError, BoxFuture};
use crate::policy::Policy;

/// Noted in the extensions of a 401: which credential the server refused. Not where the operation takes none, such as a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejected {
    /// The generation of the credential; `None` if the request carried none.
    pub generation: Option<Generation>,
}

/// Noted on a request that is sent again: the credential to use instead of the one that was refused.
#[derive(Debug, Clone)]
pub(super) struct Successor(pub(super) Authorization);

/// Puts a credential on each request.
#[derive(Debug, Clone)]
pub struct AuthLayer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    credentials: SharedCredentials,
    trusted: TrustedOrigin,
    context: AuthContext,
}

impl AuthLayer {
    /// Presents these credentials to this origin, and to no other.
    pub fn new(credentials: SharedCredentials, trusted: TrustedOrigin) -> Self {
        let context = AuthContext::new(trusted.origin().clone());
        Self { shared: Arc::new(Shared { credentials, trusted, context }) }
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = Authorized<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Authorized { inner, shared: Arc::clone(&self.shared) }
    }
}

/// The service of [`AuthLayer`].
#[derive(Debug, Clone)]
pub struct Authorized<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S, B, R> Service<Request<B>> for Authorized<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Send + 'static,
    R: 'static,
{
    type Response = Response<R>;
    type Error = BoxError;
    type Future = ResponseFuture<S, B>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        // The inner service is asked once the credential is there.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let auth = request.extensions().get::<Policy>().map_or(Auth::Required, |policy| policy.auth);
        if let Err(violation) = self.shared.trusted.check_request(&request) {
            return ResponseFuture {
                state: State::Failed { error: Some(violation.into()) },
                auth,
                used: None,
            };
        }
        let at_hand = match request.extensions_mut().remove::<Successor>() {
            Some(Successor(authorization)) if auth != Auth::Public => Some(authorization),
            _ => self.shared.at_hand(auth),
        };
        match at_hand {
            Some(authorization) => {
                let used = apply(&authorization, &mut request);
                let future = AtOnce::new(&mut self.inner, request);
                ResponseFuture { state: State::Sending { future }, auth, used }
            }
            None => {
                let shared = Arc::clone(&self.shared);
                let authorize = Box::pin(async move {
                    let authorization = shared.credentials.authorize(&shared.context).await?;
                    let used = apply(&authorization, &mut request);
                    Ok((request, used))
                });
                let state = State::Authorizing { authorize, inner: Some(self.inner.clone()) };
                ResponseFuture { state, auth, used: None }
            }
        }
    }
}

impl Shared {
    /// The credential for an operation with this need, where nothing has to be waited for.
    fn at_hand(&self, auth: Auth) -> Option<Authorization> {
        let at_hand = match auth {
            Auth::Public => Some(Authorization::anonymous()),
            // A kind of need that this version does not know is met like the strictest.
            _ => self.credentials.ready(&self.context),
        };
        at_hand.or_else(|| (auth == Auth::Optional).then(Authorization::anonymous))
    }
}

impl AuthLayer {
    /// The credential that a request gets as things stand; `None` where it has to be waited for, or the request may have none. One that
    /// may, with the headers of its policy as well, has passed the [guard](super::guard) for as long as nobody else changes it.
    #[cfg(feature = "client")]
    pub(crate) fn at_hand<B>(&self, request: &Request<B>, auth: Auth) -> Option<Authorization> {
        self.shared.trusted.check_request(request).ok()?;
        self.shared.at_hand(auth)
    }

    /// Whether headers that are added later name no other host.
    #[cfg(feature = "client")]
    pub(crate) fn allows(&self, headers: &http::HeaderMap) -> bool {
        self.shared.trusted.check_hosts(headers).is_ok()
    }
}

/// Notes on a 401 which credential was refused.
pub(crate) fn note_refusal<R>(answer: &mut Response<R>, auth: Auth, used: Option<Generation>) {
    if answer.status() == StatusCode::UNAUTHORIZED && auth != Auth::Public {
        answer.extensions_mut().insert(Rejected { generation: used });
    }
}

/// Puts a credential on a request.
pub(crate) fn apply<B>(authorization: &Authorization, request: &mut Request<B>) -> Option<Generation> {
    authorization.apply(request.headers_mut());
    authorization.header().map(|_| authorization.generation())
}

type Authorizing<B> = BoxFuture<Result<(Request<B>, Option<Generation>), CredentialsError>>;

pin_project! {
    /// The future of [`Authorized`]. Dropping it while a login or refresh is under way does not cancel that.
    pub struct ResponseFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S, B>,
        auth: Auth,
        used: Option<Generation>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<S, B>
    where
        S: Service<Request<B>>,
    {
        Authorizing { authorize: Authorizing<B>, inner: Option<S> },
        Sending { #[pin] future: AtOnce<S, Request<B>> },
        Failed { error: Option<BoxError> },
    }
}

impl<S, B, R> Future for ResponseFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    S::Error: Into<BoxError>,
{
    type Output = Result<Response<R>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Authorizing { authorize, inner } => {
                    let authorized = ready!(authorize.as_mut().poll(cx));
                    let next = match (authorized, inner.take()) {
                        (Ok((request, used)), Some(mut inner)) => {
                            *this.used = used;
                            State::Sending { future: AtOnce::new(&mut inner, request) }
                        }
                        (Err(error), _) => State::Failed { error: Some(error.into()) },
                        (Ok(_), None) => State::Failed { error: None },
                    };
                    this.state.set(next);
                }
                StateProj::Sending { future } => {
                    let mut answer = ready!(future.poll(cx))?;
                    note_refusal(&mut answer, *this.auth, *this.used);
                    return Poll::Ready(Ok(answer));
                }
                // Polled after completion: pends, as it must not panic.
                StateProj::Failed { error } => {
                    return error.take().map_or(Poll::Pending, |e| Poll::Ready(Err(e)));
                }
            }
        }
    }
}
