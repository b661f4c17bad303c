//! What is kept about a document: [`GetDocumentMetadata`], [`GetDocumentLineage`], [`ExportDocumentLineage`].
//!
//! The lineage of its entities and relationships is in [`lineage`](crate::lineage).

use super::*;

/// Reads all that the server keeps about a document: an object of any fields, such as `status` and `custom_metadata`.
///
/// Errors: 404 for an unknown id.
#[operation(GET "/api/v1/documents/{document_id}/metadata" -> Value, Required, Safe, None, new(document_id), eq)]
pub struct GetDocumentMetadata {
    /// The document.
    pub document_id: DocumentId,
}

/// Reads where the chunks of a document came from, and what was found in them.
///
/// Errors: 404 for an unknown id, and until processing has ended.
#[operation(GET "/api/v1/documents/{document_id}/lineage" -> FullLineage, Required, Safe, None, new(document_id), eq)]
pub struct GetDocumentLineage {
    /// The document.
    pub document_id: DocumentId,
}

/// The answer to [`GetDocumentLineage`]. Its form is the server's own: [`chunks`](Self::chunks) and [`entities`](Self::entities) look
/// where servers put them.
#[model(answer, new(), setters)]
pub struct FullLineage {
    /// The document.
    pub document_id: Option<DocumentId>,
    /// All that the server keeps about it.
    pub metadata: Option<Value>,
    /// Its lineage.
    pub lineage: Option<Value>,
    /// Everything else, on some servers `chunks` and `entities`.
    #[field(flatten)]
    pub extra: Map<String, Value>,
}

/// Downloads the lineage of a document, with a name for the file.
///
/// Errors: 404 for an unknown id.
#[operation(GET "/api/v1/documents/{document_id}/lineage/export" -> Download, Required, Safe, Query, new(document_id), eq)]
pub struct ExportDocumentLineage {
    /// The document.
    pub document_id: DocumentId,
    /// The format. Default [`LineageFormat::Json`].
    pub format: Option<LineageFormat>,
}
