//! Uploads as forms: of one file, and of several.

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

impl NamedFile {
    /// A file of these bytes.
    pub fn from_bytes(file_name: impl AsRef<str>, bytes: impl Into<Bytes>) -> Self {
        Self::new(multipart::file_name(file_name.as_ref()), Content::Bytes(bytes.into()))
    }

    /// A file of this many bytes that the sender puts in its place, so that it is never held in memory.
    pub fn deferred(file_name: impl AsRef<str>, length: u64) -> Self {
        Self::new(multipart::file_name(file_name.as_ref()), Content::Deferred(length))
    }

    /// The part of a form that carries it.
    pub(crate) fn part(&self, name: &str) -> Part {
        Part::file(name, &self.file_name, self.content.clone())
    }

    /// A file that came as a part; `unnamed` is what servers call one without a name.
    pub(crate) fn of_part(file_name: Option<String>, unnamed: &str, bytes: Bytes) -> Self {
        Self::from_bytes(file_name.as_deref().unwrap_or(unnamed), bytes)
    }
}

/// What servers call a file without a name.
const UNNAMED: &str = "unnamed.txt";

/// A part of text, where there is one.
pub(crate) fn text(name: &str, text: Option<&impl ToString>) -> Option<Part> {
    Some(Part::text(name, text?.to_string()))
}

/// The parts of metadata and title. Most servers read `metadata` and no `title`, so the title is put into it, where it has room.
pub(crate) fn described(title: Option<&String>, metadata: Option<&Value>) -> [Option<Part>; 2] {
    let mut metadata = metadata.cloned().or(title.map(|_| Map::new().into()));
    if let (Some(Value::Object(fields)), Some(title)) = (&mut metadata, title) {
        fields.entry("title").or_insert_with(|| title.as_str().into());
    }
    [text("metadata", metadata.as_ref()), text("title", title)]
}

/// Takes out of the metadata what [`described`] put into it.
pub(crate) fn undescribed(title: Option<&String>, metadata: Option<Value>) -> Option<Value> {
    let Some(Value::Object(mut fields)) = metadata else { return metadata };
    if title.is_none() || fields.get("title").and_then(Value::as_str) != title.map(String::as_str) {
        return Some(fields.into());
    }
    fields.remove("title");
    (!fields.is_empty()).then_some(fields.into())
}

/// The parts of a form that came whole: name, name of the file, and content.
pub(crate) fn received(form: Form) -> impl Iterator<Item = (String, Option<String>, Bytes)> {
    form.into_parts().into_iter().filter_map(|part| match part.content {
        Content::Bytes(bytes) => Some((part.name, part.file_name, bytes)),
        Content::Deferred(_) => None,
    })
}

/// A part as JSON. A server drops what it cannot read instead of failing the upload over it.
pub(crate) fn json(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes).ok()
}

/// A part as a text.
pub(crate) fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Multipart for UploadFile {
    #[inline]
    fn to_form(&self) -> Result<Form, EncodeError> {
        let file = Part::file("file", &self.file_name, self.content.clone());
        let [metadata, title] = described(self.title.as_ref(), self.metadata.as_ref());
        let parts = [
            Some(file),
            metadata,
            title,
            text("chunk_strategy", self.chunk_strategy.as_ref()),
            text("chunk_options", self.chunk_options.as_ref()),
            text("extraction_mode", self.extraction_mode.as_ref()),
            text("decision_gate_preset", self.decision_gate_preset.as_ref()),
        ];
        Ok(Form::new(parts.into_iter().flatten().collect()))
    }

    #[inline]
    fn from_form(form: Form, _parameters: &[(&'static str, String)]) -> Result<Self, DecodeError> {
        let mut file = Err(DecodeError::Part { name: "file" });
        let mut read = Self::from_bytes("", Bytes::new());
        for (name, file_name, bytes) in received(form) {
            match name.as_str() {
                "file" => file = Ok(NamedFile::of_part(file_name, UNNAMED, bytes)),
                "title" => read.title = Some(string(&bytes)),
                "metadata" => read.metadata = json(&bytes),
                "chunk_strategy" => read.chunk_strategy = Some(string(&bytes).into()),
                "chunk_options" => read.chunk_options = json(&bytes),
                "extraction_mode" => read.extraction_mode = Some(string(&bytes).into()),
                "decision_gate_preset" => read.decision_gate_preset = Some(string(&bytes).into()),
                _ => {}
            }
        }
        read.metadata = undescribed(read.title.as_ref(), read.metadata);
        let NamedFile { file_name, content } = file?;
        Ok(Self { file_name, content, ..read })
    }
}

impl Multipart for UploadFiles {
    #[inline]
    fn to_form(&self) -> Result<Form, EncodeError> {
        let options = [
            text("metadata", self.metadata.as_ref()),
            text("chunk_strategy", self.chunk_strategy.as_ref()),
            text("chunk_options", self.chunk_options.as_ref()),
            text("extraction_mode", self.extraction_mode.as_ref()),
            text("decision_gate_preset", self.decision_gate_preset.as_ref()),
        ];
        let files = self.files.iter().map(|file| file.part("files"));
        Ok(Form::new(files.chain(options.into_iter().flatten()).collect()))
    }

    #[inline]
    fn from_form(form: Form, _parameters: &[(&'static str, String)]) -> Result<Self, DecodeError> {
        // A form without files is an empty batch.
        let mut read = Self::new(std::iter::empty::<NamedFile>());
        for (name, file_name, bytes) in received(form) {
            match name.as_str() {
                "files" | "file" => read.files.push(NamedFile::of_part(file_name, UNNAMED, bytes)),
                "metadata" => read.metadata = json(&bytes),
                "chunk_strategy" => read.chunk_strategy = Some(string(&bytes).into()),
                "chunk_options" => read.chunk_options = json(&bytes),
                "extraction_mode" => read.extraction_mode = Some(string(&bytes).into()),
                "decision_gate_preset" => read.decision_gate_preset = Some(string(&bytes).into()),
                _ => {}
            }
        }
        Ok(read)
    }
}
