//! Deleting one document or all of them.
//!
//! Newer servers accept a deletion (202) and work it off later; older ones answer when it is done (200).

use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer::json_answers;
use crate::endpoint::endpoint;
use crate::{DocumentId, TrackId, tolerant};

/// `DELETE /api/v1/documents/{document_id}`: deletes one document with its chunks and what only it said.
///
/// Errors: 404 for an unknown id; 409 from the first servers while the document is being processed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeleteDocument {
    /// The document.
    #[serde(skip_serializing)]
    pub document_id: DocumentId,
}

impl DeleteDocument {
    /// Deletes the document with this id.
    pub fn new(document_id: impl Into<DocumentId>) -> Self {
        Self { document_id: document_id.into() }
    }
}

endpoint! {
    DELETE "/api/v1/documents/{document_id}" (document_id) => DeleteDocument, DeletedDocument where Required, Safe, None
}

/// The answer to [`DeleteDocument`]. An empty one (204) reads as deleted, with nothing counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DeletedDocument {
    /// The document, where the server says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_id: Option<DocumentId>,
    /// Whether the work was only accepted, and goes on.
    #[serde(deserialize_with = "tolerant::flag", skip_serializing_if = "std::ops::Not::not")]
    pub accepted: bool,
    /// Whether the document is gone.
    #[serde(deserialize_with = "tolerant::flag")]
    pub deleted: bool,
    /// The task that works off an accepted deletion.
    #[serde(deserialize_with = "tolerant::non_empty", skip_serializing_if = "Option::is_none")]
    pub track_id: Option<TrackId>,
    /// How many chunks were deleted; 0 while the work goes on.
    #[serde(deserialize_with = "tolerant::count")]
    pub chunks_deleted: u64,
    /// How many entities were removed or changed; 0 while the work goes on.
    #[serde(deserialize_with = "tolerant::count")]
    pub entities_affected: u64,
    /// How many relationships were removed or changed; 0 while the work goes on.
    #[serde(deserialize_with = "tolerant::count")]
    pub relationships_affected: u64,
    /// How many embeddings were deleted; newer servers only.
    #[serde(deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub embeddings_deleted: Option<u64>,
    /// Whether something was left behind.
    #[serde(deserialize_with = "tolerant::flag", skip_serializing_if = "std::ops::Not::not")]
    pub partial_failure: bool,
    /// Why something was left behind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partial_failure_reason: Option<String>,
}

impl DeletedDocument {
    /// A finished deletion.
    pub fn deleted(document_id: impl Into<DocumentId>) -> Self {
        Self { document_id: Some(document_id.into()), ..Self::default() }
    }

    /// An accepted deletion that the task `track_id` works off.
    pub fn accepted(document_id: impl Into<DocumentId>, track_id: impl Into<TrackId>) -> Self {
        Self { accepted: true, deleted: false, track_id: Some(track_id.into()), ..Self::deleted(document_id) }
    }
}

/// What an empty answer says: the document is gone.
impl Default for DeletedDocument {
    fn default() -> Self {
        Self {
            document_id: None,
            accepted: false,
            deleted: true,
            track_id: None,
            chunks_deleted: 0,
            entities_affected: 0,
            relationships_affected: 0,
            embeddings_deleted: None,
            partial_failure: false,
            partial_failure_reason: None,
        }
    }
}

/// `DELETE /api/v1/documents`: deletes ALL documents of the workspace.
///
/// Carries the header `X-EdgeQuake-Confirm: delete-all-documents`, without which newer servers answer 400. Not repeated
/// after an ambiguous failure, because documents may have been uploaded since.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeleteAllDocuments {}

impl DeleteAllDocuments {
    /// The header by which a caller confirms that everything is meant.
    pub const CONFIRM_HEADER: &'static str = "x-edgequake-confirm";
    /// The value of [`CONFIRM_HEADER`](Self::CONFIRM_HEADER).
    pub const CONFIRM_VALUE: &'static str = "delete-all-documents";

    /// Deletes everything in the workspace that the request is sent in.
    pub fn new() -> Self {
        Self {}
    }
}

endpoint! {
    DELETE "/api/v1/documents" => DeleteAllDocuments, DeletedDocuments where Required, Refused, None {
        #[inline]
        fn headers(&self, headers: &mut HeaderMap) {
            headers.insert(Self::CONFIRM_HEADER, HeaderValue::from_static(Self::CONFIRM_VALUE));
        }
    }
}

/// The answer to [`DeleteAllDocuments`]. While the work is only accepted, its counts are plans or 0.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DeletedDocuments {
    /// Whether the work was only accepted, and goes on.
    #[serde(deserialize_with = "tolerant::flag", skip_serializing_if = "std::ops::Not::not")]
    pub accepted: bool,
    /// The task that works off an accepted deletion.
    #[serde(deserialize_with = "tolerant::non_empty", skip_serializing_if = "Option::is_none")]
    pub wipe_track_id: Option<TrackId>,
    /// How many documents were deleted or, if only accepted, are to be deleted.
    #[serde(deserialize_with = "tolerant::count")]
    pub deleted_count: u64,
    /// How many documents are to be deleted; newer servers only.
    #[serde(deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub planned_delete_count: Option<u64>,
    /// How many chunks were deleted.
    #[serde(deserialize_with = "tolerant::count")]
    pub total_chunks_deleted: u64,
    /// How many entities were removed.
    #[serde(deserialize_with = "tolerant::count")]
    pub total_entities_removed: u64,
    /// How many relationships were removed.
    #[serde(deserialize_with = "tolerant::count")]
    pub total_relationships_removed: u64,
    /// How many PDFs were deleted.
    #[serde(deserialize_with = "tolerant::count")]
    pub total_pdfs_deleted: u64,
    /// How many documents older servers left alone because they were being processed.
    #[serde(deserialize_with = "tolerant::count")]
    pub skipped_count: u64,
    /// Those documents, as the server describes them.
    #[serde(deserialize_with = "tolerant::or_default")]
    pub skipped_documents: Vec<Value>,
}

impl DeletedDocuments {
    /// A finished deletion of this many documents.
    pub fn deleted(deleted_count: u64) -> Self {
        Self { deleted_count, ..Self::default() }
    }

    /// An accepted deletion of this many documents that the task `wipe_track_id` works off.
    pub fn accepted(planned: u64, wipe_track_id: impl Into<TrackId>) -> Self {
        Self {
            accepted: true,
            wipe_track_id: Some(wipe_track_id.into()),
            deleted_count: planned,
            planned_delete_count: Some(planned),
            ..Self::default()
        }
    }
}

json_answers!(or_empty: DeletedDocument, DeletedDocuments);
