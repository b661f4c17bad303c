//! [`Reply`]: a success, encoded as its operation defines.

use axum::body::Body;
use axum::response::Response;
use edgequake_types::{Decode, Endpoint};
use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};

use crate::error::Refusal;

/// A success: a model and headers.
#[derive(Debug)]
pub(crate) struct Reply<M> {
    headers: HeaderMap,
    model: M,
}

impl<M> Reply<M> {
    /// A reply whose status follows from the model and the operation.
    pub(crate) fn new(model: M) -> Self {
        Self { headers: HeaderMap::new(), model }
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

/// A success of the operation `E`.
pub(crate) trait Success<E> {
    fn into_response(self) -> Result<Response, Refusal>;
}

impl<E: Endpoint> Success<E> for Reply<E::Response>
where
    E::Response: Decode,
{
    fn into_response(self) -> Result<Response, Refusal> {
        let mut response = E::respond(&self.model)?.map(Body::from);
        response.headers_mut().extend(self.headers);
        Ok(response)
    }
}
