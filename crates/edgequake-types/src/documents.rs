//! Documents: uploading, listing, reading, deleting, and following their processing (`/api/v1/documents/...`).
//!
//! An upload is accepted first and processed later. Keep `document_id`, `task_id` and `track_id` of its answer: the task
//! tells how processing goes ([`GetTask`](crate::tasks::GetTask)), the document tells how it ended
//! ([`Document::is_terminal`]), a track tells both for a group of documents ([`Track::is_finished`]).
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
//! let uploaded = UploadedDocument::decode(answer.into())?;
//! assert_eq!(uploaded.status, Some(DocumentStatus::Pending));
//! assert_eq!(uploaded.task_id.unwrap(), "insert-77aa");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod delete;
mod detail;
mod list;
mod status;
mod summary;
mod track;
mod upload_file;
mod upload_text;

pub use delete::{DeleteAllDocuments, DeleteDocument, DeletedDocument, DeletedDocuments};
pub use detail::{Document, DocumentLineage, GetDocument};
pub use list::{DocumentList, ListDocuments, StatusCounts};
pub use status::{DocumentStatus, UiPhase};
pub use summary::DocumentSummary;
pub use track::{GetTrack, Track};
pub use upload_file::{UploadFile, UploadedFile};
pub use upload_text::{ChunkStrategy, ProcessingCost, UploadText, UploadedDocument};

#[cfg(test)]
mod tests;
