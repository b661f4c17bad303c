//! Uploads of PDFs as forms.

use bytes::Bytes;

use super::*;
use crate::documents::NamedFile;
use crate::documents::form::{described, json, received, string, text, undescribed};
use crate::endpoint::Multipart;
use crate::multipart::{Content, Form, Part};

/// What servers call a file without a name.
const UNNAMED: &str = "document.pdf";

impl UploadPdf {
    /// Uploads these bytes.
    pub fn from_bytes(file_name: impl AsRef<str>, bytes: impl Into<Bytes>) -> Self {
        let NamedFile { file_name, content } = NamedFile::from_bytes(file_name, bytes);
        Self::new(file_name, content)
    }

    /// Uploads a file of this many bytes that the sender puts in its place, so that it is never held in memory.
    pub fn deferred(file_name: impl AsRef<str>, length: u64) -> Self {
        let NamedFile { file_name, content } = NamedFile::deferred(file_name, length);
        Self::new(file_name, content)
    }
}

/// A flag, of which only these two words are understood.
fn flag(bytes: &[u8]) -> Option<bool> {
    match bytes {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}

/// The part of a PDF.
fn pdf(name: &str, file_name: &str, content: &Content) -> Part {
    Part::file(name, file_name, content.clone()).content_type("application/pdf")
}

impl Multipart for UploadPdf {
    #[inline]
    fn to_form(&self) -> Result<Form, EncodeError> {
        let [metadata, title] = described(self.title.as_ref(), self.metadata.as_ref());
        let parts = [
            Some(pdf("file", &self.file_name, &self.content)),
            text("enable_vision", self.enable_vision.as_ref()),
            text("vision_provider", self.vision_provider.as_ref()),
            text("vision_model", self.vision_model.as_ref()),
            metadata,
            title,
            text("track_id", self.track_id.as_ref()),
            text("force_reindex", self.force_reindex.as_ref()),
            text("pdf_parser_backend", self.pdf_parser_backend.as_ref()),
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
                "enable_vision" => read.enable_vision = flag(&bytes),
                "vision_provider" => read.vision_provider = Some(string(&bytes)),
                "vision_model" => read.vision_model = Some(string(&bytes)),
                "title" => read.title = Some(string(&bytes)),
                "metadata" => read.metadata = json(&bytes),
                "track_id" => read.track_id = Some(string(&bytes).into()),
                "force_reindex" => read.force_reindex = flag(&bytes),
                "pdf_parser_backend" => read.pdf_parser_backend = Some(string(&bytes).into()),
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

impl Multipart for UploadPdfs {
    #[inline]
    fn to_form(&self) -> Result<Form, EncodeError> {
        let options = [
            text("enable_vision", self.enable_vision.as_ref()),
            text("vision_provider", self.vision_provider.as_ref()),
            text("vision_model", self.vision_model.as_ref()),
            text("metadata", self.metadata.as_ref()),
            text("force_reindex", self.force_reindex.as_ref()),
            text("pdf_parser_backend", self.pdf_parser_backend.as_ref()),
            text("extraction_mode", self.extraction_mode.as_ref()),
            text("decision_gate_preset", self.decision_gate_preset.as_ref()),
        ];
        let files = self.files.iter().map(|file| pdf("files", &file.file_name, &file.content));
        Ok(Form::new(files.chain(options.into_iter().flatten()).collect()))
    }

    #[inline]
    fn from_form(form: Form, _parameters: &[(&'static str, String)]) -> Result<Self, DecodeError> {
        let mut read = Self::new(std::iter::empty::<NamedFile>());
        for (name, file_name, bytes) in received(form) {
            match name.as_str() {
                "files" | "file" => read.files.push(NamedFile::of_part(file_name, UNNAMED, bytes)),
                "enable_vision" => read.enable_vision = flag(&bytes),
                "vision_provider" => read.vision_provider = Some(string(&bytes)),
                "vision_model" => read.vision_model = Some(string(&bytes)),
                "metadata" => read.metadata = json(&bytes),
                "force_reindex" => read.force_reindex = flag(&bytes),
                "pdf_parser_backend" => read.pdf_parser_backend = Some(string(&bytes).into()),
                "extraction_mode" => read.extraction_mode = Some(string(&bytes).into()),
                "decision_gate_preset" => read.decision_gate_preset = Some(string(&bytes).into()),
                _ => {}
            }
        }
        Ok(read)
    }
}
