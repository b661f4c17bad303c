//! What the status of an answer says, which its body may leave out.

use bytes::Bytes;
use http::response::Parts;
use http::{Response, StatusCode};

use super::*;

/// What an answer without a body says.
pub(super) fn gone() -> bool {
    true
}

impl DeletedDocument {
    /// A finished deletion.
    pub fn deleted(document_id: impl Into<DocumentId>) -> Self {
        Self { document_id: Some(document_id.into()), ..Self::default() }
    }

    /// An accepted deletion that the task `track_id` carries out.
    pub fn accepted(document_id: impl Into<DocumentId>, track_id: impl Into<TrackId>) -> Self {
        Self { accepted: true, deleted: false, track_id: Some(track_id.into()), ..Self::deleted(document_id) }
    }
}

impl AnswerHead for DeletedDocument {
    fn read(&mut self, head: &Parts) {
        self.accepted |= head.status == StatusCode::ACCEPTED;
        self.deleted &= !self.accepted;
    }

    fn write(&self, answer: &mut Response<Bytes>) {
        if self.accepted {
            *answer.status_mut() = StatusCode::ACCEPTED;
        }
    }
}

impl DeleteAllDocuments {
    /// The header by which a caller confirms that everything is meant.
    pub const CONFIRM_HEADER: &'static str = "x-edgequake-confirm";
    /// The value of [`CONFIRM_HEADER`](Self::CONFIRM_HEADER).
    pub const CONFIRM_VALUE: &'static str = "delete-all-documents";
}

impl DeletedDocuments {
    /// A finished deletion of this many documents.
    pub fn deleted(deleted_count: u64) -> Self {
        Self { deleted_count, ..Self::default() }
    }

    /// An accepted deletion of this many documents that the task `wipe_track_id` carries out.
    pub fn accepted(planned: u64, wipe_track_id: impl Into<TrackId>) -> Self {
        let wipe_track_id = Some(wipe_track_id.into());
        Self { accepted: true, wipe_track_id, planned_delete_count: Some(planned), ..Self::deleted(planned) }
    }
}

impl AnswerHead for DeletedDocuments {
    fn read(&mut self, head: &Parts) {
        self.accepted |= head.status == StatusCode::ACCEPTED;
    }

    fn write(&self, answer: &mut Response<Bytes>) {
        if self.accepted {
            *answer.status_mut() = StatusCode::ACCEPTED;
        }
    }
}

/// What the answers to uploads have in common.
macro_rules! uploaded {
    ($($answer:ident),*) => {$(
        impl $answer {
            /// An answer about this document.
            pub fn new(document_id: impl Into<DocumentId>, status: DocumentStatus) -> Self {
                Self { document_id: Some(document_id.into()), status: Some(status), ..Self::default() }
            }
        }

        impl AnswerHead for $answer {
            fn read(&mut self, head: &Parts) {
                // It waits for its turn, if the body does not say otherwise.
                if head.status == StatusCode::ACCEPTED {
                    self.status.get_or_insert(DocumentStatus::Pending);
                }
            }

            fn write(&self, answer: &mut Response<Bytes>) {
                let goes_on = self.status.as_ref().is_some_and(|status| !status.is_terminal());
                *answer.status_mut() = match self.status {
                    Some(DocumentStatus::Duplicate | DocumentStatus::DuplicateProcessing) => StatusCode::OK,
                    _ if goes_on || self.task_id.is_some() => StatusCode::ACCEPTED,
                    _ => StatusCode::CREATED,
                };
            }
        }
    )*};
}

uploaded!(UploadedDocument, UploadedFile);
