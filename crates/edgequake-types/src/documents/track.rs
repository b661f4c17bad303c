//! [`GetTrack`]: the documents that were uploaded together.

use serde::{Deserialize, Serialize};

use super::{DocumentSummary, StatusCounts};
use crate::answer::json_answers;
use crate::endpoint::endpoint;
use crate::{Timestamp, TrackId, tolerant};

/// `GET /api/v1/documents/track/{track_id}`: the documents of a track and their states.
///
/// A track that does not exist, or whose documents are not visible yet, answers 200 with no documents and
/// `is_complete: true`. Ask [`Track::is_finished`], not `is_complete`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct GetTrack {
    /// The track, from the answer to an upload.
    #[serde(skip_serializing)]
    pub track_id: TrackId,
}

impl GetTrack {
    /// The track with this id.
    pub fn new(track_id: impl Into<TrackId>) -> Self {
        Self { track_id: track_id.into() }
    }
}

endpoint! {
    GET "/api/v1/documents/track/{track_id}" (track_id) => GetTrack, Track where Required, Safe, None
}

/// The documents of a track.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Track {
    /// The track's id.
    pub track_id: TrackId,
    /// When its first document was uploaded.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// Its documents, as far as they are visible.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub documents: Vec<DocumentSummary>,
    /// How many documents the server knows on it.
    #[serde(default, deserialize_with = "tolerant::count")]
    pub total_count: u64,
    /// How many of them are in which state.
    #[serde(default, deserialize_with = "tolerant::or_default")]
    pub status_summary: StatusCounts,
    /// Whether none of them is pending or processing; also true of a track that does not exist.
    #[serde(default, deserialize_with = "tolerant::flag")]
    pub is_complete: bool,
    /// A sentence about its state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_message: Option<String>,
    /// How many documents the uploader announced; newer servers only.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub expected_count: Option<u64>,
    /// How many of them have arrived; newer servers only.
    #[serde(default, deserialize_with = "tolerant::optional_count", skip_serializing_if = "Option::is_none")]
    pub registered_count: Option<u64>,
}

impl Track {
    /// A track with these documents, complete when all of them are.
    pub fn new(track_id: impl Into<TrackId>, documents: Vec<DocumentSummary>) -> Self {
        Self {
            track_id: track_id.into(),
            created_at: None,
            total_count: documents.len() as u64,
            is_complete: documents.iter().all(DocumentSummary::is_terminal),
            documents,
            status_summary: StatusCounts::default(),
            latest_message: None,
            expected_count: None,
            registered_count: None,
        }
    }

    /// Whether every document that belongs to the track is there, and processing of all of them is over, well or badly.
    /// A track without documents is not finished: it may not have begun.
    pub fn is_finished(&self) -> bool {
        let arrived =
            self.expected_count.is_none_or(|expected| self.registered_count.unwrap_or(0) >= expected);
        self.is_complete
            && self.total_count > 0
            && arrived
            && self.documents.iter().all(DocumentSummary::is_terminal)
    }
}

json_answers!(Track);
