//! The progress of documents, stage by stage, whatever they were uploaded as (`/api/v1/ingestion/...`); newer servers only.
//!
//! ```
//! use edgequake_types::{Decode, Endpoint};
//! use edgequake_types::ingestion::{GetIngestionProgress, IngestionProgress, IngestionStage};
//!
//! let request = GetIngestionProgress::new("insert-77aa").to_request()?;
//! assert_eq!(request.uri(), "/api/v1/ingestion/insert-77aa/progress");
//!
//! let answer = r#"{"track_id":"insert-77aa","document_id":"6f0c","stage":"chunking","progress":{"completion_percentage":20}}"#;
//! let progress = IngestionProgress::from_body(answer)?;
//! assert_eq!((&progress.stage, progress.fraction()), (&IngestionStage::Chunking, Some(0.2)));
//! assert!(!progress.is_finished());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod stage;

pub use stage::*;

use crate::documents::ProgressCounts;
use crate::pdf::PhaseStatus;
use crate::prelude::*;

operations! { "ingestion": GetIngestionProgress, ListIngestionProgress }

/// Reads how far a document has come.
///
/// Errors: 404 for an unknown id, and without a tenant and a workspace.
#[operation(GET "/api/v1/ingestion/{track_id}/progress" -> IngestionProgress, Required, Safe, None, new(track_id), eq)]
pub struct GetIngestionProgress {
    /// The task or the track: `task_id` or `track_id` in the answer to the upload.
    pub track_id: TrackId,
}

/// Reads how far several documents have come. Ids that are not known are left out of the answer, and so is everything without a tenant and
/// a workspace.
#[operation(POST "/api/v1/ingestion/progress" -> Vec<IngestionProgress>, Required, Refused, Json, new(track_ids), eq)]
pub struct ListIngestionProgress {
    /// The tasks or tracks.
    pub track_ids: Vec<TrackId>,
}

/// How far a document has come. Ask [`is_finished`](Self::is_finished) and [`is_success`](Self::is_success).
#[model(answer, new(track_id, stage, status = Some(stage.clone())))]
pub struct IngestionProgress {
    /// The task or track.
    pub track_id: TrackId,
    /// The document.
    pub document_id: Option<DocumentId>,
    /// The name of the file.
    #[field(rename = "filename")]
    pub file_name: Option<String>,
    /// The same.
    pub document_name: Option<String>,
    /// Where the text came from: `pdf`, `markdown`, `text`, `file`, `image`; an open set.
    pub source_type: Option<String>,
    /// The stage that goes on, or how it ended.
    pub stage: IngestionStage,
    /// The same.
    pub status: Option<IngestionStage>,
    /// How far the stage has come.
    pub stage_status: Option<PhaseStatus>,
    /// A sentence about it.
    pub message: Option<String>,
    /// How far the stage has come, in numbers.
    #[field(lenient)]
    pub counts: Option<ProgressCounts>,
    /// How much of all is done, from 0 to 1.
    #[field(lenient)]
    pub run_progress: Option<f64>,
    /// The same.
    #[field(lenient)]
    pub progress_01: Option<f64>,
    /// How the document is processed.
    pub mode: Option<String>,
    /// What processing has cost so far, in US dollars.
    #[field(lenient)]
    pub cost_usd: Option<f64>,
    /// When this last changed.
    pub updated_at: Option<Timestamp>,
    /// The stages, one by one.
    #[field(lenient)]
    pub progress: Option<StageProgress>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
    /// Everything else that the server says about it.
    #[field(flatten)]
    pub extra: Map<String, Value>,
}

/// The stages of a document, one by one.
#[model(default)]
pub struct StageProgress {
    /// The stage that goes on.
    pub current_stage: Option<IngestionStage>,
    /// How much of all is done, from 0 to 100.
    pub completion_percentage: Option<f64>,
    /// The last message.
    pub latest_message: Option<String>,
    /// All stages, in their order.
    pub stages: Vec<StageState>,
    /// How long the rest will probably take, in seconds.
    #[field(lenient)]
    pub eta_seconds: Option<u64>,
}

/// One stage.
#[model(new(stage, status))]
pub struct StageState {
    /// Which one.
    pub stage: IngestionStage,
    /// How far it has come.
    pub status: PhaseStatus,
    /// How much of it is done, from 0 to 100.
    pub progress: f64,
    /// How many items it has, such as chunks.
    pub total_items: u64,
    /// How many of them are done.
    pub completed_items: u64,
    /// A sentence about it.
    pub message: Option<String>,
}

#[cfg(test)]
mod tests;
