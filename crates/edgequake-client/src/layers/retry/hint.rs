//! [`RetryHint`]: what an answer says about another attempt.

use std::time::{Duration, SystemTime};

use edgequake_auth::retry_after;
use http::Response;

/// What an answer says about another attempt.
///
/// The header is read from any answer. What the body says is put here, into the extensions, by the
/// [error body layer](crate::layers::error_body), because a retry layer does not read bodies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryHint {
    /// How long to wait.
    pub after: Option<Duration>,
    /// Whether the server says that another attempt may help: see [`ErrorBody::retryable`](edgequake_types::ErrorBody::retryable).
    pub retryable: Option<bool>,
}

impl RetryHint {
    /// The hint of an answer: its header first, then what its body said.
    pub fn of<R>(answer: &Response<R>) -> Self {
        let body = answer.extensions().get::<Self>().copied().unwrap_or_default();
        Self {
            after: retry_after(answer.headers(), SystemTime::now()).or(body.after),
            retryable: body.retryable,
        }
    }
}
