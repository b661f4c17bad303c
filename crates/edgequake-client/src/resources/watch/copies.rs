//! [`again`] and [`summary`]: an error for one more document, and a document as a list would show it.

use edgequake_types::documents::{Document, DocumentSummary};

use crate::error::Error;

/// The same error for another document.
pub(super) fn again(error: &Error) -> Error {
    let mut again = Error::new(error.kind());
    if let Some(status) = error.status() {
        again = again.with_status(status);
    }
    if let Some(code) = error.code() {
        again = again.with_code(code);
    }
    match error.message() {
        Some(message) => again.with_message(message),
        None => again.note(error.to_string()),
    }
}

/// What a list would say of a document.
pub(super) fn summary(document: Document) -> DocumentSummary {
    let mut summary = DocumentSummary::new(document.id);
    summary.title = document.title;
    summary.file_name = document.file_name;
    summary.content_length = document.content_length;
    summary.chunk_count = document.chunk_count;
    summary.entity_count = document.entity_count;
    summary.status = document.status;
    summary.error_message = document.error_message;
    summary.warning_message = document.warning_message;
    summary.track_id = document.track_id;
    summary.created_at = document.created_at;
    summary.updated_at = document.updated_at;
    summary.ui_phase = document.ui_phase;
    summary
}
