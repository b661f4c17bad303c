//! [`UploadText`]: a document as text in JSON. [`UploadFile`]: one as a file in a form.

use super::*;
use crate::multipart::Content;

/// Uploads a text.
///
/// Content that is there already and finished is ingested again under a new id; content that is being processed answers
/// [`DocumentStatus::DuplicateProcessing`] with the id of the document in flight. Errors: 413 (some servers 400) for a text
/// that is too large; 422 for a blank one, for chunk options that make no sense, and for an unknown extraction mode; 429.
#[operation(POST "/api/v1/documents" -> UploadedDocument, Required, Refused, Json, new(content))]
pub struct UploadText {
    /// The text; not blank.
    pub content: String,
    /// The title. Default `Untitled`.
    pub title: Option<String>,
    /// Anything about the document, kept with it: any JSON.
    pub metadata: Option<Value>,
    /// Whether the first servers queue the document instead of processing it at once. Default false; newer servers always
    /// queue it.
    pub async_processing: Option<bool>,
    /// The track to put the document on. By default the server makes one.
    pub track_id: Option<TrackId>,
    /// Whether the text is searched again for entities that were missed. Default true.
    pub enable_gleaning: Option<bool>,
    /// How often it is searched again. Default 1; the server may cut it.
    pub max_gleaning: Option<u64>,
    /// Whether descriptions are summarized by a model. Default true.
    pub use_llm_summarization: Option<bool>,
    /// How the text is cut. By default the server chooses.
    pub chunk_strategy: Option<ChunkStrategy>,
    /// Options of the strategy, an object such as `{"chunk_token_size": 800}`.
    pub chunk_options: Option<Value>,
    /// How many entities a model may name in one extraction. By default the workspace's limit; newer servers only.
    pub extract_max_entities: Option<u64>,
    /// How many records a model may write in one extraction. By default the workspace's limit; newer servers only.
    pub extract_max_records: Option<u64>,
    /// What extracts the entities. By default as the workspace is set; servers since 0.31.
    pub extraction_mode: Option<ExtractionMode>,
    /// How much decision extraction lets through. By default as the workspace is set; servers since 0.31.
    pub decision_gate_preset: Option<DecisionGatePreset>,
}

/// The answer to [`UploadText`]. What a server leaves out is `None`, and so is a field of an odd form: an accepted upload is
/// never lost over what its answer says about it. Only a document id that is not a string is an error.
///
/// Written with 202 if the document is queued, 200 for a duplicate, and 201 if it was processed at once.
#[model(answer(or_empty, head), known, default)]
pub struct UploadedDocument {
    /// The document. Also read from `id`.
    #[field(alias = "id")]
    pub document_id: Option<DocumentId>,
    /// How far processing has come: `pending` when queued, final where the server processed it at once.
    #[field(lenient)]
    pub status: Option<DocumentStatus>,
    /// The task that processes it, for [`GetTask`](crate::tasks::GetTask); only when queued.
    #[field(lenient)]
    pub task_id: Option<TrackId>,
    /// The track that it is on, for [`GetTrack`](GetTrack).
    #[field(lenient)]
    pub track_id: Option<TrackId>,
    /// The document that has the same content.
    #[field(lenient)]
    pub duplicate_of: Option<DocumentId>,
    /// Number of chunks, where processed at once.
    #[field(lenient)]
    pub chunk_count: Option<u64>,
    /// Number of entities, where processed at once.
    #[field(lenient)]
    pub entity_count: Option<u64>,
    /// Number of relationships, where processed at once.
    #[field(lenient)]
    pub relationship_count: Option<u64>,
    /// What processing cost, where done at once.
    #[field(lenient)]
    pub cost: Option<ProcessingCost>,
    /// Its place in the queue, from 1.
    #[field(lenient)]
    pub queue_position: Option<u64>,
    /// How long it will probably take, in seconds.
    #[field(lenient)]
    pub eta_seconds: Option<u64>,
    /// What that is based on: `measured` or `no_history`.
    #[field(lenient)]
    pub eta_basis: Option<String>,
    /// What extracts the entities; servers since 0.31.
    #[field(lenient)]
    pub extraction_mode: Option<ExtractionMode>,
    /// What decided that: `document`, `workspace`, `env` or `default`.
    #[field(lenient)]
    pub extraction_mode_source: Option<String>,
}

/// What processing a document cost.
#[model(default)]
pub struct ProcessingCost {
    /// In US dollars.
    pub total_cost_usd: Option<f64>,
    /// The same as a text, such as `$0.0042`.
    pub formatted_cost: Option<String>,
    /// Tokens sent to the model.
    pub input_tokens: u64,
    /// Tokens that the model wrote.
    pub output_tokens: u64,
    /// Both together.
    pub total_tokens: u64,
    /// The model that extracted entities. Also read from `model`.
    #[field(alias = "model")]
    pub llm_model: Option<String>,
    /// The model that embedded chunks.
    pub embedding_model: Option<String>,
}

/// Uploads a file.
///
/// The server goes by the extension of the file name: `txt`, `md`, `json`, `csv`, `html`, `xml`, `yaml`, and images; text
/// must be UTF-8.
///
/// The same content twice, in one workspace: while the first is being processed, the second is answered with the status
/// `duplicate_processing` and the document of the first. Afterwards it replaces the first, which is deleted; it is processed anew under
/// another id.
///
/// Errors: 400 for an empty file or another extension; 409 for a duplicate, from some servers; 413 (some
/// servers 400) for a file that is too large; 422 for a blank one, and for an unknown extraction mode.
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
#[operation(POST "/api/v1/documents/upload" -> UploadedFile, Required, Refused, Multipart, new(file_name, content))]
pub struct UploadFile {
    /// The name of the file. Only its last component is sent, unchanged; the folder is left out.
    pub file_name: String,
    /// What is in it.
    pub content: Content,
    /// The title. Most servers use the file name instead.
    pub title: Option<String>,
    /// Anything about the document, kept with it: any JSON. Sent together with the title, as one JSON text.
    pub metadata: Option<Value>,
    /// How the text is cut. By default the server chooses.
    pub chunk_strategy: Option<ChunkStrategy>,
    /// Options of the strategy, an object such as `{"chunk_token_size": 800}`.
    pub chunk_options: Option<Value>,
    /// What extracts the entities. By default as the workspace is set; servers since 0.31.
    pub extraction_mode: Option<ExtractionMode>,
    /// How much decision extraction lets through. By default as the workspace is set; servers since 0.31.
    pub decision_gate_preset: Option<DecisionGatePreset>,
}

/// The answer to [`UploadFile`]. What a server leaves out is `None`, and so is a field of an odd form: an accepted upload is
/// never lost over what its answer says about it. Only a document id that is not a string is an error.
///
/// Written with 202 if the document is queued, 200 for a duplicate, and 201 if it was processed at once.
#[model(answer(or_empty, head), known, default)]
pub struct UploadedFile {
    /// The document. Also read from `id`.
    #[field(alias = "id")]
    pub document_id: Option<DocumentId>,
    /// How far processing has come: `pending` when queued, final where the server processed it at once.
    #[field(lenient)]
    pub status: Option<DocumentStatus>,
    /// The name of the file.
    #[field(rename = "filename", lenient)]
    pub file_name: Option<String>,
    /// Its size in bytes.
    #[field(lenient)]
    pub size: Option<u64>,
    /// Hash of its content.
    #[field(lenient)]
    pub content_hash: Option<String>,
    /// Whether the same content is there already.
    #[field(lenient)]
    pub is_duplicate: bool,
    /// The document that has the same content.
    #[field(lenient)]
    pub duplicate_of: Option<DocumentId>,
    /// The task that processes it, for [`GetTask`](crate::tasks::GetTask); only when queued.
    #[field(lenient)]
    pub task_id: Option<TrackId>,
    /// The track that it is on, for [`GetTrack`](GetTrack).
    #[field(lenient)]
    pub track_id: Option<TrackId>,
    /// Number of chunks; 0 while queued.
    #[field(lenient)]
    pub chunk_count: Option<u64>,
    /// Number of entities; 0 while queued.
    #[field(lenient)]
    pub entity_count: Option<u64>,
    /// Number of relationships; 0 while queued.
    #[field(lenient)]
    pub relationship_count: Option<u64>,
    /// Its place in the queue, from 1.
    #[field(lenient)]
    pub queue_position: Option<u64>,
    /// How long it will probably take, in seconds.
    #[field(lenient)]
    pub eta_seconds: Option<u64>,
    /// What that is based on: `measured` or `no_history`.
    #[field(lenient)]
    pub eta_basis: Option<String>,
    /// What extracts the entities; servers since 0.31.
    #[field(lenient)]
    pub extraction_mode: Option<ExtractionMode>,
    /// What decided that: `document`, `workspace`, `env` or `default`.
    #[field(lenient)]
    pub extraction_mode_source: Option<String>,
}
