//! [`UploadFile`]: a document as a file in a form.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ChunkStrategy, DocumentStatus};
use crate::aliases::aliases;
use crate::answer::json_answers;
use crate::endpoint::{endpoint, setters};
use crate::multipart::{Content, Form, Part};
use crate::{Body, DecodeError, DocumentId, EncodeError, TrackId, tolerant};

/// `POST /api/v1/documents/upload`: uploads a file.
///
/// The server goes by the extension of the file name: `txt`, `md`, `json`, `csv`, `html`, `xml`, `yaml`, and images; text
/// must be UTF-8. Errors: 400 for an empty file or another extension; 409 for a duplicate, from some servers; 413 (some
/// servers 400) for a file that is too large; 422 for a blank one.
///
/// ```
/// use edgequake_types::Endpoint;
/// use edgequake_types::documents::UploadFile;
///
/// let upload = UploadFile::from_bytes("/home/mona/notes.md", "# Bridges").title("Notes");
/// assert_eq!(upload.file_name, "notes.md");
///
/// let (parts, body) = upload.to_request()?.into_parts();
/// let served = UploadFile::from_request(&parts, &body.bytes().unwrap())?;
/// assert_eq!(served, upload);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UploadFile {
    /// The name of the file: the last component only, because the local path is nobody's business.
    pub file_name: String,
    /// What is in it. No part of the JSON form of this type.
    #[serde(skip, default = "nothing")]
    pub content: Content,
    /// The title. Most servers use the file name instead.
    pub title: Option<String>,
    /// Anything about the document, kept with it: any JSON. Sent together with the title, as one JSON text.
    pub metadata: Option<Value>,
    /// How the text is cut. By default the server chooses.
    pub chunk_strategy: Option<ChunkStrategy>,
    /// Options of the strategy, an object such as `{"chunk_token_size": 800}`.
    pub chunk_options: Option<Value>,
}

fn nothing() -> Content {
    Content::Bytes(Bytes::new())
}

impl UploadFile {
    /// Uploads these bytes.
    pub fn from_bytes(file_name: impl AsRef<str>, bytes: impl Into<Bytes>) -> Self {
        Self::with_content(file_name.as_ref(), Content::Bytes(bytes.into()))
    }

    /// Uploads a file of this many bytes that the sender puts in its place, so that it is never held in memory.
    pub fn deferred(file_name: impl AsRef<str>, length: u64) -> Self {
        Self::with_content(file_name.as_ref(), Content::Deferred(length))
    }

    fn with_content(file_name: &str, content: Content) -> Self {
        let file_name = file_name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        Self { file_name, content, title: None, metadata: None, chunk_strategy: None, chunk_options: None }
    }

    /// The form that carries the upload.
    #[inline]
    fn form(&self) -> Form {
        let mut parts = vec![Part::file("file", &self.file_name, self.content.clone())];
        let mut text =
            |name: &str, text: Option<String>| parts.extend(text.map(|text| Part::text(name, text)));
        text("metadata", metadata_with_title(self.metadata.as_ref(), self.title.as_deref()));
        text("title", self.title.clone());
        text("chunk_strategy", self.chunk_strategy.as_ref().map(ToString::to_string));
        text("chunk_options", self.chunk_options.as_ref().map(Value::to_string));
        Form::new(parts)
    }

    #[inline]
    fn from_form(form: Form) -> Result<Self, DecodeError> {
        let mut file = None;
        let (mut title, mut metadata, mut chunk_strategy, mut chunk_options) = (None, None, None, None);
        for part in form.into_parts() {
            let Content::Bytes(bytes) = &part.content else { continue };
            let text = || String::from_utf8_lossy(bytes).into_owned();
            // A server drops JSON that it cannot read instead of failing the upload over it.
            let json = || serde_json::from_slice::<Value>(bytes).ok();
            match part.name.as_str() {
                "file" => file = Some((part.file_name.unwrap_or_else(|| UNNAMED.to_owned()), part.content)),
                "title" => title = Some(text()),
                "metadata" => metadata = json(),
                "chunk_strategy" => chunk_strategy = Some(ChunkStrategy::from(text().as_str())),
                "chunk_options" => chunk_options = json(),
                _ => {}
            }
        }
        let (file_name, content) = file.ok_or(DecodeError::Part { name: "file" })?;
        let metadata = metadata_without_title(metadata, title.as_deref());
        Ok(Self { title, metadata, chunk_strategy, chunk_options, ..Self::with_content(&file_name, content) })
    }
}

/// What servers call a file without a name.
const UNNAMED: &str = "unnamed.txt";

/// Most servers read the `metadata` part and no `title` part, so the title is put into it, where it has room.
#[inline]
fn metadata_with_title(metadata: Option<&Value>, title: Option<&str>) -> Option<String> {
    match (metadata, title) {
        (None, None) => None,
        (None, Some(title)) => {
            let mut fields = Map::new();
            fields.insert("title".to_owned(), title.into());
            Some(Value::Object(fields).to_string())
        }
        (Some(Value::Object(fields)), Some(title)) => {
            let mut fields = fields.clone();
            fields.entry("title").or_insert_with(|| title.into());
            Some(Value::Object(fields).to_string())
        }
        (Some(metadata), _) => Some(metadata.to_string()),
    }
}

/// Takes out what [`metadata_with_title`] put in.
#[inline]
fn metadata_without_title(metadata: Option<Value>, title: Option<&str>) -> Option<Value> {
    match metadata {
        Some(Value::Object(mut fields))
            if title.is_some() && fields.get("title").and_then(Value::as_str) == title =>
        {
            fields.remove("title");
            (!fields.is_empty()).then_some(Value::Object(fields))
        }
        other => other,
    }
}

setters! {
    UploadFile {
        title: String,
        metadata: Value,
        chunk_strategy: ChunkStrategy,
        chunk_options: Value,
    }
}

endpoint! {
    POST "/api/v1/documents/upload" => UploadFile, UploadedFile where Required, Refused, Multipart {
        #[inline]
        fn body(&self) -> Result<Body, EncodeError> {
            Ok(Body::Form(self.form()))
        }

        #[inline]
        fn from_request(parts: &http::request::Parts, body: &[u8]) -> Result<Self, DecodeError> {
            if parts.method != Self::METHOD || parts.uri.path() != Self::PATH {
                return Err(DecodeError::Route { method: Self::METHOD, path: Self::PATH });
            }
            let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
            let form = Form::parse(content_type.unwrap_or_default(), &Bytes::copy_from_slice(body));
            form.map_err(DecodeError::Form).and_then(Self::from_form)
        }
    }
}

/// The answer to [`UploadFile`]. What a server leaves out is `None`: an accepted upload is never lost over a field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct UploadedFile {
    /// The document. Some clients call the field `id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_id: Option<DocumentId>,
    /// How far it has come: `pending` when queued, final where the server processed it at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<DocumentStatus>,
    /// The name of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Its size in bytes.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Hash of its content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_hash: Option<String>,
    /// Whether the same content is there already.
    #[serde(default, deserialize_with = "tolerant::flag")]
    pub is_duplicate: bool,
    /// The document that has the same content.
    #[serde(default, deserialize_with = "tolerant::non_empty", skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<DocumentId>,
    /// The task that processes it, for [`GetTask`](crate::tasks::GetTask); only when queued.
    #[serde(default, deserialize_with = "tolerant::non_empty", skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TrackId>,
    /// The track that it is on, for [`GetTrack`](super::GetTrack).
    #[serde(default, deserialize_with = "tolerant::non_empty", skip_serializing_if = "Option::is_none")]
    pub track_id: Option<TrackId>,
    /// Number of chunks; 0 while queued.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub chunk_count: Option<u64>,
    /// Number of entities; 0 while queued.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub entity_count: Option<u64>,
    /// Number of relationships; 0 while queued.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub relationship_count: Option<u64>,
    /// Its place in the queue, from 1.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub queue_position: Option<u64>,
    /// How long it will probably take, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_seconds: Option<f64>,
    /// What that is based on: `measured` or `no_history`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eta_basis: Option<String>,
    /// How entities are extracted: `llm` or `decision`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extraction_mode: Option<String>,
    /// What decided that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extraction_mode_source: Option<String>,
}

impl UploadedFile {
    /// An answer about this document.
    pub fn new(document_id: impl Into<DocumentId>, status: DocumentStatus) -> Self {
        Self { document_id: Some(document_id.into()), status: Some(status), ..Self::default() }
    }
}

aliases! { UploadedFile { "id" => "document_id" } }

json_answers!(UploadedFile);
