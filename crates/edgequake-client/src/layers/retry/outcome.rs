//! [`Outcome`]: what an attempt came to, and whether it may be followed by another.

use edgequake_auth::CredentialsError;
use edgequake_types::Retry;
use http::{Response, StatusCode};

use super::RetryHint;
use crate::boxed::BoxError;
use crate::fault::{Fault, NoRuntime, find};
use crate::layers::timeout::{TimedOut, TimeoutScope};

/// What an attempt came to, as far as retries are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// Any other answer, 4xx included.
    Success,
    /// The request certainly was not executed: it never left.
    NotSent,
    /// The connection was lost after the request had left, wholly or in part.
    Interrupted,
    /// No answer within the attempt's limit.
    AttemptTimedOut,
    /// 429, or a 503 whose body says [`retryable`](RetryHint::retryable): the server has not taken the request on.
    TurnedAway,
    /// 408, 502, 504, or any other 503, which a gateway sends as well when it has lost the server in the middle of a request: it
    /// may have been executed.
    Ambiguous,
    /// Anything that another attempt would not change.
    Final,
}

impl Outcome {
    /// Classifies the result of an attempt.
    pub fn of<R>(result: &Result<Response<R>, BoxError>) -> Self {
        match result {
            Ok(answer) => match answer.status().as_u16() {
                429 => Self::TurnedAway,
                503 if RetryHint::of(answer).retryable == Some(true) => Self::TurnedAway,
                _ if Self::may_pass(answer.status()) => Self::Ambiguous,
                _ => Self::Success,
            },
            Err(error) => Self::of_error(error),
        }
    }

    /// Whether an answer of this status may be followed by another attempt.
    pub(crate) fn may_pass(status: StatusCode) -> bool {
        matches!(status.as_u16(), 408 | 429 | 502..=504)
    }

    fn of_error(error: &BoxError) -> Self {
        let credentials = find::<CredentialsError>(&**error);
        if let Some(timed_out) = find::<TimedOut>(&**error) {
            return match timed_out.scope {
                // What a layer of the user's own says of a login or refresh is not about this request.
                TimeoutScope::Attempt if credentials.is_none() => Self::AttemptTimedOut,
                _ => Self::Final,
            };
        }
        if find::<NoRuntime>(&**error).is_some() {
            return Self::Final;
        }
        let fault = Fault::of(&**error);
        // A password that may have arrived is not sent again: the server counts wrong ones.
        let login = credentials.is_some_and(CredentialsError::is_login_failure);
        match fault.filter(|fault| !login || fault.is_unsent()) {
            Some(Fault::Connect | Fault::NotSent) => Self::NotSent,
            Some(Fault::Interrupted) => Self::Interrupted,
            Some(Fault::Certificate | Fault::Tls | Fault::Proxy) | None => Self::Final,
        }
    }

    /// Whether a request of this kind may be sent again after this outcome: the table in the [module's docs](super).
    pub fn may_repeat(self, retry: Retry) -> bool {
        match self {
            Self::NotSent | Self::TurnedAway => retry != Retry::Never,
            Self::Interrupted | Self::AttemptTimedOut | Self::Ambiguous => retry == Retry::Safe,
            Self::Success | Self::Final => false,
        }
    }
}
