//! [`Direct`]: the whole stack for a client that has no layers of its own in between.
//!
//! Nearly every request goes well at its first attempt, and no layer but those that add headers does anything to it. Here the layers are
//! asked one after another while the request stays where it is: nothing is moved from layer to layer, one timer serves both limits,
//! and one box holds it all. An attempt that does not go well at once is handed to the layers themselves, with its outcome as
//! that of their first attempt; so is a request that has to wait for something. What they do then is written in them alone.

mod between;
mod prepared;
mod sending;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use edgequake_auth::{Authorization, Generation};
use http::header::{AUTHORIZATION, HOST, HeaderValue};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, Version};
use http_body_util::Empty;
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower::ServiceExt;

pub(super) use between::{Attempted, Between};
use prepared::Prepared;
pub(super) use sending::{Custom, Sending};

use super::HttpService;
use crate::body::{Replay, RequestBody, ResponseBody};
use crate::boxed::{BoxError, BoxFuture};
use crate::clock::{self, Timer};
use crate::layers::auth;
#[cfg(feature = "compression")]
use crate::layers::decompression::{self, DecodedBody};
use crate::layers::retry::Outcome;
use crate::layers::scope;
use crate::layers::timeout::deadline::{self, DeadlineBody};
use crate::layers::timeout::{IdleBody, TimedOut, TimeoutScope};
use crate::layers::trace::Running;
use crate::layers::trace_context::TraceContextLayer;
use crate::policy::Policy;

/// The stack over a transport.
pub(super) struct Direct<T>(Arc<Shared<T>>);

struct Shared<T> {
    between: Between,
    attempt: Attempt,
    transport: T,
    prepared: Prepared,
    /// Layers 8 to 10, to hand requests to.
    below: HttpService,
}

/// What layers 8 to 10 are made of.
pub(super) struct Attempt {
    pub(super) trace_context: TraceContextLayer,
    #[cfg(feature = "compression")]
    pub(super) compression: bool,
    pub(super) idle_timeout: Option<Duration>,
}

impl<T> Clone for Direct<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Sending> Direct<T> {
    pub(super) fn new(between: Between, attempt: Attempt, transport: T, below: HttpService) -> Self {
        let prepared = Prepared::new();
        Self(Arc::new(Shared { between, attempt, transport, prepared, below }))
    }

    pub(super) fn call(&self, request: Request<RequestBody>, policy: Policy) -> BoxFuture<Attempted> {
        let operation = Running::operation(request.method(), policy.operation);
        let span = operation.span().clone();
        let _entered = span.enter();
        Box::pin(self.begin(request, policy, operation))
    }

    fn begin(
        &self,
        mut request: Request<RequestBody>,
        mut policy: Policy,
        operation: Running,
    ) -> Flow<T, impl Future<Output = Result<Response<T::Body>, T::Error>> + Send + use<T>> {
        let Shared { between, attempt: options, transport, .. } = &*self.0;
        let now = Instant::now();
        let end = deadline::begin(&mut policy, between.timeout, now);
        let limit = policy.attempt_timeout.unwrap_or(between.attempt_timeout);
        let limit = limit.and_then(|limit| Some((now.checked_add(limit)?, limit)));
        let mut transport = transport.clone();
        let prepared = self.prepared(&request, &policy);
        // No other headers are added that the guard would have to look at.
        let is_trusted = prepared.is_some() || between.auth.allows(&policy.headers);
        let authorization = if is_trusted { between.auth.at_hand(&request, policy.auth) } else { None };
        let authorization = authorization.filter(|_| transport.is_ready());
        let of_attempt = limit.filter(|_| authorization.is_some());
        let next = of_attempt.into_iter().chain(end).map(|(moment, _)| moment).min();
        let (mut timer, mut begun) = (None, None);
        let state = match (next.map(clock::sleep_until).transpose(), authorization) {
            (Err(error), _) => State::Failed { error: Some(error.into()) },
            (Ok(until), Some(authorization)) => {
                timer = until;
                let kept = Kept::of(&request);
                let prepared = prepared.filter(|_| is_usual(&authorization));
                let used = match prepared {
                    Some(prepared) => {
                        let headers = request.headers_mut();
                        *headers = prepared.clone();
                        headers.remove(HOST);
                        auth::apply(&authorization, &mut request)
                    }
                    None => add_headers(&mut request, &authorization, &policy),
                };
                let attempt = Running::attempt();
                let span = attempt.span().clone();
                let _entered = span.enter();
                if prepared.is_none() {
                    options.complete(request.headers_mut());
                }
                begun = Some(Begun { kept, limit, used });
                policy.attempt_deadline = limit.map(|(moment, _)| moment);
                let future = transport.send(request, &policy);
                policy.attempt_deadline = None;
                State::First { attempt, future }
            }
            (Ok(until), None) => {
                timer = until;
                self.layered(request, policy.clone(), None)
            }
        };
        Flow { operation, state, timer, end, begun, policy, direct: self.clone() }
    }

    /// All headers of an attempt that has none of its own, with room for the credential, where that comes first, and for the host.
    fn prepared(&self, request: &Request<RequestBody>, policy: &Policy) -> Option<&HeaderMap> {
        let Shared { between, attempt, prepared, .. } = &*self.0;
        // A trace context is another one each time.
        if !request.headers().is_empty() || attempt.trace_context.is_on() {
            return None;
        }
        prepared.get(&policy.headers, |added| {
            if added.contains_key(HOST) || !between.auth.allows(added) {
                return None;
            }
            let mut headers = HeaderMap::with_capacity(added.len() + ROOM + LATER);
            headers.insert(AUTHORIZATION, HeaderValue::from_static(""));
            scope::fill(&mut headers, added);
            attempt.complete(&mut headers);
            // A copy has room for no more than it takes, and each that is sent is told its host.
            headers.insert(HOST, HeaderValue::from_static(""));
            Some(headers)
        })
    }

    /// Leaves a request to the layers.
    fn layered<F>(
        &self,
        mut request: Request<RequestBody>,
        policy: Policy,
        first: Option<Attempted>,
    ) -> State<F> {
        request.extensions_mut().insert(policy);
        let layers = self.0.between.layer(self.0.below.clone(), first);
        State::Layered { future: Box::pin(layers.oneshot(request)) }
    }
}

impl Attempt {
    /// Adds what layers 8 and 9 add.
    fn complete(&self, headers: &mut HeaderMap) {
        self.trace_context.pass_on(headers);
        #[cfg(feature = "compression")]
        if self.compression {
            decompression::ask(headers);
        }
    }
}

/// Room for the credential, and for where the request goes.
const ROOM: usize = 2;

/// Room for what few requests have besides: a coding, and a credential of a proxy.
const LATER: usize = 2;

/// Whether a credential goes where room is made for it.
fn is_usual(authorization: &Authorization) -> bool {
    authorization.header().is_some_and(|(name, _)| name == AUTHORIZATION)
}

/// Puts a credential and the headers of its policy on a request; tells which credential that is.
fn add_headers(
    request: &mut Request<RequestBody>,
    authorization: &Authorization,
    policy: &Policy,
) -> Option<Generation> {
    let has_own = !request.headers().is_empty();
    request.headers_mut().reserve(policy.headers.len() + ROOM);
    let used = auth::apply(authorization, request);
    if has_own {
        scope::add_missing(request.headers_mut(), &policy.headers);
    } else {
        scope::fill(request.headers_mut(), &policy.headers);
    }
    used
}

/// What it takes to send a request again.
struct Kept {
    method: Method,
    uri: Uri,
    version: Version,
    /// `None` where there are none.
    headers: Option<HeaderMap>,
    /// `None` for a body that can be sent only once.
    body: Option<RequestBody>,
}

impl Kept {
    fn of(request: &Request<RequestBody>) -> Self {
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            headers: (!request.headers().is_empty()).then(|| request.headers().clone()),
            body: request.body().replay(),
        }
    }

    /// The request. One whose body can be sent only once comes without it, and cannot be sent again either.
    fn into_request(self) -> Request<RequestBody> {
        let body = self.body.unwrap_or_else(|| RequestBody::once(Empty::new()));
        let mut request = Request::new(body);
        *request.method_mut() = self.method;
        *request.uri_mut() = self.uri;
        *request.version_mut() = self.version;
        *request.headers_mut() = self.headers.unwrap_or_default();
        request
    }
}

/// What is known of a first attempt.
struct Begun {
    kept: Kept,
    /// When the attempt is given up, and how long that is.
    limit: Option<(Instant, Duration)>,
    /// Which credential was used.
    used: Option<Generation>,
}

pin_project! {
    /// One request on its way through the stack.
    struct Flow<T, F> {
        // Dropped first, as it tells what is dropped.
        operation: Running,
        #[pin]
        state: State<F>,
        // Ends with the attempt or with the operation, whichever is over first.
        #[pin]
        timer: Option<Timer>,
        end: Option<(Instant, Duration)>,
        begun: Option<Begun>,
        policy: Policy,
        direct: Direct<T>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        First { attempt: Running, #[pin] future: F },
        Layered { future: BoxFuture<Attempted> },
        Failed { error: Option<BoxError> },
    }
}

impl<T, F> Future for Flow<T, F>
where
    T: Sending,
    F: Future<Output = Result<Response<T::Body>, T::Error>>,
{
    type Output = Attempted;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Attempted> {
        let mut this = self.project();
        let end = *this.end;
        let span = this.operation.span().clone();
        let _entered = span.enter();
        loop {
            let first = match this.state.as_mut().project() {
                StateProj::First { attempt, future } => match attempt.span().in_scope(|| future.poll(cx)) {
                    Poll::Ready(Ok(answer)) => {
                        attempt.finish(Ok(&answer));
                        let is_plain = is_plain(answer.status());
                        if is_plain {
                            this.direct.0.between.retry.note_success();
                            this.operation.finish(Ok(&answer));
                        }
                        // Head and body are put together once: what goes through more hands is copied for each.
                        #[cfg_attr(
                            not(feature = "compression"),
                            expect(unused_mut, reason = "nothing is decoded")
                        )]
                        let (mut head, body) = answer.into_parts();
                        let body = IdleBody::new(body, this.direct.0.attempt.idle_timeout);
                        #[cfg(feature = "compression")]
                        let body = if decompression::is_decodable(&mut head.headers) {
                            let answer = Response::from_parts(head, body);
                            let body;
                            (head, body) = ready!(decompression::decoded(answer, cx)).into_parts();
                            body
                        } else {
                            DecodedBody::plain(body)
                        };
                        let body = attempt.body(body);
                        if is_plain {
                            let body = this.operation.body(DeadlineBody::new(body, end));
                            return Poll::Ready(Ok(Response::from_parts(head, ResponseBody::new(body))));
                        }
                        Ok(Response::from_parts(head, ResponseBody::new(body)))
                    }
                    Poll::Ready(Err(error)) => {
                        let error = error.into();
                        attempt.finish(Err::<&Response<()>, _>(&error));
                        Err(error)
                    }
                    Poll::Pending => {
                        let Some(timer) = this.timer.as_mut().as_pin_mut() else { return Poll::Pending };
                        let passed = ready!(timer.poll(cx));
                        let limit = this.begun.as_ref().and_then(|begun| begun.limit);
                        match limit.filter(|(moment, _)| end.is_none_or(|(end, _)| *moment <= end)) {
                            Some((_, limit)) if passed.is_ok() => {
                                Err(TimedOut { scope: TimeoutScope::Attempt, limit }.into())
                            }
                            _ => {
                                let error = deadline::over(passed, &end);
                                this.operation.finish(Err::<&Response<()>, _>(&error));
                                return Poll::Ready(Err(error));
                            }
                        }
                    }
                },
                StateProj::Layered { future } => {
                    let outcome = match future.as_mut().poll(cx) {
                        Poll::Ready(outcome) => outcome,
                        Poll::Pending => {
                            let Some(timer) = this.timer.as_pin_mut() else { return Poll::Pending };
                            Err(deadline::over(ready!(timer.poll(cx)), &end))
                        }
                    };
                    this.operation.finish(outcome.as_ref());
                    let body = |body| ResponseBody::new(this.operation.body(DeadlineBody::new(body, end)));
                    return Poll::Ready(outcome.map(|answer| answer.map(body)));
                }
                // Polled after completion: pends, as it must not panic.
                StateProj::Failed { error } => {
                    let Some(error) = error.take() else { return Poll::Pending };
                    this.operation.finish(Err::<&Response<()>, _>(&error));
                    return Poll::Ready(Err(error));
                }
            };
            let Some(Begun { kept, used, .. }) = this.begun.take() else { return Poll::Pending };
            let first = first.map(|mut answer| {
                auth::note_refusal(&mut answer, this.policy.auth, used);
                answer
            });
            // From here on, each attempt has a timer of its own.
            match end.map(|(end, _)| clock::sleep_until(end)).transpose() {
                Ok(timer) => this.timer.set(timer),
                Err(error) => {
                    let error = error.into();
                    this.operation.finish(Err::<&Response<()>, _>(&error));
                    return Poll::Ready(Err(error));
                }
            }
            let layered = this.direct.layered(kept.into_request(), this.policy.clone(), Some(first));
            this.state.set(layered);
        }
    }
}

/// Whether no layer would do anything to an answer of this status.
fn is_plain(status: StatusCode) -> bool {
    status != StatusCode::UNAUTHORIZED && !Outcome::may_pass(status)
}
