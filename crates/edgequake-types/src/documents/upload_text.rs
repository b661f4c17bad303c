//! [`UploadText`]: a document as text in JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::DocumentStatus;
use crate::aliases::aliases;
use crate::answer::json_answers;
use crate::endpoint::{endpoint, setters};
use crate::open_enum::open_enum;
use crate::{DocumentId, TrackId, tolerant};

open_enum! {
    /// How a text is cut into chunks.
    pub enum ChunkStrategy {
        /// Into pieces of one size.
        Fixed = "fixed",
        /// At paragraphs, then sentences, then words.
        Recursive = "recursive",
        /// At the headings of Markdown.
        Markdown = "markdown",
    }
}

/// `POST /api/v1/documents`: uploads a text.
///
/// Content that is there already and finished is ingested again under a new id; content that is being processed answers
/// [`DocumentStatus::DuplicateProcessing`] with the id of the document in flight. Errors: 413 (some servers 400) for a text
/// that is too large; 422 for a blank one, and for chunk options that make no sense; 429.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UploadText {
    /// The text; not blank.
    pub content: String,
    /// The title. Default `Untitled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Anything about the document, kept with it: any JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// Whether the first servers queue the document instead of processing it at once. Newer ones always queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub async_processing: Option<bool>,
    /// The track to put the document on. By default the server makes one.
    #[serde(default, deserialize_with = "tolerant::non_empty", skip_serializing_if = "Option::is_none")]
    pub track_id: Option<TrackId>,
    /// Whether the text is searched again for entities that were missed. Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enable_gleaning: Option<bool>,
    /// How often it is searched again. Default 1; the server may cut it.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub max_gleaning: Option<u64>,
    /// Whether descriptions are summarized by a model. Default true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_llm_summarization: Option<bool>,
    /// How the text is cut. By default the server chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chunk_strategy: Option<ChunkStrategy>,
    /// Options of the strategy, an object such as `{"chunk_token_size": 800}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chunk_options: Option<Value>,
}

impl UploadText {
    /// Uploads this text with the server's defaults.
    pub fn new(content: impl Into<String>) -> Self {
        Self {
            content: content.into(),
            title: None,
            metadata: None,
            async_processing: None,
            track_id: None,
            enable_gleaning: None,
            max_gleaning: None,
            use_llm_summarization: None,
            chunk_strategy: None,
            chunk_options: None,
        }
    }
}

setters! {
    UploadText {
        title: String,
        metadata: Value,
        async_processing: bool,
        track_id: TrackId,
        enable_gleaning: bool,
        max_gleaning: u64,
        use_llm_summarization: bool,
        chunk_strategy: ChunkStrategy,
        chunk_options: Value,
    }
}

endpoint! {
    POST "/api/v1/documents" => UploadText, UploadedDocument where Required, Refused, Json
}

/// The answer to [`UploadText`]. What a server leaves out is `None`: an accepted upload is never lost over a field.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self")]
#[non_exhaustive]
pub struct UploadedDocument {
    /// The document. Some clients call the field `id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_id: Option<DocumentId>,
    /// How far it has come: `pending` when queued, final where the server processed it at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<DocumentStatus>,
    /// The task that processes it, for [`GetTask`](crate::tasks::GetTask); only when queued.
    #[serde(default, deserialize_with = "tolerant::non_empty", skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TrackId>,
    /// The track that it is on, for [`GetTrack`](super::GetTrack).
    #[serde(default, deserialize_with = "tolerant::non_empty", skip_serializing_if = "Option::is_none")]
    pub track_id: Option<TrackId>,
    /// The document that has the same content.
    #[serde(default, deserialize_with = "tolerant::non_empty", skip_serializing_if = "Option::is_none")]
    pub duplicate_of: Option<DocumentId>,
    /// Number of chunks, where processed at once.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub chunk_count: Option<u64>,
    /// Number of entities, where processed at once.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub entity_count: Option<u64>,
    /// Number of relationships, where processed at once.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub relationship_count: Option<u64>,
    /// What processing cost, where done at once.
    #[serde(default, deserialize_with = "tolerant::if_readable", skip_serializing_if = "Option::is_none")]
    pub cost: Option<ProcessingCost>,
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

impl UploadedDocument {
    /// An answer about this document.
    pub fn new(document_id: impl Into<DocumentId>, status: DocumentStatus) -> Self {
        Self { document_id: Some(document_id.into()), status: Some(status), ..Self::default() }
    }
}

aliases! { UploadedDocument { "id" => "document_id" } }

json_answers!(UploadedDocument);

/// What processing a document cost.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProcessingCost {
    /// In US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_cost_usd: Option<f64>,
    /// The same as a text, such as `$0.0042`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted_cost: Option<String>,
    /// Tokens sent to the model.
    #[serde(default, deserialize_with = "tolerant::count")]
    pub input_tokens: u64,
    /// Tokens that the model wrote.
    #[serde(default, deserialize_with = "tolerant::count")]
    pub output_tokens: u64,
    /// Both together.
    #[serde(default, deserialize_with = "tolerant::count")]
    pub total_tokens: u64,
    /// The model that extracted entities. Some clients call the field `model`.
    #[serde(alias = "model", skip_serializing_if = "Option::is_none")]
    pub llm_model: Option<String>,
    /// The model that embedded chunks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_model: Option<String>,
}
