//! Documents and their operations: uploading, listing, reading, deleting, and following their processing (`/api/v1/documents/...`).
//!
//! An upload is accepted first and processed later. Keep `document_id`, `task_id` and `track_id` of its answer: the task
//! tells how processing goes ([`GetTask`](crate::tasks::GetTask)), the document tells how it ended
//! ([`Document::is_terminal`]), a track tells both for a group of documents ([`Track::is_finished`]).
//!
//! For what newer servers are, see [server versions](crate#server-versions).
//!
//! ```
//! use edgequake_types::{Decode, Endpoint};
//! use edgequake_types::documents::{DocumentStatus, UploadText, UploadedDocument};
//!
//! let upload = UploadText::new("The bridge opened in 1931.").title("Bridge").enable_gleaning(false);
//! let request = upload.to_request()?;
//! assert_eq!(request.uri(), "/api/v1/documents");
//!
//! let answer = r#"{"document_id":"6f0c","status":"pending","task_id":"insert-77aa","track_id":"upload_1"}"#;
//! let uploaded = UploadedDocument::from_body(answer)?;
//! assert_eq!(uploaded.status, Some(DocumentStatus::Pending));
//! assert_eq!(uploaded.task_id.unwrap(), "insert-77aa");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::prelude::*;

mod batch;
mod detail;
mod files;
pub(crate) mod form;
mod heads;
mod layout;
mod lineage;
mod list;
mod outcomes;
mod pages;
mod recovery;
mod search;
mod selection;
mod status;
mod upload;
mod words;

pub use self::{
    batch::*, detail::*, files::*, layout::*, lineage::*, list::*, recovery::*, search::*, selection::*,
    status::*, upload::*, words::*,
};

operations! {
    "documents":
    UploadText, UploadFile, ListDocuments, GetDocument, GetTrack, DeleteDocument, DeleteAllDocuments,
    UploadFiles, ScanDirectory, DeleteDocuments, GetDeletionImpact, SearchDocuments,
    ReprocessDocuments, RecoverStuckDocuments, ReanalyzeDocument, CancelDocument, RetryChunks, GetFailedChunks,
    GetDocumentMetadata, GetDocumentLineage, ExportDocumentLineage, DownloadOriginal, DownloadMarkdown,
    ListAssets, DownloadAsset, DownloadAssetByPath, IncludePdfAssets, ListPages, GetPageLayout, GetPagesHealth, ReprocessPages,
}

/// Deletes one document with its chunks and everything that came only from it.
///
/// Errors: 404 for an unknown id; 409 from the first servers while the document is being processed.
#[operation(DELETE "/api/v1/documents/{document_id}" -> DeletedDocument, Required, Safe, None, new(document_id), eq)]
pub struct DeleteDocument {
    /// The document.
    pub document_id: DocumentId,
}

/// The answer to [`DeleteDocument`]. What the body leaves out is read from the status: 202 is accepted, any other success
/// is deleted. Written with 202 if it is accepted.
#[model(answer(or_empty, head), known, default, eq)]
pub struct DeletedDocument {
    /// The document, where the server says it.
    pub document_id: Option<DocumentId>,
    /// Whether the work was only accepted, and goes on.
    #[field(omit_default)]
    pub accepted: bool,
    /// Whether the document is gone.
    #[field(default = heads::gone)]
    pub deleted: bool,
    /// The task that carries out an accepted deletion.
    pub track_id: Option<TrackId>,
    /// How many chunks were deleted; 0 while the work goes on.
    pub chunks_deleted: u64,
    /// How many entities were removed or changed; 0 while the work goes on.
    pub entities_affected: u64,
    /// How many relationships were removed or changed; 0 while the work goes on.
    pub relationships_affected: u64,
    /// How many embeddings were deleted; newer servers only.
    pub embeddings_deleted: Option<u64>,
    /// Whether something was left behind.
    #[field(omit_default)]
    pub partial_failure: bool,
    /// Why something was left behind.
    pub partial_failure_reason: Option<String>,
}

/// Deletes ALL documents of the workspace.
///
/// Carries the header `X-EdgeQuake-Confirm: delete-all-documents`, without which newer servers answer 400. Not retried
/// after an ambiguous failure, because documents may have been uploaded since. Errors: 409 from some servers while an
/// earlier call is being processed; others answer with its task.
#[operation(
    DELETE "/api/v1/documents" -> DeletedDocuments, Required, Refused, None, new(), eq,
    headers("x-edgequake-confirm" = "delete-all-documents")
)]
pub struct DeleteAllDocuments {}

/// The answer to [`DeleteAllDocuments`]. While the work is only accepted, its counts are plans or 0. That it is accepted is
/// also read from the status, 202, and written so.
#[model(answer(or_empty, head), known, default)]
pub struct DeletedDocuments {
    /// Whether the work was only accepted, and goes on.
    #[field(omit_default)]
    pub accepted: bool,
    /// The task that carries out an accepted deletion.
    pub wipe_track_id: Option<TrackId>,
    /// How many documents were deleted or, if only accepted, are to be deleted.
    pub deleted_count: u64,
    /// How many documents are to be deleted; newer servers only.
    pub planned_delete_count: Option<u64>,
    /// How many chunks were deleted.
    pub total_chunks_deleted: u64,
    /// How many entities were removed.
    pub total_entities_removed: u64,
    /// How many relationships were removed.
    pub total_relationships_removed: u64,
    /// How many PDFs were deleted.
    pub total_pdfs_deleted: u64,
    /// How many documents older servers skipped because they were being processed.
    pub skipped_count: u64,
    /// Those documents, as the server describes them.
    pub skipped_documents: Vec<Value>,
}

#[cfg(test)]
mod tests;
