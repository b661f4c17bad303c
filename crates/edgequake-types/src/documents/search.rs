//! [`SearchDocuments`]: documents by their title.

use super::*;

/// Finds documents by a part of their title, newest first; not known to the first servers.
///
/// Errors: 503 `read_path_busy` under load, which is temporary.
#[operation(GET "/api/v1/documents/search" -> FoundDocuments, Required, Safe, Query, new(), eq)]
pub struct SearchDocuments {
    /// A part of the title. By default all are found.
    pub q: Option<String>,
    /// How many documents to find. Default 20, at most 50; there are no further pages.
    pub page_size: Option<u64>,
    /// Which documents are looked at. Default [`SearchedStatus::Completed`].
    pub status: Option<SearchedStatus>,
}

/// The answer to [`SearchDocuments`].
#[model(answer, known, new(items, total, has_more), eq)]
pub struct FoundDocuments {
    /// The documents.
    pub items: Vec<FoundDocument>,
    /// How many match.
    pub total: u64,
    /// Whether there are more than these.
    pub has_more: bool,
}

/// A document that was found.
#[model(new(id), eq)]
pub struct FoundDocument {
    /// The document's id.
    pub id: DocumentId,
    /// The title.
    #[field(always)]
    pub title: Option<String>,
    /// How far processing has come.
    pub status: Option<DocumentStatus>,
    /// When it was uploaded.
    pub created_at: Option<Timestamp>,
}
