//! [`ParsePdf`] as a form.

use bytes::Bytes;

use super::*;
use crate::documents::NamedFile;
use crate::documents::form::{received, text};
use crate::endpoint::Multipart;
use crate::multipart::{Form, Part};

impl ParsePdf {
    /// Parses these bytes.
    pub fn from_bytes(file_name: impl AsRef<str>, bytes: impl Into<Bytes>) -> Self {
        let NamedFile { file_name, content } = NamedFile::from_bytes(file_name, bytes);
        Self::new(file_name, content)
    }

    /// Parses a file of this many bytes that the sender puts in its place, so that it is never held in memory.
    pub fn deferred(file_name: impl AsRef<str>, length: u64) -> Self {
        let NamedFile { file_name, content } = NamedFile::deferred(file_name, length);
        Self::new(file_name, content)
    }
}

impl Multipart for ParsePdf {
    #[inline]
    fn to_form(&self) -> Result<Form, EncodeError> {
        let file = Part::file("file", &self.file_name, self.content.clone()).content_type("application/pdf");
        let options = serde_json::to_value(&self.options).map_err(EncodeError::Serialize)?;
        let said = options.as_object().is_some_and(|options| !options.is_empty());
        Ok(Form::new(
            [Some(file), text("options", Some(&options).filter(|_| said))].into_iter().flatten().collect(),
        ))
    }

    #[inline]
    fn from_form(form: Form, _parameters: &[(&'static str, String)]) -> Result<Self, DecodeError> {
        let mut file = Err(DecodeError::Part { name: "file" });
        let mut options = ParseOptions::new();
        for (name, file_name, bytes) in received(form) {
            match name.as_str() {
                "file" => file = Ok(NamedFile::of_part(file_name, "document.pdf", bytes)),
                "options" => options = from_json(&bytes)?,
                _ => {}
            }
        }
        let NamedFile { file_name, content } = file?;
        Ok(Self { options, ..Self::new(file_name, content) })
    }
}
