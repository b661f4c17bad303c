//! [`Refusal`]: every response that is not a success, in the shape that the real server uses.

use axum::response::{IntoResponse, Response};
use edgequake_types::{DecodeError, EncodeError, ErrorBody, ErrorShape};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

/// A response that is not a success. Boxed, because it is large and rare.
#[derive(Debug, Clone)]
pub(crate) struct Refusal(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    status: StatusCode,
    shape: ErrorShape,
    body: ErrorBody,
    headers: HeaderMap,
}

impl Refusal {
    fn new(status: StatusCode, shape: ErrorShape, body: ErrorBody) -> Self {
        Self(Box::new(Inner { status, shape, body, headers: HeaderMap::new() }))
    }

    /// An error of a handler, with its diagnostics.
    fn problem<const N: usize>(
        status: StatusCode,
        code: &str,
        message: impl Into<String>,
        diagnostics: [(&str, &str); N],
    ) -> Self {
        let mut body = ErrorBody::new(code, message);
        let kind = Value::from(code.to_ascii_lowercase());
        let diagnostics: Map<String, Value> = std::iter::once(("kind".to_owned(), kind))
            .chain(diagnostics.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))))
            .collect();
        body.details = Some(json!({ "diagnostics": diagnostics }));
        Self::new(status, ErrorShape::Problem, body)
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::problem(StatusCode::BAD_REQUEST, "BAD_REQUEST", message, [])
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::problem(StatusCode::UNPROCESSABLE_ENTITY, "VALIDATION_ERROR", message, [])
    }

    /// 422 for a word that is no way to extract entities.
    pub(crate) fn invalid_extraction_mode(word: &str) -> Self {
        let message = format!("extraction_mode must be llm, decision or inherit, and not {word:?}");
        Self::problem(StatusCode::UNPROCESSABLE_ENTITY, "invalid_extraction_mode", message, [])
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::problem(StatusCode::CONFLICT, "CONFLICT", message, [])
    }

    /// An error with a code of its own.
    pub(crate) fn coded(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self::problem(status, code, message, [])
    }

    pub(crate) fn not_found(resource: impl std::fmt::Display) -> Self {
        let resource = resource.to_string();
        let message = format!("Not found: {resource}");
        Self::problem(StatusCode::NOT_FOUND, "NOT_FOUND", message, [("resource", &resource)])
    }

    /// 401 from a handler. The message is constant; the cause is in the diagnostics.
    pub(crate) fn unauthorized(reason: &str, action: &str, subject: &str) -> Self {
        Self::problem(
            StatusCode::UNAUTHORIZED,
            "UNAUTHORIZED",
            "Unauthorized",
            [("reason", reason), ("action", action), ("subject", subject)],
        )
    }

    /// 403 from a handler. The message is constant; the cause is in the diagnostics.
    pub(crate) fn forbidden(reason: &str) -> Self {
        Self::problem(StatusCode::FORBIDDEN, "FORBIDDEN", "Forbidden", [("reason", reason)])
    }

    pub(crate) fn account_locked() -> Self {
        let message = "The account is locked after too many failed logins; try again later";
        Self::problem(StatusCode::LOCKED, "ACCOUNT_LOCKED", message, [("reason", "account_locked")])
    }

    /// The error that the real server answers with this status.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let (code, retryable) = match status.as_u16() {
            401 => return Self::not_authenticated(),
            429 => return Self::rate_limited(1),
            400 => ("BAD_REQUEST", false),
            403 => ("FORBIDDEN", false),
            404 => ("NOT_FOUND", false),
            408 => ("REQUEST_TIMEOUT", true),
            409 => ("CONFLICT", false),
            410 => ("GONE", false),
            422 => ("VALIDATION_ERROR", false),
            423 => ("ACCOUNT_LOCKED", false),
            501 => ("NOT_IMPLEMENTED", false),
            502 => ("LLM_ERROR", true),
            503 => ("SERVICE_UNAVAILABLE", true),
            _ => ("INTERNAL_ERROR", false),
        };
        let message = status.canonical_reason().unwrap_or("Error");
        let mut refusal = Self::problem(status, code, message, [("reason", "fault")]);
        if let Some(details) = refusal.0.body.details.as_mut().and_then(Value::as_object_mut) {
            details.insert("retryable".to_owned(), retryable.into());
        }
        refusal
    }

    /// 503 that no retry heals: there is no identity provider.
    pub(crate) fn oidc_disabled() -> Self {
        let message = "Single sign-on is not configured";
        Self::problem(
            StatusCode::SERVICE_UNAVAILABLE,
            "SERVICE_UNAVAILABLE",
            message,
            [("reason", "oidc_disabled")],
        )
        .header(RETRY_AFTER, HeaderValue::from(0))
    }

    /// 501: the real server has the operation, this one does not.
    pub(crate) fn not_implemented(operation: &str) -> Self {
        let message = format!("This server does not implement {operation}");
        Self::problem(StatusCode::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", message, [("operation", operation)])
    }

    /// An internal error. The response does not name the cause.
    pub(crate) fn internal() -> Self {
        Self::problem(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", "Internal server error", [])
    }

    /// 401 from the authentication layer: the same for every cause.
    pub(crate) fn not_authenticated() -> Self {
        let body = ErrorBody::new("UNAUTHORIZED", "Authentication required");
        Self::new(StatusCode::UNAUTHORIZED, ErrorShape::AuthLayer, body)
    }

    /// 403 from the authentication layer, naming the claim that the request contradicts.
    pub(crate) fn claim_mismatch(claim: &str) -> Self {
        let body = ErrorBody::new("FORBIDDEN", format!("The {claim} of the request contradicts the token"));
        Self::new(StatusCode::FORBIDDEN, ErrorShape::AuthLayer, body)
    }

    /// 403 from the authentication layer of era B servers.
    pub(crate) fn no_membership() -> Self {
        let body = ErrorBody::new("FORBIDDEN", "No active membership");
        Self::new(StatusCode::FORBIDDEN, ErrorShape::AuthLayer, body)
    }

    /// 429. The wait is rounded down to whole seconds, as on the real server, so it may be 0.
    pub(crate) fn rate_limited(wait_seconds: u64) -> Self {
        let body = ErrorBody::new("RATE_LIMITED", "Rate limit exceeded").retry_after_seconds(wait_seconds);
        Self::new(StatusCode::TOO_MANY_REQUESTS, ErrorShape::RateLimiter, body)
            .header(RETRY_AFTER, HeaderValue::from(wait_seconds))
            .header(HeaderName::from_static("x-ratelimit-remaining"), HeaderValue::from(0))
    }

    /// A plain-text refusal, as from an extractor before the handler runs.
    pub(crate) fn text(status: StatusCode, message: impl Into<String>) -> Self {
        Self::new(status, ErrorShape::Text, ErrorBody::new("", message))
    }

    /// What a client is told.
    pub(crate) fn message(&self) -> &str {
        &self.0.body.message
    }

    /// A plain-text refusal in the usual shape, where there is a code for its status.
    pub(crate) fn recoded(self, codes: impl Fn(StatusCode) -> Option<&'static str>) -> Self {
        match codes(self.0.status).filter(|_| self.0.shape == ErrorShape::Text) {
            Some(code) => {
                let mut recoded = Self::coded(self.0.status, code, self.0.body.message);
                recoded.0.headers = self.0.headers;
                recoded
            }
            None => self,
        }
    }

    /// The reason in the diagnostics, or else the code.
    pub(crate) fn reason(&self) -> &str {
        self.0.body.reason_text().unwrap_or(&self.0.body.code)
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// The response, with the id of the request if the shape includes it.
    pub(crate) fn into_response(self, request_id: &str) -> Response {
        let Inner { status, shape, body, headers } = *self.0;
        let (content_type, body) = body.request_id(request_id).write(status, shape);
        (status, [(CONTENT_TYPE, content_type)], headers, body).into_response()
    }
}

/// The refusal of a request that cannot be decoded: 422 for wrong fields in a JSON body, 400 for everything else.
pub(crate) fn undecodable(error: &DecodeError, in_body: bool) -> Refusal {
    let status = match error {
        DecodeError::Json { source, .. } if in_body && source.is_data() => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::BAD_REQUEST,
    };
    let cause = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    Refusal::text(status, format!("Failed to deserialize the request: {error}{cause}"))
}

impl From<EncodeError> for Refusal {
    fn from(_: EncodeError) -> Self {
        Self::internal()
    }
}

#[cfg(test)]
mod tests;
