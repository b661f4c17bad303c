//! [`ErrorBody`]: the body of an answer that is not a success, in every shape that servers and the proxies before them use.
//!
//! Nothing here fails: an unreadable body still has a status to speak for it.
//!
//! For what the first servers are, see [server versions](crate#server-versions).

mod text;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};

pub use text::first_words;
use text::{excerpt, text_excerpt, words_of, words_of_list};

/// Longest code kept, in bytes; a longer one is ignored.
const CODE_LIMIT: usize = 64;

/// How deep it is looked for what an error says of another try.
const DEPTH: usize = 4;

/// What an error answer says, whatever its shape.
///
/// ```
/// use edgequake_types::ErrorBody;
/// use http::StatusCode;
///
/// let body = br#"{"error":"unauthorized","message":"Authentication required","request_id":"r-1"}"#;
/// let error = ErrorBody::read(StatusCode::UNAUTHORIZED, body);
/// assert_eq!((error.code.as_str(), error.message.as_str()), ("UNAUTHORIZED", "Authentication required"));
/// assert_eq!(error.request_id.as_deref(), Some("r-1"));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ErrorBody {
    /// The server's code in upper case, such as `NOT_FOUND`; derived from the status where the body has none. An open
    /// set; compare without case. One word of at most 64 bytes.
    pub code: String,
    /// The server's text, or the status phrase. At most 1,000 bytes, without control characters.
    pub message: String,
    /// `details` as the server sent it; its `diagnostics` tell the cause of a 401 or 403.
    pub details: Option<Value>,
    /// The id of the request, for the server's log. The placeholder `unknown` is dropped.
    pub request_id: Option<String>,
    /// How long to wait before another try, in seconds, where the body says so.
    pub retry_after_seconds: Option<u64>,
    /// Whether the server itself says that another try may help. `true` is read only where EdgeQuake writes it: in `details`, beside
    /// `code` and `message`, or, in an answer with 429, beside `error_code`. Gateways use the same word for requests that may have been
    /// executed. A `false` is read from any body, and overrules a `true`.
    pub retryable: Option<bool>,
}

/// The shapes an error body can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorShape {
    /// `application/problem+json` with `code`, `message`, `details`, `type`, `title`, `status`: the handlers.
    Problem,
    /// `application/json` with `code`, `message`: the handlers of the first servers, and the Ollama gate.
    Bare,
    /// `application/json` with `error`, `message`, `request_id`: the authentication layer.
    AuthLayer,
    /// `application/json` with `error`, `error_code`, `retry_after_seconds`, `retryable`: the rate limiter.
    RateLimiter,
    /// `text/plain`: the extractors of the web framework.
    Text,
}

impl ErrorBody {
    /// An error to be written, with the code's usual meaning.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            details: None,
            request_id: None,
            retry_after_seconds: None,
            retryable: None,
        }
    }

    /// Sets `details.diagnostics.reason`, by which servers tell the causes of a 401 or 403 apart.
    #[must_use]
    pub fn reason(mut self, reason: &str) -> Self {
        self.details = Some(json!({ "diagnostics": { "reason": reason } }));
        self
    }

    /// Sets the id of the request.
    #[must_use]
    pub fn request_id(mut self, request_id: impl Into<String>) -> Self {
        self.request_id = Some(request_id.into());
        self
    }

    /// Sets the wait, in seconds.
    #[must_use]
    pub fn retry_after_seconds(mut self, seconds: u64) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// Reads a body, trying JSON whatever the content type says.
    pub fn read(status: StatusCode, body: &[u8]) -> Self {
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        let mut error = match serde_json::from_slice::<Value>(body) {
            Ok(Value::Object(fields)) => {
                let mut error = Self::from_fields(&fields);
                // The rate limiter's own form, which nothing else of the server writes.
                if status == StatusCode::TOO_MANY_REQUESTS && is_of_rate_limiter(&fields) {
                    error.retryable = error.retryable.or(Some(true));
                }
                error
            }
            Ok(Value::String(text)) => Self::new("", excerpt(&text)),
            Ok(Value::Array(list)) => {
                Self::new("", excerpt(&words_of_list(&list).unwrap_or_else(|| text_excerpt(body))))
            }
            _ => Self::new("", text_excerpt(body)),
        };
        if error.code.is_empty() {
            error.code = code_of(status).into_owned();
        }
        if error.message.is_empty() {
            error.message = status.canonical_reason().unwrap_or("no further text").to_owned();
        }
        error
    }

    /// Reads the fields of an error object, whether it is a whole body or part of a stream's event.
    pub fn from_fields(fields: &Map<String, Value>) -> Self {
        // `{"error": {"message": ...}}` holds everything one level down, and so does a `detail` that is alone.
        match (fields.get("error"), fields.get("detail")) {
            (Some(Value::Object(inner)), _) if !fields.contains_key("message") => {
                return Self::from_fields(inner).within(fields);
            }
            (None, Some(Value::Object(inner))) if fields.len() == 1 => {
                return Self::from_fields(inner).within(fields);
            }
            _ => {}
        }
        let text =
            |name: &str| fields.get(name).and_then(Value::as_str).map(str::trim).filter(|t| !t.is_empty());
        let details = fields.get("details").filter(|details| !details.is_null());
        let word = |name: &str| text(name).filter(|word| is_word(word));
        let error_word =
            word("error").filter(|word| word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
        let kebab = text("type").and_then(|uri| uri.rsplit('/').next());
        let kebab = kebab.filter(|word| is_word(word) && *word != "about:blank");
        let code = word("code").or(word("error_code")).or(error_word).or(kebab).unwrap_or_default();
        let message = words_of(fields).unwrap_or_default();
        Self {
            code: code.replace('-', "_").to_ascii_uppercase(),
            message: excerpt(&message),
            request_id: request_id(fields),
            retry_after_seconds: wait(fields, 0),
            retryable: retryable(fields, details),
            details: details.cloned(),
        }
    }

    /// What it says within these fields, a form that is not this server's: they may say more.
    fn within(mut self, fields: &Map<String, Value>) -> Self {
        self.retryable = says_no(fields, 0).then_some(false);
        self.retry_after_seconds = self.retry_after_seconds.or_else(|| wait(fields, 0));
        self.request_id = self.request_id.or_else(|| request_id(fields));
        self
    }

    /// The cause that the server put into `details.diagnostics.reason` (or `details.reason`), such as `token_reuse`.
    pub fn reason_text(&self) -> Option<&str> {
        let details = self.details.as_ref()?;
        let diagnostics = details.get("diagnostics").and_then(|diagnostics| diagnostics.get("reason"));
        diagnostics.or_else(|| details.get("reason"))?.as_str()
    }

    /// Writes the body: its content type and its bytes.
    pub fn write(&self, status: StatusCode, shape: ErrorShape) -> (&'static str, Bytes) {
        let (content_type, body) = match shape {
            ErrorShape::Text => return ("text/plain; charset=utf-8", Bytes::from(self.message.clone())),
            ErrorShape::Bare => ("application/json", json!({ "code": self.code, "message": self.message })),
            ErrorShape::AuthLayer => (
                "application/json",
                json!({
                    "error": self.code.to_ascii_lowercase(),
                    "message": self.message,
                    "request_id": self.request_id,
                }),
            ),
            ErrorShape::RateLimiter => (
                "application/json",
                json!({
                    "error": "rate_limit_exceeded",
                    "message": self.message,
                    "retry_after_seconds": self.retry_after_seconds,
                    "request_id": self.request_id,
                    "error_code": self.code,
                    "retryable": true,
                }),
            ),
            ErrorShape::Problem => ("application/problem+json", self.problem(status)),
        };
        (content_type, Bytes::from(body.to_string()))
    }

    fn problem(&self, status: StatusCode) -> Value {
        let diagnostics = self.details.as_ref().and_then(|details| details.get("diagnostics")).cloned();
        let mut diagnostics = diagnostics.unwrap_or_else(|| json!({}));
        if let (Some(seconds), Some(fields)) = (self.retry_after_seconds, diagnostics.as_object_mut()) {
            fields.insert("retry_after_secs".to_owned(), seconds.into());
        }
        json!({
            "code": self.code,
            "message": self.message,
            "type": format!("https://edgequake.dev/problems/{}", self.code.to_ascii_lowercase().replace('_', "-")),
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "details": {
                "request_id": self.request_id.as_deref().unwrap_or("unknown"),
                "error_code": self.code,
                "http_status": status.as_u16(),
                "retryable": self.retryable.unwrap_or(matches!(status.as_u16(), 408 | 429 | 503)),
                "source": "api",
                "diagnostics": diagnostics,
            },
        })
    }
}

/// Whether a text can be a code: one word of bounded length.
fn is_word(text: &str) -> bool {
    (1..=CODE_LIMIT).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Seconds in any form a gateway writes them, rounded up: an early retry would be in vain.
fn whole_seconds(value: &Value) -> Option<u64> {
    let seconds = value.as_f64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()))?;
    // `as` saturates; negative and NaN become 0.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    (seconds >= 0.0).then(|| seconds.ceil() as u64)
}

/// The code that the server would use for a status.
fn code_of(status: StatusCode) -> std::borrow::Cow<'static, str> {
    match status.as_u16() {
        400 => "BAD_REQUEST".into(),
        401 => "UNAUTHORIZED".into(),
        403 => "FORBIDDEN".into(),
        404 => "NOT_FOUND".into(),
        408 => "REQUEST_TIMEOUT".into(),
        409 => "CONFLICT".into(),
        422 => "VALIDATION_ERROR".into(),
        423 => "ACCOUNT_LOCKED".into(),
        429 => "RATE_LIMITED".into(),
        500 => "INTERNAL_ERROR".into(),
        501 => "NOT_IMPLEMENTED".into(),
        503 => "SERVICE_UNAVAILABLE".into(),
        other => format!("HTTP_{other}").into(),
    }
}

/// What the body says of another try, as far as it is to be believed.
fn retryable(fields: &Map<String, Value>, details: Option<&Value>) -> Option<bool> {
    if says_no(fields, 0) {
        return Some(false);
    }
    let is_text = |name: &str| fields.get(name).is_some_and(Value::is_string);
    let inside = details.and_then(|details| details.get("retryable")).and_then(Value::as_bool);
    inside.filter(|_| is_text("code") && is_text("message"))
}

/// Whether a body has the form of the server's rate limiter.
fn is_of_rate_limiter(fields: &Map<String, Value>) -> bool {
    let is_text = |name: &str| fields.get(name).is_some_and(Value::is_string);
    fields.get("retryable") == Some(&Value::Bool(true)) && is_text("error") && is_text("error_code")
}

/// The objects within an error object that are about the same error.
fn parts<'a>(
    fields: &'a Map<String, Value>,
    names: &'a [&str],
) -> impl Iterator<Item = &'a Map<String, Value>> {
    names.iter().filter_map(|name| fields.get(*name)?.as_object())
}

/// Whether it is said anywhere that another try does not help.
fn says_no(fields: &Map<String, Value>, depth: usize) -> bool {
    fields.get("retryable") == Some(&Value::Bool(false))
        || depth < DEPTH
            && parts(fields, &["error", "detail", "details"]).any(|part| says_no(part, depth + 1))
}

/// The wait that is asked for, in seconds, wherever that is said.
fn wait(fields: &Map<String, Value>, depth: usize) -> Option<u64> {
    let inside = |name: &str| fields.get("details")?.get(name);
    let diagnostics = || inside("diagnostics")?.get("retry_after_secs");
    let wait = fields.get("retry_after_seconds").and_then(whole_seconds);
    let wait = wait.or_else(|| diagnostics().or_else(|| inside("retry_after_secs")).and_then(whole_seconds));
    let wait = wait.or_else(|| Some(inside("retry_after_ms")?.as_u64()?.div_ceil(1000)));
    let wait = wait.or_else(|| fields.get("retry_after_secs").and_then(whole_seconds));
    wait.or_else(|| {
        parts(fields, &["error", "detail"])
            .filter(|_| depth < DEPTH)
            .find_map(|part| self::wait(part, depth + 1))
    })
}

/// The id of the request, if it is one.
fn request_id(fields: &Map<String, Value>) -> Option<String> {
    let id = fields.get("request_id").and_then(Value::as_str).map(str::trim).filter(|id| !id.is_empty());
    let id = id.or_else(|| fields.get("details")?.get("request_id")?.as_str());
    id.filter(|id| *id != "unknown").map(excerpt)
}

#[cfg(test)]
mod tests;
