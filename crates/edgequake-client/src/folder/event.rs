//! [`FolderEvent`]: what becomes of a file, and [`FolderReport`]: what became of all.

use std::fmt;
use std::path::PathBuf;

use edgequake_types::DocumentId;
use edgequake_types::documents::DocumentSummary;

use crate::error::Error;
use crate::resources::Uploaded;

/// What has become of a file. Each that is found is skipped, uploaded or failed, in no order with others; one that was uploaded is
/// processed or failed to be, where that is waited for. The last event is the report.
#[derive(Debug)]
#[non_exhaustive]
pub enum FolderEvent {
    /// A file that the rules let through.
    #[non_exhaustive]
    Found {
        /// Its path, which begins with that of the folder.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
    },
    /// A file that is not uploaded.
    #[non_exhaustive]
    Skipped {
        /// Its path.
        path: PathBuf,
        /// Why.
        reason: SkipReason,
    },
    /// A file that the server has taken.
    #[non_exhaustive]
    Uploaded {
        /// Its path.
        path: PathBuf,
        /// Document, task and track.
        upload: Uploaded,
    },
    /// A document that was processed successfully.
    #[non_exhaustive]
    Processed {
        /// The path of the file.
        path: PathBuf,
        /// The document as lists show it.
        document: Box<DocumentSummary>,
    },
    /// A file that could not be read or uploaded, or a folder that could not be read.
    #[non_exhaustive]
    Failed {
        /// Its path.
        path: PathBuf,
        /// Why. [`Error::find`] finds the [`FileUploadError`](crate::FileUploadError) of a file that cannot be read.
        error: Error,
    },
    /// A document that was uploaded and whose processing failed, in part or as a whole, was cancelled, or could not be waited for.
    #[non_exhaustive]
    ProcessingFailed {
        /// The path of the file.
        path: PathBuf,
        /// Document, task and track.
        upload: Uploaded,
        /// Why; see [`Error::processing`].
        error: Error,
    },
    /// With [`resume`](super::FolderUpload::resume): the documents of the workspace cannot be listed, so nothing is uploaded. All files
    /// are told as not tried.
    #[non_exhaustive]
    NotListed {
        /// Why.
        error: Error,
    },
    /// The end.
    Finished(FolderReport),
}

/// Why a file is not uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// The workspace has a document with this content, or is processing one.
    #[non_exhaustive]
    AlreadyThere {
        /// The document, where the server names it.
        document_id: Option<DocumentId>,
    },
    /// Another file of this run has the same content. A server keeps one document of it.
    SameContent,
    /// It is larger than [`max_size`](super::FolderUpload::max_size).
    TooLarge,
    /// It is empty, which no server takes.
    Empty,
    /// Its extension is none of [`extensions`](super::FolderUpload::extensions).
    Extension,
    /// It is a link, and links are not [followed](super::FolderUpload::follow_links).
    Link,
    /// It is neither a file nor a folder: a pipe, a socket, a device.
    NotAFile,
    /// Its turn had not come when the run was ended: by a failure that would hit every file, such as a refused credential, or by
    /// [`stop`](super::FolderEvents::stop).
    NotTried,
}

/// In a few words.
impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlreadyThere { .. } => "already in the workspace",
            Self::SameContent => "same content as another file",
            Self::TooLarge => "too large",
            Self::Empty => "empty",
            Self::Extension => "not a type of file that servers take",
            Self::Link => "a link",
            Self::NotAFile => "not a file",
            Self::NotTried => "not tried",
        })
    }
}

/// What became of all files: `found` is `skipped`, `uploaded` and `failed` together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FolderReport {
    /// Files that were found, and what could not be looked at.
    pub found: u64,
    /// Files that were not uploaded.
    pub skipped: u64,
    /// Files that the server has taken.
    pub uploaded: u64,
    /// Files that could not be read or uploaded, and folders that could not be read.
    pub failed: u64,
    /// Of those skipped: whose content the workspace has already.
    pub already_there: u64,
    /// Of those skipped: whose turn had not come when the run was ended.
    pub not_tried: u64,
    /// The size of the files that were uploaded, in bytes.
    pub uploaded_bytes: u64,
    /// Documents that were processed successfully; with [`wait`](super::FolderUpload::wait) only. Those count as well that an earlier run
    /// has uploaded and this one has waited for.
    pub processed: u64,
    /// Documents whose processing failed, in part or as a whole, or that could not be waited for.
    pub processing_failed: u64,
    /// With [`resume`](super::FolderUpload::resume): whether the list of documents was cut short by the server, or changed while it was read, so
    /// that files may have been sent whose content the workspace has.
    pub resume_incomplete: bool,
    /// With [`resume`](super::FolderUpload::resume): whether the documents could not be listed, so that nothing was uploaded.
    pub resume_failed: bool,
}

impl FolderReport {
    /// Whether nothing failed, neither uploads nor processing nor the list of what is there, and every file had its turn.
    pub fn is_success(&self) -> bool {
        self.failed == 0 && self.processing_failed == 0 && self.not_tried == 0 && !self.resume_failed
    }

    pub(super) fn count(&mut self, event: &FolderEvent) {
        match event {
            FolderEvent::Found { .. } => self.found += 1,
            FolderEvent::Skipped { reason, .. } => {
                self.skipped += 1;
                self.already_there += u64::from(matches!(reason, SkipReason::AlreadyThere { .. }));
                self.not_tried += u64::from(*reason == SkipReason::NotTried);
            }
            FolderEvent::Uploaded { .. } => self.uploaded += 1,
            FolderEvent::Failed { .. } => self.failed += 1,
            FolderEvent::Processed { .. } => self.processed += 1,
            FolderEvent::ProcessingFailed { .. } => self.processing_failed += 1,
            FolderEvent::NotListed { .. } => self.resume_failed = true,
            FolderEvent::Finished(_) => {}
        }
    }
}

/// On one line: `12 found: 3 uploaded, 9 skipped, 0 failed`, and how many were processed, where that was waited for.
impl fmt::Display for FolderReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { found, uploaded, skipped, failed, processed, processing_failed, .. } = self;
        write!(f, "{found} found: {uploaded} uploaded, {skipped} skipped, {failed} failed")?;
        if processed + processing_failed > 0 {
            write!(f, "; {processed} processed, {processing_failed} not")?;
        }
        Ok(())
    }
}
