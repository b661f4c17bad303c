//! [`Body`]: what a request carries, before any transport sees it.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;

use crate::multipart::Form;
use crate::request::EncodeError;

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
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Json(json) => write!(f, "Json({} bytes)", json.len()),
            Self::Form(form) => f.debug_tuple("Form").field(form).finish(),
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
