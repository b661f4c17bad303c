//! [`LoginTransport`]: how the client sends the requests of its own login.
//!
//! A separate, short way to the same pool: guard, time limit, transport. No auth layer, or a login would need a login; no retry,
//! since refresh tokens are single use.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use edgequake_auth::{TokenTransport, TransportError, TransportErrorKind};
use edgequake_types::{Auth, Retry};
use http::{HeaderValue, Method, Request, Response};
use tokio::time::Instant;

use super::base_url::BaseUrl;
use crate::body::{Collected, RequestBody, collect};
use crate::boxed::BoxError;
use crate::fault::{Fault, find};
use crate::layers::error_body::read_error_body;
use crate::layers::guard::OriginViolation;
use crate::layers::timeout::TimedOut;
use crate::policy::Policy;
use crate::stack::erased::ErasedService;
use crate::stack::once::{Once, SentTwice};

/// An answer of an auth endpoint is a few kilobytes; more is something else.
const ANSWER_LIMIT: usize = 256 * 1024;

/// Sends login, refresh and logout.
#[derive(Clone)]
pub(super) struct LoginTransport {
    base: BaseUrl,
    service: ErasedService,
    timeout: Duration,
    user_agent: HeaderValue,
}

impl LoginTransport {
    /// Sends through `service`, which must hold neither auth nor retries of ours, with this limit for each request.
    pub(super) fn new(
        base: BaseUrl,
        service: ErasedService,
        timeout: Duration,
        user_agent: HeaderValue,
    ) -> Self {
        Self { base, service, timeout, user_agent }
    }
}

impl fmt::Debug for LoginTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginTransport").field("base", &self.base).finish_non_exhaustive()
    }
}

impl TokenTransport for LoginTransport {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> edgequake_auth::BoxFuture<'static, Result<Response<Bytes>, TransportError>> {
        let (service, limit, base) = (self.service.clone(), self.timeout, self.base.clone());
        let user_agent = self.user_agent.clone();
        Box::pin(async move {
            // A limit beyond what the clock can express is no limit.
            let Some(deadline) = Instant::now().checked_add(limit) else {
                return exchange(service, base, user_agent, request, None).await;
            };
            tokio::time::timeout_at(deadline, exchange(service, base, user_agent, request, Some(deadline)))
                .await
                .map_err(|_| TransportError::new(TransportErrorKind::TimedOut))?
        })
    }
}

/// What the transport has to know: it tells what is still unsent at the deadline from what may have arrived.
fn policy(deadline: Option<Instant>) -> Policy {
    let mut policy = Policy::for_method(&Method::POST).auth(Auth::Public).retry(Retry::Never);
    policy.deadline = deadline;
    policy
}

async fn exchange(
    service: ErasedService,
    base: BaseUrl,
    user_agent: HeaderValue,
    request: Request<Bytes>,
    deadline: Option<Instant>,
) -> Result<Response<Bytes>, TransportError> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    parts.uri = base.join(path.into(), parts.uri.query()).map_err(|error| unsent(error.into()))?;
    parts.headers.insert(http::header::USER_AGENT, user_agent);
    parts.extensions.insert(Once::default());
    parts.extensions.insert(policy(deadline));
    let answer = service.call(Request::from_parts(parts, RequestBody::from(body))).await.map_err(failed)?;
    let (parts, mut body) = answer.into_parts();
    // The status is known, and with it what became of the exchange: a refused password is not sent again because the words to the
    // refusal were cut off, and nobody waits long for them.
    if !parts.status.is_success() {
        let body = read_error_body(&mut body).await.unwrap_or_default();
        return Ok(Response::from_parts(parts, body));
    }
    let body = match collect(&mut body, ANSWER_LIMIT).await {
        Ok(Collected::Whole(bytes)) => bytes,
        // Too long for a token; what it begins with is enough to say what it is.
        Ok(Collected::Cut(bytes)) => bytes,
        Err(error) => return Err(interrupted(error)),
    };
    Ok(Response::from_parts(parts, body))
}

fn unsent(error: BoxError) -> TransportError {
    TransportError::new(TransportErrorKind::NotSent).with_source(error)
}

fn interrupted(error: BoxError) -> TransportError {
    TransportError::new(TransportErrorKind::Interrupted).with_source(error)
}

fn failed(error: BoxError) -> TransportError {
    let kind = match find::<OriginViolation>(&*error) {
        Some(OriginViolation::Insecure { .. }) => TransportErrorKind::Insecure,
        Some(_) => TransportErrorKind::ForeignOrigin,
        // The first one may have been executed.
        None if find::<SentTwice>(&*error).is_some() => TransportErrorKind::Interrupted,
        None if find::<TimedOut>(&*error).is_some() => TransportErrorKind::TimedOut,
        None if Fault::of(&*error).is_some_and(Fault::is_unsent) => TransportErrorKind::NotSent,
        None => TransportErrorKind::Interrupted,
    };
    TransportError::new(kind).with_source(error)
}
