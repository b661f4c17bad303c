//! [`Body`]: what a request carries, before any transport sees it.

use std::fmt;

use bytes::Bytes;
use http::HeaderValue;
use serde::Serialize;

use crate::error::EncodeError;
use crate::multipart::Form;

/// The body of a request. `Debug` shows its kind and length, never its content, which may be a password.
#[derive(Clone)]
#[non_exhaustive]
pub enum Body {
    /// None, and no content type.
    Empty,
    /// A JSON text, `application/json`.
    Json(Bytes),
    /// A form, `multipart/form-data`, whose files may be supplied by the sender.
    Form(Form),
    /// A form, `application/x-www-form-urlencoded`.
    UrlEncoded(Bytes),
    /// Anything else, as it is.
    #[non_exhaustive]
    Raw {
        /// The value for `Content-Type`.
        content_type: HeaderValue,
        /// The content.
        bytes: Bytes,
    },
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Json(json) => write!(f, "Json({} bytes)", json.len()),
            Self::Form(form) => f.debug_tuple("Form").field(form).finish(),
            Self::UrlEncoded(form) => write!(f, "UrlEncoded({} bytes)", form.len()),
            Self::Raw { content_type, bytes } => write!(f, "Raw({content_type:?}, {} bytes)", bytes.len()),
        }
    }
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

    /// Any content of this media type.
    ///
    /// ```
    /// use edgequake_types::Body;
    /// use http::HeaderValue;
    ///
    /// let body = Body::raw(HeaderValue::from_static("text/markdown"), "# Bridges");
    /// assert_eq!(body.content_type().unwrap(), "text/markdown");
    /// ```
    pub fn raw(content_type: HeaderValue, bytes: impl Into<Bytes>) -> Self {
        Self::Raw { content_type, bytes: bytes.into() }
    }

    /// The value for `Content-Type`.
    pub fn content_type(&self) -> Option<HeaderValue> {
        match self {
            Self::Empty => None,
            Self::Json(_) => Some(HeaderValue::from_static("application/json")),
            // The boundary is made of letters that a header can hold; one of the caller's own may not be.
            Self::Form(form) => HeaderValue::try_from(form.content_type()).ok(),
            Self::UrlEncoded(_) => Some(HeaderValue::from_static("application/x-www-form-urlencoded")),
            Self::Raw { content_type, .. } => Some(content_type.clone()),
        }
    }

    /// The bytes, where all of them are here: `None` for a form with a file that the sender supplies.
    pub fn bytes(&self) -> Option<Bytes> {
        match self {
            Self::Empty => Some(Bytes::new()),
            Self::Json(bytes) | Self::UrlEncoded(bytes) | Self::Raw { bytes, .. } => Some(bytes.clone()),
            Self::Form(form) => form.bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Body;
    use crate::Endpoint;
    use crate::documents::UploadFile;
    use crate::session::{Login, Me};

    #[test]
    fn debug_shows_the_kind_and_no_content() {
        let login = Login::new("mona", "s3cr3t-p").to_request().unwrap();
        assert!(format!("{login:?}").contains("body: Json(41 bytes)"), "{login:?}");
        assert!(format!("{:?}", Me::new().to_request().unwrap()).contains("body: Empty"));
        let upload = UploadFile::from_bytes("notes.md", "s3cr3t text").title("s3cr3t").to_request().unwrap();
        let text = format!("{upload:?} {upload:#?}");
        assert!(!text.contains("s3cr3t") && text.contains("notes.md") && text.contains("11 bytes"), "{text}");
        let Body::Form(form) = upload.into_body() else { panic!("no form") };
        let text = format!("{:?}", form.segments());
        assert!(!text.contains("s3cr3t") && text.contains("bytes"), "{text}");
    }
}
