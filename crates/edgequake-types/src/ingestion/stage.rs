//! [`IngestionStage`], and what it means.

use super::IngestionProgress;
use crate::prelude::*;

open_enum! {
    /// The stage that the processing of a document is in, or how it ended.
    pub enum IngestionStage {
        /// The file arrives.
        Uploading = "uploading",
        /// It waits for its turn.
        Queued = "queued",
        /// The pages of a PDF become text.
        Converting = "converting",
        /// The text is prepared.
        Preprocessing = "preprocessing",
        /// The text is cut into chunks.
        Chunking = "chunking",
        /// Entities are extracted.
        Extracting = "extracting",
        /// The text is searched again for entities that were missed.
        Gleaning = "gleaning",
        /// Entities of several chunks become one.
        Merging = "merging",
        /// Descriptions are summarized.
        Summarizing = "summarizing",
        /// Chunks are embedded.
        Embedding = "embedding",
        /// Chunks and graph are stored.
        Storing = "storing",
        /// They become searchable.
        Indexing = "indexing",
        /// The graph is projected; servers since 0.27.
        Projecting = "projecting",
        /// Done.
        Completed = "completed",
        /// Failed.
        Failed = "failed",
        /// Cancelled.
        Cancelled = "cancelled",
        /// Deleting it failed.
        DeleteFailed = "delete_failed",
    }
}

impl IngestionStage {
    /// Whether processing is over, successfully or not. A word that is not known is not an end.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled | Self::DeleteFailed)
    }

    /// Whether processing is over and went well.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Completed)
    }
}

impl IngestionProgress {
    /// Whether processing is over, successfully or not.
    pub fn is_finished(&self) -> bool {
        self.stage.is_terminal()
    }

    /// Whether processing is over and went well. The document itself says whether a part of it failed.
    pub fn is_success(&self) -> bool {
        self.stage.is_success()
    }

    /// How much of all is done, from 0 to 1, where the server says it.
    pub fn fraction(&self) -> Option<f64> {
        let percentage = || Some(self.progress.as_ref()?.completion_percentage? / 100.0);
        let fraction = self.progress_01.or(self.run_progress).or_else(percentage)?;
        fraction.is_finite().then(|| fraction.clamp(0.0, 1.0))
    }
}
