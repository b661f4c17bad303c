//! [`Body`]: what a request carries, before any transport sees it.

use bytes::Bytes;
use serde::Serialize;

use crate::multipart::Form;
use crate::request::EncodeError;

/// The body of a request.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Body {
    /// None, and no content type.
    Empty,
    /// A JSON text, `application/json`.
    Json(Bytes),
    /// A form, `multipart/form-data`, whose files may be supplied by the sender.
    Form(Form),
}

impl Body {
    /// Writes a value as JSON.
    ///
    /// # Errors
    ///
    /// [`EncodeError::Serialize`] when a map has keys that are no strings.
    pub fn json(value: &(impl Serialize + ?Sized)) -> Result<Self, EncodeError> {
        serde_json::to_vec(value).map(|json| Self::Json(json.into())).map_err(EncodeError::Serialize)
    }

    /// The value for `Content-Type`.
    pub fn content_type(&self) -> Option<String> {
        match self {
            Self::Empty => None,
            Self::Json(_) => Some("application/json".to_owned()),
            Self::Form(form) => Some(form.content_type()),
        }
    }

    /// The bytes, where all of them are here: `None` for a form with a file that the sender supplies.
    pub fn bytes(&self) -> Option<Bytes> {
        match self {
            Self::Empty => Some(Bytes::new()),
            Self::Json(json) => Some(json.clone()),
            Self::Form(form) => form.bytes(),
        }
    }
}
