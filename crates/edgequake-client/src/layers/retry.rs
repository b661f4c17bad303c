//! [`RetryLayer`]: repeats what failed for a moment, where repeating is safe.
//!
//! Stands outside the auth layer, so that every attempt is authorized anew, and inside the total deadline, which it never
//! sleeps past. What may be repeated is a matter of the request's [`Policy`] and of what happened:
//!
//! | outcome | [`Safe`](Retry::Safe) | [`Refused`](Retry::Refused) | [`Never`](Retry::Never) |
//! |---|---|---|---|
//! | not sent: no connection, connection closed before a byte was written, HTTP/2 refused stream | repeated | repeated | - |
//! | interrupted: connection lost after that | repeated | - | - |
//! | attempt timed out | repeated | - | - |
//! | 429, and a 503 whose body has the server's own form and says [`retryable`](RetryHint::retryable) | repeated | repeated | - |
//! | 408, 502, 504, and any other 503, which may be a gateway's | repeated | - | - |
//! | certificate refused, refused by a proxy, any other status or error | - | - | - |
//!
//! A login with a password that was interrupted, or timed out, counts as final as well, whatever the request that waited for it.
//!
//! So 401, 403, 423 and 501 are never repeated here, nor is a body that can be sent only once. Between attempts it waits for the
//! longer of the server's `Retry-After` and an exponential back-off with jitter. If that does not fit into the deadline, the server asks
//! for more than [`RetryConfig::max_wait`], or the [budget](RetryBudget) that all clones share is used up, the last outcome is returned
//! at once.
//! An error that was retried comes wrapped in [`Retried`]; an answer carries [`Attempts`] in its extensions.
//!
//! ```
//! use edgequake_client::body::{RequestBody, ResponseBody};
//! use edgequake_client::layers::retry::{RetryConfig, RetryLayer};
//! use http::{Request, Response, StatusCode};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
//! let busy = service_fn(async |_: Request<RequestBody>| {
//!     let mut answer = Response::new(ResponseBody::default());
//!     *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
//!     Ok::<_, std::io::Error>(answer)
//! });
//! let stack = ServiceBuilder::new().layer(RetryLayer::new(RetryConfig::default())).service(busy);
//! let answer = stack.oneshot(Request::get("/health").body(RequestBody::empty())?).await?;
//! assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
//! # Ok(())
//! # }
//! ```

mod backoff;
mod budget;
mod outcome;
mod hint;

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use edgequake_types::Retry;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower::ServiceExt;
use tower_layer::Layer;
use tower_service::Service;

pub use backoff::RetryConfig;
pub use budget::RetryBudget;
pub use edgequake_auth::retry_after;
pub use hint::RetryHint;
pub use outcome::Outcome;

use super::replay::Retained;
use super::timeout::{TimedOut, TimeoutScope};
use crate::body::Replay;
use crate::boxed::{BoxError, BoxFuture};
use crate::clock;
use crate::policy::Policy;

/// Noted in the extensions of an answer that took more than one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts(pub u32);

/// An error after more than one attempt.
#[derive(Debug, thiserror::Error)]
#[error("gave up after {attempts} attempts, having waited {} ms between them", waited.as_millis())]
#[non_exhaustive]
pub struct Retried {
    /// How many attempts were made, the first one included.
    pub attempts: u32,
    /// How long was waited between them.
    pub waited: Duration,
    /// The last error.
    #[source]
    pub source: BoxError,
}

/// Repeats requests after transient failures.
#[derive(Debug, Clone)]
pub struct RetryLayer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: RetryConfig,
    budget: RetryBudget,
}

impl RetryLayer {
    /// Retries after this configuration, with a budget of its own.
    pub fn new(config: RetryConfig) -> Self {
        Self { shared: Arc::new(Shared { config, budget: RetryBudget::default() }) }
    }

    /// Shares a budget with other layers.
    #[must_use]
    pub fn budget(self, budget: RetryBudget) -> Self {
        Self { shared: Arc::new(Shared { config: self.shared.config.clone(), budget }) }
    }
}

impl RetryLayer {
    /// A request has gone well at the first attempt.
    #[cfg(feature = "client")]
    pub(crate) fn note_success(&self) {
        self.shared.budget.deposit();
    }
}

impl<S> Layer<S> for RetryLayer {
    type Service = Retrying<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Retrying { inner, shared: Arc::clone(&self.shared) }
    }
}

/// The service of [`RetryLayer`].
#[derive(Debug, Clone)]
pub struct Retrying<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S, B, R> Service<Request<B>> for Retrying<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Replay + Send + 'static,
    R: Send + 'static,
{
    type Response = Response<R>;
    type Error = BoxError;
    type Future = ResponseFuture<S, B, R>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let never = request.extensions().get::<Policy>().is_some_and(|policy| policy.retry == Retry::Never);
        let retained = if never { None } else { Retained::of(&request) };
        // The service that was polled ready is the one to call; its clone waits for the next call.
        let clone = self.inner.clone();
        let mut ready = std::mem::replace(&mut self.inner, clone);
        let future = ready.call(request);
        let again = retained.map(|retained| Box::new(Again { retained, service: ready }));
        ResponseFuture { state: State::First { future }, again, shared: Arc::clone(&self.shared) }
    }
}

/// What it takes to send the request again.
struct Again<S, B> {
    retained: Retained<B>,
    service: S,
}

pin_project! {
    /// The future of [`Retrying`]. Once it is dropped, no further attempt is made.
    pub struct ResponseFuture<S, B, R>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        state: State<S::Future, R>,
        // Boxed, or the future of every request would carry its room.
        again: Option<Box<Again<S, B>>>,
        shared: Arc<Shared>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, R> {
        First { #[pin] future: F },
        Further { future: BoxFuture<Result<Response<R>, BoxError>> },
    }
}

impl<S, B, R> Future for ResponseFuture<S, B, R>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: Replay + Send + 'static,
    R: Send + 'static,
{
    type Output = Result<Response<R>, BoxError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::First { future } => {
                    let result = ready!(future.poll(cx)).map_err(Into::into);
                    let outcome = Outcome::of(&result);
                    if outcome == Outcome::Success {
                        this.shared.budget.deposit();
                        return Poll::Ready(result);
                    }
                    let Some(again) = this.again.take().filter(|_| outcome != Outcome::Final) else {
                        return Poll::Ready(result);
                    };
                    let shared = Arc::clone(this.shared);
                    this.state.set(State::Further { future: Box::pin(again.run(shared, result)) });
                }
                StateProj::Further { future } => return future.as_mut().poll(cx),
            }
        }
    }
}

impl<S, B> Again<S, B>
where
    B: Replay,
{
    async fn run<R>(
        self,
        shared: Arc<Shared>,
        first: Result<Response<R>, BoxError>,
    ) -> Result<Response<R>, BoxError>
    where
        S: Service<Request<B>, Response = Response<R>> + Clone,
        S::Error: Into<BoxError>,
    {
        let policy = self.retained.policy();
        let mut result = first;
        let mut attempts = 1;
        let mut waited = Duration::ZERO;
        while let Some(wait) = shared.wait_before(attempts + 1, &policy, &result) {
            let Some(request) = self.retained.request() else { break };
            let Ok(pause) = clock::sleep(wait) else { break };
            tracing::debug!(
                operation = policy.operation,
                attempt = attempts + 1,
                wait_ms = wait.as_millis() as u64,
                "retrying"
            );
            // The failed answer's body is dropped here, which closes or frees its connection before the wait.
            drop(result);
            if let Err(error) = pause.await {
                result = Err(error.into());
                break;
            }
            waited = waited.saturating_add(wait);
            attempts += 1;
            let mut attempt = pin!(self.service.clone().oneshot(request));
            // The deadline layer wakes this when the time is up, and asks here first: it does not know how many attempts there were.
            result = poll_fn(|cx| match attempt.as_mut().poll(cx) {
                Poll::Pending => {
                    timed_out(&policy).map_or(Poll::Pending, |error| Poll::Ready(Err(error.into())))
                }
                polled => polled.map_err(Into::into),
            })
            .await;
        }
        if Outcome::of(&result) == Outcome::Success {
            shared.budget.deposit();
        }
        match result {
            Ok(mut answer) if attempts > 1 => {
                answer.extensions_mut().insert(Attempts(attempts));
                Ok(answer)
            }
            Err(source) if attempts > 1 => Err(Retried { attempts, waited, source }.into()),
            other => other,
        }
    }
}

/// The error of a request whose time is up.
fn timed_out(policy: &Policy) -> Option<TimedOut> {
    let is_up = policy.deadline.is_some_and(|deadline| deadline <= Instant::now());
    is_up.then(|| TimedOut { scope: TimeoutScope::Total, limit: policy.limit.unwrap_or_default() })
}

impl Shared {
    /// How long to wait before attempt number `next`; `None` to return `result` instead.
    fn wait_before<R>(
        &self,
        next: u32,
        policy: &Policy,
        result: &Result<Response<R>, BoxError>,
    ) -> Option<Duration> {
        let outcome = Outcome::of(result);
        if next > self.config.max_attempts || !outcome.may_repeat(policy.retry) {
            return None;
        }
        let mut wait = self.config.backoff(next);
        if let Ok(answer) = result {
            let hint = RetryHint::of(answer);
            if hint.retryable == Some(false) {
                return None;
            }
            // A server that wants to be left alone for longer is; our own back-off has its own limit.
            let asked = hint.after.unwrap_or_default();
            if asked > self.config.max_wait {
                return None;
            }
            wait = wait.max(asked);
        }
        let left = policy.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let fits = left.is_none_or(|left| wait < left);
        (fits && self.budget.withdraw(outcome)).then_some(wait)
    }
}
