//! PDF files: uploading, following their conversion, and their text (`/api/v1/documents/pdf/...`).
//!
//! A PDF is converted first, and ingested as a document then: two tasks, one after the other. Wait for the status of the PDF
//! ([`PdfStatus::is_success`]), then for the document that [`Pdf::document_id`] names.
//!
//! Progress goes by the `task_id` of the upload's answer, never by a track id of your own: under that, some servers answer for ever that
//! nothing has begun.
//!
//! For what newer servers are, see [server versions](crate#server-versions).
//!
//! ```
//! use edgequake_types::{Decode, Endpoint};
//! use edgequake_types::pdf::{PdfStatus, UploadPdf, UploadedPdf};
//!
//! let upload = UploadPdf::from_bytes("bridge.pdf", "%PDF-1.7").enable_vision(false);
//! assert_eq!(upload.to_request()?.uri(), "/api/v1/documents/pdf");
//!
//! let answer = r#"{"pdf_id":"p-1","document_id":null,"status":"queued","task_id":"pdf-77aa","track_id":null}"#;
//! let uploaded = UploadedPdf::from_body(answer)?;
//! assert_eq!((uploaded.status, uploaded.task_id.unwrap().as_str()), (Some(PdfStatus::Queued), "pdf-77aa"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod event;
mod form;
mod list;
mod outcomes;
mod pages;
mod progress;
mod upload;
mod words;

pub use self::{event::*, list::*, progress::*, upload::*, words::*};

use crate::prelude::*;

operations! {
    "pdf":
    UploadPdf, UploadPdfs, ListPdfs, GetPdf, DeletePdf, RetryPdf, CancelPdf, GetPdfContent, DownloadPdf,
    GetPdfProgress, StreamPdfProgress,
}

/// Reads the state of a PDF.
///
/// Errors: 404 for an unknown id.
#[operation(GET "/api/v1/documents/pdf/{pdf_id}" -> Pdf, Required, Safe, None, new(pdf_id), eq)]
pub struct GetPdf {
    /// The PDF.
    pub pdf_id: PdfId,
}

/// A PDF. What it says of the file is also read without the level `metadata`.
#[model(answer, from = PdfWire, new(pdf_id, status))]
pub struct Pdf {
    /// Its id.
    pub pdf_id: PdfId,
    /// The document that it became, once it is ingested.
    #[field(always)]
    pub document_id: Option<DocumentId>,
    /// How far its conversion has come.
    pub status: PdfStatus,
    /// How long the conversion took, in milliseconds.
    #[field(always)]
    pub processing_duration_ms: Option<u64>,
    /// What is known of the file.
    pub metadata: PdfMetadata,
    /// What went wrong, as the server says it.
    pub errors: Option<Value>,
}

/// What is known of a PDF file.
#[model(default, eq)]
pub struct PdfMetadata {
    /// The name of the file.
    #[field(rename = "filename")]
    pub file_name: Option<String>,
    /// How many pages it has.
    #[field(always)]
    pub page_count: Option<u64>,
    /// How the text was taken out of it.
    #[field(always)]
    pub extraction_method: Option<String>,
    /// The model that read its pages.
    #[field(always)]
    pub vision_model: Option<String>,
    /// When the conversion ended.
    #[field(always)]
    pub processed_at: Option<Timestamp>,
}

/// The forms in which a PDF arrives.
#[model]
struct PdfWire {
    #[field(alias = "id")]
    pub pdf_id: PdfId,
    pub document_id: Option<DocumentId>,
    pub status: PdfStatus,
    pub processing_duration_ms: Option<u64>,
    pub metadata: Option<PdfMetadata>,
    pub errors: Option<Value>,
    #[field(flatten)]
    pub flat: PdfMetadata,
}

/// Deletes a PDF file.
///
/// Errors: 404 for an unknown id.
#[operation(DELETE "/api/v1/documents/pdf/{pdf_id}" -> (), Required, Safe, None, new(pdf_id), eq)]
pub struct DeletePdf {
    /// The PDF.
    pub pdf_id: PdfId,
}

/// Converts a PDF again that failed.
///
/// Errors: 404 for an unknown id; 409 if it has not failed.
#[operation(POST "/api/v1/documents/pdf/{pdf_id}/retry" -> RetriedPdf, Required, Refused, Json, new(pdf_id), eq)]
pub struct RetryPdf {
    /// The PDF.
    pub pdf_id: PdfId,
}

/// The answer to [`RetryPdf`].
#[model(answer, new(pdf_id, success = true), eq)]
pub struct RetriedPdf {
    /// Whether it is converted again.
    pub success: bool,
    /// The PDF.
    pub pdf_id: PdfId,
    /// A sentence about it.
    pub message: Option<String>,
    /// The task that converts it, for [`GetTask`](crate::tasks::GetTask).
    pub task_id: Option<TrackId>,
}

/// Cancels the conversion of a PDF, which ends as [`PdfStatus::Failed`].
///
/// Errors: 404 for an unknown id; 409 if it is not being converted.
#[operation(DELETE "/api/v1/documents/pdf/{pdf_id}/cancel" -> CancelledPdf, Required, Safe, None, new(pdf_id), eq)]
pub struct CancelPdf {
    /// The PDF.
    pub pdf_id: PdfId,
}

/// The answer to [`CancelPdf`].
#[model(answer, new(pdf_id, success = true), eq)]
pub struct CancelledPdf {
    /// Whether it was cancelled.
    pub success: bool,
    /// The PDF.
    pub pdf_id: PdfId,
    /// A sentence about it.
    pub message: Option<String>,
}

/// Reads the text of a PDF as Markdown.
///
/// Errors: 403 for another tenant's PDF; 404 for an unknown id.
#[operation(GET "/api/v1/documents/pdf/{pdf_id}/content" -> PdfContent, Required, Safe, None, new(pdf_id), eq)]
pub struct GetPdfContent {
    /// The PDF.
    pub pdf_id: PdfId,
}

/// The answer to [`GetPdfContent`].
#[model(answer, new(pdf_id), eq)]
pub struct PdfContent {
    /// The PDF. Also read from `id`.
    #[field(alias = "id")]
    pub pdf_id: PdfId,
    /// The name of the file.
    #[field(rename = "filename")]
    pub file_name: Option<String>,
    /// Its size in bytes. Also read from `file_size`.
    #[field(alias = "file_size")]
    pub file_size_bytes: Option<u64>,
    /// Its media type.
    pub content_type: Option<String>,
    /// The text; none until it is converted. Also read from `markdown` and `content`.
    #[field(always, alias = "markdown", alias = "content")]
    pub markdown_content: Option<String>,
    /// Whether it is converted.
    pub is_processed: bool,
    /// The document that it became; newer servers only.
    pub document_id: Option<DocumentId>,
}

/// Downloads the PDF file itself.
///
/// Errors: 403 for another tenant's PDF; 404 for an unknown id.
#[operation(GET "/api/v1/documents/pdf/{pdf_id}/download" -> Download, Required, Safe, None, new(pdf_id), eq)]
pub struct DownloadPdf {
    /// The PDF.
    pub pdf_id: PdfId,
}

#[cfg(test)]
mod tests;
