//! [`Reply`]: a success, written as its operation says.

use axum::response::{IntoResponse, Response};
use edgequake_types::{Answer, Decode, Endpoint};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};

use crate::error::Refusal;

/// A success with its model.
#[derive(Debug)]
pub(crate) struct Reply<M> {
    status: StatusCode,
    headers: HeaderMap,
    model: M,
}

impl<M> Reply<M> {
    pub(crate) fn ok(model: M) -> Self {
        Self { status: StatusCode::OK, headers: HeaderMap::new(), model }
    }

    pub(crate) fn created(model: M) -> Self {
        Self { status: StatusCode::CREATED, ..Self::ok(model) }
    }

    pub(crate) fn accepted(model: M) -> Self {
        Self { status: StatusCode::ACCEPTED, ..Self::ok(model) }
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

impl Reply<()> {
    pub(crate) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, ..Self::ok(()) }
    }
}

/// A success of the operation `E`.
pub(crate) trait Success<E> {
    fn into_answer(self) -> Result<Response, Refusal>;
}

impl<E: Endpoint> Success<E> for Reply<E::Response>
where
    E::Response: Decode,
{
    fn into_answer(self) -> Result<Response, Refusal> {
        let body = self.model.encode()?;
        let mut response = (self.status, self.headers, body).into_response();
        let content_type = match E::Response::MEDIA_TYPE {
            "*/*" => None,
            "text/plain" => Some("text/plain; charset=utf-8"),
            other => Some(other),
        };
        match content_type {
            Some(value) => response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(value)),
            None => response.headers_mut().remove(CONTENT_TYPE),
        };
        Ok(response)
    }
}
