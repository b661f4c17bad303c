//! [`DocumentSummary`]: a document as lists show it.

use serde::{Deserialize, Serialize};

use super::status::{self, DocumentStatus, UiPhase};
use crate::{DocumentId, Timestamp, TrackId, tolerant};

/// A document as lists show it. What a server leaves out is `None`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DocumentSummary {
    /// The document's id.
    pub id: DocumentId,
    /// The title; uploads without one are called `Untitled` or by their file name.
    #[serde(default)]
    pub title: Option<String>,
    /// The name of the uploaded file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// About the first 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_summary: Option<String>,
    /// Length of the text in bytes.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub content_length: Option<u64>,
    /// Number of chunks.
    #[serde(default, deserialize_with = "tolerant::count")]
    pub chunk_count: u64,
    /// Number of entities found.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub entity_count: Option<u64>,
    /// How far processing has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<DocumentStatus>,
    /// Why processing failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// What went wrong without making it fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning_message: Option<String>,
    /// The track that the document was uploaded on.
    #[serde(default, deserialize_with = "tolerant::non_empty", skip_serializing_if = "Option::is_none")]
    pub track_id: Option<TrackId>,
    /// When the document was uploaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// What processing cost, in US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// Tokens sent to the model.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Tokens that the model wrote.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// Both together.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub total_tokens: Option<u64>,
    /// The model that extracted entities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llm_model: Option<String>,
    /// The model that embedded chunks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_model: Option<String>,
    /// Where the text came from: `pdf`, `markdown`, `text`, `file`, `image`; an open set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_type: Option<String>,
    /// The stage of processing, such as `chunking` or `embedding`; an open set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_stage: Option<String>,
    /// How far the stage has come, 0.0 to 1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage_progress: Option<f64>,
    /// A sentence about the stage.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage_message: Option<String>,
    /// The PDF that the document was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pdf_id: Option<String>,
    /// A label to show; newer servers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_status: Option<String>,
    /// What a user interface should show; newer servers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ui_phase: Option<UiPhase>,
}

impl DocumentSummary {
    /// A document of which only the id is known.
    pub fn new(id: impl Into<DocumentId>) -> Self {
        Self {
            id: id.into(),
            title: None,
            file_name: None,
            content_summary: None,
            content_length: None,
            chunk_count: 0,
            entity_count: None,
            status: None,
            error_message: None,
            warning_message: None,
            track_id: None,
            created_at: None,
            updated_at: None,
            cost_usd: None,
            input_tokens: None,
            output_tokens: None,
            total_tokens: None,
            llm_model: None,
            embedding_model: None,
            source_type: None,
            current_stage: None,
            stage_progress: None,
            stage_message: None,
            pdf_id: None,
            display_status: None,
            ui_phase: None,
        }
    }

    /// Whether processing is over, well or badly: by [`ui_phase`](Self::ui_phase) where the server sends one, else by
    /// [`status`](Self::status).
    pub fn is_terminal(&self) -> bool {
        status::is_terminal(self.ui_phase.as_ref(), self.status.as_ref())
    }
}
