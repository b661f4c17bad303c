//! [`UploadPdf`]: one PDF. [`UploadPdfs`]: several.

use super::*;
use crate::documents::{DecisionGatePreset, ExtractionMode, NamedFile};
use crate::multipart::Content;

/// Uploads a PDF.
///
/// The same file twice, in one workspace, is answered with [`PdfStatus::Duplicate`] and the id of the first; with `force_reindex` it is
/// converted again.
///
/// The server demands a workspace that is a UUID. Errors: 400 for another file, and without a workspace; 413 (some servers 400) for a file
/// that is too large; 422 for an unknown extraction mode; 500 from servers without PostgreSQL.
///
/// ```
/// use edgequake_types::Endpoint;
/// use edgequake_types::pdf::{PdfParserBackend, UploadPdf};
///
/// let upload = UploadPdf::from_bytes("/home/mona/bridge.pdf", "%PDF-1.7").pdf_parser_backend(PdfParserBackend::Edgeparse);
/// assert_eq!(upload.file_name, "bridge.pdf");
///
/// let (parts, body) = upload.to_request()?.into_parts();
/// assert_eq!(UploadPdf::from_request(&parts, &body.bytes().unwrap())?, upload);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[operation(POST "/api/v1/documents/pdf" -> UploadedPdf, Required, Refused, Multipart, new(file_name, content))]
pub struct UploadPdf {
    /// The name of the file. Only its last component is sent.
    pub file_name: String,
    /// What is in it.
    pub content: Content,
    /// Whether a model looks at the pages. Default TRUE.
    pub enable_vision: Option<bool>,
    /// The provider of that model. By default as the workspace is set.
    pub vision_provider: Option<String>,
    /// That model. By default as the workspace is set.
    pub vision_model: Option<String>,
    /// The title.
    pub title: Option<String>,
    /// Anything about the document, kept with it: any JSON. Sent together with the title, as one JSON text.
    pub metadata: Option<Value>,
    /// An id of your own, which is given back and is good for nothing else: progress goes by the `task_id` of the answer.
    pub track_id: Option<TrackId>,
    /// Whether a file that is there already is converted again. Default false.
    pub force_reindex: Option<bool>,
    /// What reads the pages. By default as the workspace is set; newer servers only.
    pub pdf_parser_backend: Option<PdfParserBackend>,
    /// What extracts the entities. By default as the workspace is set; servers since 0.31.
    pub extraction_mode: Option<ExtractionMode>,
    /// How much decision extraction lets through. By default as the workspace is set; servers since 0.31.
    pub decision_gate_preset: Option<DecisionGatePreset>,
}

/// The answer to [`UploadPdf`]. What a server leaves out is `None`, and so is a field of an odd form: an accepted upload is never lost over
/// what its answer says about it. Only an answer without an id is an error.
#[model(answer, new(pdf_id))]
pub struct UploadedPdf {
    /// The PDF. Also read from `id`.
    #[field(alias = "id")]
    pub pdf_id: PdfId,
    /// The document that it will become, from some servers; most name it once it is ingested.
    #[field(always, lenient)]
    pub document_id: Option<DocumentId>,
    /// How far its conversion has come, or that it is a duplicate.
    #[field(lenient)]
    pub status: Option<PdfStatus>,
    /// The task that converts it, for [`GetTask`](crate::tasks::GetTask) and [`GetPdfProgress`]; none for a duplicate.
    #[field(lenient)]
    pub task_id: Option<TrackId>,
    /// The id that was sent. Do not ask for progress by it.
    #[field(always, lenient)]
    pub track_id: Option<TrackId>,
    /// A sentence about it.
    #[field(lenient)]
    pub message: Option<String>,
    /// How long the conversion will probably take, in seconds.
    #[field(lenient)]
    pub estimated_time_seconds: Option<u64>,
    /// What the server knows of the file.
    #[field(lenient)]
    pub metadata: Option<UploadedPdfMetadata>,
    /// The PDF that is the same file.
    #[field(lenient)]
    pub duplicate_of: Option<PdfId>,
    /// How long each step will probably take; newer servers only.
    #[field(lenient)]
    pub ingestion_estimate: Option<IngestionEstimate>,
    /// Its place in the queue, from 1.
    #[field(lenient)]
    pub queue_position: Option<u64>,
    /// How long it will probably take, in seconds.
    #[field(lenient)]
    pub eta_seconds: Option<u64>,
    /// What that is based on: `measured` or `no_history`.
    #[field(lenient)]
    pub eta_basis: Option<String>,
}

/// What a server knows of a PDF file that it has just taken.
#[model(default, eq)]
pub struct UploadedPdfMetadata {
    /// The name of the file.
    #[field(rename = "filename")]
    pub file_name: Option<String>,
    /// Its size in bytes. Also read from `file_size`.
    #[field(alias = "file_size")]
    pub file_size_bytes: Option<u64>,
    /// How many pages it has.
    #[field(always)]
    pub page_count: Option<u64>,
    /// The SHA-256 hash of the file, in hexadecimal digits.
    pub sha256_checksum: Option<String>,
    /// Whether a model looks at the pages.
    pub vision_enabled: Option<bool>,
    /// That model.
    #[field(always)]
    pub vision_model: Option<String>,
}

/// How long the way from a PDF to a document will probably take.
#[model(default)]
pub struct IngestionEstimate {
    /// What reads the pages.
    pub backend: Option<PdfParserBackend>,
    /// The conversion, in seconds.
    pub convert_seconds: Option<f64>,
    /// The extraction, in seconds.
    pub extract_seconds: Option<f64>,
    /// All of it at worst, in seconds.
    pub total_seconds_pessimistic: Option<f64>,
    /// What should rather read the pages.
    pub recommended_backend: Option<PdfParserBackend>,
}

/// Uploads several PDFs in one request; not known to the first servers. What is set applies to all of them.
///
/// One bad file does not fail the call: look at [`UploadedPdfs::failed_files`].
#[operation(POST "/api/v1/documents/pdf/batch" -> UploadedPdfs, Required, Refused, Multipart, new(files))]
pub struct UploadPdfs {
    /// The files.
    pub files: Vec<NamedFile>,
    /// Whether a model looks at the pages. Default TRUE.
    pub enable_vision: Option<bool>,
    /// The provider of that model. By default as the workspace is set.
    pub vision_provider: Option<String>,
    /// That model. By default as the workspace is set.
    pub vision_model: Option<String>,
    /// Anything about the documents, kept with each: any JSON.
    pub metadata: Option<Value>,
    /// Whether files that are there already are converted again. Default false.
    pub force_reindex: Option<bool>,
    /// What reads the pages. By default as the workspace is set; newer servers only.
    pub pdf_parser_backend: Option<PdfParserBackend>,
    /// What extracts the entities. By default as the workspace is set; servers since 0.31.
    pub extraction_mode: Option<ExtractionMode>,
    /// How much decision extraction lets through. By default as the workspace is set; servers since 0.31.
    pub decision_gate_preset: Option<DecisionGatePreset>,
}

/// The answer to [`UploadPdfs`]: what became of each file.
#[model(answer(202), new(results), eq)]
pub struct UploadedPdfs {
    /// How many files there were.
    #[field(lenient)]
    pub total_files: u64,
    /// How many were accepted.
    #[field(lenient)]
    pub accepted: u64,
    /// How many were there already.
    #[field(lenient)]
    pub duplicates: u64,
    /// How many failed.
    #[field(lenient)]
    pub failed: u64,
    /// Each file.
    #[field(required)]
    pub results: Vec<PdfFileResult>,
}

/// What became of one PDF of a batch.
#[model(new(file_name, status), eq)]
pub struct PdfFileResult {
    /// The name of the file.
    #[field(rename = "filename")]
    pub file_name: String,
    /// Whether it was accepted. Nothing is said of how its conversion ended.
    pub status: PdfStatus,
    /// The PDF.
    #[field(always)]
    pub pdf_id: Option<PdfId>,
    /// The task that converts it, for [`GetTask`](crate::tasks::GetTask) and [`GetPdfProgress`].
    #[field(always)]
    pub task_id: Option<TrackId>,
    /// The PDF that is the same file.
    pub duplicate_of: Option<PdfId>,
    /// Why it failed.
    pub error: Option<String>,
}
