//! [`GetDocument`]: one document with its text.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::status;
use super::{DocumentStatus, UiPhase};
use crate::answer::json_answers;
use crate::endpoint::endpoint;
use crate::{DocumentId, TenantId, Timestamp, TrackId, WorkspaceId, tolerant};

/// `GET /api/v1/documents/{document_id}`: one document with its text.
///
/// Errors: 404 for an unknown id, and for a moment after an upload; 403 for another tenant's document; 503
/// `read_path_busy` under load, which passes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GetDocument {
    /// The document.
    #[serde(skip_serializing)]
    pub document_id: DocumentId,
}

impl GetDocument {
    /// The document with this id.
    pub fn new(document_id: impl Into<DocumentId>) -> Self {
        Self { document_id: document_id.into() }
    }
}

endpoint! {
    GET "/api/v1/documents/{document_id}" (document_id) => GetDocument, Document where Required, Safe, None
}

/// A document with its text. What a server leaves out is `None`; what this version does not know is in
/// [`extra`](Self::extra).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Document {
    /// The document's id.
    pub id: DocumentId,
    /// The title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The whole text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// How far processing has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<DocumentStatus>,
    /// What a user interface should show; newer servers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ui_phase: Option<UiPhase>,
    /// A label to show; newer servers only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_status: Option<String>,
    /// Why processing failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// What went wrong without making it fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warning_message: Option<String>,
    /// Number of chunks.
    #[serde(default, deserialize_with = "tolerant::count")]
    pub chunk_count: u64,
    /// Number of entities found.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub entity_count: Option<u64>,
    /// Number of relationships found.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub relationship_count: Option<u64>,
    /// The name of the uploaded file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// Size of the uploaded file in bytes.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub file_size: Option<u64>,
    /// Media type of the uploaded file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// About the first 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_summary: Option<String>,
    /// Length of the text in bytes.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub content_length: Option<u64>,
    /// Hash of the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_hash: Option<String>,
    /// Where the text came from: `pdf`, `markdown`, `text`, `file`, `image`; an open set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_type: Option<String>,
    /// The PDF that the document was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pdf_id: Option<String>,
    /// The track that the document was uploaded on.
    #[serde(default, deserialize_with = "tolerant::non_empty", skip_serializing_if = "Option::is_none")]
    pub track_id: Option<TrackId>,
    /// The tenant that it belongs to.
    #[serde(default, deserialize_with = "tolerant::if_readable", skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<TenantId>,
    /// The workspace that it belongs to.
    #[serde(default, deserialize_with = "tolerant::if_readable", skip_serializing_if = "Option::is_none")]
    pub workspace_id: Option<WorkspaceId>,
    /// When it was uploaded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// When processing ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processed_at: Option<Timestamp>,
    /// What the uploader said about it: any JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// How it was processed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lineage: Option<DocumentLineage>,
    /// Everything else that the server says about it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Document {
    /// A document of which only the id is known.
    pub fn new(id: impl Into<DocumentId>) -> Self {
        Self {
            id: id.into(),
            title: None,
            content: None,
            status: None,
            ui_phase: None,
            display_status: None,
            error_message: None,
            warning_message: None,
            chunk_count: 0,
            entity_count: None,
            relationship_count: None,
            file_name: None,
            file_size: None,
            mime_type: None,
            content_summary: None,
            content_length: None,
            content_hash: None,
            source_type: None,
            pdf_id: None,
            track_id: None,
            tenant_id: None,
            workspace_id: None,
            created_at: None,
            updated_at: None,
            processed_at: None,
            metadata: None,
            lineage: None,
            extra: Map::new(),
        }
    }

    /// Whether processing is over, well or badly: by [`ui_phase`](Self::ui_phase) where the server sends one, else by
    /// [`status`](Self::status).
    pub fn is_terminal(&self) -> bool {
        status::is_terminal(self.ui_phase.as_ref(), self.status.as_ref())
    }
}

json_answers!(Document);

/// How a document was processed. What a server leaves out is `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DocumentLineage {
    /// The model that extracted entities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llm_model: Option<String>,
    /// The model that embedded chunks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding_model: Option<String>,
    /// Length of an embedding.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub embedding_dimensions: Option<u64>,
    /// Words that stand for the text.
    #[serde(default, deserialize_with = "tolerant::or_default", skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// Types of the entities found.
    #[serde(default, deserialize_with = "tolerant::or_default", skip_serializing_if = "Vec::is_empty")]
    pub entity_types: Vec<String>,
    /// Types of the relationships found.
    #[serde(default, deserialize_with = "tolerant::or_default", skip_serializing_if = "Vec::is_empty")]
    pub relationship_types: Vec<String>,
    /// How the text was cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chunking_strategy: Option<String>,
    /// How long processing took, in milliseconds.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub processing_duration_ms: Option<u64>,
    /// Tokens sent to the model.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Tokens that the model wrote.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// Both together.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub total_tokens: Option<u64>,
    /// What processing cost, in US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// Everything else that the server says about it.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
