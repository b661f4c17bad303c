//! Errors made by hand: for mocks, for layers of one's own, and of answers taken raw.

use std::time::Duration;

use edgequake_types::ErrorBody;
use http::StatusCode;
use serde_json::{Map, Value};

use super::{Error, ErrorKind, Inner};
use crate::boxed::BoxError;
use crate::layers::error_body::ERROR_BODY_LIMIT;

impl Error {
    /// An error of this kind, for mocks and for layers of your own: what a caller sees is then said with
    /// [`with_message`](Self::with_message) and its like. A kind that stands for a status implies it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use edgequake_client::{Error, ErrorKind};
    ///
    /// let error = Error::new(ErrorKind::RateLimited).with_message("slow down").with_retry_after(Duration::from_secs(2));
    /// assert!(error.is_retryable() && error.is_rate_limited());
    /// assert_eq!(error.to_string(), "429 Too Many Requests: slow down; retry after 2 s");
    /// ```
    pub fn new(kind: ErrorKind) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: "",
            status: kind.status(),
            body: None,
            note: None,
            retry_after: None,
            attempts: 1,
            unrouted: false,
            lasting: false,
            processing: None,
            last_failure: None,
            server: None,
            source: None,
        }))
    }

    /// The error of an answer that is not a success, as a call would make it of the same status, headers and body: for mocks, and for
    /// answers that were taken [raw](crate::Call::raw). Of the body, the first 64 KiB are read. A success is an error of the kind [`ErrorKind::Status`] here.
    ///
    /// ```
    /// use edgequake_client::Error;
    /// use http::{Response, StatusCode};
    ///
    /// let answer = Response::builder()
    ///     .status(StatusCode::NOT_FOUND)
    ///     .body(r#"{"code":"NOT_FOUND","message":"document d-1"}"#)
    ///     .expect("a plain answer");
    /// let error = Error::from_response(answer);
    /// assert!(error.is_not_found());
    /// assert_eq!(error.message(), Some("document d-1"));
    /// ```
    pub fn from_response(answer: http::Response<impl Into<bytes::Bytes>>) -> Self {
        let (parts, body) = answer.into_parts();
        let body = body.into();
        Self::of_answer(&parts, Some(body.get(..ERROR_BODY_LIMIT).unwrap_or(&body)))
    }

    /// Sets the status of the answer.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = Some(status);
        self
    }

    /// Sets the server's words: one line of at most 1,000 bytes is kept of them, as of an answer.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.said().message = read("message", message.into()).message;
        self
    }

    /// Sets the server's code, such as `NOT_FOUND`: one word, in upper case. Anything else is none, as in an answer.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.said().code = read("code", code.into()).code;
        self
    }

    /// Sets how long to wait before another try.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Sets the cause.
    #[must_use]
    pub fn with_source(self, source: impl Into<BoxError>) -> Self {
        self.because(source)
    }

    fn said(&mut self) -> &mut ErrorBody {
        self.0.body.get_or_insert_with(|| ErrorBody::new("", ""))
    }
}

/// One field, read as that of an answer.
fn read(name: &str, text: String) -> ErrorBody {
    ErrorBody::from_fields(&Map::from_iter([(name.to_owned(), Value::String(text))]))
}
