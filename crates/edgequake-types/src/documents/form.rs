//! [`UploadFile`] as a form.

use bytes::Bytes;

use super::*;
use crate::endpoint::Multipart;
use crate::multipart::{self, Content, Form, Part};

impl UploadFile {
    /// Uploads these bytes.
    pub fn from_bytes(file_name: impl AsRef<str>, bytes: impl Into<Bytes>) -> Self {
        Self::new(multipart::file_name(file_name.as_ref()), Content::Bytes(bytes.into()))
    }

    /// Uploads a file of this many bytes that the sender puts in its place, so that it is never held in memory.
    pub fn deferred(file_name: impl AsRef<str>, length: u64) -> Self {
        Self::new(multipart::file_name(file_name.as_ref()), Content::Deferred(length))
    }
}

impl Multipart for UploadFile {
    #[inline]
    fn to_form(&self) -> Result<Form, EncodeError> {
        // Most servers read `metadata` and no `title`, so the title is put into it, where it has room.
        let mut metadata = self.metadata.clone().or(self.title.as_ref().map(|_| Map::new().into()));
        if let (Some(Value::Object(fields)), Some(title)) = (&mut metadata, &self.title) {
            fields.entry("title").or_insert_with(|| title.as_str().into());
        }
        let file = Part::file("file", &self.file_name, self.content.clone());
        let texts = [
            ("metadata", metadata.as_ref().map(Value::to_string)),
            ("title", self.title.clone()),
            ("chunk_strategy", self.chunk_strategy.as_ref().map(ToString::to_string)),
            ("chunk_options", self.chunk_options.as_ref().map(Value::to_string)),
            ("extraction_mode", self.extraction_mode.as_ref().map(ToString::to_string)),
            ("decision_gate_preset", self.decision_gate_preset.as_ref().map(ToString::to_string)),
        ];
        let texts = texts.into_iter().filter_map(|(name, text)| Some(Part::text(name, text?)));
        Ok(Form::new([file].into_iter().chain(texts).collect()))
    }

    #[inline]
    fn from_form(form: Form, _parameters: &[(&'static str, String)]) -> Result<Self, DecodeError> {
        let mut file = Err(DecodeError::Part { name: "file" });
        let mut read = Self::from_bytes("", Bytes::new());
        for part in form.into_parts() {
            let Content::Bytes(bytes) = part.content else { continue };
            let text = String::from_utf8_lossy(&bytes);
            // A server drops JSON that it cannot read instead of failing the upload over it.
            let json = || serde_json::from_slice(&bytes).ok();
            match part.name.as_str() {
                // What servers call a file without a name.
                "file" => file = Ok((part.file_name.unwrap_or_else(|| "unnamed.txt".to_owned()), bytes)),
                "title" => read.title = Some(text.into_owned()),
                "metadata" => read.metadata = json(),
                "chunk_strategy" => read.chunk_strategy = Some((*text).into()),
                "chunk_options" => read.chunk_options = json(),
                "extraction_mode" => read.extraction_mode = Some((*text).into()),
                "decision_gate_preset" => read.decision_gate_preset = Some((*text).into()),
                _ => {}
            }
        }
        // What was put into it is taken out.
        if let (Some(Value::Object(fields)), Some(title)) = (&mut read.metadata, &read.title)
            && fields.get("title").is_some_and(|told| told == title)
        {
            fields.remove("title");
            read.metadata = read.metadata.filter(|rest| rest != &Value::Object(Map::new()));
        }
        let (file_name, bytes) = file?;
        let Self { file_name, content, .. } = Self::from_bytes(file_name, bytes);
        Ok(Self { file_name, content, ..read })
    }
}
