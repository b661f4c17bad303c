//! [`GetPdfProgress`]: how far a PDF has come on its way to a document, by phases.

use super::*;

/// Reads how far a PDF has come.
///
/// Errors: 404 before it has begun, and after it has ended, which is no failure: ask [`GetPdf`] then.
#[operation(GET "/api/v1/documents/pdf/progress/{track_id}" -> PdfProgress, Required, Safe, None, new(task_id), eq)]
pub struct GetPdfProgress {
    /// The task: `task_id` in the answer to the upload, not a track id of your own.
    #[field(rename = "track_id")]
    pub task_id: TrackId,
}

/// Follows how far a PDF comes, as server-sent events; not known to the first servers.
///
/// The server closes the stream when the PDF has ended, and after 60 s without progress: then it ends without its final event, and nothing
/// is known of the PDF. Errors: 404 as for [`GetPdfProgress`].
#[operation(
    GET "/api/v1/documents/pdf/progress/stream/{track_id}" -> Events<PdfProgressEvent>, Required, Safe, None, new(task_id), eq
)]
pub struct StreamPdfProgress {
    /// The task: `task_id` in the answer to the upload, not a track id of your own.
    #[field(rename = "track_id")]
    pub task_id: TrackId,
}

/// How far a PDF has come. Ask [`is_finished`](Self::is_finished) and [`is_success`](Self::is_success).
#[model(answer, new(track_id))]
pub struct PdfProgress {
    /// The task.
    pub track_id: TrackId,
    /// The PDF.
    pub pdf_id: Option<PdfId>,
    /// The document that it became. From some servers none, although the answer to the upload named it.
    #[field(always)]
    pub document_id: Option<DocumentId>,
    /// The name of the file.
    #[field(rename = "filename")]
    pub file_name: Option<String>,
    /// The phases, in their order.
    #[field(required)]
    pub phases: Vec<PdfPhase>,
    /// How much of all is done, from 0 to 100.
    pub overall_percentage: f64,
    /// How long the rest will probably take, in seconds.
    #[field(always, lenient)]
    pub eta_seconds: Option<u64>,
    /// Whether it is over, as the server says.
    pub is_complete: bool,
    /// Whether it failed, as the server says.
    pub is_failed: bool,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When this last changed.
    pub updated_at: Option<Timestamp>,
    /// When it ended.
    #[field(always)]
    pub completed_at: Option<Timestamp>,
}

/// A phase.
#[model(new(phase, status))]
pub struct PdfPhase {
    /// Which one.
    pub phase: PdfPhaseName,
    /// How far it has come.
    pub status: PhaseStatus,
    /// How many items, such as pages, are done.
    pub current: u64,
    /// How many there are; 0 if that is not known.
    pub total: u64,
    /// How much of it is done, from 0 to 100.
    pub percentage: f64,
    /// How long the rest of it will probably take, in seconds.
    #[field(always, lenient)]
    pub eta_seconds: Option<u64>,
    /// A sentence about it.
    #[field(default)]
    pub message: String,
    /// Why it failed.
    #[field(always)]
    pub error: Option<PhaseError>,
    /// When it began.
    #[field(always)]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[field(always)]
    pub completed_at: Option<Timestamp>,
    /// How long an item takes on average, in milliseconds; newer servers only.
    pub avg_item_time_ms: Option<f64>,
}

/// Why a phase failed.
#[model(default, eq)]
pub struct PhaseError {
    /// What went wrong.
    pub message: Option<String>,
    /// A code; an open set.
    pub code: Option<String>,
    /// Whether another try may help.
    pub retryable: bool,
    /// What to do.
    pub suggestion: Option<String>,
    /// The item that failed, such as a page.
    #[field(always)]
    pub affected_item: Option<String>,
}
