//! [`GetDocument`]: one document with its text.

use super::*;

/// Reads one document with its text.
///
/// Errors: 404 for an unknown id, and for a moment after an upload; 403 for another tenant's document; 503
/// `read_path_busy` under load, which is temporary.
#[operation(GET "/api/v1/documents/{document_id}" -> Document, Required, Safe, None, new(document_id), eq)]
pub struct GetDocument {
    /// The document.
    pub document_id: DocumentId,
}

/// A document with its text. What a server leaves out is `None`; what this version does not know is in
/// [`extra`](Self::extra).
#[model(answer, new(id))]
pub struct Document {
    /// The document's id.
    pub id: DocumentId,
    /// The title.
    pub title: Option<String>,
    /// The whole text.
    pub content: Option<String>,
    /// How far processing has come.
    pub status: Option<DocumentStatus>,
    /// What a user interface should show; newer servers only.
    pub ui_phase: Option<UiPhase>,
    /// A label to show; newer servers only.
    pub display_status: Option<String>,
    /// Why processing failed.
    pub error_message: Option<String>,
    /// A problem that did not make it fail.
    pub warning_message: Option<String>,
    /// Number of chunks.
    pub chunk_count: u64,
    /// Number of entities found.
    pub entity_count: Option<u64>,
    /// Number of relationships found.
    pub relationship_count: Option<u64>,
    /// The name of the uploaded file.
    pub file_name: Option<String>,
    /// Size of the uploaded file in bytes.
    pub file_size: Option<u64>,
    /// Media type of the uploaded file.
    pub mime_type: Option<String>,
    /// About the first 200 characters.
    pub content_summary: Option<String>,
    /// Length of the text in bytes.
    pub content_length: Option<u64>,
    /// Hash of the text.
    pub content_hash: Option<String>,
    /// Where the text came from: `pdf`, `markdown`, `text`, `file`, `image`; an open set.
    pub source_type: Option<String>,
    /// The PDF that the document was made from.
    pub pdf_id: Option<PdfId>,
    /// The track that the document was uploaded on.
    pub track_id: Option<TrackId>,
    /// The tenant that it belongs to.
    pub tenant_id: Option<TenantId>,
    /// The workspace that it belongs to.
    pub workspace_id: Option<WorkspaceId>,
    /// When it was uploaded.
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// When processing ended.
    pub processed_at: Option<Timestamp>,
    /// What processing cost, in US dollars; most servers say so in [`lineage`](Self::lineage).
    pub cost_usd: Option<f64>,
    /// Tokens sent to the model.
    pub input_tokens: Option<u64>,
    /// Tokens that the model wrote.
    pub output_tokens: Option<u64>,
    /// Both together.
    pub total_tokens: Option<u64>,
    /// The model that extracted entities.
    pub llm_model: Option<String>,
    /// The model that embedded chunks.
    pub embedding_model: Option<String>,
    /// Whether queries find it already; newer servers only.
    pub query_ready: Option<bool>,
    /// Security label: how confidential it is.
    pub classification: Option<String>,
    /// Security label: with whom it is shared.
    pub share_mode: Option<String>,
    /// Security label: the state of its labels.
    pub security_status: Option<String>,
    /// Security label: whether its export is controlled.
    #[field(lenient)]
    pub export_control: Option<bool>,
    /// Security label: whether it holds personal data.
    #[field(lenient)]
    pub pii: Option<bool>,
    /// Security label: the project that it belongs to.
    pub project_id: Option<String>,
    /// Security label: whom it belongs to.
    pub owner_principal_id: Option<String>,
    /// What extracted the entities; servers since 0.31.
    pub extraction_mode: Option<ExtractionMode>,
    /// What decided that: `document`, `workspace`, `env` or `default`.
    pub extraction_mode_source: Option<String>,
    /// What decision extraction did; servers since 0.31.
    #[field(lenient)]
    pub decision_stats: Option<DecisionStats>,
    /// What the uploader said about it: any JSON.
    pub metadata: Option<Value>,
    /// How many of its pictures, tables and formulas were analyzed.
    #[field(lenient)]
    pub multimodal_summary: Option<MultimodalSummary>,
    /// Those pictures, tables and formulas.
    #[field(omit_default)]
    pub multimodal_items: Vec<MultimodalItem>,
    /// How it was processed.
    pub lineage: Option<DocumentLineage>,
    /// Everything else that the server says about it.
    #[field(flatten)]
    pub extra: Map<String, Value>,
}

/// How a document was processed. What a server leaves out is `None`.
#[model(default)]
pub struct DocumentLineage {
    /// The model that extracted entities.
    pub llm_model: Option<String>,
    /// The model that embedded chunks.
    pub embedding_model: Option<String>,
    /// Length of an embedding.
    pub embedding_dimensions: Option<u64>,
    /// Words that stand for the text.
    #[field(omit_default)]
    pub keywords: Vec<String>,
    /// Types of the entities found.
    #[field(omit_default)]
    pub entity_types: Vec<String>,
    /// Types of the relationships found.
    #[field(omit_default)]
    pub relationship_types: Vec<String>,
    /// How the text was cut.
    pub chunking_strategy: Option<String>,
    /// Average size of a chunk.
    #[field(lenient)]
    pub avg_chunk_size: Option<f64>,
    /// How long processing took, in milliseconds.
    pub processing_duration_ms: Option<u64>,
    /// Tokens sent to the model.
    pub input_tokens: Option<u64>,
    /// Tokens that the model wrote.
    pub output_tokens: Option<u64>,
    /// Both together.
    pub total_tokens: Option<u64>,
    /// What processing cost, in US dollars.
    pub cost_usd: Option<f64>,
    /// The model that read the pages of a PDF.
    #[field(lenient)]
    pub pdf_vision_model: Option<String>,
    /// How the text was taken out of a PDF.
    #[field(lenient)]
    pub pdf_extraction_method: Option<String>,
    /// What went wrong with a PDF without making it fail.
    #[field(lenient)]
    pub pdf_extraction_warning: Option<String>,
    /// Everything else that the server says about it.
    #[field(flatten)]
    pub extra: Map<String, Value>,
}

/// How many pictures, tables and formulas of a document were analyzed.
#[model(default, eq)]
#[derive(Copy)]
pub struct MultimodalSummary {
    /// Analyzed.
    pub success: u64,
    /// Analyzed in part.
    pub degraded: u64,
    /// Left alone.
    pub skipped: u64,
    /// Failed.
    pub failed: u64,
}

/// A picture, table or formula of a document.
#[model(default, eq)]
pub struct MultimodalItem {
    /// Its id.
    pub item_id: Option<String>,
    /// What kind of thing it is.
    pub modality: Option<String>,
    /// How its analysis ended: `success`, `degraded`, `skipped`, `failed`; an open set.
    pub status: Option<String>,
    /// The kind in more detail.
    pub item_type: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// A sentence about it.
    pub message: Option<String>,
}
