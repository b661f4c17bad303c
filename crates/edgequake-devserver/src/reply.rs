//! [`Reply`]: a success, written as its operation says.

use axum::body::Body;
use axum::response::Response;
use edgequake_types::{Decode, Endpoint};
use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

use crate::error::Refusal;

/// A success with its model.
#[derive(Debug)]
pub(crate) struct Reply<M> {
    headers: HeaderMap,
    model: M,
}

impl<M> Reply<M> {
    /// An answer whose status follows from the model and the operation.
    pub(crate) fn of(model: M) -> Self {
        Self { headers: HeaderMap::new(), model }
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
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
        let mut response = E::respond(&self.model)?.map(Body::from);
        response.headers_mut().extend(self.headers);
        Ok(response)
    }
}
