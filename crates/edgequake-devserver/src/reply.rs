//! [`Reply`]: a success, encoded as its operation defines.

use axum::body::Body;
use axum::response::Response;
use edgequake_types::{Decode, Endpoint};
use http::header::{HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::error::Refusal;
use crate::faults::Answers;

/// A success: a model, headers, and what the model leaves out.
#[derive(Debug)]
pub(crate) struct Reply<M> {
    headers: HeaderMap,
    status: Option<StatusCode>,
    /// Fields of the JSON object that the model does not write, each with its comma.
    fields: String,
    model: M,
}

impl<M> Reply<M> {
    /// A reply whose status follows from the model and the operation.
    pub(crate) fn new(model: M) -> Self {
        Self { headers: HeaderMap::new(), status: None, fields: String::new(), model }
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Replaces the status of the operation.
    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    /// Adds a field to the JSON object, which the model must not write itself.
    pub(crate) fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.push_str(&format!(",{}:{}", Value::from(name), value.into()));
        self
    }
}

/// A success of the operation `E`.
pub(crate) trait Success<E> {
    /// What a client gets.
    const ANSWERS: Answers;

    fn into_response(self) -> Result<Response, Refusal>;
}

impl<E: Endpoint> Success<E> for Reply<E::Response>
where
    E::Response: Decode,
{
    /// A model of no size says nothing.
    const ANSWERS: Answers = if size_of::<E::Response>() == 0 { Answers::Head } else { Answers::Body };

    fn into_response(self) -> Result<Response, Refusal> {
        let response = E::respond(&self.model)?;
        let mut response =
            response.map(|body| match body.strip_suffix(b"}").filter(|_| !self.fields.is_empty()) {
                Some(object) => Body::from([object, self.fields.as_bytes(), b"}"].concat()),
                None => Body::from(body),
            });
        response.headers_mut().extend(self.headers);
        if let Some(status) = self.status {
            *response.status_mut() = status;
        }
        Ok(response)
    }
}
