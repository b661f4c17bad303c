//! [`UnauthorizedLayer`]: one replay after a 401, with a fresh credential.
//!
//! Stands right outside the [auth layer](super::auth), which notes on a 401 which credential was refused, and inside the
//! transient retry, which does not count the replay as an attempt. It asks the credentials whether another one can be had
//! ([`SharedCredentials::rejected`]) and gets it; the request is sent once more if that is of another generation than the one refused.
//! The refused answer is read before, so that its connection is free meanwhile; where it becomes the caller's after all, since the
//! credentials gave the same one again, what was read is in its extensions as [`ReadBody`]. A second 401 is the caller's. A body that can
//! be sent only once is not replayed: the first 401 is the caller's then. Errors pass through; its own is the
//! [`CredentialsError`](edgequake_auth::CredentialsError) of credentials that have no successor to give.
//!
//! ```
//! use edgequake_auth::{SharedCredentials, StaticKey};
//! use edgequake_client::layers::auth::AuthLayer;
//! use edgequake_client::layers::guard::TrustedOrigin;
//! use edgequake_client::layers::unauthorized::UnauthorizedLayer;
//! use edgequake_client::body::{RequestBody, ResponseBody};
//! use http::{Request, Response, StatusCode};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let refuse = service_fn(async |_: Request<RequestBody>| {
//!     let mut answer = Response::new(ResponseBody::default());
//!     *answer.status_mut() = StatusCode::UNAUTHORIZED;
//!     Ok::<_, std::io::Error>(answer)
//! });
//! let trusted = TrustedOrigin::new("https://eq.example.com".parse()?);
//! let credentials = SharedCredentials::from(StaticKey::new("eq_key")?);
//! let stack = ServiceBuilder::new()
//!     .layer(UnauthorizedLayer::new(credentials.clone()))
//!     .layer(AuthLayer::new(credentials, trusted))
//!     .service(refuse);
//!
//! // A static key has no successor, so the 401 comes back after one attempt.
//! let answer = stack.oneshot(Request::get("https://eq.example.com/x").body(RequestBody::empty())?).await?;
//! assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use edgequake_auth::{AuthContext, Generation, Recourse, SharedCredentials};
use edgequake_types::Origin;
use http::header::WWW_AUTHENTICATE;
use http::{Request, Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;
use tower::ServiceExt;
use tower_layer::Layer;
use tower_service::Service;

use super::auth::{Rejected, Successor};
use super::error_body::read_within;
use super::replay::Retained;
use crate::body::Replay;
use crate::boxed::{BoxError, BoxFuture};

/// How long a refused answer is read.
const PATIENCE: Duration = Duration::from_secs(1);

/// Noted in the extensions of a 401 that was the answer to a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replayed;

/// Noted in the extensions of a 401 that no other credential is asked for before this time is over, since the server has refused one
/// fresh one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenewalPaused(pub Duration);

/// What was read of the body of a 401 before another credential was waited for, up to 64 KiB; in the extensions of an answer that is
/// handed on all the same. Its body has what is left, which mostly is nothing.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadBody(pub Bytes);

impl fmt::Debug for ReadBody {
    /// Its length alone: servers may repeat what was sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReadBody({} bytes)", self.0.len())
    }
}

/// Replays a request once after a 401.
#[derive(Debug, Clone)]
pub struct UnauthorizedLayer {
    credentials: SharedCredentials,
}

impl UnauthorizedLayer {
    /// Asks these credentials for another one; they must be those of the auth layer further in.
    pub fn new(credentials: SharedCredentials) -> Self {
        Self { credentials }
    }
}

impl<S> Layer<S> for UnauthorizedLayer {
    type Service = Unauthorized<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Unauthorized { inner, credentials: self.credentials.clone() }
    }
}

/// The service of [`UnauthorizedLayer`].
#[derive(Debug, Clone)]
pub struct Unauthorized<S> {
    inner: S,
    credentials: SharedCredentials,
}

impl<S, B, R> Service<Request<B>> for Unauthorized<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Replay + Send + 'static,
    R: Body<Data = Bytes> + Send + Unpin + 'static,
    R::Error: Send,
{
    type Response = Response<R>;
    type Error = BoxError;
    type Future = ResponseFuture<S, B, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let retained = if self.credentials.can_renew() { Retained::of(&request) } else { None };
        let Some(retained) = retained else {
            let future = self.inner.call(request);
            let credentials = Some(self.credentials.clone());
            return ResponseFuture { state: State::First { future }, replay: None, credentials };
        };
        // The service that was polled ready is the one to call; its clone waits for the next call.
        let clone = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, clone);
        let future = ready.call(request);
        let replay = Some(Box::new((retained, ready)));
        ResponseFuture { state: State::First { future }, replay, credentials: Some(self.credentials.clone()) }
    }
}

pin_project! {
    /// The future of [`Unauthorized`]. Safe to drop: a refresh that it waits for goes on.
    pub struct ResponseFuture<S, B, R>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S::Future, R>,
        // Boxed, or the future of every request would carry its room.
        replay: Option<Box<(Retained<B>, S)>>,
        credentials: Option<SharedCredentials>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, R> {
        First { #[pin] future: F },
        Second { future: BoxFuture<Result<Response<R>, BoxError>> },
    }
}

impl<S, B, R> Future for ResponseFuture<S, B, R>
where
    S: Service<Request<B>, Response = Response<R>> + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Send + 'static,
    R: Body<Data = Bytes> + Send + Unpin + 'static,
    R::Error: Send,
{
    type Output = Result<Response<R>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::First { future } => {
                    let mut answer = ready!(future.poll(cx)).map_err(Into::into)?;
                    if answer.status() != StatusCode::UNAUTHORIZED || lacks_scope(&answer) {
                        return Poll::Ready(Ok(answer));
                    }
                    let used = answer.extensions().get::<Rejected>().and_then(|rejected| rejected.generation);
                    let (Some(used), Some(credentials)) = (used, this.credentials.take()) else {
                        return Poll::Ready(Ok(answer));
                    };
                    // Told also where nothing can be sent again: the next request then has another credential.
                    let recourse = credentials.rejected(used);
                    if let Recourse::After(wait) = recourse {
                        answer.extensions_mut().insert(RenewalPaused(wait));
                    }
                    let Some(replay_of) = this.replay.take() else {
                        return Poll::Ready(Ok(answer));
                    };
                    let (retained, service) = *replay_of;
                    if recourse != Recourse::Retry {
                        return Poll::Ready(Ok(answer));
                    }
                    let Ok(origin) = Origin::of(retained.uri()) else {
                        return Poll::Ready(Ok(answer));
                    };
                    let context = AuthContext::new(origin);
                    let future = replay(answer, used, credentials, context, retained, service);
                    this.state.set(State::Second { future: Box::pin(future) });
                }
                StateProj::Second { future } => return future.as_mut().poll(cx),
            }
        }
    }
}

/// Whether the credential is good and merely not allowed to do this (RFC 6750, 3.1): another one would be no better.
fn lacks_scope<R>(answer: &Response<R>) -> bool {
    let challenges = answer.headers().get_all(WWW_AUTHENTICATE).iter();
    challenges.filter_map(|challenge| challenge.to_str().ok()).any(|text| text.contains("insufficient_scope"))
}

async fn replay<S, B, R>(
    mut refused: Response<R>,
    used: Generation,
    credentials: SharedCredentials,
    context: AuthContext,
    retained: Retained<B>,
    service: S,
) -> Result<Response<R>, BoxError>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: Into<BoxError>,
    R: Body<Data = Bytes> + Unpin,
{
    // Before anything is waited for: where there may be no more connections, the refresh needs one of those that were refused on.
    // That it could not be read is no reason to give up.
    let (read, _) = read_within(refused.body_mut(), PATIENCE).await;
    tracing::debug!(?used, "credential refused, asking for another one");
    let successor = credentials.authorize(&context).await?;
    if successor.generation() == used {
        refused.extensions_mut().insert(ReadBody(read));
        return Ok(refused);
    }
    drop(refused);
    let mut request = retained.into_request();
    request.extensions_mut().insert(Successor(successor));
    let mut answer = service.oneshot(request).await.map_err(Into::into)?;
    if answer.status() == StatusCode::UNAUTHORIZED {
        answer.extensions_mut().insert(Replayed);
    }
    Ok(answer)
}
