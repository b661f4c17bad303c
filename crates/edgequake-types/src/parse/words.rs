//! The words of parse jobs, and what they mean.

use super::*;

open_enum! {
    /// The state of a parse job.
    pub enum ParseStatus {
        /// Accepted.
        Accepted = "accepted",
        /// Waiting for its turn.
        Pending = "pending",
        /// Being processed.
        Processing = "processing",
        /// Being processed.
        Running = "running",
        /// Done.
        Completed = "completed",
        /// Failed.
        Failed = "failed",
    }
}

impl ParseStatus {
    /// Whether the job is over, successfully or not. A word that is not known is not an end.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }

    /// Whether the job is over and went well.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Completed)
    }
}
