//! Many documents at once: [`UploadFiles`], [`ScanDirectory`], [`DeleteDocuments`], and [`GetDeletionImpact`] before any deletion.

use super::*;
use crate::multipart::Content;

/// A file to upload with others.
#[model(new(file_name, content), eq)]
pub struct NamedFile {
    /// The name of the file. Only its last component is sent.
    pub file_name: String,
    /// What is in it.
    pub content: Content,
}

/// Uploads several files in one request. What is set applies to all of them.
///
/// One bad file does not fail the call: look at [`UploadedFiles::failed_files`]. The answer names neither tasks nor tracks, so wait for
/// the documents. Servers limit how many files a request may have, and that number is not known. Errors: 400; 422 for an unknown extraction
/// mode, before anything is stored.
///
/// ```
/// use edgequake_types::documents::{ChunkStrategy, NamedFile, UploadFiles};
///
/// let files = ["north.md", "south.md"].map(|name| NamedFile::from_bytes(name, "# Bridge"));
/// let upload = UploadFiles::new(files).chunk_strategy(ChunkStrategy::Markdown);
/// assert_eq!(upload.files[1].file_name, "south.md");
/// ```
#[operation(POST "/api/v1/documents/upload/batch" -> UploadedFiles, Required, Refused, Multipart, new(files))]
pub struct UploadFiles {
    /// The files.
    pub files: Vec<NamedFile>,
    /// Anything about the documents, kept with each: any JSON.
    pub metadata: Option<Value>,
    /// How the texts are cut. By default the server chooses.
    pub chunk_strategy: Option<ChunkStrategy>,
    /// Options of the strategy, an object such as `{"chunk_token_size": 800}`.
    pub chunk_options: Option<Value>,
    /// What extracts the entities. By default as the workspace is set; servers since 0.31.
    pub extraction_mode: Option<ExtractionMode>,
    /// How much decision extraction lets through. By default as the workspace is set; servers since 0.31.
    pub decision_gate_preset: Option<DecisionGatePreset>,
}

/// The answer to [`UploadFiles`]: what became of each file.
#[model(answer(202), new(results), eq)]
pub struct UploadedFiles {
    /// How many files there were.
    #[field(lenient)]
    pub total_files: u64,
    /// How many were accepted.
    #[field(lenient)]
    pub processed: u64,
    /// How many were there already.
    #[field(lenient)]
    pub duplicates: u64,
    /// How many failed.
    #[field(lenient)]
    pub failed: u64,
    /// Each file.
    #[field(required)]
    pub results: Vec<FileResult>,
}

/// What became of one file of a batch.
#[model(new(file_name, status), eq)]
pub struct FileResult {
    /// The name of the file.
    #[field(rename = "filename")]
    pub file_name: String,
    /// The document that it became; the one that is there already for a duplicate.
    #[field(always)]
    pub document_id: Option<DocumentId>,
    /// Whether it was accepted. Nothing is said of how processing ended.
    pub status: FileStatus,
    /// Why it failed.
    #[field(always)]
    pub error: Option<String>,
    /// The document that has the same content, where a server says it.
    pub duplicate_of: Option<DocumentId>,
    /// Number of chunks, where processed at once.
    #[field(lenient)]
    pub chunk_count: Option<u64>,
}

/// Ingests the files of a directory of the SERVER.
///
/// Errors: 400; 403 for a directory that the server is not allowed to read; 404 if there is none.
#[operation(POST "/api/v1/documents/scan" -> ScannedDirectory, Required, Refused, Json, new(path), eq)]
pub struct ScanDirectory {
    /// The directory, as the server sees it.
    pub path: String,
    /// The extensions of the files to take, such as `md`. By default all that the server knows.
    pub extensions: Option<Vec<String>>,
    /// Whether its folders are searched, too. Default true.
    pub recursive: Option<bool>,
    /// How many files to take at most. Default 1000.
    pub max_files: Option<u64>,
    /// Whether the files are queued instead of processed within the request. Default true.
    pub async_processing: Option<bool>,
    /// The track to put the documents on. By default the server makes one.
    pub track_id: Option<TrackId>,
}

/// The answer to [`ScanDirectory`].
#[model(answer, new(track_id), eq)]
pub struct ScannedDirectory {
    /// The track that the documents are on, for [`GetTrack`].
    pub track_id: TrackId,
    /// How many files there are.
    pub files_found: u64,
    /// How many of them are processed.
    pub files_queued: u64,
    /// How many of them are not.
    pub files_skipped: u64,
    /// The files that are processed.
    pub queued_files: Vec<String>,
    /// The files that are not.
    pub skipped_files: Vec<SkippedFile>,
}

/// A file that a scan left out.
#[model(new(path, reason), eq)]
pub struct SkippedFile {
    /// The file.
    pub path: String,
    /// Why it was left out.
    pub reason: Option<String>,
}

/// Deletes several documents; newer servers only. They are deleted by a task, after the answer.
///
/// The server trims the ids and takes each once. Errors: 400 for none, and for more than 500; 409 while all documents are being deleted.
#[operation(POST "/api/v1/documents/batch-delete" -> AcceptedDeletion, Required, Refused, Json, new(document_ids), eq)]
pub struct DeleteDocuments {
    /// The documents, 1 to 500.
    pub document_ids: Vec<DocumentId>,
}

/// The answer to [`DeleteDocuments`]: nothing is deleted yet.
#[model(answer(202), new(batch_track_id, planned_delete_count, accepted = true), eq)]
pub struct AcceptedDeletion {
    /// Whether the server will delete them.
    pub accepted: bool,
    /// The task that deletes them, for [`GetTask`](crate::tasks::GetTask).
    pub batch_track_id: TrackId,
    /// How many documents are to be deleted.
    pub planned_delete_count: u64,
}

/// Tells what deleting a document would take away, and deletes nothing.
///
/// Errors: 404 for an unknown id.
#[operation(GET "/api/v1/documents/{document_id}/deletion-impact" -> DeletionImpact, Required, Safe, None, new(document_id), eq)]
pub struct GetDeletionImpact {
    /// The document.
    pub document_id: DocumentId,
}

/// The answer to [`GetDeletionImpact`].
#[model(answer, new(document_id, preview_only = true), eq)]
pub struct DeletionImpact {
    /// The document.
    pub document_id: DocumentId,
    /// How many chunks would be deleted.
    #[field(required)]
    pub chunks_to_delete: u64,
    /// How many entities would be removed.
    pub entities_to_remove: u64,
    /// How many entities would be changed, because other documents name them, too.
    pub entities_to_update: u64,
    /// How many relationships would be removed.
    pub relationships_to_remove: u64,
    /// How many relationships would be changed.
    pub relationships_to_update: u64,
    /// Whether nothing was deleted.
    pub preview_only: bool,
}
